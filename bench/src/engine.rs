//! The engine without a server: opens the data folder while no server has it open, merges it, and queries it in this
//! process.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Context;
use runlog_core::Query;
use runlog_store::{Options, Store};
use serde_json::{Value, json};

use crate::cold;
use crate::latency::Latencies;
use crate::shapes::{self, Shape};

/// Threads that query at the same time.
const CLIENTS: usize = 4;

/// The figures of the engine, and the queries with their answers.
pub(crate) struct Engine {
    pub(crate) figures: Value,
    pub(crate) questions: Vec<Question>,
}

/// A query with its answer.
pub(crate) struct Question {
    pub(crate) shape: Shape,
    pub(crate) total: u64,
    pub(crate) rows: Vec<Value>,
}

impl Question {
    /// For the peers.
    pub(crate) fn json(&self) -> Value {
        let mut question = self.shape.json();
        question["total"] = json!(self.total);
        question["rows"] = json!(self.rows);
        question
    }
}

/// Measures the store in a folder.
pub(crate) fn measure(data: &Path, seconds: u64) -> anyhow::Result<Engine> {
    let store = Store::open(data, Options::default())?;
    let started = Instant::now();
    store.flush()?;
    store.merge()?;
    let settle_s = started.elapsed().as_secs_f64();
    let (mut questions, mut queries) = (Vec::new(), Vec::new());
    for shape in shapes::derive(&store)? {
        let (question, figures) = ask(&store, shape)?;
        questions.push(question);
        queries.push(figures);
    }
    let mut without_texts = Vec::new();
    for shape in shapes::without_texts() {
        without_texts.push(ask(&store, shape)?.1);
    }
    let everyday: Vec<Query> = questions
        .iter()
        .filter(|question| question.shape.is_everyday())
        .map(|question| question.shape.query())
        .collect();
    let mixed = load(&store, &everyday, Duration::from_secs(seconds))?;
    store.close()?;
    for (question, figures) in questions.iter().zip(&mut queries) {
        figures["cold"] = cold::measure(data, &question.shape.query())?;
    }
    let figures = json!({
        "settle_s": settle_s,
        "queries": queries,
        "without_texts": without_texts,
        "mixed": { "clients": CLIENTS, "queries_per_s": mixed },
    });
    Ok(Engine { figures, questions })
}

/// Runs one query, first alone and then from several threads at a time.
fn ask(store: &Store, shape: Shape) -> anyhow::Result<(Question, Value)> {
    let query = shape.query();
    let answer = store.query(&query)?;
    let (cost, total) = (answer.cost, answer.total);
    let mut figures = latencies(store, &query)?.summary(shape.name, total);
    let several = std::thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS).map(|_| scope.spawn(|| latencies(store, &query))).collect();
        let mut all = Latencies::start();
        for client in clients {
            all.join(client.join().ok().context("a client panicked")??);
        }
        anyhow::Ok(all)
    })?;
    figures["four_clients"] = several.summary(shape.name, total);
    figures["cost"] =
        json!({ "rows_read": cost.rows_read, "blocks_read": cost.blocks_read, "bytes_read": cost.bytes_read });
    let rows = answer.rows.iter().map(shapes::row).collect();
    Ok((Question { shape, total, rows }, figures))
}

fn latencies(store: &Store, query: &Query) -> anyhow::Result<Latencies> {
    let mut latencies = Latencies::start();
    loop {
        let started = Instant::now();
        std::hint::black_box(store.query(query)?);
        if !latencies.add(started.elapsed()) {
            return Ok(latencies);
        }
    }
}

/// Queries per second of several threads, each starting at another position of the list.
fn load(store: &Store, queries: &[Query], duration: Duration) -> anyhow::Result<f64> {
    let started = Instant::now();
    let client = |first: usize| -> anyhow::Result<u64> {
        let mut answered = 0;
        for query in queries.iter().cycle().skip(first) {
            if started.elapsed() >= duration {
                break;
            }
            std::hint::black_box(store.query(query)?);
            answered += 1;
        }
        Ok(answered)
    };
    let answered = std::thread::scope(|scope| {
        let clients: Vec<_> =
            (0..CLIENTS).map(|at| scope.spawn(move || client(at * queries.len() / CLIENTS))).collect();
        let mut answered = 0;
        for client in clients {
            answered += client.join().ok().context("a client panicked")??;
        }
        anyhow::Ok(answered)
    })?;
    Ok(answered as f64 / started.elapsed().as_secs_f64())
}
