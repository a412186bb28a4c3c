//! `GET /api/v1/overview`: every function at a glance, as a page shows them.
//!
//! The counts of a function come from one query each, and the totals are their sums, so all numbers of an answer agree.

use std::collections::HashMap;

use runlog_core::{
    self as core, Columns, Engine, HistogramSpec, Order, Query, ResultFilter, Row, Scope, SortKey, Window,
};
use runlog_core::{Answer, Cost, Direction, EngineError};
use schemars::JsonSchema;
use serde::Serialize;

use super::answers::{Basis, Bucket, Function, Percentiles};
use super::asked::Asked;
use super::failure::Failure;
use super::params::{BUCKETS, FUNCTIONS};
use super::{filter_params, queries};

/// How many functions are listed by default.
const FUNCTIONS_DEFAULT: usize = 200;

/// Runs in flight that are looked at to count those of each function.
const RUNNING_MAX: usize = 10_000;

/// Characters of a message.
const MESSAGE_MAX_CHARS: usize = 200;

/// Every function at a glance.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Overview {
    /// How many runs of the listed functions are in the window: the sum of their `runs`.
    total: u64,
    /// Where the first bucket of each function begins.
    start_ms: i64,
    /// The width of a bucket; the last one may end earlier, with the window.
    width_ms: u64,
    /// The functions, those with the latest runs first.
    functions: Vec<Glance>,
    /// How many functions are not listed.
    rest_functions: u64,
    #[serde(flatten)]
    basis: Basis,
}

/// A function at a glance.
#[derive(Serialize, JsonSchema)]
struct Glance {
    #[serde(flatten)]
    function: Function,
    /// How many runs match, in the window.
    runs: u64,
    /// How many are in flight now, in any window.
    running: u64,
    /// Of the runs in the window.
    percentiles: Percentiles,
    /// The largest `MemUsage` in the window; absent without a finished run.
    #[serde(skip_serializing_if = "Option::is_none")]
    mem_max_bytes: Option<u64>,
    /// The runs in the window by their start.
    buckets: Vec<Bucket>,
    /// The newest finished run, in any window.
    #[serde(skip_serializing_if = "Option::is_none")]
    last: Option<LastRun>,
    /// When the newest successful run started, in any window.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_ok_ms: Option<i64>,
}

/// The newest finished run of a function.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct LastRun {
    request_id: String,
    /// Unix milliseconds.
    start_time: i64,
    /// Milliseconds.
    duration: f64,
    ret_code: i32,
    /// Its first 200 characters.
    ret_msg: String,
    qualifier: String,
    retry_num: u8,
    /// Bytes.
    mem_usage: u64,
}

pub(super) fn overview(asked: &Asked, query: Query, engine: &dyn Engine) -> Result<Vec<u8>, Failure> {
    let spec = asked.values.buckets(&BUCKETS).unwrap_or(HistogramSpec::Buckets(queries::BUCKETS_DEFAULT));
    let streams = engine.streams(&query.scope.account)?;
    let window = filter_params::close(query.window, &query.scope, &streams, asked.now_ms);
    let query = Query { window, ..query };
    let readable = streams
        .into_iter()
        .filter(|summary| query.scope.matches(&summary.stream) && asked.caller.may_read(&summary.stream));
    let mut functions = queries::by_function(readable);
    functions.sort_by_key(|function| std::cmp::Reverse(function.last_start_ms));
    let max = filter_params::count(asked.values.number(&FUNCTIONS), FUNCTIONS_DEFAULT);
    let rest_functions = functions.len().saturating_sub(max) as u64;
    functions.truncate(max);

    // What it rests on. The buckets begin where those of every function do.
    let mut base = engine.query(&Query { limit: 0, ..query.clone() })?;
    queries::check_as_of(&query, base.watermark.seq)?;
    let buckets = core::Histogram::new(spec, window).map_err(|error| EngineError::caller(error.to_string()))?;
    let running = Running::count(engine, &query.scope)?;
    let as_of = query.as_of.unwrap_or(base.watermark.seq);
    let mut glancing = Glancing { engine, query: &query, spec, as_of, cost: &mut base.cost };
    let functions = functions.into_iter().map(|function| glancing.glance(function, &running));
    let functions = functions.collect::<Result<Vec<_>, Failure>>()?;
    let basis = Basis::new(&query, &base);
    let total = functions.iter().map(|glance| glance.runs).sum();
    let core::Histogram { start_ms, width_ms, .. } = buckets;
    Ok(queries::json(&Overview { total, start_ms, width_ms, functions, rest_functions, basis }))
}

/// The queries of one function.
struct Glancing<'a> {
    engine: &'a dyn Engine,
    query: &'a Query,
    spec: HistogramSpec,
    /// Up to where finished runs are looked at.
    as_of: u64,
    /// What all of them took.
    cost: &'a mut Cost,
}

impl Glancing<'_> {
    fn glance(&mut self, function: Function, running: &Running) -> Result<Glance, Failure> {
        let scope = Scope {
            region: Some(function.region.clone()),
            namespace: Some(function.namespace.clone()),
            function: Some(function.function.clone()),
            ..self.query.scope.clone()
        };
        let counted = self.ask(&Query {
            scope: scope.clone(),
            order: Order { by: SortKey::MemUsage, direction: Direction::Desc },
            limit: 1,
            columns: Columns::NO_TEXTS,
            histogram: Some(self.spec),
            percentiles: true,
            ..self.query.clone()
        })?;
        let percentiles = counted.percentiles.ok_or_else(queries::missing)?;
        let buckets = counted.histogram.ok_or_else(queries::missing)?.buckets;
        let heaviest = counted.rows.first().filter(|_| percentiles.finished > 0);
        let last = self.newest(&scope, ResultFilter::All)?;
        let last_ok = match &last {
            Some(row) if row.run.ret_code == core::RET_OK => Some(row.run.start_ms),
            Some(_) => self.newest(&scope, ResultFilter::Ok)?.map(|row| row.run.start_ms),
            None => None,
        };
        Ok(Glance {
            runs: counted.total,
            running: running.of(self.engine, &scope)?,
            percentiles: percentiles.into(),
            mem_max_bytes: heaviest.map(|row| row.run.mem_bytes),
            buckets: buckets.into_iter().map(Into::into).collect(),
            last: last.map(LastRun::of),
            last_ok_ms: last_ok,
            function,
        })
    }

    /// The newest finished run with a result, in any window.
    fn newest(&mut self, scope: &Scope, result: ResultFilter) -> Result<Option<Row>, EngineError> {
        let columns = Columns { ret_msg: matches!(result, ResultFilter::All), ..Columns::NO_TEXTS };
        let as_of = Some(self.as_of);
        let query = Query { limit: 1, result, columns, as_of, ..Query::new(scope.clone()) };
        Ok(self.ask(&query)?.rows.pop())
    }

    fn ask(&mut self, query: &Query) -> Result<Answer, EngineError> {
        let answer = self.engine.query(query)?;
        self.cost.add(answer.cost);
        Ok(answer)
    }
}

impl LastRun {
    fn of(row: Row) -> Self {
        let run = row.run;
        Self {
            start_time: run.start_ms,
            duration: run.duration_us as f64 / 1000.0,
            ret_code: run.ret_code,
            ret_msg: run.ret_msg.chars().take(MESSAGE_MAX_CHARS).collect(),
            qualifier: run.stream.qualifier.clone(),
            retry_num: run.retry_num,
            mem_usage: run.mem_bytes,
            request_id: run.request_id,
        }
    }
}

/// Runs in flight by function.
enum Running {
    Counted(HashMap<(String, String, String), u64>),
    /// Too many to look at each: every function is asked for by itself.
    Many,
}

impl Running {
    fn count(engine: &dyn Engine, scope: &Scope) -> Result<Self, EngineError> {
        let query = Self::query(scope.clone(), RUNNING_MAX);
        let found = engine.query(&query)?;
        if found.total > found.rows.len() as u64 {
            return Ok(Self::Many);
        }
        let mut counts = HashMap::new();
        for row in found.rows {
            let stream = &row.run.stream;
            let name = (stream.region.clone(), stream.namespace.clone(), stream.function.clone());
            *counts.entry(name).or_default() += 1;
        }
        Ok(Self::Counted(counts))
    }

    fn of(&self, engine: &dyn Engine, scope: &Scope) -> Result<u64, EngineError> {
        match self {
            Self::Many => Ok(engine.query(&Self::query(scope.clone(), 0))?.total),
            Self::Counted(counts) => {
                let part = |name: &Option<String>| name.clone().unwrap_or_default();
                let name = (part(&scope.region), part(&scope.namespace), part(&scope.function));
                Ok(counts.get(&name).copied().unwrap_or_default())
            }
        }
    }

    fn query(scope: Scope, limit: usize) -> Query {
        let (window, result) = (Window::ALL, ResultFilter::Running);
        Query { window, result, limit, columns: Columns::NO_TEXTS, ..Query::new(scope) }
    }
}
