//! What answers cost in memory: little, however long the logs, and nothing once a reader that does not read is cut off.

mod support;

use std::io::{Read, Write};
use std::net::TcpStream;

use serde_json::json;
use support::{Api, Form, PATIENCE, Request, Server, Setup, Stream, Watch, anonymous_bytes, eventually};

const LOG_BYTES: usize = 6 << 20;
const RUNS: usize = 40;

/// What all open answers together may take above what an idle server has.
const ABOVE_IDLE_MAX: u64 = 200 << 20;

/// A server with runs whose logs are as long as a log can be.
fn server_with_large_logs(setup: Setup) -> Server {
    let server = setup.start();
    let mut api = server.api();
    for id in 0..RUNS {
        let line = format!("{id} the quick brown fox jumps over the lazy dog \"again\"\n");
        let mut log = line.repeat(LOG_BYTES / line.len());
        log.extend(std::iter::repeat_n('x', LOG_BYTES - log.len()));
        let run = json!({ "FunctionName": "f", "RequestId": format!("r{id}"), "Log": log });
        api.ingest_new(&[run]);
    }
    server
}

fn page_of_logs(api: &Api, limit: usize) -> Request {
    api.unsigned("GetFunctionLogs", json!({ "FunctionName": "f", "Limit": limit })).request(Form::JSON)
}

/// Reads an answer to its end without keeping it: its bytes, and its last ones.
fn drain(stream: &mut Stream) -> (u64, Vec<u8>) {
    let (mut bytes, mut last, mut part) = (0, Vec::new(), vec![0; 64 << 10]);
    loop {
        let read = stream.read(&mut part).expect("the answer goes on to its end");
        if read == 0 {
            return (bytes, last);
        }
        bytes += read as u64;
        last.extend_from_slice(&part[..read]);
        last.drain(..last.len().saturating_sub(100));
    }
}

#[test]
fn a_page_of_large_logs_takes_little_memory() {
    let server = server_with_large_logs(Setup::new());
    let api = server.api();
    let native = |query: &str| api.native("GET", &format!("/api/v1/{query}"));
    let whole = (RUNS * LOG_BYTES) as u64;
    let mut failures = Vec::new();
    for (name, request, bytes_min) in [
        ("signed", page_of_logs(&api, 10_000), whole),
        ("signed, gzip", page_of_logs(&api, 10_000).header("Accept-Encoding", "gzip"), 0),
        ("native, no texts", native("runs?limit=1000&fields=RequestId"), 0),
        ("native", native("runs?limit=1000"), 0),
        ("one run", native("runs/r1"), LOG_BYTES as u64),
        ("export", native("export"), whole),
        ("export without texts", native("export?fields=RequestId"), 0),
        ("export as Parquet", native("export?format=parquet"), 0),
    ] {
        let watch = Watch::begin(server.process_id());
        let (head, mut stream) = Stream::open(server.address(), &request).expect("an answer");
        let (bytes, last) = match head.header("transfer-encoding") {
            Some(_) => drain(&mut stream),
            None => (head.body.len() as u64, head.body.clone()),
        };
        let above = watch.end();
        println!("{name}: {} MiB, peak {} MiB above idle", bytes >> 20, above >> 20);
        assert_eq!(head.status, 200, "{name}");
        assert!(bytes >= bytes_min, "{name}: {bytes} bytes");
        if above > ABOVE_IDLE_MAX {
            failures.push(format!("{name}: {} MiB above idle", above >> 20));
        }
        if name == "signed" {
            let text = String::from_utf8_lossy(&last).into_owned();
            assert!(text.ends_with("\"}}") && text.contains("\"RequestId\":\""), "{text}");
        }
    }
    assert!(failures.is_empty(), "{failures:?}");
}

#[test]
fn a_reader_that_does_not_read_is_cut_off_and_its_memory_freed() {
    let server = server_with_large_logs(Setup::new().option("client-timeout", "2"));
    let mut api = server.api();
    let watch = Watch::begin(server.process_id());
    let idle = watch.idle();
    let requests = [
        page_of_logs(&api, 20),
        page_of_logs(&api, 10_000),
        api.native("GET", "/api/v1/runs?limit=1000"),
        api.native("GET", "/api/v1/export"),
    ];
    // Of exports there may be eight at a time.
    let readers: Vec<TcpStream> = (0..8)
        .flat_map(|_| &requests)
        .map(|request| {
            let mut tcp = TcpStream::connect(server.address()).expect("a connection");
            tcp.write_all(&request.bytes()).expect("a request");
            tcp.set_read_timeout(Some(PATIENCE)).expect("a timeout");
            tcp
        })
        .collect();
    let page = api.get("/api/v1/histogram");
    assert_eq!(page["total"], json!(RUNS), "what is short is answered meanwhile");
    eventually("an export of another reader", || {
        let request = api.native("GET", "/api/v1/export?fields=RequestId");
        let (head, mut stream) = Stream::open(server.address(), &request).ok()?;
        (head.status == 200).then(|| stream.read_whole().expect("a whole export"))
    });
    eventually("no answer that waits", || (api.metric("runlog_answers_waiting_bytes") < 100_000.0).then_some(()));
    let peak = watch.end();
    let left = anonymous_bytes(server.process_id()).saturating_sub(idle);
    println!("peak {} MiB above idle, {} MiB after it", peak >> 20, left >> 20);
    // The allocator keeps some for the answers to come.
    assert!(left <= ABOVE_IDLE_MAX, "{} MiB above idle at the end", left >> 20);
    assert!(peak <= 2 * ABOVE_IDLE_MAX, "{} MiB above idle", peak >> 20);
    for mut tcp in readers {
        let mut answer = Vec::new();
        // Whatever was on its way comes, then the connection is at its end or reset.
        let _ = tcp.read_to_end(&mut answer);
        assert!(!answer.ends_with(b"\r\n0\r\n\r\n"), "an answer that nobody took was cut off");
    }
}
