//! What a diagnosis holds: the steps of the signature, and what is wrong.

use runlog_wire::{ApiError, Detail, Language};
use serde::Serialize;

use crate::kind::Kind;

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
    pub expected: String,
    /// What the request has.
    pub found: String,
    /// Whether it is certain: computed, not guessed.
    pub is_proven: bool,
}

impl Finding {
    pub(crate) fn new(kind: Kind, expected: impl Into<String>, found: impl Into<String>) -> Self {
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
    /// What is wrong and what to do, in one or two sentences.
    pub fn text(&self, language: Language) -> String {
        let skew = self.skew_s();
        let template = if self.is_empty_pair() { self.kind.bare() } else { self.kind.text() };
        template
            .get(language)
            .replace("{skew}", &skew)
            .replace("{expected}", shown(&self.expected))
            .replace("{found}", shown(&self.found))
    }

    /// How far apart two clocks are, in seconds, for [`Kind::Skew`] and [`Kind::Old`].
    fn skew_s(&self) -> String {
        let seconds = |text: &str| text.parse::<i64>().ok();
        let apart = seconds(&self.expected).zip(seconds(&self.found)).map(|(a, b)| a.abs_diff(b).to_string());
        apart.unwrap_or_default()
    }

    fn is_empty_pair(&self) -> bool {
        self.expected.is_empty() && self.found.is_empty()
    }
}

fn shown(text: &str) -> &str {
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
}
