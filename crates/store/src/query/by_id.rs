//! Rows with a request id, which is looked up.

use runlog_core::SortKey;

use super::accumulator::{Accumulator, Location};
use super::key::Key;
use super::plan::Plan;
use super::source::Source;
use crate::error::Result;
use crate::hash::id_hash;
use crate::segment::{Block, TextCache};

/// Counts and offers the rows of a segment that have the query's request id.
pub(crate) fn scan_id(plan: &Plan<'_>, source: &Source<'_>, request_id: &str, acc: &mut Accumulator) -> Result<()> {
    let segment = source.filter.segment;
    let hash = id_hash(&plan.query.scope.account, request_id);
    if !segment.may_have(hash) {
        return Ok(());
    }
    let mut texts = TextCache::default();
    for row in segment.candidates(hash)? {
        let Some(range) = source.ranges.iter().find(|range| range.rows.contains(&row)) else { continue };
        let block = segment.block(row)?;
        acc.read(1, block.columns.bytes);
        if block.id(segment, row)? == request_id {
            scan_row(plan, source, (row, range.rank), &block, &mut texts, acc)?;
        }
    }
    acc.read_texts(&texts);
    Ok(())
}

/// Counts and offers a row, given with its rank, if it matches.
fn scan_row(
    plan: &Plan<'_>,
    source: &Source<'_>,
    (row, rank): (u32, u64),
    block: &Block<'_>,
    texts: &mut TextCache,
    acc: &mut Accumulator,
) -> Result<()> {
    let segment = source.filter.segment;
    let at = segment.row_in_block(row);
    if !source.filter.matches(&block.columns, at) {
        return Ok(());
    }
    if let Some(keyword) = &plan.keyword
        && !segment.has_keyword(row, block, keyword, texts)?
    {
        return Ok(());
    }
    acc.count_listed(source.number, row)?;
    debug_assert!(rank > 0 || plan.query.order.by != SortKey::FunctionName, "known names have ranks from 1");
    acc.offer(Key::of(plan.query.order, &block.columns.facts(at), rank), Location::Segment(source.number, row));
    Ok(())
}
