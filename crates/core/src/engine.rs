//! What the server, the contract scenarios and the oracle need of an engine: one trait, in the types of this crate.
//!
//! All calls block, so a server makes them off its reactor. [`crate::naive`] is the specification of every answer.

use std::path::Path;
use std::time::Duration;

use crate::answer::{Answer, Cost};
use crate::append::Outcome;
use crate::cursor::Cursor;
use crate::query::Query;
use crate::report::{Growth, OpenRun, Origin, Report};
use crate::row::Row;
use crate::run::{Identity, Run};
use crate::stream::StreamSummary;
use crate::tail::{TailEvent, TailFilter, TailGap};

/// An engine that keeps runs and answers queries as [`crate::naive`] does.
pub trait Engine: Send + Sync {
    /// Offers runs that senders report; returns one outcome for each, in their order, once the accepted ones are
    /// durable.
    ///
    /// # Errors
    /// For the batch as a whole. After [`Fault::Caller`] and [`Fault::Busy`] nothing was stored; after
    /// [`Fault::Engine`] any part of it may have been.
    fn append(&self, runs: Vec<Run>) -> Result<Vec<Outcome>, EngineError> {
        self.offer(runs.into_iter().map(Report::from).collect())
    }

    /// As [`Engine::append`], of reports whose origin is known, and with what is kept of runs in flight.
    ///
    /// # Errors
    /// As [`Engine::append`].
    fn offer(&self, reports: Vec<Report>) -> Result<Vec<Outcome>, EngineError>;

    /// Adds to runs in flight; returns one outcome for each growth, in their order. A grown run is the run's latest
    /// report, with a sequence number of its own.
    ///
    /// # Errors
    /// As [`Engine::append`].
    fn grow(&self, growths: Vec<Growth>) -> Result<Vec<Outcome>, EngineError>;

    /// The runs in flight of an origin, of all accounts, in the order of their latest reports.
    ///
    /// # Errors
    /// [`Fault::Engine`] when they cannot be read.
    fn open_runs(&self, origin: Origin) -> Result<Vec<OpenRun>, EngineError>;

    /// The latest report of a run in flight; `None` when the run is not in flight.
    ///
    /// # Errors
    /// [`Fault::Engine`] when it cannot be read.
    fn open_run(&self, id: &Identity) -> Result<Option<Report>, EngineError>;

    /// Begins an answer, from one snapshot that holds everything acknowledged before the call: all of it but the rows
    /// and where they continue, and the rows of the page, to be read from the same snapshot bit by bit.
    ///
    /// # Errors
    /// [`Fault::Caller`] for a query over a limit or a cursor of another order.
    fn open_query(&self, query: &Query) -> Result<(Answer, Box<dyn Rows>), EngineError>;

    /// Answers a query with all rows of its page at once. They are in memory together, so a query without
    /// [`Query::page_max_bytes`] should want few of them, or no texts.
    ///
    /// # Errors
    /// As [`Engine::open_query`] and [`Rows::next_batch`].
    fn query(&self, query: &Query) -> Result<Answer, EngineError> {
        let (mut answer, mut rows) = self.open_query(query)?;
        loop {
            let mut batch = rows.next_batch(usize::MAX)?;
            if batch.is_empty() {
                break;
            }
            answer.rows.append(&mut batch);
        }
        answer.next = rows.cursor();
        answer.cost.add(rows.cost());
        Ok(answer)
    }

    /// Every stream of an account that ever had a run, in the order of their names.
    ///
    /// # Errors
    /// [`Fault::Engine`] when they cannot be read.
    fn streams(&self, account: &str) -> Result<Vec<StreamSummary>, EngineError>;

    /// What is stored of an account's finished runs, by day and namespace, in the order of both.
    ///
    /// # Errors
    /// [`Fault::Engine`] when it cannot be read.
    fn stored(&self, account: &str) -> Result<Vec<Stored>, EngineError>;

    /// Follows what is accepted after a sequence number; without one, what is accepted from now on.
    ///
    /// # Errors
    /// [`Fault::Caller`] for a number that was never given, [`Fault::Busy`] when too many tails are open.
    fn subscribe(&self, from_seq: Option<u64>, filter: TailFilter) -> Result<Box<dyn Tail>, EngineError>;

    /// Waits until something after a sequence number was accepted or the time is over; returns the last number.
    ///
    /// # Errors
    /// [`Fault::Engine`] once the engine is closed.
    fn wait_past(&self, seq: u64, timeout: Duration) -> Result<u64, EngineError>;

    /// Closes as interrupted every run in flight that was silent for too long; returns how many.
    ///
    /// # Errors
    /// As [`Engine::append`].
    fn expire_in_flight(&self) -> Result<usize, EngineError>;

    /// Removes what is no longer kept; nothing while the clock cannot be believed, see [`Health::clock_ahead_ms`].
    ///
    /// # Errors
    /// [`Fault::Engine`] when it cannot be removed.
    fn retain(&self) -> Result<Removed, EngineError>;

    /// As [`Engine::retain`], on the word of an operator who knows that the clock is right.
    ///
    /// # Errors
    /// As [`Engine::retain`].
    fn retain_trusting_clock(&self) -> Result<Removed, EngineError> {
        self.retain()
    }

    /// Backs up what is stored into a folder that is new or empty. An engine without files need not support it.
    ///
    /// # Errors
    /// [`Fault::Caller`] where the engine makes no backups, [`Fault::Engine`] for everything else.
    fn backup(&self, to: &Path) -> Result<Backup, EngineError> {
        let _ = to;
        Err(EngineError::caller("this engine makes no backups of its own; back up what it keeps its runs in"))
    }

    /// What does not work, if anything.
    fn health(&self) -> Health;

    /// Counts for the metrics.
    fn gauges(&self) -> Gauges;
}

/// The rows of a page, read from one snapshot as they are needed. What it holds on to is small: the places of the rows,
/// and the text blocks that neighbouring rows share, up to a bound.
pub trait Rows: Send {
    /// The next rows of the page, in its order: as many as weigh no more than `max_bytes` together (see
    /// [`Row::weight_bytes`]), but at least one. None once the page is complete, be it by [`Query::limit`], by
    /// [`Query::page_max_bytes`], or since no more row matches.
    ///
    /// # Errors
    /// [`Fault::Engine`] when a row cannot be read. Nothing comes after that: the answer stays incomplete.
    fn next_batch(&mut self, max_bytes: usize) -> Result<Vec<Row>, EngineError>;

    /// Continues after the last row that was given. `None` if no row follows it, and before the first was given.
    fn cursor(&self) -> Option<Cursor>;

    /// What reading rows took so far, time aside; the answer's own cost is counted apart.
    fn cost(&self) -> Cost;
}

/// A position in the sequence of accepted reports.
pub trait Tail: Send {
    /// The next few reports that match, without waiting for any: none once everything was read, and sometimes before.
    ///
    /// # Errors
    /// [`Fault::Engine`] when they cannot be read; the next call goes on at the same position.
    fn next_batch(&mut self) -> Result<Vec<TailEvent>, EngineError>;

    /// Every report up to this sequence number was given, or does not match.
    fn position(&self) -> u64;

    /// What may be missing before the position and was not reported with an event yet.
    fn gap(&self) -> Option<TailGap>;
}

/// Why an engine could not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct EngineError {
    /// For the server's log where the engine is at fault: it may name files, so outside callers are told less.
    pub message: String,
    /// Who has to act on it.
    pub fault: Fault,
}

/// Who has to act on an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The operator of the engine.
    Engine,
    /// The caller, whom the message tells what to ask instead.
    Caller,
    /// Nobody: there is too much to do at this moment, and the caller may try again.
    Busy,
}

impl EngineError {
    /// An error of the engine itself.
    pub fn engine(message: impl Into<String>) -> Self {
        Self { message: message.into(), fault: Fault::Engine }
    }

    /// An error of the caller.
    pub fn caller(message: impl Into<String>) -> Self {
        Self { message: message.into(), fault: Fault::Caller }
    }

    /// Too much to do at this moment.
    pub fn busy(message: impl Into<String>) -> Self {
        Self { message: message.into(), fault: Fault::Busy }
    }
}

/// What does not work.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Health {
    /// Why writes are refused; `None` while they are taken.
    pub poisoned: Option<String>,
    /// Files that could not be read and were set aside, each with the reason.
    pub set_aside: Vec<String>,
    /// How far the clock is past everything that the engine has seen, in milliseconds, where that is too far to remove
    /// anything by it.
    pub clock_ahead_ms: Option<u64>,
}

/// How much an engine holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Gauges {
    /// Runs, finished and in flight.
    pub runs: u64,
    /// Runs in flight.
    pub in_flight: u64,
    /// Segments.
    pub segments: u64,
    /// Bytes on disk.
    pub disk_bytes: u64,
    /// The last sequence number.
    pub last_seq: u64,
}

/// The finished runs of one day and namespace, of one account.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stored {
    /// When the day begins, in Unix milliseconds; days are those of UTC.
    pub day_ms: i64,
    /// The namespace.
    pub namespace: String,
    /// The number of runs.
    pub runs: u64,
    /// Their share of the bytes of the files that they are in; an estimate, since runs share what they have in common.
    pub bytes: u64,
}

/// What [`Engine::retain`] removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Removed {
    /// Finished runs.
    pub runs: u64,
    /// Runs in flight.
    pub in_flight: u64,
    /// Bytes of files.
    pub bytes: u64,
}

/// What a backup holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Backup {
    /// Everything accepted up to this sequence number is in it, and nothing later.
    pub seq: u64,
    /// Files, manifests aside.
    pub files: u64,
    /// How many of them are hard links: they take no space until the engine has merged them away.
    pub linked: u64,
    /// Their bytes.
    pub bytes: u64,
}
