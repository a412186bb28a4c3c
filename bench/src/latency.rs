//! Latencies of one query: how often it runs, and which figures are kept.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// How often each query runs, after a tenth as many to warm up, unless its time is up first.
const REPEATS: usize = 200;

/// The maximum time for one query.
const TIME_MAX: Duration = Duration::from_secs(4);

/// Measured times of one query.
pub(crate) struct Latencies {
    began: Instant,
    warm_ups: usize,
    nanos: Vec<u64>,
}

impl Latencies {
    pub(crate) fn start() -> Self {
        Self { began: Instant::now(), warm_ups: 0, nanos: Vec::with_capacity(REPEATS) }
    }

    /// Adds a measured time; returns whether to run the query again.
    pub(crate) fn add(&mut self, took: Duration) -> bool {
        let is_late = self.began.elapsed() > TIME_MAX;
        if self.warm_ups < REPEATS / 10 && !is_late {
            self.warm_ups += 1;
            return true;
        }
        self.nanos.push(took.as_nanos() as u64);
        self.nanos.len() < REPEATS && !is_late
    }

    /// Adds the times of another client.
    pub(crate) fn join(&mut self, other: Self) {
        self.nanos.extend(other.nanos);
    }

    /// What is reported.
    pub(crate) fn summary(mut self, name: &str, total: u64) -> Value {
        self.nanos.sort_unstable();
        let last = self.nanos.len().saturating_sub(1);
        let micros = |share: f64| self.nanos[(last as f64 * share) as usize] as f64 / 1000.0;
        json!({
            "shape": name,
            "total": total,
            "times": self.nanos.len(),
            "p50_us": micros(0.5),
            "p99_us": micros(0.99),
            "max_us": micros(1.0),
        })
    }
}
