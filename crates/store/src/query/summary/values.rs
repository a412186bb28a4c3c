//! Durations and memory of matching rows, by group, read as often as selecting needs.
//!
//! Rows are grouped by their streams, or by the buckets of a histogram. Passes over many rows are divided among a few
//! threads, each of which reads whole parts.

use std::ops::{Range, RangeInclusive};
use std::panic::resume_unwind;
use std::thread::ScopedJoinHandle;

use runlog_core::{Cost, Histogram, Quantiles, Window};

use super::parts::Part;
use super::select::{self, Pass, Search};
use super::tally::InMemory;
use crate::error::Result;
use crate::number::narrow;
use crate::query::accumulator::Accumulator;
use crate::segment::columns::Columns;
use crate::segment::zones::{Bounded, Bounds, Chunk};

/// Fewer rows are read by one thread: to start another takes longer than to read them.
const THREAD_ROWS_MIN: usize = 1 << 16;

/// The most threads of one pass. Other queries want their share of the processor.
const THREADS_MAX: usize = 4;

/// The groups that some rows belong to.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Group<'a> {
    /// All of them to the group of this number.
    One(usize),
    /// Each to the bucket of its start.
    Buckets(&'a Buckets<'a>),
}

/// A histogram's buckets as groups.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Buckets<'a> {
    pub(crate) histogram: &'a Histogram,
    pub(crate) window: Window,
}

/// The finished rows that are wanted, each part with its group.
pub(crate) struct Values<'a> {
    pub(crate) parts: Vec<(Group<'a>, &'a Part<'a>)>,
    pub(crate) in_memory: Vec<(Group<'a>, &'a [InMemory])>,
}

/// Rows of a part that one thread reads.
struct Piece<'a> {
    group: Group<'a>,
    part: &'a Part<'a>,
    rows: Range<u32>,
}

/// What is reused from block to block.
#[derive(Default)]
struct Scratch {
    rows: Vec<usize>,
    starts: Vec<u64>,
    columns: [Vec<u64>; 2],
}

impl Buckets<'_> {
    /// The buckets that starts within some bounds are in, as far as they are in the window.
    fn of(&self, start: Bounds) -> RangeInclusive<usize> {
        let within = |start: u64| start.cast_signed().clamp(self.window.start_ms, self.window.end_ms.saturating_sub(1));
        self.histogram.bucket_of(within(start.min))..=self.histogram.bucket_of(within(start.max))
    }
}

impl Group<'_> {
    /// The groups of rows that start within some bounds.
    fn of(&self, start: impl FnOnce() -> Bounds) -> RangeInclusive<usize> {
        match self {
            Self::One(number) => *number..=*number,
            Self::Buckets(buckets) => buckets.of(start()),
        }
    }
}

impl Values<'_> {
    /// The percentiles of durations and memory of each group, of whose values `counts` has the numbers.
    pub(crate) fn quantiles(&self, counts: &[u64], acc: &mut Accumulator) -> Result<Vec<Option<[Quantiles; 2]>>> {
        let mut search = Search::new(counts, self.bounds(), select::GATHER_MAX);
        while let Some(mut pass) = search.pass() {
            for (group, rows) in &self.in_memory {
                for InMemory { start_ms, values } in *rows {
                    let start = start_ms.cast_unsigned();
                    let group = group.of(|| Bounds { min: start, max: start });
                    pass.see(*group.start(), values.each_ref().map(std::slice::from_ref));
                }
            }
            search.learn(self.visit(pass, acc)?);
        }
        Ok(search.found())
    }

    /// Between which numbers durations and memory are, as far as that is known without reading.
    fn bounds(&self) -> [select::Range; 2] {
        let mut bounds = [select::Range::default(); 2];
        let mut include = |duration: Bounds, mem: Bounds| {
            for (range, bounds) in bounds.iter_mut().zip([duration, mem]) {
                range.low = range.low.min(bounds.min);
                range.high = range.high.max(bounds.max);
            }
        };
        for (_, part) in &self.parts {
            let superblocks = &part.filter.segment.footer.superblocks;
            for (number, _) in part.filter.by_superblock(&part.rows) {
                superblocks.get(number).into_iter().for_each(|place| include(place.zone.duration, place.zone.mem));
            }
        }
        let exactly = |value: u64| Bounds { min: value, max: value };
        let in_memory = self.in_memory.iter().flat_map(|(_, rows)| *rows);
        in_memory.for_each(|InMemory { values: [duration, mem], .. }| include(exactly(*duration), exactly(*mem)));
        bounds
    }

    /// Makes a pass over the rows of segments.
    fn visit(&self, pass: Pass, acc: &mut Accumulator) -> Result<Pass> {
        let rows: usize = self.parts.iter().map(|(_, part)| part.rows.len()).sum();
        let threads = std::thread::available_parallelism().map_or(1, usize::from).min(THREADS_MAX);
        let shares = shares(&self.parts, rows.div_ceil(threads).max(THREAD_ROWS_MIN));
        let Some((here, others)) = shares.split_first() else { return Ok(pass) };
        let forks: Vec<(&[Piece<'_>], Pass)> = others.iter().map(|share| (share.as_slice(), pass.fork())).collect();
        let (learned, others) = std::thread::scope(|scope| {
            let spawn = |(share, pass)| scope.spawn(move || visit_all(share, pass));
            let threads: Vec<_> = forks.into_iter().map(spawn).collect();
            let here = visit_all(here, pass);
            let join = |thread: ScopedJoinHandle<'_, _>| thread.join().unwrap_or_else(|panic| resume_unwind(panic));
            (here, threads.into_iter().map(join).collect::<Vec<_>>())
        });
        let (mut all, cost) = learned?;
        acc.cost.add(cost);
        for learned in others {
            let (pass, cost) = learned?;
            all.join(pass);
            acc.cost.add(cost);
        }
        Ok(all)
    }
}

/// Divides parts into shares of about `rows_max` rows, in order. Parts are cut between superblocks.
fn shares<'a>(parts: &[(Group<'a>, &'a Part<'a>)], rows_max: usize) -> Vec<Vec<Piece<'a>>> {
    let (mut shares, mut share, mut left) = (Vec::new(), Vec::new(), rows_max);
    for (group, part) in parts {
        let mut rows = part.rows.clone();
        while rows.len() > left {
            let shape = part.filter.segment.footer.shape;
            let super_rows = shape.block_rows.saturating_mul(shape.super_blocks);
            let cut = rows.start.saturating_add(narrow(left)).div_ceil(super_rows).saturating_mul(super_rows);
            let cut = cut.min(rows.end);
            share.push(Piece { group: *group, part, rows: rows.start..cut });
            shares.push(std::mem::take(&mut share));
            (rows.start, left) = (cut, rows_max);
        }
        if !rows.is_empty() {
            left -= rows.len();
            share.push(Piece { group: *group, part, rows });
        }
    }
    shares.push(share);
    shares
}

fn visit_all(pieces: &[Piece<'_>], mut pass: Pass) -> Result<(Pass, Cost)> {
    let (mut scratch, mut cost) = (Scratch::default(), Cost::default());
    pieces.iter().try_for_each(|piece| piece.visit(&mut pass, &mut scratch, &mut cost))?;
    Ok((pass, cost))
}

impl Piece<'_> {
    fn visit(&self, pass: &mut Pass, scratch: &mut Scratch, cost: &mut Cost) -> Result<()> {
        let Self { group, part, rows } = self;
        let segment = part.filter.segment;
        let per_super = segment.footer.shape.super_blocks;
        for (superblock, rows) in part.filter.by_superblock(rows) {
            let Some(zone) = segment.footer.superblocks.get(superblock).map(|superblock| &superblock.zone) else {
                continue;
            };
            if !part.filter.may_match(zone.seq) || !pass.wants(group.of(|| zone.start), [zone.duration, zone.mem]) {
                continue;
            }
            let chunk = segment.chunk(superblock)?;
            for (block, rows) in part.filter.by_block(&rows) {
                let at = (block % per_super) as usize;
                let groups = group.of(|| chunk.bounds(at, Bounded::Start));
                if !wants_block(pass, groups.clone(), &chunk, at) {
                    continue;
                }
                let columns = segment.columns(block, &chunk)?;
                cost.rows_read += rows.len() as u64;
                cost.blocks_read += 1;
                cost.bytes_read += columns.bytes as u64;
                scratch.read(part, &columns, &rows, groups.start() != groups.end());
                scratch.show(*group, groups, pass);
            }
        }
        Ok(())
    }
}

fn wants_block(pass: &Pass, groups: RangeInclusive<usize>, chunk: &Chunk<'_>, block: usize) -> bool {
    let bounds = |of| chunk.bounds(block, of);
    pass.wants_all || pass.wants(groups, [bounds(Bounded::Duration), bounds(Bounded::Mem)])
}

impl Scratch {
    /// Reads the values of the matching rows of a block.
    fn read(&mut self, part: &Part<'_>, columns: &Columns<'_>, rows: &Range<u32>, wants_starts: bool) {
        self.starts.clear();
        self.columns.iter_mut().for_each(Vec::clear);
        let [durations, mems] = &mut self.columns;
        if part.listed.is_none() && part.filter.is_all() {
            let first = part.filter.segment.row_in_block(rows.start);
            let rows = first..first + rows.len();
            columns.duration.copy(rows.clone(), durations);
            columns.mem.copy(rows.clone(), mems);
            if wants_starts {
                columns.start.copy(rows, &mut self.starts);
            }
            return;
        }
        self.rows.clear();
        let matching = &mut self.rows;
        part.visit_block(columns, rows, &mut |_, at| matching.push(at));
        durations.extend(matching.iter().map(|at| columns.duration.get(*at)));
        mems.extend(matching.iter().map(|at| columns.mem.get(*at)));
        if wants_starts {
            self.starts.extend(matching.iter().map(|at| columns.start.get(*at)));
        }
    }

    /// Shows a pass what was read, which belongs to some of `groups`.
    fn show(&self, group: Group<'_>, groups: RangeInclusive<usize>, pass: &mut Pass) {
        let [durations, mems] = &self.columns;
        let Group::Buckets(buckets) = group else { return pass.see(*groups.start(), [durations, mems]) };
        if groups.start() == groups.end() {
            return pass.see(*groups.start(), [durations, mems]);
        }
        // Rows of a stream are in the order of their starts.
        let mut from = 0;
        while let Some(start) = self.starts.get(from) {
            let number = buckets.histogram.bucket_of(start.cast_signed());
            let rest = self.starts.get(from..).unwrap_or_default();
            let here = rest.iter().take_while(|start| buckets.histogram.bucket_of(start.cast_signed()) == number);
            let to = from + here.count();
            let part = |values: &'_ [u64]| -> Range<usize> { from..to.min(values.len()) };
            let (durations, mems) = (durations.get(part(durations)), mems.get(part(mems)));
            pass.see(number, [durations.unwrap_or_default(), mems.unwrap_or_default()]);
            from = to;
        }
    }
}
