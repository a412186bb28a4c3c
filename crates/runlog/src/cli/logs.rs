//! `runlog logs`: queries over the signed API, so it works with any server of that API.
//!
//! Runs go to standard output, the window and the total to standard error.

mod print;
mod window;

use std::io::{self, BufWriter, Write};
use std::process::ExitCode;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{ColorChoice, ValueEnum};
use runlog_client::{Client, Error, FunctionLog, GetFunctionLogs, LogFilter, Order, OrderBy, RetCode, SearchContext};
use runlog_core::limits::PAGE_MAX_ROWS;
use runlog_server::clock;

use crate::cli::common::colour::is_coloured;
use crate::cli::common::failure::{EXIT_EMPTY, Failure, end};
use crate::cli::common::say::say;
use crate::cli::common::server::ServerArgs;
use crate::cli::common::units;
use print::{Format, Printer};
use window::{Window, WindowArgs};

const EXAMPLES: &str = "\
Examples:
  runlog logs --errors --since 6h                          a table of failed runs
  runlog logs nightly-report --sort duration:desc --limit 5
  runlog logs --request-id 61fbd1dc-10ae-47f7-9879-7a080245df3c -o raw
  runlog logs nightly-report --print-request curl          the signed request, to send by hand

It asks any server of the API; a runlog server tells more through `runlog query`.";

/// Arguments of `runlog logs`.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct LogsArgs {
    /// The function; without it, every function of the namespace.
    function: Option<String>,
    #[command(flatten)]
    window: WindowArgs,
    /// Only runs that failed.
    #[arg(long, group = "result")]
    errors: bool,
    /// Only runs that succeeded.
    #[arg(long, group = "result")]
    ok: bool,
    /// Only runs with this class of result.
    #[arg(long, value_name = "CLASS", group = "result", value_parser = ret_code())]
    ret_code: Option<RetCode>,
    /// Only the run with this id; no window is needed then.
    #[arg(long, value_name = "ID")]
    request_id: Option<String>,
    /// Only runs whose log or return message contains this text.
    #[arg(long, value_name = "TEXT")]
    keyword: Option<String>,
    /// Only runs of this version or alias.
    #[arg(long, value_name = "VERSION")]
    qualifier: Option<String>,
    /// The namespace [default: the server's, `default`].
    #[arg(long, value_name = "NAME")]
    namespace: Option<String>,
    /// start_time, duration, mem_usage or function_name, followed by :asc or :desc.
    #[arg(long, value_name = "KEY", default_value = "start_time:desc", value_parser = sort)]
    sort: (OrderBy, Order),
    /// Maximum number of runs to print.
    #[arg(long, value_name = "N", default_value_t = 20, conflicts_with = "all")]
    limit: u64,
    /// Number of runs to skip.
    #[arg(long, value_name = "N", default_value_t = 0)]
    offset: u64,
    /// Print every page, up to the 10,000 runs that the API can return.
    #[arg(long)]
    all: bool,
    /// The output format.
    #[arg(short, long, value_name = "FORMAT", default_value = "table")]
    output: Format,
    /// When to use colours; auto: on a terminal, never with NO_COLOR, always with CLICOLOR_FORCE.
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    color: ColorChoice,
    /// Exit with 3 if nothing was found.
    #[arg(long)]
    fail_empty: bool,
    /// Print the signed request instead of sending it.
    #[arg(long, value_name = "AS")]
    print_request: Option<RequestForm>,
    #[command(flatten)]
    server: ServerArgs,
}

/// How a request is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum RequestForm {
    /// A curl command, good for five minutes.
    Curl,
}

/// Does what the arguments ask.
pub(crate) fn run(args: LogsArgs) -> anyhow::Result<ExitCode> {
    let fail_empty = args.fail_empty;
    end(args.answer(), fail_empty)
}

impl LogsArgs {
    fn answer(self) -> Result<u8, Failure> {
        let client = self.server.client()?;
        let window = self.window(clock::now_ms())?;
        let request = self.request(window.as_ref());
        if let Some(RequestForm::Curl) = self.print_request {
            return self.print_curl(&client, &request);
        }
        let printer = Printer::new(BufWriter::new(io::stdout().lock()), self.output, is_coloured(self.color));
        let (printed, total) = if self.all {
            let mut pages = client.each_function_log(request);
            let printed = print(pages.by_ref(), printer)?;
            (printed, pages.total_count().unwrap_or_default())
        } else {
            let page = client.get_function_logs(&request)?;
            (print(page.data.into_iter().map(Ok), printer)?, page.total_count)
        };
        say!("{}", self.summary(window.as_ref(), printed, total));
        // `--limit 0` requests only the total.
        let found = if self.limit == 0 { total } else { printed };
        Ok(if self.fail_empty && found == 0 { EXIT_EMPTY } else { 0 })
    }

    /// The window of the query; `None` if only a request id is given.
    fn window(&self, now_ms: i64) -> Result<Option<Window>, Failure> {
        if self.request_id.is_some() && !self.window.is_given() {
            return Ok(None);
        }
        self.window.window(now_ms).map(Some).map_err(Failure::Usage)
    }

    fn request(&self, window: Option<&Window>) -> GetFunctionLogs {
        let ret_code = match (self.errors, self.ok) {
            (true, _) => Some(RetCode::Not0),
            (_, true) => Some(RetCode::Is0),
            _ => self.ret_code,
        };
        let (order_by, order) = self.sort;
        GetFunctionLogs {
            function_name: self.function.clone(),
            offset: Some(self.offset),
            limit: if self.all { None } else { Some(self.limit) },
            order: Some(order),
            order_by: Some(order_by),
            filter: ret_code.map(|ret_code| LogFilter { ret_code: Some(ret_code) }),
            namespace: self.namespace.clone(),
            qualifier: self.qualifier.clone(),
            function_request_id: self.request_id.clone(),
            start_time: window.map(|window| window.start.clone()),
            end_time: window.map(|window| window.end.clone()),
            search_context: self.keyword.clone().map(|keyword| SearchContext { keyword, ..SearchContext::default() }),
        }
    }

    fn print_curl(&self, client: &Client, request: &GetFunctionLogs) -> Result<u8, Failure> {
        let mut command = client.signed_request("GetFunctionLogs", request)?.to_curl();
        if let Some(ca) = self.server.ca()? {
            command += &format!(" \\\n  --cacert '{}'", ca.display().to_string().replace('\'', r"'\''"));
        }
        writeln!(io::stdout(), "{command}")?;
        say!("signed for five minutes");
        Ok(0)
    }

    /// The line below the runs.
    fn summary(&self, window: Option<&Window>, printed: u64, total: u64) -> String {
        let window = match window {
            Some(Window { start, end }) => format!("{start} .. {end} (UTC{})", self.window.time_zone),
            None => "all time".to_owned(),
        };
        let beyond = if self.all && total > PAGE_MAX_ROWS { "; the API returns only the first 10,000" } else { "" };
        format!("{} of {} runs, {window}{beyond}", units::count(printed), units::count(total))
    }
}

fn print(
    runs: impl Iterator<Item = Result<FunctionLog, Error>>,
    mut printer: Printer<impl Write>,
) -> Result<u64, Failure> {
    for run in runs {
        printer.run(&run?)?;
    }
    Ok(printer.finish()?)
}

/// Reads `duration` and `duration:asc`.
fn sort(text: &str) -> Result<(OrderBy, Order), String> {
    let (key, direction) = text.split_once(':').unwrap_or((text, Order::Desc.as_str()));
    OrderBy::from_word(key).zip(Order::from_word(direction)).ok_or_else(|| {
        let keys: Vec<&str> = OrderBy::ALL.iter().map(|key| key.as_str()).collect();
        format!("it takes {}, followed by :asc or :desc", keys.join(", "))
    })
}

fn ret_code() -> impl TypedValueParser<Value = RetCode> {
    PossibleValuesParser::new(RetCode::ALL.iter().map(|word| word.as_str()))
        .try_map(|word| RetCode::from_word(&word).ok_or("not a class of results"))
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use clap::error::ErrorKind;

    use super::*;
    use crate::cli::common::failure::EXIT_USAGE;

    /// 2026-07-01 12:00:00 in UTC+8.
    const NOW_MS: i64 = 1_782_878_400_000;

    #[derive(Parser)]
    struct CommandLine {
        #[command(flatten)]
        logs: LogsArgs,
    }

    fn parse(words: &str) -> Result<LogsArgs, clap::Error> {
        CommandLine::try_parse_from(format!("logs {words}").split_whitespace()).map(|line| line.logs)
    }

    /// The body that the command sends.
    fn body(words: &str) -> String {
        let args = parse(words).unwrap();
        let window = args.window(NOW_MS).ok().unwrap();
        serde_json::to_string(&args.request(window.as_ref())).unwrap()
    }

    #[test]
    fn a_command_line_as_a_request() {
        assert_eq!(
            body("f --since 1h --errors --sort duration --qualifier $LATEST --keyword boom"),
            r#"{"FunctionName":"f","Offset":0,"Limit":20,"Order":"desc","OrderBy":"duration","Filter":{"RetCode":"not0"},"Qualifier":"$LATEST","StartTime":"2026-07-01 11:00:00","EndTime":"2026-07-01 12:00:00","SearchContext":{"Offset":"","Limit":0,"Keyword":"boom","Type":""}}"#
        );
        assert_eq!(
            body("--request-id r --ret-code TimeLimitExceeded --sort function_name:asc --all"),
            r#"{"Offset":0,"Order":"asc","OrderBy":"function_name","Filter":{"RetCode":"TimeLimitExceeded"},"FunctionRequestId":"r"}"#
        );
        assert!(body("--request-id r --since 1m").contains("StartTime"));
    }

    #[test]
    fn command_lines_that_cannot_work() {
        for (words, kind) in [
            ("--errors --ok", ErrorKind::ArgumentConflict),
            ("--errors --ret-code is0", ErrorKind::ArgumentConflict),
            ("--since 1h --from today", ErrorKind::ArgumentConflict),
            ("--all --limit 5", ErrorKind::ArgumentConflict),
            ("--ret-code 1", ErrorKind::InvalidValue),
            ("--since 2d", ErrorKind::ValueValidation),
            ("--sort size", ErrorKind::ValueValidation),
            ("--sort duration:up", ErrorKind::ValueValidation),
            ("--time-zone Beijing", ErrorKind::ValueValidation),
            ("-o xml", ErrorKind::InvalidValue),
        ] {
            let error = parse(words).err().expect(words);
            assert_eq!((error.kind(), error.exit_code()), (kind, EXIT_USAGE.into()), "{words}");
        }
    }

    #[test]
    fn the_line_below_says_what_was_looked_at() {
        let args = parse("--all").unwrap();
        let window = args.window(NOW_MS).ok().unwrap();
        assert_eq!(
            args.summary(window.as_ref(), 10_000, 12_345),
            "10,000 of 12,345 runs, 2026-06-30 12:00:00 .. 2026-07-01 12:00:00 (UTC+08:00); the API returns only the first 10,000"
        );
        assert_eq!(parse("").unwrap().summary(None, 1, 1), "1 of 1 runs, all time");
    }
}
