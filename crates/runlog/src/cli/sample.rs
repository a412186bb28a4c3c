//! `runlog sample`: prints generated runs as NDJSON, for experiments and benchmarks.

use std::io::{self, BufWriter, Write};
use std::process::ExitCode;

use anyhow::anyhow;
use runlog_core::Zone;
use runlog_core::limits::DAY_MS;
use runlog_core::moment::moment_ms;
use runlog_server::clock;

use crate::sample::Plan;

/// Arguments of `runlog sample`.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  runlog sample --runs 1000 | runlog import")]
pub(crate) struct SampleArgs {
    /// Number of runs.
    #[arg(long, default_value_t = 1000)]
    runs: u64,
    /// The same seed gives the same runs.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Number of functions.
    #[arg(long, default_value_t = 200)]
    functions: u32,
    /// The first moment of the day, such as `2026-07-01` or `today` (UTC) [default: a day ago].
    #[arg(long, value_name = "TIME")]
    day: Option<String>,
}

/// Prints the runs.
pub(crate) fn run(args: &SampleArgs) -> anyhow::Result<ExitCode> {
    let day_start_ms = match &args.day {
        Some(text) => {
            let day = moment_ms(text, Zone::UTC, clock::now_ms());
            day.map_err(|error| anyhow!("--day: {error}"))?
        }
        None => clock::now_ms() - DAY_MS,
    };
    let plan = Plan { functions: args.functions, ..Plan::day(args.seed, args.runs, day_start_ms) };
    let mut out = BufWriter::with_capacity(1 << 20, io::stdout().lock());
    for run in plan.generate() {
        // As an io::Error, so that a closed pipe is recognised.
        serde_json::to_writer(&mut out, &run).map_err(io::Error::from)?;
        out.write_all(b"\n")?;
    }
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}
