//! Measures a real server process over HTTP, with the load generator on the same machine.
//!
//! One run measures everything it compares, so that ratios hold on a noisy machine. Results are printed as tables and
//! kept as JSON, raw latencies in summary, under `bench/results/`.
#![allow(clippy::disallowed_methods, reason = "a benchmark reads clocks and files")]

mod hello;
mod http;
mod ingest;
mod queries;
mod report;
mod server;
mod throughput;

use std::path::PathBuf;

use anyhow::{Context, bail};
use report::Report;
use server::Server;

/// What to measure.
struct Plan {
    runs: u64,
    seed: u64,
    seconds: u64,
    out: PathBuf,
}

const USAGE: &str =
    "runlog-bench [--runs N (1000000)] [--seed N (1)] [--seconds N of load (5)] [--out DIR (bench/results)]";

fn main() -> anyhow::Result<()> {
    let plan = plan()?;
    // One thread for the generator: the server under test needs the other core.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let report = runtime.block_on(measure(&plan))?;
    print!("{}", report.tables());
    let path = report.save(&plan.out)?;
    println!("\nraw results: {}", path.display());
    Ok(())
}

async fn measure(plan: &Plan) -> anyhow::Result<Report> {
    let mut report = Report::new(plan.runs, plan.seed)?;
    let mut server = Server::start()?;
    eprintln!("ingesting {} runs", plan.runs);
    report.idle_memory_bytes = server.memory_bytes()?;
    report.ingest = ingest::measure(&server, plan.runs, plan.seed).await?;
    report.ingest_peak_memory_bytes = server.peak_memory_bytes()?;
    eprintln!("restarting");
    report.start_ms = server.restart()?;
    report.disk_bytes = server.disk_bytes()?;
    eprintln!("asking");
    report.queries = queries::measure(&server).await?;
    report.query_memory_bytes = server.memory_bytes()?;
    eprintln!("loading");
    report.throughput = throughput::measure(&server, plan.seconds).await?;
    Ok(report)
}

fn plan() -> anyhow::Result<Plan> {
    let mut plan = Plan { runs: 1_000_000, seed: 1, seconds: 5, out: PathBuf::from("bench/results") };
    let mut arguments = std::env::args().skip(1);
    while let Some(flag) = arguments.next() {
        let mut value = || arguments.next().with_context(|| format!("{flag} takes a value\n{USAGE}"));
        match flag.as_str() {
            "--runs" => plan.runs = value()?.replace('_', "").parse().context("--runs takes a number")?,
            "--seed" => plan.seed = value()?.parse().context("--seed takes a number")?,
            "--seconds" => plan.seconds = value()?.parse().context("--seconds takes a number")?,
            "--out" => plan.out = value()?.into(),
            _ => bail!("{flag} is not known\n{USAGE}"),
        }
    }
    Ok(plan)
}
