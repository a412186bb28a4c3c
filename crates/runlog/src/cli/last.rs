//! `runlog last`: the last run, of all functions or of one, with its whole output; or the last few as a table.

use std::io::{self, BufWriter};
use std::process::ExitCode;

use runlog_client::RunQuery;

use super::read::print::{Format, Printer};
use super::read::{FilterArgs, OutputArgs, RequestArgs};
use crate::cli::common::failure::{EXIT_EMPTY, EXIT_OK, Failure, end};
use crate::cli::common::say::say;
use crate::cli::common::server::ServerArgs;
use crate::cli::common::units::count;

const EXAMPLES: &str = "\
Examples:
  runlog last nightly-report                how did it go, and what did it print
  runlog last nightly-report --errors       the last time that it failed
  runlog last -n 10                         the last ten runs of all functions
  runlog last nightly-report -o raw         its output alone";

/// Arguments of `runlog last`.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct LastArgs {
    #[command(flatten)]
    filter: FilterArgs,
    /// How many runs to show, latest start first; several are printed as a table.
    #[arg(short = 'n', long, value_name = "N", default_value_t = 1, help_heading = "Which runs",
          value_parser = clap::value_parser!(u64).range(1..=1_000))]
    runs: u64,
    #[command(flatten)]
    output: OutputArgs,
    /// Exit with 3 if there is none.
    #[arg(long, help_heading = "Output")]
    fail_empty: bool,
    #[command(flatten)]
    request: RequestArgs,
    #[command(flatten)]
    server: ServerArgs,
}

/// Prints the last run or runs.
pub(crate) fn run(args: &LastArgs) -> anyhow::Result<ExitCode> {
    end(args.last(), args.fail_empty)
}

impl LastArgs {
    fn last(&self) -> Result<u8, Failure> {
        let usual = if self.runs == 1 { Format::Text } else { Format::Table };
        let format = self.output.format().unwrap_or(usual);
        let query = RunQuery {
            filter: self.filter.filter(&self.server),
            limit: Some(self.runs),
            fields: format.fields().map(str::to_owned),
            ..RunQuery::default()
        };
        if self.request.is_printed(&self.server, false, |client| client.runs_url(&query))? {
            return Ok(EXIT_OK);
        }
        let page = self.server.client()?.runs(&query)?;
        let out = BufWriter::new(io::stdout());
        let mut printer = Printer::new(out, format, self.output.time_zone, self.output.is_coloured());
        for run in &page.runs {
            printer.run(run)?;
        }
        let printed = printer.finish()?;
        if page.total > 0 {
            say!("the last {} of {} runs", count(printed), count(page.total));
        } else {
            match &query.filter.function {
                Some(function) => say!("no run of {function}"),
                None => say!("no runs"),
            }
        }
        Ok(if self.fail_empty && printed == 0 { EXIT_EMPTY } else { EXIT_OK })
    }
}
