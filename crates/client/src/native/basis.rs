//! What every answer says about itself: its window, the data that it could see, and its cost.

use serde::{Deserialize, Serialize};

/// Starts from `from_ms` (inclusive) to `to_ms` (exclusive), in Unix milliseconds. An absent end is open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunWindow {
    /// The first start.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from_ms: Option<i64>,
    /// The end, exclusive.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to_ms: Option<i64>,
}

/// The data that an answer could see. A reader can tell from it whether anything may be missing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Watermark {
    /// The last accepted sequence number that the answer could see.
    pub seq: u64,
    /// Runs that started before this time, in Unix milliseconds, may have been removed. Absent: all runs are kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retained_from_ms: Option<i64>,
    /// Files that the server could not read. Their runs are missing.
    pub set_aside_files: u64,
}

/// What an answer cost the server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Cost {
    /// Rows that were looked at.
    pub rows_read: u64,
    /// Blocks that were decoded.
    pub blocks_read: u64,
    /// Bytes that were decoded.
    pub bytes_read: u64,
    /// Time spent in the engine, in microseconds.
    pub elapsed_us: u64,
}
