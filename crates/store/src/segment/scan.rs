//! Reading a segment's rows one after the other, as merging does.

use std::ops::Range;
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
    /// The end of the rows that are read.
    end: u32,
    /// The row's stream, and the end of that stream's rows.
    stream: &'a Arc<Stream>,
    stream_end: u32,
    block: Block<'a>,
    texts: TextCache,
    request_id: String,
    facts: Facts,
}

/// Where a row belongs in its stream: its start, and its sequence number.
pub(crate) type Place = (i64, u64);

/// A text block as a segment has it.
pub(crate) struct WholeText<'a> {
    pub(crate) rows: usize,
    /// The place of its last row.
    pub(crate) last: Place,
    /// With their checksum.
    pub(crate) bytes: &'a [u8],
    pub(crate) raw_bytes: usize,
}

impl<'a> Cursor<'a> {
    /// The first of these rows; there is one, and the segment has all of them.
    pub(crate) fn over(segment: &'a Segment, rows: Range<u32>) -> Result<Self> {
        let Range { start: row, end } = rows;
        let block = segment.block(row)?;
        let (stream, stream_end) = segment.stream_of(row)?;
        let facts = block.columns.facts(segment.row_in_block(row));
        let (texts, request_id) = (TextCache::default(), String::new());
        let mut cursor = Self { segment, row, end, stream, stream_end, block, texts, request_id, facts };
        cursor.load()?;
        Ok(cursor)
    }

    /// Goes to the next row; after the last one, there is no current row any more.
    pub(crate) fn advance(&mut self) -> Result<()> {
        self.row += 1;
        if self.is_at_end() {
            return Ok(());
        }
        if self.row >= self.stream_end {
            (self.stream, self.stream_end) = self.segment.stream_of(self.row)?;
        }
        if !self.block.rows.contains(&self.row) {
            self.block = self.segment.block(self.row)?;
        }
        self.load()
    }

    /// Whether every row was read.
    pub(crate) fn is_at_end(&self) -> bool {
        self.row >= self.end
    }

    /// Where the row belongs among the rows of its stream.
    pub(crate) fn place(&self) -> Place {
        (self.facts.start_ms, self.facts.seq)
    }

    /// The text block that begins at this row, if one does and its rows are all to be read.
    pub(crate) fn whole_text(&self) -> Result<Option<WholeText<'a>>> {
        let rows = self.texts.rows();
        if rows.start != self.row || rows.end > self.stream_end.min(self.end) {
            return Ok(None);
        }
        let last = rows.end.saturating_sub(1);
        let facts = self.segment.block(last)?.columns.facts(self.segment.row_in_block(last));
        let (bytes, raw_bytes) = self.segment.text_bytes(self.row)?;
        Ok(Some(WholeText { rows: rows.len(), last: (facts.start_ms, facts.seq), bytes, raw_bytes }))
    }

    pub(crate) fn stream(&self) -> &'a Arc<Stream> {
        self.stream
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
