//! What a query asks, worked out once: bounds, predicates, and how many rows to keep.

use runlog_core::{Query, ResultFilter, Start, Stream};

use super::key::{Key, Names};
use crate::error::{Error, Result};
use crate::in_flight::InFlightRun;
use crate::record::{Facts, Record};
use crate::segment::keyword::Keyword;
use crate::segment::words::Probe;
use crate::state::Snapshot;

/// A query on a snapshot.
pub(crate) struct Plan<'a> {
    pub(crate) query: &'a Query,
    /// The last sequence number to look at.
    pub(crate) max_seq: u64,
    names: Names,
    /// Rows before the page, when it is given by a number.
    pub(crate) offset: usize,
    /// Rows to keep: those before the page, the page, and one more to know whether there is one.
    pub(crate) keep: usize,
    pub(crate) after: Option<Key>,
    pub(crate) keyword: Option<Keyword<'a>>,
    /// The keyword as segments look for it, if they can.
    pub(crate) probe: Option<Probe>,
}

impl<'a> Plan<'a> {
    pub(crate) fn new(query: &'a Query, snapshot: &Snapshot, names: Names) -> Result<Self> {
        let (offset, after) = match &query.start {
            Start::Offset(offset) => (usize::try_from(*offset).unwrap_or(usize::MAX), None),
            Start::After(cursor) if cursor.order == query.order => (0, Some(Key::of_cursor(cursor, &names))),
            Start::After(_) => return Err(Error::ForeignCursor),
        };
        let keep = if query.limit == 0 { 0 } else { offset.saturating_add(query.limit).saturating_add(1) };
        let max_seq = query.as_of.map_or(snapshot.seq, |as_of| as_of.min(snapshot.seq));
        // Every text contains the empty one.
        let keyword = query.keyword.as_deref().filter(|keyword| !keyword.is_empty());
        let probe = keyword.and_then(|keyword| Probe::new(keyword.as_bytes()));
        let keyword = keyword.map(Keyword::new);
        Ok(Self { query, max_seq, names, offset, keep, after, keyword, probe })
    }

    /// Whether finished runs are asked for.
    pub(crate) fn wants_finished(&self) -> bool {
        match &self.query.result {
            ResultFilter::Running => false,
            ResultFilter::Codes(codes) => codes.iter().any(|code| *code != runlog_core::RET_RUNNING),
            ResultFilter::All | ResultFilter::Ok | ResultFilter::Failed => true,
        }
    }

    /// The rank of a stream's function name; 0 when the order does not ask for it.
    pub(crate) fn rank(&self, stream: &Stream) -> u64 {
        if self.query.order.by == runlog_core::SortKey::FunctionName {
            self.names.rank(&stream.namespace, &stream.function)
        } else {
            0
        }
    }

    /// Whether a row matches as far as numbers tell.
    pub(crate) fn matches(&self, facts: &Facts) -> bool {
        facts.seq <= self.max_seq
            && self.query.window.contains(facts.start_ms)
            && self.query.result.matches(facts.ret_code)
    }

    /// The facts of a run in flight, if it matches. Its log is put together only to look for a keyword in it.
    pub(crate) fn facts_of_match(&self, flight: &InFlightRun) -> Option<Facts> {
        let head = flight.head();
        let matches_texts = || match self.keyword {
            Some(_) => self.matches_texts(&flight.whole()),
            None => self.matches_texts(&head),
        };
        (self.matches(&head.facts) && matches_texts()).then_some(head.facts)
    }

    /// Whether a row in memory matches as far as texts tell.
    pub(crate) fn matches_texts(&self, record: &Record<'_>) -> bool {
        self.query.request_id.as_ref().is_none_or(|id| id == record.request_id)
            && (self.has_keyword(record.log) || self.has_keyword(record.ret_msg))
    }

    /// Whether a text has the keyword, or none is asked for.
    fn has_keyword(&self, text: &[u8]) -> bool {
        self.keyword.as_ref().is_none_or(|keyword| keyword.is_in(text))
    }

    /// Whether a row's texts must be looked at.
    pub(crate) fn needs_texts(&self) -> bool {
        self.keyword.is_some() || self.query.request_id.is_some()
    }
}
