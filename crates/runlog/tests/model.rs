//! A random history is put into a server and into the reference engine, and 10,000 random queries must get the same
//! answer from both: from memory and from segments, before a restart, after an orderly one, and after `kill -9`.
//!
//! A failing query is printed as JSON. The seed is fixed; `RUNLOG_MODEL_SEED` chooses another one.
#![allow(clippy::disallowed_methods, reason = "the seed may come from the environment")]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use runlog_core::naive::Naive;
use runlog_core::{
    Direction, Outcome, Query, ResultFilter, Row, Run, Scope, SortKey, Start, Stream, Window, Zone, billed_ms,
};
use serde_json::{Map, Value, json};
use support::{Answer, Api, Form, Key, ROOT_ACCOUNT, Server, eventually, now_ms};

const REPORTS: usize = 3_000;
const QUERIES: usize = 10_000;
const THREADS: u64 = 3;
const DEFAULT_SEED: u64 = 22;

const ACCOUNTS: [&str; 3] = [ROOT_ACCOUNT, "100000000002", "100000000003"];
const REGIONS: [&str; 2] = ["ap-guangzhou", "ap-beijing"];
const NAMESPACES: [&str; 2] = ["default", "批处理"];
const FUNCTIONS: [&str; 4] = ["a", "b", "a b", "函数"];
const QUALIFIERS: [&str; 3] = ["$LATEST", "1", "2"];
const RET_CODES: [i32; 10] = [0, 0, 0, 1, 2, 3, 430, 432, 433, 434];
const WORDS: [&str; 5] = ["timeout", "error", "完成", "retry", "ok"];
const FILTERS: [&str; 5] = ["is0", "not0", "TimeLimitExceeded", "ResourceLimitExceeded", "UserCodeException"];
const ORDER_BY: [(&str, SortKey); 4] = [
    ("start_time", SortKey::StartTime),
    ("duration", SortKey::Duration),
    ("mem_usage", SortKey::MemUsage),
    ("function_name", SortKey::FunctionName),
];

/// 2026-03-01 00:00:00 in UTC+8: where most of the history is.
const LONG_AGO_MS: i64 = 1_772_294_400_000;
const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;

fn pick<T: Copy>(rng: &mut StdRng, items: &[T]) -> T {
    items[rng.random_range(0..items.len())]
}

/// Like [`pick`], and more often than not the first, so that many runs meet many queries.
fn lean<T: Copy>(rng: &mut StdRng, items: &[T]) -> T {
    if rng.random_bool(0.6) { items[0] } else { pick(rng, items) }
}

/// The history so far, as the reference engine has it.
struct Model {
    naive: Naive,
    /// Middle of the recent runs: eight hours ago, so that none is near an edge of the last 24 hours.
    recent_ms: i64,
}

impl Model {
    /// A report that may be new, a repetition, a change of a run in flight, or a conflict: there are few ids.
    fn report(&self, rng: &mut StdRng) -> Run {
        let base_ms = if rng.random_bool(0.7) { LONG_AGO_MS } else { self.recent_ms };
        // Whole seconds for most, so that starts tie.
        let fraction_ms = if rng.random_bool(0.3) { rng.random_range(0..1000) } else { 0 };
        let ret_code = pick(rng, &RET_CODES);
        let words: Vec<&str> = (0..rng.random_range(0..4)).map(|_| pick(rng, &WORDS)).collect();
        Run {
            stream: Arc::new(Stream {
                account: lean(rng, &ACCOUNTS).to_owned(),
                region: lean(rng, &REGIONS).to_owned(),
                namespace: lean(rng, &NAMESPACES).to_owned(),
                function: lean(rng, &FUNCTIONS).to_owned(),
                qualifier: lean(rng, &QUALIFIERS).to_owned(),
            }),
            request_id: format!("r{}", rng.random_range(0..120)),
            retry_num: rng.random_range(0..2),
            start_ms: base_ms + rng.random_range(-7 * 3600..7 * 3600) * 1000 / 20 * 20 + fraction_ms,
            duration_us: rng.random_range(0..20) * pick(rng, &[0, 1, 500, 1000, 1_000_000]),
            bill_ms: rng.random_bool(0.1).then_some(8),
            mem_bytes: rng.random_range(0..5) << 20,
            ret_code,
            invoke_finished: i32::from(ret_code != 2),
            exit_code: None,
            ret_msg: if ret_code == 0 { r#""ok""#.to_owned() } else { String::new() },
            log: words.join("\n"),
            level: String::new(),
            source: String::new(),
        }
    }

    /// Puts a part of the history into both; the server must say of each report what the reference engine says.
    fn grow(&mut self, reports: usize, apis: &mut [Api], rng: &mut StdRng) {
        let mut left = reports;
        while left > 0 {
            let size = rng.random_range(1..=100).min(left);
            left -= size;
            let mut sent: Vec<Run> = (0..size).map(|_| self.report(rng)).collect();
            if rng.random_bool(0.5) {
                // The same reports twice in one request.
                sent.extend_from_within(..size / 4);
            }
            for (account, api) in ACCOUNTS.iter().zip(&mut *apis) {
                let (mut lines, mut accepted, mut duplicates, mut refused) = (Vec::new(), 0, 0, 0);
                for run in sent.iter().filter(|run| run.stream.account == *account) {
                    lines.push(record(run));
                    match self.naive.append(run.clone(), now_ms()) {
                        Outcome::Accepted { .. } => accepted += 1,
                        Outcome::Duplicate => duplicates += 1,
                        Outcome::Refused(_) => refused += 1,
                    }
                }
                let report = api.ingest(&lines);
                let found = (report.accepted, report.duplicates, report.refused.len());
                assert_eq!(found, (accepted, duplicates, refused), "{report:?}");
            }
        }
    }
}

/// A run as it is posted.
fn record(run: &Run) -> Value {
    let mut record = json!({
        "FunctionName": run.stream.function, "Qualifier": run.stream.qualifier, "Namespace": run.stream.namespace,
        "Region": run.stream.region, "RequestId": run.request_id, "RetryNum": run.retry_num, "StartTime": run.start_ms,
        "Duration": run.duration_us as f64 / 1000.0, "MemUsage": run.mem_bytes, "RetCode": run.ret_code,
        "RetMsg": run.ret_msg, "Log": run.log,
    });
    if let Some(bill_ms) = run.bill_ms {
        record["BillDuration"] = bill_ms.into();
    }
    record
}

/// A row as the API writes it.
fn row(run: &Run) -> Value {
    let us = run.duration_us;
    json!({
        "FunctionName": run.stream.function, "RetMsg": run.ret_msg, "RequestId": run.request_id,
        "StartTime": Zone::UTC8.format(run.start_ms), "RetCode": run.ret_code, "InvokeFinished": run.invoke_finished,
        "Duration": if us.is_multiple_of(1000) { json!(us / 1000) } else { json!(us as f64 / 1000.0) },
        "BillDuration": run.bill_ms.unwrap_or_else(|| billed_ms(us, 100)), "MemUsage": run.mem_bytes,
        "Log": run.log, "Level": "", "Source": "", "RetryNum": run.retry_num,
    })
}

/// One question, as parameters of a request and as a query of an engine.
struct Question {
    account: usize,
    region: &'static str,
    params: Map<String, Value>,
    query: Query,
}

impl Question {
    fn random(model: &Model, rng: &mut StdRng) -> Self {
        let account = lean(rng, &[0, 1, 2]);
        let region = lean(rng, &REGIONS);
        let scope = Scope {
            region: Some(region.to_owned()),
            namespace: Some("default".to_owned()),
            ..Scope::account(ACCOUNTS[account])
        };
        let window = Window { start_ms: now_ms() - DAY_MS, end_ms: now_ms() + 1 };
        let query = Query { window, ..Query::new(scope) };
        let mut question = Self { account, region, params: Map::new(), query };
        question.choose_scope(rng);
        question.choose_window(model, rng);
        question.choose_results(rng);
        question.choose_page(rng);
        question
    }

    fn set(&mut self, name: &str, value: impl Into<Value>) {
        self.params.insert(name.to_owned(), value.into());
    }

    fn choose_scope(&mut self, rng: &mut StdRng) {
        if rng.random_bool(0.6) {
            let namespace = lean(rng, &NAMESPACES);
            self.set("Namespace", namespace);
            self.query.scope.namespace = Some(namespace.to_owned());
        }
        if rng.random_bool(0.6) {
            let function = lean(rng, &FUNCTIONS);
            self.set("FunctionName", function);
            self.query.scope.function = Some(function.to_owned());
        }
        if rng.random_bool(0.2) {
            let qualifier = lean(rng, &["$LATEST", "1", "2", "3"]);
            self.set("Qualifier", qualifier);
            self.query.scope.qualifier = Some(qualifier.to_owned());
        }
        if rng.random_bool(0.1) {
            let id = format!("r{}", rng.random_range(0..130));
            self.set("FunctionRequestId", id.as_str());
            self.query.request_id = Some(id);
            self.query.window = Window::ALL;
        }
    }

    fn choose_window(&mut self, model: &Model, rng: &mut StdRng) {
        if rng.random_bool(0.15) {
            return;
        }
        let base_ms = if rng.random_bool(0.8) { LONG_AGO_MS } else { model.recent_ms / 1000 * 1000 };
        let start_ms = base_ms + 1000 * rng.random_range(-20 * 3600..8 * 3600);
        let length_ms = 1000 * lean(rng, &[86_400, 86_399, 6 * 3600, 3600, 60, 1, 0]);
        self.set("StartTime", Zone::UTC8.format(start_ms));
        self.set("EndTime", Zone::UTC8.format(start_ms + length_ms));
        self.query.window = Window { start_ms, end_ms: start_ms + length_ms + 1000 };
    }

    fn choose_results(&mut self, rng: &mut StdRng) {
        if rng.random_bool(0.3) {
            let at = rng.random_range(0..FILTERS.len());
            self.set("Filter", json!({ "RetCode": FILTERS[at] }));
            self.query.result = match at {
                0 => ResultFilter::Ok,
                1 => ResultFilter::Failed,
                2 => ResultFilter::Codes(vec![433]),
                3 => ResultFilter::Codes(vec![432, 434]),
                _ => ResultFilter::Codes(vec![430]),
            };
        }
        if rng.random_bool(0.2) {
            let keyword = pick(rng, &["timeout", "err", "成\nre", "k\"", "nothing like it"]);
            self.set("SearchContext", json!({ "Keyword": keyword }));
            self.query.keyword = Some(keyword.to_owned());
        }
    }

    fn choose_page(&mut self, rng: &mut StdRng) {
        if rng.random_bool(0.8) {
            let (name, by) = pick(rng, &ORDER_BY);
            self.set("OrderBy", name);
            self.query.order.by = by;
        }
        if rng.random_bool(0.7) {
            let (name, direction) =
                pick(rng, &[("asc", Direction::Asc), ("desc", Direction::Desc), ("DESC", Direction::Desc)]);
            self.set("Order", name);
            self.query.order.direction = direction;
        }
        if rng.random_bool(0.8) {
            let limit = pick(rng, &[0, 1, 3, 10, 30, 100, 1000]);
            self.set("Limit", limit);
            self.query.limit = limit;
        }
        if rng.random_bool(0.4) {
            let offset = pick(rng, &[0, 1, 2, 7, 20, 100, 1000]);
            self.set("Offset", offset);
            self.query.start = Start::Offset(offset);
        }
    }

    /// Asks both; the rows, their order and the total must be the same. Sometimes the next page by its cursor, too.
    /// Returns how many rows there were.
    fn ask(&mut self, model: &Model, apis: &mut [Api], rng: &mut StdRng) -> usize {
        let answer = self.send(apis, rng);
        if !self.names_a_function_that_ran(model) {
            assert_eq!(answer.code(), Some("ResourceNotFound.FunctionName"), "{}", self.show());
            return 0;
        }
        let expected = model.naive.query(&self.query);
        self.compare(&answer, &expected.rows, expected.total);
        let next = answer.at("SearchContext.Offset").and_then(Value::as_str).unwrap_or_default().to_owned();
        let after = expected.next.filter(|_| self.params.contains_key("SearchContext"));
        assert_eq!(!next.is_empty(), after.is_some(), "the cursor of {}", self.show());
        if let Some(after) = after {
            self.params["SearchContext"]["Offset"] = next.into();
            self.params.remove("Offset");
            self.query.start = Start::After(after);
            let expected = model.naive.query(&self.query);
            let answer = self.send(apis, rng);
            self.compare(&answer, &expected.rows, expected.total);
        }
        expected.rows.len()
    }

    /// Or none at all.
    fn names_a_function_that_ran(&self, model: &Model) -> bool {
        let scope = Scope { qualifier: None, ..self.query.scope.clone() };
        scope.function.is_none()
            || model.naive.streams(&scope.account).iter().any(|summary| scope.matches(&summary.stream))
    }

    fn send(&self, apis: &mut [Api], rng: &mut StdRng) -> Answer {
        let api = &mut apis[self.account];
        api.region = Some(self.region.to_owned());
        let form = if rng.random_bool(0.7) { Form::JSON } else { pick(rng, &Form::ALL) };
        api.call_as(form, "GetFunctionLogs", self.params.clone().into())
    }

    fn compare(&self, answer: &Answer, rows: &[Row], total: u64) {
        assert_eq!(answer.code(), None, "{}: {}", self.show(), answer.text);
        let expected: Vec<Value> = rows.iter().map(|found| row(&found.run)).collect();
        let ids = |rows: &[Value]| {
            rows.iter().map(|row| format!("{} {}", row["FunctionName"], row["RequestId"])).collect::<Vec<_>>()
        };
        assert_eq!(answer.total(), total, "the total of {}", self.show());
        assert_eq!(ids(answer.rows()), ids(&expected), "the order of {}", self.show());
        assert_eq!(answer.rows(), expected, "the rows of {}", self.show());
    }

    fn show(&self) -> String {
        format!("{} in {} of account {}", Value::Object(self.params.clone()), self.region, ACCOUNTS[self.account])
    }
}

/// Asks a share of the queries, on a few threads with a connection for each account.
fn ask(server: &Server, keys: &[Key], model: &Model, queries: usize, seed: u64) {
    let seen = AtomicU64::new(0);
    thread::scope(|scope| {
        let seen = &seen;
        for number in 0..THREADS {
            scope.spawn(move || {
                let mut rng = StdRng::seed_from_u64(seed + 1000 * number);
                let mut apis = clients(server, keys);
                for _ in 0..queries / THREADS as usize {
                    let rows = Question::random(model, &mut rng).ask(model, &mut apis, &mut rng);
                    seen.fetch_add(rows as u64, Ordering::Relaxed);
                }
            });
        }
    });
    let seen = seen.into_inner();
    assert!(seen > 3 * queries as u64, "{queries} queries that find {seen} rows say too little");
}

fn clients(server: &Server, keys: &[Key]) -> Vec<Api> {
    keys.iter().map(|key| Api::new(server.address(), key.clone())).collect()
}

#[test]
fn ten_thousand_queries_are_answered_as_the_reference_engine_answers_them() {
    let seed = std::env::var("RUNLOG_MODEL_SEED").map_or(DEFAULT_SEED, |seed| seed.parse().expect("a number"));
    println!("RUNLOG_MODEL_SEED={seed}");
    let mut rng = StdRng::seed_from_u64(seed);
    let mut server = Server::start();
    let mut keys = vec![Key::root()];
    keys.extend(ACCOUNTS[1..].iter().map(|account| server.make_key(account, &[])));
    let filler = server.make_key("100000000009", &[]);
    for key in keys.iter().chain([&filler]) {
        let mut api = Api::new(server.address(), key.clone());
        eventually("the new keys", || api.call("ListFunctions", json!({})).code().is_none().then_some(()));
    }
    let mut model = Model { naive: Naive::default(), recent_ms: now_ms() - 8 * HOUR_MS };
    let restarts: [fn(&mut Server); 3] = [
        |_| {},
        |server| {
            assert!(server.stop().success(), "{}", server.stderr());
            server.start_again();
        },
        |server| {
            server.kill();
            server.start_again();
        },
    ];
    model.grow(REPORTS / 4, &mut clients(&server, &keys), &mut rng);
    for (phase, restart) in (1..).zip(restarts) {
        restart(&mut server);
        // Half of the queries see what was there before the restart, the others what has come after it, too.
        ask(&server, &keys, &model, QUERIES / 6, seed + 2 * phase);
        model.grow(REPORTS / 4, &mut clients(&server, &keys), &mut rng);
        if phase < 3 {
            Api::new(server.address(), filler.clone()).flush_with_filler(phase);
        }
        ask(&server, &keys, &model, QUERIES / 6, seed + 2 * phase + 1);
    }
}
