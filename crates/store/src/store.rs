//! The store as its callers see it.

use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use runlog_core::{
    Answer, Backup, Growth, Identity, OpenRun, Origin, Outcome, Query, Removed, Report, Retained, Run, Stored,
    StreamSummary, TailFilter,
};

use crate::clock::{Clock, SystemClock};
use crate::disk::{Disk, RealDisk};
use crate::engine::Engine;
use crate::error::Result;
use crate::health::{Health, Stats};
use crate::operate::Progress;
use crate::options::Options;
use crate::page_rows::PageRows;
use crate::tail::Subscription;
use crate::wal::writer::WalWriter;
use crate::{background, recovery};

/// An open store. Share it between threads by an `Arc`; every method takes `&self`.
///
/// Dropping it is safe at any moment: what was acknowledged is on disk.
pub struct Store {
    engine: Arc<Engine>,
    threads: Vec<JoinHandle<()>>,
}

impl Store {
    /// Opens the store in a folder, made if absent, and locks it for this process.
    ///
    /// Torn and damaged files do not stop it: see [`Store::health`] for what they took with them.
    ///
    /// # Errors
    /// [`crate::Error::Locked`], [`crate::Error::Version`], or [`crate::Error::Io`] when the disk does not work.
    pub fn open(dir: &Path, options: Options) -> Result<Self> {
        Self::open_with(Arc::new(RealDisk::open(dir)?), Arc::new(SystemClock::default()), options)
    }

    /// Opens the store on any disk and clock.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub fn open_with(disk: Arc<dyn Disk>, clock: Arc<dyn Clock>, options: Options) -> Result<Self> {
        let engine = Arc::new(recovery::open(disk, clock, options)?);
        let threads = if engine.options.background { background::start(&engine)? } else { Vec::new() };
        Ok(Self { engine, threads })
    }

    /// Offers runs and says, in their order, what became of each. Accepted runs are on disk when this returns, and so
    /// is whatever a duplicate is a duplicate of.
    ///
    /// # Errors
    /// For the batch as a whole: the store is poisoned or busy, or the batch is too large. After
    /// [`crate::Error::Busy`] and the limits nothing was stored; after a disk failure, any part may have been.
    pub fn append(&self, runs: Vec<Run>) -> Result<Vec<Outcome>> {
        self.offer(runs.into_iter().map(Report::from).collect())
    }

    /// As [`Store::append`], of reports whose origin is known, and with what is kept of runs in flight.
    ///
    /// # Errors
    /// As [`Store::append`].
    pub fn offer(&self, reports: Vec<Report>) -> Result<Vec<Outcome>> {
        self.engine.offer(reports)
    }

    /// Adds to runs in flight and returns an outcome for each growth, in their order. What is added costs its own bytes
    /// in the log, not the run's. A grown run is the run's latest report, with a sequence number of its own. A run that
    /// was closed after silence is in flight again.
    ///
    /// # Errors
    /// As [`Store::append`].
    pub fn grow(&self, growths: Vec<Growth>) -> Result<Vec<Outcome>> {
        self.engine.grow(growths)
    }

    /// The runs in flight of an origin, of all accounts, in the order of their latest reports.
    pub fn open_runs(&self, origin: Origin) -> Vec<OpenRun> {
        self.engine.state().in_flight.open_runs(origin)
    }

    /// The latest report of a run in flight; `None` when the run is not in flight.
    pub fn open_run(&self, id: &Identity) -> Option<Report> {
        self.engine.open_run(id)
    }

    /// Answers a query from one snapshot that holds everything acknowledged before the call.
    ///
    /// # Errors
    /// [`crate::Error::ForeignCursor`] when the cursor was made under another order, [`crate::Error::Query`] when
    /// the query is over a limit.
    pub fn query(&self, query: &Query) -> Result<Answer> {
        self.engine.query(query)
    }

    /// Begins an answer, from the snapshot that [`Store::query`] would take: everything but the rows and where they
    /// continue. The rows of the page are read as they are needed, in memory that does not grow with the page.
    ///
    /// # Errors
    /// As [`Store::query`].
    pub fn open_query(&self, query: &Query) -> Result<(Answer, PageRows)> {
        let (answer, page) = self.engine.open_query(query)?;
        Ok((answer, PageRows::new(Arc::downgrade(&self.engine), page)))
    }

    /// Follows what is accepted: every report that matches, in the order of acceptance, late ones included, each with
    /// the number of the one before. Begins after `from_seq`, be it long ago, or with what comes next.
    ///
    /// # Errors
    /// [`crate::Error::UnknownSeq`] for a number that was never given, [`crate::Error::TooManySubscribers`].
    pub fn subscribe(&self, from_seq: Option<u64>, filter: TailFilter) -> Result<Subscription> {
        Subscription::new(&self.engine, from_seq, filter)
    }

    /// Waits until a report after a sequence number was accepted; false when the time is over before that. With this,
    /// one thread can wait for many tails, which then ask [`Subscription::next_batch`] without a timeout.
    ///
    /// # Errors
    /// [`crate::Error::Closed`], never while the store is borrowed for the call.
    pub fn wait_past(&self, seq: u64, timeout: Duration) -> Result<bool> {
        self.engine.signal.wait_past(seq, timeout)
    }

    /// The last sequence number whose report can be read.
    pub fn last_seq(&self) -> u64 {
        self.engine.signal.last_seq()
    }

    /// Every stream of an account that ever had a run, in the order of their names.
    pub fn streams(&self, account: &str) -> Vec<StreamSummary> {
        self.engine.state().streams(account)
    }

    /// What is stored of an account's finished runs, by day (UTC) and namespace, in the order of both.
    pub fn stored(&self, account: &str) -> Vec<Stored> {
        self.engine.stored(account)
    }

    /// Turns all finished runs in memory into segments.
    ///
    /// # Errors
    /// When the disk fails; the store is poisoned then.
    pub fn flush(&self) -> Result<()> {
        self.engine.flush()
    }

    /// Merges the segments of each day into as few as may be.
    ///
    /// # Errors
    /// When the disk fails; the store is poisoned then.
    pub fn merge(&self) -> Result<()> {
        self.engine.merge_all()
    }

    /// Closes as interrupted every run in flight that was not heard of for the time to live, and returns how many. That
    /// they have ended is a guess: a later report of such a run replaces it.
    ///
    /// # Errors
    /// As [`Store::append`].
    pub fn expire_in_flight(&self) -> Result<usize> {
        self.engine.expire_in_flight()
    }

    /// Backs up what is accepted so far into a folder, which is empty or does not exist, while everything goes on.
    /// Files are hard-linked where the folder is on the same file system: such a backup takes no time and hardly any
    /// space, but does not outlive its disk.
    ///
    /// # Errors
    /// [`crate::Error::NotEmpty`], or [`crate::Error::Io`] when a disk does not work; a target that fails leaves the
    /// store as it was. As [`Store::append`] when the store is poisoned.
    pub fn backup(&self, to: &Path, progress: &mut dyn FnMut(Progress)) -> Result<Backup> {
        self.engine.backup(to, progress)
    }

    /// As [`Store::backup`], onto any disk.
    ///
    /// # Errors
    /// As [`Store::backup`].
    pub fn backup_on(&self, to: &dyn Disk, progress: &mut dyn FnMut(Progress)) -> Result<Backup> {
        self.engine.backup_on(to, progress)
    }

    /// Removes what the retention rules of the options no longer keep, and from then on refuses runs of that time.
    /// Whole days (UTC) go, of those namespaces whose time has come; streams stay known. To be called now and then, at
    /// least a few times a day: it also notes the time.
    ///
    /// Removes nothing while the wall clock is far ahead of all times that the store has seen (see
    /// [`Health::clock_ahead_ms`]).
    ///
    /// # Errors
    /// When the disk fails; the store is poisoned then.
    pub fn retain(&self) -> Result<Removed> {
        self.engine.retain(false)
    }

    /// As [`Store::retain`], by the word of somebody who knows that the wall clock is right. The store believes it from
    /// then on.
    ///
    /// # Errors
    /// As [`Store::retain`].
    pub fn retain_trusting_clock(&self) -> Result<Removed> {
        self.engine.retain(true)
    }

    /// Where retained data begins.
    pub fn retained(&self) -> Retained {
        self.engine.state().retained.clone()
    }

    /// Whether the store takes writes, and what it lost.
    pub fn health(&self) -> Health {
        self.engine.health()
    }

    /// How much the store holds.
    pub fn stats(&self) -> Stats {
        self.engine.stats()
    }

    /// Closes the store in order; tails end. Nothing is flushed: the log keeps what memory holds.
    ///
    /// # Errors
    /// When the log's end cannot be written; what was acknowledged is on disk all the same.
    pub fn close(mut self) -> Result<()> {
        self.stop();
        // So that a store that is closed soon after its first runs knows their time after a restart.
        if self.engine.poison.get().is_none() && self.engine.look_at_clock().is_none() {
            self.engine.keep_time()?;
        }
        self.engine.commit.exclusive(&*self.engine, WalWriter::close)
    }

    fn stop(&mut self) {
        self.engine.signal.close();
        self.engine.work.tell(|flags| flags.stop = true);
        for thread in self.threads.drain(..) {
            // A thread that panicked has said so; there is nothing left to do for it.
            thread.join().ok();
        }
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        self.stop();
    }
}
