//! The types of the Rust SDK against the server's own description: no route, parameter or field is missing in them,
//! unless it is listed here with the reason.
#![allow(clippy::disallowed_methods, reason = "the test's server reads and writes sockets")]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};

use runlog_client::{
    Buckets, Client, ExportFormat, ExportQuery, FacetKey, NewRun, ReportKind, ReportQuery, RunFilter, RunQuery,
    SetAsideFile, SummaryQuery, TailGap, Watermark,
};
use serde::Serialize;
use serde_json::{Value, json};
use support::{Key, ROOT_ACCOUNT, Server, eventually, now_ms, program};

/// Every operation that a server may have, and its place in the client.
const OPERATIONS: [(&str, &str); 32] = [
    ("listRuns", "Client::runs"),
    ("getRun", "Client::one_run"),
    ("getHistogram", "Client::histogram"),
    ("getFacets", "Client::facets"),
    ("getStats", "Client::stats"),
    ("listFunctions", "Client::functions"),
    ("getFailedRequest", "Client::failed_request"),
    ("tailRuns", "Client::tail"),
    ("exportRuns", "Client::export_with, Client::export_bytes"),
    ("putRuns", "Client::put_runs"),
    ("exportLogs", "absent: OpenTelemetry's exporters send it"),
    ("getSession", "Client::session"),
    ("signIn", "absent: browsers alone have sessions"),
    ("signOut", "absent: browsers alone have sessions"),
    ("getRunLog", "Client::run_log"),
    ("getOverview", "Client::overview"),
    ("reportMemory", "Client::report"),
    ("reportCold", "Client::report"),
    ("reportCost", "Client::report"),
    ("reportSlow", "Client::report"),
    ("reportCompare", "Client::report"),
    ("getStorage", "Client::storage"),
    ("listKeys", "Client::keys"),
    ("getAllowed", "Client::permission"),
    ("examineRequest", "absent: `runlog doctor` examines requests itself"),
    ("getActions", "absent: the Explorer's description of the signed API"),
    ("makeBackup", "Client::backup"),
    ("removeExpiredRuns", "Client::retain_trusting_clock"),
    ("getOpenApi", "Client::openapi"),
    ("getLivez", "Client::probe"),
    ("getReadyz", "Client::readiness"),
    ("getMetrics", "Client::metrics"),
];

/// Parameters that no method sends by its arguments.
const OTHER_PARAMETERS: [(&str, &str); 3] = [
    ("download", "browsers alone store answers as files"),
    ("after", "Export sends it when it continues after a broken connection"),
    ("Last-Event-ID", "Tail sends it when it resumes"),
];

/// Why the client has nothing of the doctor's answer.
const DOCTOR: &str = "`runlog doctor` examines requests itself";

const POLICY: &str = r#"{ "version": "2.0", "statement": [{ "effect": "allow", "action": "*", "resource": "*" }] }"#;

/// Fields that no type has.
const OTHER_FIELDS: [(&str, &str); 19] = [
    ("BothLanguages.en", DOCTOR),
    ("BothLanguages.zh", DOCTOR),
    ("DiagnosisAnswer.findings", DOCTOR),
    ("DiagnosisAnswer.scheme", DOCTOR),
    ("DiagnosisAnswer.signature_was_computed", DOCTOR),
    ("DiagnosisAnswer.steps", DOCTOR),
    ("OneFinding.expected", DOCTOR),
    ("OneFinding.found", DOCTOR),
    ("OneFinding.is_proven", DOCTOR),
    ("OneFinding.kind", DOCTOR),
    ("OneFinding.step", DOCTOR),
    ("OneFinding.text", DOCTOR),
    ("OneStep.expected", DOCTOR),
    ("OneStep.name", DOCTOR),
    ("OneStep.sent", DOCTOR),
    ("Error.code", "Error::code"),
    ("Error.message", "the text of Error::Refused"),
    ("Functions.as_of", "the route does not take as_of"),
    ("OneRun.as_of", "the route does not take as_of"),
];

fn client(address: SocketAddr) -> Client {
    let key = Key::root();
    let builder = Client::builder(format!("http://{address}")).credential(key.secret_id, key.secret_key);
    builder.retries(0).build().expect("a client")
}

fn everything() -> RunFilter {
    let text = |text: &str| Some(text.to_owned());
    RunFilter {
        function: text("f"),
        namespace: text("default"),
        qualifier: text("$LATEST"),
        region: text("ap-guangzhou"),
        request_id: text("r"),
        result: text("ok"),
        keyword: text("k"),
        since: text("1d"),
        from: text("2026-01-01"),
        to: text("now"),
    }
}

fn whole_query() -> RunQuery {
    RunQuery {
        filter: everything(),
        sort: Some("duration:desc".to_owned()),
        limit: Some(1),
        as_of: Some(1),
        cursor: Some("c".to_owned()),
        offset: Some(1),
        fields: Some("Seq".to_owned()),
        histogram: Some(Buckets::AtMost(9)),
        bucket_percentiles: true,
        facets: KEYS.to_vec(),
        top: Some(9),
        percentiles: true,
    }
}

const KEYS: [FacetKey; 6] = [
    FacetKey::Namespace,
    FacetKey::Function,
    FacetKey::Version,
    FacetKey::Qualifier,
    FacetKey::State,
    FacetKey::RetCode,
];

/// The request targets that a client sends, each of which is refused.
fn targets(call: impl FnOnce(&Client)) -> Vec<String> {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let seen = Arc::new(Mutex::new(Vec::new()));
    let memory = Arc::clone(&seen);
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut lines = BufReader::new(stream.try_clone().expect("a stream")).lines().map_while(Result::ok);
            let first = lines.next().unwrap_or_default();
            lines.by_ref().take_while(|line| !line.is_empty()).for_each(drop);
            memory.lock().expect("the targets").push(first.split(' ').nth(1).unwrap_or_default().to_owned());
            let body = r#"{"code":"No","message":"no"}"#;
            let head = format!("HTTP/1.1 400 No\r\nConnection: close\r\nContent-Length: {}\r\n\r\n", body.len());
            let _ = stream.write_all((head + body).as_bytes());
        }
    });
    call(&client(address));
    let seen = seen.lock().expect("the targets");
    seen.clone()
}

fn document(server: &Server) -> Value {
    serde_json::from_str(&client(server.address()).openapi().expect("a description")).expect("JSON")
}

fn operations(document: &Value) -> impl Iterator<Item = (&str, &str, &Value)> {
    let paths = document["paths"].as_object().expect("paths").iter();
    paths.flat_map(|(path, item)| {
        let methods = item.as_object().expect("methods").values();
        methods.map(move |operation| (path.as_str(), operation["operationId"].as_str().expect("an id"), operation))
    })
}

#[test]
fn every_route_and_parameter_is_in_the_client() {
    let server = Server::start();
    let document = document(&server);
    let described: BTreeSet<&str> = operations(&document).map(|(_, id, _)| id).collect();
    let known: BTreeSet<&str> = OPERATIONS.iter().map(|(id, _)| *id).collect();
    let unknown: Vec<&&str> = described.difference(&known).collect();
    assert!(unknown.is_empty(), "give the client a method, or a reason why it has none: {unknown:?}");

    let summary = SummaryQuery { filter: everything(), as_of: Some(1) };
    let export = ExportQuery {
        filter: everything(),
        sort: Some("start_time:asc".to_owned()),
        fields: Some("Seq".to_owned()),
        as_of: Some(1),
    };
    let within = RunFilter {
        function: Some("f".into()),
        namespace: Some("n".into()),
        region: Some("r".into()),
        ..RunFilter::default()
    };
    let of_tails = RunFilter { request_id: None, since: None, from: None, to: None, ..everything() };
    let sent = targets(|client| {
        assert!(client.runs(&whole_query()).is_err());
        assert!(client.one_run("r", &within, Some("Seq")).is_err());
        assert!(client.histogram(&summary, Some(Buckets::Seconds(60))).is_err());
        assert!(client.histogram_with_percentiles(&summary, Some(Buckets::Seconds(60))).is_err());
        assert!(client.facets(&summary, &KEYS, Some(3)).is_err());
        assert!(client.stats(&summary, Some(3)).is_err());
        assert!(client.functions(&within).is_err());
        assert!(client.run_log("r", &within, Some(1)).is_err());
        let report = ReportQuery {
            filter: RunFilter { request_id: None, result: None, keyword: None, ..everything() },
            as_of: Some(1),
            limit_mb: Some(1),
            step_mb: Some(1),
            min_runs: Some(1),
            price_gbs: Some(0.5),
            price_request: Some(0.5),
            threshold: Some(5.0),
            alpha: Some(0.01),
            slowest: Some(1),
            a: Some("1".to_owned()),
            b: Some("2".to_owned()),
        };
        for kind in [ReportKind::Memory, ReportKind::Cold, ReportKind::Cost, ReportKind::Slow, ReportKind::Compare] {
            assert!(client.report(kind, &report).is_err());
        }
        let glance = RunFilter { request_id: None, keyword: None, ..everything() };
        let glance = SummaryQuery { filter: glance, as_of: Some(1) };
        assert!(client.overview(&glance, Some(Buckets::AtMost(9)), Some(5)).is_err());
        assert!(client.permission("scf:GetFunctionLogs", &within).is_err());
        assert!(client.export_bytes(&export, ExportFormat::Csv).is_err());
        assert!(client.tail_fields(&of_tails, None, "Seq").next().is_some_and(|event| event.is_err()));
    });
    let from_seq = client(server.address()).tail_url(&of_tails, Some(1));
    let mut by_path: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for target in sent.iter().chain([&from_seq]) {
        let target = &target[target.find("/api").expect("a native path")..];
        let (path, query) = target.split_once('?').expect("parameters");
        let names = query.split('&').map(|pair| pair.split('=').next().unwrap_or_default().to_owned());
        by_path.entry(path.replace("/runs/r", "/runs/{request_id}")).or_default().extend(names);
    }
    for (path, id, operation) in operations(&document) {
        let sent = by_path.get(path).cloned().unwrap_or_default();
        for parameter in operation["parameters"].as_array().into_iter().flatten().filter(|found| found["in"] != "path")
        {
            let name = parameter["name"].as_str().expect("a name");
            let is_other = OTHER_PARAMETERS.iter().any(|(other, _)| *other == name);
            assert!(is_other || sent.contains(name), "{id} has the parameter {name}, which the client never sends");
        }
    }
}

/// The fields of schemas that an answer of the client shows.
struct Covered<'a> {
    document: &'a Value,
    fields: BTreeSet<String>,
}

impl Covered<'_> {
    /// Marks the fields of an answer, and of its parts.
    fn see(&mut self, schema: &Value, value: &Value) {
        self.see_as(schema, value, "");
    }

    fn see_as(&mut self, schema: &Value, value: &Value, owner: &str) {
        if let Some(name) = name(schema) {
            let schema = self.document["components"]["schemas"][name].clone();
            return self.see_as(&schema, value, name);
        }
        for part in ["allOf", "anyOf", "oneOf"].iter().filter_map(|word| schema[*word].as_array()).flatten() {
            self.see_as(part, value, owner);
        }
        for item in value.as_array().into_iter().flatten() {
            self.see_as(&schema["items"], item, owner);
        }
        for (field, of_field) in schema["properties"].as_object().into_iter().flatten() {
            if let Some(found) = value.get(field) {
                self.fields.insert(format!("{owner}.{field}"));
                self.see_as(of_field, found, owner);
            }
        }
    }

    fn see_named(&mut self, name: &str, value: &impl Serialize) {
        self.see(&json!({ "$ref": format!("#/components/schemas/{name}") }), &to_json(value));
    }
}

/// The schema that a reference names.
fn name(schema: &Value) -> Option<&str> {
    schema["$ref"].as_str()?.strip_prefix("#/components/schemas/")
}

fn to_json(answer: &impl Serialize) -> Value {
    serde_json::to_value(answer).expect("JSON")
}

/// Without what differs between two equal questions, and with numbers of one kind.
fn comparable(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let fields = fields.iter().filter(|(name, _)| *name != "cost");
            fields.map(|(name, value)| (name.clone(), comparable(value))).collect()
        }
        Value::Array(items) => items.iter().map(comparable).collect(),
        Value::Number(number) => json!(number.as_f64()),
        other => other.clone(),
    }
}

#[test]
fn every_field_of_an_answer_is_in_a_type_of_the_client() {
    let server = Server::start();
    let document = document(&server);
    let client = client(server.address());
    let started_ms = now_ms() - 10_000;
    let run = |at: i64, ret_code: i32| NewRun {
        exit_code: Some(ret_code),
        ret_code: Some(ret_code),
        duration: Some(12.5),
        request_id: Some(format!("r{at}")),
        log: Some("text\n".to_owned()),
        ..NewRun::new("f", started_ms + at)
    };
    client.put_runs([run(0, 0), run(1, 430), run(2, 2), run(3, 0)]).expect("stored");

    let mut covered = Covered { document: &document, fields: BTreeSet::new() };
    let mut api = server.api();
    let mut check = |covered: &mut Covered<'_>, id: &str, target: &str, answer: Value| {
        let found = operations(&document).find(|(_, found, _)| *found == id).expect("an operation").2;
        covered.see(&found["responses"]["200"]["content"]["application/json"]["schema"], &answer);
        let request = api.native("GET", &format!("/api/v1/{target}"));
        let raw = api.exchange(&request).json();
        assert_eq!(comparable(&answer), comparable(&raw), "{id}");
    };
    let query = RunQuery {
        limit: Some(1),
        as_of: Some(4),
        histogram: Some(Buckets::AtMost(4)),
        bucket_percentiles: true,
        facets: KEYS.to_vec(),
        percentiles: true,
        filter: RunFilter {
            from: Some(started_ms.to_string()),
            to: Some((started_ms + 60_000).to_string()),
            ..RunFilter::default()
        },
        ..RunQuery::default()
    };
    let page = client.runs(&query).expect("a page");
    let url = client.runs_url(&query);
    let target = url.split_once("/api/v1/").expect("a native path").1;
    check(&mut covered, "listRuns", target, to_json(&page));
    let one = client.one_run("r1", &RunFilter::default(), None).expect("an answer").expect("a run");
    check(&mut covered, "getRun", "runs/r1", to_json(&one));
    let summary = SummaryQuery { filter: query.filter.clone(), as_of: Some(4) };
    let window = format!("from={started_ms}&to={}&as_of=4", started_ms + 60_000);
    let answer = client.histogram(&summary, Some(Buckets::Seconds(30))).expect("a histogram");
    check(&mut covered, "getHistogram", &format!("histogram?{window}&buckets=30s"), to_json(&answer));
    let answer = client.histogram_with_percentiles(&summary, Some(Buckets::Seconds(30))).expect("a histogram");
    let target = format!("histogram?{window}&buckets=30s&bucket_percentiles=true");
    check(&mut covered, "getHistogram", &target, to_json(&answer));
    let answer = client.facets(&summary, &KEYS, Some(1)).expect("facets");
    assert_eq!(answer.facets.len(), KEYS.len());
    check(&mut covered, "getFacets", &format!("facets?{window}&top=1"), to_json(&answer));
    let answer = client.stats(&summary, None).expect("statistics");
    check(&mut covered, "getStats", &format!("stats?{window}"), to_json(&answer));
    let answer = client.functions(&RunFilter::default()).expect("functions");
    check(&mut covered, "listFunctions", "functions", to_json(&answer));

    let answer = client.overview(&summary, Some(Buckets::AtMost(3)), Some(9)).expect("an overview");
    check(&mut covered, "getOverview", &format!("overview?{window}&buckets=3&functions=9"), to_json(&answer));
    // The free bytes of the disk differ between two answers.
    let answer = client.storage().expect("storage");
    assert_eq!(answer.days.iter().map(|day| day.runs).sum::<u64>(), 3);
    covered.see_named("StorageAnswer", &answer);
    let key = server.make_key(ROOT_ACCOUNT, &[POLICY]);
    let made =
        program(["keys", "token", "--expires", "1d", "--key", &key.secret_id, "--data"]).arg(server.data()).output();
    assert!(made.expect("the program").status.success());
    let answer = eventually("the token", || {
        let found = client.keys().expect("keys");
        found.keys.iter().any(|key| !key.tokens.is_empty()).then_some(found)
    });
    check(&mut covered, "listKeys", "keys", to_json(&answer));
    let answer = client.permission("scf:GetFunctionLogs", &RunFilter::default()).expect("a permission");
    check(&mut covered, "getAllowed", "allowed?action=scf:GetFunctionLogs", to_json(&answer));
    assert_eq!(client.run_log("r0", &RunFilter::default(), None).expect("a log"), "text\n");

    let event = client.tail(&RunFilter::default(), Some(0)).next().expect("an event").expect("a run");
    covered.see_named("Event", &event);
    let mut csv = String::new();
    let mut export = client.export_bytes(&ExportQuery::default(), ExportFormat::Csv).expect("an export");
    export.read_to_string(&mut csv).expect("lines");
    assert_eq!((export.total(), csv.lines().count()), (3, 4 + 3), "a head, and logs with a line feed each");
    if operations(&document).any(|(_, id, _)| id == "getSession") {
        let answer = client.session().expect("a session");
        assert!(answer.root && answer.key == Key::root().secret_id);
        check(&mut covered, "getSession", "session", to_json(&answer));
    }
    // What a young server has no cause to send.
    let set_aside: SetAsideFile = serde_json::from_str(r#"{"file":"f","reason":"r"}"#).expect("a file");
    covered.see_named("SetAside", &set_aside);
    covered.see_named("Watermark", &Watermark { seq: 1, retained_from_ms: Some(1), set_aside_files: 0 });
    covered.see_named("Gap", &TailGap { after_seq: 1, to_seq: 2, by_retention: true, by_damage: false });

    assert!(client.readiness().expect("an answer").ready);
    assert!(client.metrics().expect("a page").contains("runlog_"));
    let mut described = BTreeSet::new();
    for (name, schema) in document["components"]["schemas"].as_object().expect("schemas") {
        described
            .extend(schema["properties"].as_object().into_iter().flatten().map(|(field, _)| format!("{name}.{field}")));
    }
    let others = OTHER_FIELDS.iter().map(|(field, _)| (*field).to_owned()).collect();
    let known: BTreeSet<String> = covered.fields.union(&others).cloned().collect();
    let missing: Vec<&String> = described.difference(&known).collect();
    assert!(missing.is_empty() && described.len() > 60, "the client has no field for {missing:?}");
}

#[test]
fn a_refused_request_is_read_whole() {
    let server = Server::start();
    let mut api = server.api();
    let wrong = api.logs(json!({ "FunctionName": "f", "Limit": -1 }));
    let id = wrong.request_id;
    let client = client(server.address());
    let found = client.failed_request(&id).expect("an answer").expect("a request");
    let request = api.native("GET", &format!("/api/v1/requests/{id}"));
    assert_eq!(to_json(&found), api.exchange(&request).json());
    assert_eq!(client.failed_request("no such request").expect("an answer"), None);
}
