//! OpenTelemetry logs over real sockets: how records become runs, what is rejected, and how runs end.

mod support;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::logs::v1::LogRecord;
use prost::Message;
use serde_json::json;
use support::otlp::{self, EXPORT, grpc, record, rejected, request, text};
use support::{Api, Connection, Key, Request, Server, Setup, eventually, program};

/// 2026-03-01 00:00:00 UTC.
const BASE_NS: u64 = 1_772_323_200_000_000_000;
const SECOND_NS: u64 = 1_000_000_000;

const NOT_FOUND: u16 = 404;

/// The run with a request id, by every field that is not nothing; `None` where there is none.
fn run(api: &mut Api, id: &str) -> Option<serde_json::Value> {
    let request = api.native("GET", &format!("/api/v1/runs/{id}"));
    let response = api.exchange(&request);
    if response.status == NOT_FOUND {
        return None;
    }
    let runs = response.json()["runs"].clone();
    assert_eq!(runs.as_array().map(Vec::len), Some(1), "{}", response.text());
    Some(runs[0].clone())
}

/// Sends a message to the main listener with the root key; it must be taken. Returns what was rejected, and why.
fn send(api: &mut Api, resource: &[(&str, Value)], records: Vec<LogRecord>) -> (i64, String) {
    let message = request(resource, records);
    let request = otlp::post(api.native("POST", "/v1/logs"), &message);
    rejected(&otlp::answer(&api.exchange(&request)))
}

fn basic(key: &Key) -> String {
    format!("Basic {}", STANDARD.encode(key.pair()))
}

fn of(function: &str) -> [(&str, Value); 1] {
    [("faas.name", text(function))]
}

fn at(second: u64, body: &str, id: &str) -> LogRecord {
    record(BASE_NS + second * SECOND_NS, body, &[("faas.invocation_id", text(id))])
}

#[test]
fn lines_gather_into_a_running_run_that_a_mark_ends() {
    let server = Server::start();
    let mut api = server.api();
    let body = json!({ "resourceLogs": [{
        "resource": { "attributes": [
            { "key": "service.name", "value": { "stringValue": "not this one" } },
            { "key": "faas.name", "value": { "stringValue": "resize" } },
            { "key": "faas.version", "value": { "stringValue": "7" } },
            { "key": "cloud.region", "value": { "stringValue": "ap-shanghai" } },
            { "key": "service.namespace", "value": { "stringValue": "shop" } },
            { "key": "faas.max_memory", "value": { "intValue": "134217728" } }] },
        "scopeLogs": [{
            "scope": { "name": "app", "attributes": [{ "key": "faas.coldstart", "value": { "boolValue": true } }] },
            "logRecords": [
                { "timeUnixNano": "1772323202000000000", "severityNumber": 13, "body": { "stringValue": "second" },
                  "attributes": [{ "key": "faas.invocation_id", "value": { "stringValue": "r-1" } },
                                 { "key": "size", "value": { "intValue": 3 } },
                                 { "key": "path", "value": { "stringValue": "/a b" } }] },
                { "observedTimeUnixNano": "1772323201500000000", "severityNumber": 9,
                  "body": { "kvlistValue": { "values": [
                      { "key": "n", "value": { "arrayValue": { "values": [{ "intValue": "1" }, { "doubleValue": 0.5 }] } } }] } },
                  "attributes": [{ "key": "faas.invocation_id", "value": { "stringValue": "r-1" } },
                                 { "key": "faas.name", "value": { "stringValue": "resize" } }] }] }] }] });
    let post = |api: &Api, body: &serde_json::Value| {
        let request = api.native("POST", "/v1/logs").header("Content-Type", "application/json; charset=utf-8");
        request.body(body.to_string())
    };
    let response = api.exchange(&post(&api, &body));
    assert_eq!((response.status, response.text().as_str()), (200, "{}"));
    assert_eq!(response.header("Content-Type"), Some("application/json"));

    let running = run(&mut api, "r-1").expect("a run in flight");
    for (field, value) in [
        ("FunctionName", json!("resize")),
        ("Qualifier", json!("7")),
        ("Region", json!("ap-shanghai")),
        ("Namespace", json!("shop")),
        ("RetCode", json!(2)),
        ("InvokeFinished", json!(0)),
        ("Duration", json!(500)),
        ("StartTime", json!(1_772_323_201_500_i64)),
        ("Level", json!("WARN")),
    ] {
        assert_eq!(running[field], value, "{field} of {running}");
    }
    assert_eq!(
        running["Log"],
        "[runlog: faas.coldstart=true faas.max_memory=134217728]\n\
         2026-03-01T00:00:01.500000000Z INFO  {\"n\":[1,0.5]}\n\
         2026-03-01T00:00:02.000000000Z WARN  second size=3 path=\"/a b\"\n"
    );

    let mut last = body.clone();
    last["resourceLogs"][0]["scopeLogs"][0]["logRecords"] = json!([{
        "timeUnixNano": "1772323201750000000", "severityNumber": 17, "body": { "stringValue": "it failed" },
        "attributes": [
            { "key": "faas.invocation_id", "value": { "stringValue": "r-1" } },
            { "key": "exception.type", "value": { "stringValue": "ValueError" } },
            { "key": "exception.message", "value": { "stringValue": "no such size" } },
            { "key": "exception.stacktrace", "value": { "stringValue": "Traceback:\n  line 1\n" } },
            { "key": "runlog.mem_bytes", "value": { "intValue": "5000000" } },
            { "key": "runlog.duration_ms", "value": { "doubleValue": 612.5 } }] }]);
    let response = api.exchange(&post(&api, &last));
    assert_eq!((response.status, response.text().as_str()), (200, "{}"));
    let finished = run(&mut api, "r-1").expect("a run");
    for (field, value) in [
        ("RetCode", json!(430)),
        ("InvokeFinished", json!(1)),
        ("Duration", json!(612.5)),
        ("MemUsage", json!(5_000_000)),
        ("Level", json!("ERROR")),
        ("RetMsg", json!("ValueError: no such size")),
    ] {
        assert_eq!(finished[field], value, "{field} of {finished}");
    }
    let log = finished["Log"].as_str().expect("a log");
    let order: Vec<_> = ["{\"n\"", "it failed", "Traceback:\n  line 1\n", " second "].map(|part| log.find(part)).into();
    assert!(order.iter().all(Option::is_some) && order.is_sorted(), "{log}");

    // The same once more is known; another line comes too late.
    assert_eq!(api.exchange(&post(&api, &last)).text(), "{}");
    assert_eq!(run(&mut api, "r-1"), Some(finished.clone()));
    last["resourceLogs"][0]["scopeLogs"][0]["logRecords"][0]["body"]["stringValue"] = json!("late");
    let partial = api.exchange(&post(&api, &last)).json()["partialSuccess"].clone();
    assert_eq!(partial["rejectedLogRecords"], "1", "{partial}");
    assert!(partial["errorMessage"].as_str().is_some_and(|why| why.contains("run r-1 of resize has finished")));
    assert_eq!(run(&mut api, "r-1"), Some(finished));
    assert_eq!(api.metric("runlog_otlp_records_total{result=\"accepted\"}"), 3.0);
    assert_eq!(api.metric("runlog_otlp_records_total{result=\"duplicate\"}"), 1.0);
    assert_eq!(api.metric("runlog_otlp_records_total{result=\"rejected\"}"), 1.0);
    assert_eq!(api.metric("runlog_otlp_finished_runs_total{by=\"mark\"}"), 1.0);
    assert_eq!(api.metric("runlog_otlp_open_runs"), 0.0);
}

#[test]
fn every_way_to_send_brings_the_same_run() {
    let setup = Setup::new().option("otlp-grpc", "127.0.0.1:0").option("otlp-http", "127.0.0.1:0");
    let server = setup.start();
    let (by_grpc, by_http) = (otlp::address(&server, "gRPC"), otlp::address(&server, "HTTP"));
    let mut api = server.api();
    let key = basic(&Key::root());
    let message = |id: &str| {
        let end = record(
            BASE_NS + SECOND_NS,
            "end",
            &[("faas.invocation_id", text(id)), ("runlog.ret_code", Value::IntValue(0))],
        );
        request(&of("f"), vec![at(0, "begin 开始", id), end])
    };
    for (id, is_gzip) in [("grpc", false), ("grpc-gzip", true)] {
        let answer = grpc(by_grpc, EXPORT, Some(&key), &message(id).encode_to_vec(), is_gzip);
        assert_eq!((answer.code, rejected(&answer.response.expect("a response"))), (0, (0, String::new())), "{id}");
    }
    let mut other_port = Api::new(by_http, Key::root());
    let plain = otlp::post(other_port.native("POST", "/v1/logs"), &message("http"));
    assert_eq!(rejected(&otlp::answer(&other_port.exchange(&plain))), (0, String::new()));
    let mut packed = otlp::post(other_port.native("POST", "/v1/logs"), &message("http-gzip"));
    packed.body = otlp::gzip(&packed.body);
    let packed = packed.header("Content-Encoding", "gzip");
    assert_eq!(rejected(&otlp::answer(&other_port.exchange(&packed))), (0, String::new()));
    let as_json = api.native("POST", "/v1/logs").header("Content-Type", "application/json");
    let as_json = as_json.body(serde_json::to_vec(&message("json")).expect("JSON"));
    assert_eq!(api.exchange(&as_json).text(), "{}");

    let runs: Vec<_> = ["grpc", "grpc-gzip", "http", "http-gzip", "json"]
        .iter()
        .map(|id| {
            let mut run = run(&mut api, id).unwrap_or_else(|| panic!("no run {id}"));
            assert_eq!(run["RequestId"], *id);
            let fields = run.as_object_mut().expect("a run");
            fields.retain(|name, _| !["RequestId", "Seq", "PrevSeq"].contains(&name.as_str()));
            run
        })
        .collect();
    assert_eq!(runs[0]["RetCode"], 0);
    assert!(runs[0]["Log"].as_str().is_some_and(|log| log.contains("begin 开始") && log.contains("end")));
    assert!(runs.iter().all(|run| *run == runs[0]), "{runs:#?}");
}

#[test]
fn records_that_cannot_be_stored_are_counted_and_explained() {
    let server = Setup::new().option("otlp-max-open-runs", "2").option("regions", "ap-guangzhou,ap-beijing").start();
    let mut api = server.api();
    let nameless = vec![at(0, "x", "n-1")];
    let bad = |key: &str, value: Value| {
        vec![at(0, "x", "b-1"), record(BASE_NS, "y", &[("faas.invocation_id", text("b-2")), (key, value)])]
    };
    for (count, resource, records, why) in [
        (1, &[][..], nameless, "set the resource attribute faas.name or service.name"),
        (
            2,
            &[("faas.name", text("f")), ("cloud.region", text("eu-1"))],
            bad("a", text("b")),
            "region eu-1 is not served",
        ),
        (1, &of("f"), bad("cloud.region", text("no region")), "cloud.region takes"),
        (1, &of("f"), bad("runlog.ret_code", Value::IntValue(2)), "runlog.ret_code takes"),
        (1, &of("f"), bad("runlog.duration_ms", text("long")), "runlog.duration_ms takes"),
        (
            1,
            &of("f"),
            bad("faas.invocation_id.", text("")).into_iter().chain([at(0, "x", &"i".repeat(129))]).collect(),
            "shorten it",
        ),
        (1, &of("f"), vec![at(0, "x", "b-1"), record(BASE_NS * 2, "y", &[])], "check the sender's clock"),
    ] {
        let (rejected, message) = send(&mut api, resource, records);
        assert_eq!(rejected, count, "{message}");
        assert!(message.contains(why), "{message} does not say {why}");
    }
    // Two runs are open now, and no third one fits; those that are open go on, and one that ends makes room.
    assert_eq!(api.metric("runlog_otlp_open_runs"), 2.0);
    let crowd = otlp::post(
        api.native("POST", "/v1/logs"),
        &request(&of("f"), vec![at(1, "more", "b-1"), at(1, "too many", "b-3")]),
    );
    let answer = api.exchange(&crowd);
    assert_eq!((answer.status, answer.header("retry-after").is_some()), (503, true));
    assert!(String::from_utf8_lossy(&answer.body).contains("otlp_max_open_runs"), "{answer:?}");
    let end = record(
        BASE_NS + SECOND_NS,
        "end",
        &[("faas.invocation_id", text("b-1")), ("runlog.finished", Value::BoolValue(true))],
    );
    assert_eq!(send(&mut api, &of("f"), vec![end]), (0, String::new()));
    // The same again, as an exporter does: what was stored is known, and the rest has room.
    assert_eq!(rejected(&otlp::answer(&api.exchange(&crowd))), (0, String::new()));
    let log = run(&mut api, "b-3").expect("a run")["Log"].to_string();
    assert!(log.contains("too many"), "{log}");

    // A run that others report is theirs.
    api.ingest_new(&[json!({ "FunctionName": "f", "RequestId": "theirs", "RetCode": 2 })]);
    let end = record(BASE_NS, "end", &[("faas.invocation_id", text("b-3")), ("runlog.finished", text("true"))]);
    assert_eq!(send(&mut api, &of("f"), vec![end]).0, 0);
    let (count, message) = send(&mut api, &of("f"), vec![at(0, "x", "theirs")]);
    assert!(count == 1 && message.contains("another way than OTLP"), "{count}: {message}");

    // A key writes what its policies allow.
    let policy = json!({ "version": "2.0", "statement": [{ "effect": "allow", "action": "runlog:PutRuns",
        "resource": "qcs::scf:ap-guangzhou:uin/100000000001:namespace/default/function/mine" }] });
    let key = server.make_key(support::ROOT_ACCOUNT, &[&policy.to_string()]);
    eventually("the key to be known", || {
        let mut limited = Api::new(server.address(), key.clone());
        let request = otlp::post(limited.native("POST", "/v1/logs"), &request(&of("mine"), vec![at(0, "x", "m-1")]));
        (limited.exchange(&request).status == 200).then_some(())
    });
    let mut limited = Api::new(server.address(), key);
    let (count, message) = send(&mut limited, &of("other"), vec![at(0, "x", "o-1")]);
    assert!(count == 1 && message.contains("runlog:PutRuns"), "{count}: {message}");
    assert_eq!(run(&mut api, "m-1").expect("a permitted run")["FunctionName"], "mine");
    assert_eq!(run(&mut api, "o-1"), None);
}

#[test]
fn a_full_run_says_what_it_left_out() {
    let server = Server::start();
    let mut api = server.api();
    let body = "x".repeat(1 << 20);
    for second in 0..5 {
        assert_eq!(send(&mut api, &of("f"), vec![at(second, &body, "long")]).0, 0);
    }
    let (count, message) = send(&mut api, &of("f"), vec![at(5, &body, "long"), at(6, "short", "long")]);
    assert!(count == 1 && message.contains("run long of f is full"), "{count}: {message}");
    let end = record(
        BASE_NS + 7 * SECOND_NS,
        &body,
        &[("faas.invocation_id", text("long")), ("runlog.ret_code", Value::IntValue(7))],
    );
    assert_eq!(send(&mut api, &of("f"), vec![end]).0, 1, "its line is left out, what it says is not");
    let run = run(&mut api, "long").expect("a run");
    let log = run["Log"].as_str().expect("a log");
    assert_eq!(run["RetCode"], 7);
    assert!(log.contains(" short\n[runlog: left out 2 lines of "), "{}", &log[log.len() - 200..]);
}

#[test]
fn silent_runs_end_by_themselves_and_lines_without_an_id_have_a_run_of_their_process() {
    let server = Setup::new().option("otlp-idle", "1").start();
    let mut api = server.api();
    let process = |name: &str| [("service.name", text("worker")), ("service.instance.id", text(name))];
    let line = |second: u64, body: &str| record(BASE_NS + second * SECOND_NS, body, &[]);
    let traced = LogRecord { trace_id: (1..=16).collect(), ..line(3, "traced") };
    assert_eq!(send(&mut api, &process("one"), vec![line(0, "first"), line(2, "second"), traced]).0, 0);
    let failing = [("faas.invocation_id", text("failing")), ("exception.type", text("KeyError"))];
    let failing = LogRecord { severity_number: 17, ..record(BASE_NS, "oh", &failing) };
    assert_eq!(send(&mut api, &process("two"), vec![line(0, "other"), failing]).0, 0);
    let base_ms = BASE_NS / 1_000_000;
    let of_process = format!("one-{base_ms}");
    let trace = "0102030405060708090a0b0c0d0e0f10";
    for (id, ret_code, duration) in
        [(&*of_process, 0, 2000), (&*format!("two-{base_ms}"), 0, 0), (trace, 0, 0), ("failing", 430, 0)]
    {
        let finished =
            eventually("the end of a silent run", || run(&mut api, id).filter(|run| run["InvokeFinished"] == 1));
        assert_eq!((&finished["RetCode"], &finished["Duration"]), (&json!(ret_code), &json!(duration)), "{finished}");
    }
    eventually("the count of silent runs", || {
        (api.metric("runlog_otlp_finished_runs_total{by=\"idle\"}") >= 4.0).then_some(())
    });
    // What the process logs later is another run.
    assert_eq!(send(&mut api, &process("one"), vec![line(60, "third")]).0, 0);
    let later = run(&mut api, &format!("one-{}", base_ms + 60_000)).expect("another run");
    assert!(later["Log"].as_str().is_some_and(|log| log.contains("third") && !log.contains("second")));
}

#[test]
fn requests_that_cannot_be_taken_say_why_in_the_form_of_the_protocol() {
    let setup = Setup::new().option("otlp-grpc", "127.0.0.1:0").option("otlp-http", "127.0.0.1:0");
    let server = setup.start();
    let (by_grpc, by_http) = (otlp::address(&server, "gRPC"), otlp::address(&server, "HTTP"));
    let mut api = Api::new(by_http, Key::root());
    let message = request(&of("f"), vec![at(0, "x", "r")]);
    let bytes = message.encode_to_vec();
    let bomb = otlp::gzip(&vec![0; 64 << 20]);
    let typed = |api: &Api, media: &str| api.native("POST", "/v1/logs").header("Content-Type", media);
    let as_json = |api: &Api| typed(api, "application/json");
    let anonymous = Request::new("POST", "/v1/logs").header("Host", &by_http.to_string());
    let anonymous = anonymous.header("Content-Type", "application/json").body("{}");
    for (request, status, code, why) in [
        (anonymous, 401, 16, "HTTP Basic"),
        (as_json(&api).body("{\"resourceLogs\": 5}"), 400, 3, "in JSON"),
        (as_json(&api).header("Content-Encoding", "br"), 415, 12, "gzip, zstd or absent"),
        (as_json(&api).header("Content-Encoding", "gzip").body(bomb.clone()), 413, 8, "send fewer records"),
        (as_json(&api).header("Content-Encoding", "gzip").body("no gzip"), 400, 3, "cannot be unpacked"),
        (typed(&api, "text/plain").body("x"), 415, 12, "application/x-protobuf or application/json"),
    ] {
        let response = api.exchange(&request);
        assert_eq!((response.status, response.json()["code"].as_i64()), (status, Some(code)), "{}", response.text());
        assert!(response.json()["message"].as_str().is_some_and(|text| text.contains(why)), "{}", response.text());
    }
    let broken = typed(&api, "application/x-protobuf").body(vec![255; 40]);
    let response = api.exchange(&broken);
    assert_eq!((response.status, response.header("Content-Type")), (400, Some("application/x-protobuf")));
    assert!(response.text().contains("not an ExportLogsServiceRequest in Protobuf"), "{}", response.text());
    for (method, path, status) in [("POST", "/v1/traces", 404), ("GET", "/v1/logs", 405), ("GET", "/metrics", 404)] {
        let request = api.native(method, path);
        assert_eq!(api.exchange(&request).status, status, "{method} {path}");
    }

    // Neither HTTP/1.1 nor noise gets an answer on the port of gRPC.
    for bytes in [&b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n"[..], b"PRI * HTTP/2.0\r\n\r\nnoise, not frames"]
    {
        let mut connection = Connection::open(by_grpc);
        connection.write(bytes).expect("a server that reads");
        connection.finish_writing();
        let answer = connection.read_to_end().unwrap_or_default();
        assert!(!answer.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&answer));
    }

    let key = basic(&Key::root());
    let wrong = basic(&Key::new(&Key::root().secret_id, "wrong"));
    for (path, authorization, message, is_gzip, code, why) in [
        (EXPORT, None, &bytes, false, 16, "HTTP%20Basic"),
        (EXPORT, Some(&wrong), &bytes, false, 16, "no%20such%20key"),
        (
            "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
            Some(&key),
            &bytes,
            false,
            12,
            "only%20/opentelemetry",
        ),
        (EXPORT, Some(&key), &vec![255; 40], false, 3, "in%20Protobuf"),
        (EXPORT, Some(&key), &vec![0; 64 << 20], true, 8, "size%20limit"),
    ] {
        let answer = grpc(by_grpc, path, authorization.map(String::as_str), message, is_gzip);
        assert_eq!(answer.code, code, "{answer:?}");
        assert!(answer.message.contains(why), "{answer:?}");
    }
    for (code, count) in [("Unauthenticated", 2.0), ("InvalidArgument", 1.0), ("ResourceExhausted", 1.0)] {
        let metric = format!("runlog_otlp_requests_total{{transport=\"grpc\",code=\"{code}\"}}");
        assert_eq!(server.api().metric(&metric), count, "{code}");
    }
    assert_eq!(run(&mut server.api(), "r"), None, "nothing of all this was stored");
}

#[test]
fn an_exporter_that_keeps_its_connection_does_not_delay_stopping() {
    let setup = Setup::new().option("otlp-grpc", "127.0.0.1:0").option("shutdown-grace", "3600");
    let mut server = setup.start();
    let open = otlp::KeptConnection::open(otlp::address(&server, "gRPC"));
    assert!(server.stop().success());
    drop(open);
}

#[test]
fn a_development_server_takes_logs_without_credentials() {
    let server = Setup::new().option("otlp-grpc", "127.0.0.1:0").option("insecure-dev", "true").start();
    let message = request(&of("f"), vec![at(0, "x", "r")]).encode_to_vec();
    let answer = grpc(otlp::address(&server, "gRPC"), EXPORT, None, &message, false);
    assert_eq!((answer.code, rejected(&answer.response.expect("a response")).0), (0, 0));
    assert_eq!(run(&mut server.api(), "r").expect("a run")["RetCode"], 2);
}

#[test]
fn a_token_stands_for_its_key_unless_it_may_only_read() {
    let server = Setup::new().option("otlp-grpc", "127.0.0.1:0").start();
    let key = server.make_key(support::ROOT_ACCOUNT, &[]);
    let token = |args: &[&str]| {
        let mut command = program(["keys", "token", "--key", &key.secret_id, "--data"]);
        let output = command.arg(server.data()).args(args).output().expect("the program");
        let text = String::from_utf8(output.stdout).expect("UTF-8");
        let token = text.lines().find_map(|line| line.strip_prefix("Token: "));
        format!("Bearer {}", token.unwrap_or_else(|| panic!("no token in {text}")))
    };
    let (reading, writing) = (token(&["--read-only"]), token(&[]));
    let by_grpc = otlp::address(&server, "gRPC");
    let send = |authorization: &str, id: &str| {
        let message = request(&of("f"), vec![at(0, "x", id)]).encode_to_vec();
        // A running server notices within a second or two.
        eventually("the tokens to be known", || {
            let answer = grpc(by_grpc, EXPORT, Some(authorization), &message, false);
            (answer.code != 16).then_some(answer.code)
        })
    };
    assert_eq!((send(&writing, "written"), send(&reading, "refused")), (0, 7));
    let mut api = server.api();
    assert!(run(&mut api, "written").is_some());
    assert_eq!(run(&mut api, "refused"), None);
    let as_json = Request::new("POST", "/v1/logs")
        .header("Host", &server.address().to_string())
        .header("Authorization", &reading)
        .header("Content-Type", "application/json");
    assert_eq!(api.exchange(&as_json.body("{}")).status, 403);
}
