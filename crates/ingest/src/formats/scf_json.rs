//! CLS-style JSON lines with `SCF_*` fields: each line is one log message of one run.
//!
//! Lines of one request id and retry are gathered into one run, in the order of `SCF_LogTime`, whether the export was
//! oldest or newest first. Numbers may be written as texts. A line of the `SearchLog` answer, which has the fields as
//! a text under `LogJson`, is read too.

use std::rc::Rc;

use runlog_core::{DraftStart, RunDraft};
use runlog_core::{RET_INTERRUPTED, RET_OK};
use serde_json::{Map, Value};

use super::finish::Finish;
use super::gather::{Facts, What};
use super::item::refused;
use super::lines::{LineParser, Out};
use super::open_runs::{Log, OpenRuns, Weigh};
use super::{Hints, Notes, platform_lines};

/// `SCF_StatusCode` of a run that is still going on.
const STATUS_RUNNING: i64 = 202;
/// `SCF_StatusCode` of a run that somebody cancelled.
const STATUS_CANCELLED: i64 = 499;

/// Levels from the least to the most severe; a run has that of its most severe line.
const LEVELS: [&str; 7] = ["TRACE", "DEBUG", "INFO", "WARN", "WARNING", "ERROR", "FATAL"];

/// Function, namespace, request id, retry.
type Key = (String, String, String, u8);

/// The parser.
pub(super) struct ScfJson {
    finish: Finish,
    notes: Rc<Notes>,
    open: OpenRuns<Key, Messages>,
}

/// What is known of one run.
#[derive(Default)]
struct Messages {
    line: u64,
    start_ms: Option<i64>,
    duration_ms: f64,
    mem_bytes: f64,
    status: Option<i64>,
    qualifier: Option<String>,
    level: Option<usize>,
    /// The time, where there is one, and the text of each line.
    messages: Vec<(Option<i64>, String)>,
    bytes: usize,
}

impl Weigh for Messages {
    fn bytes(&self) -> usize {
        size_of::<Self>() + self.bytes
    }
}

impl ScfJson {
    pub(super) fn new(hints: Hints, notes: Rc<Notes>) -> Self {
        Self { finish: Finish::new(hints), notes, open: OpenRuns::new() }
    }

    fn add(&mut self, number: u64, fields: &Map<String, Value>) -> Result<(), String> {
        let text = |name: &str| fields.get(name).map(as_text).filter(|text| !text.is_empty());
        let required = |name: &str| text(name).ok_or_else(|| format!("the line has no {name}"));
        let number_of = |name: &str| match fields.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => as_number(value).ok_or_else(|| format!("{name} is not a number: {}", as_text(value))),
        };
        let retry_num = number_of("SCF_RetryNum")?.unwrap_or_default();
        let retry_num = if (0.0..=255.0).contains(&retry_num) { retry_num as u8 } else { u8::MAX };
        let function = text("SCF_FunctionName").unwrap_or_default();
        let namespace = text("SCF_Namespace").unwrap_or_default();
        let key = (function, namespace, required("SCF_RequestId")?, retry_num);
        let start_ms = number_of("SCF_StartTime")?.filter(|ms| *ms > 0.0).map(unix_ms);
        let log_time = number_of("SCF_LogTime")?.filter(|time| *time > 0.0).map(|time| time as i64);
        let (duration_ms, mem_bytes) = (number_of("SCF_Duration")?, number_of("SCF_MemUsage")?);
        let status = number_of("SCF_StatusCode")?.map(|status| status as i64);
        let level =
            text("SCF_Level").and_then(|name| LEVELS.iter().position(|known| known.eq_ignore_ascii_case(&name)));
        let message = text("SCF_Message").unwrap_or_default();
        if !self.open.contains(&key) {
            self.open.insert(key.clone(), Messages { line: number, ..Messages::default() });
        }
        self.open.change(&key, |run| {
            run.start_ms = start_ms.map(|ms| run.start_ms.map_or(ms, |known| known.min(ms))).or(run.start_ms);
            run.duration_ms = run.duration_ms.max(duration_ms.unwrap_or_default());
            run.mem_bytes = run.mem_bytes.max(mem_bytes.unwrap_or_default());
            if run.status.is_none_or(|known| known == STATUS_RUNNING) {
                run.status = status.or(run.status);
            }
            run.level = run.level.max(level);
            run.qualifier = run.qualifier.take().or_else(|| text("SCF_Qualifier")).or_else(|| text("SCF_Alias"));
            run.bytes += message.len() + size_of::<(Option<i64>, String)>();
            run.messages.push((log_time, message));
        });
        Ok(())
    }

    fn emit(&mut self, (key, run): (Key, Messages), was_cut: bool, out: &mut Out) {
        let (function, namespace, id, retry_num) = key;
        let first_ms = run.messages.iter().filter_map(|(time, _)| *time).min().map(|time| unix_ms(time as f64));
        let (log, facts, has_report) = read(run.messages);
        let ret_code = match run.status {
            Some(200) => facts.ret_code.unwrap_or(RET_OK),
            Some(STATUS_CANCELLED) => RET_INTERRUPTED,
            // The compact format says nothing of the outcome but what its messages do.
            None | Some(STATUS_RUNNING) if has_report => facts.ret_code.unwrap_or(RET_OK),
            None | Some(STATUS_RUNNING) => self.finish.unfinished(was_cut),
            Some(status) => i32::try_from(status).unwrap_or(i32::MAX),
        };
        let is_open = !has_report && matches!(run.status, None | Some(STATUS_RUNNING));
        if is_open && was_cut {
            self.notes.closed_early.set(self.notes.closed_early.get() + 1);
        }
        out.push_back(self.finish.run(
            run.line,
            RunDraft {
                function_name: function,
                namespace: Some(namespace).filter(|name| !name.is_empty()),
                request_id: Some(id),
                retry_num: Some(retry_num),
                start_time: run.start_ms.or(first_ms).map(DraftStart::UnixMs),
                // The report has a fraction, the field has not.
                duration: Some(facts.duration_ms.unwrap_or(run.duration_ms)),
                mem_usage: Some(if run.mem_bytes > 0.0 { run.mem_bytes as u64 } else { facts.mem_bytes.unwrap_or(0) }),
                ret_code: Some(ret_code),
                ret_msg: facts.ret_msg,
                invoke_finished: Some(i32::from(!is_open)),
                log: Some(log),
                qualifier: run.qualifier,
                level: run.level.and_then(|level| LEVELS.get(level)).map(|name| (*name).to_owned()),
                ..RunDraft::default()
            },
        ));
    }
}

impl LineParser for ScfJson {
    fn line(&mut self, number: u64, text: &str, out: &mut Out) {
        if text.trim_ascii().is_empty() {
            return;
        }
        let added = fields(text).and_then(|fields| self.add(number, &fields));
        if let Err(message) = added {
            out.push_back(Err(refused(number, "Malformed", message)));
        }
        while let Some(run) = self.open.overflow() {
            self.emit(run, true, out);
        }
    }

    fn end(&mut self, out: &mut Out) {
        while let Some(run) = self.open.pop() {
            self.emit(run, false, out);
        }
    }
}

fn fields(text: &str) -> Result<Map<String, Value>, String> {
    let object = |text: &str| serde_json::from_str::<Map<String, Value>>(text);
    let fields = object(text).map_err(|error| format!("not a JSON object: {error}"))?;
    match fields.get("LogJson") {
        Some(Value::String(inner)) => object(inner).map_err(|error| format!("LogJson is not a JSON object: {error}")),
        _ => Ok(fields),
    }
}

/// The log in order, and what its platform lines say.
fn read(mut messages: Vec<(Option<i64>, String)>) -> (String, Facts, bool) {
    // An export may be newest first; then lines of one moment are in reverse order too.
    let time = |place: Option<&(Option<i64>, String)>| place.and_then(|(time, _)| *time);
    if time(messages.first()) > time(messages.last()) {
        messages.reverse();
    }
    messages.sort_by_key(|(time, _)| *time);
    let (mut log, mut facts, mut has_report) = (Log::default(), Facts::default(), false);
    for (_, message) in &messages {
        for line in message.lines() {
            if let Some(said) = platform_lines::said(line) {
                has_report |= matches!(said.what, What::Report(_));
                facts.add(said.facts);
            }
        }
        log.push_line(message.strip_suffix('\n').unwrap_or(message));
    }
    (log.into_text(), facts, has_report)
}

/// A time in seconds, milliseconds, microseconds or nanoseconds, told apart by its size, as Unix milliseconds.
fn unix_ms(time: f64) -> i64 {
    (match time {
        ..1e11 => time * 1e3,
        ..1e14 => time,
        ..1e17 => time / 1e3,
        _ => time / 1e6,
    }) as i64
}

fn as_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

/// A number, also one that is written as text; `None` inside for an empty text.
fn as_number(value: &Value) -> Option<Option<f64>> {
    match value {
        Value::Number(number) => Some(number.as_f64()),
        Value::String(text) if text.is_empty() => Some(None),
        Value::String(text) => text.parse().ok().filter(|number: &f64| number.is_finite()).map(Some),
        _ => None,
    }
}
