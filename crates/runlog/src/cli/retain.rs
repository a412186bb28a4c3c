//! `runlog retain`: tells a running server that its clock is right, so that it removes expired runs.

use std::io::{Write, stdout};
use std::process::ExitCode;

use runlog_client::RemovedRuns;

use crate::cli::common::failure::{self, EXIT_OK, EXIT_USAGE, Failure};
use crate::cli::common::progress::human;
use crate::cli::common::say::say;
use crate::cli::common::server::ServerArgs;

/// Arguments of `runlog retain`.
#[derive(clap::Args)]
#[command(after_help = "\
A server removes expired runs by itself. It waits if its clock is far ahead of everything it has seen, \
since a removal cannot be undone. Look at the clock of the server's machine before you confirm it.

Examples:
  runlog retain                                        whether the server waits, and why
  runlog retain --yes                                  the clock is right: remove expired runs now")]
pub(crate) struct RetainArgs {
    /// The server's clock is right: remove expired runs now, with a root key.
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    server: ServerArgs,
}

/// Says whether the server waits; with `--yes`, ends that.
pub(crate) fn run(args: &RetainArgs) -> anyhow::Result<ExitCode> {
    failure::end(retain(args), false)
}

fn retain(args: &RetainArgs) -> Result<u8, Failure> {
    let client = args.server.client()?;
    let mut out = stdout().lock();
    if args.yes {
        let RemovedRuns { runs, in_flight, bytes } = client.retain_trusting_clock()?;
        writeln!(out, "removed {runs} finished runs ({}) and {in_flight} runs in flight", human(bytes))?;
        return Ok(EXIT_OK);
    }
    let Some(ahead_ms) = client.readiness()?.clock_ahead_ms else {
        writeln!(out, "the server removes expired runs by itself; there is nothing to confirm")?;
        return Ok(EXIT_OK);
    };
    let hours = ahead_ms / 3_600_000;
    say!("The server's clock is {hours} hours ahead of everything it has seen, so it removes nothing.");
    say!("If the clock is right, run this again with --yes. Removed runs are lost.");
    Ok(EXIT_USAGE)
}
