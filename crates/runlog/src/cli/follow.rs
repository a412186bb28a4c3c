//! `runlog follow`: prints the output of one run while it runs, and exits with the run's own exit code.
//!
//! The run is polled by its id, which is cheap for the server, and its output is fetched when there is a new report. So
//! this works with a key that may read only this run's function, and while the server restarts.

use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;
use std::time::Duration;

use runlog_client::{Client, RunFilter, RunRow};
use runlog_core::{RET_OK, RET_RUNNING};
use runlog_server::clock;

use super::read::RunIdArgs;
use super::read::lasting::{LastingArgs, Patience, lost};
use super::read::table::result;
use crate::cli::common::failure::{self, Failure};
use crate::cli::common::say::say;
use crate::cli::common::server::ServerArgs;
use crate::cli::common::text::{harmless, one_line};
use crate::cli::common::units;
use crate::cli::common::window::fine_span_ms;

/// How often the run is polled.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// The fields that show whether there is more output.
const NEWS: &str = "Seq,Region,Namespace,FunctionName,RetryNum,StartTime,RetCode";

/// How many of the last printed bytes are searched for in an output that has lost its beginning.
const ANCHOR_BYTES: usize = 512;

/// The exit code of a shell for a signal is its number plus this.
const SIGNAL_EXIT: u8 = 128;

/// Exit code of a run that failed and has none.
const EXIT_FAILED: u8 = 1;

const EXAMPLES: &str = "\
Examples:
  runlog follow 61fbd1dc-10ae-47f7-9879-7a080245df3c
  runlog run --request-id deploy-7 --function deploy -- ./deploy.sh &
  runlog follow deploy-7 --wait=1m && echo deployed

The exit code is that of the run: its own, 128 plus the number of the signal that ended it, or 1 if it \
failed otherwise. 5: the server was unreachable for longer than --retry-for.";

/// Arguments of `runlog follow`.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct FollowArgs {
    #[command(flatten)]
    run: RunIdArgs,
    /// Wait for a run that has not begun yet; at most this long, or without a limit.
    #[arg(long, value_name = "SPAN", num_args = 0..=1, require_equals = true, value_parser = fine_span_ms,
          default_missing_value = "520w", help_heading = "Following")]
    wait: Option<i64>,
    #[command(flatten)]
    lasting: LastingArgs,
    #[command(flatten)]
    server: ServerArgs,
}

/// Follows the run to its end.
pub(crate) fn run(args: &FollowArgs) -> anyhow::Result<ExitCode> {
    failure::end(args.follow(), false)
}

impl FollowArgs {
    fn follow(&self) -> Result<u8, Failure> {
        let client = self.server.builder(None)?.retries(0).build()?;
        let request_id = &self.run.request_id;
        // The first poll fails at once if the server cannot be reached.
        let mut news = client.attempts(request_id, &self.run.within(&self.server), Some(NEWS))?;
        let mut look = Look { client: &client, request_id, patience: self.lasting.patience() };
        let began = clock::monotonic();
        let wait = Duration::from_millis(self.wait.unwrap_or_default().unsigned_abs());
        let mut is_waiting = false;
        let first = loop {
            if let Some(run) = latest(news) {
                break run;
            }
            if self.wait.is_some() && !std::mem::replace(&mut is_waiting, true) {
                say!("waiting for the run `{}` to begin", one_line(request_id));
            }
            if began.elapsed() >= wait {
                return Err(self.run.missing());
            }
            std::thread::sleep(LOOK_EVERY);
            news = look.at(&self.run.within(&self.server), Some(NEWS))?;
        };
        let within = RunFilter {
            function: Some(first.function_name.clone()),
            namespace: Some(first.namespace.clone()),
            region: Some(first.region.clone()),
            ..RunFilter::default()
        };
        let mut growth = Growth::default();
        let mut seen = None;
        loop {
            let is_it = |run: &RunRow| run.retry_num == first.retry_num;
            let newest = latest(look.at(&within, Some(NEWS))?.into_iter().filter(is_it).collect());
            if let Some(newest) = newest
                && seen != Some(newest.seq)
                && let Some(run) = latest(look.at(&within, None)?.into_iter().filter(is_it).collect())
            {
                seen = Some(run.seq);
                growth.print(&run.log)?;
                if run.ret_code != RET_RUNNING {
                    return Ok(end(&run));
                }
            }
            std::thread::sleep(LOOK_EVERY);
        }
    }
}

/// A run that is polled.
struct Look<'a> {
    client: &'a Client,
    request_id: &'a str,
    patience: Patience,
}

impl Look<'_> {
    fn at(&mut self, within: &RunFilter, fields: Option<&str>) -> Result<Vec<RunRow>, Failure> {
        loop {
            match self.client.attempts(self.request_id, within, fields) {
                Ok(runs) => {
                    self.patience.found();
                    return Ok(runs);
                }
                Err(error) => self.patience.wait(error).map_err(lost)?,
            }
        }
    }
}

/// Of several runs, the one that started last.
fn latest(runs: Vec<RunRow>) -> Option<RunRow> {
    runs.into_iter().max_by_key(|run| (run.start_time, run.seq))
}

/// Prints how the run ended, and returns its exit code.
fn end(run: &RunRow) -> u8 {
    let (word, _) = result(run.ret_code.into());
    let (function, took) = (one_line(&run.function_name), units::duration(run.duration));
    let message = Some(one_line(&run.ret_msg)).filter(|text| !text.is_empty() && run.ret_code != RET_OK);
    say!("{function}: {word} after {took}{}", message.map_or_else(String::new, |text| format!(": {text}")));
    exit_code(run)
}

fn exit_code(run: &RunRow) -> u8 {
    if let Some(code) = run.exit_code {
        return u8::try_from(code).unwrap_or(EXIT_FAILED);
    }
    // `runlog run` says so of a command without an exit code.
    let signal =
        run.ret_msg.strip_prefix("ended by signal ").and_then(|rest| rest.split(' ').next()?.parse::<u8>().ok());
    match signal {
        _ if run.ret_code == RET_OK => 0,
        Some(signal) if signal < SIGNAL_EXIT => SIGNAL_EXIT + signal,
        _ => EXIT_FAILED,
    }
}

/// An output that grows with each report.
#[derive(Default)]
struct Growth {
    /// The output of the last report.
    printed: String,
}

impl Growth {
    fn print(&mut self, log: &str) -> io::Result<()> {
        let (is_whole, more) = self.more(log);
        let more = more.to_owned();
        if !is_whole {
            say!("[a part was left out here; `runlog show --log` prints everything that was kept]");
        }
        log.clone_into(&mut self.printed);
        let mut out = io::stdout().lock();
        if out.is_terminal() {
            out.write_all(for_a_terminal(&more).as_bytes())?;
        } else {
            out.write_all(more.as_bytes())?;
        }
        out.flush()
    }

    /// The new part of an output, and whether it continues where the last one ended. An output that is too long for a
    /// report lacks a part of its middle.
    fn more<'a>(&self, log: &'a str) -> (bool, &'a str) {
        if let Some(more) = log.strip_prefix(self.printed.as_str()) {
            return (true, more);
        }
        let start = self.printed.ceil_char_boundary(self.printed.len().saturating_sub(ANCHOR_BYTES));
        let anchor = &self.printed[start..];
        if let Some(at) = memchr::memmem::rfind(log.as_bytes(), anchor.as_bytes()) {
            return (true, &log[at + anchor.len()..]);
        }
        // The common beginning has been printed.
        let same = self.printed.bytes().zip(log.bytes()).take_while(|(a, b)| a == b).count();
        (false, &log[log.floor_char_boundary(same)..])
    }
}

/// An output that is safe for a terminal: with colours and the carriage returns of progress bars, but without any other
/// control characters.
fn for_a_terminal(output: &str) -> String {
    let parts: Vec<_> = output.split('\r').map(|part| harmless(part, true)).collect();
    parts.join("\r")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn more(before: &str, log: &str) -> (bool, String) {
        let growth = Growth { printed: before.to_owned() };
        let (is_whole, more) = growth.more(log);
        (is_whole, more.to_owned())
    }

    #[test]
    fn only_what_is_new_is_printed() {
        assert_eq!(more("", "a\nb"), (true, "a\nb".to_owned()));
        assert_eq!(more("a\nb", "a\nb好\n"), (true, "好\n".to_owned()));
        assert_eq!(more("a\n", "a\n"), (true, String::new()));
    }

    #[test]
    fn an_output_that_lost_its_middle_goes_on_at_its_end() {
        let line = |at: usize| format!("line {at} of many\n");
        let lines = |range: std::ops::Range<usize>| range.map(line).collect::<String>();
        let before = lines(0..500);
        let log = format!("{}... left out ...\n{}", lines(0..100), lines(400..600));
        assert_eq!(more(&before, &log), (true, lines(500..600)));
        let log = format!("{}... left out ...\n{}", lines(0..100), lines(900..1000));
        assert_eq!(more(&before, &log), (false, format!("... left out ...\n{}", lines(900..1000))));
    }

    #[test]
    fn a_terminal_gets_colours_and_progress_bars_and_no_more() {
        let output = "10%\r\x1b[32m20%\x1b[0m\r\n\x1b[2J\x1b]0;title\x07\n";
        assert_eq!(for_a_terminal(output), "10%\r\x1b[32m20%\x1b[0m\r\n␛[2J␛]0;title␇\n");
    }

    #[test]
    fn exit_codes_of_runs() {
        let run = |ret_code, exit_code, ret_msg: &str| RunRow {
            ret_code,
            exit_code,
            ret_msg: ret_msg.to_owned(),
            ..RunRow::default()
        };
        for (run, code) in [
            (run(0, Some(0), ""), 0),
            (run(0, None, ""), 0),
            (run(430, Some(7), "exit code 7"), 7),
            (run(3, Some(143), "exit code 143 after a signal"), 143),
            (run(3, None, "ended by signal 9 (SIGKILL)"), 137),
            (run(433, None, "ended after its time limit of 1.5 s"), 1),
            (run(430, None, "boom"), 1),
            (run(430, Some(-1), ""), 1),
            (run(0, None, "ended by signal 9 (SIGKILL)"), 0),
        ] {
            assert_eq!(exit_code(&run), code, "{run:?}");
        }
    }
}
