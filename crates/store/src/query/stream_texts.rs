//! The text block read last of each stream, within a bound of memory: rows that follow one another in an order or in
//! sequence are neighbours in their stream.

use std::collections::HashMap;

use crate::segment::TextCache;

/// A segment's number and the end of the stream's rows there.
type Key = (usize, u32);

/// The blocks.
pub(crate) struct StreamTexts {
    blocks: HashMap<Key, TextCache>,
    bytes: usize,
    max_bytes: usize,
    /// Whether blocks are kept for other queries.
    keeps: bool,
    /// Blocks and bytes that were decompressed.
    read: (u64, u64),
}

impl StreamTexts {
    /// Blocks of up to `max_bytes`, or the one that was read last.
    pub(crate) fn new(max_bytes: usize) -> Self {
        Self { blocks: HashMap::new(), bytes: 0, max_bytes, keeps: false, read: (0, 0) }
    }

    /// As [`StreamTexts::new`]; what is read is kept for other queries, too.
    pub(crate) fn keeping(max_bytes: usize) -> Self {
        Self { keeps: true, ..Self::new(max_bytes) }
    }

    /// Reads by the block of a stream.
    pub(crate) fn with<T>(&mut self, stream: Key, read: impl FnOnce(&mut TextCache) -> T) -> T {
        if self.bytes > self.max_bytes {
            self.blocks.clear();
            self.bytes = 0;
        }
        let texts = self.blocks.entry(stream).or_default();
        texts.keep(self.keeps);
        let (bytes, before) = (texts.memory_bytes(), texts.read);
        let done = read(texts);
        self.bytes = (self.bytes + texts.memory_bytes()).saturating_sub(bytes);
        self.read = (self.read.0 + texts.read.0 - before.0, self.read.1 + texts.read.1 - before.1);
        done
    }

    /// Blocks and bytes that were decompressed.
    pub(crate) fn read(&self) -> (u64, u64) {
        self.read
    }
}
