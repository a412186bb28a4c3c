//! One OTLP log record: which run it belongs to, the line it becomes, and what it says of the run.

use std::borrow::Cow;
use std::fmt::Write;
use std::sync::Arc;

use opentelemetry_proto::tonic::logs::v1::LogRecord;
use runlog_core::{RET_RUNNING, Stream, limits};
use xxhash_rust::xxh3::xxh3_128;

use super::attributes::{Attributes, flag, integer, number, of_level, operand, text};
use super::line::{Line, ms_of};
use crate::record::{Defaults, Streams};

/// `SEVERITY_NUMBER_ERROR`: from here on a record speaks of a failure.
const SEVERITY_ERROR: u8 = 17;

/// The name of an instance that has none.
const NO_INSTANCE: &str = "lines";

/// Longest id of an instance that is used as it is, in bytes; a longer one is hashed.
const INSTANCE_MAX_BYTES: usize = 96;

/// Attributes of a record that say something about its run, and are therefore not repeated in its line. Those of an
/// exception stand at the line's end.
const ABOUT_THE_RUN: &[&str] = &[
    "faas.name",
    "faas.version",
    "faas.invocation_id",
    "faas.execution",
    "faas.max_memory",
    "faas.coldstart",
    "faas.duration",
    "cloud.region",
    "runlog.namespace",
    "runlog.finished",
    "runlog.duration_ms",
    "runlog.ret_code",
    "runlog.ret_msg",
    "runlog.mem_bytes",
    "exception.type",
    "exception.message",
    "exception.stacktrace",
];

/// A record that can be gathered.
#[derive(Debug)]
pub struct Record {
    /// The function that ran.
    pub stream: Arc<Stream>,
    /// Which of its runs.
    pub run: RunName,
    /// What was logged.
    pub line: Line,
    /// What else the record says.
    pub facts: Facts,
}

/// What a record says of which run of its function it belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum RunName {
    /// The run with this request id.
    Id(String),
    /// The open run of this process, or of the function where even that is unknown.
    Instance(String),
}

/// What a record says of its run, beside its line.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Facts {
    /// 1 (trace) to 24 (fatal); 0 where it is not said.
    pub severity: u8,
    /// Whether the run has ended.
    pub finished: Option<bool>,
    /// Its return code.
    pub ret_code: Option<i32>,
    /// Its duration, in microseconds.
    pub duration_us: Option<u64>,
    /// Its peak memory, in bytes.
    pub mem_bytes: Option<u64>,
    /// Its return message.
    pub ret_msg: Option<String>,
    /// The exception that the run failed with.
    pub failure: Option<String>,
    /// Whether it was a cold start.
    pub cold_start: Option<bool>,
    /// Its memory limit, in bytes.
    pub max_memory: Option<u64>,
}

impl Facts {
    /// Whether the record ends its run.
    pub fn finishes(&self) -> bool {
        self.finished.unwrap_or(self.ret_code.is_some() || self.duration_us.is_some())
    }
}

/// Reads a record.
///
/// # Errors
/// A sentence for the sender.
pub(super) fn read(
    record: &LogRecord,
    attributes: Attributes<'_>,
    defaults: &Defaults<'_>,
    streams: &mut Streams,
) -> Result<Record, String> {
    let function = attributes.text(&["faas.name"]).or_else(|| attributes.text(&["service.name"]));
    let function =
        function.ok_or("a record names no function; set the resource attribute faas.name or service.name")?;
    let region = attributes.text(&["cloud.region"]);
    let region = region.as_deref().unwrap_or(defaults.region);
    if !Stream::is_region(region) {
        return Err("cloud.region takes 1 to 64 letters, digits, - and _".to_owned());
    }
    let namespace = attributes.text(&["runlog.namespace", "service.namespace"]);
    let qualifier = attributes.text(&["faas.version"]);
    let stream = streams.get(
        defaults.account,
        region,
        namespace.as_deref().unwrap_or("default"),
        &function,
        qualifier.as_deref().unwrap_or("$LATEST"),
    );
    // A record without any time is as old as its arrival.
    let now_ns = u64::try_from(defaults.now_ms).unwrap_or(0).saturating_mul(1_000_000);
    let given_ns = if record.time_unix_nano > 0 { record.time_unix_nano } else { record.observed_time_unix_nano };
    let time_ns = if given_ns > 0 { given_ns } else { now_ns };
    if ms_of(time_ns) > defaults.now_ms.saturating_add(limits::FUTURE_START_MAX_MS) {
        return Err("a record's time is more than a day after now; check the sender's clock".to_owned());
    }
    let trace_id = hex(&record.trace_id);
    let run = run_name(&attributes, &trace_id);
    if matches!(&run, RunName::Id(id) if id.len() > limits::REQUEST_ID_MAX_BYTES) {
        return Err(format!("faas.invocation_id has more than {} bytes; shorten it", limits::REQUEST_ID_MAX_BYTES));
    }
    let shown_trace = if matches!(&run, RunName::Id(id) if *id == trace_id) { "" } else { &*trace_id };
    let line = Line::new(time_ns, &written(record, shown_trace));
    Ok(Record { stream, run, line, facts: facts(record, &attributes)? })
}

fn run_name(attributes: &Attributes<'_>, trace_id: &str) -> RunName {
    if let Some(id) = attributes.text(&["faas.invocation_id", "faas.execution"]) {
        return RunName::Id(id.into_owned());
    }
    if !trace_id.is_empty() {
        return RunName::Id(trace_id.to_owned());
    }
    let instance = attributes.text(&["service.instance.id"]).map(Cow::into_owned);
    let process = || Some(format!("{}-{}", attributes.text(&["host.name"])?, attributes.text(&["process.pid"])?));
    let instance = instance.or_else(process).unwrap_or_else(|| NO_INSTANCE.to_owned());
    if instance.len() > INSTANCE_MAX_BYTES {
        return RunName::Instance(format!("{:032x}", xxh3_128(instance.as_bytes())));
    }
    RunName::Instance(instance)
}

/// What the log has after the time: severity, body, the other attributes, and the exception.
fn written(record: &LogRecord, trace_id: &str) -> String {
    let mut line = format!("{:<5} ", severity_text(record));
    let body = record.body.as_ref().and_then(|body| body.value.as_ref()).map(text).unwrap_or_default();
    let body = body.trim_end_matches(['\n', '\r']);
    line.push_str(if body.is_empty() { &record.event_name } else { body });
    let mut add = |key: &str, value: &str| {
        // Writing to a String does not fail.
        let _ = write!(line, " {key}={value}");
    };
    if !body.is_empty() && !record.event_name.is_empty() {
        add("event.name", &record.event_name);
    }
    for pair in record.attributes.iter().filter(|pair| !ABOUT_THE_RUN.contains(&pair.key.as_str())) {
        if let Some(value) = pair.value.as_ref().and_then(|value| value.value.as_ref()) {
            add(&pair.key, &operand(value));
        }
    }
    if !trace_id.is_empty() {
        add("trace_id", trace_id);
    }
    for name in ["exception.type", "exception.message"] {
        if let Some(value) = of_level(&record.attributes, &[name]) {
            add(name, &operand(value));
        }
    }
    if let Some(trace) = of_level(&record.attributes, &["exception.stacktrace"]) {
        line.push('\n');
        line.push_str(&text(trace));
    }
    line
}

fn facts(record: &LogRecord, attributes: &Attributes<'_>) -> Result<Facts, String> {
    // How a run ended is said by one record, not by a resource that all records share.
    let own = |names: &[&str]| of_level(&record.attributes, names);
    let wrong = |name: &str, takes: &str| format!("{name} takes {takes}");
    let ret_code = match own(&["runlog.ret_code"]) {
        None => None,
        Some(value) => match integer(value).and_then(|code| i32::try_from(code).ok()) {
            Some(code) if code != RET_RUNNING => Some(code),
            _ => return Err(wrong("runlog.ret_code", "a whole number, not 2, which stands for a run that goes on")),
        },
    };
    let duration = |name: &'static str, us_per_unit: f64| match own(&[name]) {
        None => Ok(None),
        Some(value) => match number(value).map(|number| (number * us_per_unit).round()) {
            Some(us) if (0.0..=limits::NUMBER_MAX as f64).contains(&us) => Ok(Some(us as u64)),
            _ => Err(wrong(name, "a number from 0 on")),
        },
    };
    let duration_us = duration("runlog.duration_ms", 1e3)?.or(duration("faas.duration", 1e6)?);
    let count = |name: &str, value: Option<&_>| match value.map(integer) {
        None => Ok(None),
        Some(Some(bytes)) if (0..=limits::NUMBER_MAX as i64).contains(&bytes) => Ok(Some(bytes as u64)),
        Some(_) => Err(wrong(name, "a whole number of bytes")),
    };
    Ok(Facts {
        severity: severity(record),
        finished: own(&["runlog.finished"]).and_then(flag),
        ret_code,
        duration_us,
        mem_bytes: count("runlog.mem_bytes", own(&["runlog.mem_bytes"]))?,
        ret_msg: own(&["runlog.ret_msg"]).map(|value| text(value).into_owned()),
        failure: failure(record),
        cold_start: attributes.value(&["faas.coldstart"]).and_then(flag),
        max_memory: attributes.value(&["faas.max_memory"]).and_then(integer).and_then(|bytes| bytes.try_into().ok()),
    })
}

/// The exception of a record that is an error, as `type: message`.
fn failure(record: &LogRecord) -> Option<String> {
    let part = |name: &str| of_level(&record.attributes, &[name]).map(text).filter(|text| !text.is_empty());
    if severity(record) < SEVERITY_ERROR {
        return None;
    }
    match (part("exception.type"), part("exception.message")) {
        (Some(kind), Some(message)) => Some(format!("{kind}: {message}")),
        (one, other) => one.or(other).map(Cow::into_owned),
    }
}

/// A record's severity number, from 1 to 24. Where there is none, the one of the sender's own word, if that is a usual
/// one; or else 0.
fn severity(record: &LogRecord) -> u8 {
    if let Ok(number @ 1..=24) = u8::try_from(record.severity_number) {
        return number;
    }
    match record.severity_text.trim().to_ascii_uppercase().as_str() {
        "WARNING" => severity_of("WARN"),
        "CRITICAL" => severity_of("FATAL"),
        word => severity_of(word),
    }
}

/// The name of a record's severity, or else the sender's own word.
fn severity_text(record: &LogRecord) -> &str {
    match level_of(severity(record)) {
        "" if record.severity_text.is_empty() => "-",
        "" => &record.severity_text,
        level => level,
    }
}

/// The short name of a severity number; empty for one that is none.
pub fn level_of(severity: u8) -> &'static str {
    match severity {
        1..=4 => "TRACE",
        5..=8 => "DEBUG",
        9..=12 => "INFO",
        13..=16 => "WARN",
        17..=20 => "ERROR",
        21..=24 => "FATAL",
        _ => "",
    }
}

/// The lowest severity number of a short name; 0 for none.
pub fn severity_of(level: &str) -> u8 {
    [1, 5, 9, 13, 17, 21].into_iter().find(|severity| level_of(*severity) == level).unwrap_or(0)
}

/// An id in hexadecimal; empty where it is absent, all zeros or not of 16 bytes.
fn hex(id: &[u8]) -> String {
    if id.len() != 16 || id.iter().all(|byte| *byte == 0) {
        return String::new();
    }
    id.iter().fold(String::with_capacity(32), |mut hex, byte| {
        // Writing to a String does not fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_severity_is_known_by_its_number_or_its_word() {
        for (severity_number, word, level, shown) in [
            (9, "anything", "INFO", "INFO"),
            (12, "", "INFO", "INFO"),
            (0, "warning", "WARN", "WARN"),
            (0, "Critical", "FATAL", "FATAL"),
            (99, "ERROR", "ERROR", "ERROR"),
            (-1, "", "", "-"),
            (0, "notice", "", "notice"),
        ] {
            let record = LogRecord { severity_number, severity_text: word.to_owned(), ..LogRecord::default() };
            assert_eq!(
                (level_of(severity(&record)), severity_text(&record)),
                (level, shown),
                "{severity_number} {word}"
            );
        }
    }
}
