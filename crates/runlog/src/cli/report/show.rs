//! How a report is printed: a table, decisions, and what the data could not tell; or JSON.

use std::io::{self, Write};

use runlog_report::Findings;

use crate::cli::common::failure::Failure;
use crate::cli::common::table::{Format, write_table};
use crate::cli::common::text::plain;

/// Prints a report; the exit code is 1 for something that became worse where that was asked for.
pub(super) fn show(found: Findings, format: Format, fail_on_regression: bool) -> Result<u8, Failure> {
    let mut out = io::stdout().lock();
    let code = u8::from(fail_on_regression && found.is_regression);
    match format {
        Format::Json => {
            serde_json::to_writer_pretty(&mut out, &found.into_json()).map_err(anyhow::Error::from)?;
            writeln!(out)?;
        }
        Format::Table => {
            write_table(&mut out, &found.head, found.rows)?;
            if let Some((head, rows)) = found.more {
                writeln!(out)?;
                write_table(&mut out, &head, rows)?;
            }
            writeln!(out)?;
            for decision in &found.decisions {
                writeln!(out, "- {}", plain(decision))?;
            }
            for note in &found.notes {
                writeln!(out, "note: {}", plain(note))?;
            }
        }
    }
    Ok(code)
}
