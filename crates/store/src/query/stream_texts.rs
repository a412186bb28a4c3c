//! The text block read last of each stream, within a bound of memory: rows that follow one another in an order or in
//! sequence are neighbours in their stream.

use std::collections::HashMap;

use crate::error::Result;
use crate::segment::{Segment, TextCache};

/// A segment's number and the end of the stream's rows there.
type Key = (usize, u32);

/// The blocks.
pub(crate) struct StreamTexts {
    /// The stream that was read last, with its block.
    last: (Key, TextCache),
    /// Those of the other streams.
    others: HashMap<Key, TextCache>,
    /// Bytes of the blocks of others.
    bytes: usize,
    max_bytes: usize,
    /// Whether blocks are kept for other queries.
    keeps: bool,
    /// Blocks and bytes that were decompressed.
    read: (u64, u64),
}

impl StreamTexts {
    /// Blocks of up to `max_bytes`, and the one that was read last.
    pub(crate) fn new(max_bytes: usize) -> Self {
        let last = ((usize::MAX, 0), TextCache::default());
        Self { last, others: HashMap::new(), bytes: 0, max_bytes, keeps: false, read: (0, 0) }
    }

    /// As [`StreamTexts::new`]; what is read is kept for other queries, too.
    pub(crate) fn keeping(max_bytes: usize) -> Self {
        Self { keeps: true, ..Self::new(max_bytes) }
    }

    /// Reads a row of the segment of a number by the block of its stream.
    pub(crate) fn with<T>(
        &mut self,
        (number, segment): (usize, &Segment),
        row: u32,
        read: impl FnOnce(&mut TextCache) -> Result<T>,
    ) -> Result<T> {
        let ((last_number, _), texts) = &self.last;
        if *last_number != number || !texts.rows().contains(&row) {
            self.turn_to((number, segment.stream_of(row)?.1));
        }
        let texts = &mut self.last.1;
        let before = texts.read;
        let done = read(texts);
        self.read = (self.read.0 + texts.read.0 - before.0, self.read.1 + texts.read.1 - before.1);
        done
    }

    /// Makes a stream the last one.
    fn turn_to(&mut self, stream: Key) {
        if self.last.0 == stream {
            return;
        }
        let mut texts = self.others.remove(&stream).unwrap_or_default();
        self.bytes -= if texts.rows().is_empty() { 0 } else { texts.memory_bytes() };
        texts.keep(self.keeps);
        let (key, before) = std::mem::replace(&mut self.last, (stream, texts));
        if before.rows().is_empty() {
            return;
        }
        self.bytes += before.memory_bytes();
        self.others.insert(key, before);
        if self.bytes > self.max_bytes {
            self.others.clear();
            self.bytes = 0;
        }
    }

    /// Blocks and bytes that were decompressed.
    pub(crate) fn read(&self) -> (u64, u64) {
        self.read
    }
}
