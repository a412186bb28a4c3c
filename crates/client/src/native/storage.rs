//! What a server has stored, and what its disk has left.

use serde::{Deserialize, Serialize};

use super::{Cost, Watermark};
use crate::{Client, Error};

/// What is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Storage {
    /// The finished runs of the key's account, by day and namespace.
    pub days: Vec<StoredDay>,
    /// Segments of the whole server.
    pub segments: u64,
    /// Bytes on disk, of the whole server.
    pub disk_bytes: u64,
    /// Bytes that the disk has left for the server, if the system says so.
    pub disk_free_bytes: Option<u64>,
    /// Runs in flight, of the whole server.
    pub in_flight: u64,
    /// Files that could not be read and were set aside.
    pub set_aside: Vec<SetAsideFile>,
    /// Whether runs are accepted.
    pub writable: bool,
    /// The options that remove runs, as an options file has them. Absent: everything is kept.
    pub retention: Option<String>,
    /// The data that the answer could see.
    pub watermark: Watermark,
    /// What the answer cost the server.
    pub cost: Cost,
}

/// The finished runs of one day and namespace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct StoredDay {
    /// The day in UTC, such as `2026-07-01`.
    pub day: String,
    /// The namespace.
    pub namespace: String,
    /// The number of runs.
    pub runs: u64,
    /// Their share of the bytes of the files that they are in; an estimate.
    pub bytes: u64,
}

/// A file that could not be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SetAsideFile {
    /// Its path in the data folder, before it was set aside.
    pub file: String,
    /// What is wrong with it.
    pub reason: String,
}

impl Client {
    /// What is stored. It needs a root key.
    ///
    /// # Errors
    /// As [`Client::runs`].
    pub fn storage(&self) -> Result<Storage, Error> {
        self.get("/api/v1/storage")
    }
}
