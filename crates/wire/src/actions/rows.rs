//! An answer of runs, written piece by piece while the rows are fetched, so that a page needs the memory of one row.
//!
//! ```text
//! head  {"Response":{"TotalCount":2,"Data":[
//! row   {...}                                         with a comma before every row but the first
//! tail  ],"SearchContext":{...},"RequestId":"..."}}   SearchContext for GetFunctionLogs alone
//! ```
//!
//! The pieces together are the bytes of one JSON document; nothing after the head can still become an error answer. A
//! server whose engine fails later cuts the connection.

use std::io::{self, Write};

use runlog_core::{Answer, Cursor, Run, Zone};
use serde::Serialize;

use super::call::RunsCall;
use super::context::Context;
use super::get_function_logs::{FunctionLog, search_context};
use super::get_request_status::RequestStatus;

/// The writer of an answer of which nothing is written yet.
#[derive(Clone, Debug)]
pub struct RowsWriter {
    call: RunsCall,
    zone: Zone,
    billing_step_ms: u64,
    request_id: String,
}

/// The writer of an answer whose head is written.
#[derive(Clone, Debug)]
#[must_use = "an answer without its tail is not JSON"]
pub struct OpenRows {
    writer: RowsWriter,
    has_rows: bool,
}

impl RowsWriter {
    /// The writer of the answer to `call`. `request_id` is a lower-case UUID.
    pub fn new(call: RunsCall, ctx: &Context<'_>, request_id: &str) -> Self {
        Self { call, zone: ctx.zone, billing_step_ms: ctx.billing_step_ms, request_id: request_id.to_owned() }
    }

    /// Writes what is before the rows. `total` is how many runs match, on this page or not.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn head(self, total: u64, out: &mut impl Write) -> io::Result<OpenRows> {
        write!(out, "{{\"Response\":{{\"TotalCount\":{total},\"Data\":[")?;
        Ok(OpenRows { writer: self, has_rows: false })
    }

    /// The whole answer at once, for one that is in memory anyway.
    pub fn whole(self, answer: &Answer) -> Vec<u8> {
        let mut out = Vec::new();
        self.pieces(answer, &mut out).expect("a Vec takes every byte, and every run has a JSON form");
        out
    }

    fn pieces(self, answer: &Answer, out: &mut Vec<u8>) -> io::Result<()> {
        let mut rows = self.head(answer.total, out)?;
        for row in &answer.rows {
            rows.row(&row.run, out)?;
        }
        rows.tail(answer.next.as_ref(), out)
    }
}

impl OpenRows {
    /// Writes the next row. It makes many small writes, so `out` should be in memory or buffered.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn row(&mut self, run: &Run, out: &mut impl Write) -> io::Result<()> {
        if std::mem::replace(&mut self.has_rows, true) {
            out.write_all(b",")?;
        }
        let RowsWriter { call, zone, billing_step_ms, .. } = &self.writer;
        match call {
            RunsCall::GetFunctionLogs(_) => json(out, &FunctionLog::new(run, *zone, *billing_step_ms)),
            RunsCall::GetRequestStatus(_) => json(out, &RequestStatus::new(run, *zone)),
        }
    }

    /// Writes what is after the rows. `next` continues after the last row, if anything follows it.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn tail(self, next: Option<&Cursor>, out: &mut impl Write) -> io::Result<()> {
        out.write_all(b"]")?;
        match &self.writer.call {
            RunsCall::GetFunctionLogs(request) => {
                out.write_all(b",\"SearchContext\":")?;
                json(out, &search_context(request, next))?;
            }
            RunsCall::GetRequestStatus(_) => {}
        }
        out.write_all(b",\"RequestId\":")?;
        json(out, &self.writer.request_id)?;
        out.write_all(b"}}")
    }
}

fn json(out: &mut impl Write, value: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer(out, value).map_err(io::Error::from)
}
