//! The native API's answers: joined up by cursors, of one moment, and clear about what is wrong.

mod support;

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use serde_json::json;
use support::Server;

/// 2026-03-01 00:00:00 in UTC+8.
const BASE_MS: i64 = 1_772_294_400_000;
const DAY_MS: i64 = 86_400_000;

#[test]
fn a_cursor_walks_what_was_there_once_while_runs_arrive() {
    let server = Server::start();
    let mut api = server.api();
    let run = |id: u64| json!({ "FunctionName": "f", "RequestId": id.to_string(), "StartTime": BASE_MS + i64::try_from(id * 7919 % 5000).unwrap(), "Duration": id % 10 });
    api.ingest_new(&(0..2000).map(run).collect::<Vec<_>>());
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        let writer = scope.spawn(|| {
            let mut api = server.api();
            for id in 2000.. {
                if is_over.load(Ordering::SeqCst) {
                    return id;
                }
                api.ingest_new(&[run(id)]);
            }
            0
        });
        for sort in ["start_time:desc", "duration:asc", "function_name:desc"] {
            let mut seen = BTreeSet::new();
            let mut target = format!("/api/v1/runs?as_of=2000&sort={sort}&limit=150&fields=RequestId");
            loop {
                let page = api.get(&target);
                assert_eq!((page["total"].as_u64(), page["as_of"].as_u64()), (Some(2000), Some(2000)));
                for row in page["runs"].as_array().expect("runs") {
                    assert!(seen.insert(row["RequestId"].to_string()), "{row} came twice");
                }
                let Some(next) = page["next"].as_str() else { break };
                target = format!("/api/v1/runs?cursor={next}&sort={sort}&limit=150&fields=RequestId");
            }
            assert_eq!(seen.len(), 2000, "{sort}");
        }
        is_over.store(true, Ordering::SeqCst);
        assert!(writer.join().expect("a writer") > 2001, "nothing arrived meanwhile");
    });
}

#[test]
fn one_run_is_found_by_its_id_with_every_attempt_and_its_neighbours() {
    let server = Server::start();
    let mut api = server.api();
    let run = |id: &str, retry: u8, start: i64| json!({ "FunctionName": "f", "RequestId": id, "RetryNum": retry, "StartTime": BASE_MS + start });
    api.ingest_new(&[
        run("before", 0, 0),
        run("a/b 日+", 0, 1000),
        run("a/b 日+", 1, 2000),
        run("after", 0, 3000),
        json!({ "FunctionName": "g", "RequestId": "other", "StartTime": BASE_MS + 1500 }),
    ]);
    let found = api.get("/api/v1/runs/a%2Fb%20%E6%97%A5+");
    let attempts: Vec<_> = found["runs"].as_array().expect("runs").iter().map(|run| run["RetryNum"].as_u64()).collect();
    assert_eq!(attempts, [Some(0), Some(1)]);
    assert_eq!(found["runs"][0]["RequestId"], "a/b 日+");
    assert_eq!((&found["previous"]["RequestId"], &found["next"]["RequestId"]), (&"before".into(), &"after".into()));
    let edge = api.get("/api/v1/runs/after?fields=RequestId");
    assert_eq!((edge["runs"].clone(), edge.get("next")), (json!([{ "RequestId": "after" }]), None));
    let request = api.native("GET", "/api/v1/runs/nothing");
    let missing = api.exchange(&request);
    assert_eq!((missing.status, missing.json()["code"].as_str()), (404, Some("NotFound")));
    assert!(missing.text().contains("there is no run `nothing`"), "{}", missing.text());
}

#[test]
fn a_histogram_over_an_open_window_holds_every_run() {
    let server = Server::start();
    let mut api = server.api();
    assert_eq!(api.get("/api/v1/histogram")["total"], 0, "nothing has run");
    let run = |id: i64| json!({ "FunctionName": "f", "RequestId": id.to_string(), "StartTime": BASE_MS + id * DAY_MS, "RetCode": id % 3 });
    api.ingest_new(&(0..60).map(run).collect::<Vec<_>>());
    let answer = api.get("/api/v1/histogram?buckets=1d");
    let sum: u64 = answer["histogram"]["buckets"]
        .as_array()
        .expect("buckets")
        .iter()
        .map(|bucket| {
            ["ok", "failed", "running"].iter().map(|state| bucket[state].as_u64().expect("a count")).sum::<u64>()
        })
        .sum();
    assert_eq!((sum, answer["total"].as_u64()), (60, Some(60)));
    assert_eq!(answer["histogram"]["start_ms"], BASE_MS);
    let stats = api.get("/api/v1/stats?result=failed");
    assert_eq!((&stats["total"], &stats["all"]["error_rate"]), (&20.into(), &1.0.into()));
    assert_eq!(stats["versions"]["values"][0]["percentiles"]["failed"], 20);
    let functions = api.get("/api/v1/functions");
    assert_eq!(functions["functions"][0]["last_start_ms"], BASE_MS + 59 * DAY_MS);
    assert_eq!(api.get("/api/v1/facets?by=state")["facets"][0]["by"], "state");
}

#[test]
fn hostile_parameters_each_get_a_clear_400() {
    let server = Server::start();
    let mut api = server.api();
    api.ingest_new(&[json!({ "FunctionName": "f", "StartTime": BASE_MS }), json!({ "FunctionName": "g" })]);
    let long = "x".repeat(2000);
    let cursor = api.get("/api/v1/runs?limit=1")["next"].as_str().expect("a cursor").to_owned();
    for (target, says) in [
        ("/api/v1/runs?limt=1", "there is no parameter `limt`"),
        ("/api/v1/runs?limit=1&limit=2", "limit"),
        ("/api/v1/runs?limit=", "`limit`: it is empty"),
        ("/api/v1/runs?limit=1001", "from 0 to 1000, not `1001`"),
        ("/api/v1/runs?limit=-1", "not `-1`"),
        ("/api/v1/runs?limit=+5", "`limit`"),
        ("/api/v1/runs?limit=99999999999999999999", "`limit`"),
        ("/api/v1/runs?offset=10001", "from 0 to 10000"),
        ("/api/v1/runs?function=", "it is empty"),
        (&format!("/api/v1/runs?function={long}"), "over the limit of 256"),
        ("/api/v1/runs?function=%zz", "escape"),
        ("/api/v1/runs?function=%ff", "UTF-8"),
        ("/api/v1/runs?result=good", "ok, failed, running"),
        ("/api/v1/runs?result=1,,2", "return codes"),
        ("/api/v1/runs?from=tomorrow", "`tomorrow` is not a time"),
        ("/api/v1/runs?since=1h&from=now", "omit one of them"),
        ("/api/v1/runs?since=yesterday", "`since`: it takes a span"),
        ("/api/v1/runs?from=now&to=1h", "ends before it begins"),
        ("/api/v1/runs?sort=log:desc", "start_time:desc"),
        ("/api/v1/runs?fields=Log,Logs", "not `Log,Logs`"),
        ("/api/v1/runs?cursor=abc", "not the `next` of an answer"),
        (&format!("/api/v1/runs?cursor={cursor}&function=f"), "other filters or another order"),
        (&format!("/api/v1/runs?cursor={cursor}&sort=duration:asc"), "other filters or another order"),
        (&format!("/api/v1/runs?cursor={cursor}&offset=1"), "omit one of them"),
        ("/api/v1/runs?as_of=99", "the last sequence number so far is 2"),
        ("/api/v1/runs?histogram=0", "`histogram`"),
        ("/api/v1/runs?bucket_percentiles=true", "it needs `histogram`"),
        ("/api/v1/runs?histogram=1s", "over the limit of 5000"),
        ("/api/v1/runs?facets=color", "`facets`: it takes some of"),
        ("/api/v1/runs?percentiles=yes", "true, false"),
        ("/api/v1/histogram?limit=1", "there is no parameter `limit`"),
        ("/api/v1/facets?top=1001", "from 0 to 1000"),
        ("/api/v1/export?sort=duration:asc", "start_time:desc, start_time:asc"),
        ("/api/v1/export?format=xml", "ndjson, csv"),
        ("/api/v1/export?as_of=99", "the last sequence number"),
        ("/api/v1/tail?since=1h", "there is no parameter `since`"),
        ("/api/v1/tail?from_seq=99", "99"),
        ("/api/v1/tail?Last-Event-ID=1", "there is no parameter"),
        ("/api/v1/runs/%zz", "escape"),
        (&format!("/api/v1/runs/{long}"), "over the limit of 128"),
    ] {
        let request = api.native("GET", target);
        let response = api.exchange(&request);
        let shown = target.get(..80).unwrap_or(target);
        assert_eq!(response.status, 400, "{shown}: {}", response.text());
        let message = response.json()["message"].as_str().expect("a message").to_owned();
        assert!(message.contains(says), "{shown}: {message}");
    }
    let request = api.native("DELETE", "/api/v1/runs");
    let refused = api.exchange(&request);
    assert_eq!((refused.status, refused.header("Allow")), (405, Some("GET, POST")));
}

#[test]
fn a_relative_window_does_not_move_from_page_to_page() {
    let server = Server::start();
    let mut api = server.api();
    api.ingest_new(&(0..3).map(|_| json!({ "FunctionName": "f" })).collect::<Vec<_>>());
    let first = api.get("/api/v1/runs?since=1h&limit=1");
    let next = first["next"].as_str().expect("a cursor");
    let second = api.get(&format!("/api/v1/runs?since=1h&limit=1&cursor={next}"));
    assert_eq!(first["window"], second["window"]);
}
