//! The text blocks of an open segment: finding them, and reading each no more often than need be.

use std::ops::Range;
use std::sync::Arc;

use super::extent::Extent;
use super::format::TEXT_CHUNK_BLOCKS;
use super::keyword::Keyword;
use super::reader::{Block, Parsed, Segment};
use super::text::{Field, TextBlock};
use crate::codec::{Malformed, Reader};
use crate::error::Result;
use crate::number::narrow;
use crate::pack::Lane;

/// The text block that was read last.
#[derive(Debug, Default)]
pub(crate) struct TextCache {
    pub(super) rows: Range<u32>,
    pub(super) block: Arc<TextBlock>,
    /// Whether blocks are kept for other queries.
    keeps: bool,
    /// Blocks and bytes that were decompressed.
    pub(crate) read: (u64, u64),
}

/// Where a text block is.
pub(super) struct TextPlace {
    pub(super) first_row: u32,
    pub(super) extent: Extent,
    raw_bytes: usize,
    /// Its number in the segment.
    number: usize,
}

impl TextCache {
    /// The rows of the block.
    pub(crate) fn rows(&self) -> Range<u32> {
        self.rows.clone()
    }

    /// Bytes of memory that the block takes.
    pub(crate) fn memory_bytes(&self) -> usize {
        self.block.memory_bytes()
    }

    /// Whether to keep what is read from now on for other queries.
    pub(crate) fn keep(&mut self, keeps: bool) {
        self.keeps = keeps;
    }
}

impl Segment {
    /// Whether the log or return message of a row of `block` has the keyword.
    pub(crate) fn has_keyword(
        &self,
        row: u32,
        block: &Block<'_>,
        word: &Keyword<'_>,
        texts: &mut TextCache,
    ) -> Result<bool> {
        self.load_text(row, texts)?;
        let at = (row - texts.rows.start) as usize;
        // The id is only needed for words that it may be a part of.
        let id = if block.has_only_uuids() && !word.may_touch_uuids() { String::new() } else { block.id(self, row)? };
        let has = |field| self.part(texts.block.contains(at, field, &id, word));
        Ok(has(Field::Log)? || has(Field::RetMsg)?)
    }

    /// A row's text as its block has it; the row's text block is loaded.
    pub(crate) fn escaped_text<'a>(&self, row: u32, field: Field, texts: &'a TextCache) -> Result<&'a [u8]> {
        self.part(texts.block.escaped(row.saturating_sub(texts.rows.start) as usize, field))
    }

    /// Makes `texts` hold the block of a row.
    pub(crate) fn load_text(&self, row: u32, texts: &mut TextCache) -> Result<()> {
        if texts.rows.contains(&row) {
            return Ok(());
        }
        let place = self.part(self.find_text(row))?;
        let first_row = place.first_row;
        let block = match self.shared.get(self.name.number, first_row) {
            Some(block) => block,
            None => {
                let block = Arc::new(self.part(self.read_text(&place))?);
                texts.read = (texts.read.0 + 1, texts.read.1 + block.bytes() as u64);
                if texts.keeps {
                    self.shared.insert(self.name.number, first_row, &block);
                }
                block
            }
        };
        let rows = first_row..first_row.saturating_add(narrow(block.rows()));
        if !rows.contains(&row) {
            return self.part(Err(Malformed("a text block lacks a row")));
        }
        (texts.rows, texts.block) = (rows, block);
        Ok(())
    }

    /// The text block of a row as the file has it, with its checksum; and how long it is when decompressed. It is
    /// checked each time: what has rotted since the first would be copied into a segment that takes this one's place.
    pub(crate) fn text_bytes(&self, row: u32) -> Result<(&[u8], usize)> {
        let bytes = |place: TextPlace| {
            place.extent.checked(&self.file)?;
            Ok((place.extent.of(&self.file)?, place.raw_bytes))
        };
        self.part(self.find_text(row).and_then(bytes))
    }

    fn read_text(&self, place: &TextPlace) -> Parsed<TextBlock> {
        let bytes = self.checks.texts.check(place.number, place.extent.of(&self.file)?)?;
        TextBlock::read(bytes, place.raw_bytes)
    }

    /// Where a row's text block is.
    pub(super) fn find_text(&self, row: u32) -> Parsed<TextPlace> {
        const ODD: Malformed = Malformed("the text directory contradicts itself");
        let chunks = &self.footer.text_chunks;
        let at = chunks.partition_point(|(first, _)| *first <= row).checked_sub(1).ok_or(ODD)?;
        let (_, chunk) = chunks.get(at).ok_or(ODD)?;
        let mut reader = Reader(self.checks.text_chunks.check(at, chunk.of(&self.file)?)?);
        let blocks = reader.u32()? as usize;
        let mut lane = || Lane::read(&mut reader, blocks);
        let (first_rows, offsets, lengths, raw) = (lane()?, lane()?, lane()?, lane()?);
        let block = first_rows.below(0..blocks, u64::from(row) + 1).checked_sub(1).ok_or(ODD)?;
        let extent = Extent { offset: offsets.get(block), bytes: lengths.get(block) };
        let first_row = u32::try_from(first_rows.get(block)).map_err(|_| ODD)?;
        let raw_bytes = usize::try_from(raw.get(block)).map_err(|_| ODD)?;
        Ok(TextPlace { first_row, extent, raw_bytes, number: at * TEXT_CHUNK_BLOCKS + block })
    }
}
