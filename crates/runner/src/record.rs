//! The record of a run: return code, message, and the log with its platform lines.

use std::sync::Arc;
use std::time::{Duration, Instant};

use runlog_core::limits::RET_MSG_MAX_BYTES;
use runlog_core::{DraftStart, RunDraft};
use runlog_core::{RET_INTERRUPTED, RET_MEMORY_LIMIT, RET_OK, RET_RUNNING, RET_TIME_LIMIT, RET_USER_FAILED};

use super::capture::Output;
use super::job::{Cut, End, Facts, Job};
use super::measure;
use super::watch::Watch;
use crate::files;

/// How much of the output a report of a run in flight carries: enough to see what it does, and cheap to send again.
const PARTIAL_LOG_MAX_BYTES: usize = 256 << 10;

/// Room for the platform lines.
const PLATFORM_LINES_BYTES: usize = 1 << 10;

/// Tells how far a command is.
#[derive(Clone)]
pub struct Progress {
    job: Job,
    start_ms: i64,
    started: Instant,
    output: Arc<Output>,
    watch: Arc<Watch>,
}

impl Progress {
    pub(super) fn new(job: &Job, start_ms: i64, started: Instant, output: &Arc<Output>, watch: &Arc<Watch>) -> Self {
        let (output, watch) = (Arc::clone(output), Arc::clone(watch));
        Self { job: job.clone(), start_ms, started, output, watch }
    }

    /// The run as it is now, in flight.
    pub fn now(&self) -> RunDraft {
        let id = &self.job.request_id;
        let printed = self.output.text(PARTIAL_LOG_MAX_BYTES);
        RunDraft {
            duration: Some(milliseconds(self.started.elapsed())),
            mem_usage: Some(self.watch.peak_bytes()),
            ret_code: Some(RET_RUNNING),
            log: Some(format!("START RequestId: {id}\nEvent RequestId: {id}\n{printed}")),
            ..identity(&self.job, self.start_ms)
        }
    }

    /// Changes when there is more output.
    pub fn printed_bytes(&self) -> u64 {
        self.output.total_bytes()
    }
}

/// The record of a command that has ended.
pub(super) fn finished(job: &Job, start_ms: i64, facts: &Facts, output: &Output) -> RunDraft {
    let (ret_code, reason) = outcome(job, facts);
    RunDraft {
        duration: Some(milliseconds(facts.duration)),
        mem_usage: Some(facts.memory.bytes),
        ret_code: Some(ret_code),
        ret_msg: Some(message(job, reason, output)),
        exit_code: match facts.end {
            End::Code(code) => Some(code),
            End::Signal(_) => None,
        },
        log: Some(log(job, facts, output)),
        source: Some(match facts.memory.account {
            "" => "runlog run".to_owned(),
            account => format!("runlog run (memory: {account})"),
        }),
        ..identity(job, start_ms)
    }
}

fn identity(job: &Job, start_ms: i64) -> RunDraft {
    RunDraft {
        function_name: job.function.clone(),
        request_id: Some(job.request_id.clone()),
        start_time: Some(DraftStart::UnixMs(start_ms)),
        namespace: job.namespace.clone(),
        qualifier: job.qualifier.clone(),
        region: job.region.clone(),
        ..RunDraft::default()
    }
}

/// The return code, and why the command failed, if it did.
fn outcome(job: &Job, facts: &Facts) -> (i32, Option<String>) {
    if let Some(error) = &facts.start_error {
        return (RET_USER_FAILED, Some(error.clone()));
    }
    match (facts.cut, facts.end) {
        (Some(Cut::Timeout), _) => {
            let limit = job.timeout.unwrap_or_default().as_secs_f64();
            (RET_TIME_LIMIT, Some(format!("ended after its time limit of {limit} s")))
        }
        (Some(Cut::Memory), _) => {
            let limit = megabytes(job.memory_limit_bytes.unwrap_or_default());
            (RET_MEMORY_LIMIT, Some(format!("killed for using more than its memory limit of {limit} MB")))
        }
        (None, End::Code(0)) => (RET_OK, None),
        (None, End::Code(code)) if facts.was_asked_to_end => {
            (RET_INTERRUPTED, Some(format!("exit code {code} after a signal")))
        }
        (None, End::Code(code)) => (RET_USER_FAILED, Some(format!("exit code {code}"))),
        (None, End::Signal(signal)) => {
            let name = signal_hook::low_level::signal_name(signal).unwrap_or("a signal");
            (RET_INTERRUPTED, Some(format!("ended by signal {signal} ({name})")))
        }
    }
}

/// What the command returned: its result file, else its last line. When it failed, the reason and then its result file
/// or the last line of its standard error.
fn message(job: &Job, reason: Option<String>, output: &Output) -> String {
    let from_file = job.result_file.as_ref().and_then(|path| files::read_start(path, RET_MSG_MAX_BYTES));
    let last_line = || if reason.is_some() { output.last_error_line() } else { output.last_line() };
    let said = from_file.unwrap_or_else(last_line);
    match reason {
        None if said.is_empty() => "exit code 0".to_owned(),
        None => said,
        Some(reason) if said.is_empty() => reason,
        Some(reason) => {
            let mut message = format!("{reason}: {said}");
            message.truncate(message.floor_char_boundary(RET_MSG_MAX_BYTES));
            message
        }
    }
}

fn log(job: &Job, facts: &Facts, output: &Output) -> String {
    let id = &job.request_id;
    let mut printed = output.text(job.log_max_bytes.saturating_sub(PLATFORM_LINES_BYTES));
    if !printed.is_empty() && !printed.ends_with('\n') {
        printed.push('\n');
    }
    // Without a limit of its own, what holds is the machine's.
    let limit = job.memory_limit_bytes.or_else(measure::machine_bytes).unwrap_or_default();
    let (duration_ms, limit_mb) = (milliseconds(facts.duration), megabytes(limit).floor());
    let used_mb = megabytes(facts.memory.bytes);
    format!(
        "START RequestId: {id}\nEvent RequestId: {id}\n{printed}END RequestId: {id}\n\
         Report RequestId: {id} Duration:{duration_ms}ms Memory:{limit_mb}MB MemUsage:{used_mb:.6}MB\n"
    )
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_micros() as f64 / 1000.0
}

fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::Memory;

    fn facts(end: End, cut: Option<Cut>, was_asked_to_end: bool) -> Facts {
        let memory = Memory { bytes: 3 << 20, account: "rusage" };
        Facts { end, start_error: None, duration: Duration::from_micros(1_500), memory, cut, was_asked_to_end }
    }

    fn job() -> Job {
        let limits = (Some(Duration::from_millis(1_500)), Some(512 << 20));
        Job { request_id: "r".to_owned(), timeout: limits.0, memory_limit_bytes: limits.1, ..Job::quiet("f", &[]) }
    }

    #[test]
    fn every_end_has_its_return_code() {
        for (end, cut, asked, code, says) in [
            (End::Code(0), None, false, 0, "exit code 0"),
            (End::Code(0), None, true, 0, "exit code 0"),
            (End::Code(7), None, false, 430, "exit code 7"),
            (End::Code(143), None, true, 3, "exit code 143 after a signal"),
            (End::Signal(9), None, false, 3, "ended by signal 9 (SIGKILL)"),
            (End::Signal(15), Some(Cut::Timeout), false, 433, "ended after its time limit of 1.5 s"),
            (End::Code(0), Some(Cut::Timeout), false, 433, "ended after its time limit of 1.5 s"),
            (End::Signal(9), Some(Cut::Memory), false, 434, "killed for using more than its memory limit of 512 MB"),
        ] {
            let run = finished(&job(), 1, &facts(end, cut, asked), &Output::new(1_000));
            assert_eq!((run.ret_code, run.ret_msg.as_deref()), (Some(code), Some(says)));
        }
    }

    #[test]
    fn the_log_has_the_platforms_lines() {
        let run = finished(&job(), 1, &facts(End::Code(0), None, false), &Output::new(1_000));
        let expected = "START RequestId: r\nEvent RequestId: r\nEND RequestId: r\n\
                        Report RequestId: r Duration:1.5ms Memory:512MB MemUsage:3.000000MB\n";
        assert_eq!(run.log.as_deref(), Some(expected));
        assert_eq!(run.source.as_deref(), Some("runlog run (memory: rusage)"));
    }
}
