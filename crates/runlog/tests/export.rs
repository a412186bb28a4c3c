//! `runlog export` as a user meets it: every format from a server and from a data folder, imported again, through
//! broken connections and closed pipes.
#![allow(clippy::disallowed_methods, reason = "the tests read and write files")]

mod support;

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use flate2::read::GzDecoder;
use proptest::prelude::*;
use serde_json::{Value, json};
use support::{Key, Server, program, stderr};

const BASE_MS: i64 = 1_772_294_400_000;

fn text(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

fn command(args: &[&str], endpoint: Option<&str>) -> Command {
    let mut command = program(args);
    command.env("RUNLOG_SECRET_ID", Key::root().secret_id).env("RUNLOG_SECRET_KEY", Key::root().secret_key);
    if let Some(endpoint) = endpoint {
        command.env("RUNLOG_ENDPOINT", endpoint);
    }
    command
}

/// Runs a command that must end with 0.
fn done(args: &[&str], endpoint: Option<&str>) -> Output {
    let output = command(args, endpoint).output().expect("the program");
    assert_eq!(output.status.code(), Some(0), "{args:?}: {}", stderr(&output));
    output
}

/// The rows of NDJSON by their ids, without what another store gives anew.
fn by_id(lines: &[u8]) -> BTreeMap<String, Value> {
    let text = std::str::from_utf8(lines).expect("UTF-8");
    let rows = text.lines().map(|line| {
        let mut row: Value = serde_json::from_str(line).expect("JSON");
        row.as_object_mut().expect("an object").remove("Seq");
        (format!("{} {} {}", row["FunctionName"], row["RequestId"], row["RetryNum"]), row)
    });
    let rows: Vec<_> = rows.collect();
    let found: BTreeMap<_, _> = rows.iter().cloned().collect();
    assert_eq!(found.len(), rows.len(), "a run came twice");
    found
}

/// CSV as RFC 4180 has it.
fn csv(text: &str) -> Vec<Vec<String>> {
    let (mut rows, mut row, mut cell) = (Vec::new(), Vec::new(), String::new());
    let (mut is_quoted, mut chars) = (false, text.chars().peekable());
    while let Some(char) = chars.next() {
        match char {
            '"' if is_quoted && chars.peek() == Some(&'"') => cell.push(chars.next().expect("a quote")),
            '"' => is_quoted = !is_quoted,
            ',' if !is_quoted => row.push(std::mem::take(&mut cell)),
            '\r' if !is_quoted && chars.peek() == Some(&'\n') => {
                chars.next();
                row.push(std::mem::take(&mut cell));
                rows.push(std::mem::take(&mut row));
            }
            char => cell.push(char),
        }
    }
    assert!(row.is_empty() && cell.is_empty() && !is_quoted, "a last line without its end");
    rows
}

/// Texts that are hard on formats.
fn odd_text() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(String::new()),
        Just("\0".to_owned()),
        Just("=1+1\",\r\n'\"".to_owned()),
        Just("\u{feff}\u{2028}日志\u{10ffff}\u{7f}\u{85}".to_owned()),
        Just("null".to_owned()),
        any::<Vec<char>>().prop_map(String::from_iter),
        "[a-z ,\"\r\n\t\\\\]{0,200}",
        (any::<char>(), 1..30_000usize).prop_map(|(char, times)| char.to_string().repeat(times)),
    ]
}

fn odd_run() -> impl Strategy<Value = Value> {
    let numbers = (0..5_000i64, 0..10_000_000u64, prop_oneof![Just(0u64), 0..1u64 << 53], -5..500i32, 0..3u8);
    let facts = (prop::option::of(0..1_000u64), prop::option::of(-1..256i32), "[A-Za-z_,\"]{1,8}", "[a-z$]{0,4}");
    (odd_text(), odd_text(), odd_text(), numbers, facts).prop_map(|(log, ret_msg, level, numbers, facts)| {
        let (start, duration_us, mem, ret_code, retry) = numbers;
        let (bill, exit_code, function, qualifier) = facts;
        let ret_code = if ret_code == 2 { 0 } else { ret_code };
        let mut run = json!({
            "FunctionName": function, "Qualifier": qualifier, "StartTime": BASE_MS + start * 77,
            "Duration": duration_us as f64 / 1000.0, "MemUsage": mem, "RetCode": ret_code, "RetryNum": retry,
            "InvokeFinished": 1, "Log": log, "RetMsg": ret_msg,
            "Level": level.chars().take(20).collect::<String>(), "Region": "ap-guangzhou", "Namespace": "n",
        });
        if let Some(bill) = bill {
            run["BillDuration"] = bill.into();
        }
        if let Some(code) = exit_code {
            run["ExitCode"] = code.into();
        }
        run
    })
}

/// Stores lines in a data folder of their own, and exports them as NDJSON to compare with.
fn stored(folder: &Path, name: &str, lines: &[u8]) -> (PathBuf, BTreeMap<String, Value>) {
    let (file, data) = (folder.join(format!("{name}.ndjson")), folder.join(name));
    std::fs::write(&file, lines).expect("a file");
    done(&["import", "--format", "ndjson", text(&file), "--data", text(&data)], None);
    let rows = by_id(&done(&["export", "--data", text(&data)], None).stdout);
    (data, rows)
}

/// Exports a data folder in every format, imports what was exported into another, and compares.
fn there_and_back(lines: &[u8]) {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let (data, rows) = stored(folder, "first", lines);
    for name in ["a.parquet", "a.ndjson", "a.ndjson.gz", "a.jsonl.zst"] {
        let (file, copy) = (folder.join(name), folder.join(format!("{name}-copy")));
        done(&["export", "--data", text(&data), "-o", text(&file)], None);
        let imported = done(&["import", text(&file), "--data", text(&copy)], None);
        let said = stderr(&imported);
        assert!(said.contains(" 0 refused") && !said.contains("left out"), "{name}: {said}");
        assert_eq!(by_id(&done(&["export", "--data", text(&copy)], None).stdout), rows, "{name}");
    }
    let table =
        csv(std::str::from_utf8(&done(&["export", "--data", text(&data), "--format", "csv"], None).stdout)
            .expect("UTF-8"));
    assert_eq!(table.len(), rows.len() + 1);
    for cells in &table[1..] {
        let cell = |name: &str| &cells[table[0].iter().position(|found| found == name).expect(name)];
        let key = format!("{} {} {}", json!(cell("FunctionName")), json!(cell("RequestId")), cell("RetryNum"));
        let row = &rows[&key];
        for (name, value) in row.as_object().expect("an object") {
            let written = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            assert_eq!(*cell(name), written, "{key}: {name}");
        }
        assert_eq!(cell("ExitCode").is_empty(), row.get("ExitCode").is_none());
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 6,
        max_shrink_iters: 40,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn what_is_exported_and_imported_is_the_same(runs in prop::collection::vec(odd_run(), 1..40)) {
        let lines: String = runs.iter().enumerate().map(|(at, run)| {
            let mut run = run.clone();
            run["RequestId"] = format!("r,\"{at}\"").into();
            format!("{run}\n")
        }).collect();
        there_and_back(lines.as_bytes());
    }
}

#[test]
fn huge_texts_and_what_is_no_text_are_exported_as_they_are_stored() {
    let huge = "x\u{0}\"\n日".repeat((6 << 20) / 7);
    let mut lines = format!(
        "{}\n",
        json!({ "FunctionName": "huge", "RequestId": "1", "StartTime": BASE_MS, "Log": huge, "RetMsg": huge })
    );
    // More than one row group takes.
    for id in 2..4 {
        lines += &format!(
            "{}\n",
            json!({ "FunctionName": "huge", "RequestId": id.to_string(), "StartTime": BASE_MS, "Log": huge })
        );
    }
    let mut bytes = lines.into_bytes();
    bytes.extend_from_slice(br#"{"FunctionName":"broken","RequestId":"9","StartTime":1772294400000,"Log":""#);
    bytes.extend_from_slice(b"a\xff\xc3(\xf0\x9f\"}\n");
    there_and_back(&bytes);
}

/// A server with some runs, and its address.
fn filled(runs: u64) -> (Server, String) {
    let server = Server::start();
    let run = |id: u64| {
        let code = if id.is_multiple_of(7) { 430 } else { 0 };
        json!({
            "FunctionName": format!("f{}", id % 3), "RequestId": id.to_string(), "RetCode": code,
            "StartTime": BASE_MS + i64::try_from(id / 4).unwrap() * 1000, "Log": format!("run {id}\n").repeat(60),
            "Namespace": if id.is_multiple_of(5) { "batch" } else { "default" }, "Qualifier": format!("v{}", id % 2),
        })
    };
    for first in (0..runs).step_by(2000) {
        server.api().ingest_new(&(first..runs.min(first + 2000)).map(run).collect::<Vec<_>>());
    }
    let endpoint = format!("http://{}", server.address());
    (server, endpoint)
}

#[test]
fn a_server_and_its_folder_give_the_same_for_every_filter() {
    let (mut server, endpoint) = filled(3000);
    let filters: &[&[&str]] = &[
        &[],
        &["--function", "f1", "--oldest-first"],
        &["--namespace", "batch", "--qualifier", "v1", "--errors"],
        &["--ok", "--keyword", "run 12"],
        &["--ret-code", "430,3", "--region", "ap-guangzhou"],
        &["--request-id", "77"],
        &["--from", "2026-03-01 00:01:00", "--to", "2026-03-01 00:02:00.001", "--format", "csv"],
        &["--from", "1772294460000", "--time-zone", "+00:00", "--fields", "Seq,StartTimeText", "--format", "csv"],
        &["--function", "nothing"],
    ];
    let of_server: Vec<Vec<u8>> =
        filters.iter().map(|filter| done(&[&["export"], *filter].concat(), Some(&endpoint)).stdout).collect();
    let counts: Vec<usize> =
        of_server.iter().map(|bytes| bytes.iter().filter(|byte| **byte == b'\n').count()).collect();
    assert_eq!(counts[..3], [3000, 1000, 43], "{counts:?}");
    assert_eq!((counts[4], counts[5], counts[8]), (429, 1, 0), "{counts:?}");
    let direct = server.api().native("GET", "/api/v1/export");
    let (_, mut stream) = support::Stream::open(server.address(), &direct).expect("an answer");
    assert!(stream.read_whole().expect("a whole export") == of_server[0], "the command gives what the server gives");

    let data = server.data().to_owned();
    let locked = command(&["export", "--data", text(&data)], None).output().expect("the program");
    assert!(stderr(&locked).contains("if a server has it open, use --endpoint"), "{}", stderr(&locked));
    assert!(server.stop().success());
    for (filter, expected) in filters.iter().zip(&of_server) {
        let found = done(&[&["export", "--data", text(&data)], *filter].concat(), None).stdout;
        assert!(found == *expected, "{filter:?}");
    }
    let none = data.join("none");
    let absent = command(&["export", "--data", text(&none)], None).output().expect("the program");
    assert!(!absent.status.success() && !none.exists(), "a folder that is not there is not made");
}

/// Passes connections on to a server, and cuts the first few after a number of bytes of the answer.
fn cutting_proxy(server: SocketAddr, cuts: Vec<usize>) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address");
    let connections = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&connections);
    thread::spawn(move || {
        for client in listener.incoming() {
            let Ok(client) = client else { return };
            let limit = cuts.get(count.fetch_add(1, Ordering::SeqCst)).copied().unwrap_or(usize::MAX);
            let behind = TcpStream::connect(server).expect("the server");
            let (mut from_client, mut to_server) =
                (client.try_clone().expect("a clone"), behind.try_clone().expect("a clone"));
            thread::spawn(move || std::io::copy(&mut from_client, &mut to_server));
            thread::spawn(move || {
                let (mut client, mut left) = (client, limit);
                let (mut answer, mut block) = (behind.try_clone().expect("a clone"), vec![0; 16 << 10]);
                while left > 0 {
                    let Ok(read @ 1..) = answer.read(&mut block) else { break };
                    let part = read.min(left);
                    left -= part;
                    if client.write_all(&block[..part]).is_err() {
                        break;
                    }
                }
                // Both may be gone already.
                let _ = client.shutdown(Shutdown::Both);
                let _ = behind.shutdown(Shutdown::Both);
            });
        }
    });
    (format!("http://{address}"), connections)
}

#[test]
fn a_connection_that_breaks_is_made_again_and_no_run_is_missing_or_doubled() {
    let (server, endpoint) = filled(20_000);
    let whole = done(&["export"], Some(&endpoint)).stdout;
    let (proxy, connections) = cutting_proxy(server.address(), vec![40_000, 0, 90_001, 150_000]);
    let folder = tempfile::tempdir().expect("a folder");
    for (name, args) in [("a.ndjson", &[][..]), ("a.csv", &["--oldest-first", "--keyword", "run"])] {
        let file = folder.path().join(name);
        let args = [&["export", "-o", text(&file)], args].concat();
        let through_proxy = done(&args, Some(&proxy));
        if name == "a.ndjson" {
            assert!(stderr(&through_proxy).contains("was restored 4 times"), "{}", stderr(&through_proxy));
            assert!(std::fs::read(&file).expect("a file") == whole, "the same, byte for byte");
            assert_eq!(connections.load(Ordering::SeqCst), 5);
        } else {
            let table = csv(&std::fs::read_to_string(&file).expect("a file"));
            assert_eq!(table.len(), 20_001);
        }
    }
}

#[test]
fn an_export_that_fails_leaves_what_was_there_and_no_other_file() {
    let (server, endpoint) = filled(5_000);
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("runs.csv.gz");
    std::fs::write(&file, "before").expect("a file");
    // Every connection breaks within the head of its answer.
    let (proxy, _) = cutting_proxy(server.address(), vec![100; 100]);
    let mut export = command(&["export", "-o", text(&file)], Some(&proxy));
    let output = export.output().expect("the program");
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    assert_eq!(std::fs::read(&file).expect("a file"), b"before");
    // Half way the disk is full.
    let full =
        format!("trap '' XFSZ; ulimit -f 16; exec '{}' export -o '{}'", env!("CARGO_BIN_EXE_runlog"), text(&file));
    let mut full_disk = Command::new("sh");
    full_disk.args(["-c", &full]).env_clear().env("RUNLOG_ENDPOINT", &endpoint);
    full_disk.env("RUNLOG_SECRET_ID", Key::root().secret_id).env("RUNLOG_SECRET_KEY", Key::root().secret_key);
    let output = full_disk.output().expect("a shell");
    assert!(output.status.code() == Some(1) && stderr(&output).contains("too large"), "{}", stderr(&output));
    assert_eq!(std::fs::read(&file).expect("a file"), b"before");
    let refused = command(&["export", "-o", text(&file), "--token", "rlt_no_token"], Some(&endpoint)).output();
    assert_eq!(refused.expect("the program").status.code(), Some(4));
    let usage = command(&["export", "-o", "runs.txt"], Some(&endpoint)).output().expect("the program");
    assert!(usage.status.code() == Some(2) && stderr(&usage).contains("let it end in .ndjson, .csv or .parquet"));
    let empty = command(&["export", "--function", "nothing", "--fail-empty"], Some(&endpoint)).output();
    assert_eq!(empty.expect("the program").status.code(), Some(3));

    done(&["export", "-o", text(&file)], Some(&endpoint));
    let mut unpacked = String::new();
    GzDecoder::new(std::fs::File::open(&file).expect("a file")).read_to_string(&mut unpacked).expect("gzip");
    assert_eq!(csv(&unpacked).len(), 5_001);
    let names: Vec<_> =
        std::fs::read_dir(folder.path()).expect("a folder").map(|entry| entry.expect("an entry").file_name()).collect();
    assert_eq!(names, ["runs.csv.gz"]);
}

#[test]
fn a_reader_that_has_seen_enough_is_no_error() {
    let (_server, endpoint) = filled(20_000);
    for format in ["ndjson", "csv", "parquet"] {
        let mut export = command(&["export", "--format", format], Some(&endpoint));
        let mut export = export.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program");
        let mut some = [0; 4];
        export.stdout.as_mut().expect("a pipe").read_exact(&mut some).expect("the first bytes");
        drop(export.stdout.take());
        let output = export.wait_with_output().expect("an end");
        assert_eq!((output.status.code(), stderr(&output).as_str()), (Some(0), ""), "{format}");
    }
}
