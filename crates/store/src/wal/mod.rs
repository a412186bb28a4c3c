//! The write-ahead log: every accepted report, on disk before it is acknowledged.
//!
//! A log file goes with one memtable. When the memtable is sealed, a new file begins with everything that the old ones
//! say and segments will not: the runs in flight. So a log file can be removed when its memtable is a segment.

pub(crate) mod format;
pub(crate) mod reader;
pub(crate) mod writer;

/// The folder of the log files.
pub(crate) const DIR: &str = "wal";

/// The path of a log file.
pub(crate) fn path(number: u64) -> String {
    format!("{DIR}/{number:08}.wal")
}

/// The number of the log file of that name.
pub(crate) fn number(name: &str) -> Option<u64> {
    name.strip_suffix(".wal")?.parse().ok()
}
