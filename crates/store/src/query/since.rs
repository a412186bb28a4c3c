//! Reports by sequence number, as tails read them: the first few after a place, wherever they are.
//!
//! Rows of segments are not in the order of sequence numbers, but each block knows its first and last, so that only
//! blocks are read that can hold one of the first few.

use std::collections::BTreeMap;
use std::ops::Range;

use runlog_core::{Columns, RET_RUNNING, Row, TailFilter};

use super::stream_texts::StreamTexts;

use crate::codec::Malformed;
use crate::error::{Error, Result};
use crate::memtable::{Memtable, Place, Slot};
use crate::number::narrow;
use crate::options::{TAIL_BATCH_MAX_BYTES, TAIL_TEXTS_MAX_BYTES};
use crate::record::Record;
use crate::segment::Segment;
use crate::segment::keyword::Keyword;
use crate::state::Snapshot;

/// What was read.
pub(crate) struct Batch {
    /// In the order of acceptance.
    pub(crate) rows: Vec<Row>,
    /// No other report up to this sequence number matches.
    pub(crate) seen: u64,
    /// Whether that is all there is.
    pub(crate) is_at_end: bool,
}

/// Where a report is.
#[derive(Clone, Copy, Debug)]
enum At {
    /// A finished run in the memtable of this number.
    Finished(usize, Place),
    /// A report of a run in flight, by its place among those of the memtable's stream.
    Running(usize, Place),
    /// The run in flight of this number.
    Flight(usize),
    /// A row of the segment of this number.
    Segment(usize, u32),
}

/// The first few reports after a place. Each has its own sequence number, so one that is found twice (as an old report
/// of a memtable and as the latest of its run) counts once.
struct Nearest {
    after: u64,
    max: usize,
    found: BTreeMap<u64, At>,
}

/// Reads the first reports after a sequence number that match; looks at no more than `max` of them.
pub(crate) fn read(snapshot: &Snapshot, filter: &TailFilter, after: u64, max: usize) -> Result<Batch> {
    let mut nearest = Nearest { after, max, found: BTreeMap::new() };
    search_memory(snapshot, filter, &mut nearest);
    search_segments(snapshot, filter, &mut nearest)?;
    let is_full = nearest.found.len() >= nearest.max;
    let all_seen = nearest.found.last_key_value().map(|(seq, _)| *seq).filter(|_| is_full).unwrap_or(snapshot.seq);
    let mut batch = Batch { rows: Vec::new(), seen: after, is_at_end: false };
    let mut fetch = Fetch {
        snapshot,
        keyword: filter.keyword.as_deref().map(Keyword::new),
        texts: StreamTexts::new(TAIL_TEXTS_MAX_BYTES),
    };
    let mut bytes = 0;
    for (seq, at) in nearest.found {
        if let Some(row) = fetch.row(at)? {
            bytes += row.weight_bytes();
            if bytes > TAIL_BATCH_MAX_BYTES && !batch.rows.is_empty() {
                return Ok(batch);
            }
            batch.rows.push(row);
        }
        batch.seen = seq;
    }
    // What is set aside may take the last numbers with it, but a place never goes back.
    batch.seen = all_seen.max(after);
    batch.is_at_end = !is_full;
    Ok(batch)
}

impl Nearest {
    fn wants(&self, seq: u64) -> bool {
        seq > self.after
            && (self.found.len() < self.max || self.found.last_key_value().is_some_and(|(last, _)| seq < *last))
    }

    fn offer(&mut self, seq: u64, at: At) {
        if self.wants(seq) {
            self.found.insert(seq, at);
            if self.found.len() > self.max {
                self.found.pop_last();
            }
        }
    }
}

fn search_memory(snapshot: &Snapshot, filter: &TailFilter, nearest: &mut Nearest) {
    for (number, table) in snapshot.tables.iter().enumerate() {
        let table = table.read();
        for (at, slot) in (0..).zip(table.slots()).filter(|(_, slot)| filter.scope.matches(&slot.stream)) {
            search_slot(slot, at, (number, snapshot.seq), filter, nearest);
        }
    }
    for (number, flight) in snapshot.flights.iter().enumerate() {
        nearest.offer(flight.seq, At::Flight(number));
    }
}

/// Reports of one stream, which lie in the order of their sequence numbers.
fn search_slot(slot: &Slot, at: u32, (table, last): (usize, u64), filter: &TailFilter, nearest: &mut Nearest) {
    let first = slot.facts.partition_point(|facts| facts.seq <= nearest.after);
    for (row, facts) in (0..).zip(&slot.facts).skip(first) {
        if facts.seq > last || !nearest.wants(facts.seq) {
            break;
        }
        if filter.result.matches(facts.ret_code) {
            nearest.offer(facts.seq, At::Finished(table, Place { slot: at, row }));
        }
    }
    if !filter.result.matches(RET_RUNNING) {
        return;
    }
    let first = slot.running.partition_point(|heard| heard.seq <= nearest.after);
    for (row, heard) in (0..).zip(&slot.running).skip(first) {
        if heard.seq > last || !nearest.wants(heard.seq) {
            break;
        }
        nearest.offer(heard.seq, At::Running(table, Place { slot: at, row }));
    }
}

/// The part of a segment in one superblock, and the least sequence number there.
struct Part {
    first_seq: u64,
    segment: usize,
    superblock: usize,
    rows: Range<u32>,
}

fn search_segments(snapshot: &Snapshot, filter: &TailFilter, nearest: &mut Nearest) -> Result<()> {
    let mut parts = Vec::new();
    for (number, segment) in snapshot.segments.iter().enumerate() {
        if segment.seq.max > nearest.after && nearest.wants(segment.seq.min.max(nearest.after + 1)) {
            ranges(segment, filter).into_iter().for_each(|rows| split(segment, number, rows, nearest, &mut parts));
        }
    }
    parts.sort_unstable_by_key(|part: &Part| part.first_seq);
    for part in parts {
        if !nearest.wants(part.first_seq.max(nearest.after + 1)) {
            break;
        }
        if let Some(segment) = snapshot.segments.get(part.segment) {
            search_part(segment, &part, filter, nearest)?;
        }
    }
    Ok(())
}

/// The rows of the streams, neighbours joined.
fn ranges(segment: &Segment, filter: &TailFilter) -> Vec<Range<u32>> {
    let mut found: Vec<Range<u32>> = Vec::new();
    for (_, rows) in segment.streams().filter(|(of, _)| filter.scope.matches(&of.stream)) {
        match found.last_mut() {
            Some(last) if last.end == rows.start => last.end = rows.end,
            _ => found.push(rows),
        }
    }
    found
}

fn split(segment: &Segment, number: usize, rows: Range<u32>, nearest: &Nearest, parts: &mut Vec<Part>) {
    let shape = segment.footer.shape;
    let super_rows = shape.block_rows.saturating_mul(shape.super_blocks);
    let superblocks = segment.footer.superblocks.iter().enumerate();
    let first = (rows.start / super_rows) as usize;
    let count = (rows.end.div_ceil(super_rows) as usize).saturating_sub(first);
    for (superblock, bounds) in superblocks.skip(first).take(count) {
        if bounds.zone.seq.max > nearest.after {
            let start = narrow(superblock).saturating_mul(super_rows);
            let rows = start.max(rows.start)..start.saturating_add(super_rows).min(rows.end);
            parts.push(Part { first_seq: bounds.zone.seq.min, segment: number, superblock, rows });
        }
    }
}

fn search_part(segment: &Segment, part: &Part, filter: &TailFilter, nearest: &mut Nearest) -> Result<()> {
    let shape = segment.footer.shape;
    let chunk = segment.chunk(part.superblock)?;
    for block in part.rows.start / shape.block_rows..part.rows.end.div_ceil(shape.block_rows) {
        let seq = chunk.zone((block % shape.super_blocks) as usize).seq;
        if seq.max <= nearest.after || !nearest.wants(seq.min.max(nearest.after + 1)) {
            continue;
        }
        let columns = segment.columns(block, &chunk)?;
        let start = block * shape.block_rows;
        for row in start.max(part.rows.start)..(start + shape.block_rows).min(part.rows.end) {
            let at = segment.row_in_block(row);
            let seq = columns.seq.get(at);
            if nearest.wants(seq) && filter.result.matches(columns.ret_code(at)) {
                nearest.offer(seq, At::Segment(part.segment, row));
            }
        }
    }
    Ok(())
}

/// Reads reports whole, and their texts where the filter asks for a word.
struct Fetch<'a> {
    snapshot: &'a Snapshot,
    keyword: Option<Keyword<'a>>,
    texts: StreamTexts,
}

impl Fetch<'_> {
    /// The row, if its texts match too.
    fn row(&mut self, at: At) -> Result<Option<Row>> {
        match at {
            At::Segment(number, row) => self.stored(number, row),
            At::Finished(number, place) => {
                self.in_table(number, place.slot, |table, _| table.record(place)).map_err(Error::damaged("memory"))
            }
            At::Running(number, place) => self
                .in_table(number, place.slot, |table, slot| {
                    table.heard(slot.running.get(place.row as usize).ok_or(Malformed("no such report"))?)
                })
                .map_err(Error::damaged("memory")),
            At::Flight(number) => {
                let Some(flight) = self.snapshot.flights.get(number) else { return Ok(None) };
                let record = flight.whole();
                let row = self.matches(&record).then(|| record.to_row(&flight.stream)).transpose();
                row.map_err(Error::damaged("memory"))
            }
        }
    }

    fn in_table(
        &self,
        number: usize,
        slot: u32,
        record: impl for<'t> FnOnce(&'t Memtable, &'t Slot) -> std::result::Result<Record<'t>, Malformed>,
    ) -> std::result::Result<Option<Row>, Malformed> {
        let table = self.snapshot.tables.get(number).ok_or(Malformed("no such memtable"))?.read();
        let slot = table.slot(slot).ok_or(Malformed("no such stream"))?;
        let record = record(&table, slot)?;
        if self.matches(&record) { record.to_row(&slot.stream).map(Some) } else { Ok(None) }
    }

    fn stored(&mut self, number: usize, row: u32) -> Result<Option<Row>> {
        let Some(segment) = self.snapshot.segments.get(number) else { return Ok(None) };
        let keyword = self.keyword.as_ref();
        self.texts.with((number, segment), row, |texts| match keyword {
            Some(keyword) if !segment.has_keyword(row, &segment.block(row)?, keyword, texts)? => Ok(None),
            _ => segment.row(row, Columns::ALL, texts).map(Some),
        })
    }

    fn matches(&self, record: &Record<'_>) -> bool {
        self.keyword.as_ref().is_none_or(|keyword| keyword.is_in(record.log) || keyword.is_in(record.ret_msg))
    }
}
