//! The rows of segments that a summary is about: one stream's at a time, since facets are by stream.

use std::ops::Range;
use std::sync::Arc;

use runlog_core::Stream;

use crate::error::Result;
use crate::query::accumulator::Accumulator;
use crate::query::filter::Filter;
use crate::query::plan::Plan;
use crate::query::ranges;
use crate::query::source::Source;
use crate::segment::columns::Columns;
use crate::segment::zones::Zone;

/// Rows of one stream in one segment that start in the window.
pub(crate) struct Part<'a> {
    pub(crate) filter: &'a Filter<'a>,
    pub(crate) stream: &'a Arc<Stream>,
    pub(crate) rows: Range<u32>,
    /// Where texts decided: the matching ones among them, by segment and row. Otherwise the filter says which match.
    pub(crate) listed: Option<&'a [(u32, u32)]>,
}

/// The parts of all segments; `listed` in order.
pub(crate) fn parts<'a>(
    plan: &Plan<'_>,
    sources: &'a [Source<'a>],
    listed: Option<&'a [(u32, u32)]>,
) -> Result<Vec<Part<'a>>> {
    let mut parts = Vec::new();
    for Source { filter, number, .. } in sources {
        let mut edges = ranges::Edges::new(filter.segment);
        for (of, all) in filter.segment.streams().filter(|(of, _)| plan.query.scope.matches(&of.stream)) {
            let rows = ranges::of_stream(plan, &mut edges, of, all)?.rows;
            let listed = listed.map(|listed| {
                let place = |row: u32| listed.partition_point(|known| *known < (*number, row));
                listed.get(place(rows.start)..place(rows.end)).unwrap_or_default()
            });
            if !rows.is_empty() && listed.is_none_or(|listed| !listed.is_empty()) {
                parts.push(Part { filter, stream: &of.stream, rows, listed });
            }
        }
    }
    Ok(parts)
}

impl Part<'_> {
    /// Calls `each` for every matching row of the blocks that are wanted, by their bounds.
    pub(crate) fn visit(
        &self,
        wants: &dyn Fn(&Zone) -> bool,
        each: &mut dyn FnMut(&Columns<'_>, usize),
        acc: &mut Accumulator,
    ) -> Result<()> {
        let segment = self.filter.segment;
        let per_super = segment.footer.shape.super_blocks;
        for (superblock, rows) in self.filter.by_superblock(&self.rows) {
            let zone = segment.footer.superblocks.get(superblock).map(|superblock| &superblock.zone);
            if !zone.is_some_and(|zone| wants(zone) && self.filter.may_match(zone.seq)) {
                continue;
            }
            let chunk = segment.chunk(superblock)?;
            for (block, rows) in self.filter.by_block(&rows) {
                if wants(&chunk.zone((block % per_super) as usize)) {
                    let columns = segment.columns(block, &chunk)?;
                    acc.read(rows.len(), columns.bytes);
                    self.visit_block(&columns, &rows, each);
                }
            }
        }
        Ok(())
    }

    /// Calls `each` for the matching rows of one block.
    pub(crate) fn visit_block(
        &self,
        columns: &Columns<'_>,
        rows: &Range<u32>,
        each: &mut dyn FnMut(&Columns<'_>, usize),
    ) {
        let segment = self.filter.segment;
        if let Some(listed) = self.listed {
            let first = listed.partition_point(|(_, row)| *row < rows.start);
            let here = listed.iter().skip(first).take_while(|(_, row)| *row < rows.end);
            here.for_each(|(_, row)| each(columns, segment.row_in_block(*row)));
        } else {
            let first = segment.row_in_block(rows.start);
            let here = (first..first + rows.len()).filter(|at| self.filter.matches(columns, *at));
            here.for_each(|at| each(columns, at));
        }
    }
}
