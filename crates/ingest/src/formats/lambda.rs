//! AWS Lambda's logs: text with REPORT lines, plain or as CloudWatch exports it with a time before each line, or with
//! time and log stream as `aws logs tail` prints it; and its JSON lines.
//!
//! ```text
//! INIT_START Runtime Version: ...
//! START RequestId: <id> Version: $LATEST
//! ...what the function printed...
//! END RequestId: <id>
//! REPORT RequestId: <id>\tDuration: 102.25 ms\tBilled Duration: 103 ms\tMemory Size: 128 MB\tMax Memory Used: 45 MB
//! <time> <id> Task timed out after 3.00 seconds
//! ```
//!
//! A report says `Status: timeout` or `Status: error`, or nothing when the function itself reported an error. Then the
//! runtime's own line tells: `[ERROR] Type: message` of Python's, `ERROR Invoke Error` of Node's.

use std::rc::Rc;

use runlog_core::{RET_MEMORY_LIMIT, RET_TIME_LIMIT, RET_USER_FAILED};

use super::gather::{Dialect, Facts, Gather, Said, What, named_run};
use super::lambda_json::{self, outcome};
use super::{Hints, Notes, measure};

/// A log stream, as in `2026/07/01/[$LATEST]0123456789abcdef`: where its version begins.
const STREAM_DAY_LEN: usize = "2026/07/01/".len();

pub(super) struct Lambda {
    zone: runlog_core::Zone,
}

pub(super) fn parser(hints: Hints, notes: Rc<Notes>) -> Gather<Lambda> {
    Gather::new(Lambda { zone: hints.zone }, hints, notes)
}

impl Dialect for Lambda {
    fn lane<'a>(&self, line: &'a str) -> (&'a str, &'a str) {
        let Some((word, rest)) = line.split_once(' ') else { return ("", line) };
        let is_stream = word.get(..STREAM_DAY_LEN).is_some_and(|day| day.matches('/').count() == 3)
            && word.get(STREAM_DAY_LEN..).is_some_and(|stream| stream.starts_with('[') && stream.contains(']'));
        if is_stream { (word, rest) } else { ("", line) }
    }

    fn platform<'a>(&self, line: &'a str) -> Option<Said<'a>> {
        if line.starts_with('{') {
            return lambda_json::said(line, self.zone);
        }
        let preface = ["INIT_START ", "EXTENSION\t", "TELEMETRY\t", "LOGS\t"];
        if preface.iter().any(|word| line.starts_with(word)) {
            return Some(Said::default());
        }
        let (word, rest) = line.split_once("RequestId: ")?;
        let (id, rest) = named_run(rest)?;
        let (what, facts) = match word {
            "START " => {
                let version = rest.strip_prefix("Version: ").map(|version| version.trim().to_owned());
                (What::Start(id), Facts { qualifier: version.filter(|name| !name.is_empty()), ..Facts::default() })
            }
            "END " => (What::About(id), Facts::default()),
            "REPORT " => (What::Report(id), report(rest)),
            // The platform speaks of a run only when it broke.
            "" => (What::About(id), broken(rest.trim())),
            _ => return None,
        };
        Some(Said { what, facts, at_ms: None })
    }

    fn text(&self, line: &str) -> Facts {
        if let Some((_, rest)) = line.split_once(" Task timed out after ") {
            return failed(RET_TIME_LIMIT, &format!("Task timed out after {rest}"));
        }
        if let Some(message) = line.strip_prefix("[ERROR] ") {
            return failed(RET_USER_FAILED, message);
        }
        match line.split_once("\tERROR\tInvoke Error \t").or_else(|| line.split_once("\tERROR\tUncaught Exception \t"))
        {
            Some((_, message)) => failed(RET_USER_FAILED, message),
            None => Facts::default(),
        }
    }
}

fn report(rest: &str) -> Facts {
    // Tabs stand between the parts; where somebody made blanks of them, names are still found.
    let error_type = measure::word(rest, "Error Type");
    let status = measure::word(rest, "Status").and_then(|status| status.split(' ').next());
    Facts {
        duration_ms: measure::millis(rest, "Duration"),
        bill_ms: measure::millis(rest, "Billed Duration").map(|ms| ms as u64),
        mem_bytes: measure::bytes(rest, "Max Memory Used"),
        ..outcome(status, error_type)
    }
}

fn broken(message: &str) -> Facts {
    let is_memory = message.contains("OutOfMemory");
    failed(if is_memory { RET_MEMORY_LIMIT } else { RET_USER_FAILED }, message)
}

fn failed(ret_code: i32, message: &str) -> Facts {
    Facts { ret_code: Some(ret_code), ret_msg: Some(message.trim().to_owned()), ..Facts::default() }
}
