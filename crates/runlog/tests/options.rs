//! What each option of a server changes. That it can be given in three ways is in `cli`.

mod support;

use std::time::Duration;

use serde_json::{Value, json};
use support::{Answer, Call, Connection, Form, Request, Server, Setup, eventually, now_ms};

/// The same question about the first of July.
fn in_july(mut params: Value) -> Value {
    params["StartTime"] = "2026-07-01 00:00:00".into();
    params["EndTime"] = "2026-07-01 23:59:59".into();
    params
}

#[test]
fn time_zone_is_that_of_times_without_one_both_ways() {
    for (zone, starts, is_in_july) in [
        ("+08:00", "2026-07-02 00:30:00", false),
        ("Z", "2026-07-01 16:30:00", true),
        ("-05:30", "2026-07-01 11:00:00", true),
    ] {
        let server = Setup::new().option("time-zone", zone).start();
        let mut api = server.api();
        api.ingest_new(&[
            json!({ "FunctionName": "f", "RequestId": "utc", "StartTime": "2026-07-01T16:30:00Z" }),
            json!({ "FunctionName": "f", "RequestId": "local", "StartTime": "2026-07-01 12:00:00" }),
        ]);
        let utc = api.logs(json!({ "FunctionRequestId": "utc" }));
        assert_eq!(utc.rows()[0]["StartTime"], starts, "{zone}");
        assert_eq!(api.logs(in_july(json!({ "FunctionRequestId": "utc" }))).total() == 1, is_in_july, "{zone}");
        let local = api.logs(in_july(json!({ "FunctionRequestId": "local" })));
        assert_eq!(local.rows()[0]["StartTime"], "2026-07-01 12:00:00", "{zone}");
    }
}

#[test]
fn billing_step_ms_rounds_what_no_source_has_billed() {
    for (step, billed) in [("1", [13, 7]), ("100", [100, 7]), ("1000", [1000, 7])] {
        let server = Setup::new().option("billing-step-ms", step).start();
        let mut api = server.api();
        api.ingest_new(&[
            json!({ "FunctionName": "f", "RequestId": "counted", "StartTime": "2026-07-01 12:00:01", "Duration": 12.001 }),
            json!({ "FunctionName": "f", "RequestId": "given", "StartTime": "2026-07-01 12:00:00", "Duration": 12.001, "BillDuration": 7 }),
        ]);
        let answer = api.logs(in_july(json!({})));
        assert_eq!([0, 1].map(|row: usize| answer.rows()[row]["BillDuration"].as_u64()), billed.map(Some), "{step}");
    }
}

#[test]
fn default_region_is_that_of_requests_and_runs_that_name_none() {
    let server = Setup::new().option("default-region", "ap-tokyo").start();
    let mut api = server.api();
    api.ingest_new(&[json!({ "FunctionName": "f" })]);
    for (region, total) in [(None, 1), (Some(""), 1), (Some("ap-tokyo"), 1), (Some("ap-guangzhou"), 0)] {
        api.region = region.map(str::to_owned);
        for form in Form::ALL {
            assert_eq!(api.call_as(form, "GetFunctionLogs", json!({})).total(), total, "{region:?}, {form:?}");
        }
    }
}

#[test]
fn signature_max_skew_is_how_far_clocks_may_differ() {
    let server = Setup::new().option("signature-max-skew", "3600").start();
    let mut api = server.api();
    for (seconds, is_taken) in [(-3590, true), (3590, true), (-3610, false), (3610, false)] {
        let call = Call { timestamp_s: now_ms() / 1000 + seconds, ..api.unsigned("ListFunctions", json!({})) };
        for form in Form::ALL {
            assert_eq!(api.send(&call.request(form)).code().is_none(), is_taken, "{seconds} s, {form:?}");
        }
    }
}

#[test]
fn ingest_max_concurrent_tells_the_others_to_come_again() {
    let server = Setup::new().option("ingest-max-concurrent", "1").start();
    let mut request = server.api().native("POST", "/api/v1/runs");
    request.set_header("Content-Length", "100");
    let mut upload = Connection::open(server.address());
    upload.write(&request.bytes()).expect("a server that reads");
    // Until it has surely been read, or the other one takes the only place.
    std::thread::sleep(Duration::from_millis(200));
    let mut api = server.api();
    let run = api.native("POST", "/api/v1/runs").body("{\"FunctionName\":\"f\"}");
    let busy = api.exchange(&run);
    assert_eq!((busy.status, busy.header("Retry-After")), (503, Some("1")), "{}", busy.text());
    assert_eq!(api.logs(json!({})).code(), None, "queries go on");
    drop(upload);
    eventually("the place is free again", || (api.exchange(&run).status == 200).then_some(()));
}

#[test]
fn max_connections_refuses_the_others_but_for_health_checks() {
    let server = Setup::new().option("max-connections", "1").start();
    let first = server.api();
    let request = first.unsigned("ListFunctions", Value::Null).request(Form::JSON);
    let ask = |request: &Request| Connection::open(server.address()).exchange(request).expect("an answer");
    let refused = eventually("a refusal", || Some(ask(&request)).filter(|answer| answer.status == 503));
    assert_eq!(refused.header("Retry-After"), Some("1"));
    assert!(refused.text().contains("max_connections"), "{}", refused.text());
    for path in ["/livez", "/readyz"] {
        assert_eq!(ask(&Request::new("GET", path).header("Host", "h")).status, 200, "{path}");
    }
    drop(first);
    eventually("a place", || (ask(&request).status == 200).then_some(()));
}

#[test]
fn log_format_json_has_one_event_for_each_request() {
    let server = Setup::new().option("log-format", "json").start();
    let mut api = server.api();
    let good = api.call("ListFunctions", json!({}));
    let bad = api.logs(json!({ "FunctionName": "never" }));
    let event = |answer: &Answer| {
        eventually("the event", || {
            let log = server.stderr();
            let line = log.lines().find(|line| line.contains(&answer.request_id))?;
            Some(serde_json::from_str::<Value>(line).expect("an event as JSON"))
        })
    };
    let event_of_good = event(&good);
    assert_eq!((&event_of_good["action"], &event_of_good["code"]), (&json!("ListFunctions"), &json!("")));
    assert_eq!(event_of_good["secret_id"], api.key.secret_id.as_str());
    assert!(event_of_good["elapsed_us"].is_u64() && event_of_good["bytes"].is_u64(), "{event_of_good}");
    assert_eq!(event(&bad)["code"], "ResourceNotFound.FunctionName");
    assert!(!server.stderr().contains(&api.key.secret_key), "secrets are not logged");
}

#[test]
fn log_level_off_is_silent() {
    let mut server = Setup::new().option("log-level", "off").start();
    server.api().call("ListFunctions", json!({}));
    assert!(server.stop().success());
    assert_eq!(server.stderr(), "");
}

#[test]
fn options_from_the_environment_hold_for_the_server_too() {
    let server =
        Setup::new().variable("RUNLOG_TIME_ZONE", "Z").variable("RUNLOG_DEFAULT_REGION", "eu-frankfurt").start();
    let mut api = server.api();
    api.region = None;
    api.ingest_new(&[json!({ "FunctionName": "f", "StartTime": "2026-07-01T16:30:00Z", "RequestId": "r" })]);
    assert_eq!(api.logs(json!({ "FunctionRequestId": "r" })).rows()[0]["StartTime"], "2026-07-01 16:30:00");
    api.region = Some("eu-frankfurt".to_owned());
    assert_eq!(api.logs(json!({ "FunctionRequestId": "r" })).total(), 1);
}

#[test]
fn retention_removes_old_days_of_each_namespace_and_refuses_what_is_too_old() {
    let mut server = Setup::new().start();
    let now_ms = now_ms();
    let day = |days: i64, namespace: &str| {
        let start = now_ms - days * 86_400_000;
        json!({ "FunctionName": "f", "Namespace": namespace, "RequestId": format!("{days}"), "StartTime": start })
    };
    let runs: Vec<Value> =
        [1, 5, 20].iter().flat_map(|days| ["default", "batch", "audit"].map(|name| day(*days, name))).collect();
    server.api().ingest_new(&runs);
    assert!(server.stop().success());
    let setup = Setup::new().option("retention-days", "10").option("retention", "batch=3d,audit=forever");
    let server = setup.start_on(server.data());
    let mut api = server.api();
    eventually("three runs are left out", || (api.metric("runlog_runs") < 7.0).then_some(()));
    for (namespace, kept) in [("default", vec![1, 5]), ("batch", vec![1]), ("audit", vec![1, 5, 20])] {
        for days in [1, 5, 20] {
            let answer = api.logs(json!({ "Namespace": namespace, "FunctionRequestId": format!("{days}") }));
            assert_eq!(answer.total() == 1, kept.contains(&days), "{namespace} {days}");
        }
    }
    let report = api.ingest(&[day(20, "default"), day(20, "batch"), day(20, "audit"), day(5, "default")]);
    let refused = [1, 2].map(|line| (line, "StartNotRetained".to_owned()));
    assert_eq!((report.accepted, report.duplicates, report.refused), (0, 2, refused.to_vec()));
}

#[test]
fn a_run_in_flight_that_was_silent_for_longer_than_its_ttl_is_closed_as_interrupted() {
    let mut server = Setup::new().option("in-flight-ttl", "1").start();
    server.api().ingest_new(&[json!({ "FunctionName": "f", "RequestId": "r", "RetCode": 2 })]);
    std::thread::sleep(Duration::from_millis(1100));
    assert!(server.stop().success());
    server.start_again();
    let row = |server: &Server| server.api().logs(json!({})).rows()[0]["RetCode"].clone();
    eventually("the run is closed", || (row(&server) == 3).then_some(()));
}

#[test]
fn client_timeout_is_how_long_a_body_may_pause() {
    let server = Setup::new().option("client-timeout", "1").option("ingest-max-concurrent", "1").start();
    let mut api = server.api();
    let mut upload = api.native("POST", "/api/v1/runs").body("{\"FunctionName\":\"f\"}");
    upload.set_header("Content-Length", "1000");
    let mut vanished = Connection::open(server.address());
    vanished.write(&upload.bytes()).expect("a server that reads");
    let answer = vanished.read().expect("an answer");
    assert!(answer.text().contains("the body stopped arriving"), "{}", answer.text());

    // Of a head that could be right; of another the body is not waited for.
    let mut call = api.unsigned("ListFunctions", json!({})).request(Form::JSON);
    call.set_header("Content-Length", "9");
    let mut vanished = Connection::open(server.address());
    vanished.write(&call.bytes()).expect("a server that reads");
    let answer = Answer::read(&vanished.read().expect("an answer"));
    assert_eq!(answer.code(), Some("InvalidRequest"), "{answer:?}");

    api.ingest_new(&[json!({ "FunctionName": "f" })]);
}
