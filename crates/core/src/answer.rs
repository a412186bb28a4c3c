//! An answer: rows, an exact total, and what the answer is based on.

use crate::cursor::Cursor;
use crate::row::Row;
use crate::summary::{Facet, Histogram, Percentiles};

/// What an engine answers to a query. Rows and total come from one snapshot.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    /// The page.
    pub rows: Vec<Row>,
    /// How many runs match, on this page or not.
    pub total: u64,
    /// Continues after the last row; `None` when nothing follows it.
    pub next: Option<Cursor>,
    /// All matching runs by their start, if it was asked for.
    pub histogram: Option<Histogram>,
    /// All matching runs by each key that was asked for, in the order of asking.
    pub facets: Option<Vec<Facet>>,
    /// Durations and memory of all matching runs, if they were asked for.
    pub percentiles: Option<Percentiles>,
    /// What the answer rests on.
    pub watermark: Watermark,
    /// What it took.
    pub cost: Cost,
}

/// What an answer rests on: a reader can tell from it whether anything may be missing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Watermark {
    /// The last accepted sequence number that the answer could see.
    pub seq: u64,
    /// Where retained data begins, in Unix milliseconds: runs of the query's scope that started earlier may have been
    /// removed. `None` when everything is kept.
    pub retained_from_ms: Option<i64>,
    /// Files that could not be read and were set aside. Their runs are missing from the answer.
    pub set_aside_files: u64,
}

/// What an answer took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cost {
    /// Rows that were looked at.
    pub rows_read: u64,
    /// Blocks that were decoded.
    pub blocks_read: u64,
    /// Bytes that were decoded.
    pub bytes_read: u64,
    /// Time spent, in microseconds.
    pub elapsed_us: u64,
}

impl Cost {
    /// Adds what a later step took.
    pub fn add(&mut self, other: Cost) {
        self.rows_read += other.rows_read;
        self.blocks_read += other.blocks_read;
        self.bytes_read += other.bytes_read;
        self.elapsed_us += other.elapsed_us;
    }
}
