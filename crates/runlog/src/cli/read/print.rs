//! Runs on standard output, in the format that was asked for.

use std::io::{self, Write};

use clap::ValueEnum;
use runlog_client::RunRow;
use runlog_core::Zone;

use super::table::{Layout, Line, RunStream, RunTable};
use super::{card, csv};
use crate::cli::common::colour;

/// Every field but the log, for formats that do not show it.
const WITHOUT_LOG: &str = "Seq,Region,Namespace,FunctionName,Qualifier,RequestId,RetryNum,StartTime,Duration,\
                           BillDuration,MemUsage,RetCode,InvokeFinished,ExitCode,RetMsg";

/// How runs are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum Format {
    /// A table that fits the screen.
    Table,
    /// A table with every field except the log, however wide.
    Wide,
    /// Each run with all its fields and its whole output.
    Text,
    /// One JSON array.
    Json,
    /// One JSON object per line, as `POST /api/v1/runs` takes them.
    Ndjson,
    /// CSV with a header line, as in the server's export.
    Csv,
    /// Only the log texts, byte for byte.
    Raw,
}

/// Where the lines of a table go.
enum Rows {
    /// Into one table, at the end.
    Gathered(RunTable),
    /// Out, as they come.
    Live(RunStream),
}

/// Prints runs one after the other; only a table is kept until its end.
pub(in crate::cli) struct Printer<W: Write> {
    out: W,
    format: Format,
    layout: Layout,
    zone: Zone,
    is_coloured: bool,
    rows: Rows,
    count: u64,
}

impl Format {
    /// The fields that are needed to print a run; `None`: all of them.
    pub(in crate::cli) fn fields(self) -> Option<&'static str> {
        match self {
            Format::Table | Format::Wide => Some(WITHOUT_LOG),
            // What runs are chosen by, beside what is printed.
            Format::Raw => Some("Seq,Duration,RetCode,Log"),
            Format::Text | Format::Json | Format::Ndjson | Format::Csv => None,
        }
    }
}

impl<W: Write> Printer<W> {
    /// A printer of runs that are all there.
    pub(in crate::cli) fn new(out: W, format: Format, zone: Zone, is_coloured: bool) -> Self {
        let layout = if format == Format::Wide { Layout::Wide } else { Layout::Fitted(colour::columns()) };
        let rows = Rows::Gathered(RunTable::new(layout, is_coloured));
        Self { out, format, layout, zone, is_coloured, rows, count: 0 }
    }

    /// A printer of runs that come one by one, without an end.
    pub(in crate::cli) fn live(out: W, format: Format, zone: Zone, is_coloured: bool) -> Self {
        let mut printer = Self::new(out, format, zone, is_coloured);
        // An array without an end is none.
        printer.format = if format == Format::Json { Format::Ndjson } else { format };
        printer.rows = Rows::Live(RunStream::new(printer.layout, is_coloured));
        printer
    }

    pub(in crate::cli) fn run(&mut self, run: &RunRow) -> io::Result<()> {
        let is_first = self.count == 0;
        self.count += 1;
        let out = &mut self.out;
        match self.format {
            Format::Table | Format::Wide => {
                let line = Line::of(run, self.layout, self.zone);
                match &mut self.rows {
                    Rows::Gathered(table) => table.add(line),
                    Rows::Live(stream) => {
                        if is_first {
                            writeln!(out, "{}", stream.head())?;
                        }
                        writeln!(out, "{}", stream.line(&line))?;
                    }
                }
            }
            Format::Text => {
                let gap = if is_first { "" } else { "\n" };
                write!(out, "{gap}{}", card::card(run, self.zone, self.is_coloured))?;
            }
            Format::Json => {
                out.write_all(if is_first { b"[\n" } else { b",\n" })?;
                serde_json::to_writer(out, run)?;
            }
            Format::Ndjson => {
                serde_json::to_writer(&mut *out, run)?;
                out.write_all(b"\n")?;
            }
            Format::Csv => {
                if is_first {
                    out.write_all(csv::head().as_bytes())?;
                }
                out.write_all(csv::line(run).as_bytes())?;
            }
            Format::Raw => {
                out.write_all(run.log.as_bytes())?;
                if !run.log.is_empty() && !run.log.ends_with('\n') {
                    out.write_all(b"\n")?;
                }
            }
        }
        if matches!(self.rows, Rows::Live(_)) { self.out.flush() } else { Ok(()) }
    }

    /// Prints what is left, and returns how many runs were printed.
    pub(in crate::cli) fn finish(mut self) -> io::Result<u64> {
        match (self.format, self.rows) {
            (Format::Table | Format::Wide, Rows::Gathered(table)) => {
                for line in table.lines() {
                    writeln!(self.out, "{line}")?;
                }
            }
            (Format::Json, _) => self.out.write_all(if self.count == 0 { b"[]\n" } else { b"\n]\n" })?,
            (Format::Csv, _) if self.count == 0 => self.out.write_all(csv::head().as_bytes())?,
            _ => {}
        }
        self.out.flush()?;
        Ok(self.count)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn printed(format: Format, is_live: bool, logs: &[&str]) -> String {
        let mut bytes = Vec::new();
        let make = if is_live { Printer::live } else { Printer::new };
        let mut printer = make(&mut bytes, format, Zone::UTC8, false);
        for log in logs {
            printer.run(&RunRow { log: (*log).to_owned(), ..RunRow::default() }).unwrap();
        }
        assert_eq!(printer.finish().unwrap(), logs.len() as u64);
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn every_format_of_none_one_and_two_runs() {
        for logs in [&[][..], &["a"], &["a", "b\n"]] {
            let rows: Vec<Value> = serde_json::from_str(&printed(Format::Json, false, logs)).unwrap();
            assert_eq!(rows.len(), logs.len());
            for format in [Format::Ndjson, Format::Json] {
                let lines = printed(format, true, logs);
                assert!(lines.lines().all(|line| serde_json::from_str::<RunRow>(line).is_ok()), "{lines}");
                assert_eq!(lines.lines().count(), logs.len());
            }
            for format in [Format::Table, Format::Wide] {
                let head = usize::from(!logs.is_empty());
                for is_live in [false, true] {
                    assert_eq!(printed(format, is_live, logs).lines().count(), head + logs.len());
                }
            }
            assert!(printed(Format::Csv, false, logs).starts_with("Seq,Region,"));
            assert_eq!(printed(Format::Text, false, logs).matches("Sequence").count(), logs.len());
        }
        assert_eq!(printed(Format::Raw, false, &["a\n", "", "b"]), "a\nb\n");
    }

    #[test]
    fn a_closed_pipe_is_an_io_error_that_says_so() {
        struct Closed;
        impl Write for Closed {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::ErrorKind::BrokenPipe.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        for format in [Format::Json, Format::Ndjson, Format::Csv, Format::Text] {
            let error = Printer::new(Closed, format, Zone::UTC8, false).run(&RunRow::default()).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::BrokenPipe, "{format:?}");
        }
    }
}
