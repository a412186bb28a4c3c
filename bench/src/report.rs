//! The results, as tables for people and as JSON for comparison.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

use comfy_table::{CellAlignment, Table, presets};
use serde_json::{Value, json};

/// The results of one run.
pub(crate) struct Report {
    time_s: u64,
    runs: u64,
    seed: u64,
    machine: Value,
    pub(crate) idle_memory_bytes: u64,
    pub(crate) ingest: Value,
    pub(crate) ingest_peak_memory_bytes: u64,
    pub(crate) ingest_peak_anonymous_memory_bytes: u64,
    pub(crate) start_ms: f64,
    pub(crate) disk_bytes: u64,
    pub(crate) engine: Value,
    pub(crate) queries: Vec<Value>,
    pub(crate) query_memory_bytes: u64,
    pub(crate) query_anonymous_memory_bytes: u64,
    pub(crate) throughput: Value,
    pub(crate) mixed: Value,
}

impl Report {
    pub(crate) fn new(runs: u64, seed: u64) -> anyhow::Result<Self> {
        Ok(Self {
            time_s: SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs(),
            runs,
            seed,
            machine: machine()?,
            idle_memory_bytes: 0,
            ingest: Value::Null,
            ingest_peak_memory_bytes: 0,
            ingest_peak_anonymous_memory_bytes: 0,
            start_ms: 0.0,
            disk_bytes: 0,
            engine: Value::Null,
            queries: Vec::new(),
            query_memory_bytes: 0,
            query_anonymous_memory_bytes: 0,
            throughput: Value::Null,
            mixed: Value::Null,
        })
    }

    /// The results for people.
    pub(crate) fn tables(&self) -> String {
        let mut figures = Table::new();
        let mib = |bytes: u64| format!("{:.0} MiB", bytes as f64 / f64::from(1 << 20));
        figures.load_style(presets::ASCII_MARKDOWN).set_header(["what", "figure"]);
        for (what, figure) in [
            ("ingest, runs/s (HTTP, fsynced)", number(self.ingest.get("runs_per_s"))),
            ("ingest, MB/s of JSON", number(self.ingest.get("mb_per_s"))),
            ("merging the rest, s", format!("{:.1}", self.engine["settle_s"].as_f64().unwrap_or_default())),
            ("on disk, bytes a run", format!("{:.1}", self.disk_bytes as f64 / self.runs as f64)),
            ("resident memory, idle", mib(self.idle_memory_bytes)),
            ("resident memory, peak of ingest", mib(self.ingest_peak_memory_bytes)),
            ("the same, not mapped from files", mib(self.ingest_peak_anonymous_memory_bytes)),
            ("resident memory, after the queries", mib(self.query_memory_bytes)),
            ("of it not mapped from files", mib(self.query_anonymous_memory_bytes)),
            ("start to ready, ms", format!("{:.0}", self.start_ms)),
            ("signed 20-row queries/s", number(self.throughput.get("signed_queries_per_s"))),
            ("bare hyper, same load, requests/s", number(self.throughput.get("bare_hyper_requests_per_s"))),
            ("mixed queries/s, 4 clients, HTTP", number(self.mixed.get("queries_per_s"))),
            ("mixed queries/s, 4 clients, in process", number(self.engine.pointer("/mixed/queries_per_s"))),
        ] {
            figures.add_row([what, &figure]);
        }
        let shapes = self.shapes();
        format!("{} runs, seed {}\n\n{figures}\n\n{shapes}\n", self.runs, self.seed)
    }

    /// Every query with its latencies, and what the engine read for it.
    fn shapes(&self) -> Table {
        let mut table = Table::new();
        let times = ["HTTP p50", "p99", "max", "in process p50", "p99", "max", "4 clients p50", "p99", "cold p50"];
        table.load_style(presets::ASCII_MARKDOWN);
        table.set_header(["query, us", "total"].into_iter().chain(times).chain(["rows read", "blocks read"]));
        let of_engine = |list: &str| self.engine[list].as_array().into_iter().flatten();
        let without_texts = of_engine("without_texts").map(|engine| (engine, &Value::Null));
        for (engine, http) in of_engine("queries").zip(&self.queries).chain(without_texts) {
            let times = ["/p50_us", "/p99_us", "/max_us"];
            let more = ["/four_clients/p50_us", "/four_clients/p99_us", "/cold/p50_us"];
            let cost = ["/cost/rows_read", "/cost/blocks_read"];
            let http_figures = times.map(|at| number(http.pointer(at)));
            let figures = times.into_iter().chain(more).chain(cost).map(|at| number(engine.pointer(at)));
            let head = [engine["shape"].as_str().unwrap_or_default().to_owned(), engine["total"].to_string()];
            table.add_row(head.into_iter().chain(http_figures).chain(figures));
        }
        table.column_iter_mut().skip(1).for_each(|column| column.set_cell_alignment(CellAlignment::Right));
        table
    }

    /// Saves the results as JSON; returns the path.
    pub(crate) fn save(&self, folder: &Path) -> anyhow::Result<PathBuf> {
        std::fs::create_dir_all(folder)?;
        let path = folder.join(format!("{}-{}.json", self.time_s, self.runs));
        std::fs::write(&path, serde_json::to_string_pretty(&self.json())? + "\n")?;
        Ok(path)
    }

    /// The results for programs.
    pub(crate) fn json(&self) -> Value {
        json!({
            "time_s": self.time_s,
            "runs": self.runs,
            "seed": self.seed,
            "machine": self.machine,
            "ingest": self.ingest,
            "disk_bytes": self.disk_bytes,
            "bytes_a_run": self.disk_bytes as f64 / self.runs as f64,
            "start_ms": self.start_ms,
            "memory_bytes": {
                "idle": self.idle_memory_bytes,
                "ingest_peak": self.ingest_peak_memory_bytes,
                "ingest_peak_anonymous": self.ingest_peak_anonymous_memory_bytes,
                "after_queries": self.query_memory_bytes,
                "after_queries_anonymous": self.query_anonymous_memory_bytes,
            },
            "engine": self.engine,
            "queries": self.queries,
            "throughput": self.throughput,
            "mixed": self.mixed,
        })
    }
}

/// A figure without its fraction.
fn number(value: Option<&Value>) -> String {
    value.and_then(Value::as_f64).map_or_else(|| "-".to_owned(), |value| format!("{value:.0}"))
}

/// The machine, and the commit that is measured.
pub(crate) fn machine() -> anyhow::Result<Value> {
    let cpu = std::fs::read_to_string("/proc/cpuinfo")?;
    let model = cpu.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or_default();
    let commit = Command::new("git").args(["describe", "--always", "--dirty"]).output()?;
    Ok(json!({
        "cores": std::thread::available_parallelism().map_or(0, usize::from),
        "cpu": model.trim_start_matches([' ', '\t', ':']),
        "commit": String::from_utf8_lossy(&commit.stdout).trim(),
    }))
}
