//! What the server needs of an engine. All calls block; the server makes them off its reactor.

mod embedded;

use std::path::Path;
use std::time::Duration;

use runlog_core::{Answer, Outcome, Query, Run, StreamSummary, TailEvent, TailFilter, TailGap};
use runlog_store::Removed;
use runlog_store::operate::Backup;

pub(crate) use embedded::{Embedded, store_options};

/// An engine that keeps runs and answers queries as [`runlog_core::naive`] does.
pub(crate) trait Backend: Send + Sync {
    /// Offers runs; returns one outcome for each once the accepted ones are on disk.
    fn append(&self, runs: Vec<Run>) -> Result<Vec<Outcome>, BackendError>;
    /// Answers a query from one snapshot.
    fn query(&self, query: &Query) -> Result<Answer, BackendError>;
    /// Every stream of an account that ever had a run.
    fn streams(&self, account: &str) -> Result<Vec<StreamSummary>, BackendError>;
    /// Follows what is accepted after a sequence number, or from now on.
    fn subscribe(&self, from_seq: Option<u64>, filter: TailFilter) -> Result<Box<dyn Tail>, BackendError>;
    /// Waits until something after a sequence number was accepted, or the time is over; gives the last number.
    fn wait_past(&self, seq: u64, timeout: Duration) -> Result<u64, BackendError>;
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

/// A place in the sequence of what is accepted.
pub(crate) trait Tail: Send {
    /// The next few reports that match, without waiting for any: none are given once everything was read, and
    /// sometimes before.
    fn next_batch(&mut self) -> Result<Vec<TailEvent>, BackendError>;
    /// Everything up to this sequence number was given, or does not match.
    fn position(&self) -> u64;
    /// What may be missing, as far as no event has told of it yet.
    fn gap(&self) -> Option<TailGap>;
}

/// Why an engine could not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub(crate) struct BackendError {
    /// For the server's log, where the engine is at fault; it may name files, so callers outside are told less.
    pub(crate) message: String,
    /// Who has to do something about it.
    pub(crate) fault: Fault,
}

/// Who has to do something about an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Whoever runs the server.
    Engine,
    /// The caller, whom the message tells what to ask instead.
    Caller,
    /// Nobody: there is too much to do at this moment.
    Busy,
}

impl BackendError {
    /// An error of the engine itself.
    pub(crate) fn engine(message: impl Into<String>) -> Self {
        Self { message: message.into(), fault: Fault::Engine }
    }
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
