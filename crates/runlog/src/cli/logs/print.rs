//! Prints runs to standard output, in the requested format.

use std::io::{self, Write};

use clap::ValueEnum;
use runlog_client::FunctionLog;

use crate::cli::common::colour::columns;
use crate::cli::read::table::{Layout, Line, RunTable};

/// The output formats.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// A table for people.
    Table,
    /// One JSON array of the API's rows.
    Json,
    /// One JSON object per line, as `POST /api/v1/runs` takes them.
    Ndjson,
    /// Only the log texts.
    Raw,
}

/// Prints runs one after the other; only a table is kept until its end.
pub(super) struct Printer<W: Write> {
    out: W,
    format: Format,
    table: RunTable,
    count: u64,
}

impl<W: Write> Printer<W> {
    pub(super) fn new(out: W, format: Format, is_coloured: bool) -> Self {
        Self { out, format, table: RunTable::new(Layout::Fitted(columns()), is_coloured), count: 0 }
    }

    pub(super) fn run(&mut self, run: &FunctionLog) -> io::Result<()> {
        let out = &mut self.out;
        match self.format {
            Format::Table => self.table.add(Line::of_log(run)),
            Format::Json => {
                out.write_all(if self.count == 0 { b"[\n" } else { b",\n" })?;
                serde_json::to_writer(out, run)?;
            }
            Format::Ndjson => {
                serde_json::to_writer(&mut *out, run)?;
                out.write_all(b"\n")?;
            }
            Format::Raw => {
                out.write_all(run.log.as_bytes())?;
                if !run.log.is_empty() && !run.log.ends_with('\n') {
                    out.write_all(b"\n")?;
                }
            }
        }
        self.count += 1;
        Ok(())
    }

    /// Prints the rest, and returns how many runs were printed.
    pub(super) fn finish(mut self) -> io::Result<u64> {
        match self.format {
            Format::Table => self.table.lines().iter().try_for_each(|line| writeln!(self.out, "{line}"))?,
            Format::Json => self.out.write_all(if self.count == 0 { b"[]\n" } else { b"\n]\n" })?,
            Format::Ndjson | Format::Raw => {}
        }
        self.out.flush()?;
        Ok(self.count)
    }
}

#[cfg(test)]
mod tests {
    use runlog_core::naive::Naive;
    use runlog_core::{Outcome, Run, Zone};

    use super::*;
    use runlog_ingest::{Defaults, ingest};

    fn printed(format: Format, logs: &[&str]) -> String {
        let mut bytes = Vec::new();
        let mut printer = Printer::new(&mut bytes, format, false);
        for (at, log) in logs.iter().enumerate() {
            let run = FunctionLog {
                function_name: "f".into(),
                request_id: at.to_string(),
                start_time: "2026-07-01 08:00:00".into(),
                log: (*log).to_owned(),
                ..FunctionLog::default()
            };
            printer.run(&run).unwrap();
        }
        assert_eq!(printer.finish().unwrap(), logs.len() as u64);
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn raw_ends_every_log_with_a_line() {
        assert_eq!(printed(Format::Raw, &["a\n", "", "b"]), "a\nb\n");
    }

    #[test]
    fn json_is_an_array_of_any_length() {
        for logs in [&[][..], &["a"], &["a", "b"]] {
            let rows: Vec<FunctionLog> = serde_json::from_str(&printed(Format::Json, logs)).unwrap();
            assert_eq!(rows.len(), logs.len());
        }
    }

    struct Stored(Naive);

    impl runlog_ingest::Sink for Stored {
        type Error = ();

        fn permit(&mut self, _: &Run) -> Result<(), String> {
            Ok(())
        }

        fn append(&mut self, runs: Vec<Run>) -> Result<Vec<Outcome>, ()> {
            Ok(runs.into_iter().map(|run| self.0.append(run, 1_800_000_000_000)).collect())
        }
    }

    #[test]
    fn what_is_printed_can_be_stored_again() {
        let defaults =
            Defaults { account: "1", region: "r", zone: Zone::UTC8, now_ms: 1_800_000_000_000, billing_step_ms: 100 };
        for format in [Format::Json, Format::Ndjson] {
            let text = printed(format, &["a", "b"]);
            let (report, result) = ingest(&mut text.as_bytes(), u64::MAX, &defaults, &mut Stored(Naive::default()));
            result.unwrap();
            assert_eq!((report.accepted, &report.refused[..]), (2, &[][..]), "{text}");
        }
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
        for format in [Format::Json, Format::Ndjson] {
            let error = Printer::new(Closed, format, false).run(&FunctionLog::default()).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::BrokenPipe);
        }
    }
}
