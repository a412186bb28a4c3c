//! `runlog report slow`: the flags.

use clap::Args;
use runlog_report::Judge;

use super::show::show;
use super::source::SourceArgs;
use crate::cli::common::failure::Failure;

/// How a difference is judged.
#[derive(Clone, Copy, Debug, Args)]
pub(super) struct JudgeArgs {
    /// By how many per cent the median must differ to count.
    #[arg(long, value_name = "PERCENT", default_value_t = 5.0)]
    threshold: f64,
    /// How likely a difference may be by chance alone to count.
    #[arg(long, value_name = "P", default_value_t = 0.01)]
    alpha: f64,
    /// Exit with 1 when something became slower, or fails more.
    #[arg(long)]
    pub(super) fail_on_regression: bool,
}

/// Arguments of `runlog report slow`.
#[derive(Args)]
pub(super) struct SlowArgs {
    /// How many of the slowest runs to list.
    #[arg(long, value_name = "N", default_value_t = 10)]
    slowest: usize,
    #[command(flatten)]
    judge: JudgeArgs,
    #[command(flatten)]
    source: SourceArgs,
}

impl JudgeArgs {
    pub(super) fn judge(self) -> Judge {
        Judge { threshold_percent: self.threshold, alpha: self.alpha }
    }
}

pub(super) fn run(args: &SlowArgs) -> Result<u8, Failure> {
    let (source, zone) = (args.source.open()?, args.source.span.time_zone);
    let found = runlog_report::slow(&source, &args.judge.judge(), args.slowest, zone)?;
    show(found, args.source.output, args.judge.fail_on_regression)
}
