//! Random queries of the native API get the reference engine's answers: rows, order, total, pages by cursor, histogram,
//! facets and percentiles, also as of an earlier moment, before and after `kill -9`.

mod support;

use std::sync::Arc;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use runlog_core::naive::Naive;
use runlog_core::{
    BucketQuantiles, Direction, FacetKey, FacetSpec, FacetValue, HistogramSpec, Order, Query, ResultFilter, Row, Run,
    RunState, Scope, SortKey, Start, Stream, Zone, billed_ms,
};
use serde_json::{Map, Value, json};
use support::{Api, ROOT_ACCOUNT, Server, now_ms};

const REPORTS: usize = 3_000;
const QUERIES: usize = 1_500;

/// 2026-03-01 00:00:00 in UTC+8.
const BASE_MS: i64 = 1_772_294_400_000;
const DAY_MS: i64 = 86_400_000;

const REGIONS: [&str; 2] = ["ap-guangzhou", "ap-beijing"];
const NAMESPACES: [&str; 2] = ["default", "批处理"];
const FUNCTIONS: [&str; 4] = ["a", "b", "a b", "f&x=+%"];
const QUALIFIERS: [&str; 2] = ["$LATEST", "1"];
const WORDS: [&str; 4] = ["timeout", "error", "完成", "a+b c"];
const SORTS: [(&str, SortKey); 4] = [
    ("start_time", SortKey::StartTime),
    ("duration", SortKey::Duration),
    ("mem_usage", SortKey::MemUsage),
    ("function_name", SortKey::FunctionName),
];
const FACETS: [(&str, FacetKey); 6] = [
    ("namespace", FacetKey::Namespace),
    ("function", FacetKey::Function),
    ("version", FacetKey::Version),
    ("qualifier", FacetKey::Qualifier),
    ("state", FacetKey::State),
    ("ret_code", FacetKey::RetCode),
];

fn pick<T: Copy>(rng: &mut StdRng, items: &[T]) -> T {
    items[rng.random_range(0..items.len())]
}

/// There are few ids, so that a report may be new, a repetition, a change of a run in flight, or a conflict.
fn report(rng: &mut StdRng) -> Run {
    let ret_code = pick(rng, &[0, 0, 0, 1, 2, 3, 430, 433]);
    let words: Vec<&str> = (0..rng.random_range(0..4)).map(|_| pick(rng, &WORDS)).collect();
    Run {
        stream: Arc::new(Stream {
            account: ROOT_ACCOUNT.to_owned(),
            region: pick(rng, &REGIONS).to_owned(),
            namespace: pick(rng, &NAMESPACES).to_owned(),
            function: pick(rng, &FUNCTIONS).to_owned(),
            qualifier: pick(rng, &QUALIFIERS).to_owned(),
        }),
        request_id: format!("r/{}", rng.random_range(0..300)),
        retry_num: rng.random_range(0..2),
        start_ms: BASE_MS + rng.random_range(0..3 * DAY_MS / 1000) * pick(rng, &[1000, 1000, 999]),
        duration_us: rng.random_range(0..20) * pick(rng, &[0, 1, 500, 1_000_000]),
        bill_ms: rng.random_bool(0.1).then_some(8),
        mem_bytes: rng.random_range(0..5) << 20,
        ret_code,
        invoke_finished: i32::from(ret_code != 2),
        exit_code: rng.random_bool(0.2).then_some(ret_code),
        ret_msg: if ret_code == 0 { r#""ok""#.to_owned() } else { String::new() },
        log: words.join("\n"),
        level: String::new(),
        source: String::new(),
    }
}

/// A run as the native API writes it.
fn written(row: &Row) -> Value {
    let Row { seq, run } = row;
    let us = run.duration_us;
    let mut fields = json!({
        "Seq": seq, "Region": run.stream.region, "Namespace": run.stream.namespace,
        "FunctionName": run.stream.function, "Qualifier": run.stream.qualifier, "RequestId": run.request_id,
        "RetryNum": run.retry_num, "StartTime": run.start_ms,
        "StartTimeText": Zone::UTC8.format_rfc3339(run.start_ms),
        "Duration": if us.is_multiple_of(1000) { json!(us / 1000) } else { json!(us as f64 / 1000.0) },
        "BillDuration": run.bill_ms.unwrap_or_else(|| billed_ms(us, 100)), "MemUsage": run.mem_bytes,
        "RetCode": run.ret_code, "InvokeFinished": run.invoke_finished, "RetMsg": run.ret_msg,
        "Level": run.level, "Source": run.source, "Log": run.log,
    });
    if let Some(code) = run.exit_code {
        fields["ExitCode"] = code.into();
    }
    fields
}

fn facet_value(value: &FacetValue, by: FacetKey) -> Map<String, Value> {
    let fields = match (value, by) {
        (FacetValue::Name(name), FacetKey::Qualifier) => json!({ "qualifier": name }),
        (FacetValue::Name(name), _) => json!({ "namespace": name }),
        (FacetValue::Function(namespace, function), _) => json!({ "namespace": namespace, "function": function }),
        (FacetValue::Version(namespace, function, qualifier), _) => {
            json!({ "namespace": namespace, "function": function, "qualifier": qualifier })
        }
        (FacetValue::State(RunState::Ok), _) => json!({ "state": "ok" }),
        (FacetValue::State(RunState::Failed), _) => json!({ "state": "failed" }),
        (FacetValue::State(RunState::Running), _) => json!({ "state": "running" }),
        (FacetValue::Code(code), _) => json!({ "ret_code": code }),
    };
    fields.as_object().expect("an object").clone()
}

/// Everything escaped but letters and digits.
fn escaped(text: &str) -> String {
    let escape = |byte: u8| {
        if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") }
    };
    text.bytes().map(escape).collect()
}

/// One question, as a query string and as a query of an engine.
struct Question {
    params: Vec<(&'static str, String)>,
    query: Query,
}

impl Question {
    fn random(rng: &mut StdRng, last_seq: u64) -> Self {
        let mut question = Self { params: Vec::new(), query: Query::new(Scope::account(ROOT_ACCOUNT)) };
        question.choose_runs(rng);
        question.choose_window(rng);
        question.choose_page(rng);
        question.choose_counts(rng);
        if rng.random_bool(0.2) {
            let as_of = rng.random_range(0..=last_seq);
            question.query.as_of = Some(as_of);
            question.set("as_of", as_of.to_string());
        }
        question
    }

    fn set(&mut self, name: &'static str, value: impl Into<String>) {
        self.params.push((name, value.into()));
    }

    fn choose_runs(&mut self, rng: &mut StdRng) {
        let mut choose = |name: &'static str, items: &[&str], chance: f64| {
            rng.random_bool(chance).then(|| (name, pick(rng, items).to_owned()))
        };
        let chosen = [
            choose("function", &FUNCTIONS, 0.4),
            choose("namespace", &NAMESPACES, 0.4),
            choose("qualifier", &QUALIFIERS, 0.2),
            choose("region", &REGIONS, 0.3),
            choose("keyword", &WORDS, 0.3),
            choose("result", &["ok", "failed", "running", "433", "0,430"], 0.4),
        ];
        for (name, value) in chosen.into_iter().flatten() {
            let (scope, text) = (&mut self.query.scope, Some(value.clone()));
            match name {
                "function" => scope.function = text,
                "namespace" => scope.namespace = text,
                "qualifier" => scope.qualifier = text,
                "region" => scope.region = text,
                "keyword" => self.query.keyword = text,
                _ => {
                    self.query.result = match value.as_str() {
                        "ok" => ResultFilter::Ok,
                        "failed" => ResultFilter::Failed,
                        "running" => ResultFilter::Running,
                        "433" => ResultFilter::Codes(vec![433]),
                        _ => ResultFilter::Codes(vec![0, 430]),
                    }
                }
            }
            self.set(name, value);
        }
        if rng.random_bool(0.1) {
            let id = format!("r/{}", rng.random_range(0..310));
            self.query.request_id = Some(id.clone());
            self.set("request_id", id);
        }
    }

    fn choose_window(&mut self, rng: &mut StdRng) {
        let start_ms = BASE_MS + 1000 * rng.random_range(-3600..200_000);
        let end_ms = start_ms + 1000 * pick(rng, &[0, 1, 60, 3600, 40_000, 300_000]);
        let mut write = |ms: i64| match rng.random_range(0..3) {
            0 => ms.to_string(),
            1 => Zone::UTC8.format(ms),
            _ => Zone::UTC.format_rfc3339(ms),
        };
        let (from, to) = (write(start_ms), write(end_ms));
        if rng.random_bool(0.6) {
            self.query.window.start_ms = start_ms;
            self.set("from", from);
        }
        if rng.random_bool(0.4) {
            self.query.window.end_ms = end_ms;
            self.set("to", to);
        }
    }

    fn choose_page(&mut self, rng: &mut StdRng) {
        if rng.random_bool(0.8) {
            let ((name, by), is_up) = (pick(rng, &SORTS), rng.random_bool(0.5));
            let (word, direction) = if is_up { ("asc", Direction::Asc) } else { ("desc", Direction::Desc) };
            self.query.order = Order { by, direction };
            self.set("sort", format!("{name}:{word}"));
        }
        if rng.random_bool(0.8) {
            self.query.limit = pick(rng, &[0, 1, 3, 30, 100, 1000]);
            self.set("limit", self.query.limit.to_string());
        }
        if rng.random_bool(0.3) {
            let offset = pick(rng, &[0, 1, 7, 100]);
            self.query.start = Start::Offset(offset);
            self.set("offset", offset.to_string());
        }
    }

    fn choose_counts(&mut self, rng: &mut StdRng) {
        if self.query.window.start_ms != i64::MIN && self.query.window.end_ms != i64::MAX && rng.random_bool(0.5) {
            let (text, spec) =
                pick(rng, &[("7", HistogramSpec::Buckets(7)), ("1h30m", HistogramSpec::Width(5_400_000))]);
            self.query.histogram = Some(spec);
            self.set("histogram", text);
            if rng.random_bool(0.5) {
                self.query.bucket_percentiles = true;
                self.set("bucket_percentiles", "true");
            }
        }
        if rng.random_bool(0.3) {
            let facets = [pick(rng, &FACETS), FACETS[4]];
            let by = if facets[0] == facets[1] { &facets[..1] } else { &facets[..] };
            let names: Vec<&str> = by.iter().map(|(name, _)| *name).collect();
            let keys = by.iter().map(|(_, key)| *key).collect();
            self.query.facets = Some(FacetSpec { by: keys, top: 3, percentiles: false });
            self.set("facets", names.join(","));
            self.set("top", "3");
        }
        if rng.random_bool(0.3) {
            self.query.percentiles = true;
            self.set("percentiles", "true");
        }
    }

    fn target(&self, cursor: Option<&str>) -> String {
        let without = |name: &str| cursor.is_some() && name == "offset";
        let mut pairs: Vec<String> = self.params.iter().filter(|(name, _)| !without(name)).map(pair).collect();
        pairs.extend(cursor.map(|cursor| format!("cursor={cursor}")));
        format!("/api/v1/runs?{}", pairs.join("&"))
    }

    /// Asks both, and for the next page by its cursor; returns how many rows the first had.
    fn ask(&mut self, naive: &Naive, api: &mut Api) -> usize {
        let target = self.target(None);
        let mut answer = api.get(&target);
        let mut expected = naive.query(&self.query);
        self.compare(&answer, &expected, &target);
        let rows = expected.rows.len();
        for _ in 0..2 {
            let Some(after) = expected.next.take() else { break };
            let cursor = answer["next"].as_str().unwrap_or_else(|| panic!("a next page of {target}")).to_owned();
            let target = self.target(Some(&cursor));
            answer = api.get(&target);
            self.query.start = Start::After(after);
            expected = naive.query(&self.query);
            self.compare(&answer, &expected, &target);
        }
        rows
    }

    fn compare(&self, answer: &Value, expected: &runlog_core::Answer, target: &str) {
        let rows: Vec<Value> = expected.rows.iter().map(written).collect();
        assert_eq!(answer["total"], expected.total, "the total of {target}");
        assert_eq!(answer["runs"], Value::Array(rows), "the runs of {target}");
        assert_eq!(answer["next"].is_string(), expected.next.is_some(), "the next page of {target}");
        assert_eq!(answer["watermark"]["seq"], expected.watermark.seq, "the watermark of {target}");
        assert!(answer["cost"]["rows_read"].is_u64(), "the cost of {target}");
        if let Some(histogram) = &expected.histogram {
            let buckets: Vec<Value> = histogram.buckets.iter().map(bucket_json).collect();
            let expected =
                json!({ "start_ms": histogram.start_ms, "width_ms": histogram.width_ms, "buckets": buckets });
            assert_eq!(answer["histogram"], expected, "the histogram of {target}");
        }
        for (at, facet) in expected.facets.iter().flatten().enumerate() {
            let found = &answer["facets"][at];
            let values: Vec<Value> = facet
                .values
                .iter()
                .map(|count| {
                    let mut fields = facet_value(&count.value, facet.by);
                    fields.insert("runs".to_owned(), count.runs.into());
                    fields.into()
                })
                .collect();
            assert_eq!(found["values"], Value::Array(values), "a facet of {target}");
            assert_eq!(found["rest_runs"], facet.rest_runs, "the rest of a facet of {target}");
            assert_eq!(found["rest_values"], facet.rest_values, "the rest of a facet of {target}");
        }
        if let Some(percentiles) = &expected.percentiles {
            let found = &answer["percentiles"];
            assert_eq!(found["finished"], percentiles.finished, "{target}");
            assert_eq!(found["failed"], percentiles.failed, "{target}");
            let p95 = percentiles.duration_us.map(|quantiles| quantiles.p95 as f64 / 1000.0);
            assert_eq!(found["duration_ms"]["p95"].as_f64(), p95, "{target}");
            let p50 = percentiles.mem_bytes.map(|quantiles| quantiles.p50);
            assert_eq!(found["mem_bytes"]["p50"].as_u64(), p50, "{target}");
        }
    }
}

fn pair((name, value): &(&'static str, String)) -> String {
    format!("{name}={}", escaped(value))
}

/// Puts random reports into both.
fn grow(naive: &mut Naive, api: &mut Api, rng: &mut StdRng, reports: usize) {
    for _ in 0..reports / 100 {
        let sent: Vec<Run> = (0..100).map(|_| report(rng)).collect();
        let lines: Vec<Value> = sent.iter().map(|run| written(&Row { seq: 0, run: run.clone() })).collect();
        for run in sent {
            naive.append(run, now_ms());
        }
        api.ingest(&lines);
    }
}

#[test]
fn random_queries_are_answered_as_the_reference_engine_answers_them() {
    let mut rng = StdRng::seed_from_u64(41);
    let mut server = Server::start();
    let mut naive = Naive::default();
    let mut rows = 0;
    for phase in 0..3 {
        let mut api = server.api();
        grow(&mut naive, &mut api, &mut rng, REPORTS / 3);
        if phase == 1 {
            server.kill();
            server.start_again();
            api = server.api();
        }
        let last_seq = naive.query(&Query { limit: 0, ..Query::new(Scope::account(ROOT_ACCOUNT)) }).watermark.seq;
        for _ in 0..QUERIES / 3 {
            rows += Question::random(&mut rng, last_seq).ask(&naive, &mut api);
        }
    }
    assert!(rows > 5 * QUERIES, "{rows} rows say too little");
}

#[test]
fn a_row_of_any_answer_can_be_posted_back() {
    let server = Server::start();
    let mut api = server.api();
    let mut rng = StdRng::seed_from_u64(7);
    grow(&mut Naive::default(), &mut api, &mut rng, 1000);
    let page = api.get("/api/v1/runs?limit=1000");
    let rows = page["runs"].as_array().expect("runs").clone();
    let report = api.ingest(&rows);
    let flights = rows.iter().filter(|row| row["RetCode"] == 2).count();
    assert_eq!(report.refused, []);
    assert_eq!(report.duplicates as usize, rows.len() - flights, "a finished run is the same run");
}

/// A bucket as an answer has it.
fn bucket_json(bucket: &runlog_core::Bucket) -> Value {
    let mut json = json!({ "ok": bucket.ok, "failed": bucket.failed, "running": bucket.running });
    if let Some(BucketQuantiles { duration_us: us, mem_bytes: mem }) = bucket.quantiles {
        let ms = |us: u64| us as f64 / 1000.0;
        json["duration_ms"] = json!({ "p50": ms(us.p50), "p90": ms(us.p90), "p95": ms(us.p95), "p99": ms(us.p99) });
        json["mem_bytes"] = json!({ "p50": mem.p50, "p90": mem.p90, "p95": mem.p95, "p99": mem.p99 });
    }
    json
}
