//! The reading commands against a real server: what they print, where, and with which exit code they end.
#![allow(clippy::disallowed_methods, reason = "the tests read and write files")]

mod support;

use std::io::Read;
use std::process::Stdio;

use serde_json::{Value, json};
use support::{Place, Server, ask, code, ids, program, server_with_runs, stderr, stdout, succeed};

#[test]
fn a_query_prints_runs_on_standard_output_and_window_and_total_beside() {
    let server = server_with_runs();
    let output = ask(&server, &["query", "--from", "2026-07-01", "--to", "2026-07-02", "--limit", "3"]);
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    let text = stdout(&output);
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 4, "a header and three runs: {lines:?}");
    assert!(lines[0].starts_with("START ") && lines[1].contains("run-12") && lines[3].contains("run-10"), "{lines:?}");
    assert!(!stdout(&output).contains('\u{1b}'), "no colours in a pipe");
    let told = stderr(&output);
    assert!(told.starts_with("3 of 12 runs, 2026-07-01 00:00:00 .. 2026-07-02 00:00:00 (UTC+08:00)"), "{told}");
    assert!(told.contains("(as of #12). More: add --cursor "), "{told}");

    let cursor = told.split("--cursor ").nth(1).expect("a cursor").trim();
    let next = ["query", "--cursor", cursor, "--limit", "3", "-o", "ndjson"];
    assert_eq!(ids(&succeed(&server, &next)), ["run-09", "run-08", "run-07"]);
}

#[test]
fn every_filter_order_and_window_is_asked_for() {
    let server = server_with_runs();
    for (args, expected) in [
        (&["even", "--limit", "2"][..], &["run-12", "run-10"][..]),
        (&["-F", "odd", "--limit", "1"], &["run-11"]),
        (&["--errors", "--sort", "start_time:asc", "--limit", "2"], &["run-03", "run-06"]),
        (&["--ok", "--limit", "1"], &["run-11"]),
        (&["--ret-code", "430", "--limit", "1"], &["run-12"]),
        (&["--running"], &[]),
        (&["-k", "log of 7"], &["run-07"]),
        (&["--request-id", "run-05"], &["run-05"]),
        (&["--sort", "duration:asc", "--limit", "1"], &["run-01"]),
        (&["--sort", "mem_usage", "--offset", "1", "--limit", "1"], &["run-11"]),
        (&["--slow", "11s"], &["run-12", "run-11"]),
        (&["--slow", "11s", "--sort", "start_time:asc"], &["run-11", "run-12"]),
        (&["--slow", "3s", "--limit", "1"], &["run-12"]),
        (&["--to", "2026-07-01 03:00:00"], &["run-02", "run-01"]),
        (&["--from", "2026-07-01T11:00:00+08:00"], &["run-12", "run-11"]),
        (&["--since", "1h", "--to", "2026-07-01 12:00:00"], &["run-11"]),
        (&["--as-of", "2"], &["run-02", "run-01"]),
        (&["--namespace", "none"], &[]),
        (&["--qualifier", "$LATEST", "--limit", "1"], &["run-12"]),
    ] {
        let output = ask(&server, &[&["query", "-o", "ndjson"], args].concat());
        assert_eq!(code(&output), 0, "{args:?}: {}", stderr(&output));
        assert_eq!(ids(&stdout(&output)), expected, "{args:?}");
    }
    for (args, total) in [
        (&["--slow", "3s", "--limit", "1"][..], "1 of 10 runs"),
        (&["--slow", "3s", "--limit", "0"], "0 of 10 runs"),
        (&["--slow", "3s"], "10 of 10 runs"),
        (&["--slow", "3s", "--errors", "--sort", "start_time", "--limit", "2"], "2 of 4 runs"),
        (&["--slow", "1h"], "0 of 0 runs"),
        (&["--limit", "0"], "0 of 12 runs"),
        (&["--all"], "12 of 12 runs"),
    ] {
        let output = ask(&server, &[&["query"], args].concat());
        assert!(stderr(&output).contains(total), "{args:?}: {}", stderr(&output));
    }
}

#[test]
fn all_goes_through_every_page_and_each_run_comes_once() {
    let server = Server::start();
    let runs: Vec<Value> = (0..2345)
        .map(|id| json!({ "FunctionName": "f", "RequestId": id.to_string(), "StartTime": 1000 * id }))
        .collect();
    server.api().ingest_new(&runs);
    let expected = |count: usize| (2345 - count..2345).rev().map(|id| id.to_string()).collect::<Vec<_>>();
    assert_eq!(ids(&succeed(&server, &["query", "--all", "-o", "ndjson"])), expected(2345));
    for more in [&["--from", "0"][..], &["--since", "9999w"], &["--as-of", "2345"], &["--from", "0", "--to", "now"]] {
        let args = [&["query", "--all", "-o", "ndjson"], more].concat();
        assert_eq!(ids(&succeed(&server, &args)), expected(2345), "{more:?}");
    }
    assert_eq!(ids(&succeed(&server, &["query", "--limit", "1500", "-o", "ndjson"])), expected(1500));
    let args = ["query", "--limit", "1200", "--offset", "1000", "-o", "ndjson"];
    assert_eq!(ids(&succeed(&server, &args)), expected(2345)[1000..2200]);
}

#[test]
fn every_format_is_what_it_says() {
    let server = server_with_runs();
    let query =
        |args: &[&str]| succeed(&server, &[&["query", "--sort", "start_time:asc", "--limit", "2"], args].concat());
    let json: Vec<Value> = serde_json::from_str(&query(&["-o", "json"])).expect("an array");
    assert_eq!((json.len(), json[1]["Log"].as_str()), (2, Some("log of 2, \"quoted\"\nsecond line\n")));
    assert_eq!(query(&["-o", "raw"]), "log of 1, \"quoted\"\nsecond line\nlog of 2, \"quoted\"\nsecond line\n");
    let wide = query(&["-o", "wide"]);
    for text in ["SEQ", "NAMESPACE", "2026-07-01 01:00:00.000", "default", "$LATEST", "message 2", "2.0 MiB"] {
        assert!(wide.contains(text), "no {text} in {wide}");
    }
    let cards = query(&["-o", "text"]);
    assert!(cards.contains("Request id  run-01\n") && cards.contains("\nlog of 2, \"quoted\"\n"), "{cards}");

    // The server's own CSV of the same runs.
    let api = server.api();
    let request = api.native("GET", "/api/v1/export?format=csv&sort=start_time:asc&to=2026-07-01%2003:00:00");
    let (_, mut export) = support::Stream::open(server.address(), &request).expect("an export");
    assert_eq!(query(&["-o", "csv"]).into_bytes(), export.read_whole().expect("the whole export"));

    // What is printed can be stored elsewhere, and is then the same.
    let other = Server::start();
    let lines = query(&["-o", "ndjson"]);
    assert_eq!(other.api().ingest_body(lines.clone().into_bytes()).accepted, 2);
    assert_eq!(succeed(&other, &["query", "--sort", "start_time:asc", "-o", "ndjson"]), lines);
}

#[test]
fn tables_fit_the_screen_and_nothing_in_them_steers_it() {
    let server = Server::start();
    server.api().ingest_new(&[json!({
        "FunctionName": "a-function-with-a-long-name",
        "RequestId": "61fbd1dc-10ae-47f7-9879-7a080245df3c",
        "StartTime": "2026-07-01 08:00:00",
        "RetCode": 430,
        "RetMsg": "\u{1b}[2J\u{1b}]0;owned\u{7} and\r\nmuch more than there is room for on any screen of usual width",
        "Log": "\u{1b}[31mred\u{1b}[0m\u{1b}[2J\n",
    })]);
    for columns in ["60", "80", "100", "132"] {
        let mut command = Place::at(&server).runlog(&["query", "--color", "always"]);
        let output = command.env("COLUMNS", columns).output().expect("the program");
        let text = stdout(&output).replace("\u{1b}[31m", "").replace("\u{1b}[1m", "").replace("\u{1b}[0m", "");
        assert!(!text.contains(['\u{1b}', '\u{7}', '\r']), "{text:?}");
        let widest = text.lines().map(|line| line.chars().count()).max();
        assert!(widest <= columns.parse().ok(), "{columns}: {text}");
    }
    let id = "61fbd1dc-10ae-47f7-9879-7a080245df3c";
    assert!(succeed(&server, &["show", id]).ends_with("\n\nred␛[2J\n"), "neutral in a pipe");
    assert_eq!(succeed(&server, &["show", id, "--log"]), "\u{1b}[31mred\u{1b}[0m\u{1b}[2J\n", "byte for byte");
}

#[test]
fn colours_are_as_the_flag_and_the_environment_say() {
    let server = server_with_runs();
    let is_red = |args: &[&str], variables: &[(&str, &str)]| {
        let mut command = Place::at(&server).runlog(&[&["query", "--errors", "--limit", "1"], args].concat());
        let output = command.envs(variables.iter().copied()).output().expect("the program");
        stdout(&output).contains("\u{1b}[31m")
    };
    for (args, variables, expected) in [
        (&[][..], &[][..], false),
        (&["--color", "always"], &[], true),
        (&["--color", "never"], &[("CLICOLOR_FORCE", "1")], false),
        (&[], &[("CLICOLOR_FORCE", "1")], true),
        (&[], &[("CLICOLOR_FORCE", "0")], false),
        (&[], &[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")], false),
        (&["--color", "always"], &[("NO_COLOR", "1")], true),
    ] {
        assert_eq!(is_red(args, variables), expected, "{args:?} {variables:?}");
    }
}

#[test]
fn one_run_is_shown_with_all_that_is_known_of_it() {
    let server = server_with_runs();
    let text = succeed(&server, &["show", "run-03"]);
    for line in [
        "Function    odd",
        "Request id  run-03",
        "Start       2026-07-01 03:00:00.000 (UTC+08:00)",
        "Duration    3.00 s (billed 3000 ms)",
        "Memory      3.0 MiB",
        "Result      failed (code 430, exit code 7)",
        "Message     message 3",
        "log of 3, \"quoted\"",
    ] {
        assert!(text.lines().any(|found| found == line), "no `{line}` in {text}");
    }
    assert_eq!(succeed(&server, &["show", "run-03", "--log"]), "log of 3, \"quoted\"\nsecond line\n");
    let rows: Vec<Value> = serde_json::from_str(&succeed(&server, &["show", "run-03", "-o", "json"])).expect("JSON");
    assert_eq!((rows.len(), &rows[0]["MemUsage"]), (1, &json!(3 << 20)));
    for (args, expected) in [(&["nothing"][..], 1), (&["nothing", "--fail-empty"], 3), (&["run-03", "-F", "even"], 1)] {
        let output = ask(&server, &[&["show"], args].concat());
        assert_eq!((code(&output), stdout(&output).as_str()), (expected, ""), "{args:?}");
        assert!(stderr(&output).contains("there is no run `"), "{}", stderr(&output));
    }
}

#[test]
fn every_attempt_of_a_run_is_shown() {
    let server = Server::start();
    let attempt = |number: u8, log: &str| json!({ "FunctionName": "f", "RequestId": "r", "RetryNum": number, "StartTime": 1000 * i64::from(number), "Log": log });
    server.api().ingest_new(&[attempt(0, "first\n"), attempt(1, "second\n")]);
    let output = ask(&server, &["show", "r", "--log"]);
    assert_eq!(stdout(&output), "first\nsecond\n");
    assert!(stderr(&output).contains("2 attempts"), "{}", stderr(&output));
}

#[test]
fn the_last_run_is_shown_and_the_last_few_are_listed() {
    let server = server_with_runs();
    assert!(succeed(&server, &["last"]).contains("Request id  run-12\n"));
    let text = succeed(&server, &["last", "odd", "--errors"]);
    assert!(text.contains("Request id  run-09\n") && text.ends_with("second line\n"), "{text}");
    let output = ask(&server, &["last", "-n", "3", "even"]);
    assert_eq!(stdout(&output).lines().count(), 4, "{}", stdout(&output));
    assert!(stderr(&output).contains("the last 3 of 6 runs"), "{}", stderr(&output));
    assert_eq!(ids(&succeed(&server, &["last", "-n", "2", "-o", "ndjson"])), ["run-12", "run-11"]);
    for (args, expected) in [(&["last", "never"][..], 0), (&["last", "never", "--fail-empty"], 3)] {
        assert_eq!(code(&ask(&server, args)), expected);
    }
}

#[test]
fn commands_end_with_a_code_that_says_what_happened() {
    let server = server_with_runs();
    let elsewhere = ["--endpoint", "http://127.0.0.1:9"];
    for command in [&["query"][..], &["show", "run-01"], &["last"], &["tail"], &["follow", "run-01"]] {
        for (args, expected, says) in [
            (&["--secret-key", "wrong"][..], 4, "the server refused the request with status 401"),
            (&elsewhere[..], 1, "no answer from http://127.0.0.1:9"),
            (&["--endpoint", "nowhere"], 2, "write it as http://"),
            (&["--profile", "none"], 2, "there is no profile `none`"),
            (&["--no-such-flag"], 2, "--no-such-flag"),
        ] {
            let output = ask(&server, &[command, args].concat());
            assert_eq!(code(&output), expected, "{command:?} {args:?}: {}", stderr(&output));
            assert!(stderr(&output).contains(says), "{command:?} {args:?}: {}", stderr(&output));
            assert_eq!(stdout(&output), "", "{command:?} {args:?}");
        }
    }
    for (args, expected) in [
        (&["query", "--from", "2026-06-01", "--to", "2026-06-02"][..], 0),
        (&["query", "--from", "2026-06-01", "--to", "2026-06-02", "--fail-empty"], 3),
        (&["query", "--limit", "0", "--fail-empty"], 0),
        (&["query", "never", "--fail-empty"], 3),
        (&["query", "--slow", "1h", "--fail-empty"], 3),
        (&["query", "--since", "soon"], 2),
        (&["query", "--from", "someday"], 2),
        (&["query", "--from", "today", "--to", "yesterday"], 2),
        (&["query", "--sort", "size"], 2),
        (&["query", "--errors", "--ok"], 2),
        (&["query", "-o", "xml"], 2),
        (&["query", "--ret-code", "x"], 1),
        (&["query", "--as-of", "99999"], 1),
        (&["query", "-f", "--all"], 2),
        (&["show"], 2),
        (&["follow", "nothing"], 1),
        (&["tail", "--from-seq", "99999"], 1),
    ] {
        let output = ask(&server, args);
        assert_eq!(code(&output), expected, "{args:?}: {}", stderr(&output));
    }
    let output = program(["query"]).output().expect("the program");
    assert!(code(&output) == 2 && stderr(&output).contains("RUNLOG_SECRET_ID"), "{}", stderr(&output));
}

#[test]
fn a_reader_that_has_seen_enough_is_no_error() {
    let server = Server::start();
    let log = "a long line of a log\n".repeat(500);
    let run = |id: u32| json!({ "FunctionName": "f", "RequestId": id.to_string(), "StartTime": 1000 * id, "Log": log });
    server.api().ingest_new(&(0..600).map(run).collect::<Vec<_>>());
    for format in ["ndjson", "json", "raw", "text", "csv"] {
        let mut command = Place::at(&server).runlog(&["query", "--all", "-o", format]);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program");
        let mut pipe = child.stdout.take().expect("a pipe");
        pipe.read_exact(&mut [0; 1000]).expect("some output");
        drop(pipe);
        let output = child.wait_with_output().expect("an end");
        assert_eq!((code(&output), stderr(&output).as_str()), (0, ""), "{format}");
    }
}

#[test]
fn every_command_has_a_manual_page() {
    let folder = tempfile::tempdir().expect("a folder");
    let pages = folder.path().join("man1");
    let output = program(["man", "--out"]).arg(&pages).output().expect("the program");
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    let help = stdout(&program(["--help"]).output().expect("the program"));
    let commands = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    let mut count = 0;
    for name in commands.filter_map(|line| line.strip_prefix("  ")?.split(' ').next()).filter(|name| *name != "help") {
        if name.is_empty() {
            continue;
        }
        let page = std::fs::read_to_string(pages.join(format!("runlog-{name}.1"))).expect(name);
        assert!(page.contains(".SH NAME") && page.contains(&format!("runlog\\-{name}")), "{name}: {page}");
        count += 1;
    }
    assert!(count >= 20, "{count} commands in {help}");
    assert!(pages.join("runlog-config-set-profile.1").exists() && pages.join("runlog.1").exists());
    let page = stdout(&program(["man", "query"]).output().expect("the program"));
    assert!(page.contains("\\-\\-slow") && page.contains(".SH EXAMPLES\n"), "{page}");
    let output = program(["man", "dance"]).output().expect("the program");
    assert!(code(&output) == 1 && stderr(&output).contains("no command `dance`"), "{}", stderr(&output));
}

#[test]
fn help_has_groups_and_examples() {
    for command in ["query", "show", "last", "tail", "follow"] {
        let help = stdout(&program([command, "--help"]).output().expect("the program"));
        for part in ["Usage: runlog", "Examples:", "Server:", "--profile"] {
            assert!(help.contains(part), "no {part} in {help}");
        }
        let examples = help.split("Examples:").nth(1).expect("examples");
        assert!(examples.contains(&format!("runlog {command} ")), "{examples}");
        for shell in ["bash", "zsh", "fish"] {
            let script = stdout(&program(["completions", shell]).output().expect("the program"));
            assert!(script.contains(command), "{shell}");
        }
    }
}
