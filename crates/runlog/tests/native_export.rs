//! Exports: the rows of a query, all of them, of one moment; a short one never looks whole.

mod support;

use std::io::Read;
use std::thread;

use flate2::read::GzDecoder;
use serde_json::{Value, json};
use support::{Api, Response, Server, Stream};

const BASE_MS: i64 = 1_772_294_400_000;

/// Starts lie in clusters, many of them on the same millisecond, with days of nothing between.
fn run(id: u64) -> Value {
    let day = i64::try_from(id % 5).unwrap() * 20;
    let within = if id.is_multiple_of(3) { 0 } else { i64::try_from(id * 7919 % 60_000).unwrap() };
    json!({
        "FunctionName": format!("f{}", id % 7), "RequestId": format!("r,\"{id}\""), "RetCode": if id.is_multiple_of(10) { 430 } else { 0 },
        "StartTime": BASE_MS + day * 86_400_000 + within,
        "Log": format!("run {id}\n").repeat(1 + id as usize % 30),
    })
}

fn export(api: &Api, query: &str, encoding: Option<&str>) -> (Response, Stream) {
    let request = api.native("GET", &format!("/api/v1/export?{query}"));
    let request = encoding.iter().fold(request, |request, value| request.header("Accept-Encoding", value));
    let (head, stream) = Stream::open(api.address, &request).expect("an answer");
    assert_eq!(head.status, 200, "{query}: {}", head.text());
    (head, stream)
}

/// The lines of an export, and what its head says of their number.
fn lines(api: &Api, query: &str) -> (Vec<Value>, u64) {
    let (head, mut stream) = export(api, query, None);
    let text = String::from_utf8(stream.read_whole().expect("a whole export")).expect("UTF-8");
    let total = head.header("X-Runlog-Total").and_then(|total| total.parse().ok()).expect("a total");
    (text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect(), total)
}

/// Every row of a query, page after page.
fn pages(api: &mut Api, query: &str) -> Vec<Value> {
    let mut rows = Vec::new();
    let mut target = format!("/api/v1/runs?limit=1000&{query}");
    loop {
        let page = api.get(&target);
        rows.extend(page["runs"].as_array().expect("runs").iter().cloned());
        let Some(next) = page["next"].as_str() else { return rows };
        target = format!("/api/v1/runs?limit=1000&{query}&cursor={next}");
    }
}

#[test]
fn an_export_has_the_rows_of_the_query_in_its_order() {
    let server = Server::start();
    let mut api = server.api();
    for first in (0..6000).step_by(1000) {
        api.ingest_new(&(first..first + 1000).map(run).collect::<Vec<_>>());
    }
    api.ingest_new(&[json!({ "FunctionName": "f1", "RequestId": "in flight", "RetCode": 2 })]);
    for query in [
        "",
        "sort=start_time:asc",
        "function=f3&sort=start_time:asc",
        "keyword=run%2041",
        "result=failed&keyword=run",
        "from=0&to=99999999999999&fields=RequestId,Seq",
        "as_of=2500&fields=Seq&sort=start_time:asc",
        "function=nothing",
        "from=2030-01-01",
        "to=2026-03-01T00:00:30.001%2B08:00",
    ] {
        let (rows, total) = lines(&api, query);
        let frozen = if query.contains("as_of") { query.to_owned() } else { format!("{query}&as_of=6001") };
        let expected = pages(&mut api, frozen.trim_start_matches('&'));
        assert_eq!(rows, expected, "{query}");
        assert_eq!(total, rows.len() as u64, "{query}");
    }
    assert_eq!(lines(&api, "").1, 6000, "what is in flight is of no moment");
}

#[test]
fn an_export_that_was_cut_goes_on_after_any_run() {
    let server = Server::start();
    let mut api = server.api();
    api.ingest_new(&(0..900).map(run).collect::<Vec<_>>());
    for sort in ["start_time:asc", "start_time:desc"] {
        let query = format!("sort={sort}&fields=Seq,StartTime&keyword=run");
        let (head, mut stream) = export(&api, &query, None);
        let header = |name: &str| head.header(name).expect(name);
        let [as_of, from, to] = ["X-Runlog-As-Of", "X-Runlog-From", "X-Runlog-To"].map(header);
        let text = String::from_utf8(stream.read_whole().expect("a whole export")).expect("UTF-8");
        let all: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
        assert!(all.len() >= 900);
        // What comes later is of another moment, wherever it starts.
        let late = |id: u64| {
            let start = &run(id)["StartTime"];
            json!({ "FunctionName": sort, "RequestId": id.to_string(), "StartTime": start, "Log": "run" })
        };
        api.ingest_new(&(0..900).map(late).collect::<Vec<_>>());
        for at in [0, 1, 59, 60, 61, 300, 444, all.len() - 2, all.len() - 1] {
            let (start, seq) = (&all[at]["StartTime"], &all[at]["Seq"]);
            let after = format!("{query}&from={from}&to={to}&as_of={as_of}&after={start},{seq}");
            let (rest, total) = lines(&api, &after);
            assert_eq!((total, &rest[..]), (rest.len() as u64, &all[at + 1..]), "{after}");
        }
    }
    for (query, word) in [
        ("after=1,2", "needs `as_of`"),
        ("after=1&as_of=3", "StartTime and Seq"),
        ("format=parquet&fields=StartTimeText", "no column"),
    ] {
        let request = api.native("GET", &format!("/api/v1/export?{query}"));
        let answer = api.exchange(&request);
        assert!(answer.status == 400 && answer.text().contains(word), "{query}: {}", answer.text());
    }
}

#[test]
fn an_export_as_parquet_has_its_magic_and_its_names() {
    let server = Server::start();
    let mut api = server.api();
    api.ingest_new(&(0..2000).map(run).collect::<Vec<_>>());
    for (query, names) in
        [("", "StartTime"), ("fields=RequestId,StartTimeText", "RequestId"), ("function=nothing", "Log")]
    {
        let (head, mut stream) = export(&api, &format!("format=parquet&{query}"), Some("gzip, zstd"));
        assert_eq!(head.header("Content-Type"), Some("application/vnd.apache.parquet"));
        assert_eq!(head.header("Content-Encoding"), None, "its pages are compressed");
        let bytes = stream.read_whole().expect("a whole export");
        assert!(bytes.starts_with(b"PAR1") && bytes.ends_with(b"PAR1"));
        assert!(memchr::memmem::find(&bytes, names.as_bytes()).is_some());
        assert!(memchr::memmem::find(&bytes, b"StartTimeText").is_none());
    }
}

#[test]
fn an_export_is_compressed_as_the_client_likes_and_csv_if_asked() {
    let server = Server::start();
    let mut api = server.api();
    api.ingest_new(&(0..2000).map(run).collect::<Vec<_>>());
    let plain = export(&api, "", None).1.read_whole().expect("a whole export");
    let (head, mut stream) = export(&api, "", Some("gzip"));
    assert_eq!(head.header("Content-Encoding"), Some("gzip"));
    let (packed, mut unpacked) = (stream.read_whole().expect("a whole export"), Vec::new());
    GzDecoder::new(&packed[..]).read_to_end(&mut unpacked).expect("gzip");
    assert!(packed.len() < plain.len() / 2 && unpacked == plain);
    let (head, mut stream) = export(&api, "", Some("gzip, zstd"));
    assert_eq!(head.header("Content-Encoding"), Some("zstd"));
    let packed = stream.read_whole().expect("a whole export");
    assert_eq!(zstd::decode_all(&packed[..]).expect("zstd"), plain);

    let (head, mut stream) = export(&api, "format=csv&fields=RequestId,RetCode&sort=start_time:asc&function=f0", None);
    assert_eq!(head.header("Content-Type"), Some("text/csv; charset=utf-8"));
    let csv = String::from_utf8(stream.read_whole().expect("a whole export")).expect("UTF-8");
    let mut lines = csv.split_terminator("\r\n");
    assert_eq!((lines.next(), lines.next()), (Some("RequestId,RetCode"), Some("\"r,\"\"0\"\"\",430")));
    assert_eq!(lines.count(), 285);
}

#[test]
fn an_export_that_is_cut_short_does_not_look_whole() {
    let mut server = Server::start();
    let mut api = server.api();
    let heavy = |id: u64| json!({ "FunctionName": "f", "RequestId": id.to_string(), "StartTime": BASE_MS, "Log": format!("{id}\n").repeat(20_000) });
    for id in 0..300 {
        api.ingest_new(&[heavy(id)]);
    }
    let (head, mut stream) = export(&api, "", None);
    assert_eq!(head.header("X-Runlog-Total"), Some("300"));
    let mut some = [0; 1000];
    stream.read_exact(&mut some).expect("the first bytes");
    server.kill();
    assert!(stream.read_whole().is_err(), "cut, and not whole");
}

#[test]
fn exports_are_of_one_moment_and_bounded_in_number() {
    let server = Server::start();
    let mut api = server.api();
    let heavy = |id: u64| json!({ "FunctionName": "f", "RequestId": id.to_string(), "StartTime": BASE_MS + i64::try_from(id).unwrap(), "Log": format!("{id}\n").repeat(20_000) });
    for id in 0..200 {
        api.ingest_new(&[heavy(id)]);
    }
    let mut open: Vec<Stream> = (0..8).map(|_| export(&api, "fields=RequestId,Log", None).1).collect();
    let request = api.native("GET", "/api/v1/export");
    let busy = Stream::open(api.address, &request).expect("an answer").0;
    assert_eq!((busy.status, busy.header("Retry-After")), (503, Some("1")));
    for id in 200..220 {
        api.ingest_new(&[heavy(id)]);
    }
    thread::scope(|scope| {
        for stream in &mut open {
            scope.spawn(|| {
                let text = stream.read_whole().expect("a whole export");
                assert_eq!(text.iter().filter(|byte| **byte == b'\n').count(), 200);
            });
        }
    });
    drop(open);
    support::eventually("a free place", || {
        let (head, _) = Stream::open(api.address, &request).expect("an answer");
        (head.status == 200 && head.header("X-Runlog-Total") == Some("220")).then_some(())
    });
}
