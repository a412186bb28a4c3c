//! The parts of an open store and the few steps that touch several of them.

use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Condvar, OnceLock};
use std::time::Duration;

use runlog_core::{Answer, Query};

use crate::clock::Clock;
use crate::commit::{Commit, Place, Sink};
use crate::disk::Disk;
use crate::error::{Error, Result};
use crate::health::{Health, SetAside, Stats};
use crate::in_flight::InFlightRun;
use crate::locks::{Mutex, MutexGuard, Rank, ReadGuard, RwLock, WriteGuard};
use crate::manifest::Manifest;
use crate::options::{GUESSES_MAX_BYTES, Options};
use crate::query::{self, page::Page};
use crate::segment::SharedTexts;
use crate::signal::Signal;
use crate::state::{Sealed, Shared, State};
use crate::wal::writer::WalWriter;
use crate::wall::{Reading, WallClock};

/// An open store. In which order its locks are taken: `locks.rs`.
pub(crate) struct Engine {
    pub(crate) disk: Arc<dyn Disk>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) options: Options,
    /// Text that queries decompressed.
    pub(crate) texts: Arc<SharedTexts>,
    /// One flush and one merge at a time.
    pub(crate) flushing: Mutex<()>,
    pub(crate) merging: Mutex<()>,
    pub(crate) commit: Commit,
    /// The manifest as it is on disk.
    pub(crate) manifest: Mutex<Manifest>,
    pub(crate) state: RwLock<State>,
    pub(crate) set_aside: Mutex<Vec<SetAside>>,
    pub(crate) wall: Mutex<WallClock>,
    /// The next segment file's number.
    pub(crate) next_file: AtomicU64,
    pub(crate) poison: OnceLock<String>,
    pub(crate) torn_bytes: u64,
    pub(crate) work: Work,
    /// Wakes tails.
    pub(crate) signal: Arc<Signal>,
}

/// Tells the background threads what to do, and writers when there is room.
#[derive(Debug)]
pub(crate) struct Work {
    flags: Mutex<Flags>,
    pub(crate) changed: Condvar,
}

/// What is to be done.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Flags {
    pub(crate) flush: bool,
    pub(crate) merge: bool,
    pub(crate) stop: bool,
}

impl Default for Work {
    fn default() -> Self {
        Self { flags: Mutex::new(Rank::Work, Flags::default()), changed: Condvar::new() }
    }
}

impl Work {
    pub(crate) fn flags(&self) -> MutexGuard<'_, Flags> {
        self.flags.lock()
    }

    /// Changes the flags and wakes everybody.
    pub(crate) fn tell(&self, change: impl FnOnce(&mut Flags)) {
        change(&mut self.flags());
        self.changed.notify_all();
    }
}

impl Engine {
    /// Answers a query from one snapshot; damaged segments that it meets are set aside and the rest answers.
    pub(crate) fn query(&self, query: &Query) -> Result<Answer> {
        let read_all = |(mut answer, mut page): (Answer, Page)| {
            answer.rows = page.next_batch(usize::MAX)?;
            answer.next = page.cursor();
            answer.cost.add(page.cost());
            Ok(answer)
        };
        self.answer(query, read_all, |answer| answer)
    }

    /// Begins an answer; the page gives its rows. Damaged segments that are met before are set aside.
    pub(crate) fn open_query(&self, query: &Query) -> Result<(Answer, Page)> {
        self.answer(query, Ok, |(answer, _)| answer)
    }

    /// Does `finish` with an answer's beginning, and notes in the answer what it took.
    fn answer<T>(
        &self,
        query: &Query,
        finish: impl Fn((Answer, Page)) -> Result<T>,
        answer: impl Fn(&mut T) -> &mut Answer,
    ) -> Result<T> {
        query.check()?;
        let began = self.clock.elapsed();
        let wants = |flight: &InFlightRun| {
            // Neither is versioned.
            query.as_of.is_none() && query.result.matches(flight.ret_code) && query.scope.matches(&flight.stream)
        };
        let mut found = self.retry_without_damaged(|engine| {
            let state = engine.state();
            let snapshot = state.snapshot(wants);
            let retained_from_ms = state.retained.of_scope(&query.scope);
            drop(state);
            let (mut answer, page) = query::open(&snapshot, query)?;
            answer.watermark.retained_from_ms = retained_from_ms;
            finish((answer, page))
        })?;
        let answer = answer(&mut found);
        answer.watermark.set_aside_files = self.set_aside().len() as u64;
        let took = self.clock.elapsed().saturating_sub(began);
        answer.cost.elapsed_us = u64::try_from(took.as_micros()).expect("a query ends within 500,000 years");
        Ok(found)
    }

    pub(crate) fn health(&self) -> Health {
        let set_aside = self.set_aside().clone();
        let reading = self.reading();
        let clock_ahead_ms = self.wall().ahead_ms(reading);
        Health { poisoned: self.poison.get().cloned(), set_aside, torn_bytes: self.torn_bytes, clock_ahead_ms }
    }

    /// What the clocks say, and the newest run.
    pub(crate) fn reading(&self) -> Reading {
        let newest_ms = self.state().newest_ms;
        Reading { now_ms: self.clock.now_ms(), elapsed: self.clock.elapsed(), newest_ms }
    }

    /// How far the wall clock is ahead, if it cannot be believed; remembers what was seen.
    pub(crate) fn look_at_clock(&self) -> Option<u64> {
        let reading = self.reading();
        self.wall().look(reading)
    }

    pub(crate) fn wall(&self) -> MutexGuard<'_, WallClock> {
        self.wall.lock()
    }

    pub(crate) fn stats(&self) -> Stats {
        // Listed before the lock of the state is taken, which writers and queries need.
        let wal_bytes = self.folder_bytes("wal");
        let other_bytes = self.folder_bytes("") + self.folder_bytes("set-aside");
        let state = self.state();
        let (mut table_rows, mut table_bytes) = (0, 0);
        for table in state.tables() {
            let table = table.read();
            table_rows += table.rows() as u64;
            table_bytes += table.bytes() as u64;
        }
        let segment_bytes = state.segments.iter().map(|segment| segment.bytes()).sum();
        let streams = state.catalog.0.len() + state.catalog.missing_of(&state.active.read());
        Stats {
            rows: table_rows
                + state.in_flight.guesses() as u64
                + state.segments.iter().map(|segment| segment.rows()).sum::<u64>(),
            in_flight: state.in_flight.len() as u64,
            segments: state.segments.len() as u64,
            segment_bytes,
            wal_bytes,
            disk_bytes: segment_bytes + wal_bytes + other_bytes,
            memtable_bytes: table_bytes + state.in_flight.bytes() as u64,
            streams: streams as u64,
            last_seq: state.last_seq,
        }
    }

    /// An error when the store refuses writes.
    pub(crate) fn check_poison(&self) -> Result<()> {
        self.poison.get().map_or(Ok(()), |reason| Err(Error::Poisoned(reason.clone())))
    }

    /// Refuses writes from now on: after a failed write or sync nobody knows what is on the disk.
    pub(crate) fn poison(&self, error: &Error) {
        self.poison.get_or_init(|| error.poison_text());
        self.work.tell(|_| ());
    }

    pub(crate) fn is_memtable_full(&self) -> bool {
        let active = Arc::clone(&self.state().active);
        let active = active.read();
        active.rows() >= self.options.memtable_max_rows || active.bytes() >= self.options.memtable_max_bytes
    }

    /// Seals the memtable and begins the next log file. Only for a caller that has the log to itself.
    pub(crate) fn rotate(&self, wal: &mut WalWriter) -> Result<()> {
        let (mut guesses, carried) = {
            let state = self.state();
            let guesses = state.in_flight.old_guesses(self.options.guesses_max_runs, GUESSES_MAX_BYTES);
            let carried = state.in_flight.carried(&guesses);
            (guesses, carried)
        };
        let next = WalWriter::create(&*self.disk, wal.number() + 1, carried)?;
        wal.close()?;
        let old = std::mem::replace(wal, next);
        let mut state = self.state_mut();
        let table = std::mem::replace(&mut state.active, Arc::new(Shared::default()));
        state.catalog.include_table(&table.read());
        // Unless retention has removed them meanwhile, they are final.
        guesses.retain(|guess| state.in_flight.take_guess(guess));
        if !guesses.is_empty() {
            let table = Arc::new(Shared::new(InFlightRun::table_of(&guesses)));
            state.sealed.push(Arc::new(Sealed { table, wal_number: old.number() - 1 }));
        }
        state.sealed.push(Arc::new(Sealed { table, wal_number: old.number() }));
        drop(state);
        self.work.tell(|flags| flags.flush = true);
        Ok(())
    }

    /// Waits, within bounds, until another memtable may be filled.
    pub(crate) fn make_room(&self) -> Result<()> {
        let is_full = || self.state().sealed.len() >= self.options.sealed_max.max(1);
        if !self.options.background {
            return if is_full() { self.flush_sealed() } else { Ok(()) };
        }
        let deadline = self.clock.elapsed() + Duration::from_millis(self.options.busy_wait_ms);
        let mut flags = self.work.flags();
        while is_full() {
            self.check_poison()?;
            let left = deadline.saturating_sub(self.clock.elapsed());
            if left.is_zero() {
                return Err(Error::Busy);
            }
            flags = flags.wait_timeout(&self.work.changed, left);
        }
        Ok(())
    }

    pub(crate) fn state(&self) -> ReadGuard<'_, State> {
        self.state.read()
    }

    pub(crate) fn state_mut(&self) -> WriteGuard<'_, State> {
        self.state.write()
    }

    pub(crate) fn manifest(&self) -> MutexGuard<'_, Manifest> {
        self.manifest.lock()
    }

    /// Damaged files, known without waiting for a publication.
    pub(crate) fn set_aside(&self) -> MutexGuard<'_, Vec<SetAside>> {
        self.set_aside.lock()
    }

    fn folder_bytes(&self, path: &str) -> u64 {
        self.disk.list(path).unwrap_or_default().iter().filter(|entry| !entry.is_dir).map(|entry| entry.len).sum()
    }
}

impl Sink for Engine {
    fn apply(&self, bytes: &Arc<Vec<u8>>, reports: &[Place]) -> Result<()> {
        self.apply_group(bytes, reports)
    }

    fn rotate_if_full(&self, log: &mut WalWriter) -> Result<()> {
        if self.is_memtable_full() { self.rotate(log) } else { Ok(()) }
    }

    fn poison(&self, error: &Error) {
        Engine::poison(self, error);
    }

    fn check_poison(&self) -> Result<()> {
        Engine::check_poison(self)
    }
}
