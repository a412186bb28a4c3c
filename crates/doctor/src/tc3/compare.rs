//! The sender's own canonical request and string to sign, compared line by line with the computed ones.

use crate::finding::Finding;
use crate::kind::Kind;
use crate::known::Known;

/// The first line in which a text of the sender differs.
pub(super) fn texts(canonical_request: &str, string_to_sign: &str, known: &Known<'_>) -> Option<Finding> {
    let in_request = known.canonical_request.and_then(|theirs| Difference::find(canonical_request, theirs));
    if let Some(difference) = in_request {
        return Some(difference.in_canonical_request());
    }
    let in_string = known.string_to_sign.and_then(|theirs| Difference::find(string_to_sign, theirs));
    in_string.map(Difference::in_string_to_sign)
}

/// The first line in which two texts differ.
struct Difference<'a> {
    /// Its number, from 0.
    at: usize,
    /// How many lines the expected text has from there on; 0 if the sender's text is longer and equal up to there.
    left: usize,
    expected: &'a str,
    found: &'a str,
}

impl<'a> Difference<'a> {
    fn find(ours: &'a str, theirs: &'a str) -> Option<Self> {
        let (ours, theirs): (Vec<_>, Vec<_>) = (ours.split('\n').collect(), theirs.split('\n').collect());
        let at = (0..ours.len().max(theirs.len())).find(|at| ours.get(*at) != theirs.get(*at))?;
        let (expected, found) = (ours.get(at).copied(), theirs.get(at).copied());
        Some(Self {
            at,
            left: ours.iter().skip(at).count(),
            expected: expected.unwrap_or_default(),
            found: found.unwrap_or_default(),
        })
    }

    fn in_canonical_request(self) -> Finding {
        let both_start = |name: &str| self.expected.starts_with(name) && self.found.starts_with(name);
        let kind = match (self.at, self.left) {
            (0, _) => Kind::Method,
            (1, _) => Kind::Path,
            (2, _) => Kind::Query,
            (_, 1) => Kind::Body,
            (_, 2) => Kind::SignedHeaders,
            _ if both_start("host:") => Kind::Host,
            _ if both_start("content-type:") => Kind::ContentType,
            _ => Kind::Canonical,
        };
        Finding::new(kind, self.expected, self.found)
    }

    fn in_string_to_sign(self) -> Finding {
        let kind = match self.at {
            0 => Kind::Algorithm,
            1 => Kind::Timestamp,
            2 => Kind::Service,
            _ => Kind::Canonical,
        };
        Finding::new(kind, self.expected, self.found)
    }
}
