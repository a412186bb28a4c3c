//! What a query wants of a segment's rows, as far as numbers tell, in the terms of that segment: so that whole blocks
//! are taken or left, and matching rows are counted without being read.

use std::ops::Range;

use runlog_core::{RET_OK, ResultFilter};

use super::plan::Plan;
use crate::error::Result;
use crate::segment::Segment;
use crate::segment::columns::Columns;
use crate::segment::zones::{Bounds, Chunk};

/// A query's wishes for the rows of one segment that lie in its streams and window.
pub(crate) struct Filter<'a> {
    pub(crate) segment: &'a Segment,
    result: &'a ResultFilter,
    /// The last sequence number wanted, when some row has a later one.
    pub(crate) max_seq: Option<u64>,
    pub(crate) codes: Codes,
    /// Whether rows that ended well are not wanted, so that the bounds of failed rows apply.
    pub(crate) only_failed: bool,
}

/// How the running counts tell how many rows have a wanted return code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Codes {
    /// Every row does.
    All,
    /// Those counted under these numbers.
    Counted(Vec<usize>),
    /// Those not counted under these numbers.
    AllBut(Vec<usize>),
    /// The counts do not tell.
    Unknown,
}

impl<'a> Filter<'a> {
    /// `None` when no row of the segment can match.
    pub(crate) fn new(plan: &Plan<'a>, segment: &'a Segment) -> Option<Self> {
        if plan.max_seq < segment.seq.min {
            return None;
        }
        let result = &plan.query.result;
        let (codes, only_failed) = match result {
            ResultFilter::All => (Codes::All, false),
            ResultFilter::Ok => (Codes::Counted(vec![0]), false),
            ResultFilter::Failed => (Codes::AllBut(vec![0]), true),
            ResultFilter::Running => return None,
            ResultFilter::Codes(codes) => (counted(codes, segment), !codes.contains(&RET_OK)),
        };
        let max_seq = (plan.max_seq < segment.seq.max).then_some(plan.max_seq);
        (codes != Codes::Counted(Vec::new())).then_some(Self { segment, result, max_seq, codes, only_failed })
    }

    /// Whether a row of these columns matches.
    #[inline]
    pub(crate) fn matches(&self, columns: &Columns<'_>, row: usize) -> bool {
        (self.codes == Codes::All || self.result.matches(columns.ret_code(row)))
            && self.max_seq.is_none_or(|max_seq| columns.seq.get(row) <= max_seq)
    }

    /// Calls `each` with those of some rows of these columns that match.
    pub(crate) fn each_matching(&self, columns: &Columns<'_>, rows: Range<usize>, mut each: impl FnMut(usize)) {
        if !self.only_failed {
            return rows.filter(|row| self.matches(columns, *row)).for_each(each);
        }
        // Most rows end here, with one number read.
        columns.each_not_ok(rows, |row| {
            if self.matches(columns, row) {
                each(row);
            }
        });
    }

    /// Whether a return code is wanted.
    pub(crate) fn wants(&self, ret_code: i32) -> bool {
        self.result.matches(ret_code)
    }

    /// Whether every row matches.
    pub(crate) fn is_all(&self) -> bool {
        self.codes == Codes::All && self.max_seq.is_none()
    }

    /// Whether rows within these bounds may be old enough.
    pub(crate) fn may_match(&self, seq: Bounds) -> bool {
        self.max_seq.is_none_or(|max_seq| seq.min <= max_seq)
    }

    /// Whether all rows within these bounds are old enough.
    pub(crate) fn is_seen(&self, seq: Bounds) -> bool {
        self.max_seq.is_none_or(|max_seq| seq.max <= max_seq)
    }

    /// Whether a superblock surely has no row with a wanted return code.
    pub(crate) fn is_without(&self, superblock: usize) -> bool {
        let zone = |at: usize| self.segment.footer.superblocks.get(at).map(|superblock| &superblock.zone.counts_before);
        let (Some(before), Some(after)) = (zone(superblock), zone(superblock + 1)) else { return false };
        let shape = self.segment.footer.shape;
        let rows = u64::from(shape.block_rows) * u64::from(shape.super_blocks);
        self.wanted(|code| counted_at(after, code).saturating_sub(counted_at(before, code)), rows) == Some(0)
    }

    /// Whether a block, by its number in its superblock, surely has no row with a wanted return code.
    pub(crate) fn is_block_without(&self, chunk: &Chunk<'_>, block: usize, blocks: usize) -> bool {
        if block + 1 >= blocks {
            return false;
        }
        let count = |code| chunk.count_before(block + 1, code).saturating_sub(chunk.count_before(block, code));
        self.wanted(count, u64::from(self.segment.footer.shape.block_rows)) == Some(0)
    }

    /// How many of `rows` have a wanted return code, by the counts.
    fn wanted(&self, count: impl Fn(usize) -> u64, rows: u64) -> Option<u64> {
        let sum = |codes: &[usize]| codes.iter().map(|code| count(*code)).sum::<u64>();
        match &self.codes {
            Codes::All => Some(rows),
            Codes::Counted(codes) => Some(sum(codes)),
            Codes::AllBut(codes) => Some(rows.saturating_sub(sum(codes))),
            Codes::Unknown => None,
        }
    }

    /// How many of the first `end` rows have a wanted return code; the counts must tell.
    pub(crate) fn rank(&self, end: u32) -> Result<u64> {
        if self.codes == Codes::All || end == 0 {
            return Ok(u64::from(end));
        }
        match &self.codes {
            Codes::Counted(codes) if *codes == [0] => {
                return Ok(u64::from(end).saturating_sub(self.segment.failed_before(end)?));
            }
            Codes::AllBut(codes) if *codes == [0] => return self.segment.failed_before(end),
            _ => {}
        }
        let shape = self.segment.footer.shape;
        let block = (end / shape.block_rows).min((self.segment.footer.rows - 1) / shape.block_rows);
        let chunk = self.segment.chunk((block / shape.super_blocks) as usize)?;
        let block_in_chunk = (block % shape.super_blocks) as usize;
        let first = block * shape.block_rows;
        let before = self.wanted(|code| chunk.count_before(block_in_chunk, code), u64::from(first)).unwrap_or(0);
        let rest = (end - first) as usize;
        if rest == 0 {
            return Ok(before);
        }
        let columns = self.segment.columns(block, &chunk)?;
        let within = match columns.only_code() {
            Some(code) => {
                if self.result.matches(code) {
                    rest
                } else {
                    0
                }
            }
            None => (0..rest).filter(|row| self.result.matches(columns.ret_code(*row))).count(),
        };
        Ok(before + within as u64)
    }

    /// The parts of the rows that lie in one superblock each.
    pub(crate) fn by_superblock(&self, rows: &Range<u32>) -> impl Iterator<Item = (usize, Range<u32>)> + use<> {
        let shape = self.segment.footer.shape;
        split(rows.clone(), shape.block_rows.saturating_mul(shape.super_blocks))
            .map(|(number, rows)| (number as usize, rows))
    }

    /// The parts of the rows that lie in one block each.
    pub(crate) fn by_block(&self, rows: &Range<u32>) -> impl Iterator<Item = (u32, Range<u32>)> + use<> {
        split(rows.clone(), self.segment.footer.shape.block_rows)
    }
}

fn counted_at(counts: &[u64], code: usize) -> u64 {
    counts.get(code).copied().unwrap_or(0)
}

fn counted(wanted: &[i32], segment: &Segment) -> Codes {
    let footer = &segment.footer;
    let mut numbers = Vec::new();
    for code in wanted {
        match footer.codes.iter().position(|counted| counted == code) {
            Some(number) => numbers.push(number),
            None if footer.all_codes_counted => {}
            None => return Codes::Unknown,
        }
    }
    numbers.sort_unstable();
    numbers.dedup();
    Codes::Counted(numbers)
}

/// Cuts a range at the multiples of `unit`; says which multiple each part begins at or after.
fn split(range: Range<u32>, unit: u32) -> impl Iterator<Item = (u32, Range<u32>)> {
    let first = range.start / unit;
    let last = if range.is_empty() { first } else { (range.end - 1) / unit + 1 };
    (first..last).map(move |number| {
        let start = number.saturating_mul(unit).max(range.start);
        let end = (number + 1).saturating_mul(unit).min(range.end);
        (number, start..end)
    })
}
