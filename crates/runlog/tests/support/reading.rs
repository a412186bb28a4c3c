//! Commands that read runs of a server, and some runs to read.

use std::process::Output;

use serde_json::{Value, json};

use super::{Place, Server, stderr, stdout};

/// A command's exit code.
pub(crate) fn code(output: &Output) -> i32 {
    output.status.code().expect("an exit code")
}

/// A command with the server and its root key.
pub(crate) fn ask(server: &Server, args: &[&str]) -> Output {
    Place::at(server).runlog(args).output().expect("the program")
}

/// A command that must succeed, and its standard output.
pub(crate) fn succeed(server: &Server, args: &[&str]) -> String {
    let output = ask(server, args);
    assert_eq!(code(&output), 0, "{args:?}: {}", stderr(&output));
    stdout(&output)
}

/// The request ids of lines of NDJSON.
pub(crate) fn ids(ndjson: &str) -> Vec<String> {
    let id = |line: &str| serde_json::from_str::<Value>(line).expect("JSON")["RequestId"].as_str().map(str::to_owned);
    ndjson.lines().map(|line| id(line).expect("an id")).collect()
}

/// Twelve runs of July 1st 2026 in UTC+8, one an hour, the nth of n seconds; every third failed.
pub(crate) fn server_with_runs() -> Server {
    let server = Server::start();
    let run = |hour: i32| {
        json!({
            "FunctionName": if hour % 2 == 0 { "even" } else { "odd" },
            "RequestId": format!("run-{hour:02}"),
            "StartTime": format!("2026-07-01 {hour:02}:00:00"),
            "Duration": f64::from(hour) * 1000.0,
            "MemUsage": hour << 20,
            "RetCode": if hour % 3 == 0 { 430 } else { 0 },
            "ExitCode": if hour % 3 == 0 { 7 } else { 0 },
            "RetMsg": format!("message {hour}"),
            "Log": format!("log of {hour}, \"quoted\"\nsecond line\n"),
        })
    };
    let runs: Vec<Value> = (1..=12).map(run).collect();
    server.api().ingest_new(&runs);
    server
}
