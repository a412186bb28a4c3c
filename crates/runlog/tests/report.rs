//! `runlog report` and `runlog functions` against a real server: figures by hand, and the decisions that follow.

mod support;

use serde_json::{Value, json};
use support::{Place, Server, now_ms, stderr, stdout};

const MB: u64 = 1 << 20;
const MINUTE_MS: i64 = 60_000;

/// The JSON that a command prints, which must succeed with this exit code.
fn asked(place: &Place, args: &[&str], code: i32) -> Value {
    let output = place.runlog(args).args(["-o", "json"]).output().expect("the program");
    assert_eq!(output.status.code(), Some(code), "{args:?}: {}", stderr(&output));
    serde_json::from_str(&stdout(&output)).unwrap_or_else(|error| panic!("{error}: {}", stdout(&output)))
}

fn table(place: &Place, args: &[&str]) -> String {
    let output = place.runlog(args).output().expect("the program");
    assert!(output.status.success(), "{args:?}: {}", stderr(&output));
    stdout(&output)
}

/// A run that started some minutes ago.
fn run(function: &str, version: &str, number: u64, minutes_ago: i64, more: Value) -> Value {
    let mut run = json!({
        "FunctionName": function, "Qualifier": version, "RequestId": format!("{function}-{version}-{number}"),
        "StartTime": now_ms() - minutes_ago * MINUTE_MS, "Duration": 100, "MemUsage": 10 * MB,
    });
    let (Some(fields), Value::Object(more)) = (run.as_object_mut(), more) else { panic!("objects") };
    fields.extend(more);
    run
}

fn decisions(report: &Value) -> Vec<&str> {
    report["decisions"].as_array().expect("decisions").iter().filter_map(Value::as_str).collect()
}

#[test]
fn memory_is_compared_with_what_report_lines_say() {
    let server = Server::start();
    let report = |mb: u64| format!("hello\nReport RequestId:r Duration:100ms Memory:{mb}MB MemUsage:1MB\n");
    let mut runs = Vec::new();
    for number in 0..40 {
        let used = if number == 7 { 200 * MB } else { 100 * MB };
        runs.push(run("wide", "$LATEST", number, 60, json!({ "MemUsage": used, "Log": report(512) })));
        let used = if number < 3 { 250 * MB } else { 90 * MB };
        let code = if number == 0 { 434 } else { 0 };
        runs.push(run(
            "tight",
            "$LATEST",
            number,
            60,
            json!({ "MemUsage": used, "RetCode": code, "Log": report(256) }),
        ));
        runs.push(run("silent", "$LATEST", number, 60, json!({})));
    }
    // Outside of the window, and so without a say.
    runs.push(run("wide", "$LATEST", 99, 60 * 30, json!({ "MemUsage": 500 * MB, "Log": report(512) })));
    server.api().ingest_new(&runs);
    let place = Place::at(&server);
    let found = asked(&place, &["report", "memory"], 0);
    assert_eq!(
        decisions(&found),
        [
            "tight: raise to 384 MB (now 256): 3 runs within 5 % of the limit, 1 killed for memory",
            "wide: set 256 MB (now 512): saves 50.0 % of its GB-seconds",
            "silent: nothing says how much memory is configured; give --limit MB",
        ]
    );
    let wide = &found["versions"][2];
    assert_eq!(
        (&wide["runs"], &wide["mem_bytes"]["p99"], &wide["mem_bytes"]["max"]),
        (&json!(40), &json!(200 * MB), &json!(200 * MB))
    );
    let silent = asked(&place, &["report", "memory", "--function", "silent", "--limit", "128"], 0);
    assert_eq!(decisions(&silent), ["silent: set 64 MB (now 128): saves 50.0 % of its GB-seconds"]);

    // 40 runs of 100 ms billed at half a GB, 40 at a quarter; one failed.
    let cost = asked(&place, &["report", "cost", "--price-gbs", "0.5", "--price-request", "1000000"], 0);
    assert!((cost["gbs"].as_f64().expect("GB-seconds") - 3.0).abs() < 1e-9, "{cost}");
    assert!((cost["cost"].as_f64().expect("a cost") - (1.5 + 80.0)).abs() < 1e-9, "{cost}");
    assert!(decisions(&cost)[0].starts_with("wide: set 256 MB (now 512)"), "{cost}");
    assert!(cost["notes"][0].as_str().is_some_and(|note| note.starts_with("silent: ")), "{cost}");
    let text = table(&place, &["report", "cost"]);
    assert!(text.contains("no prices") && text.contains("GB-S"), "{text}");

    let functions = asked(&place, &["functions"], 0);
    let tight = functions.as_array().expect("a list").iter().find(|row| row["function"] == "tight").expect("tight");
    assert_eq!((&tight["runs"], &tight["failed"], &tight["p95_ms"]), (&json!(40), &json!(1), &json!(100.0)));
    assert_eq!(tight["max_mem_bytes"], json!(250 * MB));
    let text = table(&place, &["functions", "wide"]);
    assert!(text.lines().count() == 2 && text.contains("200 MiB"), "{text}");
    for (format, starts) in [("csv", "region,namespace,function"), ("ndjson", "{\"region\"")] {
        assert!(table(&place, &["functions", "-o", format]).starts_with(starts));
    }
}

#[test]
fn cold_starts_are_counted_of_the_runs_that_tell() {
    let server = Server::start();
    let end = "Report RequestId:r Duration:100ms Memory:128MB MemUsage:10MB\n";
    let cold = format!(
        "Init Report RequestId: r Coldstart: 900ms (PullCode: 700ms InitRuntime: 50ms InitFunction: 150ms)\n{end}"
    );
    let mut runs: Vec<Value> = (0..20)
        .map(|number| run("api", "$LATEST", number, 30, json!({ "Log": if number < 4 { cold.as_str() } else { end } })))
        .collect();
    // A function that prints such words tells nothing.
    runs.extend((0..5).map(|number| run("chatty", "$LATEST", number, 30, json!({ "Log": "Coldstart: 5000ms\n" }))));
    let lambda = "REPORT RequestId: r\tDuration: 100 ms\tMemory Size: 128 MB\tInit Duration: 120.5 ms\t\n";
    runs.push(run("lambda", "1", 0, 30, json!({ "Log": lambda })));
    server.api().ingest_new(&runs);
    let found = asked(&Place::at(&server), &["report", "cold"], 0);
    let of = |name: &str| {
        let versions = found["versions"].as_array().expect("versions");
        versions
            .iter()
            .find(|row| row["version"]["function"] == name)
            .unwrap_or_else(|| panic!("{name} in {found}"))
            .clone()
    };
    let api = of("api");
    assert_eq!((&api["runs"], &api["cold"], &api["waited_us"]), (&json!(20), &json!(4), &json!(3_600_000)));
    assert!(
        api["decision"].as_str().is_some_and(|text| text.contains("20.0 %") && text.contains("package smaller")),
        "{api}"
    );
    assert_eq!(of("lambda")["cold_us"]["p50"], json!(120_500));
    assert_eq!(found["runs_that_cannot_tell"], json!(5), "{found}");
    assert!(
        found["notes"][0].as_str().is_some_and(|note| note.starts_with("5 runs in the window have no data")),
        "{found}"
    );
}

#[test]
fn what_became_slower_and_which_version_not_to_roll_out() {
    let server = Server::start();
    let mut runs = Vec::new();
    for number in 0..60 {
        // Two hours ago half as slow as now; another function stays as it was.
        runs.push(run("slower", "$LATEST", number, 90, json!({ "Duration": 100 + number })));
        runs.push(run("slower", "$LATEST", 1_000 + number, 30, json!({ "Duration": 200 + number })));
        runs.push(run("same", "$LATEST", number, 90, json!({ "Duration": 50 + number })));
        runs.push(run("same", "$LATEST", 1_000 + number, 30, json!({ "Duration": 50 + number })));
        runs.push(run("order", "1", number, 30, json!({ "Duration": 100.0 + number as f64 / 10.0 })));
        let code = if number < 20 { 430 } else { 0 };
        runs.push(run("order", "2", number, 30, json!({ "Duration": 112.0 + number as f64 / 10.0, "RetCode": code })));
    }
    runs.push(run("same", "$LATEST", 9_999, 20, json!({ "Duration": 9_000, "RetCode": 433 })));
    server.api().ingest_new(&runs);
    let place = Place::at(&server);
    let slow = asked(&place, &["report", "slow", "--since", "1h", "--slowest", "2"], 0);
    let found = decisions(&slow);
    assert_eq!(found.len(), 1, "{slow}");
    assert!(
        found[0].starts_with("slower is slower by 77.5 % than in the window before (median 129 ms -> 229 ms, p<0.001)"),
        "{slow}"
    );
    assert_eq!(slow["slowest"][0]["request_id"], "same-$LATEST-9999");
    assert_eq!(slow["slowest"].as_array().map(Vec::len), Some(2));
    asked(&place, &["report", "slow", "--since", "1h", "--fail-on-regression"], 1);
    asked(&place, &["report", "slow", "--since", "1h", "--function", "same", "--fail-on-regression"], 0);

    let compare = ["report", "compare", "--function", "order", "--a", "1", "--b", "2", "--fail-on-regression"];
    let found = asked(&place, &compare, 1);
    let sentences = decisions(&found);
    assert!(
        sentences[0].starts_with("B is slower by 12.6 %") && sentences[0].ends_with("p<0.001): do not roll out"),
        "{found}"
    );
    assert!(sentences[1].starts_with("B fails more (0.00 % -> 33.3 %, p<0.001)"), "{found}");
    let same =
        ["report", "compare", "--function", "same", "--a", "from=2h,to=1h", "--b", "since=1h", "--fail-on-regression"];
    let found = asked(&place, &same, 0);
    assert_eq!((&found["a"]["runs"], &found["b"]["runs"]), (&json!(60), &json!(61)), "{found}");
    assert!(decisions(&found)[0].starts_with("no difference in speed can be shown"), "{found}");
    let functions = ["report", "compare", "--a", "function=same", "--b", "function=slower", "--fail-on-regression"];
    assert!(decisions(&asked(&place, &functions, 1))[0].starts_with("B is slower"));
    let text = table(&place, &["report", "compare", "--function", "order", "--a", "2", "--b", "1"]);
    assert!(text.contains("B is faster") && text.contains("B fails less"), "{text}");
}

/// What the server makes of a report is what the command prints: figures, decisions, notes.
#[test]
fn the_server_makes_the_same_reports() {
    let server = Server::start();
    let cold = "Init Report RequestId: r Coldstart: 900ms (PullCode: 700ms InitRuntime: 50ms InitFunction: 150ms)\n";
    let mut runs = Vec::new();
    for number in 0..60 {
        for (version, minutes_ago, slower) in [("1", 90, 0), ("1", 30, 100), ("2", 30, 12)] {
            let id = number + 1_000 * minutes_ago as u64;
            let end = "Report RequestId:r Duration:100ms Memory:512MB MemUsage:1MB\n";
            let log = if number % 3 == 0 { format!("{cold}{end}") } else { end.to_owned() };
            let code = if version == "2" && number < 20 { 430 } else { 0 };
            let more = json!({ "Duration": 100 + number + slower, "MemUsage": 100 * MB, "Log": log, "RetCode": code });
            runs.push(run("order", version, id, minutes_ago, more));
        }
    }
    server.api().ingest_new(&runs);
    let place = Place::at(&server);
    let (from, to) = ((now_ms() - 60 * MINUTE_MS).to_string(), now_ms().to_string());
    let mut api = server.api();
    for (kind, flags, params) in [
        ("memory", vec!["--step", "64"], "step_mb=64"),
        ("cold", vec!["--function", "order"], "function=order"),
        ("cost", vec!["--price-gbs", "0.5", "--limit", "256"], "price_gbs=0.5&limit_mb=256"),
        ("slow", vec!["--slowest", "3", "--alpha", "0.05"], "slowest=3&alpha=0.05"),
        ("compare", vec!["--function", "order", "--a", "1", "--b", "2"], "function=order&a=1&b=2"),
    ] {
        let args = [vec!["report", kind, "--from", &from, "--to", &to], flags].concat();
        let printed = asked(&place, &args, 0);
        let mut made = api.get(&format!("/api/v1/reports/{kind}?from={from}&to={to}&{params}"));
        let own = made.as_object_mut().expect("a report");
        assert!(own.remove("watermark").is_some_and(|mark| mark["seq"] == json!(180)));
        let cli = own.remove("cli").expect("a command");
        assert_eq!(made, printed, "{kind}");
        let words: Vec<&str> = cli.as_str().expect("a text").split(' ').skip(1).collect();
        assert_eq!(asked(&place, &words, 0), printed, "{cli}");
    }
    for (target, code) in [
        ("compare?a=1", 400),
        ("compare?a=1&b=colour=red", 400),
        ("cost?price_gbs=much", 400),
        ("slow?from=now&to=yesterday", 400),
        ("memory?keyword=x", 400),
        ("memory?as_of=100000", 400),
        ("size", 404),
    ] {
        let request = api.native("GET", &format!("/api/v1/reports/{target}"));
        assert_eq!(api.exchange(&request).status, code, "{target}");
    }
}

#[test]
fn an_empty_window_and_a_wrong_key() {
    let server = Server::start();
    let place = Place::at(&server);
    for report in ["memory", "cold", "cost", "slow"] {
        let found = asked(&place, &["report", report], 0);
        assert!(decisions(&found)[0].ends_with("nothing to decide"), "{found}");
        let output = place.runlog(&["report", report]).env("RUNLOG_SECRET_KEY", "wrong").output().expect("the program");
        assert_eq!(output.status.code(), Some(4), "{}", stderr(&output));
        let output =
            place.runlog(&["report", report, "--from", "now", "--to", "yesterday"]).output().expect("the program");
        assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
    }
}
