//! The answer of `GetFunctionLogs`, written straight from the rows: no log text is copied before it is JSON.

use runlog_core::{Answer, Row, billed_ms};
use serde::{Serialize, Serializer};

use super::Request;
use crate::actions::Context;

/// The answer to `request`, to be wrapped by [`crate::envelope::success`].
pub fn response<'a>(request: &'a Request, answer: &'a Answer, ctx: &'a Context<'_>) -> impl Serialize + 'a {
    let search = request.search.as_ref();
    Response {
        total_count: answer.total,
        data: Data { rows: &answer.rows, ctx },
        search_context: SearchContext {
            offset: search.and(answer.next.as_ref()).map(runlog_core::Cursor::encode).unwrap_or_default(),
            limit: search.map_or(0, |search| search.limit),
            keyword: search.map_or("", |search| &search.keyword),
            kind: search.map_or("", |search| &search.kind),
        },
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Response<'a> {
    total_count: u64,
    data: Data<'a>,
    search_context: SearchContext<'a>,
}

/// As published; every field empty when the request did not use it.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct SearchContext<'a> {
    offset: String,
    limit: u64,
    keyword: &'a str,
    #[serde(rename = "Type")]
    kind: &'a str,
}

struct Data<'a> {
    rows: &'a [Row],
    ctx: &'a Context<'a>,
}

impl Serialize for Data<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.rows.iter().map(|row| FunctionLog::new(row, self.ctx)))
    }
}

/// The fields in the order of the published sample.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct FunctionLog<'a> {
    mem_usage: u64,
    ret_code: i32,
    ret_msg: &'a str,
    log: &'a str,
    bill_duration: u64,
    invoke_finished: i32,
    request_id: &'a str,
    start_time: String,
    duration: Milliseconds,
    function_name: &'a str,
    level: &'a str,
    source: &'a str,
    retry_num: u8,
}

impl<'a> FunctionLog<'a> {
    fn new(row: &'a Row, ctx: &Context<'_>) -> Self {
        let run = &row.run;
        Self {
            mem_usage: run.mem_bytes,
            ret_code: run.ret_code,
            ret_msg: &run.ret_msg,
            log: &run.log,
            bill_duration: run.bill_ms.unwrap_or_else(|| billed_ms(run.duration_us, ctx.billing_step_ms)),
            invoke_finished: run.invoke_finished,
            request_id: &run.request_id,
            start_time: ctx.zone.format(run.start_ms),
            duration: Milliseconds(run.duration_us),
            function_name: &run.stream.function,
            level: &run.level,
            source: &run.source,
            retry_num: run.retry_num,
        }
    }
}

/// Microseconds, written as a number of milliseconds with at most three decimals.
pub(in crate::actions) struct Milliseconds(pub(in crate::actions) u64);

impl Serialize for Milliseconds {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0.is_multiple_of(1000) {
            return serializer.serialize_u64(self.0 / 1000);
        }
        // The nearest double of a quotient is also the nearest double of its decimals, which is what gets written.
        serializer.serialize_f64(self.0 as f64 / 1000.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn milliseconds_have_at_most_three_decimals() {
        for (us, text) in [
            (532, "0.532"),
            (8000, "8"),
            (0, "0"),
            (1, "0.001"),
            (1_500, "1.5"),
            (123_456_789, "123456.789"),
            ((1 << 48) - 1, "281474976710.655"),
        ] {
            assert_eq!(serde_json::to_string(&Milliseconds(us)).unwrap(), text);
        }
    }
}
