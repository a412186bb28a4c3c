//! Reading a segment's rows one after the other, as merging does.

use std::sync::Arc;

use runlog_core::Stream;

use super::reader::{Block, Segment};
use super::text::Field;
use super::texts::TextCache;
use crate::error::Result;
use crate::record::{Facts, Record};

/// A place in a segment, with its row at hand. Its texts stay escaped, as [`SegmentWriter::push_escaped`] takes them.
///
/// [`SegmentWriter::push_escaped`]: super::writer::SegmentWriter::push_escaped
pub(crate) struct Cursor<'a> {
    segment: &'a Segment,
    row: u32,
    /// The row's stream, and the end of that stream's rows.
    stream: &'a Arc<Stream>,
    stream_end: u32,
    block: Block<'a>,
    texts: TextCache,
    request_id: String,
    facts: Facts,
}

impl<'a> Cursor<'a> {
    /// The first row; a segment has one.
    pub(crate) fn new(segment: &'a Segment) -> Result<Self> {
        Self::at(segment, 0)
    }

    /// A row that the segment has.
    pub(crate) fn at(segment: &'a Segment, row: u32) -> Result<Self> {
        let block = segment.block(row)?;
        let (stream, stream_end) = segment.stream_of(row)?;
        let facts = block.columns.facts(segment.row_in_block(row));
        let (texts, request_id) = (TextCache::default(), String::new());
        let mut cursor = Self { segment, row, stream, stream_end, block, texts, request_id, facts };
        cursor.load()?;
        Ok(cursor)
    }

    /// Goes to the next row; false at the end.
    pub(crate) fn advance(&mut self) -> Result<bool> {
        self.row += 1;
        if self.row >= self.segment.footer.rows {
            return Ok(false);
        }
        if self.row >= self.stream_end {
            (self.stream, self.stream_end) = self.segment.stream_of(self.row)?;
        }
        if !self.block.rows.contains(&self.row) {
            self.block = self.segment.block(self.row)?;
        }
        self.load()?;
        Ok(true)
    }

    pub(crate) fn stream(&self) -> &'a Arc<Stream> {
        self.stream
    }

    pub(crate) fn facts(&self) -> &Facts {
        &self.facts
    }

    /// The row, its texts escaped.
    pub(crate) fn record(&self) -> Result<Record<'_>> {
        let text = |field| self.segment.escaped_text(self.row, field, &self.texts);
        Ok(Record {
            request_id: &self.request_id,
            ret_msg: text(Field::RetMsg)?,
            log: text(Field::Log)?,
            level: text(Field::Level)?,
            source: text(Field::Source)?,
            ..self.segment.part(self.block.columns.record(self.segment.row_in_block(self.row)))?
        })
    }

    fn load(&mut self) -> Result<()> {
        self.facts = self.block.columns.facts(self.segment.row_in_block(self.row));
        self.request_id = self.block.id(self.segment, self.row)?;
        self.segment.load_text(self.row, &mut self.texts)
    }
}
