//! What a report found, and how it is printed: a table, decisions, and what the data could not tell; or JSON.

use std::io::{self, Write};

use serde_json::{Map, Value};

use crate::cli::common::failure::Failure;
use crate::cli::common::table::{Format, write_table};
use crate::cli::common::text::plain;

/// What a report found.
#[derive(Debug, Default)]
pub(super) struct Findings {
    /// The columns; those that begin with `>` are set to the right.
    pub(super) head: Vec<&'static str>,
    pub(super) rows: Vec<Vec<String>>,
    /// A second table, such as of the slowest runs.
    pub(super) more: Option<(Vec<&'static str>, Vec<Vec<String>>)>,
    /// What to do, most important first.
    pub(super) decisions: Vec<String>,
    /// What the data could not tell, and what would be needed.
    pub(super) notes: Vec<String>,
    /// The figures for programs.
    pub(super) json: Map<String, Value>,
    /// Whether something became worse.
    pub(super) is_regression: bool,
}

impl Findings {
    /// Prints the report; the exit code is 1 for something that became worse where that was asked for.
    pub(super) fn print(mut self, format: Format, fail_on_regression: bool) -> Result<u8, Failure> {
        let mut out = io::stdout().lock();
        match format {
            Format::Json => {
                self.json.insert("decisions".to_owned(), self.decisions.into());
                self.json.insert("notes".to_owned(), self.notes.into());
                serde_json::to_writer_pretty(&mut out, &self.json).map_err(anyhow::Error::from)?;
                writeln!(out)?;
            }
            Format::Table => {
                write_table(&mut out, &self.head, self.rows)?;
                if let Some((head, rows)) = self.more {
                    writeln!(out)?;
                    write_table(&mut out, &head, rows)?;
                }
                writeln!(out)?;
                for decision in &self.decisions {
                    writeln!(out, "- {}", plain(decision))?;
                }
                for note in &self.notes {
                    writeln!(out, "note: {}", plain(note))?;
                }
            }
        }
        Ok(u8::from(fail_on_regression && self.is_regression))
    }
}

/// A part of a whole, as `12.3 %`; `0.00` of nothing.
pub(super) fn percent(part: f64) -> String {
    format!("{:.*} %", if part < 0.1 { 2 } else { 1 }, 100.0 * part)
}

/// A share that may have no whole.
pub(super) fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

/// A p-value as people write it.
pub(super) fn p_text(p: f64) -> String {
    if p < 0.001 { "p<0.001".to_owned() } else { format!("p={p:.3}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_for_people() {
        assert_eq!(
            (percent(0.1234), percent(0.005), percent(share(1, 0))),
            ("12.3 %".into(), "0.50 %".into(), "0.00 %".into())
        );
        assert_eq!((p_text(0.0), p_text(0.0421)), ("p<0.001".into(), "p=0.042".into()));
    }
}
