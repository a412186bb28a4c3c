//! `runlog pull`: mirrors run logs from any server of the signed API, window by window.
//!
//! It uses the lists of functions and versions if the server has them, and `GetFunctionLogs`. The state is saved after
//! each window, so a pull that was stopped continues where it stopped. Recent windows, and those with runs in flight,
//! are read again the next time.

mod fetch;
mod pace;
mod source;
mod spans;
mod state;

use std::path::PathBuf;
use std::process::ExitCode;

use runlog_client::{NewRun, PutReport};
use runlog_core::limits::DAY_MS;
use runlog_core::{Window, Zone};
use runlog_server::clock;
use runlog_store::operate::Progress;

use self::fetch::{Fetch, Fetched};
use self::source::{SourceArgs, Unit};
use self::spans::Spans;
use self::state::State;
use crate::cli::common::failure::{Failure, end};
use crate::cli::common::progress::Bar;
use crate::cli::common::say::say;
use crate::cli::common::target::{Batch, Target, TargetArgs};
use crate::cli::common::units::count;
use crate::cli::common::window::{Moments, long_span_ms};

/// Exit code if not everything could be mirrored.
const EXIT_PARTIAL: u8 = 1;

/// Maximum number of refusals to print.
const REFUSED_SHOWN: u64 = 20;

/// The refusal of a target that has too many runs in flight; it may accept the same run later.
const REFUSED_FOR_NOW: &str = "InFlightLimit";

/// The longest window of the API, in milliseconds. Windows end at midnight UTC, so that another pull has the same ones.
const WINDOW_MS: i64 = DAY_MS;

const EXAMPLES: &str = "\
Examples:
  runlog pull --source https://runlog.example --since 7d       the last week of another server
  runlog pull --source https://runlog.example --function nightly-report --output runs.ndjson
Run it again, in a crontab for instance: it goes on where it was.";

/// Arguments of `runlog pull`.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct PullArgs {
    #[command(flatten)]
    source: SourceArgs,
    /// Only this function; may be given several times [default: every function of the namespace].
    #[arg(long = "function", value_name = "NAME")]
    functions: Vec<String>,
    /// The namespace.
    #[arg(long, value_name = "NAME", default_value = "default")]
    namespace: String,
    /// Only this version or alias [default: every version that the server lists].
    #[arg(long, value_name = "VERSION")]
    qualifier: Option<String>,
    /// How far to look back from --to: 90s, 1h30m, 30d [default: 1d].
    #[arg(long, value_name = "SPAN", value_parser = long_span_ms, conflicts_with = "from")]
    since: Option<i64>,
    /// The earliest start: 2026-07-01 08:00:00, 2026-07-01, today, yesterday, or RFC 3339 with a zone.
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// The latest start, including its whole second [default: now].
    #[arg(long, value_name = "TIME")]
    to: Option<String>,
    /// The time zone of the source's times.
    #[arg(long, value_name = "ZONE", default_value = "+08:00")]
    time_zone: Zone,
    /// How much of the recent past to read again the next time, because runs may arrive late.
    #[arg(long, value_name = "SPAN", default_value = "1h", value_parser = long_span_ms)]
    overlap: i64,
    /// Maximum number of requests per second; 0: as fast as they are answered.
    #[arg(long, value_name = "N", default_value_t = 5)]
    rate: u32,
    /// Maximum number of runs per request; fewer are requested if their logs are very long.
    #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = clap::value_parser!(u64).range(1..=10_000))]
    page: u64,
    /// The state file, which records what has been pulled [default: a file for this pull in the user's state folder].
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
    /// Append the runs to this NDJSON file instead of storing them.
    #[arg(short, long, value_name = "FILE", conflicts_with_all = ["endpoint", "data"])]
    output: Option<PathBuf>,
    #[command(flatten)]
    target: TargetArgs,
}

/// Pulls, and prints the result.
pub(crate) fn run(args: &PullArgs) -> anyhow::Result<ExitCode> {
    end(args.pull(), false)
}

impl PullArgs {
    fn pull(&self) -> Result<u8, Failure> {
        let window = self.window(clock::now_ms()).map_err(Failure::Usage)?;
        let source = self.source.open(&self.namespace, self.time_zone, self.rate, self.page)?;
        let target_name = self.target.name(self.output.as_deref());
        let state = State::open(self.state.as_deref(), &source.identity(), &target_name)?;
        let target = self.target.open(self.output.as_deref())?;
        let mut pull = Pull {
            region: source.region().map(str::to_owned),
            fetch: Fetch::new(source),
            target,
            state,
            namespace: self.namespace.clone(),
            overlap_ms: self.overlap,
            bar: Bar::steps("pull"),
            total: Total::default(),
        };
        let units = pull.fetch.source().units(&self.functions, self.qualifier.as_deref())?;
        let todo: Vec<(Unit, Window)> = units
            .into_iter()
            .flat_map(|unit| {
                let left = window.without(&pull.state.done(&unit));
                left.split(WINDOW_MS).into_iter().map(move |window| (unit.clone(), window))
            })
            .collect();
        let steps = todo.len() as u64;
        for (done, (unit, window)) in (0..).zip(todo) {
            pull.bar.show(Progress { done, total: steps });
            pull.window(&unit, window)?;
        }
        pull.finish(&window, self.time_zone)
    }

    /// The window to pull. `now_ms` is the current time in Unix milliseconds.
    fn window(&self, now_ms: i64) -> Result<Spans, String> {
        let ends = Moments::civil(self.time_zone, now_ms).ends(self.from.as_ref(), self.to.as_ref())?;
        let (from_ms, to_ms) = ends.closed(now_ms, self.since.unwrap_or(WINDOW_MS));
        if to_ms < from_ms {
            return Err("the window ends before it starts".to_owned());
        }
        // Whole seconds, as the API counts.
        let second = |ms: i64| ms.div_euclid(1000).saturating_mul(1000);
        Ok(Spans::one(second(from_ms).max(0), second(to_ms).saturating_add(1000)))
    }
}

/// Counts of the pulled runs.
#[derive(Default)]
struct Total {
    pulled: u64,
    accepted: u64,
    duplicates: u64,
    refused: u64,
    running: u64,
    out_of_reach: u64,
}

/// A running pull.
struct Pull {
    fetch: Fetch,
    region: Option<String>,
    target: Target,
    state: State,
    namespace: String,
    overlap_ms: i64,
    bar: Bar,
    total: Total,
}

impl Pull {
    /// Mirrors a window, in as many parts as it takes.
    fn window(&mut self, unit: &Unit, window: Window) -> Result<(), Failure> {
        let mut parts = vec![window];
        while let Some(part) = parts.pop() {
            let asked_ms = clock::now_ms();
            let (batch, refused_for_now) = (&mut Batch::default(), &mut false);
            let (target, bar, total) = (&mut self.target, &self.bar, &mut self.total);
            let (namespace, region) = (&self.namespace, &self.region);
            let mut put = |batch: &mut Batch<()>, total: &mut Total| {
                let (_, runs) = batch.take();
                if !runs.is_empty() {
                    *refused_for_now |= total.add(&target.put(runs)?, unit, bar);
                }
                Ok::<_, Failure>(())
            };
            let fetched = self.fetch.window(unit, part, &mut |run| {
                total.pulled += 1;
                let own = NewRun {
                    namespace: Some(namespace.clone()),
                    qualifier: unit.label.clone(),
                    region: region.clone(),
                    ..run
                };
                batch.push((), own);
                if batch.is_full() { put(batch, total) } else { Ok(()) }
            })?;
            put(batch, total)?;
            let Fetched::Whole { running, out_of_reach } = fetched else {
                if let Fetched::Parts(more) = fetched {
                    parts.extend(more.into_iter().rev());
                }
                continue;
            };
            total.running += running;
            total.out_of_reach += out_of_reach;
            if out_of_reach > 0 {
                let (at, many) = (self.fetch.source().written(part.start_ms), count(out_of_reach));
                bar.print(&format!("{unit}: {many} more runs at {at} cannot be read over the API"));
            }
            let is_settled = part.end_ms.saturating_add(self.overlap_ms) <= asked_ms;
            if is_settled && running == 0 && out_of_reach == 0 && !*refused_for_now {
                self.state.add(unit, part)?;
            }
            self.bar.say(&format!("pull: {} runs, {unit}", count(self.total.pulled)));
        }
        Ok(())
    }

    fn finish(self, window: &Spans, zone: Zone) -> Result<u8, Failure> {
        drop(self.bar);
        self.target.close()?;
        let Total { pulled, accepted, duplicates, refused, running, out_of_reach } = self.total;
        let again =
            if running > 0 { format!("; {} in flight, to be read again", count(running)) } else { String::new() };
        let lost = if out_of_reach > 0 { format!(", {} out of reach", count(out_of_reach)) } else { String::new() };
        say!(
            "{}: {} pulled, {} accepted, {} duplicates, {} refused{lost}{again}",
            window.written(zone),
            count(pulled),
            count(accepted),
            count(duplicates),
            count(refused),
        );
        say!("the state of this pull is in {}", self.state.path().display());
        Ok(if refused == 0 && out_of_reach == 0 { 0 } else { EXIT_PARTIAL })
    }
}

impl Total {
    /// Adds the result of a batch. Returns whether a run was refused that may be accepted later.
    fn add(&mut self, report: &PutReport, unit: &Unit, bar: &Bar) -> bool {
        self.accepted += report.accepted;
        self.duplicates += report.duplicates;
        for refused in &report.refused {
            self.refused += 1;
            if self.refused <= REFUSED_SHOWN {
                bar.print(&format!("{unit}: {}: {}", refused.code, refused.message.trim_end()));
            }
        }
        report.refused.iter().any(|refused| refused.code == REFUSED_FOR_NOW)
    }
}
