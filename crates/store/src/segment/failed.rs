//! Which rows of a block failed: kept in memory from the first time on that somebody asks, since a count of failed rows
//! in a window reads the edges of every stream, and each edge otherwise walks through the lanes of a zone chunk and of
//! a column block, which lie far apart.
//!
//! It takes 24 bytes a block of 128 rows, and nothing for superblocks without an edge.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use super::columns::Columns;

/// Rows that a block's bits have room for: those of the default shape.
const ROWS_MAX: u32 = 128;

/// What is known of the failed rows of a segment, by superblock.
pub(super) struct FailedRows {
    superblocks: Box<[OnceLock<Box<[Block]>>]>,
    block_rows: u32,
    super_blocks: u32,
}

/// A block's failed rows.
#[derive(Default)]
struct Block {
    /// Failed rows of the segment before the block, and one; 0 until they are known. Written last.
    before: AtomicU64,
    /// A bit for each row, lowest first.
    low: AtomicU64,
    high: AtomicU64,
}

impl FailedRows {
    /// Nothing is known yet. Blocks with more rows than there is room for are never kept.
    pub(super) fn unknown(superblocks: usize, block_rows: u32, super_blocks: u32) -> Self {
        let superblocks = if block_rows <= ROWS_MAX { superblocks } else { 0 };
        Self { superblocks: (0..superblocks).map(|_| OnceLock::new()).collect(), block_rows, super_blocks }
    }

    /// Failed rows of the segment before the row `end`, which is in this block or directly after it, if they are known.
    pub(super) fn before(&self, block: u32, end: u32) -> Option<u64> {
        let known = self.superblocks.get((block / self.super_blocks) as usize)?.get()?;
        let known = known.get((block % self.super_blocks) as usize)?;
        let before = known.before.load(Ordering::Acquire).checked_sub(1)?;
        let bits = u128::from(known.high.load(Ordering::Relaxed)) << 64 | u128::from(known.low.load(Ordering::Relaxed));
        let rows = end.saturating_sub(block.saturating_mul(self.block_rows));
        let mask = if rows >= u128::BITS { u128::MAX } else { (1 << rows) - 1 };
        Some(before + u64::from((bits & mask).count_ones()))
    }

    /// Keeps the failed rows of a block, and how many of the segment come before it; its superblock has `blocks`.
    pub(super) fn keep(&self, block: u32, blocks: usize, before: u64, columns: &Columns<'_>) {
        let Some(superblock) = self.superblocks.get((block / self.super_blocks) as usize) else { return };
        let blocks = superblock.get_or_init(|| (0..blocks).map(|_| Block::default()).collect());
        let Some(kept) = blocks.get((block % self.super_blocks) as usize) else { return };
        let mut bits = 0u128;
        columns.each_not_ok(0..columns.rows(), |row| bits |= 1 << row);
        // Truncation cuts the bits in two. Another thread that keeps the same block at the same time keeps the same.
        kept.low.store(bits as u64, Ordering::Relaxed);
        kept.high.store((bits >> 64) as u64, Ordering::Relaxed);
        kept.before.store(before + 1, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::codec::checked;
    use crate::record::{Facts, Record};
    use crate::segment::columns::ColumnsBuilder;

    proptest! {
        #[test]
        fn what_is_kept_is_what_was_counted(
            codes in prop::collection::vec(prop_oneof![3 => Just(0), 1 => -3i32..500], 1..129),
            blocks_before in 0u32..200,
            failed_before in 0u64..1 << 30,
        ) {
            let mut builder = ColumnsBuilder::default();
            for ret_code in &codes {
                let facts = Facts { start_ms: 0, seq: 0, duration_us: 0, mem_bytes: 0, ret_code: *ret_code };
                builder.push(&Record::of_facts(facts));
            }
            let mut out = Vec::new();
            builder.finish(&mut out);
            let columns = Columns::read(checked(&out).unwrap(), codes.len()).unwrap();
            // Seven blocks a superblock, of which the last has fewer.
            let rows = FailedRows::unknown(29, ROWS_MAX, 7);
            let first = blocks_before * ROWS_MAX;
            prop_assert_eq!(rows.before(blocks_before, first), None);
            rows.keep(blocks_before, (200 - blocks_before / 7 * 7).min(7) as usize, failed_before, &columns);
            for end in 0..=codes.len() {
                let expected = codes.iter().take(end).filter(|code| **code != 0).count() as u64;
                let known = rows.before(blocks_before, first + u32::try_from(end).unwrap());
                prop_assert_eq!(known, Some(failed_before + expected));
            }
            prop_assert_eq!(rows.before(blocks_before + 1, first + ROWS_MAX), None);
        }
    }

    #[test]
    fn blocks_that_are_too_large_are_not_kept() {
        let mut builder = ColumnsBuilder::default();
        builder.push(&Record::of_facts(Facts { start_ms: 0, seq: 0, duration_us: 0, mem_bytes: 0, ret_code: 1 }));
        let mut out = Vec::new();
        builder.finish(&mut out);
        let columns = Columns::read(checked(&out).unwrap(), 1).unwrap();
        let rows = FailedRows::unknown(1, ROWS_MAX + 1, 1);
        rows.keep(0, 1, 0, &columns);
        assert_eq!(rows.before(0, 1), None);
    }
}
