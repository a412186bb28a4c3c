//! What every parser takes and gives: hints, runs, refusals, notes.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::io;

use runlog_core::{RunDraft, Zone};

use crate::Refused;

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

/// When a run started whose file has no times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Untimed {
    /// The first one started then, in Unix milliseconds, and each other one when the one before it ended.
    StartsAt(i64),
    /// Each ended then, in Unix milliseconds: the file was last changed at that moment.
    EndedAt(i64),
    /// Nobody knows; such runs are refused.
    Refused,
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

pub(super) fn refused(line: u64, code: &str, message: impl Into<String>) -> Refused {
    Refused { line, code: code.to_owned(), message: message.into() }
}
