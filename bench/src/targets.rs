//! The engine's targets compared with the results: `runlog-bench --targets` writes `bench/TARGETS.md` from the newest
//! raw results of each number of runs.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Context;
use comfy_table::{CellAlignment, Table, presets};
use serde_json::Value;

/// The limit that a target sets for a figure.
#[derive(Clone, Copy)]
enum Limit {
    AtMost(f64),
    AtLeast(f64),
}

use Limit::{AtLeast, AtMost};

/// A figure of one run of the suite; the second value is that of the next smaller number of runs.
type Figure = fn(&Value, Option<&Value>) -> Option<f64>;

/// A target: what, its unit and digits after the point, the limit, and where the figure is.
struct Target(&'static str, &'static str, usize, Limit, Figure);

/// The targets. Latencies are those of the engine in process, warm, one client.
const TARGETS: &[Target] = &[
    Target("page of 20 without a keyword: p50 of the slowest shape", "ms", 2, AtMost(0.3), |run, _| {
        most(run, is_first_page, "/p50_us")
    }),
    Target("the same: p99 of the slowest shape", "ms", 2, AtMost(2.0), |run, _| most(run, is_first_page, "/p99_us")),
    Target("offset 9,900 by time, p50", "ms", 2, AtMost(2.0), |run, _| p50_ms(run, "newest at offset 9,900")),
    Target("offset 9,900 by duration, p50", "ms", 2, AtMost(5.0), |run, _| p50_ms(run, "slowest at offset 9,900")),
    Target("offset 9,900 by memory, p50", "ms", 2, AtMost(5.0), |run, _| p50_ms(run, "most memory at offset 9,900")),
    Target("growth of p50 since the size before, worst page of 20", "x", 2, AtMost(1.5), |run, before| {
        growth(run, before?)
    }),
    Target("rare word, p50", "ms", 2, AtMost(2.0), |run, _| p50_ms(run, "rare word")),
    Target("rare word cut in a number, p50", "ms", 2, AtMost(2.0), |run, _| p50_ms(run, "rare word, cut in a number")),
    Target("common word with its exact total, p50", "ms", 2, AtMost(13.0), |run, _| p50_ms(run, "common word")),
    Target("signed 20-row queries over HTTP", "/s", 0, AtLeast(10_000.0), |run, _| {
        number(run, "/throughput/signed_queries_per_s")
    }),
    Target("ingest over HTTP, fsynced", "runs/s", 0, AtLeast(200_000.0), |run, _| number(run, "/ingest/runs_per_s")),
    Target("the same in JSON", "MB/s", 0, AtLeast(200.0), |run, _| number(run, "/ingest/mb_per_s")),
    Target("on disk, merged", "bytes a run", 0, AtMost(160.0), |run, _| number(run, "/bytes_a_run")),
    Target("resident memory, idle", "MB", 0, AtMost(40.0), |run, _| megabytes(run, "/memory_bytes/idle")),
    Target("resident memory, peak of ingest, mapped pages aside", "MB", 0, AtMost(600.0), |run, _| {
        megabytes(run, "/memory_bytes/ingest_peak_anonymous")
    }),
    Target("resident memory after the queries, mapped pages aside", "MB", 0, AtMost(300.0), |run, _| {
        megabytes(run, "/memory_bytes/after_queries_anonymous")
    }),
    Target("start to ready", "ms", 0, AtMost(500.0), |run, _| number(run, "/start_ms")),
];

const PREFACE: &str = "# Targets and what was measured

Written by `cargo xtask bench --targets` from `bench/results/`; do not edit. [README.md](README.md) says how it is
measured. Latencies are those of the engine in process, warm, with one client. The generated runs have about 1.3 KB of
JSON each, with many random digits; the target for bytes per run was set for runs of 1 KB. The targets for latencies and
query rates apply to ten million runs, those for growth and memory to any number. The table also marks larger sizes that
miss the former.
";

/// Writes the table beside the folder of raw results.
pub(crate) fn write(results: &Path) -> anyhow::Result<()> {
    let newest = newest(results)?;
    let mut table = Table::new();
    table.load_style(presets::ASCII_MARKDOWN);
    let sizes = newest.keys().map(|runs| format!("{} million runs", *runs as f64 / 1e6));
    table.set_header(["what".to_owned(), "target".to_owned()].into_iter().chain(sizes));
    for Target(what, unit, digits, limit, figure) in TARGETS {
        let target = match limit {
            AtMost(most) => format!("at most {most} {unit}"),
            AtLeast(least) => format!("at least {least} {unit}"),
        };
        let runs: Vec<&Value> = newest.values().collect();
        let cells = (0..runs.len()).map(|at| {
            let before = at.checked_sub(1).map(|before| runs[before]);
            figure(runs[at], before).map_or("–".to_owned(), |figure| cell(figure, *limit, *digits))
        });
        table.add_row([(*what).to_owned(), target].into_iter().chain(cells));
    }
    table.column_iter_mut().skip(2).for_each(|column| column.set_cell_alignment(CellAlignment::Right));
    let sources = newest.values().map(source).collect::<Option<String>>().context("a result without its machine")?;
    let path = results.with_file_name("TARGETS.md");
    Ok(std::fs::write(path, format!("{PREFACE}\n{table}\n\n{sources}"))?)
}

fn cell(figure: f64, limit: Limit, digits: usize) -> String {
    let is_met = match limit {
        AtMost(most) => figure <= most,
        AtLeast(least) => figure >= least,
    };
    format!("{figure:.digits$}{}", if is_met { "" } else { " **missed**" })
}

fn source(run: &Value) -> Option<String> {
    let machine = &run["machine"];
    let (cores, cpu, commit) = (&machine["cores"], machine["cpu"].as_str()?, machine["commit"].as_str()?);
    Some(format!("- {} runs: seed {}, {cores} cores of {cpu}, runlog {commit}\n", run["runs"], run["seed"]))
}

/// The newest results of each number of runs; of results with peers, only runlog's part.
fn newest(results: &Path) -> anyhow::Result<BTreeMap<u64, Value>> {
    let mut newest: BTreeMap<u64, Value> = BTreeMap::new();
    for entry in std::fs::read_dir(results).with_context(|| format!("cannot read {}", results.display()))? {
        let mut run: Value = serde_json::from_slice(&std::fs::read(entry?.path())?)?;
        // The benchmark of many tails has no targets.
        if !run["tails"].is_null() {
            continue;
        }
        if !run["runlog"].is_null() {
            run = run["runlog"].take();
        }
        let runs = run["runs"].as_u64().context("a result without a number of runs")?;
        if newest.get(&runs).is_none_or(|other| other["time_s"].as_u64() < run["time_s"].as_u64()) {
            newest.insert(runs, run);
        }
    }
    Ok(newest)
}

fn number(run: &Value, at: &str) -> Option<f64> {
    run.pointer(at)?.as_f64()
}

fn megabytes(run: &Value, at: &str) -> Option<f64> {
    Some(number(run, at)? / 1e6)
}

fn shapes(run: &Value) -> impl Iterator<Item = (&str, &Value)> {
    let queries = run.pointer("/engine/queries").and_then(Value::as_array).into_iter().flatten();
    queries.filter_map(|query| Some((query["shape"].as_str()?, query)))
}

fn p50_ms(run: &Value, name: &str) -> Option<f64> {
    let (_, figures) = shapes(run).find(|(shape, _)| *shape == name)?;
    Some(number(figures, "/p50_us")? / 1000.0)
}

/// Whether a shape is a first page of 20 rows without a keyword.
fn is_first_page(name: &str) -> bool {
    !name.contains("offset") && !name.contains("word") && name != "total alone"
}

/// The largest figure of some shapes, in milliseconds.
fn most(run: &Value, of: fn(&str) -> bool, at: &str) -> Option<f64> {
    let figures = shapes(run).filter(|(name, _)| of(name)).filter_map(|(_, figures)| number(figures, at));
    figures.reduce(f64::max).map(|micros| micros / 1000.0)
}

/// The slowdown of the shape that slowed down most.
fn growth(run: &Value, before: &Value) -> Option<f64> {
    let of = shapes(run).filter(|(name, _)| is_first_page(name));
    let ratios = of.filter_map(|(name, figures)| Some(number(figures, "/p50_us")? / 1000.0 / p50_ms(before, name)?));
    ratios.reduce(f64::max)
}
