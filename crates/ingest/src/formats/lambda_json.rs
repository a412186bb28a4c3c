//! Lambda's JSON lines: events of the platform, and what the function printed in the JSON log format.
//!
//! ```text
//! {"time":"...","type":"platform.start","record":{"requestId":"...","version":"$LATEST"}}
//! {"timestamp":"...","level":"INFO","requestId":"...","message":"..."}
//! {"time":"...","type":"platform.report","record":{"requestId":"...","status":"success","metrics":{"durationMs":...}}}
//! ```

use std::borrow::Cow;

use runlog_core::{RET_MEMORY_LIMIT, RET_TIME_LIMIT, RET_USER_FAILED, Zone};
use serde::Deserialize;
use serde_json::Value;

use super::gather::{Facts, Said, What};

#[derive(Deserialize)]
struct Event<'a> {
    #[serde(borrow, alias = "timestamp")]
    time: Option<Cow<'a, str>>,
    #[serde(borrow, rename = "type")]
    kind: Option<Cow<'a, str>>,
    record: Option<Value>,
    #[serde(rename = "requestId", alias = "AWSRequestId")]
    request_id: Option<String>,
}

/// What a line says; `None` when it is not of these shapes, and so only something that a function printed.
pub(super) fn said(line: &str, zone: Zone) -> Option<Said<'static>> {
    let event: Event<'_> = serde_json::from_str(line).ok()?;
    let at_ms = event.time.and_then(|time| zone.parse(&time).ok()).map(|time| time.ms);
    let record = event.record.unwrap_or_default();
    let (what, facts) = match event.kind.as_deref() {
        Some("platform.initStart") => {
            let version = text(&record, "functionVersion");
            (What::Preface, Facts { function: text(&record, "functionName"), qualifier: version, ..Facts::default() })
        }
        Some("platform.start") => {
            let facts = Facts { qualifier: text(&record, "version"), ..Facts::default() };
            (What::Start(Cow::Owned(id(&record)?)), facts)
        }
        Some("platform.report") => (What::Report(Cow::Owned(id(&record)?)), report(&record)),
        Some("platform.runtimeDone") => (What::About(Cow::Owned(id(&record)?)), status(&record)),
        Some(kind) if kind.starts_with("platform.") => match id(&record) {
            Some(id) => (What::About(Cow::Owned(id)), Facts::default()),
            None => (What::Preface, Facts::default()),
        },
        _ => {
            let id = event.request_id.or_else(|| id(&record)).filter(|id| !id.is_empty())?;
            (What::About(Cow::Owned(id)), Facts::default())
        }
    };
    Some(Said { what, facts, at_ms })
}

fn report(record: &Value) -> Facts {
    let metrics = record.get("metrics").unwrap_or(&Value::Null);
    let number = |name: &str| metrics.get(name).and_then(Value::as_f64).filter(|number| *number >= 0.0);
    Facts {
        duration_ms: number("durationMs"),
        bill_ms: number("billedDurationMs").map(|ms| ms as u64),
        mem_bytes: number("maxMemoryUsedMB").map(|mb| (mb * 1_048_576.0) as u64),
        ..status(record)
    }
}

fn status(record: &Value) -> Facts {
    outcome(text(record, "status").as_deref(), text(record, "errorType").as_deref())
}

fn id(record: &Value) -> Option<String> {
    text(record, "requestId")
}

fn text(record: &Value, name: &str) -> Option<String> {
    record.get(name).and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned)
}

/// What a status of the platform means.
pub(super) fn outcome(status: Option<&str>, error_type: Option<&str>) -> Facts {
    let ret_code = match status {
        Some("timeout") => RET_TIME_LIMIT,
        Some("error" | "failure") if error_type.is_some_and(|name| name.contains("OutOfMemory")) => RET_MEMORY_LIMIT,
        Some("error" | "failure") => RET_USER_FAILED,
        _ => return Facts::default(),
    };
    Facts { ret_code: Some(ret_code), ret_msg: error_type.map(str::to_owned), ..Facts::default() }
}
