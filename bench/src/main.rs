//! Measures a real server process over HTTP, with the load generator on the same machine, and its engine in process.
//!
//! One run measures everything it compares, so that ratios hold on a noisy machine. Results are printed as tables and
//! kept as JSON, with a summary of the raw latencies, under `bench/results/`. With the queries and their answers, they
//! are written to a file that the measurement of the peers reads (`bench/peers/run.py`).
#![allow(clippy::disallowed_methods, reason = "a benchmark reads clocks and files")]

mod cold;
mod engine;
mod hello;
mod http;
mod ingest;
mod latency;
mod memory;
mod queries;
mod report;
mod server;
mod shapes;
mod tails;
mod targets;
mod throughput;

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use engine::Question;
use report::Report;
use serde_json::{Value, json};
use server::Server;

/// What to measure.
struct Plan {
    runs: u64,
    seed: u64,
    seconds: u64,
    out: PathBuf,
    for_peers: Option<PathBuf>,
}

const USAGE: &str = "runlog-bench [--runs N (1000000)] [--seed N (1)] [--seconds N of load (5)] \
                     [--out DIR (bench/results) | --for-peers FILE]\n\
                     runlog-bench --targets\n\
                     runlog-bench --tails N [--runs N (200000)] [--out DIR]";

fn main() -> anyhow::Result<()> {
    if std::env::args().skip(1).eq(["--targets"]) {
        return targets::write(Path::new("bench/results"));
    }
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [flag, rest @ ..] = &arguments[..]
        && flag == "--tails"
    {
        return tails::run(rest);
    }
    let plan = plan()?;
    // One thread for the generator: the server under test needs the other core.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (report, questions) = runtime.block_on(measure(&plan))?;
    print!("{}", report.tables());
    if let Some(path) = plan.for_peers {
        let questions: Vec<Value> = questions.iter().map(Question::json).collect();
        std::fs::write(path, json!({ "report": report.json(), "questions": questions }).to_string())?;
    } else {
        println!("\nraw results: {}", report.save(&plan.out)?.display());
        targets::write(&plan.out)?;
    }
    Ok(())
}

async fn measure(plan: &Plan) -> anyhow::Result<(Report, Vec<Question>)> {
    let mut report = Report::new(plan.runs, plan.seed)?;
    let mut server = Server::start()?;
    eprintln!("ingesting {} runs", plan.runs);
    report.idle_memory_bytes = server.memory_bytes()?;
    let anonymous_peak = server.watch_anonymous_memory();
    report.ingest = ingest::measure(&server, plan.runs, plan.seed).await?;
    report.ingest_peak_memory_bytes = server.peak_memory_bytes()?;
    report.ingest_peak_anonymous_memory_bytes = anonymous_peak.bytes()?;
    eprintln!("asking in process");
    server.stop()?;
    let engine = engine::measure(server.data(), plan.seconds)?;
    report.engine = engine.figures;
    report.disk_bytes = server.disk_bytes()?;
    eprintln!("asking over HTTP");
    report.start_ms = server.start_again()?;
    report.queries = queries::measure(&server, &engine.questions).await?;
    report.query_memory_bytes = server.memory_bytes()?;
    report.query_anonymous_memory_bytes = server.anonymous_memory_bytes()?;
    eprintln!("loading");
    report.throughput = throughput::measure(&server, plan.seconds).await?;
    report.mixed = throughput::measure_mixed(&server, &engine.questions, plan.seconds).await?;
    Ok((report, engine.questions))
}

fn plan() -> anyhow::Result<Plan> {
    let mut plan = Plan { runs: 1_000_000, seed: 1, seconds: 5, out: "bench/results".into(), for_peers: None };
    let mut arguments = std::env::args().skip(1);
    while let Some(flag) = arguments.next() {
        let mut value = || arguments.next().with_context(|| format!("{flag} takes a value\n{USAGE}"));
        match flag.as_str() {
            "--runs" => plan.runs = value()?.replace('_', "").parse().context("--runs takes a number")?,
            "--seed" => plan.seed = value()?.parse().context("--seed takes a number")?,
            "--seconds" => plan.seconds = value()?.parse().context("--seconds takes a number")?,
            "--out" => plan.out = value()?.into(),
            "--for-peers" => plan.for_peers = Some(value()?.into()),
            _ => bail!("{flag} is not known\n{USAGE}"),
        }
    }
    Ok(plan)
}
