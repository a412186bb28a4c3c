//! What `/metrics` shows, in the OpenMetrics text form. Names carry their unit.

use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};
use runlog_core::{Gauges, Health};

use crate::otlp::Taken;

/// A request by what was asked and what came of it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    action: &'static str,
    code: String,
}

/// An ingested record by what became of it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RecordLabels {
    result: &'static str,
}

/// An OTLP request by how it came and what came of it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OtlpLabels {
    transport: &'static str,
    code: String,
}

/// A gathered run by what ended it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct FinishLabels {
    by: &'static str,
}

/// The counters of a server.
pub(crate) struct Metrics {
    registry: Registry,
    requests: Family<RequestLabels, Counter>,
    request_seconds: Histogram,
    records: Family<RecordLabels, Counter>,
    ingest_seconds: Histogram,
    otlp_requests: Family<OtlpLabels, Counter>,
    otlp_records: Family<RecordLabels, Counter>,
    otlp_finished: Family<FinishLabels, Counter>,
    otlp_seconds: Histogram,
    otlp_open_runs: Gauge,
    runs: Gauge,
    in_flight: Gauge,
    segments: Gauge,
    disk_bytes: Gauge,
    disk_free_bytes: Gauge,
    last_seq: Gauge,
    set_aside_files: Gauge,
    writable: Gauge,
    answers_waiting_bytes: Gauge,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        // 50 us to 26 s.
        let latency = || Histogram::new(exponential_buckets(0.000_05, 2.0, 20));
        let mut metrics = Self {
            registry: Registry::with_prefix("runlog"),
            requests: Family::default(),
            request_seconds: latency(),
            records: Family::default(),
            ingest_seconds: latency(),
            otlp_requests: Family::default(),
            otlp_records: Family::default(),
            otlp_finished: Family::default(),
            otlp_seconds: latency(),
            otlp_open_runs: Gauge::default(),
            runs: Gauge::default(),
            in_flight: Gauge::default(),
            segments: Gauge::default(),
            disk_bytes: Gauge::default(),
            disk_free_bytes: Gauge::default(),
            last_seq: Gauge::default(),
            set_aside_files: Gauge::default(),
            writable: Gauge::default(),
            answers_waiting_bytes: Gauge::default(),
        };
        metrics.register();
        metrics
    }

    fn register(&mut self) {
        let registry = &mut self.registry;
        registry.register("requests", "Requests of the signed API, by action and error code", self.requests.clone());
        let help = "Time to answer a request of the signed API";
        registry.register_with_unit("request_duration", help, Unit::Seconds, self.request_seconds.clone());
        registry.register("ingest_records", "Ingested records, by what became of them", self.records.clone());
        let help = "Time to take in one ingest request, fsync included";
        registry.register_with_unit("ingest_duration", help, Unit::Seconds, self.ingest_seconds.clone());
        let help = "Requests of OpenTelemetry logs, by transport and error code";
        registry.register("otlp_requests", help, self.otlp_requests.clone());
        registry.register(
            "otlp_records",
            "OpenTelemetry log records, by what became of them",
            self.otlp_records.clone(),
        );
        let help = "Runs of OpenTelemetry lines that have finished, by what ended them";
        registry.register("otlp_finished_runs", help, self.otlp_finished.clone());
        let help = "Time to take in one request of OpenTelemetry logs, fsync included";
        registry.register_with_unit("otlp_duration", help, Unit::Seconds, self.otlp_seconds.clone());
        registry.register("otlp_open_runs", "Runs of OpenTelemetry lines that go on", self.otlp_open_runs.clone());
        registry.register("runs", "Runs that are stored, finished and in flight", self.runs.clone());
        registry.register("runs_in_flight", "Runs that have started and not finished", self.in_flight.clone());
        registry.register("segments", "Immutable files of finished runs", self.segments.clone());
        registry.register_with_unit("disk", "Bytes on disk", Unit::Bytes, self.disk_bytes.clone());
        let help = "Bytes that are free where the data are";
        registry.register_with_unit("disk_free", help, Unit::Bytes, self.disk_free_bytes.clone());
        registry.register("last_seq", "Last sequence number given to a run", self.last_seq.clone());
        registry.register("set_aside_files", "Files that could not be read", self.set_aside_files.clone());
        let help = "Bytes of answers that their readers have not taken";
        registry.register_with_unit("answers_waiting", help, Unit::Bytes, self.answers_waiting_bytes.clone());
        registry.register("writable", "1 while runs are accepted, 0 after a failed write", self.writable.clone());
    }

    /// Counts a request of the signed API. `code` is empty for success.
    pub(crate) fn request(&self, action: &'static str, code: &str, elapsed: Duration) {
        self.requests.get_or_create(&RequestLabels { action, code: code.to_owned() }).inc();
        self.request_seconds.observe(elapsed.as_secs_f64());
    }

    /// How much is free where the data are.
    pub(crate) fn disk_free(&self, bytes: u64) {
        self.disk_free_bytes.set(gauge(bytes));
    }

    /// Bytes of answers that wait for their readers.
    pub(crate) fn answers_waiting(&self, bytes: usize) {
        self.answers_waiting_bytes.set(gauge(bytes as u64));
    }

    /// Counts the records of an ingest request.
    pub(crate) fn ingest(&self, accepted: u64, duplicates: u64, refused: u64, elapsed: Duration) {
        for (result, count) in [("accepted", accepted), ("duplicate", duplicates), ("refused", refused)] {
            self.records.get_or_create(&RecordLabels { result }).inc_by(count);
        }
        self.ingest_seconds.observe(elapsed.as_secs_f64());
    }

    /// Counts a request of OpenTelemetry logs. `code` is empty for success.
    pub(crate) fn otlp_request(&self, transport: &'static str, code: &str, elapsed: Duration) {
        self.otlp_requests.get_or_create(&OtlpLabels { transport, code: code.to_owned() }).inc();
        self.otlp_seconds.observe(elapsed.as_secs_f64());
    }

    /// Counts the log records of one request, and the runs that they ended.
    pub(crate) fn otlp_taken(&self, taken: &Taken) {
        let counts = [
            ("accepted", taken.accepted),
            ("duplicate", taken.duplicates),
            ("rejected", taken.rejected),
            ("deferred", taken.deferred),
        ];
        for (result, count) in counts {
            self.otlp_records.get_or_create(&RecordLabels { result }).inc_by(count);
        }
        self.otlp_finished.get_or_create(&FinishLabels { by: "mark" }).inc_by(taken.finished);
    }

    /// Counts runs that ended by silence.
    pub(crate) fn otlp_idle(&self, finished: u64) {
        self.otlp_finished.get_or_create(&FinishLabels { by: "idle" }).inc_by(finished);
    }

    /// The page, with the engine's state of this moment and the number of open runs.
    pub(crate) fn page(&self, gauges: Gauges, health: &Health, otlp_open_runs: usize) -> String {
        self.otlp_open_runs.set(gauge(otlp_open_runs as u64));
        self.runs.set(gauge(gauges.runs));
        self.in_flight.set(gauge(gauges.in_flight));
        self.segments.set(gauge(gauges.segments));
        self.disk_bytes.set(gauge(gauges.disk_bytes));
        self.last_seq.set(gauge(gauges.last_seq));
        self.set_aside_files.set(gauge(health.set_aside.len() as u64));
        self.writable.set(i64::from(health.poisoned.is_none()));
        let mut page = String::new();
        encode(&mut page, &self.registry).expect("a String takes every text");
        page
    }
}

/// A count as a gauge has it. None reaches 2^63: it is of things that are in memory, on a disk, or were numbered.
fn gauge(count: u64) -> i64 {
    i64::try_from(count).expect("a count below 2^63")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_names_what_was_counted() {
        let metrics = Metrics::new();
        metrics.request("GetFunctionLogs", "", Duration::from_millis(1));
        metrics.ingest(3, 1, 0, Duration::from_millis(2));
        let page = metrics.page(Gauges { runs: 3, ..Gauges::default() }, &Health::default(), 4);
        for line in [
            r#"runlog_requests_total{action="GetFunctionLogs",code=""} 1"#,
            r#"runlog_ingest_records_total{result="accepted"} 3"#,
            "runlog_runs 3",
            "runlog_otlp_open_runs 4",
            "runlog_writable 1",
        ] {
            assert!(page.contains(line), "{line} is not in:\n{page}");
        }
    }
}
