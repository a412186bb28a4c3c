//! A server's life: its first start, its data folder, TLS, health, and how it stops.
#![allow(clippy::disallowed_methods, reason = "the tests look at files and measure time")]

mod support;

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::{Duration, Instant};

use runlog_client::{Client, GetFunctionLogs};
use serde_json::{Value, json};
use support::{Answer, Api, Connection, Form, Key, Request, Server, Setup, eventually, key_in_text};

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap_or_else(|error| panic!("{}: {error}", path.display())).permissions().mode() & 0o777
}

#[test]
fn the_first_start_makes_a_root_key_and_prints_it_this_once() {
    let mut server = Setup::plain().start();
    let key = eventually("the root key", || key_in_text(&server.stdout()));
    let mut api = Api::new(server.address(), key.clone());
    api.ingest_new(&[json!({ "FunctionName": "f" })]);
    assert_eq!(api.logs(json!({})).total(), 1);
    assert!(server.stop().success());
    server.start_again();
    assert_eq!(Api::new(server.address(), key.clone()).logs(json!({})).total(), 1);
    assert!(!server.stdout().contains("SecretKey"), "{}", server.stdout());
    assert!(!server.stderr().contains(&key.secret_key), "secrets are not logged");
}

#[test]
fn the_data_folder_is_its_owners_alone() {
    let server = Setup::plain().option("tls-self-signed", "true").start();
    let data = server.data();
    assert_eq!(mode(data), 0o700);
    for file in ["keys.json", "tls/key.pem"] {
        assert_eq!(mode(&data.join(file)), 0o600, "{file}");
    }
}

#[test]
fn a_second_server_on_the_same_folder_is_refused() {
    let server = Server::start();
    let output = Setup::new().command(server.data()).output().expect("the program");
    let message = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{message}");
    let folder = server.data().to_str().expect("UTF-8");
    assert!(message.contains(folder) && message.contains("another process"), "{message}");
    assert_eq!(server.api().logs(json!({})).code(), None, "the first one is not disturbed");
}

#[test]
fn a_port_that_is_taken_is_an_error() {
    let server = Server::start();
    let folder = tempfile::tempdir().expect("a folder");
    let taken = Setup::new().option("listen", &server.address().to_string());
    let output = taken.command(&folder.path().join("data")).output().expect("the program");
    let message = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{message}");
    assert!(message.contains("cannot listen on") && message.contains("another server"), "{message}");
}

#[test]
fn stopping_lets_an_open_request_finish_and_takes_no_new_ones() {
    let mut server = Server::start();
    let mut request = server.api().native("POST", "/api/v1/runs");
    let body = format!("{}\n", json!({ "FunctionName": "f", "RequestId": "r", "StartTime": "2026-07-01 08:00:00" }));
    request.set_header("Content-Length", &body.len().to_string());
    let mut upload = Connection::open(server.address());
    upload.write(&request.bytes()).expect("a server that reads");
    let (before, after) = body.split_at(20);
    upload.write(before.as_bytes()).expect("a server that reads");
    let mut idle = Connection::open(server.address());
    let whoami = server.api().unsigned("ListFunctions", Value::Null).request(Form::JSON);
    assert_eq!(Answer::read(&idle.exchange(&whoami).expect("an answer")).code(), None);
    server.terminate();
    eventually("the end of the listener", || Connection::try_open(server.address()).is_err().then_some(()));
    assert_eq!(idle.read_to_end().unwrap_or_default(), b"", "a connection without a request is closed");
    upload.write(after.as_bytes()).expect("a server that still reads");
    let response = upload.read().expect("an answer");
    assert_eq!((response.status, response.json()["accepted"].as_u64()), (200, Some(1)), "{}", response.text());
    let status = server.wait();
    assert!(status.success(), "{status}: {}", server.stderr());
    server.start_again();
    assert_eq!(server.api().logs(json!({ "FunctionRequestId": "r" })).total(), 1);
}

#[test]
fn a_connection_that_has_not_said_a_word_does_not_delay_stopping() {
    for tls in ["false", "true"] {
        let mut server = Setup::new().option("tls-self-signed", tls).start();
        let _silent = [Connection::open(server.address()), Connection::open(server.address())];
        server.api().call("ListFunctions", Value::Null);
        let started = Instant::now();
        assert!(server.stop().success(), "{}", server.stderr());
        assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
    }
}

#[test]
fn a_request_that_never_ends_is_cut_off_after_the_grace() {
    let mut server = Setup::new().option("shutdown-grace", "1").start();
    let mut request = server.api().native("POST", "/api/v1/runs");
    request.set_header("Content-Length", "1000");
    let mut upload = Connection::open(server.address());
    upload.write(&request.bytes()).expect("a server that reads");
    // Until the request has surely been read, it would count as idle.
    std::thread::sleep(Duration::from_millis(200));
    let started = Instant::now();
    let status = server.stop();
    assert!(status.success(), "{status}: {}", server.stderr());
    let took = started.elapsed();
    assert!((Duration::from_millis(900)..Duration::from_secs(10)).contains(&took), "{took:?}");
    drop(upload);
}

#[test]
fn http_and_https_are_served_on_one_port() {
    let mut server = Setup::new().option("tls-self-signed", "true").start();
    server.api().ingest_new(&[json!({ "FunctionName": "f", "RequestId": "r", "StartTime": "2026-07-01 08:00:00" })]);
    assert!(server.stdout().contains("(and https on the same port)"), "{}", server.stdout());
    let certificate = std::fs::read(server.data().join("tls/cert.pem")).expect("a certificate");
    let ask = |host: &str, certificate: Option<&[u8]>, server: &Server| {
        let endpoint = format!("https://{host}:{}", server.address().port());
        let key = Key::root();
        let mut builder = Client::builder(endpoint).credential(key.secret_id, key.secret_key).retries(0);
        if let Some(pem) = certificate {
            builder = builder.ca_certificate(pem);
        }
        let request = GetFunctionLogs { function_request_id: Some("r".to_owned()), ..GetFunctionLogs::default() };
        builder.build().expect("a client").get_function_logs(&request)
    };
    for host in ["127.0.0.1", "localhost"] {
        assert_eq!(ask(host, Some(&certificate), &server).expect("an answer").total_count, 1, "{host}");
    }
    let untrusted = ask("127.0.0.1", None, &server).expect_err("no one vouches for the certificate");
    assert!(matches!(untrusted, runlog_client::Error::Tls { .. }), "{untrusted}");
    assert_eq!(server.api().logs(json!({ "FunctionRequestId": "r" })).total(), 1, "plain http on the same port");
    // A handshake that breaks off, and bytes that only begin like one.
    for bytes in [&b"\x16"[..], b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc", b"\x16GET / HTTP/1.1\r\n\r\n"] {
        let mut connection = Connection::open(server.address());
        connection.write(bytes).expect("a server that reads");
        connection.finish_writing();
        // Nothing or a TLS alert.
        let _ = connection.read_to_end();
    }
    assert!(server.stop().success());
    server.start_again();
    let same = ask("127.0.0.1", Some(&certificate), &server).expect("the same certificate after a restart");
    assert_eq!(same.total_count, 1);
}

#[test]
fn a_certificate_of_ones_own() {
    let made = Setup::new().option("tls-self-signed", "true").start();
    let (cert, key) = (made.data().join("tls/cert.pem"), made.data().join("tls/key.pem"));
    let (cert, key) = (cert.to_str().expect("UTF-8"), key.to_str().expect("UTF-8"));
    let server = Setup::new().option("tls-cert", cert).option("tls-key", key).start();
    let root = Key::root();
    let client = Client::builder(format!("https://{}", server.address()))
        .credential(root.secret_id, root.secret_key)
        .ca_certificate(std::fs::read(cert).expect("a certificate"))
        .build()
        .expect("a client");
    assert_eq!(client.get_function_logs(&GetFunctionLogs::default()).expect("an answer").total_count, 0);
    for (cert, key, says) in [(key, key, "is not a PEM certificate"), (cert, cert, "is not a PEM private key")] {
        let folder = tempfile::tempdir().expect("a folder");
        let setup = Setup::new().option("tls-cert", cert).option("tls-key", key);
        let output = setup.command(&folder.path().join("data")).output().expect("the program");
        let message = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.code() == Some(1) && message.contains(says), "{message}");
    }
}

#[test]
fn alive_ready_and_measured() {
    let server = Server::start();
    let mut api = server.api();
    let get = |path: &str| Request::new("GET", path).header("Host", "h");
    assert_eq!(api.exchange(&get("/livez")).text(), "ok\n");
    let ready = api.exchange(&get("/readyz"));
    assert_eq!((ready.status, &ready.json()["ready"]), (200, &json!(true)));
    assert_eq!(api.exchange(&get("/metrics")).status, 401, "how much runs here is for those with a key");
    api.ingest_new(&[json!({ "FunctionName": "f" }), json!({ "FunctionName": "g", "RetCode": 2 })]);
    api.logs(json!({}));
    api.logs(json!({ "FunctionName": "never" }));
    let request = api.native("GET", "/metrics");
    let page = api.exchange(&request);
    assert!(page.header("Content-Type").is_some_and(|kind| kind.starts_with("application/openmetrics-text")));
    for line in [
        "runlog_requests_total{action=\"GetFunctionLogs\",code=\"\"} 1",
        "runlog_requests_total{action=\"GetFunctionLogs\",code=\"ResourceNotFound.FunctionName\"} 1",
        "runlog_ingest_records_total{result=\"accepted\"} 2",
        "runlog_runs 2",
        "runlog_runs_in_flight 1",
        "runlog_writable 1",
        "runlog_set_aside_files 0",
    ] {
        assert!(page.text().contains(line), "{line} is not in:\n{}", page.text());
    }
    assert!(page.text().ends_with("# EOF\n"));
    for (method, path, status) in [("POST", "/livez", 405), ("DELETE", "/api/v1/runs", 405), ("GET", "/nowhere", 404)] {
        let request = Request::new(method, path).header("Host", "h");
        let response = api.exchange(&request);
        assert_eq!((response.status, response.json()["code"].is_string()), (status, true), "{method} {path}");
    }
}

#[test]
fn a_disk_that_is_full_stops_writing_and_not_reading() {
    let mut server = Setup::new().largest_file_kib(256).start();
    let mut api = server.api();
    let mut acknowledged = 0;
    let refused = loop {
        let log = "x".repeat(50_000);
        let run = json!({ "FunctionName": "f", "RequestId": acknowledged.to_string(), "StartTime": 1_782_835_200_000_u64, "Log": log });
        let request = api.native("POST", "/api/v1/runs").body(run.to_string());
        let response = api.exchange(&request);
        if response.status != 200 {
            break response;
        }
        acknowledged += 1;
        assert!(acknowledged < 100, "the disk is never full");
    };
    assert_eq!((refused.status, refused.header("Retry-After").is_some()), (503, true), "{}", refused.text());
    assert!(!refused.text().contains(server.data().to_str().expect("UTF-8")), "{}", refused.text());
    let ready = api.exchange(&Request::new("GET", "/readyz").header("Host", "h"));
    assert_eq!((ready.status, &ready.json()["ready"]), (503, &json!(false)), "{}", ready.text());
    assert!(ready.json()["writes_refused_because"].is_string(), "{}", ready.text());
    assert_eq!(api.exchange(&Request::new("GET", "/livez").header("Host", "h")).status, 200);
    assert_eq!(api.metric("runlog_writable"), 0.0);
    let day = json!({ "StartTime": "2026-07-01 00:00:00", "EndTime": "2026-07-01 23:59:59" });
    assert_eq!(api.logs(day.clone()).total(), acknowledged, "what was acknowledged is read");
    let again = api.native("POST", "/api/v1/runs").body("{\"FunctionName\":\"f\"}");
    assert_eq!(api.exchange(&again).status, 503, "it stays so until somebody looks after the disk");
    server.kill();
    server.lift_limits();
    server.start_again();
    let mut api = server.api();
    let total = api.logs(day).total();
    // The run that was refused may have reached the disk in whole.
    assert!((acknowledged..=acknowledged + 1).contains(&total), "{acknowledged} were acknowledged, {total} are there");
    api.ingest_new(&[json!({ "FunctionName": "f", "RequestId": "after" })]);
}

#[test]
fn more_connections_than_files_do_not_stop_writes() {
    let server = Setup::new().open_files(64).start();
    let run = json!({ "FunctionName": "f", "RequestId": "before", "StartTime": "2026-07-01 08:00:00" });
    let mut api = server.api();
    api.ingest_new(&[run]);
    assert!(server.stderr().contains("fewer connections than max_connections"), "{}", server.stderr());
    let crowd: Vec<Connection> = (0..80).map(|_| Connection::open(server.address())).collect();
    api.ingest_new(&[json!({ "FunctionName": "f", "RequestId": "meanwhile" })]);
    drop(crowd);
    eventually("a place for another connection", || {
        let mut connection = Connection::open(server.address());
        let ready = connection.exchange(&api.native("GET", "/api/v1/functions")).ok()?;
        (ready.status == 200).then_some(())
    });
    assert_eq!(api.logs(json!({ "FunctionRequestId": "before" })).total(), 1);
    let ready = api.exchange(&Request::new("GET", "/readyz").header("Host", "h"));
    assert_eq!(ready.status, 200, "{}", ready.text());
}

#[test]
fn a_log_that_is_torn_at_its_end_is_cut_and_the_rest_served() {
    let mut server = Server::start();
    let runs: Vec<Value> = (0..20)
        .map(|at| json!({ "FunctionName": "f", "RequestId": at.to_string(), "StartTime": 1_782_835_200_000_u64 }))
        .collect();
    let mut api = server.api();
    for run in &runs {
        api.ingest_new(std::slice::from_ref(run));
    }
    server.kill();
    let log = newest(&server.data().join("wal"));
    let mut bytes = std::fs::read(&log).expect("the log");
    let end = bytes.iter().rposition(|&byte| byte != 0).expect("a byte") + 1;
    bytes.truncate(end - 3);
    std::fs::write(&log, bytes).expect("the log, cut");
    server.start_again();
    let mut api = server.api();
    let day = json!({ "StartTime": "2026-07-01 00:00:00", "EndTime": "2026-07-01 23:59:59", "Limit": 100 });
    assert_eq!(api.logs(day.clone()).total(), 19, "all but the last");
    assert_eq!(api.ingest(&runs).accepted, 1, "which can be sent again");
    assert_eq!(api.logs(day).total(), 20);
}

#[test]
fn a_hangup_does_not_end_the_server_and_is_logged() {
    let mut server = Server::start();
    let mut api = server.api();
    for _ in 0..2 {
        server.hang_up();
    }
    eventually("a line of the log", || server.stderr().contains("SIGHUP is ignored").then_some(()));
    api.ingest_new(&[json!({ "FunctionName": "f" })]);
    assert!(server.stop().success());
}

fn newest(folder: &Path) -> std::path::PathBuf {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let files = entries.map(|entry| entry.expect("an entry").path()).filter(|path| path.is_file());
    files.max().unwrap_or_else(|| panic!("no file in {}", folder.display()))
}

#[test]
fn a_segment_that_has_rotted_is_set_aside_and_the_rest_served() {
    let mut server = Server::start();
    let filler = server.make_key("100000000009", &[]);
    let run =
        |id: &str| json!({ "FunctionName": "f", "RequestId": id, "StartTime": 1_782_835_200_000_u64, "Log": "kept" });
    let mut api = server.api();
    api.ingest_new(&[run("in the segment")]);
    let mut filler = Api::new(server.address(), filler);
    eventually("the new key", || filler.logs(json!({})).code().is_none().then_some(()));
    filler.flush_with_filler(0);
    api.ingest_new(&[run("in memory")]);
    assert!(server.stop().success());
    let damaged = segments(server.data());
    assert!(!damaged.is_empty(), "no segment in {}", server.data().display());
    for path in &damaged {
        let mut bytes = std::fs::read(path).expect("a segment");
        let length = bytes.len();
        for byte in &mut bytes[length / 4..length / 2] {
            *byte ^= 0x55;
        }
        std::fs::write(path, bytes).expect("a rotten segment");
    }
    server.start_again();
    let mut api = server.api();
    let day = json!({ "StartTime": "2026-07-01 00:00:00", "EndTime": "2026-07-01 23:59:59" });
    let answer = api.logs(day);
    assert_eq!(answer.code(), None, "{}", answer.text);
    assert!(answer.ids().contains(&"in memory"), "{}", answer.text);
    // Reading all of it finds all of the damage.
    let key = filler.key.clone();
    Api::new(server.address(), key).logs(json!({ "StartTime": "2026-03-01 00:00:00", "EndTime": "2026-03-01 23:59:59", "Limit": 10_000, "OrderBy": "mem_usage" }));
    let ready = api.exchange(&Request::new("GET", "/readyz").header("Host", "h"));
    let set_aside = ready.json()["set_aside"].as_array().map_or(0, Vec::len);
    assert!(set_aside > 0 && ready.status == 200, "{}", ready.text());
    assert_eq!(api.metric("runlog_set_aside_files"), set_aside as f64);
    api.ingest_new(&[run("after")]);
}

/// Every segment file of a data folder.
fn segments(data: &Path) -> Vec<std::path::PathBuf> {
    fn walk(folder: &Path, found: &mut Vec<std::path::PathBuf>) {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() { walk(&path, found) } else { found.push(path) }
        }
    }
    let mut found = Vec::new();
    walk(&data.join("data"), &mut found);
    found
}
