//! The reference engine: a `Vec` and a sort. It is the specification of every other engine.
//!
//! One entry per identity. A finished entry never changes; a run in flight is replaced by each later report, and by
//! its finish. Every accepted report takes the next sequence number.

mod mark;
mod open;

use std::collections::BTreeMap;

use crate::answer::{Answer, Watermark};
use crate::append::Outcome;
use crate::cursor::Cursor;
use crate::engine::{Removed, Stored};
use crate::limits;
use crate::order::compare;
use crate::query::{Query, Start};
use crate::retention::Retained;
use crate::row::Row;
use crate::run::Run;
use crate::stream::{Stream, StreamSummary};
use crate::summary::{BucketQuantiles, Facet, FacetKey, FacetSpec, Histogram, Percentiles, Quantiles, RunState};
use crate::tail::{TailEvent, TailFilter, TailGap};
use mark::Mark;

/// Every accepted run, in memory.
#[derive(Clone, Debug, Default)]
pub struct Naive {
    entries: Vec<Entry>,
    streams: BTreeMap<Stream, StreamSummary>,
    last_seq: u64,
    retained: Retained,
    /// The last report that retention removed.
    removed_seq: u64,
    in_flight_max: Option<usize>,
    /// Silence before this counts for nothing.
    silence_from_ms: i64,
    /// By their sequence numbers, for ever: after a loss, an old report may hold again.
    marks: BTreeMap<u64, Mark>,
}

#[derive(Clone, Debug)]
struct Entry {
    row: Row,
    heard_ms: i64,
}

impl Naive {
    /// An engine that refuses new runs in flight beyond a number.
    pub fn with_in_flight_max(max: usize) -> Self {
        Self { in_flight_max: Some(max), ..Self::default() }
    }

    /// Offers a run that a sender reports. `now_ms` is the current time in Unix milliseconds.
    pub fn append(&mut self, run: Run, now_ms: i64) -> Outcome {
        self.offer(run.into(), now_ms)
    }

    /// A life of the engine begins in which silence counts from a moment on, or from the reports themselves: where the
    /// clock cannot be believed, nobody knows how long runs have been silent.
    pub fn begin_life(&mut self, silence_from_ms: Option<i64>) {
        self.silence_from_ms = silence_from_ms.unwrap_or(i64::MIN);
    }

    /// Removes every run, finished or in flight, that started before what is kept. Streams stay.
    pub fn retain(&mut self, retained: &Retained) -> Removed {
        self.retained = retained.clone();
        let is_kept = |entry: &mut Entry| retained.keeps(&entry.row.run.stream.namespace, entry.row.run.start_ms);
        let mut removed = Removed::default();
        for Entry { row, .. } in self.entries.extract_if(.., |entry| !is_kept(entry)) {
            self.removed_seq = self.removed_seq.max(row.seq);
            *(if row.run.is_running() { &mut removed.in_flight } else { &mut removed.runs }) += 1;
        }
        removed
    }

    /// From when on runs are kept.
    pub fn retained(&self) -> &Retained {
        &self.retained
    }

    /// The last accepted sequence number.
    pub fn last_seq(&self) -> u64 {
        self.last_seq
    }

    /// How many runs there are, and how many of them are in flight.
    pub fn counts(&self) -> (u64, u64) {
        let in_flight = self.entries.iter().filter(|entry| entry.row.run.is_running()).count();
        (self.entries.len() as u64, in_flight as u64)
    }

    /// The finished runs of an account, by day and namespace.
    pub fn stored(&self, account: &str) -> Vec<Stored> {
        let mut days: BTreeMap<(i64, String), Stored> = BTreeMap::new();
        let finished = self.entries.iter().map(|entry| &entry.row).filter(|row| !row.run.is_running());
        for row in finished.filter(|row| row.run.stream.account == account) {
            let day_ms = row.run.start_ms.div_euclid(limits::DAY_MS).saturating_mul(limits::DAY_MS);
            let namespace = &row.run.stream.namespace;
            let stored = days.entry((day_ms, namespace.clone())).or_insert_with(|| Stored {
                day_ms,
                namespace: namespace.clone(),
                ..Stored::default()
            });
            stored.runs += 1;
            stored.bytes += row.weight_bytes() as u64;
        }
        days.into_values().collect()
    }

    /// Goes on with what is left after a loss: these rows, each with the time of its report, and these streams.
    pub fn left_with(
        &mut self,
        rows: impl IntoIterator<Item = (Row, i64)>,
        streams: impl IntoIterator<Item = StreamSummary>,
        last_seq: u64,
    ) {
        self.entries = rows.into_iter().map(|(row, heard_ms)| Entry { row, heard_ms }).collect();
        self.streams = streams.into_iter().map(|summary| (summary.stream.clone(), summary)).collect();
        self.last_seq = last_seq;
    }

    fn accept(&mut self, run: Run, mark: Mark, now_ms: i64) -> u64 {
        self.last_seq += 1;
        self.marks.insert(self.last_seq, mark);
        let summary =
            StreamSummary { stream: (*run.stream).clone(), first_start_ms: run.start_ms, last_start_ms: run.start_ms };
        self.streams.entry(summary.stream.clone()).or_insert(summary).include(run.start_ms);
        self.entries.push(Entry { row: Row { seq: self.last_seq, run }, heard_ms: now_ms });
        self.last_seq
    }

    /// Answers a query, which is within the limits (see [`Query::check`]).
    pub fn query(&self, query: &Query) -> Answer {
        // A run that was closed by a guess may change yet, as those in flight may.
        let is_final = |row: &&Row| query.as_of.is_none() || !self.mark(row.seq).is_guess;
        let rows = self.entries.iter().map(|entry| &entry.row).filter(is_final);
        let matching = rows.filter(|row| query.matches(&row.run, row.seq));
        let mut rows: Vec<Row> = matching.cloned().collect();
        rows.sort_by(|a, b| compare(a, b, query.order));
        let total = rows.len() as u64;
        let histogram = query.histogram.and_then(|spec| Histogram::new(spec, query.window).ok());
        let histogram = histogram.map(|empty| histogram_of(&rows, empty, query.bucket_percentiles));
        let facets = query.facets.as_ref().map(|spec| facets_of(&rows, spec));
        let percentiles = query.percentiles.then(|| percentiles_of(rows.iter()));
        match &query.start {
            Start::Offset(offset) => drop(rows.drain(..rows.len().min(usize::try_from(*offset).unwrap_or(usize::MAX)))),
            Start::After(cursor) => rows.retain(|row| cursor.compare(row).is_gt()),
        }
        let left = rows.len();
        rows.truncate(query.limit);
        let mut rows: Vec<Row> =
            rows.into_iter().map(|Row { seq, run }| Row { seq, run: query.columns.of(run) }).collect();
        if let Some(max_bytes) = query.page_max_bytes {
            rows.truncate(rows_within(&rows, max_bytes));
        }
        let more = left > rows.len();
        let next = rows.last().filter(|_| more).map(|row| Cursor::after(row, query.order));
        let retained_from_ms = self.retained.of_scope(&query.scope);
        let watermark = Watermark { seq: self.last_seq, retained_from_ms, ..Watermark::default() };
        Answer { rows, total, next, histogram, facets, percentiles, watermark, ..Answer::default() }
    }

    /// What a tail gives that begins after a sequence number: every kept report that matches, in the order of
    /// acceptance. Of a run in flight only the latest report is kept, and of a finished run only its finish. The first
    /// event reports what retention removed after that number.
    pub fn since(&self, seq: u64, filter: &TailFilter) -> Vec<TailEvent> {
        let kept = self.entries.iter().map(|entry| &entry.row);
        let mut rows: Vec<&Row> = kept.filter(|row| row.seq > seq && filter.matches(&row.run)).collect();
        rows.sort_by_key(|row| row.seq);
        let mut prev_matching_seq = seq;
        let mut gap = self.gap_after(seq);
        let event = |row: &Row| {
            let event = TailEvent { row: row.clone(), prev_matching_seq, gap: gap.take() };
            prev_matching_seq = row.seq;
            event
        };
        rows.into_iter().map(event).collect()
    }

    /// What a tail that begins after a sequence number may lack.
    pub fn gap_after(&self, seq: u64) -> Option<TailGap> {
        let removed = TailGap { to_seq: self.removed_seq, by_retention: true, by_damage: false };
        (self.removed_seq > seq).then_some(removed)
    }

    /// Every stream of an account that ever had a run, in the order of their names.
    pub fn streams(&self, account: &str) -> Vec<StreamSummary> {
        self.streams.values().filter(|summary| summary.stream.account == account).cloned().collect()
    }
}

/// How many rows a page of `max_bytes` has: at least one, if there is any.
pub(crate) fn rows_within(rows: &[Row], max_bytes: usize) -> usize {
    let mut bytes = 0;
    let fits = |row: &&Row| {
        bytes += row.weight_bytes();
        bytes <= max_bytes
    };
    rows.iter().take_while(fits).count().max(rows.len().min(1))
}

fn histogram_of(rows: &[Row], mut histogram: Histogram, wants_percentiles: bool) -> Histogram {
    for Row { run, .. } in rows {
        histogram.count(histogram.bucket_of(run.start_ms), RunState::of(run.ret_code), 1);
    }
    let mut by_bucket: BTreeMap<usize, Vec<&Row>> = BTreeMap::new();
    for row in rows.iter().filter(|_| wants_percentiles) {
        by_bucket.entry(histogram.bucket_of(row.run.start_ms)).or_default().push(row);
    }
    for (number, rows) in by_bucket {
        let of = percentiles_of(rows.into_iter());
        let quantiles = of.duration_us.zip(of.mem_bytes);
        histogram.buckets[number].quantiles =
            quantiles.map(|(duration_us, mem_bytes)| BucketQuantiles { duration_us, mem_bytes });
    }
    histogram
}

fn facets_of(rows: &[Row], spec: &FacetSpec) -> Vec<Facet> {
    let facet = |&by: &FacetKey| {
        let value = |row: &Row| by.value(&row.run.stream, row.run.ret_code);
        let mut counts = BTreeMap::new();
        rows.iter().for_each(|row| *counts.entry(value(row)).or_default() += 1);
        let mut facet = Facet::new(by, counts, spec.top);
        for count in facet.values.iter_mut().filter(|_| spec.percentiles && by.is_of_stream()) {
            count.percentiles = Some(percentiles_of(rows.iter().filter(|row| value(row) == count.value)));
        }
        facet
    };
    spec.by.iter().map(facet).collect()
}

fn percentiles_of<'a>(rows: impl Iterator<Item = &'a Row>) -> Percentiles {
    let finished: Vec<&Run> = rows.map(|row| &row.run).filter(|run| !run.is_running()).collect();
    Percentiles {
        finished: finished.len() as u64,
        failed: finished.iter().filter(|run| run.is_failed()).count() as u64,
        duration_us: quantiles_of(finished.iter().map(|run| run.duration_us).collect()),
        mem_bytes: quantiles_of(finished.iter().map(|run| run.mem_bytes).collect()),
    }
}

fn quantiles_of(mut values: Vec<u64>) -> Option<Quantiles> {
    values.sort_unstable();
    let at = |rank: u64| values[rank as usize - 1];
    (!values.is_empty()).then(|| Quantiles::at_ranks(Quantiles::ranks(values.len() as u64).map(at)))
}
