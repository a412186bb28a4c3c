//! Any command as a function: run it, measure it, and make a run of it.
//!
//! Wall time is from a monotonic clock, peak memory from the kernel's account of the process (`wait4`), output is
//! standard output and standard error in the order in which they came.
//!
//! The kernel starts a child's account with the memory of the process that it is forked from, so a small command is
//! reported as large as this program was at that moment.

use std::ffi::OsString;
use std::io::Read;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, ExitStatus, Stdio};

use anyhow::Context;
use runlog_client::{NewRun, StartTime};
use runlog_core::{RET_INTERRUPTED, RET_OK};
use wait4::Wait4;

use crate::clock;

/// `RetCode` of a command that exited with a code other than 0: the platform's "user code exception".
const RET_NON_ZERO_EXIT: i32 = 430;

/// Runs a command to its end and reports it as one run of `function`.
pub(crate) fn run(function: &str, command: &[OsString]) -> anyhow::Result<NewRun> {
    let (program, arguments) = command.split_first().context("there is no command to run")?;
    let request_id = uuid::Uuid::new_v4().to_string();
    let start_ms = clock::now_ms();
    let started = clock::monotonic();
    // One pipe for both, so that the order of what is printed is kept.
    let (mut output, writer) = std::io::pipe()?;
    let child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(writer.try_clone()?)
        .stderr(writer)
        .spawn()
        .with_context(|| format!("cannot start {}", program.display()))?;
    let mut printed = Vec::new();
    output.read_to_end(&mut printed)?;
    let used = child.wait4()?;
    let duration_ms = started.elapsed().as_micros() as f64 / 1000.0;
    let mem_bytes = used.rusage.maxrss;
    let (ret_code, ret_msg) = outcome(used.status);
    let mut body = String::from_utf8_lossy(&printed).into_owned();
    if !body.is_empty() && !body.ends_with('\n') {
        body.push('\n');
    }
    let mem_mb = mem_bytes as f64 / f64::from(1 << 20);
    let log = format!(
        "START RequestId: {request_id}\nEvent RequestId: {request_id}\n{body}END RequestId: {request_id}\n\
         Report RequestId: {request_id} Duration:{duration_ms}ms MemUsage:{mem_mb:.6}MB\n"
    );
    Ok(NewRun {
        function_name: function.to_owned(),
        request_id: Some(request_id),
        start_time: Some(StartTime::UnixMs(start_ms)),
        duration: Some(duration_ms),
        mem_usage: Some(mem_bytes),
        ret_code: Some(ret_code),
        ret_msg: Some(ret_msg),
        exit_code: used.status.code(),
        log: Some(log),
        ..NewRun::default()
    })
}

/// The return code and message of a process that has ended.
fn outcome(status: ExitStatus) -> (i32, String) {
    match (status.code(), status.signal()) {
        (Some(0), _) => (RET_OK, "exit code 0".to_owned()),
        (Some(code), _) => (RET_NON_ZERO_EXIT, format!("exit code {code}")),
        (None, Some(signal)) => (RET_INTERRUPTED, format!("ended by signal {signal}")),
        (None, None) => (RET_INTERRUPTED, "ended for an unknown reason".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> NewRun {
        run("f", &["sh".into(), "-c".into(), script.into()]).unwrap()
    }

    #[test]
    fn output_is_kept_in_the_order_it_came() {
        let log = shell("echo one; echo two >&2; echo three").log.unwrap();
        assert!(log.contains("\none\ntwo\nthree\nEND RequestId: "), "{log}");
    }

    #[test]
    fn the_end_of_the_process_is_the_result() {
        let of = |script| {
            let run = shell(script);
            (run.ret_code, run.exit_code)
        };
        assert_eq!(of("exit 0"), (Some(0), Some(0)));
        assert_eq!(of("exit 7"), (Some(430), Some(7)));
        assert_eq!(of("kill -TERM $$"), (Some(3), None));
    }

    #[test]
    fn time_and_memory_are_measured() {
        let run = shell("sleep 0.2");
        assert!(run.duration.unwrap() >= 200.0, "{:?} ms", run.duration);
        assert!(run.mem_usage.unwrap() > 100 << 10, "{:?} bytes", run.mem_usage);
    }

    #[test]
    fn a_command_that_is_not_there_is_an_error() {
        assert!(run("f", &["no-such-command".into()]).unwrap_err().to_string().contains("no-such-command"));
        assert!(run("f", &[]).is_err());
    }
}
