//! Group commit: batches queue up, one of their threads writes and syncs all that wait, and every batch of the group
//! is acknowledged together.
//!
//! There is no writer thread: the first batch that finds nobody writing becomes the *leader* of its group. While it
//! syncs, the next group gathers. What is queued is *pending*: not durable, not visible, but already compared with, so
//! that a run offered twice at once is accepted once; and the second offer waits for the first one's sync.

use std::ops::Range;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use hashbrown::HashTable;
use runlog_core::{Run, Stream};

use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::options::GROUP_MAX_BYTES;
use crate::record::{self, Record};
use crate::wal::format::Kind;
use crate::wal::writer::{Group, WalWriter};

/// The queue before the log.
#[derive(Debug, Default)]
pub(crate) struct Commit {
    queue: Mutex<Queue>,
    changed: Condvar,
}

/// What is accepted and not durable yet.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    /// The last sequence number that was given.
    pub(crate) last_seq: u64,
    open: Batch,
    /// The group being written and its number.
    writing: Option<(u64, Arc<Vec<u8>>)>,
    /// Groups have consecutive numbers; this is the open one's.
    open_number: u64,
    committed_number: u64,
    /// Somebody writes to the log.
    busy: bool,
    /// Runs in flight, as far as everything accepted says.
    pub(crate) in_flight: usize,
    /// Latest pending report of each run.
    pending: HashTable<Pending>,
}

/// A group's reports.
#[derive(Debug, Default)]
struct Batch {
    group: Group,
    reports: Vec<Report>,
}

/// Where a report lies in its group.
#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) stream: Arc<Stream>,
    pub(crate) hash: u64,
    pub(crate) range: Range<usize>,
}

#[derive(Debug)]
struct Pending {
    hash: u64,
    group_number: u64,
    range: Range<usize>,
}

/// A group's number, to wait for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ticket(u64);

impl Queue {
    /// Starts counting after what is on disk.
    pub(crate) fn after(last_seq: u64, in_flight: usize) -> Self {
        Self { last_seq, in_flight, open_number: 1, ..Self::default() }
    }

    /// Accepts a run: gives it the next sequence number and puts it in the open group. `was_running`: whether it was in
    /// flight before.
    pub(crate) fn accept(&mut self, run: &Run, hash: u64, now_ms: i64, was_running: bool) -> u64 {
        self.in_flight = (self.in_flight + usize::from(run.is_running())).saturating_sub(usize::from(was_running));
        self.last_seq += 1;
        let seq = self.last_seq;
        let range = self.open.group.push(|out| record::encode(out, run, seq, now_ms));
        self.open.reports.push(Report { stream: Arc::clone(&run.stream), hash, range: range.clone() });
        let pending = Pending { hash, group_number: self.open_number, range };
        let known = self.find(hash, run).map(|known| (known.group_number, known.range.clone()));
        let is_known = |other: &Pending| Some((other.group_number, other.range.clone())) == known;
        match self.pending.find_mut(hash, is_known) {
            Some(known) => *known = pending,
            None => drop(self.pending.insert_unique(hash, pending, |entry| entry.hash)),
        }
        seq
    }

    /// The latest pending report of the same run.
    pub(crate) fn find_record(&self, hash: u64, run: &Run) -> Option<Record<'_>> {
        self.find(hash, run).and_then(|pending| self.record(pending))
    }

    /// Bytes of the open group.
    pub(crate) fn bytes(&self) -> usize {
        self.open.group.bytes().len()
    }

    /// What to wait for, so that all that is pending now is durable.
    pub(crate) fn ticket(&self) -> Ticket {
        Ticket(if self.open.group.is_empty() { self.open_number - 1 } else { self.open_number })
    }

    fn find(&self, hash: u64, run: &Run) -> Option<&Pending> {
        self.pending
            .find(hash, |other| other.hash == hash && self.record(other).is_some_and(|record| record.is_of(run)))
    }

    fn record(&self, pending: &Pending) -> Option<Record<'_>> {
        let bytes = match &self.writing {
            Some((number, bytes)) if *number == pending.group_number => bytes.as_slice(),
            _ => self.open.group.bytes(),
        };
        Record::decode(bytes.get(pending.range.clone())?).ok()
    }
}

impl Commit {
    pub(crate) fn new(last_seq: u64, in_flight: usize) -> Self {
        Self { queue: Mutex::new(Queue::after(last_seq, in_flight)), changed: Condvar::new() }
    }

    /// The queue, with room for another batch.
    pub(crate) fn enter(&self, engine: &Engine) -> Result<MutexGuard<'_, Queue>> {
        let mut queue = self.lock();
        while queue.bytes() >= GROUP_MAX_BYTES {
            engine.check_poison()?;
            queue = self.lead_or_wait(engine, queue);
        }
        engine.check_poison()?;
        Ok(queue)
    }

    /// Returns when the group is durable and visible.
    pub(crate) fn wait(&self, engine: &Engine, ticket: Ticket) -> Result<()> {
        let mut queue = self.lock();
        while queue.committed_number < ticket.0 {
            engine.check_poison()?;
            queue = self.lead_or_wait(engine, queue);
        }
        Ok(())
    }

    /// Works on the log while nobody writes to it.
    pub(crate) fn exclusive<T>(&self, engine: &Engine, work: impl FnOnce(&mut WalWriter) -> Result<T>) -> Result<T> {
        let mut queue = self.lock();
        while queue.busy {
            queue = self.changed.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
        engine.check_poison()?;
        queue.busy = true;
        drop(queue);
        let done = engine.with_wal(work);
        self.lock().busy = false;
        self.changed.notify_all();
        done
    }

    /// The queue, for as short as may be.
    pub(crate) fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lead_or_wait<'a>(&'a self, engine: &Engine, queue: MutexGuard<'a, Queue>) -> MutexGuard<'a, Queue> {
        if queue.busy {
            return self.changed.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
        let done = engine.with_wal(|wal| self.write_group(engine, queue, wal));
        let mut queue = self.lock();
        queue.busy = false;
        queue.writing = None;
        if let Ok(number) = done {
            debug_assert_eq!(queue.committed_number + 1, number, "groups are committed in order");
            queue.committed_number = number;
            queue.pending.retain(|pending| pending.group_number > number);
        }
        drop(queue);
        self.changed.notify_all();
        self.lock()
    }

    /// Takes the open group, writes it and makes it visible.
    fn write_group(&self, engine: &Engine, mut queue: MutexGuard<'_, Queue>, wal: &mut WalWriter) -> Result<u64> {
        queue.busy = true;
        let number = queue.open_number;
        queue.open_number += 1;
        let Batch { group, reports } = std::mem::take(&mut queue.open);
        let bytes = Arc::new(group.seal(Kind::Accepted, wal.number()));
        queue.writing = Some((number, Arc::clone(&bytes)));
        drop(queue);
        wal.write_group(&bytes)?;
        engine.apply(&bytes, &reports);
        // From here on the group counts, whatever becomes of the next log file.
        if engine.is_memtable_full() {
            engine.rotate(wal).map_err(|error| engine.poison(&error)).ok();
        }
        Ok(number)
    }
}

impl Error {
    /// What to poison the store with.
    pub(crate) fn poison_text(&self) -> String {
        match self {
            Error::Io { doing, source } => format!("{doing}: {source}"),
            other => other.to_string(),
        }
    }
}
