//! `kill -9` while lines come in, again and again: what was acknowledged is there, once, and the run goes on.

mod support;

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::thread;

use opentelemetry_proto::tonic::common::v1::any_value::Value;
use support::otlp::{self, record, request, text};
use support::{Api, Connection, Key, Server, Setup, eventually};

/// 2026-03-01 00:00:00 UTC.
const BASE_NS: u64 = 1_772_323_200_000_000_000;
const RUNS: usize = 4;
const KILLS: usize = 6;
/// Batches that a sender gets through before the server is killed again.
const BATCHES_BETWEEN_KILLS: u64 = 12;
const LINES_IN_A_BATCH: u64 = 5;

fn message(run: usize, batch: u64, marks: &[(&str, Value)]) -> Vec<u8> {
    let id = format!("run-{run}");
    let line = |line: u64| {
        let number = batch * LINES_IN_A_BATCH + line;
        // Within a batch the later lines come first.
        let mut attributes = vec![("faas.invocation_id", text(&id))];
        attributes.extend(marks.iter().cloned());
        record(BASE_NS + number * 1_000_000, &format!("line-{number}."), &attributes)
    };
    let records = (0..LINES_IN_A_BATCH).rev().map(line).collect();
    prost::Message::encode_to_vec(&request(&[("faas.name", text("f"))], records))
}

/// Sends a batch until it is acknowledged, as an exporter does, to whichever server there is.
fn deliver(address: &Mutex<std::net::SocketAddr>, body: &[u8]) {
    eventually("an acknowledgement", || {
        let address = *address.lock().expect("an address");
        let mut connection = Connection::try_open(address).ok()?;
        let request = support::Request::new("POST", "/v1/logs")
            .header("Host", &address.to_string())
            .header("Authorization", &format!("Basic {}", base64_of(&Key::root().pair())))
            .header("Content-Type", "application/x-protobuf")
            .body(body);
        let response = connection.exchange(&request).ok().filter(|response| response.status == 200)?;
        assert_eq!(otlp::rejected(&otlp::answer(&response)), (0, String::new()));
        Some(())
    });
}

fn base64_of(text: &str) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(text)
}

fn logs(api: &mut Api) -> BTreeMap<String, serde_json::Value> {
    let page = api.get("/api/v1/runs?function=f&limit=100");
    let runs = page["runs"].as_array().expect("runs").iter();
    runs.map(|run| (run["RequestId"].as_str().expect("an id").to_owned(), run.clone())).collect()
}

#[test]
fn acknowledged_lines_survive_kills_in_order_and_once() {
    let mut server: Server = Setup::new().start();
    let address = Mutex::new(server.address());
    let acknowledged: Vec<Mutex<u64>> = (0..RUNS).map(|_| Mutex::new(0)).collect();
    let last_batch = KILLS as u64 * BATCHES_BETWEEN_KILLS;
    thread::scope(|scope| {
        for run in 0..RUNS {
            let (address, acknowledged) = (&address, &acknowledged);
            scope.spawn(move || {
                for batch in 0..last_batch {
                    deliver(address, &message(run, batch, &[]));
                    *acknowledged[run].lock().expect("a count") = batch + 1;
                }
            });
        }
        for kill in 1..=KILLS as u64 {
            let reached = || *acknowledged[0].lock().expect("a count") >= kill * BATCHES_BETWEEN_KILLS - 6;
            eventually("some batches", || reached().then_some(()));
            server.kill();
            let known: Vec<u64> = acknowledged.iter().map(|count| *count.lock().expect("a count")).collect();
            server.start_again();
            for (run, batches) in known.iter().enumerate() {
                let runs = logs(&mut server.api());
                let stored = &runs[&format!("run-{run}")];
                assert_eq!(stored["RetCode"], 2, "it goes on");
                let log = stored["Log"].as_str().expect("a log");
                let lines = log.lines().count() as u64;
                assert!(lines >= batches * LINES_IN_A_BATCH, "kill {kill}: {lines} lines of {batches} batches");
            }
            *address.lock().expect("an address") = server.address();
        }
    });
    let end = [("runlog.ret_code", Value::IntValue(0))];
    (0..RUNS).for_each(|run| deliver(&address, &message(run, last_batch, &end)));
    let expected: Vec<String> =
        (0..(last_batch + 1) * LINES_IN_A_BATCH).map(|number| format!("line-{number}.")).collect();
    let runs = logs(&mut server.api());
    assert_eq!(runs.len(), RUNS);
    for (id, run) in runs {
        assert_eq!((run["RetCode"].as_i64(), run["InvokeFinished"].as_i64()), (Some(0), Some(1)), "{id}");
        let log = run["Log"].as_str().expect("a log");
        let lines: Vec<&str> = log.lines().filter_map(|line| line.rsplit(' ').next()).collect();
        assert_eq!(lines, expected, "{id}");
    }
}

#[test]
fn on_a_full_disk_nothing_is_acknowledged_and_what_is_sent_again_is_stored_once() {
    let mut server = Setup::new().largest_file_kib(256).start();
    let address = Mutex::new(server.address());
    let send = |server: &Server, batch: u64| {
        let api = server.api();
        let request = api.native("POST", "/v1/logs").header("Content-Type", "application/x-protobuf");
        Connection::open(server.address()).exchange(&request.body(message(0, batch, &[]))).expect("an answer")
    };
    let refused = (0..10_000).find(|batch| {
        let response = send(&server, *batch);
        let is_refused = response.status == 503;
        assert!(is_refused || response.status == 200, "{}", response.text());
        assert_eq!(response.header("Retry-After").is_some(), is_refused);
        is_refused
    });
    let refused = refused.expect("a full disk");
    assert!(refused > 1);
    assert_eq!(send(&server, refused).status, 503, "it is not there, so it is not taken for known");
    assert_eq!(send(&server, 0).status, 200, "what was acknowledged before is there");
    server.kill();
    server.lift_limits();
    server.start_again();
    *address.lock().expect("an address") = server.address();
    (0..=refused).rev().for_each(|batch| deliver(&address, &message(0, batch, &[])));
    // A run in flight has its lines as they arrived; the finish puts them in order.
    let last = refused + 1;
    deliver(&address, &message(0, last, &[("runlog.ret_code", Value::IntValue(0))]));
    let runs = logs(&mut server.api());
    let log = runs["run-0"]["Log"].as_str().expect("a log");
    let lines: Vec<&str> = log.lines().filter_map(|line| line.rsplit(' ').next()).collect();
    let expected: Vec<String> = (0..(last + 1) * LINES_IN_A_BATCH).map(|number| format!("line-{number}.")).collect();
    assert_eq!(lines, expected);
}

#[test]
fn an_open_run_is_taken_up_again_after_a_kill_and_ends_when_it_stays_silent() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let data = folder.path().join("data");
    let process = [("service.name", text("f")), ("service.instance.id", text("i"))];
    let send = |api: &mut Api, second: u64, body: &str| {
        let message = request(&process, vec![record(BASE_NS + second * 1_000_000_000, body, &[])]);
        let request = otlp::post(api.native("POST", "/v1/logs"), &message);
        assert_eq!(otlp::rejected(&otlp::answer(&api.exchange(&request))).0, 0);
    };
    for (second, body) in [(0, "before"), (1, "after")] {
        let mut server = Setup::new().option("otlp-idle", "3600").start_on(&data);
        let mut api = server.api();
        assert_eq!(api.metric("runlog_otlp_open_runs"), second as f64);
        send(&mut api, second, body);
        let runs = logs(&mut api);
        assert_eq!(runs.len(), 1, "the line after the kill belongs to the run before it");
        assert!(runs.values().all(|run| run["RetCode"] == 2), "it goes on");
        server.kill();
    }
    // Nothing is sent any more, and the run ends all the same.
    let server = Setup::new().option("otlp-idle", "1").start_on(&data);
    let mut api = server.api();
    let run = eventually("the end of the run", || {
        logs(&mut api).pop_first().map(|(_, run)| run).filter(|run| run["InvokeFinished"] == 1)
    });
    let log = run["Log"].as_str().expect("a log");
    assert!(log.contains(" before\n") && log.contains(" after\n"), "{log}");
    assert_eq!((run["RetCode"].as_i64(), run["Duration"].as_f64()), (Some(0), Some(1000.0)));
}
