//! Runs as they are accepted, until somebody ends it: what `tail` and `query --follow` share.
//!
//! The tail itself (the client's) checks of each event that the one before it has come, and goes on where it was after
//! a lost connection. Here is counted what came, so that the end can say that nothing was missed.

use std::collections::HashSet;
use std::io::{self, BufWriter, IsTerminal, Stdout};
use std::process;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use anyhow::Context;
use runlog_client::{Client, RunFilter, RunRow, TailEvent, TailGap};
use runlog_core::RET_RUNNING;
use runlog_runner::not_ignored;
use runlog_server::clock;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use super::lasting::{LastingArgs, Patience, last_seq, lost};
use super::print::{Format, Printer};
use crate::cli::common::failure::{EXIT_CUT, EXIT_OK, Failure};
use crate::cli::common::say::say;
use crate::cli::common::units::count;

/// How long a requested end waits for a reader that does not take the output.
const PRINT_PATIENCE: Duration = Duration::from_secs(2);

/// How long runs are followed.
#[derive(clap::Args)]
#[command(next_help_heading = "Following")]
pub(in crate::cli) struct LiveArgs {
    /// End when this many runs have finished, instead of continuing until Ctrl-C.
    #[arg(long, value_name = "N")]
    count: Option<u64>,
    #[command(flatten)]
    lasting: LastingArgs,
}

/// What is followed, and how it is printed.
pub(in crate::cli) struct Live {
    pub(in crate::cli) filter: RunFilter,
    /// Begin after this sequence number.
    pub(in crate::cli) from_seq: u64,
    /// Only runs that took at least so long, in milliseconds.
    pub(in crate::cli) slow_ms: Option<i64>,
    pub(in crate::cli) format: Format,
    /// What was printed before the tail begins.
    pub(in crate::cli) tally: Tally,
}

/// What has come.
#[derive(Default)]
pub(in crate::cli) struct Tally {
    finished: u64,
    in_flight: HashSet<String>,
    /// The last event.
    last_seq: u64,
    /// Events that came in a wrong place.
    missed: u64,
    /// Reports that were removed on the server before the tail came to them. Which would have matched is not known.
    removed: u64,
    /// The tail began with what was oldest then, so that nothing before that is missed.
    is_from_the_oldest: bool,
}

/// The counts that the last line reports, whatever ended the tail.
struct State {
    printer: Printer<BufWriter<Stdout>>,
    tally: Tally,
    /// The connection is lost, and there is no other one yet.
    is_lost: bool,
}

impl Tally {
    /// Counts a report of a run; whether it is the first one of this run.
    pub(in crate::cli) fn see(&mut self, run: &RunRow) -> bool {
        let key = [&run.region, &run.namespace, &run.function_name, &run.request_id].map(String::as_str).join("\0");
        let key = format!("{key}\0{}", run.retry_num);
        if run.ret_code == RET_RUNNING {
            return self.in_flight.insert(key);
        }
        self.finished += 1;
        !self.in_flight.remove(&key)
    }

    /// Checks an event's place: it follows the last one, and what it names as the one before is not earlier than that.
    fn check(&mut self, event: &TailEvent) {
        if event.prev_seq < self.last_seq || event.run.seq <= event.prev_seq {
            self.missed += 1;
        }
        self.last_seq = self.last_seq.max(event.run.seq);
        if let Some(gap) = event.gap.filter(|gap| gap.after_seq > 0 || !self.is_from_the_oldest) {
            self.removed += gap.to_seq.saturating_sub(gap.after_seq);
            let (TailGap { after_seq, to_seq, .. }, why) = (gap, reason(gap));
            say!(
                "warning: runs after {after_seq} up to {to_seq} may be missing: {why} before the tail reached \
                       them"
            );
        }
    }

    /// What is missing, in words, and whether anything is.
    fn told(&self) -> (String, bool) {
        match (self.missed, self.removed) {
            (missed, 0) => (format!("{} missed", count(missed)), missed > 0),
            (missed, removed) => (format!("up to {} missed", count(missed + removed)), true),
        }
    }

    fn runs(&self) -> u64 {
        self.finished + self.in_flight.len() as u64
    }
}

impl State {
    /// The last words, and the exit code.
    fn end(&self) -> (String, u8) {
        let (missed, is_missing) = self.tally.told();
        let mut words = format!("{} runs, {missed}", count(self.tally.runs()));
        if self.is_lost {
            words +=
                &format!("; the connection to the server is lost; continue with --from-seq {}", self.tally.last_seq);
        }
        (words, if is_missing || self.is_lost { EXIT_CUT } else { EXIT_OK })
    }
}

impl Live {
    /// Follows until the end; `client` is one that tries again once at most.
    pub(in crate::cli) fn run(
        self,
        client: &Client,
        args: &LiveArgs,
        printer: Printer<BufWriter<Stdout>>,
    ) -> Result<u8, Failure> {
        let tally = Tally { last_seq: self.from_seq, is_from_the_oldest: self.from_seq == 0, ..self.tally };
        let state = Arc::new(Mutex::new(State { printer, tally, is_lost: false }));
        end_on_signals(Arc::clone(&state))?;
        let mut patience = args.lasting.patience();
        let mut tail = client.tail(&self.filter, Some(self.from_seq));
        let is_enough = |state: &State| args.count.is_some_and(|wanted| state.tally.finished >= wanted);
        while !is_enough(&lock(&state)) {
            let error = match tail.next() {
                Some(Ok(event)) => {
                    let mut state = lock(&state);
                    state.tally.check(&event);
                    if self.slow_ms.is_none_or(|slow_ms| event.run.duration >= slow_ms as f64) {
                        let is_first = state.tally.see(&event.run);
                        if self.format.shows(&event.run, is_first) {
                            state.printer.run(&event.run)?;
                        }
                    }
                    continue;
                }
                Some(Err(error)) => error,
                None => return Err(Failure::Cut("the tail has ended".to_owned())),
            };
            lock(&state).is_lost = true;
            if let Err(error) = reach(client, &self.filter, &mut patience, error) {
                say!("{}", lock(&state).end().0);
                return Err(lost(error));
            }
            lock(&state).is_lost = false;
        }
        let (words, code) = lock(&state).end();
        say!("{words}");
        Ok(code)
    }
}

/// Why reports are not there.
fn reason(gap: TailGap) -> &'static str {
    match (gap.by_retention, gap.by_damage) {
        (true, true) => "retention and damage removed them",
        (_, true) => "damage removed them",
        _ => "retention removed them",
    }
}

/// Waits until the server answers again.
fn reach(
    client: &Client,
    filter: &RunFilter,
    patience: &mut Patience,
    mut error: runlog_client::Error,
) -> Result<(), runlog_client::Error> {
    loop {
        patience.wait(error)?;
        match last_seq(client, filter) {
            Ok(_) => {
                patience.found();
                return Ok(());
            }
            Err(next) => error = next,
        }
    }
}

/// Lets a signal end the program between two runs, after the last words. What our parent has us ignore (`nohup`) stays
/// ignored.
fn end_on_signals(state: Arc<Mutex<State>>) -> Result<(), Failure> {
    let wanted = not_ignored([SIGINT, SIGTERM, SIGHUP]);
    let mut signals = Signals::new(wanted).context("cannot take signals")?;
    thread::spawn(move || {
        if signals.forever().next().is_none() {
            return;
        }
        let asked = clock::monotonic();
        let code = loop {
            // The printing thread holds the state. If it is blocked by a reader that takes nothing, this does not wait
            // for it.
            if let Ok(state) = state.try_lock() {
                let (words, code) = state.end();
                // After the `^C` of a terminal.
                if io::stderr().is_terminal() {
                    say!("");
                }
                say!("{words}");
                break code;
            }
            if asked.elapsed() > PRINT_PATIENCE {
                say!("ended while a run was being printed");
                break EXIT_CUT;
            }
            thread::sleep(Duration::from_millis(5));
        };
        process::exit(code.into());
    });
    Ok(())
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Format {
    /// Whether a report of a run is printed. People see a run when it begins and when it ends, programs every report.
    pub(in crate::cli) fn shows(self, run: &RunRow, is_first: bool) -> bool {
        let is_finished = run.ret_code != RET_RUNNING;
        match self {
            Format::Table | Format::Wide => is_first || is_finished,
            Format::Text | Format::Raw => is_finished,
            Format::Json | Format::Ndjson | Format::Csv => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(seq: u64, id: &str, ret_code: i32) -> RunRow {
        RunRow { seq, request_id: id.to_owned(), ret_code, ..RunRow::default() }
    }

    #[test]
    fn a_run_counts_once_however_often_it_is_reported() {
        let mut tally = Tally::default();
        let first = [("a", 2), ("b", 0), ("a", 2), ("c", 2), ("a", 430), ("d", 0)]
            .map(|(id, ret_code)| tally.see(&report(1, id, ret_code)));
        assert_eq!(first, [true, true, false, true, false, true]);
        assert_eq!((tally.runs(), tally.in_flight.len()), (4, 1));
    }

    #[test]
    fn an_event_in_a_wrong_place_is_noticed() {
        let mut tally = Tally { last_seq: 10, ..Tally::default() };
        for (prev_seq, seq, missed) in [(10, 11, 0), (11, 15, 0), (17, 18, 0), (15, 20, 1), (20, 20, 2), (20, 19, 3)] {
            tally.check(&TailEvent { prev_seq, gap: None, run: report(seq, "r", 0) });
            assert_eq!(tally.missed, missed, "{prev_seq} {seq}");
        }
        assert_eq!(tally.told(), ("3 missed".to_owned(), true));
    }

    #[test]
    fn what_was_removed_before_the_tail_came_there_is_missed_unless_it_began_with_the_oldest() {
        let gap = |after_seq, to_seq| Some(TailGap { after_seq, to_seq, by_retention: true, by_damage: false });
        for (is_from_the_oldest, gap, told) in [
            (false, None, ("0 missed", false)),
            (false, gap(0, 4), ("up to 4 missed", true)),
            (true, gap(0, 4), ("0 missed", false)),
            (true, gap(2, 4), ("up to 2 missed", true)),
        ] {
            let mut tally = Tally { is_from_the_oldest, ..Tally::default() };
            tally.check(&TailEvent { prev_seq: 0, gap, run: report(5, "r", 0) });
            assert_eq!(tally.told(), (told.0.to_owned(), told.1), "{gap:?}");
        }
    }

    #[test]
    fn people_see_a_run_twice_and_programs_every_report() {
        let running = report(1, "r", RET_RUNNING);
        let finished = report(2, "r", 0);
        for (format, shown) in [
            (Format::Table, [true, false, true]),
            (Format::Wide, [true, false, true]),
            (Format::Raw, [false, false, true]),
            (Format::Ndjson, [true, true, true]),
        ] {
            let found = [format.shows(&running, true), format.shows(&running, false), format.shows(&finished, false)];
            assert_eq!(found, shown, "{format:?}");
        }
    }
}
