//! Backup, restore, verify and repair as an operator meets them.
#![allow(clippy::disallowed_methods, reason = "the tests read and write files")]

mod support;

use std::path::{Path, PathBuf};
use std::process::Output;
use std::sync::Arc;

use runlog_core::{Run, Stream};
use runlog_store::{ManualClock, Options, RealDisk, Store};
use serde_json::{Value, json};
use support::{Api, Key, Server, Setup, eventually, now_ms, program};

/// A policy that allows every action. Its key is still not a root key.
const ALLOW_ALL: &str = r#"{"version":"2.0","statement":[{"effect":"allow","action":"*","resource":"*"}]}"#;

fn run(args: &[&str]) -> Output {
    let mut command = program(args);
    command.env("RUNLOG_SECRET_ID", Key::root().secret_id).env("RUNLOG_SECRET_KEY", Key::root().secret_key);
    command.output().expect("the program")
}

fn text(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

/// A command that must end with this code, and what it printed.
fn ends(code: i32, args: &[&str]) -> String {
    let output = run(args);
    let printed = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{args:?}: {printed}");
    printed
}

fn total(api: &mut Api) -> u64 {
    api.logs(json!({})).total()
}

/// The files of a folder whose names end so.
fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(files(&path, ending));
        } else if text(&path).ends_with(ending) {
            found.push(path);
        }
    }
    found
}

#[test]
fn a_running_server_is_backed_up_and_the_backup_serves() {
    let folder = tempfile::tempdir().expect("a folder");
    let backups = folder.path().join("backups");
    let server = Setup::new().option("backup-dir", text(&backups)).start();
    let reader = server.make_key("100000000001", &[]);
    let mut api = server.api();
    api.ingest_new(&[json!({ "FunctionName": "f" }), json!({ "FunctionName": "g", "RetCode": 2 })]);
    let endpoint = format!("http://{}", server.address());
    let printed = ends(0, &["backup", "first", "--endpoint", &endpoint]);
    assert!(printed.contains("everything up to sequence number 2"), "{printed}");
    assert!(ends(1, &["backup", "first", "--endpoint", &endpoint]).contains("exists; choose another name"));
    api.ingest_new(&[json!({ "FunctionName": "late" })]);

    let backup = backups.join("first");
    assert!(ends(0, &["verify", "--data", text(&backup)]).contains("everything is as it was written"));
    let data = folder.path().join("data");
    ends(0, &["restore", text(&backup), "--data", text(&data)]);
    ends(1, &["restore", text(&backup), "--data", text(&data)]);
    let restored = Setup::new().start_on(&data);
    // The keys came along.
    assert_eq!(total(&mut Api::new(restored.address(), reader)), 2);
    assert_eq!(total(&mut api), 3);
}

#[test]
fn only_a_root_key_backs_up_a_server_and_only_where_the_server_allows_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let off = Server::start();
    let backup = |api: &mut Api, body: Value| {
        let response = api.exchange(&api.native("POST", "/api/v1/admin/backup").body(body.to_string()));
        (response.status, response.json()["code"].as_str().unwrap_or_default().to_owned())
    };
    assert_eq!(backup(&mut off.api(), json!({ "to": "x" })), (403, "BackupsOff".to_owned()));

    let server = Setup::new().option("backup-dir", text(folder.path())).start();
    let mut user = Api::new(server.address(), server.make_key("100000000001", &[ALLOW_ALL]));
    let mut stranger = Api::new(server.address(), Key::new("AKIDnobody", "x"));
    // The server reads new keys within a second.
    let refused =
        eventually("the key is known", || Some(backup(&mut user, json!({ "to": "x" }))).filter(|r| r.0 != 401));
    assert_eq!(refused, (403, "Forbidden".to_owned()));
    assert_eq!(backup(&mut stranger, json!({ "to": "x" })), (401, "Unauthorized".to_owned()));
    for to in [json!("../x"), json!("/x"), json!(""), json!(7), Value::Null, json!("x".repeat(5000))] {
        assert_eq!(backup(&mut server.api(), json!({ "to": to })), (400, "InvalidName".to_owned()), "{to}");
    }
    assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 0);
    assert_eq!(backup(&mut server.api(), json!({ "to": "x" })).0, 200);
    let get = server.api().exchange(&server.api().native("GET", "/api/v1/admin/backup"));
    assert_eq!(get.status, 405);
}

fn run_at(start_ms: i64) -> Run {
    let stream = Stream {
        account: "100000000001".into(),
        region: "ap-guangzhou".into(),
        namespace: "default".into(),
        function: "old".into(),
        qualifier: "$LATEST".into(),
    };
    Run {
        stream: Arc::new(stream),
        request_id: "r".into(),
        retry_num: 0,
        start_ms,
        duration_us: 1,
        bill_ms: None,
        mem_bytes: 1,
        ret_code: 0,
        invoke_finished: 1,
        exit_code: None,
        ret_msg: String::new(),
        log: String::new(),
        level: String::new(),
        source: String::new(),
    }
}

#[test]
fn a_server_whose_clock_is_far_ahead_removes_expired_runs_only_when_told_to() {
    let folder = tempfile::tempdir().expect("a folder");
    let long_ago_ms = now_ms() - 400 * 86_400_000;
    {
        let disk = Arc::new(RealDisk::open(folder.path()).expect("a disk"));
        let clock = Arc::new(ManualClock::at(long_ago_ms));
        let store = Store::open_with(disk, clock, Options::default()).expect("a store");
        store.append(vec![run_at(long_ago_ms)]).expect("it is stored");
        store.close().expect("a whole folder");
    }
    let server = Setup::new().option("retention-days", "30").start_on(folder.path());
    let endpoint = format!("http://{}", server.address());
    let told = ends(2, &["retain", "--endpoint", &endpoint]);
    assert!(told.contains("9600 hours ahead") && told.contains("--yes"), "{told}");
    let runs = || server.api().exchange(&server.api().native("GET", "/api/v1/runs")).json()["total"].as_u64();
    assert_eq!(runs(), Some(1));

    let retain = |api: &mut Api, body: &str| {
        api.exchange(&api.native("POST", "/api/v1/admin/retain").body(body.to_owned())).status
    };
    let mut user = Api::new(server.address(), server.make_key("100000000001", &[ALLOW_ALL]));
    // The server reads new keys within a second.
    let confirmed = r#"{"trust_clock":true}"#;
    let refused = eventually("the key is known", || Some(retain(&mut user, confirmed)).filter(|status| *status != 401));
    assert_eq!(refused, 403);
    for body in ["", "{}", r#"{"trust_clock":false}"#, r#"{"trust_clock":true,"force":1}"#] {
        assert_eq!(retain(&mut server.api(), body), 400, "{body}");
    }
    assert!(ends(0, &["retain", "--yes", "--endpoint", &endpoint]).starts_with("removed 1 finished runs"));
    assert_eq!(runs(), Some(0));
    assert!(ends(0, &["retain", "--endpoint", &endpoint]).contains("nothing to confirm"));
}

#[test]
fn a_stopped_folder_is_backed_up_verified_and_repaired() {
    let folder = tempfile::tempdir().expect("a folder");
    let backup = folder.path().join("backup");
    let mut server = Server::start();
    let mut api = server.api();
    api.ingest_new(&[json!({ "FunctionName": "f", "Log": "it was a dark and stormy night" })]);
    api.flush_with_filler(1);
    let data = server.data().to_owned();
    for command in ["backup", "verify", "repair"] {
        let to = if command == "backup" { vec![command, text(&backup)] } else { vec![command] };
        assert!(ends(1, &[&to[..], &["--data", text(&data)]].concat()).contains("another process"), "{command}");
    }
    assert!(server.stop().success());
    ends(0, &["verify", "--data", text(&data)]);
    assert!(ends(0, &["backup", text(&backup), "--data", text(&data)]).contains("hard links"));
    assert!(ends(1, &["backup", text(&backup), "--data", text(&data)]).contains("is not empty"));
    assert!(ends(1, &["verify", "--data", text(&folder.path().join("nowhere"))]).contains("no run data"));
    ends(2, &["backup"]);
    ends(2, &["backup", "x", "--endpoint", "http://127.0.0.1:1", "--data", "y"]);

    // A backup of links shares its bytes with the folder: rot one that was copied.
    let rotten = folder.path().join("rotten");
    ends(0, &["restore", text(&backup), "--data", text(&rotten)]);
    let segment = files(&rotten, ".seg").into_iter().max_by_key(|path| path.metadata().expect("a file").len());
    let segment = segment.expect("a segment");
    let mut bytes = std::fs::read(&segment).expect("a segment");
    let middle = bytes.len() / 3;
    bytes[middle] ^= 1;
    std::fs::write(&segment, bytes).expect("a segment");
    let printed = ends(1, &["verify", "--data", text(&rotten)]);
    let name = segment.strip_prefix(&rotten).expect("a file of the folder");
    assert!(printed.contains(&format!("{}: a checksum differs", name.display())), "{printed}");
    let printed = ends(0, &["repair", "--data", text(&rotten)]);
    assert!(printed.contains("runs were saved") && printed.contains("everything is as it was written"), "{printed}");
    assert_eq!(files(&rotten.join("set-aside"), ".seg").len(), 1);
    ends(0, &["verify", "--data", text(&rotten)]);
    let untouched = ends(0, &["repair", "--data", text(&data)]);
    assert!(!untouched.contains("saved"), "{untouched}");
}
