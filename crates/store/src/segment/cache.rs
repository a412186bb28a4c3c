//! Decompressed text blocks that all queries share, so that what is asked for often is not decompressed again.

use std::sync::Arc;

use quick_cache::Weighter;
use quick_cache::sync::Cache;

use super::text::TextBlock;
use crate::number::wide;

/// A segment's number and the first row of a text block.
type Place = (u64, u32);

/// The blocks that were of use lately, up to a number of bytes.
pub(crate) struct SharedTexts {
    /// None when there is to be none.
    blocks: Option<Cache<Place, Arc<TextBlock>, Bytes>>,
    max_block_bytes: u64,
}

/// Blocks that the cache has room for at least: one with a log of megabytes would push out hundreds of others.
const BLOCKS_MIN: u64 = 64;

#[derive(Clone)]
struct Bytes;

impl Weighter<Place, Arc<TextBlock>> for Bytes {
    fn weight(&self, _: &Place, block: &Arc<TextBlock>) -> u64 {
        block.memory_bytes() as u64
    }
}

impl SharedTexts {
    /// An empty cache for blocks of about `block_bytes`.
    pub(crate) fn new(bytes: u64, block_bytes: u32) -> Self {
        let blocks = wide(bytes / u64::from(block_bytes.max(1024)));
        Self {
            blocks: (bytes > 0).then(|| Cache::with_weighter(blocks, bytes, Bytes)),
            max_block_bytes: bytes / BLOCKS_MIN,
        }
    }

    /// A cache of nothing.
    pub(crate) fn none() -> Arc<Self> {
        Arc::new(Self { blocks: None, max_block_bytes: 0 })
    }

    pub(crate) fn get(&self, segment: u64, first_row: u32) -> Option<Arc<TextBlock>> {
        self.blocks.as_ref()?.get(&(segment, first_row))
    }

    pub(crate) fn insert(&self, segment: u64, first_row: u32, block: &Arc<TextBlock>) {
        if let Some(blocks) = self.blocks.as_ref().filter(|_| block.memory_bytes() as u64 <= self.max_block_bytes) {
            blocks.insert((segment, first_row), Arc::clone(block));
        }
    }
}
