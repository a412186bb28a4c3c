//! Runs that have started and not finished: in memory, kept by the write-ahead log, never in a segment.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use hashbrown::HashTable;
use runlog_core::{Retained, Run, Stream};

use crate::hash::{id_hash, same_function};
use crate::options::GROUP_MAX_BYTES;
use crate::record::Record;
use crate::wal::writer::Group;

/// Every run in flight, by its identity.
#[derive(Debug, Default)]
pub(crate) struct InFlight {
    entries: HashTable<Arc<Flight>>,
    by_seq: BTreeMap<u64, Arc<Flight>>,
    bytes: usize,
}

/// A run in flight: its latest report.
#[derive(Debug)]
pub(crate) struct Flight {
    pub(crate) hash: u64,
    pub(crate) stream: Arc<Stream>,
    pub(crate) seq: u64,
    /// When it was heard of last, in milliseconds of the monotonic clock; of a run that was heard of in an earlier life,
    /// before that clock began, if the wall clock can be believed.
    heard_at_ms: AtomicI64,
    report: Box<[u8]>,
}

impl Flight {
    /// A run in flight from its report's bytes, which `record` was read from.
    pub(crate) fn new(stream: &Arc<Stream>, record: &Record<'_>, report: &[u8], heard_at_ms: i64) -> Self {
        let hash = id_hash(&stream.account, record.request_id);
        Self {
            hash,
            stream: Arc::clone(stream),
            seq: record.facts.seq,
            heard_at_ms: AtomicI64::new(heard_at_ms),
            report: report.into(),
        }
    }

    /// The latest report; `None` never happens, since the bytes were read before.
    pub(crate) fn record(&self) -> Option<Record<'_>> {
        Record::decode(&self.report).ok()
    }

    /// When it was heard of last, in milliseconds of the monotonic clock.
    pub(crate) fn heard_at_ms(&self) -> i64 {
        self.heard_at_ms.load(Ordering::Relaxed)
    }

    fn is_of(&self, stream: &Stream, request_id: &str, retry_num: u8) -> bool {
        same_function(&self.stream, stream)
            && self.record().is_some_and(|mine| mine.request_id == request_id && mine.retry_num == retry_num)
    }
}

impl InFlight {
    /// A life of the store begins, at a moment of its monotonic clock and, if that can be believed, of the wall clock.
    /// Otherwise nobody knows how long runs have been silent, and it counts from now.
    pub(crate) fn begin_life(&self, began_ms: i64, wall_ms: Option<i64>) {
        for flight in self.by_seq.values() {
            let heard_ms = flight.record().map(|record| record.heard_ms);
            let silent_ms = wall_ms.zip(heard_ms).map_or(0, |(wall_ms, heard_ms)| wall_ms.saturating_sub(heard_ms));
            flight.heard_at_ms.store(began_ms.saturating_sub(silent_ms.max(0)), Ordering::Relaxed);
        }
    }

    /// Takes a report, unless a later one of the same run is known.
    pub(crate) fn upsert(&mut self, flight: Flight) {
        let flight = Arc::new(flight);
        let Some(record) = flight.record() else { return };
        let (request_id, retry_num) = (record.request_id, record.retry_num);
        let bytes = flight.report.len();
        match self.entries.find_mut(flight.hash, |known| known.is_of(&flight.stream, request_id, retry_num)) {
            Some(known) if known.seq >= flight.seq => {}
            Some(known) => {
                self.bytes = (self.bytes + bytes).saturating_sub(known.report.len());
                self.by_seq.remove(&known.seq);
                self.by_seq.insert(flight.seq, Arc::clone(&flight));
                *known = flight;
            }
            None => {
                self.bytes += bytes;
                self.by_seq.insert(flight.seq, Arc::clone(&flight));
                self.entries.insert_unique(flight.hash, flight, |entry| entry.hash);
            }
        }
    }

    /// Forgets a run, since it has finished.
    pub(crate) fn remove(&mut self, hash: u64, stream: &Stream, request_id: &str, retry_num: u8) {
        if let Ok(entry) = self.entries.find_entry(hash, |known| known.is_of(stream, request_id, retry_num)) {
            let (gone, _) = entry.remove();
            self.bytes = self.bytes.saturating_sub(gone.report.len());
            self.by_seq.remove(&gone.seq);
        }
    }

    /// Whether a run is in flight.
    pub(crate) fn contains(&self, hash: u64, run: &Run) -> bool {
        self.entries.find(hash, |known| known.is_of(&run.stream, &run.request_id, run.retry_num)).is_some()
    }

    /// Forgets runs that started before what is kept; says how many.
    pub(crate) fn retain(&mut self, retained: &Retained) -> usize {
        let before = self.entries.len();
        let start_ms = |flight: &Flight| flight.record().map_or(0, |record| record.facts.start_ms);
        self.entries.retain(|flight| retained.keeps(&flight.stream.namespace, start_ms(flight)));
        self.by_seq.retain(|_, flight| retained.keeps(&flight.stream.namespace, start_ms(flight)));
        self.bytes = self.entries.iter().map(|flight| flight.report.len()).sum();
        before - self.entries.len()
    }

    /// The last report of those that started before what is kept; 0 when there are none.
    pub(crate) fn last_seq_before(&self, retained: &Retained) -> u64 {
        let start_ms = |flight: &Flight| flight.record().map_or(0, |record| record.facts.start_ms);
        let goes = |flight: &&Arc<Flight>| !retained.keeps(&flight.stream.namespace, start_ms(flight));
        self.by_seq.values().rfind(goes).map_or(0, |flight| flight.seq)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Arc<Flight>> {
        self.entries.iter()
    }

    /// Those whose latest report came after a sequence number, in the order of acceptance.
    pub(crate) fn after(&self, seq: u64) -> impl Iterator<Item = &Arc<Flight>> {
        self.by_seq.range(seq.saturating_add(1)..).map(|(_, flight)| flight)
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Bytes of the reports.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Every report, in the order of acceptance, as the beginning of a new log file.
    pub(crate) fn carried(&self) -> Vec<Group> {
        let mut groups = vec![Group::default()];
        for flight in self.by_seq.values() {
            if groups.last().is_some_and(|group| group.bytes().len() >= GROUP_MAX_BYTES) {
                groups.push(Group::default());
            }
            if let Some(group) = groups.last_mut() {
                group.push(|out| out.extend_from_slice(&flight.report));
            }
        }
        groups
    }
}
