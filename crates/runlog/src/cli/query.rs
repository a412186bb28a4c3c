//! `runlog query`: matching runs, over the native API: any window, unlimited paging, exact totals.
//!
//! Runs go to standard output, the window and the total to standard error.

use std::io::{self, BufWriter, Stdout};
use std::process::ExitCode;

use runlog_client::{Client, RunFilter, RunPage, RunQuery, RunRow};
use runlog_server::clock;

use super::read::live::{Live, LiveArgs, Tally};
use super::read::print::{Format, Printer};
use super::read::window::{WindowArgs, told};
use super::read::{FilterArgs, OutputArgs, RequestArgs};
use crate::cli::common::failure::{EXIT_EMPTY, EXIT_OK, Failure, end};
use crate::cli::common::say::say;
use crate::cli::common::server::ServerArgs;
use crate::cli::common::units::count;
use crate::cli::common::window::fine_span_ms;

/// Maximum number of runs on one page of the server.
const PAGE_MAX: u64 = 1_000;

/// Runs per page with `--all`: few enough that the first ones arrive soon.
const PAGE_OF_ALL: u64 = 500;

/// Maximum offset of the server.
const OFFSET_MAX: u64 = 10_000;

/// The order with the slowest first.
const SLOWEST_FIRST: &str = "duration:desc";

const EXAMPLES: &str = "\
Examples:
  runlog query --since 1h30m --errors                  what failed lately
  runlog query nightly-report --slow 1s --limit 5      the slowest runs of a function
  runlog query --from today -k timeout -o wide         with every field
  runlog query --all -o csv > runs.csv                 everything, page after page
  runlog query -f --errors                             the last failures, and those to come";

/// Arguments of `runlog query`.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct QueryArgs {
    #[command(flatten)]
    filter: FilterArgs,
    /// Only runs that took at least this long, slowest first: 1s, 500ms, 2m.
    #[arg(long, value_name = "SPAN", value_parser = fine_span_ms, help_heading = "Which runs")]
    slow: Option<i64>,
    /// Only the run with this id.
    #[arg(long, value_name = "ID", help_heading = "Which runs")]
    request_id: Option<String>,
    #[command(flatten)]
    window: WindowArgs,
    /// start_time, duration, mem_usage or function_name, followed by :asc or :desc [default: start_time:desc].
    #[arg(long, value_name = "KEY", value_parser = sort, help_heading = "Page")]
    sort: Option<String>,
    /// Maximum number of runs to print; 0 prints only the total.
    #[arg(long, value_name = "N", default_value_t = 20, help_heading = "Page")]
    limit: u64,
    /// Print every matching run, page after page.
    #[arg(long, conflicts_with = "limit", help_heading = "Page")]
    all: bool,
    /// Number of runs to skip, up to 10,000; a cursor reaches further.
    #[arg(long, value_name = "N", conflicts_with = "cursor", help_heading = "Page")]
    offset: Option<u64>,
    /// Continue where an earlier query ended, with the same filters and order.
    #[arg(long, value_name = "CURSOR", conflicts_with_all = ["since", "from", "to", "as_of"], help_heading = "Page")]
    cursor: Option<String>,
    /// Answer as of this sequence number: only finished runs accepted up to that point, so the answer stays the same.
    #[arg(long, value_name = "SEQ", help_heading = "Page")]
    as_of: Option<u64>,
    #[command(flatten)]
    output: OutputArgs,
    /// Exit with 3 if nothing was found.
    #[arg(long, help_heading = "Output")]
    fail_empty: bool,
    #[command(flatten)]
    request: RequestArgs,
    /// Print the matching runs, oldest first, then continue with runs as they are accepted, like `runlog tail`.
    #[arg(short, long, conflicts_with_all = ["all", "sort", "offset", "cursor", "as_of", "to", "request_id"],
          help_heading = "Following")]
    follow: bool,
    #[command(flatten)]
    live: LiveArgs,
    #[command(flatten)]
    server: ServerArgs,
}

/// Runs the query.
pub(crate) fn run(args: &QueryArgs) -> anyhow::Result<ExitCode> {
    end(args.answer(), args.fail_empty)
}

impl QueryArgs {
    fn answer(&self) -> Result<u8, Failure> {
        let format = self.output.format().unwrap_or(Format::Table);
        let query = self.query(format)?;
        if self.request.is_printed(&self.server, false, |client| client.runs_url(&query))? {
            return Ok(EXIT_OK);
        }
        if self.follow {
            return self.follow(query, format);
        }
        let client = self.server.client()?;
        let out = BufWriter::new(io::stdout());
        let mut printer = Printer::new(out, format, self.output.time_zone, self.output.is_coloured());
        let mut walk = Walk::new(&client, query, self.slow, (!self.all).then_some(self.limit));
        while let Some(runs) = walk.page()? {
            for run in &runs {
                printer.run(run)?;
            }
        }
        let printed = printer.finish()?;
        let total = walk.total()?;
        say!("{}", self.summary(&walk, printed, total));
        // `--limit 0` requests only the total.
        let is_empty = if self.limit == 0 { total == Some(0) } else { printed == 0 };
        Ok(if self.fail_empty && is_empty { EXIT_EMPTY } else { EXIT_OK })
    }

    fn query(&self, format: Format) -> Result<RunQuery, Failure> {
        let mut filter = RunFilter { request_id: self.request_id.clone(), ..self.filter.filter(&self.server) };
        self.window.restrict(&mut filter, self.output.time_zone, clock::now_ms())?;
        let slowest = self.slow.filter(|_| !self.follow).map(|_| SLOWEST_FIRST.to_owned());
        Ok(RunQuery {
            filter,
            sort: self.sort.clone().or(slowest),
            limit: Some(if self.all { PAGE_OF_ALL } else { self.limit.min(PAGE_MAX) }),
            as_of: self.as_of,
            cursor: self.cursor.clone(),
            offset: self.offset,
            fields: format.fields().map(str::to_owned),
            ..RunQuery::default()
        })
    }

    /// Prints the stored runs and then new ones: the tail begins where the answer's snapshot ends.
    fn follow(&self, query: RunQuery, format: Format) -> Result<u8, Failure> {
        let client = self.server.builder(None)?.retries(1).build()?;
        let out: BufWriter<Stdout> = BufWriter::new(io::stdout());
        let mut printer = Printer::live(out, format, self.output.time_zone, self.output.is_coloured());
        let mut filter = query.filter.clone();
        let mut walk = Walk::new(&client, query, self.slow, Some(self.limit));
        let mut runs = Vec::new();
        while let Some(mut page) = walk.page()? {
            runs.append(&mut page);
        }
        let mut tally = Tally::default();
        for run in runs.iter().rev() {
            let is_first = tally.see(run);
            if format.shows(run, is_first) {
                printer.run(run)?;
            }
        }
        let from_seq = walk.first.as_ref().map_or(0, |page| page.watermark.seq);
        // The window is only for the stored runs; new ones are followed whatever their start.
        (filter.since, filter.from) = (None, None);
        Live { filter, from_seq, slow_ms: self.slow, format, tally }.run(&client, &self.live, printer)
    }

    /// The line below the runs.
    fn summary(&self, walk: &Walk<'_>, printed: u64, total: Option<u64>) -> String {
        let Some(page) = &walk.first else { return String::new() };
        let zone = self.output.time_zone;
        let total = total.map_or_else(|| format!("more than {}", count(OFFSET_MAX)), count);
        let as_of = self.as_of.unwrap_or(page.watermark.seq);
        let mut line = format!("{} of {total} runs, {} (as of #{as_of})", count(printed), told(page.window, zone));
        if let Some(cursor) = walk.next() {
            line += &format!(". More: add --cursor {cursor}");
        }
        let kept_from = page.watermark.retained_from_ms.filter(|ms| page.window.from_ms.is_none_or(|from| from < *ms));
        if let Some(ms) = kept_from {
            line += &format!("\nolder runs than {} may have been removed", zone.format(ms));
        }
        if page.watermark.set_aside_files > 0 {
            let files = page.watermark.set_aside_files;
            line += &format!("\nwarning: the server could not read {files} files; their runs are missing");
        }
        line
    }
}

/// Reads page after page, until there are enough runs or no more.
struct Walk<'a> {
    client: &'a Client,
    query: RunQuery,
    slow_ms: Option<f64>,
    /// The number of runs still to read; `None`: all.
    left: Option<u64>,
    /// The first page, without its runs.
    first: Option<RunPage>,
    /// Where the next page begins, while there is one.
    cursor: Option<String>,
    is_over: bool,
    given: u64,
    /// Whether reading began at the first run.
    is_from_the_beginning: bool,
    /// Whether every run that is slow enough has been returned, from the point where reading began.
    saw_all_slow: bool,
}

impl<'a> Walk<'a> {
    fn new(client: &'a Client, query: RunQuery, slow_ms: Option<i64>, left: Option<u64>) -> Self {
        let slow_ms = slow_ms.map(|ms| ms as f64);
        let is_from_the_beginning = query.offset.is_none() && query.cursor.is_none();
        let (first, cursor, is_over, given, saw_all_slow) = (None, None, false, 0, false);
        Self { client, query, slow_ms, left, first, cursor, is_over, given, is_from_the_beginning, saw_all_slow }
    }

    fn is_slowest_first(&self) -> bool {
        self.query.sort.as_deref() == Some(SLOWEST_FIRST)
    }

    /// The next few runs; `None` at the end.
    fn page(&mut self) -> Result<Option<Vec<RunRow>>, Failure> {
        if self.is_over {
            return Ok(None);
        }
        let is_sieve = self.slow_ms.is_some() && !self.is_slowest_first();
        if let Some(left) = self.left.filter(|_| !is_sieve) {
            self.query.limit = Some(left.min(PAGE_MAX));
        } else {
            self.query.limit = Some(PAGE_OF_ALL);
        }
        let mut page = self.client.runs(&self.query)?;
        let mut runs = std::mem::take(&mut page.runs);
        let before = runs.len();
        if let Some(slow_ms) = self.slow_ms {
            runs.retain(|run| run.duration >= slow_ms);
        }
        let is_last = page.next.is_none() || self.is_slowest_first() && runs.len() < before;
        let slow = runs.len();
        if let Some(left) = &mut self.left {
            let kept = (runs.len() as u64).min(*left);
            runs.truncate(kept as usize);
            *left -= kept;
        }
        self.saw_all_slow = is_last && runs.len() == slow && self.query.limit != Some(0);
        self.given += runs.len() as u64;
        self.cursor = page.next.take().filter(|_| !(self.slow_ms.is_some() && is_last));
        self.query.cursor.clone_from(&self.cursor);
        self.query.offset = None;
        self.is_over = self.left == Some(0) || self.cursor.is_none();
        self.first.get_or_insert(page);
        Ok(Some(runs))
    }

    /// The cursor of the runs that were not returned.
    fn next(&self) -> Option<&str> {
        // A filtered page does not end where the server's page ended.
        let is_sifted = self.slow_ms.is_some() && !self.is_slowest_first();
        self.cursor.as_deref().filter(|_| !is_sifted)
    }

    /// The number of matching runs; `None`: more than can be counted one by one.
    fn total(&self) -> Result<Option<u64>, Failure> {
        let total = self.first.as_ref().map_or(0, |page| page.total);
        let Some(slow_ms) = self.slow_ms else { return Ok(Some(total)) };
        if self.saw_all_slow && self.is_from_the_beginning {
            return Ok(Some(self.given));
        }
        let window = self.first.as_ref().map(|page| page.window).unwrap_or_default();
        let filter = RunFilter {
            since: None,
            from: window.from_ms.map(|ms| ms.to_string()),
            to: window.to_ms.map(|ms| ms.to_string()),
            ..self.query.filter.clone()
        };
        // The slowest come first, so the position of the first that is not slow enough is their number.
        let is_slow = |offset: u64| {
            let fields = Some("Duration".to_owned());
            let sort = Some(SLOWEST_FIRST.to_owned());
            let (filter, as_of) = (filter.clone(), self.query.as_of);
            let (limit, offset) = (Some(1), Some(offset));
            let query = RunQuery { filter, sort, limit, offset, as_of, fields, ..RunQuery::default() };
            let page = self.client.runs(&query)?;
            Ok::<_, Failure>(page.runs.first().is_some_and(|run| run.duration >= slow_ms))
        };
        let (mut low, mut high) = (0, total.min(OFFSET_MAX + 1));
        while low < high {
            let middle = low + (high - low) / 2;
            if is_slow(middle)? {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        Ok(Some(low).filter(|slow| *slow <= OFFSET_MAX))
    }
}

/// Reads `duration` and `duration:asc`, and returns the server's word.
fn sort(text: &str) -> Result<String, String> {
    let (key, direction) = text.split_once(':').unwrap_or((text, "desc"));
    let keys = ["start_time", "duration", "mem_usage", "function_name"];
    if keys.contains(&key) && ["asc", "desc"].contains(&direction) {
        Ok(format!("{key}:{direction}"))
    } else {
        Err(format!("it takes {}, followed by :asc or :desc", keys.join(", ")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders() {
        for (text, word) in [("duration", "duration:desc"), ("start_time:asc", "start_time:asc")] {
            assert_eq!(sort(text).as_deref(), Ok(word));
        }
        for text in ["", "size", "duration:up", "duration:asc:x"] {
            assert!(sort(text).unwrap_err().contains("mem_usage"), "{text}");
        }
    }
}
