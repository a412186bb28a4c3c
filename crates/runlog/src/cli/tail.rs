//! `runlog tail`: runs as they are accepted. It reconnects by itself, and nothing is missed in between.
//!
//! Ctrl-C ends it with `N runs, 0 missed` on standard error: each event names the one before, so the number is known.

use std::io::{self, BufWriter};
use std::process::ExitCode;

use super::read::lasting::last_seq;
use super::read::live::{Live, LiveArgs, Tally};
use super::read::print::{Format, Printer};
use super::read::{FilterArgs, OutputArgs, RequestArgs};
use crate::cli::common::failure::{EXIT_OK, Failure, end};
use crate::cli::common::say::say;
use crate::cli::common::server::ServerArgs;
use crate::cli::common::window::fine_span_ms;

const EXAMPLES: &str = "\
Examples:
  runlog tail                                  every run, when it begins and when it ends
  runlog tail nightly-report -o raw            what a function prints, run after run
  runlog tail --errors -o ndjson | notify      one JSON object a line
  runlog tail --from-seq 4711                  go on where another tail was ended
  runlog query -f --limit 50                   with the last 50 runs before it

Ctrl-C says how many runs came, and how many were missed. Exit code 5: the tail was cut, or something is missing.";

/// Arguments of `runlog tail`.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct TailArgs {
    #[command(flatten)]
    filter: FilterArgs,
    /// Only runs that took at least this long: 1s, 500ms, 2m.
    #[arg(long, value_name = "SPAN", value_parser = fine_span_ms, help_heading = "Which runs")]
    slow: Option<i64>,
    /// Start after this sequence number, which may be in the past; 0 starts with the oldest run [default: now].
    #[arg(long, value_name = "SEQ", help_heading = "Following")]
    from_seq: Option<u64>,
    #[command(flatten)]
    live: LiveArgs,
    #[command(flatten)]
    output: OutputArgs,
    #[command(flatten)]
    request: RequestArgs,
    #[command(flatten)]
    server: ServerArgs,
}

/// Follows until the user ends it.
pub(crate) fn run(args: &TailArgs) -> anyhow::Result<ExitCode> {
    end(args.tail(), false)
}

impl TailArgs {
    fn tail(&self) -> Result<u8, Failure> {
        let filter = self.filter.filter(&self.server);
        if self.request.is_printed(&self.server, true, |client| client.tail_url(&filter, self.from_seq))? {
            return Ok(EXIT_OK);
        }
        // The tail itself retries once, for a connection that the server closed because of its age.
        let client = self.server.builder(None)?.retries(1).build()?;
        // Checked first, so that an unreachable or refusing server is an error at once, and the tail has a starting
        // point.
        let last = last_seq(&client, &filter)?;
        let from_seq = self.from_seq.unwrap_or(last);
        let format = self.output.format().unwrap_or(Format::Table);
        say!("after {from_seq}; Ctrl-C ends it");
        let out = BufWriter::new(io::stdout());
        let printer = Printer::live(out, format, self.output.time_zone, self.output.is_coloured());
        Live { filter, from_seq, slow_ms: self.slow, format, tally: Tally::default() }.run(&client, &self.live, printer)
    }
}
