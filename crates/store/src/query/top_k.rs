//! The first rows of all segments in the order: superblocks, then blocks, then rows are opened in the order of the
//! earliest key that they can have, until no key precedes the last row kept.

use std::collections::hash_map::Entry;
use std::collections::{BinaryHeap, HashMap};
use std::ops::Range;
use std::rc::Rc;

use runlog_core::{Direction, SortKey};

use super::accumulator::{Accumulator, Location};
use super::key::{Key, start};
use super::plan::Plan;
use super::ranges::Rows;
use super::source::Source;
use crate::error::Result;
use crate::number::narrow;
use crate::segment::zones::{Bounded, Bounds, Chunk, End};

/// A source's range of rows.
#[derive(Clone, Copy)]
struct Part<'a> {
    source: &'a Source<'a>,
    range: &'a Rows,
    /// The number of the source.
    number: u32,
}

/// Rows of one superblock that were not read yet.
struct Node<'a> {
    /// The earliest key that one of them can have.
    bound: Key,
    /// The number of their part.
    part: u32,
    rows: Range<u32>,
    /// The zones of their superblock, if they belong to one block.
    chunk: Option<Rc<Chunk<'a>>>,
}

struct Search<'a> {
    plan: &'a Plan<'a>,
    parts: Vec<Part<'a>>,
    frontier: BinaryHeap<Node<'a>>,
    /// The zones of superblocks that were opened, by source and number: neighbouring ranges may share one.
    chunks: HashMap<(u32, usize), Rc<Chunk<'a>>>,
}

/// Offers rows of all sources until none that is left can be kept.
pub(crate) fn search<'a>(plan: &'a Plan<'a>, sources: &'a [Source<'a>], acc: &mut Accumulator) -> Result<()> {
    let of_source =
        |(number, source): (u32, &'a Source<'a>)| source.ranges.iter().map(move |range| Part { source, range, number });
    let parts: Vec<Part<'a>> = (0..).zip(sources).flat_map(of_source).collect();
    let mut search = Search { plan, parts, frontier: BinaryHeap::new(), chunks: HashMap::new() };
    search.open(acc);
    while let Some(node) = search.frontier.pop() {
        if !acc.wants(node.bound) {
            break;
        }
        match &node.chunk {
            None => search.open_superblock(&node, acc)?,
            Some(chunk) => search.open_block(&node, chunk, acc)?,
        }
    }
    Ok(())
}

impl<'a> Search<'a> {
    fn open(&mut self, acc: &Accumulator) {
        let mut nodes = Vec::new();
        for (number, part) in (0..).zip(&self.parts) {
            let Part { source, range, .. } = part;
            let superblocks = &source.filter.segment.footer.superblocks;
            for (superblock, rows) in source.filter.by_superblock(&range.rows) {
                let Some(zone) = superblocks.get(superblock).map(|superblock| &superblock.zone) else { continue };
                let bound = self.bound(part, |of, end| zone.bounds(of).end(end), acc);
                if let Some(bound) = bound.filter(|_| !source.filter.is_without(superblock) && source.may_have(&rows)) {
                    nodes.push(Node { bound, part: number, rows, chunk: None });
                }
            }
        }
        self.frontier = nodes.into();
    }

    fn open_superblock(&mut self, node: &Node<'a>, acc: &Accumulator) -> Result<()> {
        let Some(part) = self.parts.get(node.part as usize).copied() else { return Ok(()) };
        let (filter, shape) = (&part.source.filter, part.source.filter.segment.footer.shape);
        let superblock = (node.rows.start / shape.block_rows / shape.super_blocks) as usize;
        let chunk = match self.chunks.entry((part.number, superblock)) {
            Entry::Occupied(known) => Rc::clone(known.get()),
            Entry::Vacant(empty) => Rc::clone(empty.insert(Rc::new(filter.segment.chunk(superblock)?))),
        };
        for (block, rows) in filter.by_block(&node.rows) {
            let block = (block % shape.super_blocks) as usize;
            let Some(bound) = self.bound(&part, |of, end| chunk.bound(block, of, end), acc) else { continue };
            if !filter.is_block_without(&chunk, block, chunk.blocks()) && part.source.may_have(&rows) {
                self.frontier.push(Node { bound, part: node.part, rows, chunk: Some(Rc::clone(&chunk)) });
            }
        }
        Ok(())
    }

    fn open_block(&self, node: &Node<'a>, chunk: &Chunk<'a>, acc: &mut Accumulator) -> Result<()> {
        let Some(Part { source, range, .. }) = self.parts.get(node.part as usize) else { return Ok(()) };
        let (filter, segment) = (&source.filter, source.filter.segment);
        let number = node.rows.start / segment.footer.shape.block_rows;
        let order = self.plan.query.order;
        let (lanes, bytes) = segment.key_lanes(number, chunk, order.by)?;
        let columns = if filter.is_all() { None } else { Some(segment.columns(number, chunk)?) };
        let first = segment.row_in_block(node.rows.start);
        let places = first..first + node.rows.len();
        acc.read(node.rows.len(), bytes);
        let offer = |at: usize, value: u64, acc: &mut Accumulator| {
            let row = node.rows.start + narrow(at - first);
            if columns.as_ref().is_none_or(|columns| filter.matches(columns, at)) && source.has(row) {
                let key = Key::new(order.direction, value, start(lanes.start_ms(at)), lanes.seq.get(at));
                acc.offer(key, Location::Segment(source.number, row));
            }
        };
        let values = acc.worst().map_or((0, u64::MAX), |worst| worst.values(order.direction));
        match lanes.value {
            // Most rows of most blocks end here, with one number read.
            Some(lane) => lane.find(places, values, |at, value| offer(at, value, acc)),
            // Rows of a stream are in the order of their starts, so the wanted end comes first.
            None if order.direction == Direction::Desc => places.rev().for_each(|at| offer(at, range.rank, acc)),
            None => places.for_each(|at| offer(at, range.rank, acc)),
        }
        Ok(())
    }

    /// The earliest sort key any row of this part can have; `None` if the part has no wanted rows.
    fn bound(&self, part: &Part<'_>, bound: impl Fn(Bounded, End) -> u64, acc: &Accumulator) -> Option<Key> {
        let (direction, range) = (self.plan.query.order.direction, part.range);
        let value = |end| match (self.plan.query.order.by, part.source.filter.only_failed) {
            (SortKey::StartTime, _) => 0,
            (SortKey::Duration, false) => bound(Bounded::Duration, end),
            (SortKey::Duration, true) => bound(Bounded::FailedDuration, end),
            (SortKey::MemUsage, false) => bound(Bounded::Mem, end),
            (SortKey::MemUsage, true) => bound(Bounded::FailedMem, end),
            (SortKey::FunctionName, _) => range.rank,
        };
        let start_ms = |end| match (end, bound(Bounded::Start, end).cast_signed()) {
            (End::Most, start_ms) => start_ms.min(range.starts_ms.1),
            (End::Least, start_ms) => start_ms.max(range.starts_ms.0),
        };
        let (front, back) = match direction {
            Direction::Desc => (End::Most, End::Least),
            Direction::Asc => (End::Least, End::Most),
        };
        // Most parts are dismissed by the first number or the second, so the others are read only when needed.
        let best = value(front);
        if !acc.wants(Key::best(direction, best)) {
            return None;
        }
        let best = |seq| Key::new(direction, best, start(start_ms(front)), seq);
        let any_seq = if direction == Direction::Desc { u64::MAX } else { 0 };
        let seq = Bounds { min: bound(Bounded::Seq, End::Least), max: bound(Bounded::Seq, End::Most) };
        if !acc.wants(best(any_seq)) || !part.source.filter.may_match(seq) {
            return None;
        }
        let best = best(seq.end(front));
        let worst = || Key::new(direction, value(back), start(start_ms(back)), seq.end(back));
        // Rows before the page do not compete, so neither do their keys.
        (acc.wants(best) && !acc.is_all_before_page(worst)).then(|| acc.within_page(best))
    }
}

impl PartialEq for Node<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.bound == other.bound
    }
}

impl Eq for Node<'_> {}

impl PartialOrd for Node<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Node<'_> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.bound.cmp(&other.bound)
    }
}
