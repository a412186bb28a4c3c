//! Requests that mean harm, or that were broken on the way. Whatever comes, the server answers or closes the
//! connection, serves the next client, and never panics (which [`Server`] checks when it ends).
#![allow(clippy::disallowed_methods, reason = "the tests measure time")]

mod support;

use std::io::Write;
use std::time::{Duration, Instant};

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};
use support::{Answer, Api, Connection, Form, Request, Response, Server, Setup};

/// A server with one run, and what is done to it.
struct Target(Server);

impl Target {
    fn start() -> Self {
        // The smallest limit of a body that still has room for the bombs below.
        let server = Setup::new().option("ingest-max-body", "2000000").option("log-level", "debug").start();
        server.api().ingest_new(&[json!({ "FunctionName": "good", "RequestId": "good", "Log": "still here" })]);
        Self(server)
    }

    fn api(&self) -> Api {
        self.0.api()
    }

    fn connect(&self) -> Connection {
        Connection::open(self.0.address())
    }

    /// A new client is served, and nothing has panicked.
    fn assert_serves(&self, after: &str) {
        let answer = self.api().logs(json!({ "FunctionName": "good" }));
        assert_eq!(answer.code(), None, "after {after}");
        assert!(answer.ids().contains(&"good"), "after {after}: {}", answer.text);
        let log = self.0.stderr();
        assert!(!log.contains("panicked"), "after {after}:\n{log}");
    }

    /// Sends bytes as they are, and lets the server close the connection.
    fn raw(&self, about: &str, bytes: &[u8]) {
        let mut connection = self.connect();
        // A server that has seen enough closes at once; then writing or reading fails, and that is an answer.
        let _ = connection.write(bytes);
        connection.finish_writing();
        let _ = connection.read_to_end();
        self.assert_serves(about);
    }

    /// A body of some content type with a signature that is right, so that it gets past that.
    fn signed_as(&self, about: &str, content_type: &str, body: impl Into<Vec<u8>>) -> Answer {
        let call = self.api().unsigned("GetFunctionLogs", Value::Null);
        let request = call.tc3(Request::new("POST", "/").body(body), content_type, false);
        let answer = self.api().send(&request);
        self.assert_serves(about);
        answer
    }

    fn signed(&self, about: &str, body: impl Into<Vec<u8>>) -> Answer {
        self.signed_as(about, "application/json", body)
    }

    /// A query string with a signature that is right.
    fn signed_query(&self, about: &str, query: &str) -> Answer {
        let call = self.api().unsigned("GetFunctionLogs", Value::Null);
        let request = Request::new("GET", &format!("/?{query}"));
        let answer = self.api().send(&call.tc3(request, "application/x-www-form-urlencoded", false));
        self.assert_serves(about);
        answer
    }

    /// Puts a body in, with an encoding.
    fn ingest(&self, about: &str, encoding: &str, body: Vec<u8>) -> Response {
        let mut api = self.api();
        let mut request = api.native("POST", "/api/v1/runs").body(body);
        if !encoding.is_empty() {
            request.set_header("Content-Encoding", encoding);
        }
        let response = api.exchange(&request);
        self.assert_serves(about);
        response
    }
}

fn gzip(data: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(data).expect("memory");
    encoder.finish().expect("memory")
}

#[test]
fn bytes_that_are_no_http() {
    let target = Target::start();
    for (about, bytes) in [
        ("nothing", &b""[..]),
        ("garbage", b"\x00\x01\x02\xff\xfe\r\n\r\n"),
        ("words", b"hello there\r\n\r\n"),
        ("a newline", b"\n"),
        ("HTTP/2 without asking", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
        ("an SSH client", b"SSH-2.0-OpenSSH_9.6\r\n"),
        ("a version from the future", b"GET / HTTP/9.9\r\nHost: h\r\n\r\n"),
        ("no version", b"GET /\r\n\r\n"),
        ("a half request line", b"GET / HT"),
        ("a half header", b"GET / HTTP/1.1\r\nHost: h\r\nX-TC-Act"),
        ("a NUL in a header", b"GET / HTTP/1.1\r\nHost: h\r\nX: a\x00b\r\n\r\n"),
        ("a header without a name", b"GET / HTTP/1.1\r\n: x\r\n\r\n"),
        ("a folded header", b"GET / HTTP/1.1\r\nHost: h\r\n folded\r\n\r\n"),
        ("a bare line end in a header", b"GET / HTTP/1.1\r\nHost: h\nX-TC-Action: y\r\r\n\r\n"),
        ("a space in the path", b"GET / x HTTP/1.1\r\nHost: h\r\n\r\n"),
        ("a path with every byte", b"GET /\x7f\xc3\x28\x80 HTTP/1.1\r\nHost: h\r\n\r\n"),
        ("CONNECT", b"CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n\r\n"),
        ("an asterisk", b"OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n"),
        ("a whole URL", b"GET http://example.com/ HTTP/1.1\r\nHost: example.com\r\nConnection: close\r\n\r\n"),
        ("an upgrade", b"GET / HTTP/1.1\r\nHost: h\r\nConnection: upgrade, close\r\nUpgrade: websocket\r\n\r\n"),
    ] {
        target.raw(about, bytes);
    }
}

#[test]
fn bodies_that_are_framed_wrong() {
    let target = Target::start();
    for (about, framing, body) in [
        ("a length that is no number", "Content-Length: ten\r\n", "{}"),
        ("a negative length", "Content-Length: -1\r\n", "{}"),
        ("a length beyond 64 bits", "Content-Length: 99999999999999999999999\r\n", "{}"),
        ("two lengths", "Content-Length: 2\r\nContent-Length: 3\r\n", "{}x"),
        ("a length and chunks", "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n", "2\r\n{}\r\n0\r\n\r\n"),
        ("a body that is cut off", "Content-Length: 100\r\n", "{\"FunctionName\":"),
        ("a chunk size that is no number", "Transfer-Encoding: chunked\r\n", "zz\r\n{}\r\n0\r\n\r\n"),
        ("a chunk size beyond 64 bits", "Transfer-Encoding: chunked\r\n", "fffffffffffffffff\r\n{}\r\n"),
        ("a chunk that is cut off", "Transfer-Encoding: chunked\r\n", "ff\r\n{}"),
        ("no last chunk", "Transfer-Encoding: chunked\r\n", "2\r\n{}\r\n"),
        ("a chunk without its line end", "Transfer-Encoding: chunked\r\n", "2\r\n{}3\r\nabc\r\n0\r\n\r\n"),
        ("an encoding of the transfer that is unknown", "Transfer-Encoding: br\r\n", "{}"),
        ("a chunk extension without an end", "Transfer-Encoding: chunked\r\n", "2;aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"),
    ] {
        for (path, credentials) in [("/", ""), ("/api/v1/runs", "Authorization: Basic eDp5\r\n")] {
            let head =
                format!("POST {path} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n{credentials}{framing}\r\n{body}");
            target.raw(&format!("{about} at {path}"), head.as_bytes());
        }
    }
}

#[test]
fn an_authorised_body_that_is_cut_off_stores_nothing_of_its_last_record() {
    let target = Target::start();
    let mut request =
        target.api().native("POST", "/api/v1/runs").body("{\"FunctionName\":\"good\",\"RequestId\":\"cut");
    request.set_header("Content-Length", "1000");
    target.raw("a record that is cut off", &request.bytes());
    assert_eq!(target.api().logs(json!({ "FunctionRequestId": "cut" })).total(), 0);
    let mut request = target.api().native("POST", "/api/v1/runs").body("5\r\n{\"Fun\r\nzz");
    request.set_header("Transfer-Encoding", "chunked");
    target.raw("chunks that break off", &request.bytes());
}

#[test]
fn tls_on_the_plain_port_is_closed_at_once() {
    let target = Target::start();
    let mut connection = target.connect();
    let started = Instant::now();
    // The first bytes of a TLS 1.2 ClientHello.
    let _ = connection.write(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03");
    assert_eq!(connection.read_to_end().unwrap_or_default(), b"");
    assert!(started.elapsed() < Duration::from_secs(5), "the client would have hung");
    target.assert_serves("a TLS hello");
}

#[test]
fn headers_without_an_end() {
    let target = Target::start();
    let many: String = (0..10_000).map(|at| format!("X-{at}: y\r\n")).collect();
    target.raw("ten thousand headers", format!("GET / HTTP/1.1\r\nHost: h\r\n{many}\r\n").as_bytes());
    let long = "x".repeat(4 << 20);
    target.raw("a header of 4 MiB", format!("GET / HTTP/1.1\r\nHost: h\r\nX-TC-Action: {long}\r\n\r\n").as_bytes());
    target.raw("a header name of 4 MiB", format!("GET / HTTP/1.1\r\nHost: h\r\n{long}: y\r\n\r\n").as_bytes());
    target.raw("a request line of 4 MiB", format!("GET /?{long} HTTP/1.1\r\nHost: h\r\n\r\n").as_bytes());
    target.raw("a method of 4 MiB", format!("{long} / HTTP/1.1\r\nHost: h\r\n\r\n").as_bytes());
}

#[test]
fn bodies_that_no_one_may_send() {
    let target = Target::start();
    let answer = target.signed("a body of 10 MiB and a byte", vec![b' '; (10 << 20) + 1]);
    assert_eq!(answer.code(), Some("RequestSizeLimitExceeded"));
    let response = target.ingest("more than the limit of ingest", "", vec![b'\n'; 2_000_001]);
    assert_eq!(response.status, 413, "{}", response.text());
    let mut request = target.api().native("POST", "/api/v1/runs");
    request.set_header("Content-Length", "99999999999");
    target.raw("a length that is only said", &request.bytes());
}

#[test]
fn json_that_is_not_what_it_should_be() {
    let target = Target::start();
    let deep = |open: &str, close: &str, depth| format!("{{\"Filter\":{}{}}}", open.repeat(depth), close.repeat(depth));
    for (about, body, code) in [
        ("half an object", br#"{"FunctionName":"#.to_vec(), "InvalidParameter"),
        ("a list", b"[]".to_vec(), "InvalidParameter"),
        ("a number", b"7".to_vec(), "InvalidParameter"),
        ("two objects", b"{}{}".to_vec(), "InvalidParameter"),
        ("a comma too many", br#"{"Limit":1,}"#.to_vec(), "InvalidParameter"),
        ("bytes that are not UTF-8", b"{\"FunctionName\":\"\xff\xfe\"}".to_vec(), "InvalidParameter"),
        ("UTF-16", b"\xff\xfe{\0}\0".to_vec(), "InvalidParameter"),
        ("a lone surrogate", br#"{"FunctionName":"\ud800"}"#.to_vec(), "InvalidParameter"),
        ("a name given twice", br#"{"Limit":1,"Limit":2}"#.to_vec(), "InvalidParameter"),
        ("a name given twice, escaped", br#"{"Limit":1,"\u004cimit":2}"#.to_vec(), "InvalidParameter"),
        ("100,000 lists in each other", deep("[", "]", 100_000).into_bytes(), "InvalidParameter"),
        ("100,000 objects in each other", deep("{\"a\":", "1}", 100_000).into_bytes(), "InvalidParameter"),
        ("lists without an end", "[".repeat(1 << 20).into_bytes(), "InvalidParameter"),
        ("a list of a million", format!("{{\"Filter\":[{}0]}}", "0,".repeat(1 << 20)).into_bytes(), "InvalidParameter"),
        (
            "ten thousand parameters",
            format!("{{{}\"z\":1}}", (0..10_000).map(|at| format!("\"a{at}\":1,")).collect::<String>()).into_bytes(),
            "InvalidParameter",
        ),
        ("a name of a mebibyte", format!("{{\"{}\":1}}", "n".repeat(1 << 20)).into_bytes(), "UnknownParameter"),
        (
            "a value of a mebibyte",
            format!("{{\"FunctionName\":\"{}\"}}", "v".repeat(1 << 20)).into_bytes(),
            "InvalidParameterValue",
        ),
        ("a NUL in a name", br#"{"Function\u0000Name":"f"}"#.to_vec(), "UnknownParameter"),
        ("a NUL in a value", br#"{"FunctionName":"good\u0000"}"#.to_vec(), "ResourceNotFound.FunctionName"),
        (
            "a number with 300 digits",
            format!("{{\"Limit\":{}}}", "9".repeat(300)).into_bytes(),
            "InvalidParameterValue",
        ),
        ("a number with an exponent", br#"{"Limit":1e400}"#.to_vec(), "InvalidParameterValue"),
        ("minus nothing", br#"{"Offset":-0}"#.to_vec(), ""),
        ("the end of time", br#"{"StartTime":"9999-12-30 00:00:00","EndTime":"9999-12-30 00:00:00"}"#.to_vec(), ""),
        (
            "a time after all others",
            br#"{"StartTime":"9999-12-31 23:59:60","EndTime":"99999-01-01 00:00:00"}"#.to_vec(),
            "InvalidParameterValue.DateTime",
        ),
        (
            "a time before all others",
            br#"{"StartTime":"-9999-01-01 00:00:00","EndTime":"0000-00-00 00:00:00"}"#.to_vec(),
            "InvalidParameterValue.DateTime",
        ),
        (
            "a cursor of garbage",
            br#"{"SearchContext":{"Offset":"AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB"}}"#.to_vec(),
            "InvalidParameterValue",
        ),
        (
            "a keyword of one byte too many",
            format!("{{\"SearchContext\":{{\"Keyword\":\"{}\"}}}}", "k".repeat(1025)).into_bytes(),
            "InvalidParameterValue",
        ),
    ] {
        let answer = target.signed(about, body);
        assert_eq!(answer.code().unwrap_or_default(), code, "{about}: {:.300}", answer.text);
        assert!(answer.text.len() < 20_000, "{about} is answered with {} bytes", answer.text.len());
    }
}

#[test]
fn queries_that_are_not_what_they_should_be() {
    let target = Target::start();
    for (about, query, code) in [
        ("a broken escape", "FunctionName=%zz", "InvalidParameter"),
        ("half an escape", "FunctionName=%4", "InvalidParameter"),
        ("bytes that are not UTF-8", "FunctionName=%ff%fe", "InvalidParameter"),
        ("a name given twice", "Limit=1&Limit=2", "InvalidParameter"),
        ("no name", "=1", "InvalidParameter"),
        ("a dot alone", ".=1", "InvalidParameter"),
        ("a group that is a value", "Filter=1&Filter.RetCode=is0", "InvalidParameter"),
        ("a list with a gap", "Filter.1=x", "InvalidParameter"),
        ("an index beyond 64 bits", "Filter.99999999999999999999=x", "InvalidParameter"),
        ("brackets without an end", "Filter[RetCode=is0", "InvalidParameter"),
        ("a NUL", "FunctionName=good%00", "ResourceNotFound.FunctionName"),
        ("ampersands", "&&&&", ""),
    ] {
        assert_eq!(target.signed_query(about, query).code().unwrap_or_default(), code, "{about}");
    }
    let many: String = (0..2000).map(|at| format!("a{at}=1&")).collect();
    assert_eq!(target.signed_query("2,000 fields", &many).code(), Some("InvalidParameter"));
    let deep = "A.".repeat(10_000) + "A=1";
    assert_eq!(target.signed_query("a name 10,000 deep", &deep).code(), Some("InvalidParameter"));
}

#[test]
fn multipart_that_is_not_what_it_should_be() {
    let target = Target::start();
    for (about, content_type, body) in [
        ("no boundary", "multipart/form-data", &b"--x--"[..]),
        ("an empty boundary", "multipart/form-data; boundary=", b"----"),
        ("no part", "multipart/form-data; boundary=x", b""),
        (
            "no end",
            "multipart/form-data; boundary=x",
            b"--x\r\nContent-Disposition: form-data; name=\"Limit\"\r\n\r\n1",
        ),
        (
            "a part without a name",
            "multipart/form-data; boundary=x",
            b"--x\r\nContent-Disposition: form-data\r\n\r\n1\r\n--x--",
        ),
        ("a part without a head", "multipart/form-data; boundary=x", b"--x\r\n\r\n1\r\n--x--"),
        (
            "bytes that are not UTF-8",
            "multipart/form-data; boundary=x",
            b"--x\r\nContent-Disposition: form-data; name=\"FunctionName\"\r\n\r\n\xff\r\n--x--",
        ),
    ] {
        let answer = target.signed_as(about, content_type, body);
        assert!(answer.code().is_some_and(|code| code.starts_with("Invalid")), "{about}: {}", answer.text);
    }
}

#[test]
fn one_slow_client_keeps_nobody_waiting() {
    let target = Target::start();
    let half = |bytes: &[u8]| {
        let mut connection = target.connect();
        connection.write(bytes).expect("a server that waits");
        connection
    };
    let whole = target.api().unsigned("GetFunctionLogs", json!({ "FunctionName": "good" })).request(Form::JSON).bytes();
    let mut waiting: Vec<Connection> = (0..200).map(|at| half(&whole[..(whole.len() - 1).min(at * 7)])).collect();
    let mut upload = target.api().native("POST", "/api/v1/runs");
    upload.set_header("Content-Length", "1000000");
    waiting.extend((0..32).map(|_| half(&upload.bytes())));
    let started = Instant::now();
    target.assert_serves("232 half requests");
    assert!(started.elapsed() < Duration::from_secs(5));
    // The rest of a request that came slowly is answered as usual.
    let mut slow = half(&[]);
    for byte in whole.chunks(40) {
        slow.write(byte).expect("a server that waits");
        std::thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(Answer::read(&slow.read().expect("an answer")).code(), None);
    drop(waiting);
    target.assert_serves("232 clients that went away");
}

#[test]
fn many_requests_in_one_write_are_answered_in_order() {
    let target = Target::start();
    let page = |offset: u64| {
        let params = json!({ "Offset": offset, "Limit": 0 });
        target.api().unsigned("GetFunctionLogs", params).request(Form::JSON).bytes()
    };
    let bytes: Vec<u8> = [page(0), page(20_000), page(1), page(30_000)].concat();
    let mut connection = target.connect();
    connection.write(&bytes).expect("a server that reads");
    let codes = [0, 1, 2, 3].map(|_| Answer::read(&connection.read().expect("an answer")).code().map(str::to_owned));
    assert_eq!(codes.map(Option::unwrap_or_default), ["", "LimitExceeded.Offset", "", "LimitExceeded.Offset"]);
}

#[test]
fn bombs_are_stopped_on_the_way() {
    let target = Target::start();
    let zeros = vec![0; 64 << 20];
    let line = [br#"{"FunctionName":"good","Log":""#.to_vec(), vec![b'x'; 40 << 20], b"\"}\n".to_vec()].concat();
    let zstd = |data: &[u8]| zstd::encode_all(data, 1).expect("memory");
    for (about, encoding, body) in [
        ("gzip of zeros", "gzip", gzip(&zeros)),
        ("zstd of zeros", "zstd", zstd(&zeros)),
        ("gzip of one line that is too long", "gzip", gzip(&line)),
        ("zstd of one line that is too long", "zstd", zstd(&line)),
        ("gzip in gzip", "gzip", gzip(&gzip(&zeros))),
    ] {
        let response = target.ingest(about, encoding, body);
        let text = response.text();
        let is_refused = [400, 413].contains(&response.status) || text.contains("\"accepted\":0");
        assert!(is_refused, "{about}: {} {text:.300}", response.status);
        assert!(text.len() < 100_000, "{about} is answered with {} bytes", text.len());
    }
    // 2 MB as sent may become 400 MB; this is more.
    let mut stream = zstd::Encoder::new(Vec::new(), 1).expect("memory");
    for _ in 0..500 {
        stream.write_all(&zeros[..1 << 20]).expect("memory");
    }
    let response = target.ingest("zstd of 500 MiB", "zstd", stream.finish().expect("memory"));
    assert_eq!(response.status, 413, "{:.300}", response.text());
}

#[test]
fn broken_compression_is_an_error() {
    let target = Target::start();
    let text = "{\"FunctionName\":\"good\"}\n".repeat(1000);
    let packed = gzip(text.as_bytes());
    for (about, encoding, body, status) in [
        ("no gzip", "gzip", text.clone().into_bytes(), 400),
        ("half of a gzip", "gzip", packed[..packed.len() / 2].to_vec(), 400),
        ("no zstd", "zstd", text.clone().into_bytes(), 400),
        ("gzip called zstd", "zstd", packed.clone(), 400),
        ("an encoding that is not served", "br", text.into_bytes(), 415),
    ] {
        let response = target.ingest(about, encoding, body);
        assert_eq!(response.status, status, "{about}: {}", response.text());
    }
}

#[test]
fn records_that_are_not_what_they_should_be() {
    let target = Target::start();
    let deep = format!("{{\"FunctionName\":{}1{}}}", "[".repeat(100_000), "]".repeat(100_000));
    let long_name = format!("{{\"FunctionName\":\"{}\"}}", "n".repeat(1 << 20));
    let long_field = format!("{{\"{}\":1}}", "n".repeat(1 << 20));
    for (about, record, code) in [
        ("words", "hello", "Malformed"),
        ("a list in a line", "{\"FunctionName\":\"good\"}[1]", "Malformed"),
        ("100,000 lists in each other", deep.as_str(), "Malformed"),
        ("a field of a mebibyte", long_field.as_str(), "Malformed"),
        ("a name of a mebibyte", long_name.as_str(), "TooLong"),
        ("a lone surrogate", r#"{"FunctionName":"\ud800"}"#, "Malformed"),
        ("a duration beyond all", r#"{"FunctionName":"good","Duration":1e308}"#, "Malformed"),
        ("a duration that is no number", r#"{"FunctionName":"good","Duration":"NaN"}"#, "Malformed"),
        ("memory beyond 64 bits", r#"{"FunctionName":"good","MemUsage":99999999999999999999}"#, "Malformed"),
        ("memory beyond 53 bits", r#"{"FunctionName":"good","MemUsage":9007199254740993}"#, "NumberTooLarge"),
        ("billed time beyond 53 bits", r#"{"FunctionName":"good","BillDuration":9007199254740993}"#, "NumberTooLarge"),
        ("a code beyond 32 bits", r#"{"FunctionName":"good","RetCode":99999999999}"#, "Malformed"),
        ("an attempt beyond 8 bits", r#"{"FunctionName":"good","RetryNum":256}"#, "Malformed"),
        ("a start before 1970", r#"{"FunctionName":"good","StartTime":-1}"#, "StartTooEarly"),
        ("a start beyond 64 bits", r#"{"FunctionName":"good","StartTime":99999999999999999999}"#, "Malformed"),
        (
            "a start at the end of 64 bits",
            r#"{"FunctionName":"good","StartTime":9223372036854775807}"#,
            "StartInFuture",
        ),
        ("a start at the end of time", r#"{"FunctionName":"good","StartTime":"9999-12-30 00:00:00"}"#, "StartInFuture"),
    ] {
        let response = target.ingest(about, "", format!("{record}\n").into_bytes());
        assert_eq!(response.status, 200, "{about}: {}", response.text());
        let report = support::IngestReport::read(&response);
        assert_eq!((report.accepted, report.refused), (0, vec![(1, code.to_owned())]), "{about}");
        assert!(response.body.len() < 20_000, "{about} is answered with {} bytes", response.body.len());
    }
    for body in ["[", "[{\"FunctionName\":\"good\"},", "[1,2", "[{]"] {
        assert_eq!(target.ingest(body, "", body.into()).status, 400, "{body}");
    }
}

#[test]
fn texts_with_anything_in_them_are_kept() {
    let target = Target::start();
    let record =
        json!({ "FunctionName": "odd\0name", "RequestId": "odd\0id", "Log": "a\0b\u{7}\u{1b}[0m\u{fffe}\u{10ffff}" });
    target.api().ingest_new(std::slice::from_ref(&record));
    let answer = target.api().logs(json!({ "FunctionName": "odd\0name", "FunctionRequestId": "odd\0id" }));
    assert_eq!(answer.rows()[0]["Log"], record["Log"]);
    // Bytes that are not UTF-8 are replaced, and counted.
    let response = target.ingest(
        "a log that is not UTF-8",
        "",
        b"{\"FunctionName\":\"good\",\"RequestId\":\"replaced\",\"Log\":\"a\xffb\"}\n".to_vec(),
    );
    assert_eq!(response.json()["utf8_replaced"], 1);
    assert_eq!(target.api().logs(json!({ "FunctionRequestId": "replaced" })).rows()[0]["Log"], "a\u{fffd}b");
}

#[test]
fn credentials_of_the_native_api_that_are_not_what_they_should_be() {
    let target = Target::start();
    let mut api = target.api();
    for header in [
        "",
        "Basic",
        "Basic ",
        "Basic !!!",
        "Basic eA==",
        "Basic /////w==",
        "Bearer x",
        "TC3-HMAC-SHA256 Credential=",
        &format!("Basic {}", "A".repeat(50_000)),
    ] {
        let request = Request::new("POST", "/api/v1/runs").header("Host", "h").header("Authorization", header);
        assert_eq!(api.exchange(&request).status, 401, "{header:.60}");
    }
    let bare = Request::new("POST", "/api/v1/runs").header("Host", "h").body("{\"FunctionName\":\"good\"}");
    let response = api.exchange(&bare);
    assert_eq!((response.status, response.header("WWW-Authenticate").is_some()), (401, true));
    target.assert_serves("wrong credentials");
}
