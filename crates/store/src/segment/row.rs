//! Whole rows of a segment.

use std::sync::Arc;

use runlog_core::{Columns, IdRef, Row, Run};

use super::reader::Segment;
use super::text::Field;
use super::texts::TextCache;
use crate::error::Result;

impl Segment {
    /// A finished run, by the hash of its account and id.
    pub(crate) fn find(&self, hash: u64, id: IdRef<'_>) -> Result<Option<Row>> {
        if !self.may_have(hash) {
            return Ok(None);
        }
        // Any number of functions may have runs with one request id.
        let of_function = self.rows_of_function(id);
        for row in self.candidates(hash)?.into_iter().filter(|row| of_function.contains(row)) {
            #[cfg(test)]
            crate::hash::comparisons::note();
            let block = self.block(row)?;
            let retry_num = self.part(block.columns.retry_num(self.row_in_block(row)))?;
            if retry_num == u64::from(id.retry_num) && block.id(self, row)? == id.request_id {
                return self.row(row, Columns::ALL, &mut TextCache::default()).map(Some);
            }
        }
        Ok(None)
    }

    /// A row with the wanted texts.
    pub(crate) fn row(&self, row: u32, columns: Columns, texts: &mut TextCache) -> Result<Row> {
        let mut found = self.row_without_texts(row)?;
        self.load_text(row, texts)?;
        let at = (row - texts.rows.start) as usize;
        let run = &mut found.run;
        for (is_wanted, field, out) in [
            (columns.ret_msg, Field::RetMsg, &mut run.ret_msg),
            (columns.log, Field::Log, &mut run.log),
            (columns.level, Field::Level, &mut run.level),
            (columns.source, Field::Source, &mut run.source),
        ] {
            if is_wanted {
                *out = self.part(texts.block.text(at, field, &run.request_id))?;
            }
        }
        Ok(found)
    }

    /// A row whose texts are empty.
    pub(crate) fn row_without_texts(&self, row: u32) -> Result<Row> {
        let stream = Arc::clone(self.stream_of(row)?.0);
        let block = self.block(row)?;
        let record = self.part(block.columns.record(self.row_in_block(row)))?;
        let request_id = block.id(self, row)?;
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
            ret_msg: String::new(),
            log: String::new(),
            level: String::new(),
            source: String::new(),
            request_id,
        };
        Ok(Row { seq: record.facts.seq, run })
    }
}
