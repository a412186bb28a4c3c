//! Bodies that become far more than was sent: refused before they are, and never more of them at a time than fit.

mod support;

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::json;
use support::{Api, Connection, Response, Server, Setup, Watch, eventually};

/// What one of these requests may take above what an idle server has. Before there were bounds, it was up to 3.5 GB.
const ABOVE_IDLE_MAX: u64 = 128 << 20;

fn gzip(data: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(data).expect("memory");
    encoder.finish().expect("memory")
}

fn varint(mut number: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    while number >= 128 {
        bytes.push((number % 128 + 128) as u8);
        number /= 128;
    }
    bytes.push(number as u8);
    bytes
}

fn field(tag: u8, inside: &[u8]) -> Vec<u8> {
    [&[tag], &varint(inside.len())[..], inside].concat()
}

/// Empty log records of one function: two bytes each, 16 MB in all.
fn empty_records() -> Vec<u8> {
    let name = [field(0x0a, b"service.name"), field(0x12, &field(0x0a, b"f"))].concat();
    let resource = field(0x0a, &field(0x0a, &name));
    field(0x0a, &[resource, field(0x12, &[0x12, 0].repeat(8_000_000))].concat())
}

fn post(api: &mut Api, path: &str, (content_type, encoding): (&str, &str), body: &[u8]) -> Response {
    let mut request = api.native("POST", path).header("Content-Type", content_type).body(body);
    if !encoding.is_empty() {
        request.set_header("Content-Encoding", encoding);
    }
    api.exchange(&request)
}

#[test]
fn what_becomes_far_more_than_was_sent_is_refused_and_takes_little_memory() {
    let server = Setup::new().start();
    let (protobuf, json) = ("application/x-protobuf", "application/json");
    let newlines = vec![b'\n'; 256 << 20];
    let ones = [b"[1", ",1".repeat(32 << 20).as_bytes(), b"]"].concat();
    let records = empty_records();
    let mut failures = Vec::new();
    for (about, path, form, body, says) in [
        ("empty records", "/v1/logs", (protobuf, ""), records.clone(), "100000 log records"),
        ("empty records, packed", "/v1/logs", (protobuf, "gzip"), gzip(&records), "100000 log records"),
        ("an array of ones", "/api/v1/runs", (json, ""), ones[..40 << 20].to_vec(), "ingest_max_records"),
        ("an array of ones, packed", "/api/v1/runs", (json, "gzip"), gzip(&ones), "unpacks to more"),
        ("newlines, gzip", "/api/v1/runs", (json, "gzip"), gzip(&newlines), "unpacks to more"),
        (
            "newlines, zstd",
            "/api/v1/runs",
            (json, "zstd"),
            zstd::encode_all(&newlines[..], 19).expect("memory"),
            "unpacks to more",
        ),
    ] {
        let watch = Watch::begin(server.process_id());
        let response = post(&mut server.api(), path, form, &body);
        let above = watch.end();
        println!("{about}: {} bytes sent, peak {} MiB above idle", body.len(), above >> 20);
        assert_eq!(response.status, 413, "{about}: {}", response.text());
        assert!(response.text().contains(says), "{about}: {}", response.text());
        if above > ABOVE_IDLE_MAX {
            failures.push(format!("{about}: {} MiB above idle", above >> 20));
        }
    }
    assert!(failures.is_empty(), "{failures:?}");
    server.api().ingest_new(&[json!({ "FunctionName": "others are served" })]);
}

#[test]
fn a_key_that_may_write_nothing_is_refused_before_its_body_is_unpacked() {
    let server = Server::start();
    let reads = r#"{"version":"2.0","statement":[{"effect":"allow","action":"scf:*","resource":"*"}]}"#;
    let mut api = Api::new(server.address(), server.make_key("100000000001", &[reads]));
    for path in ["/api/v1/runs", "/v1/logs"] {
        // It cannot be unpacked at all, which nobody notices.
        let response = eventually("the key to be known", || {
            Some(post(&mut api, path, ("application/json", "gzip"), b"no gzip")).filter(|answer| answer.status != 401)
        });
        assert_eq!(response.status, 403, "{path}: {}", response.text());
        assert!(response.text().contains("runlog:PutRuns"), "{path}: {}", response.text());
    }
}

#[test]
fn bodies_in_memory_share_one_budget_and_give_it_back() {
    // Of 1.25 MiB each at least.
    const FIT: usize = 102;
    let server = Setup::new().option("ingest-memory", "134217728").option("ingest-max-concurrent", "200").start();
    let begin = || {
        let mut request = server.api().native("POST", "/api/v1/runs");
        request.set_header("Content-Length", "100");
        let mut connection = Connection::open(server.address());
        connection.write(&request.bytes()).expect("a head");
        connection.write(b"[").expect("a byte");
        connection
    };
    let mut open: Vec<Connection> = (0..=FIT).map(|_| begin()).collect();
    let (array, json) = (b"[]", ("application/json", ""));
    let refused = eventually("a refusal", || {
        // A question that came in between may have kept one of the others out.
        open.push(begin());
        let response = post(&mut server.api(), "/api/v1/runs", json, array);
        (response.status != 200).then_some(response)
    });
    assert_eq!((refused.status, refused.header("Retry-After")), (503, Some("1")), "{}", refused.text());
    assert!(refused.text().contains("ingest_memory"), "{}", refused.text());
    drop(open);
    eventually("room again", || (post(&mut server.api(), "/api/v1/runs", json, array).status == 200).then_some(()));
}
