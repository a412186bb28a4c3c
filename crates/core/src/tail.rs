//! Following what is accepted, in the order of acceptance, so that a follower can prove that it missed nothing.

use crate::query::{ResultFilter, Scope};
use crate::row::Row;
use crate::run::Run;

/// Which reports a tail gives. There is no window: late ones are given when they arrive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TailFilter {
    /// Of which streams.
    pub scope: Scope,
    /// With which results. Reports of runs in flight count as what they are: running.
    pub result: ResultFilter,
    /// Only those whose log or return message contains this text, byte for byte.
    pub keyword: Option<String>,
}

/// One accepted report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TailEvent {
    /// The run as the report says it is, with the report's sequence number.
    pub row: Row,
    /// The sequence number of the event before; for the first event, the number that the tail began after. Between the
    /// two there is no report that matches and is kept; `gap` says which are not kept any more. So a reader that
    /// compares this with the last event that arrived knows whether one was lost on the way, also across an
    /// interruption.
    pub prev_matching_seq: u64,
    /// What may be missing from here on, up to some number; told once, with the first event after the removal.
    pub gap: Option<TailGap>,
}

/// Reports that were accepted, and were removed before the tail came to them. Which of them would have matched is not
/// known; later than `to_seq` none is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TailGap {
    /// The last sequence number that may be missing.
    pub to_seq: u64,
    /// Whether retention removed some.
    pub by_retention: bool,
    /// Whether some were in damaged files.
    pub by_damage: bool,
}

impl TailGap {
    /// This gap and another, as one.
    pub fn with(self, other: Option<Self>) -> Self {
        other.map_or(self, |other| Self {
            to_seq: self.to_seq.max(other.to_seq),
            by_retention: self.by_retention || other.by_retention,
            by_damage: self.by_damage || other.by_damage,
        })
    }
}

impl TailFilter {
    /// Every report of these streams.
    pub fn new(scope: Scope) -> Self {
        Self { scope, result: ResultFilter::All, keyword: None }
    }

    /// Whether a report is given.
    pub fn matches(&self, run: &Run) -> bool {
        self.scope.matches(&run.stream)
            && self.result.matches(run.ret_code)
            && self.keyword.as_ref().is_none_or(|word| run.log.contains(word) || run.ret_msg.contains(word))
    }
}
