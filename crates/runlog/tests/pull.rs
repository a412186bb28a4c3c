//! `runlog pull` from one real server into another: equal sets, past the 10,000 rows of one query, through a kill.
#![allow(clippy::disallowed_methods, reason = "the tests read and write files")]

mod support;

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};
use support::{Api, Key, Server, Setup, eventually, program};

/// 2026-07-01 08:00:00 in UTC+8.
const EIGHT_MS: i64 = 1_782_864_000_000;

/// Runs that start in one second.
const DENSE_RUNS: usize = 21_000;

/// Runs of the three days.
const SPARSE_RUNS: usize = 900;

/// A pull of four days with some arguments, in place of those that would otherwise be given.
fn pull(source: &Server, args: &[&str]) -> Command {
    let mut command = program(["pull", "--source", &format!("http://{}", source.address())]);
    let key = Key::root();
    for (flag, value) in [("--from", "2026-06-30"), ("--to", "2026-07-04"), ("--rate", "0")] {
        let is_replaced = args.contains(&flag) || (args.contains(&"--since") && flag != "--rate");
        if !is_replaced {
            command.args([flag, value]);
        }
    }
    command.args(args);
    command.env("RUNLOG_SOURCE_SECRET_ID", &key.secret_id).env("RUNLOG_SOURCE_SECRET_KEY", &key.secret_key);
    command.env("RUNLOG_SECRET_ID", &key.secret_id).env("RUNLOG_SECRET_KEY", &key.secret_key);
    command
}

fn into<'a>(command: &'a mut Command, target: &Server) -> &'a mut Command {
    command.env("RUNLOG_ENDPOINT", format!("http://{}", target.address()))
}

fn done(output: &Output) -> (i32, String) {
    let code = output.status.code().expect("an exit code");
    (code, String::from_utf8_lossy(&output.stderr).into_owned())
}

fn fill(api: &mut Api) {
    let run = |at: usize, start_ms: i64| {
        json!({
            "FunctionName": format!("f{}", at % 3), "RequestId": format!("{at}"), "StartTime": start_ms,
            "Duration": at as f64 / 8.0, "MemUsage": at * 64, "RetCode": if at.is_multiple_of(7) { 430 } else { 0 },
            "RetMsg": format!("\"{at}\""), "Log": format!("line of {at}\n日志\n"), "RetryNum": at % 2,
            "Qualifier": if at.is_multiple_of(5) { "2" } else { "$LATEST" },
        })
    };
    let sparse = (0..SPARSE_RUNS).map(|at| run(at, EIGHT_MS + at as i64 * 240_000));
    // All of one function, so that one query cannot reach them.
    let dense = (0..DENSE_RUNS).map(|at| {
        let at = 3 * (SPARSE_RUNS + at);
        let mut dense = run(at, EIGHT_MS + 3_600_000 + (at % 1000) as i64);
        dense["Qualifier"] = json!("$LATEST");
        dense
    });
    let runs: Vec<Value> = sparse.chain(dense).collect();
    for part in runs.chunks(5_000) {
        api.ingest_new(part);
    }
}

/// Every row of the four days, by version and identity.
fn rows(api: &mut Api) -> BTreeMap<(String, String), Value> {
    let mut rows = BTreeMap::new();
    for (day, qualifier) in (0..4).flat_map(|day| ["2", "$LATEST"].map(|qualifier| (day, qualifier))) {
        let mut cursor = json!("");
        loop {
            let answer = api.logs(json!({
                "Qualifier": qualifier, "OrderBy": "start_time", "Limit": 10_000,
                "StartTime": format!("2026-0{}", if day == 0 { "6-30 00:00:00".into() } else { format!("7-0{day} 00:00:00") }),
                "EndTime": format!("2026-0{}", if day == 0 { "6-30 23:59:59".into() } else { format!("7-0{day} 23:59:59") }),
                "SearchContext": { "Offset": cursor, "Limit": 10_000 },
            }));
            for row in answer.rows() {
                let id = format!("{} {} {}", row["FunctionName"], row["RequestId"], row["RetryNum"]);
                rows.insert((qualifier.to_owned(), id), row.clone());
            }
            cursor = answer.at("SearchContext.Offset").expect("a cursor").clone();
            if cursor == "" {
                break;
            }
        }
    }
    rows
}

/// The number before a word of the summary.
fn number(said: &str, word: &str) -> usize {
    let before = said.split(&format!(" {word}")).next().and_then(|before| before.rsplit([' ', '\n']).next());
    let number = before.and_then(|number| number.replace(',', "").parse().ok());
    number.unwrap_or_else(|| panic!("no {word} in {said}"))
}

#[test]
fn a_pull_that_was_killed_goes_on_and_ends_in_equal_sets() {
    let folder = tempfile::tempdir().expect("a folder");
    let state = folder.path().join("state.json");
    let (source, target) = (Server::start(), Server::start());
    fill(&mut source.api());
    let all = DENSE_RUNS + SPARSE_RUNS;
    let args = ["--state", state.to_str().expect("UTF-8")];

    // Slow enough to be there when it is killed.
    let mut command = pull(&source, &[&args[..], &["--rate", "10"]].concat());
    let mut child = into(&mut command, &target).stderr(Stdio::piped()).spawn().expect("a program");
    eventually("a first function is done", || {
        if let Some(status) = child.try_wait().expect("a process") {
            let mut said = String::new();
            child.stderr.take().expect("a pipe").read_to_string(&mut said).expect("text");
            panic!("it ended before it was killed, {status}: {said}");
        }
        let written: Value = serde_json::from_str(&std::fs::read_to_string(&state).ok()?).expect("whole JSON");
        (written["done"].as_object().expect("units").len() > 1).then_some(())
    });
    child.kill().expect("a process to kill");
    child.wait().expect("a process");
    assert!(rows(&mut target.api()).len() < all, "nothing was left to do");

    let (code, said) = done(&into(&mut pull(&source, &args), &target).output().expect("the program"));
    assert!(code == 0 && number(&said, "refused") == 0, "{said}");
    assert!(number(&said, "pulled") < all, "it began anew: {said}");
    let (expected, mirrored) = (rows(&mut source.api()), rows(&mut target.api()));
    assert_eq!(expected.len(), all);
    assert!(expected == mirrored, "{} rows, not {all} equal ones", mirrored.len());

    // Everything is written down: nothing is read again.
    let (code, said) = done(&into(&mut pull(&source, &args), &target).output().expect("the program"));
    assert!(code == 0 && number(&said, "pulled") == 0, "{said}");
    // A mirror can be mirrored, although all runs of a second start at once in it.
    let third = Server::start();
    let other = folder.path().join("other.json");
    let args = ["--state", other.to_str().expect("UTF-8")];
    let (code, said) = done(&into(&mut pull(&target, &args), &third).output().expect("the program"));
    assert!(code == 0, "{said}");
    assert!(rows(&mut third.api()) == expected, "{said}");
}

#[test]
fn runs_in_flight_and_late_ones_are_pulled_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let state = folder.path().join("state.json");
    let (source, target) = (Server::start(), Server::start());
    let mut api = source.api();
    let run = |id: &str, ret_code: i32| json!({ "FunctionName": "f", "RequestId": id, "StartTime": EIGHT_MS, "RetCode": ret_code });
    api.ingest_new(&[run("slow", 2), run("quick", 0)]);
    let mirror = || {
        done(
            &into(&mut pull(&source, &["--state", state.to_str().expect("UTF-8")]), &target)
                .output()
                .expect("the program"),
        )
    };
    let (code, said) = mirror();
    assert!(code == 0 && said.contains("2 pulled, 2 accepted, 0 duplicates, 0 refused; 1 in flight"), "{said}");
    api.ingest(&[run("slow", 0)]);
    let (code, said) = mirror();
    assert!(code == 0 && said.contains("2 pulled, 1 accepted, 1 duplicates, 0 refused"), "{said}");
    let answer = target.api().logs(json!({ "FunctionRequestId": "slow" }));
    assert_eq!((answer.total(), &answer.rows()[0]["RetCode"]), (1, &json!(0)));
    assert!(mirror().1.contains("0 pulled"));

    // The last hour counts as recent.
    let args = ["--state", state.to_str().expect("UTF-8"), "--since", "2h", "--overlap", "1h"];
    api.ingest_new(&[json!({ "FunctionName": "f", "RequestId": "new" })]);
    for pulled in ["1 pulled, 1 accepted", "1 pulled, 0 accepted"] {
        let (code, said) = done(&into(&mut pull(&source, &args), &target).output().expect("the program"));
        assert!(code == 0 && said.contains(pulled), "{said}");
    }
}

#[test]
fn the_rate_limit_of_a_source_is_kept_and_survived() {
    let source = Setup::new().option("rate-limit", "5").start();
    source.api().ingest_new(&[json!({ "FunctionName": "f", "RequestId": "1", "StartTime": EIGHT_MS })]);
    let folder = tempfile::tempdir().expect("a folder");
    for (rate, name) in [("5", "kept"), ("0", "survived")] {
        let (state, file) = (folder.path().join(name), folder.path().join(format!("{name}.ndjson")));
        let [state, file] = [&state, &file].map(|path: &std::path::PathBuf| path.to_str().expect("UTF-8").to_owned());
        let args = ["--state", &state, "-o", &file, "--from", "2026-06-25", "--to", "2026-07-05", "--rate", rate];
        let (code, said) = done(&pull(&source, &args).output().expect("the program"));
        assert!(code == 0 && said.contains("1 pulled, 1 accepted"), "{said}");
        let lines = std::fs::read_to_string(&file).expect("a file");
        let run: Value = serde_json::from_str(lines.trim()).expect("one line");
        assert_eq!(
            (&run["RequestId"], &run["StartTime"], &run["Qualifier"]),
            (&json!("1"), &json!(EIGHT_MS), &json!("$LATEST"))
        );
    }
}

#[test]
fn a_folder_takes_a_pull_and_what_cannot_work_says_so() {
    let folder = tempfile::tempdir().expect("a folder");
    let (state, data) = (folder.path().join("state.json"), folder.path().join("data"));
    let state = state.to_str().expect("UTF-8");
    let source = Server::start();
    source.api().ingest_new(&[json!({ "FunctionName": "f", "RequestId": "1", "StartTime": EIGHT_MS })]);
    let run = |args: &[&str]| done(&pull(&source, args).output().expect("the program"));
    let into_data = ["--state", state, "--data", data.to_str().expect("UTF-8")];
    let (code, said) = run(&into_data);
    assert!(code == 0 && said.contains("1 accepted"), "{said}");
    let mirror = Setup::new().start_on(Path::new(&data));
    assert_eq!(mirror.api().logs(json!({ "FunctionRequestId": "1" })).total(), 1);

    let (code, said) = run(&["--state", state, "-o", folder.path().join("x").to_str().expect("UTF-8")]);
    assert!(code == 2 && said.contains("is the state of another pull"), "{said}");
    let output = program(["pull"]).output().expect("the program");
    assert!(done(&output).0 == 2 && done(&output).1.contains("give --source URL"));
    let (state, file) = (folder.path().join("other"), folder.path().join("file"));
    let [state, file] = [&state, &file].map(|path| path.to_str().expect("UTF-8"));
    let into_file = ["--state", state, "-o", file];
    let output = pull(&source, &into_file).env("RUNLOG_SOURCE_SECRET_KEY", "wrong").output().expect("the program");
    assert!(done(&output).0 == 4, "{output:?}");
    let (code, said) = run(&["--state", state, "-o", "/nowhere/x"]);
    assert!(code == 1 && said.contains("cannot write /nowhere/x"), "{said}");
}

/// A server of the API that has only `GetFunctionLogs`, without cursors, and many runs in one second.
fn plain_server(runs: usize) -> std::net::SocketAddr {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.expect("a connection");
            let mut reader = BufReader::new(stream.try_clone().expect("a connection"));
            let (mut action, mut length, mut line) = (String::new(), 0, String::new());
            while reader.read_line(&mut line).is_ok_and(|read| read > 2) {
                let (name, value) = line.split_once(':').unwrap_or_default();
                match name.to_ascii_lowercase().as_str() {
                    "x-tc-action" => value.trim().clone_into(&mut action),
                    "content-length" => length = value.trim().parse().expect("a length"),
                    _ => {}
                }
                line.clear();
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body).expect("a body");
            let answer = plain_answer(&action, &serde_json::from_slice(&body).expect("JSON"), runs).to_string();
            let head = format!("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {}\r\n\r\n", answer.len());
            stream.write_all((head + &answer).as_bytes()).expect("a connection");
        }
    });
    address
}

fn plain_answer(action: &str, params: &Value, runs: usize) -> Value {
    if action != "GetFunctionLogs" {
        return json!({ "Response": { "Error": { "Code": "InvalidAction", "Message": "no" }, "RequestId": "r" } });
    }
    let time = |name: &str| params[name].as_str().expect("a time").to_owned();
    let at = "2026-07-01 08:00:00";
    let is_in = time("StartTime").as_str() <= at && at <= time("EndTime").as_str();
    let mut ids: Vec<usize> = if is_in { (0..runs).collect() } else { Vec::new() };
    if params["OrderBy"] != "start_time" {
        ids.sort_by_key(|id| id * 7_919 % runs);
    }
    if params["Order"] == "desc" {
        ids.reverse();
    }
    let total = ids.len();
    let count = |name: &str| params[name].as_u64().map_or(0, |count| count as usize);
    let page = ids.into_iter().skip(count("Offset")).take(count("Limit"));
    let rows: Vec<Value> =
        page.map(|id| json!({ "FunctionName": "f", "RequestId": format!("{id}"), "StartTime": at })).collect();
    json!({ "Response": { "TotalCount": total, "Data": rows, "RequestId": "r" } })
}

#[test]
fn a_second_that_is_too_dense_is_read_from_both_ends_and_what_is_out_of_reach_is_said() {
    let folder = tempfile::tempdir().expect("a folder");
    for (runs, code) in [(15_000, 0), (60_000, 1)] {
        let paths = ["state", "file"].map(|name| folder.path().join(format!("{name}-{runs}")));
        let [state, file] = paths.each_ref().map(|path| path.to_str().expect("UTF-8"));
        let source = format!("http://{}", plain_server(runs));
        let args = ["--from", "2026-07-01", "--to", "2026-07-02", "--rate", "0", "--state", state, "-o", file];
        let mut command = program(["pull", "--source", &source]);
        command.args(args).env("RUNLOG_SOURCE_SECRET_ID", "id").env("RUNLOG_SOURCE_SECRET_KEY", "key");
        let (ended, said) = done(&command.output().expect("the program"));
        let lines = std::fs::read_to_string(file).expect("a file").lines().count();
        assert!(ended == code && number(&said, "pulled") == lines, "{said}");
        if code == 0 {
            assert_eq!(lines, runs);
        } else {
            assert!(lines > 20_000 && number(&said, "out of reach\n") + lines == runs, "{lines}: {said}");
        }
    }
}
