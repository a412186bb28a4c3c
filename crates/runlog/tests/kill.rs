//! `kill -9` in the middle of concurrent ingest, twenty times in a row on one data folder. After each restart every
//! run that was acknowledged is there exactly once; one that was not is there at most once, and once it has been sent
//! again, exactly once.
#![allow(clippy::disallowed_methods, reason = "the test kills a process after a while")]

mod support;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};
use support::{Api, Connection, IngestReport, Key, Request, Server};

const ROUNDS: u64 = 20;
const WRITERS: u64 = 4;
/// Small, so that many batches are acknowledged and some are cut off.
const BATCH_RUNS: u64 = 7;
const PAGE_ROWS: u64 = 1000;
const DAY: (&str, &str) = ("2026-07-01 00:00:00", "2026-07-01 23:59:59");

/// What one writer knows of its batches when its server is gone.
#[derive(Default)]
struct Written {
    acknowledged: Vec<Value>,
    /// Sent, and the answer never came.
    in_doubt: Vec<Value>,
}

/// The runs of one batch. Some are started first and finished in the next batch.
fn batch(round: u64, writer: u64, number: u64) -> Vec<Value> {
    (0..BATCH_RUNS)
        .map(|at| {
            let ms = (round * 7 + writer * 3 + number * BATCH_RUNS + at) % 86_000;
            json!({
                "FunctionName": format!("writer-{writer}"),
                "Namespace": format!("round-{round}"),
                "RequestId": format!("{writer}-{number}-{at}"),
                "StartTime": 1_782_835_200_000_u64 + 1000 * ms,
                "Duration": number as f64 / 8.0,
                "MemUsage": at << 20,
                "RetCode": if at == 3 { 430 } else { 0 },
                "Log": format!("round {round}, writer {writer}, batch {number}, run {at}\n").repeat(1 + at as usize),
            })
        })
        .collect()
}

/// Writes batch after batch until the connection breaks.
fn write_until_killed(address: SocketAddr, round: u64, writer: u64, killed: &AtomicBool) -> Written {
    let mut written = Written::default();
    let Ok(mut connection) = Connection::try_open(address) else {
        return written;
    };
    let credentials = format!("Basic {}", STANDARD.encode(Key::root().pair()));
    for number in 0.. {
        let runs = batch(round, writer, number);
        let body: String = runs.iter().map(|run| format!("{run}\n")).collect();
        let request = Request::new("POST", "/api/v1/runs")
            .header("Host", &address.to_string())
            .header("Authorization", &credentials)
            .body(body);
        match connection.exchange(&request) {
            Ok(response) => {
                assert_eq!(response.status, 200, "{}", response.text());
                let report = IngestReport::read(&response);
                assert_eq!(report, IngestReport { accepted: BATCH_RUNS, ..IngestReport::default() });
                written.acknowledged.extend(runs);
            }
            Err(error) => {
                assert!(killed.load(Ordering::SeqCst), "the server went away by itself: {error}");
                written.in_doubt.extend(runs);
                return written;
            }
        }
    }
    written
}

/// How often each request id of a writer is there, and its log; by pages over the whole day.
fn found(api: &mut Api, round: u64, writer: u64) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for offset in (0..).step_by(PAGE_ROWS as usize) {
        let page = api.logs(json!({
            "FunctionName": format!("writer-{writer}"),
            "Namespace": format!("round-{round}"),
            "Offset": offset, "Limit": PAGE_ROWS, "Order": "asc",
            "StartTime": DAY.0, "EndTime": DAY.1,
        }));
        if page.code() == Some("ResourceNotFound.FunctionName") {
            return found;
        }
        for row in page.rows() {
            let text = |name: &str| row[name].as_str().expect("a text").to_owned();
            let id = text("RequestId");
            let before = found.insert(id.clone(), text("Log"));
            assert_eq!(before, None, "{id} of writer {writer} in round {round} is there twice");
        }
        if (page.rows().len() as u64) < PAGE_ROWS {
            assert_eq!(page.total(), found.len() as u64, "the total is the number of rows");
            return found;
        }
    }
    found
}

/// Every acknowledged run is there as it was sent, and nothing that was never sent.
fn check(api: &mut Api, round: u64, writer: u64, written: &Written) {
    let mut found = found(api, round, writer);
    for run in &written.acknowledged {
        let id = run["RequestId"].as_str().expect("an id");
        let log = found.remove(id);
        assert_eq!(log.as_deref(), run["Log"].as_str(), "{id} of writer {writer} in round {round} was acknowledged");
    }
    for run in &written.in_doubt {
        found.remove(run["RequestId"].as_str().expect("an id"));
    }
    assert!(found.is_empty(), "never sent: {:?}", found.keys());
}

#[test]
fn what_was_acknowledged_survives_twenty_kills_exactly_once() {
    let mut rng = StdRng::seed_from_u64(20);
    let mut server = Server::start();
    let mut acknowledged = 0;
    let mut cut_off = 0;
    for round in 0..ROUNDS {
        let (address, killed) = (server.address(), AtomicBool::new(false));
        let written: Vec<Written> = thread::scope(|scope| {
            let killed = &killed;
            let writers: Vec<_> = (0..WRITERS)
                .map(|writer| scope.spawn(move || write_until_killed(address, round, writer, killed)))
                .collect();
            thread::sleep(Duration::from_millis(rng.random_range(20..200)));
            killed.store(true, Ordering::SeqCst);
            server.kill();
            writers.into_iter().map(|writer| writer.join().expect("a writer")).collect()
        });
        server.start_again();
        let mut api = server.api();
        for (writer, written) in (0..).zip(&written) {
            check(&mut api, round, writer, written);
            let report = api.ingest(&written.in_doubt);
            assert_eq!(report.accepted + report.duplicates, written.in_doubt.len() as u64, "{report:?}");
            let whole =
                Written { acknowledged: [&written.acknowledged[..], &written.in_doubt].concat(), in_doubt: Vec::new() };
            check(&mut api, round, writer, &whole);
            acknowledged += written.acknowledged.len() as u64;
            cut_off += written.in_doubt.len() as u64;
        }
    }
    // All rounds once more, after one last kill.
    server.kill();
    server.start_again();
    let mut api = server.api();
    let stored: u64 = (0..ROUNDS)
        .flat_map(|round| (0..WRITERS).map(move |writer| (round, writer)))
        .map(|(round, writer)| found(&mut api, round, writer).len() as u64)
        .sum();
    assert_eq!(stored, acknowledged + cut_off);
    assert!(
        acknowledged > ROUNDS * BATCH_RUNS && cut_off > ROUNDS * BATCH_RUNS,
        "{acknowledged} and {cut_off} say too little"
    );
}

#[test]
fn runs_in_flight_and_their_finishes_survive_a_kill() {
    let mut server = Server::start();
    let start = |id: u64| json!({ "FunctionName": "f", "RequestId": format!("r{id}"), "StartTime": 1_782_835_200_000_u64 + id, "RetCode": 2, "Log": "started" });
    let finish = |id: u64| json!({ "FunctionName": "f", "RequestId": format!("r{id}"), "StartTime": 1_782_835_200_000_u64 + id, "RetCode": 0, "Log": "finished" });
    let mut api = server.api();
    api.ingest_new(&(0..20).map(start).collect::<Vec<_>>());
    api.ingest_new(&(0..10).map(finish).collect::<Vec<_>>());
    for kill in 0..3 {
        server.kill();
        server.start_again();
        let day = |filter: Value| json!({ "FunctionName": "f", "Limit": 100, "Order": "asc", "Filter": filter, "StartTime": DAY.0, "EndTime": DAY.1 });
        let answer = server.api().logs(day(json!({})));
        assert_eq!(answer.total(), 20, "after kill {kill}");
        let logs: Vec<&str> = answer.rows().iter().filter_map(|row| row["Log"].as_str()).collect();
        assert_eq!(logs, [["finished"; 10], ["started"; 10]].concat(), "after kill {kill}");
        assert_eq!(server.api().logs(day(json!({ "RetCode": "is0" }))).total(), 10);
    }
    let mut api = server.api();
    assert_eq!(api.ingest(&(0..10).map(start).collect::<Vec<_>>()).duplicates, 10, "a start after its own finish");
    api.ingest_new(&(10..20).map(finish).collect::<Vec<_>>());
    assert_eq!(api.ingest(&(0..20).map(finish).collect::<Vec<_>>()).duplicates, 20);
}
