//! The answer of `GetFunctionLogs`, written straight from the rows: no log text is copied before it is JSON.

use runlog_core::{Cursor, Run, Zone, billed_ms};
use serde::Serialize;

use super::request::Request;
use crate::actions::milliseconds::Milliseconds;

/// `SearchContext` as given, with the cursor of the next page. A request without one gets the empty one.
pub(crate) fn search_context<'a>(request: &'a Request, next: Option<&Cursor>) -> SearchContext<'a> {
    let search = request.search.as_ref();
    SearchContext {
        offset: search.and(next).map(Cursor::encode).unwrap_or_default(),
        limit: search.map_or(0, |search| search.limit),
        keyword: search.map_or("", |search| &search.keyword),
        kind: search.map_or("", |search| &search.kind),
    }
}

/// As published; every field empty when the request did not use it.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct SearchContext<'a> {
    offset: String,
    limit: u64,
    keyword: &'a str,
    #[serde(rename = "Type")]
    kind: &'a str,
}

/// The fields in the order of the published sample.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct FunctionLog<'a> {
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
    pub(crate) fn new(run: &'a Run, zone: Zone, billing_step_ms: u64) -> Self {
        Self {
            mem_usage: run.mem_bytes,
            ret_code: run.ret_code,
            ret_msg: &run.ret_msg,
            log: &run.log,
            bill_duration: run.bill_ms.unwrap_or_else(|| billed_ms(run.duration_us, billing_step_ms)),
            invoke_finished: run.invoke_finished,
            request_id: &run.request_id,
            start_time: zone.format(run.start_ms),
            duration: Milliseconds(run.duration_us),
            function_name: &run.stream.function,
            level: &run.level,
            source: &run.source,
            retry_num: run.retry_num,
        }
    }
}
