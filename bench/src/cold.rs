//! The first query after a start, when none of the data is in memory.

use std::fs::File;
use std::path::Path;
use std::time::{Duration, Instant};

use runlog_core::Query;
use runlog_store::{Options, Store};
use rustix::fs::{Advice, fadvise};
use serde_json::{Value, json};

/// How often each query runs, each time in a store just opened, unless its time is up first.
const REPEATS: usize = 5;

/// The maximum time for one query.
const TIME_MAX: Duration = Duration::from_secs(20);

/// Runs the query once after each of several starts. Opening, which reads a little of every file, is not part of the
/// time.
pub(crate) fn measure(data: &Path, query: &Query) -> anyhow::Result<Value> {
    let mut nanos = Vec::with_capacity(REPEATS);
    let began = Instant::now();
    while nanos.len() < REPEATS && (nanos.is_empty() || began.elapsed() < TIME_MAX) {
        forget(data)?;
        let store = Store::open(data, Options::default())?;
        let started = Instant::now();
        std::hint::black_box(store.query(query)?);
        nanos.push(started.elapsed().as_nanos() as u64);
        store.close()?;
    }
    nanos.sort_unstable();
    let micros = |at: usize| nanos[at] as f64 / 1000.0;
    let times = nanos.len();
    Ok(json!({ "times": times, "p50_us": micros(times / 2), "max_us": micros(times - 1) }))
}

/// Makes the system drop its cache of every file in a folder. Pages that are not on disk yet would stay, so they are
/// written first.
fn forget(folder: &Path) -> anyhow::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            forget(&path)?;
        } else {
            let file = File::open(&path)?;
            file.sync_all()?;
            fadvise(&file, 0, None, Advice::DontNeed)?;
        }
    }
    Ok(())
}
