//! What became of the records of one request.

use std::collections::BTreeMap;

/// Different reasons that one answer gives. More are counted.
const REASONS_MAX: usize = 8;

/// Counts of one request, and why records were rejected.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Taken {
    /// New lines that are on disk.
    pub(crate) accepted: u64,
    /// Lines that were there already.
    pub(crate) duplicates: u64,
    /// Records that were not stored.
    pub(crate) rejected: u64,
    /// Runs that a record ended.
    pub(crate) finished: u64,
    reasons: BTreeMap<String, u64>,
    other_reasons: u64,
}

impl Taken {
    /// Counts rejected records.
    pub(super) fn reject(&mut self, count: u64, reason: impl Into<String>) {
        if count == 0 {
            return;
        }
        self.rejected += count;
        let reason = reason.into();
        if self.reasons.len() >= REASONS_MAX && !self.reasons.contains_key(&reason) {
            self.other_reasons += count;
        } else {
            *self.reasons.entry(reason).or_default() += count;
        }
    }

    /// Why records were rejected, for the sender's log; empty when none were.
    pub(crate) fn message(&self) -> String {
        let mut parts: Vec<String> =
            self.reasons.iter().map(|(reason, count)| format!("{count} rejected: {reason}")).collect();
        if self.other_reasons > 0 {
            parts.push(format!("{} rejected for other reasons", self.other_reasons));
        }
        parts.join("; ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_counts_and_is_bounded() {
        let mut taken = Taken::default();
        assert_eq!(taken.message(), "");
        taken.reject(0, "never");
        taken.reject(2, "too long");
        taken.reject(1, "too long");
        assert_eq!(taken.message(), "3 rejected: too long");
        (0..100).for_each(|number| taken.reject(1, format!("reason {number}")));
        assert_eq!(taken.rejected, 103);
        assert!(taken.message().ends_with("; 93 rejected for other reasons"), "{}", taken.message());
    }
}
