//! `runlog report memory`: the flags.

use clap::Args;
use runlog_report::Sizing;

use super::show::show;
use super::source::SourceArgs;
use crate::cli::common::failure::Failure;

/// Arguments of `runlog report memory`.
#[derive(Args)]
pub(super) struct MemoryArgs {
    #[command(flatten)]
    sizing: SizingArgs,
    #[command(flatten)]
    source: SourceArgs,
}

/// How memory is configured.
#[derive(Clone, Copy, Debug, Args)]
pub(super) struct SizingArgs {
    /// The configured memory, in MB, of versions whose logs have no Report line.
    #[arg(long, value_name = "MB")]
    limit: Option<u64>,
    /// Memory is configured in steps of this many MB; the smallest size is 64 MB.
    #[arg(long, value_name = "MB", default_value_t = 128, value_parser = clap::value_parser!(u64).range(1..=10_240))]
    step: u64,
    /// Runs that a version needs before less memory is advised.
    #[arg(long, value_name = "N", default_value_t = 30)]
    min_runs: u64,
}

impl SizingArgs {
    pub(super) fn sizing(self) -> Sizing {
        Sizing { limit_mb: self.limit, step_mb: self.step, min_runs: self.min_runs }
    }
}

pub(super) fn run(args: &MemoryArgs) -> Result<u8, Failure> {
    let found = runlog_report::memory(&args.source.open()?, &args.sizing.sizing())?;
    show(found, args.source.output, false)
}
