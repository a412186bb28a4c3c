//! Counting matching rows by stream, return code and bucket, without reading most of them.
//!
//! Rows of a stream are in the order of their starts, so that whole runs of blocks, and whole superblocks, lie in one
//! bucket; how many of their rows have which return code is a subtraction of running counts. Only blocks that an edge
//! of a bucket or of the window goes through are read, and those with codes that are not counted.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use runlog_core::{Histogram, RET_RUNNING, RunState, Stream};

use super::parts::Part;
use crate::error::Result;
use crate::memtable::Place;
use crate::number::narrow;
use crate::query::accumulator::Accumulator;
use crate::query::plan::Plan;
use crate::record::Facts;
use crate::segment::columns::Columns;
use crate::segment::zones::{Bounds, Chunk};
use crate::state::Snapshot;

/// The counts.
pub(crate) struct Tally {
    pub(crate) histogram: Option<Histogram>,
    /// Matching rows by return code.
    pub(crate) streams: BTreeMap<Arc<Stream>, BTreeMap<i32, u64>>,
    /// Of the stream that is being counted.
    open: BTreeMap<i32, u64>,
    /// The finished rows in memory, where percentiles are asked for.
    pub(crate) values: Vec<(Arc<Stream>, Vec<InMemory>)>,
    /// Those of the stream that is being counted.
    open_values: Vec<InMemory>,
    wants_values: bool,
}

/// A finished row in memory.
#[derive(Clone, Copy, Debug)]
pub(crate) struct InMemory {
    pub(crate) start_ms: i64,
    /// Duration and memory.
    pub(crate) values: [u64; 2],
}

impl Tally {
    pub(crate) fn new(histogram: Option<Histogram>, wants_values: bool) -> Self {
        Self {
            histogram,
            streams: BTreeMap::new(),
            open: BTreeMap::new(),
            values: Vec::new(),
            open_values: Vec::new(),
            wants_values,
        }
    }

    /// The rows counted.
    pub(crate) fn total(&self) -> u64 {
        self.streams.values().flat_map(BTreeMap::values).sum()
    }

    /// Counts the rows in memory.
    pub(crate) fn count_memory(&mut self, plan: &Plan<'_>, snapshot: &Snapshot) {
        for table in snapshot.tables.iter().filter(|_| plan.wants_finished()) {
            let table = table.read();
            for (at, slot) in (0..).zip(table.slots()).filter(|(_, slot)| plan.query.scope.matches(&slot.stream)) {
                for (row, facts) in (0..).zip(&slot.facts).filter(|(_, facts)| plan.matches(facts)) {
                    let record = || table.record(Place { slot: at, row });
                    if !plan.needs_texts() || record().is_ok_and(|record| plan.matches_texts(&record)) {
                        self.add_in_memory(facts);
                    }
                }
                self.close(&slot.stream);
            }
        }
        for flight in &snapshot.flights {
            if let Some(facts) = plan.facts_of_match(flight) {
                self.add_in_memory(&facts);
            }
            self.close(&flight.stream);
        }
    }

    /// Counts the rows of a part of a segment.
    pub(crate) fn count_part(&mut self, part: &Part<'_>, acc: &mut Accumulator) -> Result<()> {
        if part.listed.is_some() {
            let mut add = |columns: &Columns<'_>, at| self.add(columns.start_ms(at), columns.ret_code(at), 1);
            part.visit(&|_| true, &mut add, acc)?;
            self.close(part.stream);
            return Ok(());
        }
        for (superblock, rows) in part.filter.by_superblock(&part.rows) {
            if !self.count_whole_superblock(part, superblock, &rows) {
                self.count_superblock(part, superblock, &rows, acc)?;
            }
        }
        self.close(part.stream);
        Ok(())
    }

    /// Counts a superblock by its bounds in memory; false when they do not tell.
    fn count_whole_superblock(&mut self, part: &Part<'_>, number: usize, rows: &Range<u32>) -> bool {
        let footer = &part.filter.segment.footer;
        let is_whole = rows.len() as u32 == footer.shape.block_rows.saturating_mul(footer.shape.super_blocks);
        let (Some(here), Some(next)) = (footer.superblocks.get(number), footer.superblocks.get(number + 1)) else {
            return false;
        };
        if !is_whole || !part.filter.is_seen(here.zone.seq) || !self.is_one_bucket(here.zone.start) {
            return false;
        }
        let counts = here.zone.counts_before.iter().zip(&next.zone.counts_before);
        let counts: Vec<u64> = counts.map(|(before, after)| after.saturating_sub(*before)).collect();
        self.add_counts(part, here.zone.start.min, rows.len(), &counts)
    }

    /// Counts a superblock's rows, whole runs of blocks at once where the running counts tell.
    fn count_superblock(
        &mut self,
        part: &Part<'_>,
        number: usize,
        rows: &Range<u32>,
        acc: &mut Accumulator,
    ) -> Result<()> {
        let segment = part.filter.segment;
        let shape = segment.footer.shape;
        let chunk = segment.chunk(number)?;
        let first_block = narrow(number).saturating_mul(shape.super_blocks);
        let mut from = rows.start;
        while from < rows.end {
            let block = from / shape.block_rows;
            let run = self.run(part, &chunk, (block - first_block) as usize, from, rows.end);
            let run_rows = narrow(run).saturating_mul(shape.block_rows);
            let counts = counts(part, &chunk, number, (block - first_block) as usize, run);
            let start = chunk.zone((block - first_block) as usize).start.min;
            if run > 0 && counts.is_some_and(|counts| self.add_counts(part, start, run_rows as usize, &counts)) {
                from += run_rows;
                continue;
            }
            let end = (block + 1).saturating_mul(shape.block_rows).min(rows.end);
            let columns = segment.columns(block, &chunk)?;
            acc.read((end - from) as usize, columns.bytes);
            let mut add = |columns: &Columns<'_>, at| self.add(columns.start_ms(at), columns.ret_code(at), 1);
            part.visit_block(&columns, &(from..end), &mut add);
            from = end;
        }
        Ok(())
    }

    /// How many blocks from `block` on, where the row `from` is, are whole, seen, and lie in one bucket.
    fn run(&self, part: &Part<'_>, chunk: &Chunk<'_>, block: usize, from: u32, end: u32) -> usize {
        let block_rows = part.filter.segment.footer.shape.block_rows;
        let whole = if from.is_multiple_of(block_rows) { ((end - from) / block_rows) as usize } else { 0 };
        let zone = chunk.zone(block);
        if whole == 0 || !part.filter.is_seen(zone.seq) || !self.is_one_bucket(zone.start) {
            return 0;
        }
        if part.filter.max_seq.is_some() {
            return 1;
        }
        let Some(bucket_end) = self.bucket_end(zone.start.min) else { return whole };
        let begun = chunk.blocks_below(block + 1..block + whole, bucket_end) - block;
        // The last that begins in the bucket may end in the next.
        let is_within = chunk.zone(block + begun - 1).start.max < bucket_end;
        if is_within { begun } else { begun - 1 }
    }

    /// Adds rows that start in one bucket, by counted code; false when some have other codes.
    fn add_counts(&mut self, part: &Part<'_>, start: u64, rows: usize, counts: &[u64]) -> bool {
        if counts.iter().sum::<u64>() != rows as u64 {
            return false;
        }
        let codes = part.filter.segment.footer.codes.iter().zip(counts);
        for (code, runs) in codes.filter(|(code, runs)| **runs > 0 && part.filter.wants(**code)) {
            self.add(start.cast_signed(), *code, *runs);
        }
        true
    }

    /// Adds rows of the stream that is being counted.
    fn add(&mut self, start_ms: i64, ret_code: i32, runs: u64) {
        *self.open.entry(ret_code).or_default() += runs;
        if let Some(histogram) = &mut self.histogram {
            histogram.count(histogram.bucket_of(start_ms), RunState::of(ret_code), runs);
        }
    }

    fn add_in_memory(&mut self, facts: &Facts) {
        self.add(facts.start_ms, facts.ret_code, 1);
        if self.wants_values && facts.ret_code != RET_RUNNING {
            let values = [facts.duration_us, facts.mem_bytes];
            self.open_values.push(InMemory { start_ms: facts.start_ms, values });
        }
    }

    /// What was added since the last call is of this stream. Streams are compared once for many rows.
    fn close(&mut self, stream: &Arc<Stream>) {
        let open = std::mem::take(&mut self.open);
        if !open.is_empty() {
            let codes = self.streams.entry(Arc::clone(stream)).or_default();
            open.into_iter().for_each(|(code, runs)| *codes.entry(code).or_default() += runs);
        }
        let values = std::mem::take(&mut self.open_values);
        if !values.is_empty() {
            self.values.push((Arc::clone(stream), values));
        }
    }

    fn is_one_bucket(&self, start: Bounds) -> bool {
        let bucket = |histogram: &Histogram, start: u64| histogram.bucket_of(start.cast_signed());
        self.histogram.as_ref().is_none_or(|all| bucket(all, start.min) == bucket(all, start.max))
    }

    /// The first start after the bucket of a start; `None` where there are no buckets.
    fn bucket_end(&self, start: u64) -> Option<u64> {
        let histogram = self.histogram.as_ref()?;
        let number = histogram.bucket_of(start.cast_signed()) as i128;
        let end = i128::from(histogram.start_ms) + (number + 1) * i128::from(histogram.width_ms);
        Some(u64::try_from(end).unwrap_or(u64::MAX))
    }
}

/// Rows by counted code of a run of whole blocks; `None` where the running counts do not reach.
fn counts(part: &Part<'_>, chunk: &Chunk<'_>, superblock: usize, block: usize, run: usize) -> Option<Vec<u64>> {
    let footer = &part.filter.segment.footer;
    let end = block + run;
    let next = footer.superblocks.get(superblock + 1);
    let count = |code: usize| {
        let after = if end < chunk.blocks() {
            chunk.count_before(end, code)
        } else {
            next?.zone.counts_before.get(code).copied()?
        };
        Some(after.saturating_sub(chunk.count_before(block, code)))
    };
    (0..footer.codes.len()).map(count).collect()
}
