//! What a diagnosis holds: the steps of the signature, and what is wrong.

use runlog_wire::{ApiError, Detail, Language};
use serde::Serialize;

use crate::kind::{KEY_NOT_ON_SERVER, Kind};
use crate::shown::Shown;

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Diagnosis {
    /// `TC3-HMAC-SHA256`, `HmacSHA1`, `HmacSHA256`; empty when the request has no signature that can be read.
    pub scheme: &'static str,
    /// Each step as the server computes it, in order.
    pub steps: Vec<Step>,
    /// What is wrong, the first step first; what is only suspected comes last.
    pub findings: Vec<Finding>,
}

/// A step of a signature.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Step {
    /// Its name, such as `canonical request`.
    pub name: &'static str,
    /// What the server computes.
    pub expected: String,
    /// What the sender computed, where that is known.
    pub sent: Option<String>,
}

/// Something that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What.
    pub kind: Kind,
    /// What the server expects; its meaning follows from the kind.
    pub expected: Shown,
    /// What the request has.
    pub found: Shown,
    /// Whether it is certain: computed, not guessed.
    pub is_proven: bool,
}

impl Finding {
    pub(crate) fn new(kind: Kind, expected: impl Into<Shown>, found: impl Into<Shown>) -> Self {
        Self { kind, expected: expected.into(), found: found.into(), is_proven: true }
    }

    pub(crate) fn suspected(self) -> Self {
        Self { is_proven: false, ..self }
    }

    /// What an error of reading the request means.
    pub(crate) fn of_error(error: &ApiError) -> Self {
        let arg = |name| error.arg(name).unwrap_or_default().to_owned();
        match (error.error_code(), error.detail_of()) {
            (_, Some(Detail::AuthorizationDate)) => Finding::new(Kind::CredentialDate, arg("expected"), arg("value")),
            (_, Some(Detail::SignedHeaderAbsent | Detail::SignedHeaderRequired)) => {
                Finding::new(Kind::SignedHeaderMissing, arg("name"), "")
            }
            _ => Finding::new(Kind::Shape, error.code(), error.message(Language::English).trim_end()),
        }
    }
}

impl Finding {
    /// What is wrong, and what to do about it.
    pub fn text(&self, language: Language) -> String {
        let (what, advice) = (self.what(language), self.advice(language));
        match language {
            _ if advice.is_empty() => what,
            Language::English => format!("{what} {advice}"),
            Language::Chinese => format!("{what}{advice}"),
        }
    }

    /// What is wrong.
    pub fn what(&self, language: Language) -> String {
        let template = match self.kind {
            Kind::KeyUnknown if self.expected.is_empty() => KEY_NOT_ON_SERVER,
            kind => kind.row().what,
        };
        let skew_s = self.skew_s().map(|seconds| seconds.to_string());
        template
            .get(language)
            .replace("{skew}", &skew_s.unwrap_or_default())
            .replace("{expected}", quoted_if_empty(self.expected.get(language)))
            .replace("{found}", quoted_if_empty(self.found.get(language)))
    }

    /// What to do about it; empty if there is nothing to do.
    pub fn advice(&self, language: Language) -> &'static str {
        self.kind.row().advice.get(language)
    }

    /// How far apart two clocks are, in seconds, for [`Kind::Skew`] and [`Kind::Old`].
    fn skew_s(&self) -> Option<u64> {
        let seconds = |shown: &Shown| shown.get(Language::English).parse::<i64>().ok();
        Some(seconds(&self.expected)?.abs_diff(seconds(&self.found)?))
    }
}

fn quoted_if_empty(text: &str) -> &str {
    if text.is_empty() { "\"\"" } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clocks_are_told_with_both_and_the_distance() {
        let finding = Finding::new(Kind::Skew, "1000", "400");
        let text = finding.text(Language::English);
        assert!(text.contains("600 seconds") && text.contains("1000") && text.contains("400"), "{text}");
        assert!(finding.text(Language::Chinese).contains("600 秒"));
    }

    #[test]
    fn a_key_that_the_server_does_not_know_is_compared_with_nothing() {
        let finding = Finding::new(Kind::KeyUnknown, "", "AKID1");
        assert_eq!(
            finding.text(Language::English),
            "The server does not know the SecretId AKID1. Compare it with `runlog keys list` on the server."
        );
        assert!(finding.text(Language::Chinese).starts_with("服务器不认识 SecretId AKID1。"));
        assert!(Finding::new(Kind::KeyUnknown, "AKID2", "AKID1").text(Language::English).contains("expected AKID2"));
    }
}
