//! Rows whose texts decide: by request id, looked up; by keyword, read one after the other.

use runlog_core::SortKey;

use super::best::Source;
use super::gather::{Gather, Location};
use super::key::Key;
use super::plan::Plan;
use crate::error::Result;
use crate::hash::id_hash;
use crate::segment::TextCache;

/// Counts and offers the rows of a segment that have the query's request id.
pub(crate) fn scan_id(plan: &Plan<'_>, source: &Source<'_>, request_id: &str, gather: &mut Gather) -> Result<()> {
    let segment = source.filter.segment;
    let hash = id_hash(&plan.query.scope.account, request_id);
    if !segment.may_have(hash) {
        return Ok(());
    }
    let mut texts = TextCache::default();
    for row in segment.candidates(hash)? {
        let Some(rows) = source.ranges.iter().find(|rows| rows.rows.contains(&row)) else { continue };
        if segment.request_id(row)? == request_id {
            scan_row(plan, source, row, rows.rank, &mut texts, gather)?;
        }
    }
    gather.read_texts(&texts);
    Ok(())
}

/// Counts and offers the rows of a segment that have the query's keyword.
pub(crate) fn scan_keyword(plan: &Plan<'_>, source: &Source<'_>, gather: &mut Gather) -> Result<()> {
    let mut texts = TextCache::default();
    for range in &source.ranges {
        for row in range.rows.clone() {
            scan_row(plan, source, row, range.rank, &mut texts, gather)?;
        }
    }
    gather.read_texts(&texts);
    Ok(())
}

fn scan_row(
    plan: &Plan<'_>,
    source: &Source<'_>,
    row: u32,
    rank: u64,
    texts: &mut TextCache,
    gather: &mut Gather,
) -> Result<()> {
    let segment = source.filter.segment;
    let columns = segment.columns_of(row)?;
    let at = segment.row_in_block(row);
    gather.cost.rows_read += 1;
    if !source.filter.matches(&columns, at) {
        return Ok(());
    }
    if let Some(keyword) = &plan.keyword
        && !segment.has_keyword(row, keyword, texts)?
    {
        return Ok(());
    }
    gather.total += 1;
    debug_assert!(rank > 0 || plan.query.order.by != SortKey::FunctionName, "known names have ranks from 1");
    gather.offer(Key::of(plan.query.order, &columns.facts(at), rank), Location::Segment(source.number, row));
    Ok(())
}
