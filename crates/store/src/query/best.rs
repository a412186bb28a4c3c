//! The best rows of all segments: superblocks, then blocks, then rows, in the order of what they can hold at best,
//! until that cannot beat the worst row kept.

use std::collections::hash_map::Entry;
use std::collections::{BinaryHeap, HashMap};
use std::ops::Range;
use std::rc::Rc;

use runlog_core::{Direction, SortKey};

use super::filter::Filter;
use super::gather::{Gather, Location};
use super::key::{Key, start};
use super::keyword::Matches;
use super::plan::Plan;
use super::ranges::Rows;
use crate::error::Result;
use crate::segment::zones::{Bounds, Chunk, Zone};

/// A segment's part in a search.
pub(crate) struct Source<'a> {
    pub(crate) filter: Filter<'a>,
    /// The segment's number in the snapshot.
    pub(crate) number: u32,
    pub(crate) ranges: Vec<Rows>,
    /// The matching rows, where numbers alone do not tell.
    pub(crate) matches: Option<Matches>,
}

impl Source<'_> {
    fn may_have(&self, rows: &Range<u32>) -> bool {
        self.matches.as_ref().is_none_or(|matches| matches.meets(rows))
    }

    fn has(&self, row: u32) -> bool {
        self.matches.as_ref().is_none_or(|matches| matches.contains(row))
    }
}

/// Rows that were not looked at yet.
struct Node {
    /// No row among them comes before this.
    bound: Key,
    source: usize,
    /// The number of their range in the source.
    range: usize,
    part: Part,
    rows: Range<u32>,
}

#[derive(Clone, Copy)]
enum Part {
    Superblock(usize),
    Block(u32),
}

struct Search<'a> {
    plan: &'a Plan<'a>,
    sources: &'a [Source<'a>],
    frontier: BinaryHeap<Node>,
    /// The zones of superblocks that were opened, by source and number.
    chunks: HashMap<(usize, usize), Rc<Chunk<'a>>>,
}

/// Offers rows of all sources until no better one can follow.
pub(crate) fn search<'a>(plan: &'a Plan<'a>, sources: &'a [Source<'a>], gather: &mut Gather) -> Result<()> {
    let mut search = Search { plan, sources, frontier: BinaryHeap::new(), chunks: HashMap::new() };
    for (at, source) in sources.iter().enumerate() {
        for (number, range) in source.ranges.iter().enumerate() {
            search.open(at, number, &range.rows, gather);
        }
    }
    while let Some(node) = search.frontier.pop() {
        if !gather.wants(node.bound) {
            break;
        }
        match node.part {
            Part::Superblock(number) => search.open_superblock(number, &node, gather)?,
            Part::Block(number) => search.open_block(number, &node, gather)?,
        }
    }
    Ok(())
}

impl<'a> Search<'a> {
    fn open(&mut self, at: usize, range: usize, rows: &Range<u32>, gather: &Gather) {
        let Some(source) = self.sources.get(at) else { return };
        let superblocks = &source.filter.segment.footer.superblocks;
        for (number, rows) in source.filter.by_superblock(rows) {
            let Some(superblock) =
                superblocks.get(number).filter(|_| !source.filter.is_without(number) && source.may_have(&rows))
            else {
                continue;
            };
            self.push((at, range), Part::Superblock(number), rows, &superblock.zone, gather);
        }
    }

    fn open_superblock(&mut self, number: usize, node: &Node, gather: &mut Gather) -> Result<()> {
        let Some(source) = self.sources.get(node.source) else { return Ok(()) };
        let segment = source.filter.segment;
        let chunk = self.chunk(source, node.source, number)?;
        let per_super = segment.footer.shape.super_blocks as usize;
        for (block, rows) in source.filter.by_block(&node.rows) {
            let in_chunk = block as usize % per_super;
            if !source.filter.is_block_without(&chunk, in_chunk, per_super.min(chunk.blocks()))
                && source.may_have(&rows)
            {
                self.push((node.source, node.range), Part::Block(block), rows, &chunk.zone(in_chunk), gather);
            }
        }
        Ok(())
    }

    fn open_block(&mut self, number: u32, node: &Node, gather: &mut Gather) -> Result<()> {
        let Some(source) = self.sources.get(node.source) else { return Ok(()) };
        let segment = source.filter.segment;
        let chunk = self.chunk(source, node.source, (number / segment.footer.shape.super_blocks) as usize)?;
        let columns = segment.columns(number, &chunk)?;
        gather.read(columns.rows(), columns.bytes);
        let rank = source.ranges.get(node.range).map_or(0, |range| range.rank);
        let direction = self.plan.query.order.direction;
        let first = segment.row_in_block(node.rows.start);
        let mut worst = gather.worst();
        let lane = match self.plan.query.order.by {
            SortKey::StartTime | SortKey::FunctionName => None,
            SortKey::Duration => Some(columns.duration),
            SortKey::MemUsage => Some(columns.mem),
        };
        for (row, at) in node.rows.clone().zip(first..) {
            let value = lane.map_or(rank, |lane| lane.get(at));
            // Most rows of most blocks end here, with one number read.
            if worst.is_some_and(|worst| Key::best(direction, value) < worst)
                || !source.filter.matches(&columns, at)
                || !source.has(row)
            {
                continue;
            }
            let start_ms = columns.start.get(at).cast_signed();
            let key = Key::new(direction, value, start(start_ms), columns.seq.get(at));
            gather.offer(key, Location::Segment(source.number, row));
            worst = gather.worst();
        }
        Ok(())
    }

    fn chunk(&mut self, source: &'a Source<'a>, at: usize, superblock: usize) -> Result<Rc<Chunk<'a>>> {
        match self.chunks.entry((at, superblock)) {
            Entry::Occupied(known) => Ok(Rc::clone(known.get())),
            Entry::Vacant(empty) => Ok(Rc::clone(empty.insert(Rc::new(source.filter.segment.chunk(superblock)?)))),
        }
    }

    fn push(&mut self, at: (usize, usize), part: Part, rows: Range<u32>, zone: &Zone, gather: &Gather) {
        let Some(source) = self.sources.get(at.0) else { return };
        let Some(range) = source.ranges.get(at.1) else { return };
        let (best, worst) = self.corners(&source.filter, zone, range);
        if source.filter.may_match(zone) && gather.wants(best) && !gather.is_before_page(worst) {
            // Rows before the page do not compete, so neither do their keys.
            self.frontier.push(Node { bound: gather.within_page(best), source: at.0, range: at.1, part, rows });
        }
    }

    /// The keys that a row of the range within the zone comes behind at best and before at worst.
    fn corners(&self, filter: &Filter<'_>, zone: &Zone, range: &Rows) -> (Key, Key) {
        let value = match self.plan.query.order.by {
            SortKey::StartTime => Bounds { min: 0, max: 0 },
            SortKey::Duration if filter.only_failed => zone.failed_duration,
            SortKey::Duration => zone.duration,
            SortKey::MemUsage if filter.only_failed => zone.failed_mem,
            SortKey::MemUsage => zone.mem,
            SortKey::FunctionName => Bounds { min: range.rank, max: range.rank },
        };
        let least = zone.start.min.cast_signed().max(range.starts_ms.0);
        let greatest = zone.start.max.cast_signed().min(range.starts_ms.1);
        let direction = self.plan.query.order.direction;
        let low = Key::new(direction, value.min, start(least), zone.seq.min);
        let high = Key::new(direction, value.max, start(greatest), zone.seq.max);
        match direction {
            Direction::Desc => (high, low),
            Direction::Asc => (low, high),
        }
    }
}

impl PartialEq for Node {
    fn eq(&self, other: &Self) -> bool {
        self.bound == other.bound
    }
}

impl Eq for Node {}

impl PartialOrd for Node {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Node {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.bound.cmp(&other.bound)
    }
}
