//! Zone maps: what the rows of a block, or of a superblock, are bounded by, so that most are never looked at.
//!
//! ```text
//! zone chunk = lane for each of: column block offsets (blocks + 1), id block offsets (blocks + 1),
//!              the `LANES` bounds (blocks), running counts of each counted code (blocks)    | padding | crc 4
//! ```
//!
//! Offsets count from the superblock's own. Running counts say how many rows of the segment *before* the block have
//! the code. Bounds of failed rows are 0 where none failed.

use std::ops::Deref;

use crate::codec::{Malformed, Reader, put_varint, seal};
use crate::pack::{Lane, PADDING, put_lane};
use crate::record::Facts;

/// The bounds of a group of rows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Zone {
    /// The start of the first row, in the segment's order.
    pub(crate) first_start: u64,
    pub(crate) start: Bounds,
    pub(crate) seq: Bounds,
    pub(crate) duration: Bounds,
    pub(crate) mem: Bounds,
    pub(crate) failed_duration: Bounds,
    pub(crate) failed_mem: Bounds,
    /// Rows of the segment before these, by counted code.
    pub(crate) counts_before: Vec<u64>,
}

/// A number that zones bound, as the place of its least among the bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bounded {
    Start = 0,
    Seq = 2,
    Duration = 4,
    Mem = 6,
    FailedDuration = 8,
    FailedMem = 10,
}

/// The least and the greatest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bounds {
    pub(crate) min: u64,
    pub(crate) max: u64,
}

/// One of two bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Least,
    Most,
}

impl Default for Bounds {
    /// The bounds of nothing.
    fn default() -> Self {
        Self { min: u64::MAX, max: 0 }
    }
}

impl Bounds {
    fn include(&mut self, value: u64) {
        self.min = self.min.min(value);
        self.max = self.max.max(value);
    }

    fn join(&mut self, other: Self) {
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
    }

    pub(crate) fn end(self, end: End) -> u64 {
        match end {
            End::Least => self.min,
            End::Most => self.max,
        }
    }

    /// As stored: nothing is 0 to 0.
    fn stored(self) -> [u64; 2] {
        if self.min > self.max { [0, 0] } else { [self.min, self.max] }
    }
}

/// Lanes of bounds in a chunk.
const BOUNDS: usize = 12;

/// With the start of the first row.
const LANES: usize = 1 + BOUNDS;

impl Zone {
    /// The zone of no rows, at a place with these running counts.
    pub(crate) fn begin(counts_before: &[u64]) -> Self {
        Self { counts_before: counts_before.to_vec(), ..Self::default() }
    }

    /// The bounds of a number.
    pub(crate) fn bounds(&self, of: Bounded) -> Bounds {
        match of {
            Bounded::Start => self.start,
            Bounded::Seq => self.seq,
            Bounded::Duration => self.duration,
            Bounded::Mem => self.mem,
            Bounded::FailedDuration => self.failed_duration,
            Bounded::FailedMem => self.failed_mem,
        }
    }

    /// Widens the zone by the next row.
    pub(crate) fn include(&mut self, facts: &Facts) {
        let start = facts.start_ms.cast_unsigned();
        if self.start.min > self.start.max {
            self.first_start = start;
        }
        self.start.include(start);
        self.seq.include(facts.seq);
        self.duration.include(facts.duration_us);
        self.mem.include(facts.mem_bytes);
        if facts.ret_code != 0 {
            self.failed_duration.include(facts.duration_us);
            self.failed_mem.include(facts.mem_bytes);
        }
    }

    /// The zone of all of `zones`, which follow one another.
    pub(crate) fn join(zones: &[Zone]) -> Self {
        let Some((first, rest)) = zones.split_first() else { return Self::default() };
        rest.iter().fold(first.clone(), |mut all, zone| {
            all.start.join(zone.start);
            all.seq.join(zone.seq);
            all.duration.join(zone.duration);
            all.mem.join(zone.mem);
            all.failed_duration.join(zone.failed_duration);
            all.failed_mem.join(zone.failed_mem);
            all
        })
    }

    pub(super) fn numbers(&self) -> [u64; LANES] {
        let [a, b] = self.start.stored();
        let [c, d] = self.seq.stored();
        let [e, f] = self.duration.stored();
        let [g, h] = self.mem.stored();
        let [i, j] = self.failed_duration.stored();
        let [k, l] = self.failed_mem.stored();
        [self.first_start, a, b, c, d, e, f, g, h, i, j, k, l]
    }

    fn from_numbers(first_start: u64, bounds: [u64; BOUNDS], counts_before: Vec<u64>) -> Self {
        let [a, b, c, d, e, f, g, h, i, j, k, l] = bounds;
        let bounds = |min, max| Bounds { min, max };
        Self {
            first_start,
            start: bounds(a, b),
            seq: bounds(c, d),
            duration: bounds(e, f),
            mem: bounds(g, h),
            failed_duration: bounds(i, j),
            failed_mem: bounds(k, l),
            counts_before,
        }
    }

    pub(crate) fn put(&self, out: &mut Vec<u8>) {
        self.numbers().iter().chain(&self.counts_before).for_each(|number| put_varint(out, *number));
    }

    pub(crate) fn read(reader: &mut Reader<'_>, codes: usize) -> Result<Self, Malformed> {
        let first_start = reader.varint()?;
        let mut numbers = [0; BOUNDS];
        for number in &mut numbers {
            *number = reader.varint()?;
        }
        let counts = (0..codes).map(|_| reader.varint()).collect::<Result<_, _>>()?;
        Ok(Self::from_numbers(first_start, numbers, counts))
    }
}

/// Writes the chunk of a superblock.
pub(crate) fn put_chunk(zones: &[Zone], column_offsets: &[u64], id_offsets: &[u64], codes: usize) -> Vec<u8> {
    let mut out = Vec::new();
    put_lane(&mut out, column_offsets);
    put_lane(&mut out, id_offsets);
    let numbers: Vec<[u64; LANES]> = zones.iter().map(Zone::numbers).collect();
    for lane in 0..LANES {
        let values: Vec<u64> = numbers.iter().filter_map(|zone| zone.get(lane).copied()).collect();
        put_lane(&mut out, &values);
    }
    for code in 0..codes {
        let values: Vec<u64> = zones.iter().filter_map(|zone| zone.counts_before.get(code).copied()).collect();
        put_lane(&mut out, &values);
    }
    out.extend([0; PADDING]);
    seal(&mut out);
    out
}

/// The front of a chunk: where the blocks of a superblock are and when they begin. It is read by itself where that is
/// enough, since each lane begins in memory that is far from the others.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Front<'a> {
    column_offsets: Lane<'a>,
    id_offsets: Lane<'a>,
    first_starts: Lane<'a>,
    /// From the next lane on.
    rest: Reader<'a>,
}

/// The zones of a superblock's blocks.
#[derive(Clone, Debug)]
pub(crate) struct Chunk<'a> {
    front: Front<'a>,
    bounds: [Lane<'a>; BOUNDS],
    counts: Vec<Lane<'a>>,
}

impl<'a> Front<'a> {
    /// Reads the front of a chunk, whose checksum was checked.
    pub(crate) fn read(bytes: &'a [u8], blocks: usize) -> Result<Self, Malformed> {
        let mut reader = Reader(bytes);
        let mut lane = |len| Lane::read(&mut reader, len);
        let (column_offsets, id_offsets, first_starts) = (lane(blocks + 1)?, lane(blocks + 1)?, lane(blocks)?);
        Ok(Self { column_offsets, id_offsets, first_starts, rest: reader })
    }

    /// Blocks of the superblock.
    pub(crate) fn blocks(&self) -> usize {
        self.first_starts.len()
    }

    /// How many of the blocks of `range` begin with a row that starts before `start`.
    pub(crate) fn blocks_below(&self, range: std::ops::Range<usize>, start: u64) -> usize {
        self.first_starts.below(range, start)
    }

    /// Where a block's columns lie, counted from the superblock.
    pub(crate) fn columns(&self, block: usize) -> (u64, u64) {
        (self.column_offsets.get(block), self.column_offsets.get(block + 1))
    }

    /// Where a block's ids lie, counted from the superblock.
    pub(crate) fn ids(&self, block: usize) -> (u64, u64) {
        (self.id_offsets.get(block), self.id_offsets.get(block + 1))
    }
}

impl<'a> Deref for Chunk<'a> {
    type Target = Front<'a>;

    fn deref(&self) -> &Self::Target {
        &self.front
    }
}

impl<'a> Chunk<'a> {
    /// Reads a chunk, whose checksum was checked.
    pub(crate) fn read(bytes: &'a [u8], blocks: usize, codes: usize) -> Result<Self, Malformed> {
        let front = Front::read(bytes, blocks)?;
        let mut reader = front.rest;
        let mut bounds = [front.first_starts; BOUNDS];
        for lane in &mut bounds {
            *lane = Lane::read(&mut reader, blocks)?;
        }
        let counts = (0..codes).map(|_| Lane::read(&mut reader, blocks)).collect::<Result<_, _>>()?;
        Ok(Self { front, bounds, counts })
    }

    /// The bounds of a block; its running counts are left out, see [`Chunk::count_before`].
    pub(crate) fn zone(&self, block: usize) -> Zone {
        Zone::from_numbers(self.front.first_starts.get(block), self.bounds.map(|lane| lane.get(block)), Vec::new())
    }

    /// A bound of a number in a block.
    pub(crate) fn bound(&self, block: usize, of: Bounded, end: End) -> u64 {
        self.bounds.get(of as usize + usize::from(end == End::Most)).map_or(0, |lane| lane.get(block))
    }

    /// Both bounds of a number in a block.
    pub(crate) fn bounds(&self, block: usize, of: Bounded) -> Bounds {
        Bounds { min: self.bound(block, of, End::Least), max: self.bound(block, of, End::Most) }
    }

    /// Rows of the segment before the block that have the code of this number.
    pub(crate) fn count_before(&self, block: usize, code: usize) -> u64 {
        self.counts.get(code).map_or(0, |lane| lane.get(block))
    }
}
