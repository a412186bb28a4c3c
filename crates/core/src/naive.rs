//! The reference engine: a `Vec` and a sort. It is the specification of every other engine.
//!
//! One entry per identity. A finished entry never changes; a run in flight is replaced by each later report, and by
//! its finish. Every accepted report takes the next sequence number.

use std::collections::BTreeMap;

use crate::answer::{Answer, Row, Watermark};
use crate::append::{Outcome, Refusal};
use crate::cursor::Cursor;
use crate::order::compare;
use crate::query::{Query, Start};
use crate::run::{RET_INTERRUPTED, Run};
use crate::stream::{Stream, StreamSummary};

/// Every accepted run, in memory.
#[derive(Clone, Debug, Default)]
pub struct Naive {
    entries: Vec<Entry>,
    streams: BTreeMap<Stream, StreamSummary>,
    last_seq: u64,
}

#[derive(Clone, Debug)]
struct Entry {
    row: Row,
    heard_ms: i64,
}

impl Naive {
    /// Offers a run. `now_ms` is the current time in Unix milliseconds.
    pub fn append(&mut self, run: Run, now_ms: i64) -> Outcome {
        if let Err(refusal) = run.check(now_ms) {
            return Outcome::Refused(refusal);
        }
        let known = self.entries.iter().position(|entry| entry.row.run.id() == run.id());
        if let Some(at) = known {
            let stored = &self.entries[at].row.run;
            if !stored.is_running() {
                // A start that arrives after its own finish says nothing new.
                let stale = run.is_running() || *stored == run;
                return if stale { Outcome::Duplicate } else { Outcome::Refused(Refusal::Conflict) };
            }
            self.entries.remove(at);
        }
        Outcome::Accepted { seq: self.accept(run, now_ms) }
    }

    /// Closes as interrupted every run in flight that was last heard of `ttl_ms` or longer before `now_ms`, in the
    /// order of their last reports.
    pub fn expire(&mut self, ttl_ms: i64, now_ms: i64) {
        let expired = |entry: &Entry| entry.row.run.is_running() && entry.heard_ms.saturating_add(ttl_ms) <= now_ms;
        let mut gone: Vec<Entry> = self.entries.extract_if(.., |entry| expired(entry)).collect();
        gone.sort_by_key(|entry| entry.row.seq);
        for Entry { row, .. } in gone {
            self.accept(Run { ret_code: RET_INTERRUPTED, ..row.run }, now_ms);
        }
    }

    fn accept(&mut self, run: Run, now_ms: i64) -> u64 {
        self.last_seq += 1;
        let summary =
            StreamSummary { stream: (*run.stream).clone(), first_start_ms: run.start_ms, last_start_ms: run.start_ms };
        self.streams.entry(summary.stream.clone()).or_insert(summary).include(run.start_ms);
        self.entries.push(Entry { row: Row { seq: self.last_seq, run }, heard_ms: now_ms });
        self.last_seq
    }

    /// Answers a query.
    pub fn query(&self, query: &Query) -> Answer {
        let matching = self.entries.iter().map(|entry| &entry.row).filter(|row| query.matches(&row.run, row.seq));
        let mut rows: Vec<Row> = matching.cloned().collect();
        rows.sort_by(|a, b| compare(a, b, query.order));
        let total = rows.len() as u64;
        match &query.start {
            Start::Offset(offset) => drop(rows.drain(..rows.len().min(usize::try_from(*offset).unwrap_or(usize::MAX)))),
            Start::After(cursor) => rows.retain(|row| cursor.compare(row).is_gt()),
        }
        let more = rows.len() > query.limit;
        rows.truncate(query.limit);
        let next = rows.last().filter(|_| more).map(|row| Cursor::after(row, query.order));
        let watermark = Watermark { seq: self.last_seq, ..Watermark::default() };
        Answer { rows, total, next, watermark, ..Answer::default() }
    }

    /// Every stream of an account that ever had a run, in the order of their names.
    pub fn streams(&self, account: &str) -> Vec<StreamSummary> {
        self.streams.values().filter(|summary| summary.stream.account == account).cloned().collect()
    }
}
