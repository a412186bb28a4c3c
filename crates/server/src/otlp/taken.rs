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
    /// Records for which there is no room now, and may be later.
    pub(crate) deferred: u64,
    /// Runs that a record ended.
    pub(crate) finished: u64,
    reasons: BTreeMap<String, u64>,
    other_reasons: u64,
    no_room: Option<String>,
}

impl Taken {
    /// Counts records that are to be sent again.
    pub(super) fn defer(&mut self, count: u64, reason: impl Into<String>) {
        if count > 0 {
            self.deferred += count;
            self.no_room = Some(reason.into());
        }
    }

    /// Why records are to be sent again, when some are.
    pub(crate) fn no_room(&self) -> Option<String> {
        let reason = self.no_room.as_ref()?;
        Some(format!(
            "{} records have no room now: {reason}. Send the same again; what is stored is known",
            self.deferred
        ))
    }

    /// Counts rejected records.
    pub(crate) fn reject(&mut self, count: u64, reason: impl Into<String>) {
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
    fn records_without_room_are_counted_apart() {
        let mut taken = Taken::default();
        taken.defer(0, "never");
        assert_eq!(taken.no_room(), None);
        taken.defer(2, "full");
        taken.reject(1, "wrong");
        assert_eq!((taken.deferred, taken.rejected), (2, 1));
        assert!(taken.no_room().is_some_and(|why| why.starts_with("2 records have no room now: full")));
    }

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
