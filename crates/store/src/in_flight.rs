//! Runs that have started and not finished: in memory, kept by the write-ahead log, never in a segment.
//!
//! So are runs that the store closed itself after silence: that they ended is a *guess*, which any later report
//! corrects, and a segment never changes. Only the newest guesses are kept here; older ones become final.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use hashbrown::HashTable;
use runlog_core::{IdRef, OpenRun, Origin, Report, Retained, Stream};

use crate::chunks::Chunks;
use crate::hash::{id_hash, run_hash, same_function};
use crate::memtable::Memtable;
use crate::options::GROUP_MAX_BYTES;
use crate::record::{Record, id_of, unescape};
use crate::wal::writer::Group;

/// Every run in flight and every guess, by its identity.
#[derive(Debug, Default)]
pub(crate) struct InFlight {
    entries: HashTable<Arc<InFlightRun>>,
    by_seq: BTreeMap<u64, Arc<InFlightRun>>,
    bytes: usize,
    /// How many entries are guesses.
    guesses: usize,
}

/// A run in flight, or a guess: its latest report.
#[derive(Debug)]
pub(crate) struct InFlightRun {
    /// Of the account and the request id.
    pub(crate) hash: u64,
    /// Of the whole identity.
    pub(crate) run_hash: u64,
    pub(crate) stream: Arc<Stream>,
    pub(crate) seq: u64,
    pub(crate) ret_code: i32,
    pub(crate) is_guess: bool,
    /// When it was heard of last, in milliseconds of the monotonic clock. After a restart this is before that clock
    /// began, if the wall clock can be believed.
    heard_at_ms: AtomicI64,
    /// The report, without its log.
    head: Box<[u8]>,
    log: Chunks,
}

/// What became of a growth that was read from a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Grown {
    /// The run has grown.
    Yes,
    /// This report of the run, or a later one, is there already.
    Known,
    /// The report that it is added to is not there.
    Broken,
}

impl InFlightRun {
    /// A run in flight from a whole report.
    pub(crate) fn new(stream: &Arc<Stream>, record: &Record<'_>, heard_at_ms: i64) -> Self {
        debug_assert!(record.growth.is_none(), "a growth is no whole report");
        Self::of(stream, record, Chunks::of(record.log), heard_at_ms)
    }

    fn of(stream: &Arc<Stream>, record: &Record<'_>, log: Chunks, heard_at_ms: i64) -> Self {
        let mut head = Vec::new();
        Record { log: &[], growth: None, ..*record }.put(&mut head);
        let hash = id_hash(&stream.account, record.request_id);
        Self {
            hash,
            run_hash: run_hash(hash, id_of(stream, record)),
            stream: Arc::clone(stream),
            seq: record.facts.seq,
            ret_code: record.facts.ret_code,
            is_guess: record.is_guess,
            heard_at_ms: AtomicI64::new(heard_at_ms),
            head: head.into(),
            log,
        }
    }

    /// The next version of the run, as a growth has it.
    fn grown(&self, growth: &Record<'_>, keeps_message: bool, heard_at_ms: i64) -> Self {
        let ret_msg = if keeps_message { self.head().ret_msg } else { growth.ret_msg };
        Self::of(&self.stream, &Record { ret_msg, ..*growth }, self.log.grown(growth.log), heard_at_ms)
    }

    /// The latest report, without its log.
    pub(crate) fn head(&self) -> Record<'_> {
        Record::decode(&self.head).expect("a head was written by `Record::put`")
    }

    /// The latest report. Its log is put together, once for each version.
    pub(crate) fn whole(&self) -> Record<'_> {
        Record { log: self.log.whole(), ..self.head() }
    }

    pub(crate) fn log_bytes(&self) -> usize {
        self.log.bytes()
    }

    /// Adds the latest report to `out`, as a whole.
    pub(crate) fn put(&self, out: &mut Vec<u8>) {
        self.head().put_with_log(out, self.log.bytes(), self.log.parts());
    }

    /// The memtable of guesses that become final.
    pub(crate) fn table_of(guesses: &[Arc<Self>]) -> Memtable {
        let mut group = Group::default();
        let place = |guess: &Arc<Self>| {
            let record = Record { is_guess: false, ..guess.head() };
            group.push(|out| record.put_with_log(out, guess.log.bytes(), guess.log.parts()))
        };
        let places: Vec<_> = guesses.iter().map(place).collect();
        let mut table = Memtable::default();
        let number = table.add_group(Arc::new(group.bytes().to_vec()));
        for (guess, place) in guesses.iter().zip(places) {
            table.insert(&guess.stream, (guess.hash, guess.run_hash), guess.head().facts, number, &place);
        }
        table
    }

    /// When it was heard of last, in milliseconds of the monotonic clock.
    pub(crate) fn heard_at_ms(&self) -> i64 {
        self.heard_at_ms.load(Ordering::Relaxed)
    }

    /// The latest report, with what is kept beside the run.
    pub(crate) fn report(&self) -> Report {
        let record = self.whole();
        let row = record.to_row(&self.stream).expect("a report in flight was made of texts");
        Report { run: row.run, origin: record.origin, state: unescape(record.state) }
    }

    fn open_run(&self, record: &Record<'_>) -> OpenRun {
        OpenRun {
            stream: Arc::clone(&self.stream),
            request_id: record.request_id.to_owned(),
            retry_num: record.retry_num,
            seq: self.seq,
            state: unescape(record.state),
        }
    }

    fn is_of(&self, stream: &Stream, request_id: &str, retry_num: u8) -> bool {
        #[cfg(test)]
        crate::hash::comparisons::note();
        let head = self.head();
        head.request_id == request_id && head.retry_num == retry_num && same_function(&self.stream, stream)
    }

    fn bytes(&self) -> usize {
        self.head.len() + self.log.bytes()
    }

    fn start_ms(&self) -> i64 {
        self.head().facts.start_ms
    }
}

impl InFlight {
    /// A life of the store begins, at a moment of its monotonic clock and, if that can be believed, of the wall clock.
    /// Otherwise nobody knows how long runs have been silent, and it counts from now.
    pub(crate) fn begin_life(&self, began_ms: i64, wall_ms: Option<i64>) {
        for flight in self.by_seq.values() {
            let silent_ms = wall_ms.map_or(0, |wall_ms| wall_ms.saturating_sub(flight.head().heard_ms));
            flight.heard_at_ms.store(began_ms.saturating_sub(silent_ms.max(0)), Ordering::Relaxed);
        }
    }

    /// Takes a whole report, unless a later one of the same run is known.
    pub(crate) fn upsert(&mut self, flight: InFlightRun) {
        let flight = Arc::new(flight);
        let head = flight.head();
        let (bytes, guesses) = (flight.bytes(), usize::from(flight.is_guess));
        let is_same = |known: &Arc<InFlightRun>| {
            known.run_hash == flight.run_hash && known.is_of(&flight.stream, head.request_id, head.retry_num)
        };
        match self.entries.find_mut(flight.run_hash, is_same) {
            Some(known) if known.seq >= flight.seq => return,
            Some(known) => {
                self.bytes -= known.bytes();
                self.guesses -= usize::from(known.is_guess);
                self.by_seq.remove(&known.seq);
                *known = Arc::clone(&flight);
            }
            None => drop(self.entries.insert_unique(flight.run_hash, Arc::clone(&flight), |entry| entry.run_hash)),
        }
        self.bytes += bytes;
        self.guesses += guesses;
        self.by_seq.insert(flight.seq, flight);
    }

    /// Takes a growth.
    pub(crate) fn grow(&mut self, hash: u64, stream: &Stream, growth: &Record<'_>, heard_at_ms: i64) -> Grown {
        let Some(of) = growth.growth else { return Grown::Broken };
        let hash = run_hash(hash, id_of(stream, growth));
        let is_same = |known: &Arc<InFlightRun>| {
            known.run_hash == hash && known.is_of(stream, growth.request_id, growth.retry_num)
        };
        match self.entries.find(hash, is_same) {
            Some(known) if known.seq >= growth.facts.seq => Grown::Known,
            Some(known) if known.seq == of.after_seq && known.log.bytes() as u64 == of.log_bytes => {
                let grown = known.grown(growth, of.keeps_message, heard_at_ms);
                self.upsert(grown);
                Grown::Yes
            }
            _ => Grown::Broken,
        }
    }

    /// Forgets a run, since it has finished.
    pub(crate) fn remove(&mut self, hash: u64, id: IdRef<'_>) {
        let hash = run_hash(hash, id);
        let is_same = |known: &Arc<InFlightRun>| known.run_hash == hash && known.head().is_of(id);
        if let Ok(entry) = self.entries.find_entry(hash, is_same) {
            let (gone, _) = entry.remove();
            self.bytes -= gone.bytes();
            self.guesses -= usize::from(gone.is_guess);
            self.by_seq.remove(&gone.seq);
        }
    }

    /// The latest report of a run in flight, or of a guess.
    pub(crate) fn find(&self, hash: u64, id: IdRef<'_>) -> Option<&Arc<InFlightRun>> {
        let hash = run_hash(hash, id);
        self.entries.find(hash, |known| known.run_hash == hash && known.head().is_of(id))
    }

    /// Forgets runs that started before what is kept; says how many in flight, and how many guesses.
    pub(crate) fn retain(&mut self, retained: &Retained) -> (usize, usize) {
        let before = (self.len(), self.guesses);
        let keeps = |flight: &InFlightRun| retained.keeps(&flight.stream.namespace, flight.start_ms());
        self.entries.retain(|flight| keeps(flight));
        self.by_seq.retain(|_, flight| keeps(flight));
        self.bytes = self.entries.iter().map(|flight| flight.bytes()).sum();
        self.guesses = self.entries.iter().filter(|flight| flight.is_guess).count();
        (before.0 - self.len(), before.1 - self.guesses)
    }

    /// The last report of those that started before what is kept; 0 when there are none.
    pub(crate) fn last_seq_before(&self, retained: &Retained) -> u64 {
        let goes = |flight: &&Arc<InFlightRun>| !retained.keeps(&flight.stream.namespace, flight.start_ms());
        self.by_seq.values().rfind(goes).map_or(0, |flight| flight.seq)
    }

    /// The oldest guesses that are beyond `max_runs`, or beyond `max_bytes` of them.
    pub(crate) fn old_guesses(&self, max_runs: usize, max_bytes: usize) -> Vec<Arc<InFlightRun>> {
        if self.guesses == 0 {
            return Vec::new();
        }
        let guesses = || self.by_seq.values().filter(|flight| flight.is_guess);
        let (mut left, mut bytes) = (self.guesses, guesses().map(|flight| flight.bytes()).sum::<usize>());
        let is_beyond = |flight: &&Arc<InFlightRun>| {
            let is_beyond = left > max_runs || bytes > max_bytes;
            (left, bytes) = (left - 1, bytes - flight.bytes());
            is_beyond
        };
        guesses().take_while(is_beyond).cloned().collect()
    }

    /// Takes a guess out, if it still is the latest report of its run.
    pub(crate) fn take_guess(&mut self, guess: &InFlightRun) -> bool {
        let is_there = self.by_seq.contains_key(&guess.seq);
        if is_there {
            let head = guess.head();
            self.remove(guess.hash, id_of(&guess.stream, &head));
        }
        is_there
    }

    /// The runs in flight of an origin, in the order of their latest reports.
    pub(crate) fn open_runs(&self, origin: Origin) -> Vec<OpenRun> {
        let running = self.by_seq.values().filter(|flight| !flight.is_guess);
        let heads = running.map(|flight| (flight, flight.head()));
        heads.filter(|(_, head)| head.origin == origin).map(|(flight, head)| flight.open_run(&head)).collect()
    }

    /// Runs in flight and guesses.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Arc<InFlightRun>> {
        self.entries.iter()
    }

    /// Those whose latest report came after a sequence number, in the order of acceptance.
    pub(crate) fn after(&self, seq: u64) -> impl Iterator<Item = &Arc<InFlightRun>> {
        self.by_seq.range(seq.saturating_add(1)..).map(|(_, flight)| flight)
    }

    /// Runs in flight.
    pub(crate) fn len(&self) -> usize {
        self.entries.len() - self.guesses
    }

    pub(crate) fn guesses(&self) -> usize {
        self.guesses
    }

    /// Bytes of the reports.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Every report but these, in the order of acceptance, as the beginning of a new log file.
    pub(crate) fn carried(&self, without: &[Arc<InFlightRun>]) -> Vec<Group> {
        let mut groups = vec![Group::default()];
        let is_without = |flight: &&Arc<InFlightRun>| without.binary_search_by_key(&flight.seq, |it| it.seq).is_ok();
        for flight in self.by_seq.values().filter(|flight| !is_without(flight)) {
            if groups.last().is_some_and(|group| group.bytes().len() >= GROUP_MAX_BYTES) {
                groups.push(Group::default());
            }
            if let Some(group) = groups.last_mut() {
                group.push(|out| flight.put(out));
            }
        }
        groups
    }
}
