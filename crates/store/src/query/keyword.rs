//! Rows with a keyword: the index decides about most of them (`segment/words`), the rest is read.

use runlog_core::SortKey;

use super::accumulator::{Accumulator, Location};
use super::key::Key;
use super::plan::Plan;
use super::source::{Matches, Source};
use super::top_k;
use crate::error::Result;
use crate::segment::ids::UuidPart;
use crate::segment::keyword::Keyword;
use crate::segment::words::{Candidates, RowSet};
use crate::segment::{Block, TextCache};

/// Up to this many rows are offered one by one; among more, `top_k` searches.
const FEW: u64 = 1024;

/// Finds and counts the rows of segments that have the query's keyword, if it has one.
pub(crate) fn find(plan: &Plan<'_>, sources: &mut [Source<'_>], acc: &mut Accumulator) -> Result<()> {
    let Some(keyword) = &plan.keyword else { return Ok(()) };
    for source in sources {
        let matches = matches(plan, keyword, source, acc)?;
        if acc.listed.is_some() {
            matches.iter().try_for_each(|row| acc.count_listed(source.number, row))?;
        } else {
            acc.total += matches.count();
        }
        source.matches = Some(matches);
    }
    Ok(())
}

/// Offers the first of the rows that were found.
pub(crate) fn offer<'a>(plan: &'a Plan<'a>, sources: &'a [Source<'a>], acc: &mut Accumulator) -> Result<()> {
    let total: u64 = sources.iter().filter_map(|source| source.matches.as_ref()).map(Matches::count).sum();
    if total > FEW { top_k::search(plan, sources, acc) } else { offer_all(plan, sources, acc) }
}

fn offer_all(plan: &Plan<'_>, sources: &[Source<'_>], acc: &mut Accumulator) -> Result<()> {
    for source in sources {
        let segment = source.filter.segment;
        let mut at: Option<Block<'_>> = None;
        for row in source.matches.iter().flat_map(Matches::iter) {
            let block = match at.take() {
                Some(block) if block.rows.contains(&row) => block,
                _ => segment.block(row)?,
            };
            let rank = source.ranges.iter().find(|range| range.rows.contains(&row)).map_or(0, |range| range.rank);
            debug_assert!(rank > 0 || plan.query.order.by != SortKey::FunctionName, "known names have ranks from 1");
            let key = Key::of(plan.query.order, &block.columns.facts(segment.row_in_block(row)), rank);
            acc.offer(key, Location::Segment(source.number, row));
            at = Some(block);
        }
    }
    Ok(())
}

/// The matching rows of a segment, stripe by stripe.
fn matches(plan: &Plan<'_>, keyword: &Keyword<'_>, source: &Source<'_>, acc: &mut Accumulator) -> Result<Matches> {
    let segment = source.filter.segment;
    let mut texts = TextCache::default();
    let mut matches = Matches::default();
    let id_part = plan.query.keyword.as_deref().map(|keyword| UuidPart::new(keyword.as_bytes()));
    for (number, rows) in segment.stripes() {
        let mut wanted = RowSet::empty(rows.end - rows.start);
        for range in &source.ranges {
            let (from, to) = (range.rows.start.max(rows.start), range.rows.end.min(rows.end));
            wanted.insert_range(from - rows.start..to.max(from) - rows.start);
        }
        if wanted.is_empty() {
            continue;
        }
        let mut found = match (number, &plan.probe) {
            (Some(number), Some(probe)) => segment.candidates_in(number, probe, &wanted)?,
            _ => Candidates::unknown(rows.end - rows.start),
        };
        found.each_set(|set| set.intersect(&wanted));
        keep_wanted(source, rows.start, &mut found, acc)?;
        if let Some(part) = &id_part {
            keep_id_parts(source, part, rows.start, &mut found.in_id, acc)?;
        }
        read(source, keyword, rows.start, &mut found, &mut texts, acc)?;
        if !found.sure.is_empty() {
            matches.stripes.push((rows.start, found.sure));
        }
    }
    acc.read_texts(&texts);
    Ok(matches)
}

/// Leaves the candidates, which count from `first`, that match as far as numbers tell.
fn keep_wanted(source: &Source<'_>, first: u32, found: &mut Candidates, acc: &mut Accumulator) -> Result<()> {
    let (filter, segment) = (&source.filter, source.filter.segment);
    if filter.is_all() || found.is_empty() {
        return Ok(());
    }
    let shape = segment.footer.shape;
    let mut wanted = RowSet::empty(found.rows());
    for (superblock, rows) in filter.by_superblock(&(first..first + found.rows())) {
        if filter.is_without(superblock) || !found.meets(rows.start - first..rows.end - first) {
            continue;
        }
        let chunk = segment.chunk(superblock)?;
        for (number, rows) in filter.by_block(&rows) {
            let in_chunk = (number % shape.super_blocks) as usize;
            let is_without = filter.is_block_without(&chunk, in_chunk, chunk.blocks());
            if is_without || !found.meets(rows.start - first..rows.end - first) {
                continue;
            }
            let columns = segment.columns(number, &chunk)?;
            acc.read(rows.len(), columns.bytes);
            let from = segment.row_in_block(rows.start);
            let base = (rows.start - first).wrapping_sub(from as u32);
            filter.each_matching(&columns, from..from + rows.len(), |at| wanted.insert(base.wrapping_add(at as u32)));
        }
    }
    found.each_set(|set| set.intersect(&wanted));
    Ok(())
}

/// Leaves the rows of a set, which counts from `first`, whose request ids may lie around or within the keyword.
fn keep_id_parts(
    source: &Source<'_>,
    part: &UuidPart,
    first: u32,
    set: &mut RowSet,
    acc: &mut Accumulator,
) -> Result<()> {
    if set.is_empty() {
        return Ok(());
    }
    let (filter, segment) = (&source.filter, source.filter.segment);
    let mut found = RowSet::empty(set.rows());
    for (superblock, rows) in filter.by_superblock(&(first..first + set.rows())) {
        if !set.meets(rows.start - first..rows.end - first) {
            continue;
        }
        let front = segment.front(superblock)?;
        for (number, rows) in filter.by_block(&rows) {
            if set.meets(rows.start - first..rows.end - first) {
                let ids = segment.ids(number, &front)?;
                acc.read(rows.len(), ids.len());
                let base = rows.start - u32::try_from(segment.row_in_block(rows.start)).unwrap_or(rows.start);
                // A row of the block before the set's first becomes too large a number, which the set leaves out.
                part.rows(ids, segment.block_rows(number), |row| found.insert((base + row).wrapping_sub(first)));
            }
        }
    }
    set.intersect(&found);
    Ok(())
}

/// Reads what the index did not decide, so that `sure` becomes the matching rows.
fn read(
    source: &Source<'_>,
    keyword: &Keyword<'_>,
    first: u32,
    found: &mut Candidates,
    texts: &mut TextCache,
    acc: &mut Accumulator,
) -> Result<()> {
    let segment = source.filter.segment;
    let mut open = found.maybe.clone();
    open.unite(&found.by_id);
    open.unite(&found.in_id);
    // Pages of few rows are asked for one after the other, and each counts them all.
    texts.keep(open.count() <= FEW);
    let mut at: Option<Block<'_>> = None;
    for row in open.iter() {
        let in_segment = first + row;
        let block = match at.take() {
            Some(block) if block.rows.contains(&in_segment) => block,
            _ => {
                let block = segment.block(in_segment)?;
                acc.read(block.rows.len(), block.columns.bytes);
                block
            }
        };
        let may_have = if found.maybe.contains(row) {
            true
        } else {
            let id = block.id(segment, in_segment)?;
            let is_beside = found.by_id.contains(row);
            if is_beside { keyword.may_touch(id.as_bytes()) } else { keyword.is_within_or_around(id.as_bytes()) }
        };
        if may_have && segment.has_keyword(in_segment, &block, keyword, texts)? {
            found.sure.insert(row);
        }
        at = Some(block);
    }
    Ok(())
}
