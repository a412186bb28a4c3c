//! Which rows of a segment lie in a query's streams and window: ranges, found by binary search.

use std::ops::Range;

use runlog_core::Window;

use super::plan::Plan;
use crate::error::Result;
use crate::number::narrow;
use crate::segment::Segment;
use crate::segment::format::StreamRows;
use crate::segment::zones::Front;

/// Rows of the streams and the window; of one function name where the order asks for names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rows {
    pub(crate) rows: Range<u32>,
    /// The rank of their function's name; 0 when the order does not ask for it.
    pub(crate) rank: u64,
    /// No row starts before the first of these or after the second.
    pub(crate) starts_ms: (i64, i64),
}

/// The rows of a segment that lie in the query's streams and window; neighbours are joined.
pub(crate) fn ranges(plan: &Plan<'_>, segment: &Segment) -> Result<Vec<Rows>> {
    let mut found: Vec<Rows> = Vec::new();
    let mut edges = Edges::new(segment);
    for (stream, rows) in segment.streams().filter(|(stream, _)| plan.query.scope.matches(&stream.stream)) {
        let here = of_stream(plan, &mut edges, stream, rows)?;
        match found.last_mut() {
            _ if here.rows.is_empty() => {}
            Some(last) if last.rows.end == here.rows.start && last.rank == here.rank => {
                last.rows.end = here.rows.end;
                last.starts_ms.0 = last.starts_ms.0.min(here.starts_ms.0);
                last.starts_ms.1 = last.starts_ms.1.max(here.starts_ms.1);
            }
            _ => found.push(here),
        }
    }
    Ok(found)
}

/// The rows of one stream of a segment that lie in the query's window.
pub(crate) fn of_stream(plan: &Plan<'_>, edges: &mut Edges<'_>, stream: &StreamRows, rows: Range<u32>) -> Result<Rows> {
    let starts_ms = (stream.first_start_ms, stream.last_start_ms);
    within(edges, Rows { rows, rank: plan.rank(&stream.stream), starts_ms }, plan.query.window)
}

/// The rows of one stream that start in the window.
fn within(edges: &mut Edges<'_>, mut all: Rows, window: Window) -> Result<Rows> {
    if all.starts_ms.0 >= window.end_ms || all.starts_ms.1 < window.start_ms {
        all.rows.end = all.rows.start;
        return Ok(all);
    }
    if all.starts_ms.0 < window.start_ms {
        let edge = edges.find(all.rows.clone(), window.start_ms)?;
        all.rows.start = edge.row;
        all.starts_ms.0 = edge.start_ms.unwrap_or(window.start_ms);
    }
    if all.starts_ms.1 >= window.end_ms && !all.rows.is_empty() {
        let edge = edges.find(all.rows.clone(), window.end_ms)?;
        all.rows.end = edge.row;
        all.starts_ms.1 = edge.before_ms.unwrap_or(window.end_ms.saturating_sub(1));
    }
    Ok(all)
}

/// Where a stream's rows reach a bound.
struct Edge {
    /// The first row that starts at the bound or later.
    row: u32,
    /// Its start, and the start of the row before it, where they were at hand.
    start_ms: Option<i64>,
    before_ms: Option<i64>,
}

/// Looks for edges; streams are often small, so the next one may lie in the same superblock.
pub(crate) struct Edges<'a> {
    segment: &'a Segment,
    /// The superblock that was read last.
    front: Option<(u32, Front<'a>)>,
}

impl<'a> Edges<'a> {
    pub(crate) fn new(segment: &'a Segment) -> Self {
        Self { segment, front: None }
    }

    /// The first row of a stream's `rows`, of which there are some, that starts at `bound_ms` or later.
    fn find(&mut self, rows: Range<u32>, bound_ms: i64) -> Result<Edge> {
        // Starts are never negative.
        let bound = u64::try_from(bound_ms).unwrap_or(0);
        let segment = self.segment;
        let shape = segment.footer.shape;
        // Superblocks that begin within the rows are in order; the place is in the last one that begins before the
        // bound, or in the one that the rows begin in.
        let super_rows = shape.block_rows.saturating_mul(shape.super_blocks);
        let (mut low, mut high) = (rows.start / super_rows, (rows.end - 1) / super_rows);
        while low < high {
            let middle = high - (high - low) / 2;
            let zone = segment.footer.superblocks.get(middle as usize).map(|superblock| &superblock.zone);
            if zone.is_some_and(|zone| zone.first_start < bound) { low = middle } else { high = middle - 1 }
        }
        let front = match self.front.take() {
            Some((number, front)) if number == low => front,
            _ => segment.front(low as usize)?,
        };
        let first_block = low * shape.super_blocks;
        // The same among its blocks.
        let inside = |row: u32| (row / shape.block_rows).saturating_sub(first_block).min(shape.super_blocks - 1);
        let later = inside(rows.start) + 1..inside(rows.end - 1) + 1;
        let block = front.blocks_below(later.start as usize..later.end as usize, bound) - 1;
        let block = first_block + narrow(block);
        let starts = segment.starts(block, &front)?;
        self.front = Some((low, front));
        let base = block * shape.block_rows;
        let from = rows.start.saturating_sub(base) as usize;
        let to = rows.end.saturating_sub(base).min(shape.block_rows) as usize;
        let at = starts.below(from..to, bound);
        let start_ms = |at: usize| starts.get(at).cast_signed();
        Ok(Edge {
            row: base + narrow(at),
            start_ms: (at < to).then(|| start_ms(at)),
            before_ms: (at > from).then(|| start_ms(at - 1)),
        })
    }
}
