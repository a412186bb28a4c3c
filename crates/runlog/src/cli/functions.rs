//! `runlog functions`: every function that has run, with statistics of its runs in a window.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::ValueEnum;
use runlog_client::{Client, Function, RunFilter, RunQuery};
use runlog_core::Zone;
use runlog_core::csv;
use runlog_server::clock;
use serde::Serialize;

use crate::cli::common::failure::{Failure, end};
use crate::cli::common::server::ServerArgs;
use crate::cli::common::table::write_table;
use crate::cli::common::units;
use crate::cli::common::window::SpanArgs;

/// Arguments of `runlog functions`.
#[derive(clap::Args)]
pub(crate) struct FunctionsArgs {
    /// Only this function.
    function: Option<String>,
    /// Only this namespace.
    #[arg(long, value_name = "NAME")]
    namespace: Option<String>,
    #[command(flatten)]
    span: SpanArgs,
    /// The output format.
    #[arg(short, long, value_name = "FORMAT", default_value = "table")]
    output: Format,
    #[command(flatten)]
    server: ServerArgs,
}

/// The output formats.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A table for people.
    Table,
    /// One JSON array.
    Json,
    /// One JSON object per line.
    Ndjson,
    /// CSV with a header line (RFC 4180).
    Csv,
}

/// A function, with its runs in the window.
#[derive(Debug, Serialize)]
struct Row {
    region: String,
    namespace: String,
    function: String,
    qualifiers: Vec<String>,
    /// In the window, including those in flight.
    runs: u64,
    failed: u64,
    /// At any time, in Unix milliseconds.
    last_start_ms: i64,
    p50_ms: Option<f64>,
    p95_ms: Option<f64>,
    max_mem_bytes: Option<u64>,
}

/// The columns of CSV.
const COLUMNS: [&str; 10] = [
    "region",
    "namespace",
    "function",
    "qualifiers",
    "runs",
    "failed",
    "last_start_ms",
    "p50_ms",
    "p95_ms",
    "max_mem_bytes",
];

impl Row {
    /// A line of CSV.
    fn csv(&self) -> String {
        let mut line = csv::Line::default();
        for text in [&self.region, &self.namespace, &self.function, &self.qualifiers.join(" ")] {
            line.text(text);
        }
        line.number(Some(self.runs));
        line.number(Some(self.failed));
        line.number(Some(self.last_start_ms));
        line.number(self.p50_ms);
        line.number(self.p95_ms);
        line.number(self.max_mem_bytes);
        line.end()
    }
}

/// Does what the arguments ask.
pub(crate) fn run(args: &FunctionsArgs) -> anyhow::Result<ExitCode> {
    end(list(args), false)
}

fn list(args: &FunctionsArgs) -> Result<u8, Failure> {
    let (from_ms, to_ms) = args.span.window(clock::now_ms()).map_err(Failure::Usage)?;
    let client = args.server.client()?;
    let within = RunFilter {
        function: args.function.clone(),
        namespace: args.namespace.clone(),
        region: args.server.region(),
        ..RunFilter::default()
    };
    let window = RunFilter { from: Some(from_ms.to_string()), to: Some(to_ms.to_string()), ..RunFilter::default() };
    let functions = client.functions(&within)?.functions.into_iter();
    let rows: Result<Vec<Row>, Failure> = functions.map(|function| row(&client, function, &window)).collect();
    print(&rows?, args.output, args.span.time_zone)?;
    Ok(0)
}

/// The figures of one function: total, percentiles and its largest run, all from one snapshot.
fn row(client: &Client, function: Function, window: &RunFilter) -> Result<Row, Failure> {
    let query = RunQuery {
        filter: RunFilter {
            region: Some(function.region.clone()),
            namespace: Some(function.namespace.clone()),
            function: Some(function.function.clone()),
            ..window.clone()
        },
        sort: Some("mem_usage:desc".to_owned()),
        limit: Some(1),
        fields: Some("MemUsage".to_owned()),
        percentiles: true,
        ..RunQuery::default()
    };
    let page = client.runs(&query)?;
    let of = page.percentiles.as_ref();
    let durations = of.and_then(|of| of.duration_ms);
    Ok(Row {
        runs: page.total,
        failed: of.map_or(0, |of| of.failed),
        p50_ms: durations.map(|of| of.p50),
        p95_ms: durations.map(|of| of.p95),
        max_mem_bytes: page.runs.first().map(|run| run.mem_usage),
        region: function.region,
        namespace: function.namespace,
        function: function.function,
        qualifiers: function.qualifiers,
        last_start_ms: function.last_start_ms,
    })
}

fn print(rows: &[Row], format: Format, zone: Zone) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    match format {
        Format::Table => {
            let or_none = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
            let cells = |row: &Row| {
                vec![
                    row.namespace.clone(),
                    row.function.clone(),
                    units::count(row.runs),
                    units::count(row.failed),
                    zone.format(row.last_start_ms),
                    or_none(row.p50_ms.map(units::duration)),
                    or_none(row.p95_ms.map(units::duration)),
                    or_none(row.max_mem_bytes.map(units::size)),
                ]
            };
            let head = ["NAMESPACE", "FUNCTION", ">RUNS", ">FAILED", "LAST RUN", ">P50", ">P95", ">MAX MEMORY"];
            write_table(&mut out, &head, rows.iter().map(cells).collect())?;
        }
        Format::Json => {
            serde_json::to_writer_pretty(&mut out, rows)?;
            writeln!(out)?;
        }
        Format::Ndjson => {
            for row in rows {
                serde_json::to_writer(&mut out, row)?;
                writeln!(out)?;
            }
        }
        Format::Csv => {
            out.write_all(csv::line(COLUMNS).as_bytes())?;
            for row in rows {
                out.write_all(row.csv().as_bytes())?;
            }
        }
    }
    Ok(())
}
