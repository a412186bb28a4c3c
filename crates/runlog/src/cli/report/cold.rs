//! `runlog report cold`: the flags.

use clap::Args;

use super::show::show;
use super::source::SourceArgs;
use crate::cli::common::failure::Failure;

/// Arguments of `runlog report cold`.
#[derive(Args)]
pub(super) struct ColdArgs {
    #[command(flatten)]
    source: SourceArgs,
}

pub(super) fn run(args: &ColdArgs) -> Result<u8, Failure> {
    show(runlog_report::cold(&args.source.open()?)?, args.source.output, false)
}
