//! The command line as a user meets it: options and where they come from, keys, queries, and what each command says
//! when something is wrong.
#![allow(clippy::disallowed_methods, reason = "the tests read and write files")]

mod support;

use std::io::Read;
use std::path::Path;
use std::process::{Output, Stdio};

use serde_json::{Value, json};
use support::{Api, Key, Server, Setup, eventually, program};

fn run(args: &[&str]) -> Output {
    program(args).output().expect("the program")
}

fn out(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn err(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn code(output: &Output) -> i32 {
    output.status.code().expect("an exit code")
}

/// A command that must succeed, and its standard output.
fn succeed(args: &[&str]) -> String {
    let output = run(args);
    assert_eq!(code(&output), 0, "{args:?}: {}", err(&output));
    out(&output)
}

/// Name, value and origin of each option that `runlog config` prints.
fn options(output: &Output) -> Vec<(String, String, String)> {
    assert_eq!(code(output), 0, "{}", err(output));
    let text = out(output);
    let header = text.lines().next().expect("a header");
    let starts = ["OPTION", "VALUE", "FROM", "MEANING"].map(|title| header.find(title).expect("a column"));
    let column = |line: &str, at: usize| {
        // Columns are of ASCII letters, so bytes are places.
        line.get(starts[at]..starts[at + 1].min(line.len())).unwrap_or_default().trim().to_owned()
    };
    text.lines().skip(1).map(|line| (column(line, 0), column(line, 1), column(line, 2))).collect()
}

fn option(output: &Output, name: &str) -> (String, String) {
    let found = options(output).into_iter().find(|(found, ..)| found == name);
    found.map(|(_, value, from)| (value, from)).unwrap_or_else(|| panic!("no {name} in {}", out(output)))
}

#[test]
fn every_option_is_a_flag_a_variable_and_a_key_of_the_file_in_this_order() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("runlog.toml");
    let all = options(&run(&["config"]));
    assert!(all.len() > 15 && all.iter().all(|(.., from)| from == "default"), "{all:?}");
    for (name, default, _) in all {
        let value = match (name.as_str(), default.as_str()) {
            // They are no use one without the other; see the next test.
            ("tls_cert" | "tls_key", _) => continue,
            ("root_key", _) => "AKIDx:y",
            ("regions", _) => "ap-beijing,ap-shanghai",
            (_, default) => default,
        };
        let shown = if name == "root_key" { "***" } else { value };
        let flag = format!("--{}={value}", name.replace('_', "-"));
        let variable = format!("RUNLOG_{}", name.to_uppercase());
        std::fs::write(&file, format!("{name} = \"{value}\"\n")).expect("a file");
        let config = file.to_str().expect("UTF-8");
        for (from, args, has_variable) in [
            ("flag", vec!["config", &flag], false),
            ("environment", vec!["config"], true),
            ("file", vec!["config", "--config", config], false),
            ("flag", vec!["config", &flag, "--config", config], true),
            ("environment", vec!["config", "--config", config], true),
        ] {
            let mut command = program(&args);
            if has_variable {
                command.env(&variable, value);
            }
            let found = option(&command.output().expect("the program"), &name);
            assert_eq!(found, (shown.to_owned(), from.to_owned()), "{name}: {args:?}, variable: {has_variable}");
        }
    }
}

#[test]
fn the_file_of_options_takes_numbers_switches_and_lists() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("runlog.toml");
    let text = "rate_limit = 7\nrefuse_replay = true\nregions = [\"ap-beijing\", \"ap-shanghai\"]\n";
    std::fs::write(&file, text).expect("a file");
    let output = program(["config"]).env("RUNLOG_CONFIG", &file).output().expect("the program");
    for (name, value) in [("rate_limit", "7"), ("refuse_replay", "true"), ("regions", "ap-beijing,ap-shanghai")] {
        assert_eq!(option(&output, name), (value.to_owned(), "file".to_owned()));
    }
}

#[test]
fn an_option_that_is_wrong_is_an_error_that_says_what_is_expected() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("wrong.toml");
    let config = file.to_str().expect("UTF-8");
    for (text, says) in [
        ("colour = 1", "there is no option `colour`"),
        ("rate_limit =", "not valid TOML"),
        ("rate_limit = 1.5", "`rate_limit` takes a text, a whole number, true, false or a list"),
        ("rate_limit = -1", "option `rate_limit` (from file): `-1` is not a whole number"),
        ("regions = [1]", "`regions` takes a list of texts"),
    ] {
        std::fs::write(&file, text).expect("a file");
        let output = run(&["config", "--config", config]);
        assert!(code(&output) == 2 && err(&output).contains(says), "{text}: {}", err(&output));
    }
    for (args, says) in [
        (&["--listen", "nowhere"][..], "option `listen` (from flag): `nowhere` is not an address"),
        (&["--rate-limit", "many"], "`many` is not a whole number"),
        (&["--time-zone", "Beijing"], "`Beijing` is not a time zone"),
        (&["--root-key", "secret"], "write it as SECRETID:SECRETKEY"),
        (&["--refuse-replay=perhaps"], "`perhaps` is neither true nor false"),
        (&["--log-level", "loud"], "`loud` is not one of off, error, warn, info, debug, trace"),
        (&["--log-format", "xml"], "`xml` is neither text nor json"),
        (&["--default-region", "a b"], "`a b` is not a region's id"),
        (&["--client-timeout", "0"], "`client_timeout`: 0 seconds would refuse every client"),
        (&["--default-region", ""], "option `default_region` (from flag): it is empty"),
        (&["--tls-cert", "cert.pem"], "--tls-cert and --tls-key go together"),
        (&["--config", "/no/such/file.toml"], "cannot read /no/such/file.toml"),
    ] {
        for command in ["config", "serve"] {
            let data = folder.path().join("never-made");
            let output = program([command]).arg("--data").arg(&data).args(args).output().expect("the program");
            assert!(code(&output) == 2 && err(&output).contains(says), "{args:?}: {}", err(&output));
            assert!(err(&output).starts_with("error: "), "{}", err(&output));
            assert!(!data.exists(), "{args:?}: nothing is made before the options are read");
        }
    }
    let output = program(["config"]).env("RUNLOG_RATE_LIMIT", "x").output().expect("the program");
    assert!(err(&output).contains("option `rate_limit` (from environment)"), "{}", err(&output));
}

#[test]
fn a_command_line_that_cannot_be_read_ends_with_2() {
    for args in [
        &[][..],
        &["dance"],
        &["serve", "--no-such-option"],
        &["serve", "--rate-limit"],
        &["keys"],
        &["keys", "create"],
        &["keys", "delete"],
        &["keys", "create", "--root", "--policy", "x"],
        &["sample", "--runs", "many"],
        &["completions", "dos"],
        &["logs", "--output", "xml"],
        &["logs", "--since", "2d"],
        &["logs"],
    ] {
        let output = run(args);
        assert_eq!((code(&output), out(&output).as_str()), (2, ""), "{args:?}: {}", err(&output));
        assert!(!err(&output).is_empty(), "{args:?}");
    }
}

#[test]
fn help_names_every_command_and_every_option() {
    let help = succeed(&["--help"]);
    for command in ["serve", "demo", "logs", "keys", "config", "sample", "completions"] {
        assert!(help.contains(command), "{help}");
    }
    let help = succeed(&["serve", "--help"]);
    for (name, ..) in options(&run(&["config"])) {
        assert!(help.contains(&format!("--{}", name.replace('_', "-"))), "{name} is not in {help}");
        assert!(help.contains(&format!("RUNLOG_{}", name.to_uppercase())), "{name} is not in {help}");
    }
    assert!(succeed(&["--version"]).starts_with("runlog "));
}

#[test]
fn completions_for_every_common_shell() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = succeed(&["completions", shell]);
        assert!(script.contains("runlog") && script.contains("rate-limit"), "{shell}");
    }
}

#[test]
fn a_reader_that_has_seen_enough_is_no_error() {
    let mut child = program(["sample", "--runs", "50000"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program");
    let mut pipe = child.stdout.take().expect("a pipe");
    pipe.read_exact(&mut [0; 1000]).expect("some output");
    drop(pipe);
    let output = child.wait_with_output().expect("an end");
    assert_eq!((code(&output), err(&output).as_str()), (0, ""));
}

#[test]
fn a_sample_is_the_same_for_the_same_seed_and_can_be_stored() {
    let sample = |seed| {
        succeed(&["sample", "--runs", "500", "--functions", "5", "--seed", seed, "--day", "2026-07-01 00:00:00"])
    };
    let (one, again, other) = (sample("1"), sample("1"), sample("2"));
    assert!(one == again && one != other);
    let runs: Vec<Value> = one.lines().map(|line| serde_json::from_str(line).expect("a run a line")).collect();
    assert_eq!(runs.len(), 500);
    let server = Server::start();
    server.api().ingest_new(&runs);
    let day = |day| succeed(&["sample", "--runs", "500", "--functions", "5", "--day", day]);
    assert_eq!(day("2026-07-01"), one, "a day alone is its midnight");
    let output = run(&["sample", "--day", "someday"]);
    assert!(code(&output) == 1 && err(&output).contains("--day"), "{}", err(&output));
}

#[test]
fn keys_are_made_listed_and_deleted_while_the_server_runs() {
    let server = Setup::plain().start();
    let data = server.data().to_str().expect("UTF-8");
    let folder = tempfile::tempdir().expect("a folder");
    let policy = folder.path().join("policy.json");
    std::fs::write(&policy, r#"{"version":"2.0","statement":[{"effect":"allow","action":"scf:*","resource":"*"}]}"#)
        .expect("a file");
    let policy = policy.to_str().expect("UTF-8");
    let made =
        run(&["keys", "create", "--data", data, "--policy", policy, "--account", "200000000002", "--note", "for CI"]);
    let key = support::key_in(&made);
    let listed = succeed(&["keys", "list", "--data", data]);
    let line = listed.lines().find(|line| line.contains(&key.secret_id)).expect("the new key");
    assert!(line.contains("200000000002") && line.contains("for CI") && line.contains("1 polic"), "{line}");
    assert!(!listed.contains(&key.secret_key), "secrets are not listed");
    let mut api = Api::new(server.address(), key.clone());
    eventually("the server notices the key", || api.logs(json!({})).code().is_none().then_some(()));
    succeed(&["keys", "delete", &key.secret_id, "--data", data]);
    let unknown = Some("AuthFailure.SecretIdNotFound");
    eventually("the server forgets the key", || (api.logs(json!({})).code() == unknown).then_some(()));
    let output = run(&["keys", "delete", &key.secret_id, "--data", data]);
    assert!(code(&output) == 1 && err(&output).contains("there is no key"), "{}", err(&output));
    assert!(!server.stderr().contains(&key.secret_key), "secrets are not logged");
}

#[test]
fn keys_that_cannot_be_made() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let policy = folder.path().join("policy.json");
    let create =
        |args: &[&str]| program(["keys", "create", "--data"]).arg(&data).args(args).output().expect("the program");
    for (text, says) in [
        ("", "not a policy document"),
        (
            r#"{"version":"2.0","statement":[{"effect":"allow","action":"GetFunctionLogs","resource":"*"}]}"#,
            "scf:GetFunctionLogs",
        ),
        (
            r#"{"version":"2.0","statement":[{"effect":"allow","action":"*","resource":"*","condition":{}}]}"#,
            "condition",
        ),
    ] {
        std::fs::write(&policy, text).expect("a file");
        let output = create(&["--policy", policy.to_str().expect("UTF-8")]);
        assert!(code(&output) == 1 && err(&output).contains(says), "{text}: {}", err(&output));
        assert!(err(&output).contains("policy.json"), "{}", err(&output));
    }
    let output = create(&["--policy", "/no/such/policy.json"]);
    assert!(code(&output) == 1 && err(&output).contains("/no/such/policy.json"), "{}", err(&output));
    let output = create(&["--root", "--account", "me"]);
    assert!(code(&output) == 1 && err(&output).contains("digits"), "{}", err(&output));
    std::fs::create_dir(&data).expect("a folder");
    std::fs::write(data.join("keys.json"), "{").expect("a file");
    let output = create(&["--root"]);
    assert!(code(&output) == 1 && err(&output).contains("keys.json is damaged"), "{}", err(&output));
}

/// `runlog logs` with a server and the root key.
fn logs(server: &Server, args: &[&str]) -> Output {
    let key = Key::root();
    program(["logs"])
        .env("RUNLOG_ENDPOINT", format!("http://{}", server.address()))
        .env("RUNLOG_SECRET_ID", key.secret_id)
        .env("RUNLOG_SECRET_KEY", key.secret_key)
        .args(args)
        .output()
        .expect("the program")
}

fn server_with_runs() -> Server {
    let server = Server::start();
    server.api().ingest_new(&[
        json!({ "FunctionName": "hello", "RequestId": "first", "StartTime": "2026-07-01 08:00:00", "Duration": 12.5, "MemUsage": 3 << 20, "Log": "你好\n" }),
        json!({ "FunctionName": "hello", "RequestId": "second", "StartTime": "2026-07-01 09:00:00", "Duration": 2000, "RetCode": 433, "Log": "no line end" }),
        json!({ "FunctionName": "other", "RequestId": "third", "StartTime": "2026-07-01 10:00:00", "Namespace": "test" }),
    ]);
    server
}

#[test]
fn logs_are_printed_as_asked_the_window_and_the_total_beside_them() {
    let server = server_with_runs();
    let day = ["--from", "2026-07-01", "--to", "2026-07-01 23:59:59"];
    let ask = |args: &[&str]| {
        let output = logs(&server, &[&day[..], args].concat());
        assert_eq!(code(&output), 0, "{args:?}: {}", err(&output));
        output
    };
    let table = ask(&["hello"]);
    let lines: Vec<String> = out(&table).lines().map(str::to_owned).collect();
    assert_eq!(lines.len(), 3, "a header and two runs: {lines:?}");
    assert!(lines[1].contains("second") && lines[2].contains("first"), "{lines:?}");
    assert_eq!(err(&table).trim(), "2 of 2 runs, 2026-07-01 00:00:00 .. 2026-07-01 23:59:59 (UTC+08:00)");
    assert!(!out(&table).contains('\u{1b}'), "no colours in a pipe");
    assert!(out(&ask(&["hello", "--color", "always"])).contains('\u{1b}'));
    assert_eq!(out(&ask(&["hello", "-o", "raw", "--sort", "start_time:asc"])), "你好\nno line end\n");
    let rows: Vec<Value> = serde_json::from_str(&out(&ask(&["-o", "json", "--sort", "duration"]))).expect("JSON");
    assert_eq!(rows.iter().map(|row| &row["RequestId"]).collect::<Vec<_>>(), ["second", "first"]);
    let lines = out(&ask(&["-o", "ndjson", "--errors"]));
    assert_eq!(serde_json::from_str::<Value>(&lines).expect("one run")["RetCode"], 433);
    assert_eq!(err(&ask(&["--limit", "1"])).trim().split(", ").next(), Some("1 of 2 runs"));
    assert_eq!(out(&ask(&["-o", "ndjson", "--namespace", "test"])).lines().count(), 1);
    assert_eq!(out(&ask(&["-o", "ndjson", "--keyword", "你好"])).lines().count(), 1);
    assert_eq!(out(&ask(&["-o", "ndjson", "--all"])).lines().count(), 2);
    let by_id = logs(&server, &["--request-id", "first", "-o", "raw"]);
    assert_eq!((code(&by_id), out(&by_id).as_str()), (0, "你好\n"), "no window needed");
}

#[test]
fn what_logs_prints_can_be_stored_elsewhere() {
    let (from, to) = (server_with_runs(), Server::start());
    let output = logs(&from, &["--from", "2026-07-01", "-o", "ndjson"]);
    assert_eq!(to.api().ingest_body(output.stdout.clone()).accepted, 2);
    let copied = logs(&to, &["--from", "2026-07-01", "-o", "ndjson"]);
    assert_eq!(out(&copied), out(&output));
}

#[test]
fn logs_ends_with_a_code_that_says_what_happened() {
    let server = server_with_runs();
    let endpoint = format!("http://{}", server.address());
    for (args, expected, says) in [
        (&["hello", "--from", "2026-07-01"][..], 0, "2 of 2 runs"),
        (&["hello", "--from", "2026-06-01"], 0, "0 of 0 runs"),
        (&["hello", "--from", "2026-06-01", "--fail-empty"], 3, "0 of 0 runs"),
        (&["hello", "--from", "2026-07-01", "--limit", "0", "--fail-empty"], 0, "0 of 2 runs"),
        (&["never"], 1, "ResourceNotFound.FunctionName: The function `never` does not exist."),
        (&["never", "--language", "zh-CN"], 1, "函数不存在"),
        (&["--secret-key", "wrong"], 4, "AuthFailure.SignatureFailure"),
        (&["--secret-id", "AKIDnobody"], 4, "AuthFailure.SecretIdNotFound"),
        (&["--endpoint", "http://127.0.0.1:1"], 1, "no answer from http://127.0.0.1:1"),
        (&["--endpoint", "ftp://127.0.0.1"], 2, "http://"),
        (&["--from", "2026-07-01", "--to", "2026-07-03"], 2, "longer than a day"),
        (&["--from", "2026-07-02", "--to", "2026-07-01"], 2, "before it starts"),
        (&["--from", "someday"], 2, "`someday` is not a time"),
        (&["--ca", "/no/such/ca.pem"], 1, "/no/such/ca.pem"),
        (&["--endpoint", &endpoint.replace("http:", "https:")], 1, "127.0.0.1"),
    ] {
        let output = logs(&server, args);
        assert_eq!(code(&output), expected, "{args:?}: {}", err(&output));
        assert!(err(&output).contains(says), "{args:?}: {}", err(&output));
    }
    let output = run(&["logs"]);
    assert!(err(&output).contains("RUNLOG_SECRET_ID"), "{}", err(&output));
}

#[test]
fn a_printed_request_is_a_curl_command_without_the_secret() {
    let server = server_with_runs();
    let output = logs(&server, &["hello", "--print-request", "curl"]);
    let command = out(&output);
    assert!(command.starts_with("curl ") && command.contains("X-TC-Action: GetFunctionLogs"), "{command}");
    assert!(command.contains(&server.address().to_string()) && !command.contains(&Key::root().secret_key), "{command}");
}

#[test]
fn a_data_folder_that_cannot_be_used_is_an_error() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("file");
    std::fs::write(&file, "").expect("a file");
    for data in [&file, &file.join("below"), Path::new("/proc/nowhere")] {
        let output = program(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(data).output().expect("the program");
        assert_eq!(code(&output), 1, "{}: {}", data.display(), err(&output));
        assert!(err(&output).contains(data.to_str().expect("UTF-8")), "{}", err(&output));
    }
}
