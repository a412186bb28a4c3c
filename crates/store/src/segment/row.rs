//! Whole rows of a segment.

use std::sync::Arc;

use runlog_core::{Row, Run};

use super::reader::Segment;
use super::text::Field;
use super::texts::TextCache;
use crate::error::Result;
use crate::hash::same_function;

impl Segment {
    /// The finished run that `run` is another report of, by the hash of its account and id.
    pub(crate) fn find(&self, hash: u64, run: &Run) -> Result<Option<Row>> {
        if !self.may_have(hash) {
            return Ok(None);
        }
        for row in self.candidates(hash)? {
            if !same_function(self.stream_of(row)?.0, &run.stream) {
                continue;
            }
            let block = self.block(row)?;
            let retry_num = self.part(block.columns.retry_num(self.row_in_block(row)))?;
            if retry_num == u64::from(run.retry_num) && block.id(self, row)? == run.request_id {
                return self.row(row, &mut TextCache::default()).map(Some);
            }
        }
        Ok(None)
    }

    /// A whole row.
    pub(crate) fn row(&self, row: u32, texts: &mut TextCache) -> Result<Row> {
        let stream = Arc::clone(self.stream_of(row)?.0);
        let block = self.block(row)?;
        let record = self.part(block.columns.record(self.row_in_block(row)))?;
        let request_id = block.id(self, row)?;
        self.load_text(row, texts)?;
        let text = |field| self.part(texts.block.text((row - texts.rows.start) as usize, field, &request_id));
        let (ret_msg, log) = (text(Field::RetMsg)?, text(Field::Log)?);
        let (level, source) = (text(Field::Level)?, text(Field::Source)?);
        let run = Run {
            stream,
            retry_num: record.retry_num,
            start_ms: record.facts.start_ms,
            duration_us: record.facts.duration_us,
            bill_ms: record.bill_ms,
            mem_bytes: record.facts.mem_bytes,
            ret_code: record.facts.ret_code,
            invoke_finished: record.invoke_finished,
            exit_code: record.exit_code,
            ret_msg,
            log,
            level,
            source,
            request_id,
        };
        Ok(Row { seq: record.facts.seq, run })
    }
}
