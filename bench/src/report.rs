//! What was measured, as tables for people and JSON for comparing.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

use comfy_table::{CellAlignment, Table, presets};
use serde_json::{Value, json};

/// The results of one run.
pub(crate) struct Report {
    runs: u64,
    seed: u64,
    machine: Value,
    pub(crate) idle_memory_bytes: u64,
    pub(crate) ingest: Value,
    pub(crate) ingest_peak_memory_bytes: u64,
    pub(crate) start_ms: f64,
    pub(crate) disk_bytes: u64,
    pub(crate) queries: Vec<Value>,
    pub(crate) query_memory_bytes: u64,
    pub(crate) throughput: Value,
}

impl Report {
    pub(crate) fn new(runs: u64, seed: u64) -> anyhow::Result<Self> {
        Ok(Self {
            runs,
            seed,
            machine: machine()?,
            idle_memory_bytes: 0,
            ingest: Value::Null,
            ingest_peak_memory_bytes: 0,
            start_ms: 0.0,
            disk_bytes: 0,
            queries: Vec::new(),
            query_memory_bytes: 0,
            throughput: Value::Null,
        })
    }

    /// The results for people.
    pub(crate) fn tables(&self) -> String {
        let mut figures = Table::new();
        let mib = |bytes: u64| format!("{:.0} MiB", bytes as f64 / f64::from(1 << 20));
        let number = |value: &Value| format!("{:.0}", value.as_f64().unwrap_or_default());
        figures.load_style(presets::ASCII_MARKDOWN).set_header(["what", "figure"]);
        for (what, figure) in [
            ("ingest, runs/s (HTTP, fsynced)", number(&self.ingest["runs_per_s"])),
            ("ingest, MB/s of JSON", number(&self.ingest["mb_per_s"])),
            ("on disk, bytes a run", format!("{:.1}", self.disk_bytes as f64 / self.runs as f64)),
            ("resident memory, idle", mib(self.idle_memory_bytes)),
            ("resident memory, peak of ingest", mib(self.ingest_peak_memory_bytes)),
            ("resident memory, after the queries (mapped pages included)", mib(self.query_memory_bytes)),
            ("start to ready, ms", format!("{:.0}", self.start_ms)),
            ("signed 20-row queries/s", number(&self.throughput["signed_queries_per_s"])),
            ("bare hyper, same load, requests/s", number(&self.throughput["bare_hyper_requests_per_s"])),
        ] {
            figures.add_row([what, &figure]);
        }
        let mut shapes = Table::new();
        shapes.load_style(presets::ASCII_MARKDOWN).set_header(["query", "total", "p50 us", "p99 us", "max us"]);
        for shape in &self.queries {
            let cell = |name: &str| shape[name].as_str().map_or_else(|| shape[name].to_string(), str::to_owned);
            shapes.add_row(["shape", "total", "p50_us", "p99_us", "max_us"].map(cell));
        }
        shapes.column_iter_mut().skip(1).for_each(|column| column.set_cell_alignment(CellAlignment::Right));
        format!("{} runs, seed {}\n\n{figures}\n\n{shapes}\n", self.runs, self.seed)
    }

    /// Keeps the results as JSON; returns where.
    pub(crate) fn save(&self, folder: &Path) -> anyhow::Result<PathBuf> {
        std::fs::create_dir_all(folder)?;
        let time_s = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
        let path = folder.join(format!("{time_s}-{}.json", self.runs));
        let report = json!({
            "time_s": time_s,
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
                "after_queries": self.query_memory_bytes,
            },
            "queries": self.queries,
            "throughput": self.throughput,
        });
        std::fs::write(&path, serde_json::to_string_pretty(&report)? + "\n")?;
        Ok(path)
    }
}

fn machine() -> anyhow::Result<Value> {
    let cpu = std::fs::read_to_string("/proc/cpuinfo")?;
    let model = cpu.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or_default();
    let commit = Command::new("git").args(["describe", "--always", "--dirty"]).output()?;
    Ok(json!({
        "cores": std::thread::available_parallelism().map_or(0, usize::from),
        "cpu": model.trim_start_matches([' ', '\t', ':']),
        "commit": String::from_utf8_lossy(&commit.stdout).trim(),
    }))
}
