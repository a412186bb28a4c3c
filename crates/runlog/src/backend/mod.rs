//! What the server needs of an engine. All calls block; the server makes them off its reactor.

mod embedded;

use std::path::Path;

use runlog_core::{Answer, Outcome, Query, Run, StreamSummary};
use runlog_store::Removed;
use runlog_store::operate::Backup;

pub(crate) use embedded::Embedded;

/// An engine that keeps runs and answers queries as [`runlog_core::naive`] does.
pub(crate) trait Backend: Send + Sync {
    /// Offers runs; returns one outcome for each once the accepted ones are on disk.
    fn append(&self, runs: Vec<Run>) -> Result<Vec<Outcome>, BackendError>;
    /// Answers a query from one snapshot.
    fn query(&self, query: &Query) -> Result<Answer, BackendError>;
    /// Every stream of an account that ever had a run.
    fn streams(&self, account: &str) -> Result<Vec<StreamSummary>, BackendError>;
    /// Closes runs in flight that have been silent for too long; returns how many.
    fn expire_in_flight(&self) -> Result<usize, BackendError>;
    /// Removes what is no longer kept.
    fn retain(&self) -> Result<Removed, BackendError>;
    /// Backs up what is stored into a folder that is new or empty.
    fn backup(&self, to: &Path) -> Result<Backup, BackendError>;
    /// What does not work, if anything.
    fn health(&self) -> Health;
    /// Counts for the metrics.
    fn gauges(&self) -> Gauges;
}

/// Why an engine could not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub(crate) struct BackendError {
    /// For the server's log; it may name files, so callers outside are told less.
    pub(crate) message: String,
}

/// What does not work.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Health {
    /// Why writes are refused, if they are.
    pub(crate) poisoned: Option<String>,
    /// Files that could not be read and were set aside, each with the reason.
    pub(crate) set_aside: Vec<String>,
}

/// Counts of what an engine holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Gauges {
    /// Runs, finished and in flight.
    pub(crate) runs: u64,
    /// Runs in flight.
    pub(crate) in_flight: u64,
    /// Segments.
    pub(crate) segments: u64,
    /// Bytes on disk.
    pub(crate) disk_bytes: u64,
    /// The last sequence number.
    pub(crate) last_seq: u64,
}
