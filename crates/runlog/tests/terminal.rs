//! Names, notes and messages from elsewhere on every surface for people: none of them steers a terminal.
#![allow(clippy::disallowed_methods, reason = "the tests write files")]

mod support;

use std::fs;
use std::process::Output;

use serde_json::{Value, json};
use support::{Place, Server, now_ms, program, stderr, stdout};

/// A name with a title for the window (OSC), a cleared screen (CSI), its C1 form, a forged line and turned writing.
const NAME: &str = "f\u{1b}]0;owned\u{7}\u{1b}[2J\u{9b}2J\nerror: forged\u{202e}g\u{61c}h\u{2028}i\u{2066}j";

/// As it is shown.
const SHOWN: &str = "f ]0;owned  [2J 2J error: forged g h i j";

/// What a command prints for people. It must show the name, in one line, and nothing that steers.
fn checked(what: &[&str], output: &Output) {
    let text = stdout(output) + &stderr(output);
    let is_steering = |char: char| {
        (char.is_control() && char != '\n') || "\u{61c}\u{200e}\u{200f}\u{2028}\u{2029}\u{202e}\u{2066}".contains(char)
    };
    assert!(!text.contains(is_steering), "{what:?}: {text:?}");
    assert!(text.contains(SHOWN), "{what:?}: {text:?}");
}

fn run(number: u64, more: Value) -> Value {
    let mut run = json!({
        "FunctionName": NAME, "RequestId": format!("r{number}"), "StartTime": now_ms() - 60_000, "Duration": 2_000,
        "MemUsage": 100 << 20,
        "Log": "Init Report RequestId:r Coldstart:900ms (PullCode:600ms InitRuntime:100ms InitFunction:200ms)\n\
                Report RequestId:r Duration:100ms Memory:512MB MemUsage:1MB\n",
    });
    let (Some(fields), Value::Object(more)) = (run.as_object_mut(), more) else { panic!("objects") };
    fields.extend(more);
    run
}

#[test]
fn reports_tables_and_their_decisions() {
    let server = Server::start();
    let runs: Vec<Value> = (0..40).map(|number| run(number, json!({}))).collect();
    server.api().ingest_new(&runs);
    let place = Place::at(&server);
    let slow = ["report", "slow"];
    for args in [&["functions"][..], &["report", "memory"], &["report", "cold"], &["report", "cost"], &slow, &["query"]]
    {
        let output = place.runlog(args).output().expect("the program");
        assert!(output.status.success(), "{args:?}: {}", stderr(&output));
        checked(args, &output);
        if args[0] == "report" && args != slow {
            let is_decided = stdout(&output).lines().any(|line| line.starts_with(&format!("- {SHOWN}: ")));
            assert!(is_decided, "{args:?}: {}", stdout(&output));
        }
    }
}

#[test]
fn what_an_import_says() {
    let server = Server::start();
    let place = Place::at(&server);
    let file = place.path(&format!("{NAME}.ndjson"));
    fs::write(&file, format!("{}\n", json!({ "FunctionName": "f", "StartTime": NAME, "RequestId": "r" })))
        .expect("a file");
    let args = ["import", file.to_str().expect("UTF-8")];
    checked(&args, &place.runlog(&args).output().expect("the program"));
}

#[test]
fn what_a_run_without_a_server_says_and_what_its_spool_lists() {
    let place = Place::without_server();
    checked(&["run"], &place.run(NAME, &["--report-timeout", "1s", "--request-id", "r"], "true"));
    checked(&["spool"], &place.runlog(&["spool", "list"]).output().expect("the program"));
}

#[test]
fn the_list_of_keys_with_their_notes() {
    let folder = tempfile::tempdir().expect("a folder");
    let keys = |args: &[&str]| {
        program([&["keys"], args].concat()).arg("--data").arg(folder.path()).output().expect("the program")
    };
    let made = keys(&["create", "--root", "--note", NAME]);
    assert!(made.status.success(), "{}", stderr(&made));
    checked(&["keys", "list"], &keys(&["list"]));
}
