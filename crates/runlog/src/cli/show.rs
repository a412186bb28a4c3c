//! `runlog show`: one run by its id, with all its fields and its whole output. No window is needed.

use std::io::{self, BufWriter};
use std::process::ExitCode;

use super::read::print::{Format, Printer};
use super::read::{OutputArgs, RequestArgs, RunIdArgs};
use crate::cli::common::failure::{EXIT_EMPTY, EXIT_OK, Failure, end};
use crate::cli::common::say::say;
use crate::cli::common::server::ServerArgs;
use crate::cli::common::units::count;

const EXAMPLES: &str = "\
Examples:
  runlog show 61fbd1dc-10ae-47f7-9879-7a080245df3c
  runlog show 61fbd1dc-10ae-47f7-9879-7a080245df3c --log | less -R
  runlog show 61fbd1dc-10ae-47f7-9879-7a080245df3c -o json";

/// Arguments of `runlog show`.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ShowArgs {
    #[command(flatten)]
    run: RunIdArgs,
    /// Print only the output of the run, byte for byte; the same as -o raw.
    #[arg(long, conflicts_with = "output", help_heading = "Output")]
    log: bool,
    #[command(flatten)]
    output: OutputArgs,
    /// Exit with 3 instead of 1 if there is no such run.
    #[arg(long, help_heading = "Output")]
    fail_empty: bool,
    #[command(flatten)]
    request: RequestArgs,
    #[command(flatten)]
    server: ServerArgs,
}

/// Prints the run.
pub(crate) fn run(args: &ShowArgs) -> anyhow::Result<ExitCode> {
    end(args.show(), args.fail_empty)
}

impl ShowArgs {
    fn show(&self) -> Result<u8, Failure> {
        let format = if self.log { Format::Raw } else { self.output.format().unwrap_or(Format::Text) };
        let (request_id, within) = (&self.run.request_id, self.run.within(&self.server));
        if self
            .request
            .is_printed(&self.server, false, |client| client.attempts_url(request_id, &within, format.fields()))?
        {
            return Ok(EXIT_OK);
        }
        let attempts = self.server.client()?.attempts(request_id, &within, format.fields())?;
        if attempts.is_empty() {
            let missing = self.run.missing();
            if self.fail_empty {
                say!("{missing}");
                return Ok(EXIT_EMPTY);
            }
            return Err(missing);
        }
        if attempts.len() > 1 {
            say!("{} attempts or runs with this id, earliest first", count(attempts.len() as u64));
        }
        let out = BufWriter::new(io::stdout());
        let mut printer = Printer::new(out, format, self.output.time_zone, self.output.is_coloured());
        for run in &attempts {
            printer.run(run)?;
        }
        printer.finish()?;
        Ok(EXIT_OK)
    }
}
