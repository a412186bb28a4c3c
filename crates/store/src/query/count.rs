//! Exact totals: by subtraction where running counts tell, by reading only where they do not.

use std::ops::Range;

use super::accumulator::Accumulator;
use super::filter::{Codes, Filter};
use crate::error::Result;
use crate::segment::zones::Bounded;

/// Counts the matching rows.
pub(crate) fn count(filter: &Filter<'_>, rows: &Range<u32>, acc: &mut Accumulator) -> Result<()> {
    if filter.codes != Codes::Unknown && filter.max_seq.is_none() {
        acc.total += filter.rank(rows.end)?.saturating_sub(filter.rank(rows.start)?);
        return Ok(());
    }
    for (superblock, rows) in filter.by_superblock(rows) {
        count_superblock(filter, superblock, &rows, acc)?;
    }
    Ok(())
}

fn count_superblock(filter: &Filter<'_>, superblock: usize, rows: &Range<u32>, acc: &mut Accumulator) -> Result<()> {
    let Some(zone) = filter.segment.footer.superblocks.get(superblock).map(|superblock| &superblock.zone) else {
        return Ok(());
    };
    if !filter.may_match(zone.seq) || filter.is_without(superblock) {
        return Ok(());
    }
    if filter.codes != Codes::Unknown && filter.is_seen(zone.seq) {
        acc.total += filter.rank(rows.end)?.saturating_sub(filter.rank(rows.start)?);
        return Ok(());
    }
    let chunk = filter.segment.chunk(superblock)?;
    for (block, rows) in filter.by_block(rows) {
        let seq = chunk.bounds((block % filter.segment.footer.shape.super_blocks) as usize, Bounded::Seq);
        if !filter.may_match(seq) {
            continue;
        }
        if filter.codes == Codes::All && filter.is_seen(seq) {
            acc.total += rows.len() as u64;
            continue;
        }
        let columns = filter.segment.columns(block, &chunk)?;
        acc.read(columns.rows(), columns.bytes);
        let first = filter.segment.row_in_block(rows.start);
        acc.total += (first..first + rows.len()).filter(|row| filter.matches(&columns, *row)).count() as u64;
    }
    Ok(())
}
