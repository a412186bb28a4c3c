//! What a monitoring system reads of the canary: counters and latencies, served on an address of their own.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};

use super::ledger::{Ledger, Step};

/// How long a reader of the metrics may take to ask.
const PATIENCE: Duration = Duration::from_secs(5);

/// The longest request that is read, in bytes.
const REQUEST_MAX_BYTES: u64 = 16 << 10;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct FaultLabels {
    fault: &'static str,
    via: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct StepLabels {
    step: &'static str,
}

/// The canary's counters.
pub(super) struct Metrics {
    registry: Registry,
    written: Counter,
    acknowledged: Counter,
    late: Counter,
    failed_calls: Counter,
    faults: Family<FaultLabels, Counter>,
    seconds: Family<StepLabels, Histogram, fn() -> Histogram>,
    open: Gauge,
}

impl Metrics {
    pub(super) fn new() -> Self {
        let mut registry = Registry::with_prefix("runlog_canary");
        // 100 us to 52 s.
        let seconds: Family<StepLabels, Histogram, fn() -> Histogram> =
            Family::new_with_constructor(|| Histogram::new(exponential_buckets(0.000_1, 2.0, 20)));
        let metrics = Self {
            registry: Registry::default(),
            written: Counter::default(),
            acknowledged: Counter::default(),
            late: Counter::default(),
            failed_calls: Counter::default(),
            faults: Family::default(),
            seconds,
            open: Gauge::default(),
        };
        registry.register("writes", "Runs that were written", metrics.written.clone());
        registry.register("acknowledged", "Runs that were acknowledged", metrics.acknowledged.clone());
        registry.register("late", "Runs that only a second query had", metrics.late.clone());
        registry.register("failed_calls", "Calls that failed and were made again", metrics.failed_calls.clone());
        registry.register(
            "faults",
            "Runs that were missing, duplicate, out of order or changed",
            metrics.faults.clone(),
        );
        let help = "Time from one step of a run to the next";
        registry.register_with_unit("latency", help, Unit::Seconds, metrics.seconds.clone());
        registry.register("open", "Runs that are not settled yet", metrics.open.clone());
        Self { registry, ..metrics }
    }

    /// A latency of a step.
    pub(super) fn observe(&self, step: Step, took: Duration) {
        self.seconds.get_or_create(&StepLabels { step: step.name() }).observe(took.as_secs_f64());
    }

    /// Catches up with the books.
    pub(super) fn update(&self, ledger: &Ledger) {
        let catch_up = |counter: &Counter, count: u64| {
            counter.inc_by(count.saturating_sub(counter.get()));
        };
        catch_up(&self.written, ledger.written);
        catch_up(&self.acknowledged, ledger.acknowledged);
        catch_up(&self.late, ledger.late);
        catch_up(&self.failed_calls, ledger.failed_calls);
        for ((fault, via), count) in &ledger.faults {
            let labels = FaultLabels { fault: fault.name(), via: via.name() };
            catch_up(&self.faults.get_or_create(&labels), *count);
        }
        self.open.set(i64::try_from(ledger.open()).expect("runs in memory are fewer than an i64 counts"));
    }

    fn page(&self) -> String {
        let mut page = String::new();
        if encode(&mut page, &self.registry).is_err() {
            page.push_str("# EOF\n");
        }
        page
    }
}

/// Serves the metrics on an address, on a thread of their own; says where.
pub(super) fn serve(address: SocketAddr, metrics: &Arc<Mutex<Metrics>>) -> anyhow::Result<SocketAddr> {
    let listener =
        TcpListener::bind(address).with_context(|| format!("cannot listen on {address}; give --listen another"))?;
    let address = listener.local_addr()?;
    let metrics = Arc::clone(metrics);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            // Who does not ask in time, or went away, gets nothing; the next one does.
            let _ = answer(stream, &metrics);
        }
    });
    Ok(address)
}

fn answer(mut stream: TcpStream, metrics: &Mutex<Metrics>) -> std::io::Result<()> {
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let mut lines = BufReader::new(stream.try_clone()?.take(REQUEST_MAX_BYTES));
    let mut first = String::new();
    lines.read_line(&mut first)?;
    let mut line = String::new();
    while lines.read_line(&mut line)? > 2 {
        line.clear();
    }
    let (status, body) = if first.starts_with("GET /metrics ") {
        ("200 OK", metrics.lock().unwrap_or_else(PoisonError::into_inner).page())
    } else {
        ("404 Not Found", "the metrics are at /metrics\n".to_owned())
    };
    let kind = if status.starts_with("200") {
        "application/openmetrics-text; version=1.0.0; charset=utf-8"
    } else {
        "text/plain"
    };
    write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
}
