//! Many tails while runs arrive as fast as they can: does every tail get each run once, how much memory does the server
//! need for it, and how much does it slow down the senders of runs?
//!
//! The tails are real connections from this one process: most follow one function, some follow all, some read slowly,
//! some are disconnected repeatedly and resume with `Last-Event-ID`. A quarter of the runs are late: they started hours
//! before runs that arrived earlier. Each tail proves that nothing is missing: every event names the number of the one
//! before, and at the end the ids of the runs are compared.

mod reader;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context, bail, ensure};
use futures_util::future::try_join_all;
use serde_json::{Value, json};
use tokio::sync::watch;

use crate::ingest::post_all;
use crate::report::machine;
use crate::server::Server;
use reader::{Event, Reader};

const USAGE: &str = "runlog-bench --tails N [--runs N (200000)] [--out DIR (bench/results)]";

/// Functions that run, one after the other.
const FUNCTIONS: u32 = 50;

/// Runs of one request.
const RUNS_PER_REQUEST: u32 = 2_000;

/// Approximate size of the log of a run, in bytes.
const LOG_BYTES: usize = 400;

/// How long a tail may wait for bytes before it counts as stuck.
const PATIENCE: Duration = Duration::from_secs(120);

/// The pause of a slow reader after each piece.
const SLOW_PAUSE: Duration = Duration::from_millis(10);
/// The sizes of its pieces: for one function, and for all.
const SLOW_BYTES: [usize; 2] = [1 << 10, 16 << 10];

/// The memory that the server may need, in bytes, and the addition for each tail: a batch being written, and data
/// waiting for the network. Memory mapped from files, which can be reclaimed, does not count.
const MEMORY_MAX: u64 = 256 << 20;
const MEMORY_MAX_OF_TAIL: u64 = 512 << 10;

/// How often the server's memory is sampled.
const MEMORY_EVERY: Duration = Duration::from_millis(50);

/// What to measure.
struct Plan {
    tails: u32,
    runs: u32,
    out: PathBuf,
}

/// How a tail behaves.
#[derive(Clone, Copy)]
struct Kind {
    /// The function it follows; `None` for all of them.
    function: Option<u32>,
    is_slow: bool,
    is_cut: bool,
}

/// The events that a tail received.
struct Followed {
    kind: Kind,
    ids: Vec<u32>,
    bytes: u64,
    connections: u64,
    /// When it had everything.
    ended: Instant,
}

/// Measures, prints and saves the figures. `arguments` are those after `--tails`.
pub(crate) fn run(arguments: &[String]) -> anyhow::Result<()> {
    let plan = plan(arguments)?;
    let bodies = bodies(plan.runs)?;
    eprintln!("ingesting {} runs without a tail", plan.runs);
    let alone = {
        let server = Server::start()?;
        ingest(&server, bodies.clone(), plan.runs)?
    };
    eprintln!("ingesting {} runs with {} tails", plan.runs, plan.tails);
    let figures = measure(&plan, bodies, alone)?;
    println!("{figures:#}");
    std::fs::create_dir_all(&plan.out)?;
    let path = plan.out.join(format!("tails-{}-{}.json", plan.tails, figures["time_s"]));
    std::fs::write(&path, format!("{figures:#}\n"))?;
    println!("kept in {}", path.display());
    Ok(())
}

fn plan(arguments: &[String]) -> anyhow::Result<Plan> {
    let mut arguments = arguments.iter();
    let tails = arguments.next().with_context(|| format!("--tails takes a number\n{USAGE}"))?;
    let tails = tails.parse().with_context(|| format!("--tails takes a number, not {tails}"))?;
    let mut plan = Plan { tails, runs: 200_000, out: Path::new("bench/results").to_owned() };
    while let Some(flag) = arguments.next() {
        let value = arguments.next().with_context(|| format!("{flag} takes a value\n{USAGE}"))?;
        match flag.as_str() {
            "--runs" => plan.runs = value.replace('_', "").parse().context("--runs takes a number")?,
            "--out" => plan.out = value.into(),
            _ => bail!("{flag} is not known\n{USAGE}"),
        }
    }
    Ok(plan)
}

impl Kind {
    /// One tail in ten follows everything; half of these are slow, and one in ten of the others; one in twenty is
    /// disconnected.
    fn of(number: u32) -> Self {
        let function = (!number.is_multiple_of(10)).then_some(number % FUNCTIONS);
        Self { function, is_slow: matches!(number % 20, 10 | 11), is_cut: number % 20 == 5 }
    }

    /// The ids of the runs that it must get, in their order.
    fn expected(self, runs: u32) -> impl Iterator<Item = u32> {
        (0..runs).filter(move |id| self.function.is_none_or(|function| id % FUNCTIONS == function))
    }
}

/// Every run, in bodies of NDJSON.
fn bodies(runs: u32) -> anyhow::Result<Vec<Vec<u8>>> {
    let now_ms = i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis())?;
    let log: String = "step done, 17 rows written to the table of the day\\n".repeat(LOG_BYTES / 50);
    let line = |id: u32| {
        let late_ms = if id.is_multiple_of(4) { i64::from(1 + id % 11) * 3_600_000 } else { 0 };
        let (function, start_ms) = (id % FUNCTIONS, now_ms - late_ms);
        let ret_code = if id.is_multiple_of(50) { 430 } else { 0 };
        format!(
            "{{\"FunctionName\":\"f{function}\",\"RequestId\":\"{id}\",\"StartTime\":{start_ms},\"Duration\":12.5,\
             \"MemUsage\":31457280,\"RetCode\":{ret_code},\"RetMsg\":\"ok\",\"Log\":\"{log}\"}}\n"
        )
    };
    let starts = (0..runs).step_by(RUNS_PER_REQUEST as usize);
    let body = |first: u32| (first..runs.min(first + RUNS_PER_REQUEST)).map(line).collect::<String>().into_bytes();
    Ok(starts.map(body).collect())
}

/// Posts all bodies on the thread's own reactor; returns the time in seconds.
fn ingest(server: &Server, bodies: Vec<Vec<u8>>, runs: u32) -> anyhow::Result<f64> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let started = Instant::now();
    let accepted = runtime.block_on(post_all(server, bodies))?;
    ensure!(accepted == u64::from(runs), "{accepted} of {runs} runs were accepted");
    Ok(started.elapsed().as_secs_f64())
}

fn measure(plan: &Plan, bodies: Vec<Vec<u8>>, alone_s: f64) -> anyhow::Result<Value> {
    let server = Server::start()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let kinds: Vec<Kind> = (0..plan.tails).map(Kind::of).collect();
    let readers =
        runtime.block_on(try_join_all(kinds.iter().map(|kind| Reader::open(&server, kind.function, None))))?;
    let opened = server.memory_bytes()?;
    let (done, is_done) = watch::channel(false);
    let started = Instant::now();
    let server = &server;
    let (ingested, followed, anonymous_peak) = std::thread::scope(|scope| {
        let writer = scope.spawn(move || {
            let seconds = ingest(server, bodies, plan.runs);
            (seconds, Instant::now())
        });
        let tails = kinds.iter().zip(readers).map(|(kind, reader)| follow(server, *kind, reader, plan.runs));
        let followed = runtime.block_on(async {
            let tails = async {
                let followed = try_join_all(tails).await;
                // The receiver may have ended already.
                let _ = done.send(true);
                followed
            };
            let (followed, peak) = tokio::join!(tails, watch_memory(server, is_done));
            anyhow::Ok((followed?, peak?))
        });
        let ingested = writer.join().map_err(|_| anyhow::anyhow!("the writer failed"))?;
        let (followed, peak) = followed?;
        anyhow::Ok(((ingested.0?, ingested.1), followed, peak))
    })?;
    for tail in &followed {
        prove(tail, plan.runs)?;
    }
    let memory_max = MEMORY_MAX + MEMORY_MAX_OF_TAIL * u64::from(plan.tails);
    ensure!(anonymous_peak <= memory_max, "the server took {anonymous_peak} bytes, more than {memory_max}");
    let (ingest_s, ingest_end) = ingested;
    let last = |is_slow: bool| {
        let ended = followed.iter().filter(|tail| tail.kind.is_slow == is_slow).map(|tail| tail.ended).max();
        ended.map(|ended| ended.saturating_duration_since(ingest_end).as_secs_f64())
    };
    let seconds = followed.iter().map(|tail| tail.ended).max().map_or(0.0, |end| (end - started).as_secs_f64());
    let quick = followed.iter().filter(|tail| !tail.kind.is_slow);
    let quick_s = quick.clone().map(|tail| tail.ended).max().map_or(0.0, |end| (end - started).as_secs_f64());
    let events: usize = followed.iter().map(|tail| tail.ids.len()).sum();
    let quick_events: usize = quick.map(|tail| tail.ids.len()).sum();
    let count = |which: fn(&Kind) -> bool| kinds.iter().filter(|kind| which(kind)).count();
    Ok(json!({
        "time_s": SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs(),
        "machine": machine()?,
        "tails": plan.tails,
        "tails_of_all_functions": count(|kind| kind.function.is_none()),
        "slow_tails": count(|kind| kind.is_slow),
        "cut_tails": count(|kind| kind.is_cut),
        "runs": plan.runs,
        "late_runs": plan.runs / 4,
        "ingest": {
            "seconds": ingest_s,
            "runs_per_s": f64::from(plan.runs) / ingest_s,
            "runs_per_s_without_tails": f64::from(plan.runs) / alone_s,
        },
        "events": events,
        // Each tail was proved to have every run once; a failure would have ended the benchmark.
        "complete_tails": followed.len(),
        "reconnects": followed.iter().map(|tail| tail.connections - 1).sum::<u64>(),
        "bytes": followed.iter().map(|tail| tail.bytes).sum::<u64>(),
        "seconds": seconds,
        "events_per_s": quick_events as f64 / quick_s,
        "quick_behind_ingest_s": last(false),
        "slow_behind_ingest_s": last(true),
        "memory_bytes": {
            "tails_open": opened,
            "peak": server.peak_memory_bytes()?,
            "anonymous_peak": anonymous_peak,
        },
    }))
}

/// Reads until every matching run has arrived.
async fn follow(server: &Server, kind: Kind, mut reader: Reader, runs: u32) -> anyhow::Result<Followed> {
    let expected = kind.expected(runs).count();
    let piece = kind.is_slow.then(|| SLOW_BYTES[usize::from(kind.function.is_none())]);
    let (mut ids, mut last, mut bytes, mut connections) = (Vec::with_capacity(expected), 0, 0, 1);
    let mut cut_at = if kind.is_cut { expected / 5 } else { usize::MAX };
    while ids.len() < expected {
        let late = || format!("{} of {expected} events had come, and no more in {PATIENCE:?}", ids.len());
        bytes += tokio::time::timeout(PATIENCE, reader.fill(piece)).await.with_context(late)?? as u64;
        while let Some(Event { seq, prev_seq, id }) = reader.event()? {
            ensure!(prev_seq == last, "an event after {prev_seq} came after {last}: something is missing or doubled");
            ids.push(id);
            last = seq;
            if ids.len() >= cut_at {
                // Any bytes still on their way are discarded.
                break;
            }
        }
        if ids.len() >= cut_at {
            cut_at += expected / 5;
            reader = Reader::open(server, kind.function, Some(last)).await?;
            connections += 1;
        }
        if piece.is_some() {
            tokio::time::sleep(SLOW_PAUSE).await;
        }
    }
    Ok(Followed { kind, ids, bytes, connections, ended: Instant::now() })
}

/// Checks by the ids of the runs that a tail has every run once.
fn prove(tail: &Followed, runs: u32) -> anyhow::Result<()> {
    let mut ids = tail.ids.clone();
    ids.sort_unstable();
    ensure!(ids.iter().copied().eq(tail.kind.expected(runs)), "a tail has other runs than those that were stored");
    Ok(())
}

/// The peak memory that is not mapped from files, in bytes, until the tails are done.
async fn watch_memory(server: &Server, mut is_done: watch::Receiver<bool>) -> anyhow::Result<u64> {
    let mut peak = 0;
    while !*is_done.borrow_and_update() {
        peak = peak.max(server.anonymous_memory_bytes()?);
        // Either the time is over or the tails are.
        let _ = tokio::time::timeout(MEMORY_EVERY, is_done.changed()).await;
    }
    Ok(peak)
}
