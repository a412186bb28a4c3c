//! Answers of the native API: what is unknown is passed over, and what is missing is an error that names it.

mod server;

use std::sync::Arc;

use runlog_client::{Buckets, Client, Error, FacetKey, RunFilter, RunQuery, SummaryQuery};
use serde_json::{Value, json};
use server::{Server, ok};

/// A run with every field.
fn run() -> Value {
    json!({
        "Seq": 7, "Region": "r", "Namespace": "n", "FunctionName": "f", "Qualifier": "q", "RequestId": "id",
        "RetryNum": 1, "StartTime": 5, "StartTimeText": "1970-01-01T08:00:00.005+08:00", "Duration": 1.5,
        "BillDuration": 2, "MemUsage": 3, "RetCode": 0, "InvokeFinished": 1, "RetMsg": "m", "Level": "", "Source": "",
        "Log": "l",
    })
}

/// An answer with these fields and those that each answer has.
fn answer(fields: &Value) -> Value {
    let mut answer = json!({
        "total": 1,
        "window": { "from_ms": 1 },
        "watermark": { "seq": 9, "set_aside_files": 0, "of_a_later_server": true },
        "cost": { "rows_read": 1, "blocks_read": 2, "bytes_read": 3, "elapsed_us": 4 },
        "of_a_later_server": { "x": [1] },
    });
    let known = answer.as_object_mut().unwrap();
    known.extend(fields.as_object().unwrap().clone());
    answer
}

fn percentiles() -> Value {
    let ranks = json!({ "p50": 1, "p90": 2, "p95": 3, "p99": 4 });
    json!({ "finished": 1, "failed": 0, "error_rate": 0.0, "duration_ms": ranks, "mem_bytes": ranks })
}

fn facet() -> Value {
    json!({ "by": "version", "values": [{ "function": "f", "runs": 1 }], "rest_values": 0, "rest_runs": 0 })
}

fn histogram() -> Value {
    json!({ "start_ms": 0, "width_ms": 60, "buckets": [{ "ok": 1, "failed": 0, "running": 0 }] })
}

type Call = fn(&Client) -> Result<(), Error>;

/// Each method, what a server answers, and the fields that its answer cannot be without.
fn methods() -> Vec<(Call, Value, &'static [&'static str])> {
    const OF_EACH: &[&str] =
        &["total", "window", "watermark", "cost", "seq", "set_aside_files", "rows_read", "elapsed_us"];
    let of = |own: &'static [&'static str]| -> &'static [&'static str] { [OF_EACH, own].concat().leak() };
    let list = json!([{ "region": "r", "namespace": "n", "function": "f", "qualifiers": ["q"], "first_start_ms": 1,
                        "last_start_ms": 2 }]);
    vec![
        (
            |client| {
                let (histogram, facets) = (Some(Buckets::AtMost(1)), vec![FacetKey::Version]);
                let query = RunQuery { histogram, facets, percentiles: true, ..RunQuery::default() };
                client.runs(&query).map(drop)
            },
            answer(&json!({ "runs": [run()], "histogram": histogram(), "facets": [facet()],
                           "percentiles": percentiles() })),
            of(&["runs", "histogram", "facets", "percentiles", "MemUsage", "Duration", "Log", "StartTimeText", "Seq"]),
        ),
        (
            |client| client.one_run("id", &RunFilter::default(), None).map(drop),
            answer(&json!({ "runs": [run()] })),
            of(&["runs", "RetCode", "RequestId"]),
        ),
        (
            |client| client.histogram(&SummaryQuery::default(), None).map(drop),
            answer(&json!({ "histogram": histogram() })),
            of(&["histogram", "start_ms", "width_ms", "buckets", "ok", "failed", "running"]),
        ),
        (
            |client| client.facets(&SummaryQuery::default(), &[], None).map(drop),
            answer(&json!({ "facets": [facet()] })),
            of(&["facets", "by", "values", "runs", "rest_values", "rest_runs"]),
        ),
        (
            |client| client.stats(&SummaryQuery::default(), None).map(drop),
            answer(&json!({ "all": percentiles(), "versions": facet() })),
            of(&["all", "versions", "finished", "failed", "error_rate", "p50", "p99"]),
        ),
        (
            |client| client.functions(&RunFilter::default()).map(drop),
            answer(&json!({ "functions": list })),
            of(&["functions", "qualifiers", "last_start_ms", "region"]),
        ),
        (|client| client.readiness().map(drop), json!({ "ready": true, "later": 1 }), &["ready"]),
        (
            |client| client.failed_request("id").map(drop),
            json!({ "request_id": "id", "secret_id": "", "code": "c", "received_s": 1, "max_skew_s": 300,
                    "request": { "method": "GET", "path": "/", "query": "", "headers": [["Host", "h"]],
                                 "body": { "text": "" } } }),
            &["secret_id", "code", "received_s", "max_skew_s", "request", "headers", "body"],
        ),
    ]
}

fn answered(call: Call, body: String) -> Result<(), Error> {
    let server = Server::start(move |_, _| ok(&body));
    call(&server.builder(&Arc::default()).build().unwrap())
}

#[test]
fn what_a_later_server_adds_is_passed_over() {
    for (call, answer, _) in methods() {
        answered(call, answer.to_string()).unwrap();
    }
}

#[test]
fn a_renamed_field_is_an_error_that_names_it() {
    for (call, answer, fields) in methods() {
        for field in fields {
            let renamed = answer.to_string().replace(&format!("\"{field}\":"), "\"of_another_name\":");
            assert_ne!(renamed, answer.to_string(), "{field} is in the answer");
            match answered(call, renamed) {
                Err(Error::BadAnswer { reason, .. }) => assert!(reason.contains(&format!("`{field}`")), "{reason}"),
                other => panic!("without {field}: {other:?}"),
            }
        }
    }
}
