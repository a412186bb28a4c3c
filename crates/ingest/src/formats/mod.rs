//! Files of other systems as runs: each format is a pure parser in a file of its own, from a reader to an iterator of
//! runs and refusals.
//!
//! The same bytes under the same hints always give the same runs, request ids included, so importing a file twice
//! stores it once. No bytes make a parser panic, and memory is bounded: by a line, by the open runs, by a row.

mod answer;
pub mod columns;
mod content;
mod finish;
mod gather;
mod lambda;
mod lambda_json;
mod lines;
pub mod measure;
mod ndjson;
mod open_runs;
mod parquet;
mod platform_lines;
mod scf_json;
mod sniff;
mod stamp;

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::io::{self, BufRead};
use std::rc::Rc;

use runlog_core::{RunDraft, Zone};

use super::Refused;

pub use self::finish::Untimed;
pub use self::parquet::{is_parquet, parquet};
pub use self::sniff::sniff;

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// One run a line, as `POST /api/v1/runs` takes them.
    Ndjson,
    /// JSON: a saved GetFunctionLogs answer or several, or an array of rows.
    Answer,
    /// The text of a function's log: START, END and Report lines.
    Platform,
    /// One JSON object a line with SCF_* fields, as CLS exports them.
    ScfJson,
    /// AWS Lambda logs: text with REPORT lines, or its JSON lines.
    Lambda,
    /// Apache Parquet, one run a row.
    Parquet,
}

/// What the user knows and a file does not say.
#[derive(Clone, Debug)]
pub struct Hints {
    /// The function of runs that name none.
    pub function: Option<String>,
    /// The namespace of runs that name none.
    pub namespace: Option<String>,
    /// The version of runs that name none.
    pub qualifier: Option<String>,
    /// The zone of times without one.
    pub zone: Zone,
    /// When runs without a time started.
    pub untimed: Untimed,
    /// Whether a run whose end is not in the file counts as interrupted; otherwise it is in flight.
    pub close_unfinished: bool,
}

/// A run, and its position in the input.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// The line that it begins on, or the number of its row; the first is 1.
    pub line: u64,
    /// The run.
    pub run: RunDraft,
}

/// A run, or why there is none. An error of the reader itself ends the file.
pub type Item = io::Result<Result<Found, Refused>>;

/// What a parser did to a file that is no refusal, and that its owner should know.
#[derive(Debug, Default)]
pub struct Notes {
    /// Lines with bytes that are not UTF-8, which were replaced.
    pub utf8_replaced: Cell<u64>,
    /// Runs that were closed before their end was seen, since too many were open.
    pub closed_early: Cell<u64>,
    /// Columns that are not of a run.
    pub ignored: RefCell<BTreeSet<String>>,
}

/// Reads a file of any format but Parquet.
pub fn parse<'a>(
    format: Format,
    reader: impl BufRead + 'a,
    hints: Hints,
    notes: Rc<Notes>,
) -> Box<dyn Iterator<Item = Item> + 'a> {
    use self::lines::ByLine;
    match format {
        Format::Ndjson => Box::new(ByLine::new(reader, ndjson::Ndjson::new(hints), notes)),
        Format::Platform => Box::new(ByLine::new(reader, platform_lines::parser(hints, Rc::clone(&notes)), notes)),
        Format::Lambda => Box::new(ByLine::new(reader, lambda::parser(hints, Rc::clone(&notes)), notes)),
        Format::ScfJson => Box::new(ByLine::new(reader, scf_json::ScfJson::new(hints, Rc::clone(&notes)), notes)),
        Format::Answer => Box::new(answer::answers(reader, hints)),
        Format::Parquet => {
            let advice = "a Parquet file is read from its end: give it as an uncompressed file, not a pipe";
            Box::new(std::iter::once(Err(io::Error::other(advice))))
        }
    }
}

impl Format {
    /// What [`Found::line`] counts.
    pub fn unit(self) -> &'static str {
        match self {
            Format::Answer | Format::Parquet => "row",
            _ => "line",
        }
    }

    /// Every format.
    pub const ALL: [Format; 6] =
        [Format::Ndjson, Format::Answer, Format::Platform, Format::ScfJson, Format::Lambda, Format::Parquet];

    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Format::Ndjson => "ndjson",
            Format::Answer => "answer",
            Format::Platform => "platform",
            Format::ScfJson => "scf-json",
            Format::Lambda => "lambda",
            Format::Parquet => "parquet",
        }
    }

    /// The format of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.name() == name)
    }

    /// What it is, in one line.
    pub fn about(self) -> &'static str {
        match self {
            Format::Ndjson => "One run a line, as `POST /api/v1/runs` takes them",
            Format::Answer => "JSON: a saved GetFunctionLogs answer or several, or an array of rows",
            Format::Platform => "The text of a function's log: START, END and Report lines",
            Format::ScfJson => "One JSON object a line with SCF_* fields, as CLS exports them",
            Format::Lambda => "AWS Lambda logs: text with REPORT lines, or its JSON lines",
            Format::Parquet => "Apache Parquet, one run a row",
        }
    }
}

fn refused(line: u64, code: &str, message: impl Into<String>) -> Refused {
    Refused { line, code: code.to_owned(), message: message.into() }
}

#[cfg(test)]
pub(crate) mod tests;
