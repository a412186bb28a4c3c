//! Ingest: batches, retries that lose and double nothing, and one report of it all.

mod server;

use std::sync::Arc;

use runlog_client::{Error, NewRun, PutReport};
use serde_json::{Value, json};
use server::{Asked, NOW_S, Server, StillClock, ok, reply};

/// The runs of a request's body.
fn runs(asked: &Asked) -> Vec<Value> {
    assert_eq!((asked.method.as_str(), asked.path.as_str()), ("POST", "/api/v1/runs"));
    assert_eq!(asked.header("Content-Encoding"), Some("zstd"));
    // "AKIDtestEXAMPLE:testSecretKeyEXAMPLE"
    assert_eq!(asked.header("Authorization"), Some("Basic QUtJRHRlc3RFWEFNUExFOnRlc3RTZWNyZXRLZXlFWEFNUExF"));
    let lines = String::from_utf8(zstd::decode_all(&asked.body[..]).unwrap()).unwrap();
    lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// A report that accepts all runs but the third.
fn all_but_the_third(asked: &Asked) -> Vec<u8> {
    let count = runs(asked).len();
    let refused: &[Value] = if count < 3 { &[] } else { &[json!({ "line": 3, "code": "Conflict", "message": "no" })] };
    let accepted = count - refused.len();
    ok(&json!({ "accepted": accepted, "duplicates": 0, "refused": refused, "seq": count, "more": 1 }).to_string())
}

fn named(count: usize) -> impl Iterator<Item = NewRun> {
    (0..count).map(|at| NewRun { function_name: format!("f{at}"), ..NewRun::default() })
}

fn put(server: &Server, clock: &Arc<StillClock>, count: usize) -> Result<PutReport, Error> {
    server.builder(clock).retries(3).build().unwrap().put_runs(named(count))
}

#[test]
fn refusals_are_counted_through_the_whole_input() {
    let server = Server::start(|_, asked| all_but_the_third(asked));
    let report = put(&server, &Arc::default(), 2_500).unwrap();
    let refused: Vec<_> = report.refused.iter().map(|refused| refused.index).collect();
    assert_eq!((report.accepted, report.seq, refused), (2_497, 1_000, vec![2, 1_002, 2_002]));
    assert_eq!(server.asked().iter().map(|asked| runs(asked).len()).collect::<Vec<_>>(), [1_000, 1_000, 500]);
}

#[test]
fn a_batch_has_a_bounded_length() {
    let server = Server::start(|_, asked| all_but_the_third(asked));
    let client = server.builder(&Arc::default()).build().unwrap();
    let long = |name: &str| NewRun { log: Some("x".repeat(3 << 20)), ..NewRun::new(name, 1) };
    client.put_runs(["a", "b", "c"].map(long)).unwrap();
    assert_eq!(server.asked().iter().map(|asked| runs(asked).len()).collect::<Vec<_>>(), [2, 1]);
}

#[test]
fn nothing_to_put_asks_nobody() {
    let server = Server::start(|_, _| Vec::new());
    assert_eq!(put(&server, &Arc::default(), 0).unwrap(), PutReport::default());
    assert!(server.asked().is_empty());
}

#[test]
fn a_busy_server_gets_the_very_same_bytes_again() {
    let clock = Arc::<StillClock>::default();
    let server = Server::start(|at, asked| match at {
        0 => reply("503 Busy\r\nRetry-After: 7", r#"{"code":"Busy","message":"later"}"#),
        1 => reply("429 Too Many Requests", ""),
        // Stored, and the answer lost.
        2 => Vec::new(),
        _ => all_but_the_third(asked),
    });
    put(&server, &clock, 1).unwrap();
    assert_eq!(clock.waits_s(), [7, 2, 4]);
    let asked = server.asked();
    assert!(asked.iter().all(|again| again.body == asked[0].body));
    let run = &runs(&asked[0])[0];
    assert_eq!(run["RequestId"].as_str().map(str::len), Some(36));
    assert_eq!(run["StartTime"], NOW_S * 1000 + 999);
}

#[test]
fn what_a_run_says_is_not_overruled() {
    let server = Server::start(|_, asked| all_but_the_third(asked));
    let client = server.builder(&Arc::default()).region("ap-beijing").build().unwrap();
    let own = NewRun { request_id: Some("mine".into()), region: Some("ap-hongkong".into()), ..NewRun::new("f", "T") };
    client.put_runs([own, NewRun::new("g", 5)]).unwrap();
    let runs = runs(&server.asked()[0]);
    assert_eq!(runs[0], json!({ "FunctionName": "f", "RequestId": "mine", "StartTime": "T", "Region": "ap-hongkong" }));
    assert_eq!(runs[1]["Region"], "ap-beijing");
}

#[test]
fn a_refused_body_stops_and_says_where() {
    let server = Server::start(|at, asked| match at {
        0 => all_but_the_third(asked),
        _ => reply("401 Unauthorized", r#"{"code":"Unauthorized","message":"no such key"}"#),
    });
    let error = put(&server, &Arc::default(), 1_500).unwrap_err();
    assert_eq!(error.to_string(), "stopped at run 1000: the server refused the request with status 401: no such key");
    assert!(error.is_unauthorized());
    let Error::Stopped { index, report, .. } = error else { panic!("{error}") };
    assert_eq!((index, report.accepted), (1_000, 999));
    assert_eq!(server.asked().len(), 2, "a refusal is not worth another try");
}

#[test]
fn a_server_that_stays_busy_is_given_up() {
    let clock = Arc::<StillClock>::default();
    let server = Server::start(|_, _| reply("503 Busy\r\nRetry-After: 1", ""));
    let error = put(&server, &clock, 1).unwrap_err();
    assert_eq!(clock.waits_s(), [1, 2, 4]);
    let Error::Stopped { index: 0, cause, .. } = error else { panic!("{error}") };
    assert!(matches!(*cause, Error::Refused { status: 503, .. }));
}

#[test]
fn an_answer_without_a_report_is_an_error() {
    for body in ["", "ok", r#"{"accepted":1}"#] {
        let server = Server::start(move |_, _| ok(body));
        let error = put(&server, &Arc::default(), 1).unwrap_err();
        assert!(error.to_string().contains("no report of the runs"), "{error}");
    }
}
