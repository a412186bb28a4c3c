//! The text of a function's log as SCF and `runlog run` write it.
//!
//! ```text
//! START RequestId:<id>
//! Event RequestId:<id>
//! Init Report RequestId: <id> Coldstart: 236ms ...
//! ...what the function printed...
//! ERROR RequestId:<id> Result:<why it failed>
//! Response RequestId:<id> RetMsg:<what it returned>
//! END RequestId:<id>
//! Report RequestId:<id> Duration:1ms Memory:128MB MemUsage:29.734375MB
//! ```
//!
//! There may be a space after a colon. Old logs say `MaxMemoryUsed` for `MemUsage`.

use std::rc::Rc;

use runlog_core::{RET_MEMORY_LIMIT, RET_TIME_LIMIT, RET_USER_FAILED};

use super::gather::{Dialect, Facts, Gather, Said, What, named_run};
use super::{Hints, Notes, measure};

/// Statuses that a failed invocation can have; other numbers in an error are the function's own.
const STATUSES: std::ops::RangeInclusive<i32> = 400..=599;

pub(super) struct Platform;

pub(super) fn parser(hints: Hints, notes: Rc<Notes>) -> Gather<Platform> {
    Gather::new(Platform, hints, notes)
}

impl Dialect for Platform {
    fn platform<'a>(&self, line: &'a str) -> Option<Said<'a>> {
        said(line)
    }
}

/// What a platform line says; `None` for any other line.
pub(super) fn said(line: &str) -> Option<Said<'_>> {
    let (word, rest) = line.split_once(" RequestId:")?;
    let (id, rest) = named_run(rest.trim_start())?;
    let (what, facts) = match word {
        "START" => (What::Start(id), Facts::default()),
        "Event" | "END" | "Init Report" => (What::About(id), Facts::default()),
        "ERROR" => (What::About(id), error(after(rest, "Result:"))),
        "Response" => (What::About(id), Facts { ret_msg: Some(after(rest, "RetMsg:").to_owned()), ..Facts::default() }),
        "Report" => (What::Report(id), report(rest)),
        _ => return None,
    };
    Some(Said { what, facts, at_ms: None })
}

fn report(rest: &str) -> Facts {
    Facts {
        duration_ms: measure::millis(rest, "Duration"),
        bill_ms: measure::millis(rest, "BillDuration").map(|ms| ms as u64),
        mem_bytes: measure::bytes(rest, "MemUsage").or_else(|| measure::bytes(rest, "MaxMemoryUsed")),
        ..Facts::default()
    }
}

fn error(result: &str) -> Facts {
    let ret_code = match status(result) {
        Some(status) if STATUSES.contains(&status) => status,
        _ if result.contains("timed out") => RET_TIME_LIMIT,
        _ if result.contains("MemoryLimit") || result.contains("memory limit") => RET_MEMORY_LIMIT,
        _ => RET_USER_FAILED,
    };
    Facts { ret_code: Some(ret_code), ret_msg: Some(result.to_owned()), ..Facts::default() }
}

/// The number after `"statusCode":`.
fn status(result: &str) -> Option<i32> {
    let (_, rest) = result.split_once("\"statusCode\":")?;
    let rest = rest.trim_start();
    let digits = rest.find(|char: char| !char.is_ascii_digit()).unwrap_or(rest.len());
    rest.get(..digits)?.parse().ok()
}

fn after<'a>(rest: &'a str, name: &str) -> &'a str {
    rest.split_once(name).map_or(rest, |(_, text)| text).trim()
}
