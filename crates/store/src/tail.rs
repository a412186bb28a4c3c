//! Tails: every accepted report that matches, in the order of acceptance.
//!
//! A subscription is a place in the sequence and little else. It reads what comes after that place from a snapshot, as
//! a query does: from memory while it keeps up, from segments when it is late or resumes. So it cannot miss
//! what is stored, nothing is queued for it, and writers do not know it.

use std::collections::VecDeque;
use std::sync::{Arc, Weak};
use std::time::Duration;

use runlog_core::{TailEvent, TailFilter, TailGap};

use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::in_flight::InFlightRun;
use crate::query::since::{self, Batch};
use crate::signal::Signal;
use crate::watermarks::Watermarks;

/// A tail of a store; see [`crate::Store::subscribe`].
///
/// It gives every finished run that is retained; what was removed, or was in damaged files, before the tail came to it
/// is missing, as the next event's [`TailEvent::gap`] says. Of a run in flight it gives the latest report, and earlier
/// ones as long as their memtable is in memory: a tail that keeps up sees them all; one that resumes after a restart,
/// or after minutes of silence, may see only the latest, or the finish alone.
#[derive(Debug)]
pub struct Subscription {
    engine: Weak<Engine>,
    signal: Arc<Signal>,
    filter: TailFilter,
    /// Everything up to here was read.
    position: u64,
    /// The last event's number, or the one that the tail began after.
    last: u64,
    /// Read, and not given yet.
    ready: VecDeque<TailEvent>,
    /// The watermarks when a gap was last reported, and the gap that the next event reports.
    told: Watermarks,
    gap: Option<TailGap>,
}

impl Subscription {
    pub(crate) fn new(engine: &Arc<Engine>, from_seq: Option<u64>, filter: TailFilter) -> Result<Self> {
        let known = engine.state().last_seq;
        let from = from_seq.unwrap_or(known);
        if from > known {
            return Err(Error::UnknownSeq { seq: from, last: known });
        }
        let signal = Arc::clone(&engine.signal);
        signal.join()?;
        Ok(Self {
            engine: Arc::downgrade(engine),
            signal,
            filter,
            position: from,
            last: from,
            ready: VecDeque::new(),
            told: Watermarks::default(),
            gap: None,
        })
    }

    /// The next event; waits for it up to `timeout`, and gives `None` when none was found by then. That the tail has
    /// caught up is to be seen by [`Subscription::position`]: a rare word in a long past takes several calls.
    ///
    /// # Errors
    /// [`Error::Closed`] once the store is closed, [`Error::Io`] when it cannot be read. Calling again after an error
    /// goes on at the same place.
    pub fn next(&mut self, timeout: Duration) -> Result<Option<TailEvent>> {
        if self.ready.is_empty() {
            self.ready = self.read_or_wait(timeout)?.into();
        }
        Ok(self.ready.pop_front())
    }

    /// The next few events, at least one unless none comes within `timeout`. They are as many as lie ready, up to a
    /// bounded number and size.
    ///
    /// # Errors
    /// As [`Subscription::next`].
    pub fn next_batch(&mut self, timeout: Duration) -> Result<Vec<TailEvent>> {
        if self.ready.is_empty() { self.read_or_wait(timeout) } else { Ok(std::mem::take(&mut self.ready).into()) }
    }

    /// The number up to which nothing is left to give: a tail that begins after it goes on exactly here, without
    /// reading again what did not match. [`Subscription::gap`] says what may be missing before it and was in no event
    /// yet.
    pub fn position(&self) -> u64 {
        self.ready.front().map_or(self.position, |event| event.prev_matching_seq)
    }

    /// What may be missing, as the next event that matches will say, whenever that comes.
    pub fn gap(&self) -> Option<TailGap> {
        self.ready.front().map_or(self.gap, |event| event.gap)
    }

    fn read_or_wait(&mut self, timeout: Duration) -> Result<Vec<TailEvent>> {
        let mut deadline = None;
        loop {
            let (batch, watermarks, now) = self.read()?;
            let is_at_end = batch.is_at_end;
            let events = self.take(batch, watermarks);
            let left = deadline.get_or_insert(now.saturating_add(timeout)).saturating_sub(now);
            if !events.is_empty() || left.is_zero() || is_at_end && !self.signal.wait_past(self.position, left)? {
                return Ok(events);
            }
        }
    }

    /// Reads once; returns the watermarks and the moment as well.
    fn read(&self) -> Result<(Batch, Watermarks, Duration)> {
        let _open = self.signal.enter()?;
        let engine = self.engine.upgrade().ok_or(Error::Closed)?;
        let (batch, watermarks) = engine.since(&self.filter, self.position)?;
        Ok((batch, watermarks, engine.clock.elapsed()))
    }

    fn take(&mut self, batch: Batch, watermarks: Watermarks) -> Vec<TailEvent> {
        if let Some(gap) = watermarks.gap(self.position, self.told) {
            self.gap = Some(gap.with(self.gap));
            self.told = watermarks;
        }
        self.position = batch.seen;
        let chain = |row: runlog_core::Row| {
            let prev_matching_seq = std::mem::replace(&mut self.last, row.seq);
            TailEvent { row, prev_matching_seq, gap: self.gap.take() }
        };
        batch.rows.into_iter().map(chain).collect()
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.signal.leave();
    }
}

impl Engine {
    /// Reads the first events of a tail after a sequence number, and the watermarks of that moment.
    fn since(&self, filter: &TailFilter, seq: u64) -> Result<(Batch, Watermarks)> {
        self.retry_without_damaged(|engine| {
            let wanted =
                |flight: &InFlightRun| filter.result.matches(flight.ret_code) && filter.scope.matches(&flight.stream);
            let max = engine.options.tail_batch_max_rows.max(1);
            let state = engine.state();
            let (snapshot, watermarks) = (state.snapshot_after(seq, max, wanted), state.watermarks);
            drop(state);
            Ok((since::read(&snapshot, filter, seq, max)?, watermarks))
        })
    }
}
