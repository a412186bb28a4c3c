//! `runlog run`: records any command as a function. Its output, exit code and signals are those of the command.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use runlog_client::{NewRun, Spool};
use runlog_core::limits::{LOG_MAX_BYTES, NAME_MAX_BYTES, REQUEST_ID_MAX_BYTES};

mod report;

use runlog_runner::{End, Job, Means, die_of};

use self::report::{Delivered, Reporter};
use crate::cli::common::choice;
use crate::cli::common::deliver::{NO_SPOOL, SpoolArgs, Way};
use crate::cli::common::say::say;
use crate::cli::common::server::ServerArgs;

/// The exit code of a shell for a signal is its number plus this.
const SIGNAL_EXIT: i32 = 128;

/// The longest accepted time: a longer one is surely a mistake, and could overflow the clock.
const SECONDS_MAX: f64 = 366.0 * 86_400.0;

const EXAMPLES: &str = "\
Examples:
  runlog run --function nightly-report -- python3 report.py --day today
  runlog run --function build --qualifier $COMMIT --timeout 30m --memory-limit 2G -- make all
  0 3 * * *  runlog run --function backup -- /usr/local/bin/backup      in a crontab";

/// Arguments of `runlog run`.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct RunArgs {
    /// The function name to record the run under.
    #[arg(long, value_name = "NAME")]
    function: String,
    /// The version or alias [default: $LATEST].
    #[arg(long, value_name = "VERSION")]
    qualifier: Option<String>,
    /// The namespace [default: default].
    #[arg(long, value_name = "NAMESPACE")]
    namespace: Option<String>,
    /// End the command after this time (`30s`, `5m`, `1h30m`): SIGTERM, then SIGKILL.
    #[arg(long, value_name = "TIME", value_parser = time)]
    timeout: Option<Duration>,
    /// Time between SIGTERM and SIGKILL.
    #[arg(long, value_name = "TIME", value_parser = time, default_value = "10s")]
    kill_after: Duration,
    /// Kill the command when it and its descendants together use more memory than this (`512M`, `2G`).
    #[arg(long, value_name = "BYTES", value_parser = size)]
    memory_limit: Option<u64>,
    /// File whose text becomes the return message, instead of the last line of the output.
    #[arg(long, value_name = "FILE")]
    result_file: Option<PathBuf>,
    /// How much of the output to keep, at most 6M; of a longer output, the head and the tail are kept.
    #[arg(long, value_name = "BYTES", value_parser = size, default_value = "6M")]
    log_limit: u64,
    /// The run's id [default: a new UUID].
    #[arg(long, value_name = "ID")]
    request_id: Option<String>,
    /// How to measure memory.
    #[arg(long, value_name = "MEANS", default_value = "auto", value_parser = choice::means())]
    measure: Means,
    /// How long to wait for the log server at the end, before the record goes to the spool.
    #[arg(long, value_name = "TIME", value_parser = time, default_value = "5s")]
    report_timeout: Duration,
    /// Write to this data folder, if no server has it open.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    #[command(flatten)]
    spool: SpoolArgs,
    #[command(flatten)]
    server: ServerArgs,
    /// The command and its arguments.
    #[arg(value_name = "CMD", required = true, trailing_var_arg = true, allow_hyphen_values = true)]
    command: Vec<OsString>,
}

/// Runs the command, and reports it.
pub(crate) fn run(args: RunArgs) -> anyhow::Result<ExitCode> {
    let job = args.job();
    let spool = args.spool.spool();
    let RunArgs { server, data, report_timeout, .. } = args;
    // Without a server, nobody can look at a run in flight.
    let shows_running = data.is_none();
    let connect = move || Way::open(&server, data.as_deref(), report_timeout);
    let mut reporter = None;
    let (run, end) = job.run(|progress| {
        reporter = Some(Reporter::start(Some(progress).filter(|_| shows_running), spool.clone(), connect.clone()));
    });
    let reporter = reporter.unwrap_or_else(|| Reporter::start(None, spool.clone(), connect));
    if let (End::Code(126 | 127), Some(message)) = (end, &run.ret_msg)
        && message.starts_with("cannot start ")
    {
        say!("runlog: {message}");
    }
    let run = NewRun::from(run);
    match reporter.finish(run.clone(), report_timeout) {
        Delivered::Stored => {}
        Delivered::Refused(reason) => keep(spool.as_ref(), run, &reason, true),
        Delivered::Failed(reason) => {
            keep(spool.as_ref(), run, &reason, false);
        }
    }
    let code = match end {
        End::Code(code) => code,
        End::Signal(signal) => {
            die_of(signal);
            SIGNAL_EXIT + signal
        }
    };
    Ok(ExitCode::from(u8::try_from(code).expect("a process ends with a code of 0 to 255, or by a signal below 128")))
}

/// Saves a record that could not be delivered. The exit code stays that of the command, even if this fails.
fn keep(spool: Option<&Spool>, run: NewRun, reason: &str, is_refused: bool) {
    let record = format!("the record of {} {}", run.function_name, run.request_id.as_deref().unwrap_or_default());
    let Some(spool) = spool else {
        say!("runlog: {reason}; {record} is lost: {NO_SPOOL}");
        return;
    };
    match spool.keep(run, Some(reason).filter(|_| is_refused)) {
        Ok(path) if is_refused => {
            say!("runlog: {record} was refused ({reason}) and is kept in {}", path.display());
        }
        Ok(path) => {
            let path = path.display();
            say!("runlog: {reason}; {record} was saved in {path} and will be sent later (`runlog spool ship`)");
        }
        Err(error) => say!("runlog: {reason}; {record} is lost: {error}"),
    }
}

impl RunArgs {
    fn job(&self) -> Job {
        for (name, text, max_bytes) in [
            ("--function", Some(&self.function), NAME_MAX_BYTES),
            ("--namespace", self.namespace.as_ref(), NAME_MAX_BYTES),
            ("--qualifier", self.qualifier.as_ref(), NAME_MAX_BYTES),
            ("--request-id", self.request_id.as_ref(), REQUEST_ID_MAX_BYTES),
        ] {
            if text.is_some_and(|text| text.is_empty() || text.len() > max_bytes) {
                say!("runlog: {name} takes 1 to {max_bytes} bytes; the record will be refused, the command runs");
            }
        }
        Job {
            function: self.function.clone(),
            namespace: self.namespace.clone(),
            qualifier: self.qualifier.clone(),
            region: self.server.region(),
            request_id: self.request_id.clone().unwrap_or_else(|| uuid::Uuid::new_v4().to_string()),
            command: self.command.clone(),
            timeout: self.timeout,
            kill_after: self.kill_after,
            memory_limit_bytes: self.memory_limit,
            means: self.measure,
            log_max_bytes: self.log_limit.min(LOG_MAX_BYTES as u64) as usize,
            result_file: self.result_file.clone(),
            is_wrapper: true,
        }
    }
}

/// `30s`, `500ms`, `1h30m`; a bare number is seconds.
fn time(text: &str) -> Result<Duration, String> {
    let expected = || format!("`{text}` is not a time such as 30s, 500ms, 5m or 1h30m");
    let mut seconds = 0.0;
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.find(|letter: char| !letter.is_ascii_digit() && letter != '.').unwrap_or(rest.len());
        let (number, tail) = rest.split_at(digits);
        let letters = tail.find(|letter: char| !letter.is_ascii_alphabetic()).unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(letters);
        let unit_s = match unit {
            "ms" => 0.001,
            "s" => 1.0,
            "m" => 60.0,
            "h" => 3_600.0,
            "d" => 86_400.0,
            "" if number.len() == text.len() => 1.0,
            _ => return Err(expected()),
        };
        seconds += number.parse::<f64>().map_err(|_| expected())? * unit_s;
        rest = tail;
    }
    if seconds > 0.0 && seconds <= SECONDS_MAX { Ok(Duration::from_secs_f64(seconds)) } else { Err(expected()) }
}

/// `512M`, `2GiB`, `1048576`: bytes, in powers of 1024.
fn size(text: &str) -> Result<u64, String> {
    let expected = || format!("`{text}` is not a size such as 512M, 2G or 1048576");
    let digits = text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let shift = match unit.trim_end_matches('B').trim_end_matches('i') {
        "" => 0,
        "K" | "k" => 10,
        "M" | "m" => 20,
        "G" | "g" => 30,
        "T" | "t" => 40,
        _ => return Err(expected()),
    };
    let number: u64 = number.parse().map_err(|_| expected())?;
    number.checked_mul(1 << shift).filter(|bytes| *bytes > 0).ok_or_else(expected)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_sizes_are_read_as_people_write_them() {
        for (text, ms) in [("30s", 30_000), ("500ms", 500), ("1h30m", 5_400_000), ("2", 2_000), ("0.5s", 500)] {
            assert_eq!(time(text), Ok(Duration::from_millis(ms)), "{text}");
        }
        for text in ["", "s", "0s", "5 s", "-1s", "1x", "1s2", "1e9d", "999999999999d"] {
            assert!(time(text).is_err(), "{text}");
        }
        for (text, bytes) in [("512M", 512 << 20), ("2GiB", 2 << 30), ("64KB", 64 << 10), ("7", 7)] {
            assert_eq!(size(text), Ok(bytes), "{text}");
        }
        for text in ["", "M", "0", "1.5G", "5X", "99999999T"] {
            assert!(size(text).is_err(), "{text}");
        }
    }
}
