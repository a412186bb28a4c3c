//! Which rows of a segment lie in a query's streams and window: ranges, found by binary search.

use std::ops::Range;

use runlog_core::Window;

use super::plan::Plan;
use crate::error::Result;
use crate::segment::Segment;

/// Rows of the streams and the window; of one function name where the order asks for names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rows {
    pub(crate) rows: Range<u32>,
    /// The rank of their function's name; 0 when the order does not ask for it.
    pub(crate) rank: u64,
}

/// The rows of a segment that lie in the query's streams and window; neighbours are joined.
pub(crate) fn ranges(plan: &Plan<'_>, segment: &Segment) -> Result<Vec<Rows>> {
    let mut found: Vec<Rows> = Vec::new();
    for (stream, rows) in segment.streams().filter(|(stream, _)| plan.query.scope.matches(&stream.stream)) {
        let window = plan.query.window;
        let rows = if window.contains(stream.first_start_ms) && window.contains(stream.last_start_ms) {
            rows
        } else {
            within(segment, rows, window)?
        };
        let rank = plan.rank(&stream.stream);
        match found.last_mut() {
            _ if rows.is_empty() => {}
            Some(last) if last.rows.end == rows.start && last.rank == rank => last.rows.end = rows.end,
            _ => found.push(Rows { rows, rank }),
        }
    }
    Ok(found)
}

/// The rows of one stream that start in the window.
fn within(segment: &Segment, rows: Range<u32>, window: Window) -> Result<Range<u32>> {
    let start = first_from(segment, rows.clone(), window.start_ms)?;
    let end = first_from(segment, start..rows.end, window.end_ms)?;
    Ok(start..end)
}

/// The first row of a stream's `rows` that starts at `bound_ms` or later.
fn first_from(segment: &Segment, rows: Range<u32>, bound_ms: i64) -> Result<u32> {
    // Starts are never negative.
    let bound = u64::try_from(bound_ms).unwrap_or(0);
    if rows.is_empty() || bound == 0 {
        return Ok(rows.start);
    }
    let shape = segment.footer.shape;
    // Superblocks that begin within the rows are in order; the place lies in the last one that begins before the
    // bound, or in the one that the rows begin in.
    let super_rows = shape.block_rows.saturating_mul(shape.super_blocks);
    let (mut low, mut high) = (rows.start / super_rows, (rows.end - 1) / super_rows);
    while low < high {
        let middle = high - (high - low) / 2;
        let zone = segment.footer.superblocks.get(middle as usize).map(|superblock| &superblock.zone);
        if zone.is_some_and(|zone| zone.first_start < bound) { low = middle } else { high = middle - 1 }
    }
    let chunk = segment.chunk(low as usize)?;
    let first_block = low * shape.super_blocks;
    let inside = |row: u32| (row / shape.block_rows).saturating_sub(first_block) as usize;
    let from = inside(rows.start) + 1;
    let to = (inside(rows.end - 1) + 1).min(shape.super_blocks as usize);
    let block = first_block
        + if from < to { chunk.blocks_below(from..to, bound) as u32 - 1 } else { inside(rows.start) as u32 };
    let columns = segment.columns(block, &chunk)?;
    let base = block * shape.block_rows;
    let from = rows.start.saturating_sub(base) as usize;
    let to = rows.end.saturating_sub(base).min(shape.block_rows) as usize;
    Ok(base + columns.start.below(from..to, bound) as u32)
}
