//! What a file says of a run, as bytes to derive a request id from.
//!
//! The bytes must never change: an id that is derived anew from the same file has to be the same.

use runlog_core::{DraftStart, RunDraft};
use serde::Serialize;

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Content<'a> {
    function_name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    start_time: Option<Start<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    duration: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bill_duration: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mem_usage: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ret_code: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ret_msg: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    invoke_finished: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    log: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    qualifier: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    level: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_num: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    exit_code: Option<i32>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Start<'a> {
    UnixMs(i64),
    Text(&'a str),
}

/// The bytes.
pub(super) fn content(run: &RunDraft) -> Vec<u8> {
    let content = Content {
        function_name: &run.function_name,
        request_id: run.request_id.as_deref(),
        start_time: run.start_time.as_ref().map(|written| match written {
            DraftStart::UnixMs(ms) => Start::UnixMs(*ms),
            DraftStart::Text(text) => Start::Text(text),
        }),
        duration: run.duration,
        bill_duration: run.bill_duration,
        mem_usage: run.mem_usage,
        ret_code: run.ret_code,
        ret_msg: run.ret_msg.as_deref(),
        invoke_finished: run.invoke_finished,
        log: run.log.as_deref(),
        namespace: run.namespace.as_deref(),
        qualifier: run.qualifier.as_deref(),
        region: run.region.as_deref(),
        level: run.level.as_deref(),
        source: run.source.as_deref(),
        retry_num: run.retry_num,
        exit_code: run.exit_code,
    };
    serde_json::to_vec(&content).expect("numbers and texts can always be written as JSON")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bytes_stay_as_they_are() {
        let run = RunDraft {
            function_name: "f".to_owned(),
            start_time: Some(DraftStart::UnixMs(7)),
            duration: Some(1.5),
            log: Some("a\n".to_owned()),
            exit_code: Some(2),
            ..RunDraft::default()
        };
        let expected = r#"{"FunctionName":"f","StartTime":7,"Duration":1.5,"Log":"a\n","ExitCode":2}"#;
        assert_eq!(content(&run), expected.as_bytes());
    }
}
