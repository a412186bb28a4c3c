//! `runlog import` as a user meets it: every format into a real server and into a data folder, twice.
#![allow(clippy::disallowed_methods, reason = "the tests read and write files")]

mod support;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};
use support::{Api, Key, Server, Setup, program};

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../ingest/tests/data/import").join(name)
}

fn text(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

fn import(server: Option<&Server>, args: &[&str]) -> Command {
    let mut command = program(["import"]);
    command.args(args);
    command.env("RUNLOG_SECRET_ID", Key::root().secret_id).env("RUNLOG_SECRET_KEY", Key::root().secret_key);
    if let Some(server) = server {
        command.env("RUNLOG_ENDPOINT", format!("http://{}", server.address()));
    }
    command
}

/// Exit code and standard error of an import.
fn done(output: &Output) -> (i32, String) {
    let code = output.status.code().expect("an exit code");
    (code, String::from_utf8_lossy(&output.stderr).into_owned())
}

fn run(server: &Server, args: &[&str]) -> (i32, String) {
    done(&import(Some(server), args).output().expect("the program"))
}

fn row(api: &mut Api, id: &str) -> Value {
    let answer = api.logs(json!({ "FunctionRequestId": id }));
    assert_eq!(answer.total(), 1, "{id}");
    answer.rows()[0].clone()
}

/// Each file with the runs that it holds, those of them in flight, and the records that it refuses.
const FILES: [(&str, u64, u64, u64); 15] = [
    ("answer.json", 1, 0, 0),
    ("answers.json", 3, 0, 3),
    ("lambda-json.log", 2, 0, 0),
    ("lambda-reports.log", 2, 0, 1),
    ("lambda-tail.log", 2, 0, 0),
    ("lambda.log", 4, 0, 0),
    ("nanoseconds.parquet", 1, 0, 0),
    ("platform-broken.log", 2, 0, 2),
    ("platform-stamped.log", 3, 1, 0),
    ("platform.log", 2, 0, 0),
    ("runs-broken.ndjson", 2, 0, 6),
    ("runs.ndjson", 3, 0, 0),
    ("scf-broken.jsonl", 1, 0, 4),
    ("scf.jsonl", 3, 1, 0),
    ("snake-case.parquet", 5, 1, 0),
];

#[test]
fn every_format_is_imported_and_a_second_time_gives_duplicates_only() {
    for (name, runs, in_flight, refused) in FILES {
        let server = Server::start();
        let file = fixture(name);
        let args = ["--function", "own", "--start", "2026-07-01 08:00:00", text(&file)];
        let code = i32::from(refused > 0);
        let first = run(&server, &args);
        let read = runs + refused;
        let summary = format!("1 file: {read} read, {runs} accepted, 0 duplicates, {refused} refused");
        assert!(first.0 == code && first.1.contains(&summary), "{name}: {first:?}");
        let again = run(&server, &args);
        // A report of a run in flight always takes the place of the one before.
        let duplicates = runs - in_flight;
        let summary = format!("{read} read, {in_flight} accepted, {duplicates} duplicates, {refused} refused");
        assert!(again.0 == code && again.1.contains(&summary), "{name}: {again:?}");
        assert_eq!(server.api().metric("runlog_runs"), runs as f64, "{name}");
    }
}

#[test]
fn an_imported_run_is_answered_as_the_file_told_it() {
    let server = Server::start();
    let mut api = server.api();
    let file = fixture("lambda.log");
    assert_eq!(run(&server, &["--function", "resize", text(&file)]).0, 0);
    let mut row = row(&mut api, "6f747a63-0000-4000-8000-000000000003");
    let log = row["Log"].take();
    let expected = json!({
        "FunctionName": "resize", "RequestId": "6f747a63-0000-4000-8000-000000000003", "RetryNum": 0,
        "StartTime": "2026-07-01 08:00:10", "Duration": 3003.17, "BillDuration": 3000, "MemUsage": 46 << 20,
        "RetCode": 433, "RetMsg": "Task timed out after 3.00 seconds", "InvokeFinished": 1,
        "Log": null, "Level": "", "Source": ""
    });
    assert_eq!(row, expected);
    let log = log.as_str().expect("a log");
    assert!(log.starts_with("START RequestId") && log.contains("Task timed out after 3.00 seconds\n"), "{log}");
    assert_eq!(api.logs(json!({ "Qualifier": "7", "FunctionRequestId": row["RequestId"] })).total(), 1);
}

#[test]
fn a_run_without_an_end_is_in_flight_until_the_whole_file_comes() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("app.log");
    let server = Server::start();
    let mut api = server.api();
    let start = "2026-07-01 08:00:00 START RequestId: r-1\n2026-07-01 08:00:01 working\n";
    std::fs::write(&file, start).expect("a file");
    assert_eq!(run(&server, &["--function", "f", text(&file)]).0, 0);
    assert_eq!(row(&mut api, "r-1")["RetCode"], 2);
    std::fs::write(&file, format!("{start}2026-07-01 08:00:02 Report RequestId: r-1 Duration:2000ms\n"))
        .expect("a file");
    assert_eq!(run(&server, &["--function", "f", text(&file)]).0, 0);
    let whole = row(&mut api, "r-1");
    assert_eq!((&whole["RetCode"], &whole["Duration"]), (&json!(0), &json!(2000)));
    assert!(whole["Log"].as_str().expect("a log").starts_with("START RequestId: r-1\nworking\nReport"));
}

#[test]
fn compressed_files_folders_and_standard_input_are_the_same_runs() {
    let folder = tempfile::tempdir().expect("a folder");
    let plain = std::fs::read(fixture("runs.ndjson")).expect("a fixture");
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(&plain).expect("gzip");
    std::fs::write(folder.path().join("a.ndjson.gz"), gzip.finish().expect("gzip")).expect("a file");
    std::fs::write(folder.path().join("b"), zstd::encode_all(&plain[..], 1).expect("zstd")).expect("a file");
    std::fs::write(folder.path().join(".hidden"), "x").expect("a file");
    let server = Server::start();
    let (code, said) = run(&server, &[text(folder.path()), text(&fixture("runs.ndjson"))]);
    assert!(code == 0 && said.contains("3 files: 9 read, 3 accepted, 6 duplicates, 0 refused"), "{said}");

    let mut child = import(Some(&server), &[]).stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("a program");
    child.stdin.take().expect("a pipe").write_all(&plain).expect("a pipe");
    let (code, said) = done(&child.wait_with_output().expect("the program"));
    assert!(code == 0 && said.contains("standard input: read as ndjson") && said.contains("3 duplicates"), "{said}");
}

#[test]
fn a_data_folder_takes_runs_when_no_server_has_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let (file, broken) = (fixture("runs.ndjson"), fixture("runs-broken.ndjson"));
    let run = |args: &[&str]| done(&import(None, args).output().expect("the program"));
    let (code, said) = run(&["--data", text(&data), text(&file)]);
    assert!(code == 0 && said.contains("3 accepted"), "{said}");
    let (code, said) = run(&["--data", text(&data), text(&file), text(&broken), "--errors-shown", "1"]);
    assert!(code == 1 && said.contains("1 accepted, 3 duplicates, 7 refused"), "{said}");
    assert!(said.contains("runs-broken.ndjson: line 2: Malformed: StartTime: `tonight` is not a time"), "{said}");
    assert!(said.contains("6 more were refused; --errors FILE writes all of them"), "{said}");
    let server = Setup::new().start_on(&data);
    assert_eq!(row(&mut server.api(), "n-3")["FunctionName"], "nightly");
    let (code, said) = run(&["--data", text(&data), text(&file)]);
    assert!(code == 1 && said.contains("another process") && said.contains("--endpoint"), "{said}");
}

#[test]
fn every_refusal_is_kept_with_its_place() {
    let folder = tempfile::tempdir().expect("a folder");
    let errors = folder.path().join("errors.ndjson");
    let server = Server::start();
    let (broken, missing) = (fixture("runs-broken.ndjson"), folder.path().join("missing"));
    let conflict = folder.path().join("conflict.ndjson");
    let lines = "\n\n{\"FunctionName\":\"nightly\",\"RequestId\":\"n-1\",\"StartTime\":1,\"Log\":\"another\"}\n";
    std::fs::write(&conflict, lines).expect("a file");
    let args = [text(&broken), text(&missing), text(&conflict), "--errors", text(&errors), "--keep-going"];
    let (code, said) = run(&server, &args);
    assert!(code == 0 && said.contains("3 files: 9 read") && said.contains("1 files could not be read"), "{said}");
    let kept = std::fs::read_to_string(&errors).expect("a file");
    let kept: Vec<Value> = kept.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let places: Vec<_> = kept.iter().map(|entry| (entry["line"].as_u64(), entry["code"].as_str().unwrap())).collect();
    assert_eq!(places[..6], [2, 3, 4, 6, 7, 8].map(|line| (Some(line), "Malformed")));
    assert_eq!(places[6..], [(None, "Unreadable"), (Some(3), "Conflict")]);
    assert_eq!(kept[7]["file"], text(&conflict));
}

#[test]
fn a_dry_run_prints_what_would_be_stored_and_needs_no_server() {
    let output = import(None, &["--dry-run", "--namespace", "old", text(&fixture("scf.jsonl"))]).output();
    let output = output.expect("the program");
    let (code, said) = done(&output);
    assert!(code == 0 && said.contains("3 read, 3 would be stored"), "{said}");
    let lines: Vec<Value> = output
        .stdout
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
        .map(|line| serde_json::from_slice(line).expect("JSON"))
        .collect();
    assert_eq!((lines.len(), &lines[0]["Namespace"]), (3, &json!("shop")));
    // What it printed can be imported.
    let server = Server::start();
    assert_eq!(server.api().ingest_body(output.stdout).accepted, 3);
}

#[test]
fn what_cannot_work_says_so() {
    let folder = tempfile::tempdir().expect("a folder");
    let unknown = folder.path().join("unknown");
    std::fs::write(&unknown, "hello\nworld\n").expect("a file");
    let server = Server::start();
    let (code, said) = run(&server, &[text(&unknown)]);
    assert!(code == 1 && said.contains("give --format: ndjson, answer, platform, scf-json, lambda, parquet"), "{said}");
    let (code, said) = run(&server, &["--format", "platform", text(&unknown)]);
    assert!(code == 1 && said.contains("line 1: NoRun: 2 lines from here on belong to no run"), "{said}");
    let (code, said) = run(&server, &[text(&fixture("platform.log"))]);
    assert!(code == 1 && said.contains("NoFunction") && said.contains("give --function"), "{said}");
    let (code, said) = run(&server, &["--start", "soon", text(&unknown)]);
    assert!(code == 2 && said.contains("--start: `soon` is not a time"), "{said}");
    let output = import(Some(&server), &[text(&fixture("runs.ndjson"))]).env("RUNLOG_SECRET_KEY", "wrong").output();
    assert_eq!(done(&output.expect("the program")).0, 4);
    // A text without times that comes down a pipe.
    let mut command = import(Some(&server), &["--function", "f"]);
    let mut child = command.stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("a program");
    let pipe = child.stdin.take().expect("a pipe");
    { &pipe }.write_all(b"START RequestId:r\nReport RequestId:r Duration:1ms\n").expect("a pipe");
    drop(pipe);
    let (code, said) = done(&child.wait_with_output().expect("the program"));
    assert!(code == 1 && said.contains("NoStart: the run has no time; give --start"), "{said}");
}
