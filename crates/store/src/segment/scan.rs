//! Reading a segment's rows one after the other, as merging does.

use std::sync::Arc;

use runlog_core::Stream;

use super::columns::Columns;
use super::reader::{Segment, TextCache};
use super::text::Field;
use crate::error::Result;
use crate::record::{Facts, Record};

/// A place in a segment, with its row at hand.
pub(crate) struct Cursor<'a> {
    segment: &'a Segment,
    row: u32,
    columns: Columns<'a>,
    texts: TextCache,
    request_id: String,
    /// The row's texts, one after the other, and where each ends.
    bytes: Vec<u8>,
    ends: [usize; 4],
}

impl<'a> Cursor<'a> {
    /// The first row; a segment has one.
    pub(crate) fn new(segment: &'a Segment) -> Result<Self> {
        let mut cursor = Self {
            segment,
            row: 0,
            columns: segment.columns_of(0)?,
            texts: TextCache::default(),
            request_id: String::new(),
            bytes: Vec::new(),
            ends: [0; 4],
        };
        cursor.load()?;
        Ok(cursor)
    }

    /// Goes to the next row; false at the end.
    pub(crate) fn advance(&mut self) -> Result<bool> {
        self.row += 1;
        if self.row >= self.segment.footer.rows {
            return Ok(false);
        }
        if self.segment.row_in_block(self.row) == 0 {
            self.columns = self.segment.columns_of(self.row)?;
        }
        self.load()?;
        Ok(true)
    }

    pub(crate) fn stream(&self) -> Result<&'a Arc<Stream>> {
        self.segment.stream_of(self.row)
    }

    pub(crate) fn facts(&self) -> Facts {
        self.columns.facts(self.segment.row_in_block(self.row))
    }

    pub(crate) fn record(&self) -> Record<'_> {
        let [ret_msg, log, level, source] = self.ends;
        let text = |from, to| self.bytes.get(from..to).unwrap_or_default();
        Record {
            request_id: &self.request_id,
            ret_msg: text(0, ret_msg),
            log: text(ret_msg, log),
            level: text(log, level),
            source: text(level, source),
            ..self.columns.record(self.segment.row_in_block(self.row))
        }
    }

    fn load(&mut self) -> Result<()> {
        self.request_id = self.segment.request_id(self.row)?;
        self.segment.load_text(self.row, &mut self.texts)?;
        self.bytes.clear();
        let fields = [Field::RetMsg, Field::Log, Field::Level, Field::Source];
        for (end, field) in self.ends.iter_mut().zip(fields) {
            self.segment.copy_text(&mut self.bytes, self.row, field, &self.request_id, &self.texts)?;
            *end = self.bytes.len();
        }
        Ok(())
    }
}
