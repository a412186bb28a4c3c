//! Finished runs that no segment has yet: columns per stream, texts left in the log's own bytes.
//!
//! Rows are only ever added, in the order of their sequence numbers, so a reader that knows a sequence number has a
//! snapshot: the rows up to it.

use std::ops::Range;
use std::sync::Arc;

use hashbrown::HashTable;
use runlog_core::{IdRef, Stream};

use crate::codec::Malformed;
use crate::hash::{id_hash, run_hash, stream_hash};
use crate::number::narrow;
use crate::record::{Facts, Record};

/// The rows of one memtable.
#[derive(Debug, Default)]
pub(crate) struct Memtable {
    slots: Vec<Slot>,
    /// Places in `slots`, by the hash of their stream.
    by_stream: HashTable<(u64, u32)>,
    /// Every row, by the hash of its account and request id.
    ids: HashTable<(u64, Place)>,
    /// Every row, by the hash of its whole identity.
    runs: HashTable<(u64, Place)>,
    /// The log's groups, to whose bytes the rows point.
    groups: Vec<Arc<Vec<u8>>>,
    rows: usize,
    bytes: usize,
}

/// The rows of one stream.
#[derive(Debug)]
pub(crate) struct Slot {
    pub(crate) stream: Arc<Stream>,
    /// The first and last start of any report, of runs in flight too.
    pub(crate) starts: (i64, i64),
    /// In the order of their sequence numbers.
    pub(crate) facts: Vec<Facts>,
    reports: Vec<(u32, Range<u32>)>,
    /// Reports of runs in flight, in the order of their sequence numbers, superseded ones too: their bytes are here
    /// as long as the memtable is, so tails can have them.
    pub(crate) running: Vec<Heard>,
}

/// A report of a run in flight.
#[derive(Clone, Debug)]
pub(crate) struct Heard {
    pub(crate) seq: u64,
    group: u32,
    range: Range<u32>,
}

/// Where a row is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) slot: u32,
    pub(crate) row: u32,
}

/// The report of a row, on its own: it stays readable without its memtable.
#[derive(Debug)]
pub(crate) struct OwnReport {
    pub(crate) stream: Arc<Stream>,
    group: Arc<Vec<u8>>,
    range: Range<u32>,
}

impl OwnReport {
    pub(crate) fn record(&self) -> Result<Record<'_>, Malformed> {
        let bytes = self.group.get(self.range.start as usize..self.range.end as usize);
        Record::decode(bytes.ok_or(Malformed("no such report"))?)
    }
}

impl Slot {
    /// Each row, with the bytes of its report.
    pub(crate) fn sizes(&self) -> impl Iterator<Item = (&Facts, u32)> {
        self.facts.iter().zip(self.reports.iter().map(|(_, range)| range.end - range.start))
    }
}

impl Memtable {
    /// Keeps a group's bytes; its rows are added under the number that this returns.
    pub(crate) fn add_group(&mut self, bytes: Arc<Vec<u8>>) -> u32 {
        self.bytes += bytes.len();
        self.groups.push(bytes);
        narrow(self.groups.len() - 1)
    }

    /// Notes a report's start, and finds or makes its stream's place.
    pub(crate) fn note(&mut self, stream: &Arc<Stream>, start_ms: i64) -> u32 {
        let hash = stream_hash(stream);
        let slots = &mut self.slots;
        let same = |entry: &(u64, u32)| {
            slots.get(entry.1 as usize).is_some_and(|slot| Arc::ptr_eq(&slot.stream, stream) || slot.stream == *stream)
        };
        let at = match self.by_stream.find(hash, same) {
            Some(&(_, at)) => at,
            None => {
                let at = narrow(slots.len());
                let starts = (start_ms, start_ms);
                slots.push(Slot {
                    stream: Arc::clone(stream),
                    starts,
                    facts: Vec::new(),
                    reports: Vec::new(),
                    running: Vec::new(),
                });
                self.by_stream.insert_unique(hash, (hash, at), |entry| entry.0);
                at
            }
        };
        let slot = self.slot_mut(at);
        slot.starts = (slot.starts.0.min(start_ms), slot.starts.1.max(start_ms));
        at
    }

    /// Whether a report comes after all others of its kind, finished or running, and of its stream.
    pub(crate) fn is_next(&self, stream: &Arc<Stream>, seq: u64, is_final: bool) -> bool {
        let of_stream = |entry: &(u64, u32)| self.slot(entry.1).is_some_and(|slot| slot.stream == *stream);
        let Some(slot) = self.by_stream.find(stream_hash(stream), of_stream).and_then(|&(_, at)| self.slot(at)) else {
            return true;
        };
        let last =
            if is_final { slot.facts.last().map(|last| last.seq) } else { slot.running.last().map(|last| last.seq) };
        last.is_none_or(|last| last < seq)
    }

    /// Adds a finished run, whose report is at `range` of a group.
    pub(crate) fn insert(
        &mut self,
        stream: &Arc<Stream>,
        (hash, run_hash): (u64, u64),
        facts: Facts,
        group: u32,
        range: &Range<usize>,
    ) {
        let at = self.note(stream, facts.start_ms);
        let slot = self.slot_mut(at);
        assert!(slot.facts.last().is_none_or(|last| last.seq < facts.seq), "rows come in order");
        let place = Place { slot: at, row: narrow(slot.facts.len()) };
        slot.facts.push(facts);
        slot.reports.push((group, narrow_range(range)));
        self.ids.insert_unique(hash, (hash, place), |entry| entry.0);
        self.runs.insert_unique(run_hash, (run_hash, place), |entry| entry.0);
        self.rows += 1;
    }

    /// Takes a finished run out again. Only for a table that nobody reads yet: later rows of its stream move.
    pub(crate) fn withdraw(&mut self, place: Place) {
        let slot = self.slot_mut(place.slot);
        let at = place.row as usize;
        slot.facts.remove(at);
        slot.reports.remove(at);
        self.rows -= 1;
        self.ids.retain(|entry| entry.1 != place);
        self.runs.retain(|entry| entry.1 != place);
        let places = self.ids.iter_mut().chain(self.runs.iter_mut()).map(|entry| &mut entry.1);
        places.filter(|other| other.slot == place.slot && other.row > place.row).for_each(|other| other.row -= 1);
    }

    /// Notes a report of a run in flight, which is at `range` of a group.
    pub(crate) fn hear(&mut self, stream: &Arc<Stream>, facts: Facts, group: u32, range: &Range<usize>) {
        let at = self.note(stream, facts.start_ms);
        let slot = self.slot_mut(at);
        assert!(slot.running.last().is_none_or(|last| last.seq < facts.seq), "reports come in order");
        slot.running.push(Heard { seq: facts.seq, group, range: narrow_range(range) });
    }

    fn slot_mut(&mut self, at: u32) -> &mut Slot {
        self.slots.get_mut(at as usize).expect("slots are never removed, and this one was given out")
    }

    pub(crate) fn slots(&self) -> &[Slot] {
        &self.slots
    }

    pub(crate) fn slot(&self, at: u32) -> Option<&Slot> {
        self.slots.get(at as usize)
    }

    /// Finished rows.
    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    /// Bytes of the log that the rows point to.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Whether the log holds anything for this memtable, be it of runs in flight only.
    pub(crate) fn is_empty(&self) -> bool {
        self.groups.is_empty()
    }

    /// The report of a row.
    pub(crate) fn record(&self, place: Place) -> Result<Record<'_>, Malformed> {
        let slot = self.slot(place.slot).ok_or(Malformed("no such stream"))?;
        let (group, range) = slot.reports.get(place.row as usize).ok_or(Malformed("no such row"))?;
        Record::decode(self.bytes_of(*group, range)?)
    }

    /// A report of a run in flight.
    pub(crate) fn heard(&self, heard: &Heard) -> Result<Record<'_>, Malformed> {
        Record::decode(self.bytes_of(heard.group, &heard.range)?)
    }

    fn bytes_of(&self, group: u32, range: &Range<u32>) -> Result<&[u8], Malformed> {
        let group = self.groups.get(group as usize).ok_or(Malformed("no such group"))?;
        group.get(range.start as usize..range.end as usize).ok_or(Malformed("no such report"))
    }

    /// The report of a row, to be read without the memtable.
    pub(crate) fn own_report(&self, place: Place) -> Result<OwnReport, Malformed> {
        let slot = self.slot(place.slot).ok_or(Malformed("no such stream"))?;
        let (group, range) = slot.reports.get(place.row as usize).ok_or(Malformed("no such row"))?;
        let group = self.groups.get(*group as usize).ok_or(Malformed("no such group"))?;
        Ok(OwnReport { stream: Arc::clone(&slot.stream), group: Arc::clone(group), range: range.clone() })
    }

    /// The report of a finished run.
    pub(crate) fn find(&self, hash: u64, id: IdRef<'_>) -> Option<Record<'_>> {
        self.find_place(hash, id).map(|(_, record)| record)
    }

    /// As [`Memtable::find`], with where it is.
    pub(crate) fn find_place(&self, hash: u64, id: IdRef<'_>) -> Option<(Place, Record<'_>)> {
        let run_hash = run_hash(hash, id);
        let places = self.runs.iter_hash(run_hash).filter(|entry| entry.0 == run_hash);
        let mut records = places.filter_map(|&(_, place)| self.record(place).ok().map(|record| (place, record)));
        records.find(|(_, record)| record.is_of(id))
    }

    /// Rows that may have this account and request id.
    pub(crate) fn find_id(&self, account: &str, request_id: &str) -> impl Iterator<Item = Place> + '_ {
        let hash = id_hash(account, request_id);
        self.ids.iter_hash(hash).filter(move |entry| entry.0 == hash).map(|entry| entry.1)
    }
}

fn narrow_range(range: &Range<usize>) -> Range<u32> {
    narrow(range.start)..narrow(range.end)
}
