//! `runlog report`: what the runs of a window say about memory, cold starts, cost and speed, each with a decision.
//!
//! The figures are those of the crate `report`, computed of all finished runs of one moment, as the server's export
//! gives them.

mod cold;
mod compare;
mod cost;
mod memory;
mod show;
mod slow;
mod source;

use std::process::ExitCode;

use clap::Subcommand;

use crate::cli::common::failure::end;

/// Arguments of `runlog report`.
#[derive(clap::Args)]
pub(crate) struct ReportArgs {
    #[command(subcommand)]
    report: Report,
}

#[derive(Subcommand)]
enum Report {
    /// The configured memory of each function against what its runs used: what to set.
    Memory(memory::MemoryArgs),
    /// How many runs were cold starts, and what that cost in time.
    Cold(cold::ColdArgs),
    /// GB-seconds and money of each function, and where most can be saved.
    Cost(cost::CostArgs),
    /// Percentiles of each function version, the slowest runs, and what became slower than in the window before.
    Slow(slow::SlowArgs),
    /// Whether one version, function or window is slower, or fails more, than another.
    Compare(compare::CompareArgs),
}

/// Does what the arguments ask.
pub(crate) fn run(args: ReportArgs) -> anyhow::Result<ExitCode> {
    let result = match args.report {
        Report::Memory(args) => memory::run(&args),
        Report::Cold(args) => cold::run(&args),
        Report::Cost(args) => cost::run(&args),
        Report::Slow(args) => slow::run(&args),
        Report::Compare(args) => compare::run(&args),
    };
    end(result, false)
}
