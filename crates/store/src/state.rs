//! What the store knows, and the snapshot of it that a query runs on.

use std::sync::Arc;

use runlog_core::{Retained, Stream, StreamSummary};

use crate::catalog::Catalog;
use crate::in_flight::{InFlight, InFlightRun};
use crate::locks::{Rank, ReadGuard, RwLock, WriteGuard};
use crate::memtable::Memtable;
use crate::segment::Segment;
use crate::watermarks::Watermarks;

/// Everything that is durable and so visible. Changed only under its lock, by one step at a time: a group of reports
/// arrives, a memtable is sealed, segments are published or set aside.
#[derive(Debug, Default)]
pub(crate) struct State {
    /// Takes new rows.
    pub(crate) active: Arc<Shared>,
    /// Wait for their flush, oldest first.
    pub(crate) sealed: Vec<Arc<Sealed>>,
    pub(crate) in_flight: InFlight,
    pub(crate) segments: Arc<Vec<Arc<Segment>>>,
    /// The streams of sealed memtables and segments, and of whatever was there before.
    pub(crate) catalog: Catalog,
    /// The last accepted sequence number.
    pub(crate) last_seq: u64,
    /// Nothing earlier is here.
    pub(crate) retained: Retained,
    /// Nothing earlier is accepted: as `retained`, or ahead of it during a removal.
    pub(crate) accepted: Retained,
    /// Up to where reports are missing.
    pub(crate) watermarks: Watermarks,
    /// The newest start of any run that was ever accepted.
    pub(crate) newest_ms: Option<i64>,
}

/// A memtable that readers hold on to while rows are added to it.
#[derive(Debug)]
pub(crate) struct Shared(RwLock<Memtable>);

/// A memtable that takes no more rows.
#[derive(Debug)]
pub(crate) struct Sealed {
    pub(crate) table: Arc<Shared>,
    /// The last log file that it needs.
    pub(crate) wal_number: u64,
}

/// What one query sees.
pub(crate) struct Snapshot {
    /// Rows of memtables with a later sequence number came later.
    pub(crate) seq: u64,
    pub(crate) tables: Vec<Arc<Shared>>,
    pub(crate) flights: Vec<Arc<InFlightRun>>,
    pub(crate) segments: Arc<Vec<Arc<Segment>>>,
}

impl Default for Shared {
    fn default() -> Self {
        Self::new(Memtable::default())
    }
}

impl Shared {
    pub(crate) fn new(table: Memtable) -> Self {
        Self(RwLock::new(Rank::Table, table))
    }

    pub(crate) fn read(&self) -> ReadGuard<'_, Memtable> {
        self.0.read()
    }

    pub(crate) fn write(&self) -> WriteGuard<'_, Memtable> {
        self.0.write()
    }
}

impl State {
    /// Every memtable, oldest first.
    pub(crate) fn tables(&self) -> impl Iterator<Item = &Arc<Shared>> {
        self.sealed.iter().map(|sealed| &sealed.table).chain([&self.active])
    }

    /// What a query sees that wants the runs in flight for which `wanted` holds.
    pub(crate) fn snapshot(&self, wanted: impl Fn(&InFlightRun) -> bool) -> Snapshot {
        Snapshot {
            seq: self.last_seq,
            tables: self.tables().cloned().collect(),
            flights: self.in_flight.iter().filter(|flight| wanted(flight)).cloned().collect(),
            segments: Arc::clone(&self.segments),
        }
    }

    /// What a tail sees after a sequence number: of the runs in flight, the first `max` for which `wanted` holds.
    pub(crate) fn snapshot_after(&self, seq: u64, max: usize, wanted: impl Fn(&InFlightRun) -> bool) -> Snapshot {
        Snapshot {
            flights: self.in_flight.after(seq).filter(|flight| wanted(flight)).take(max).cloned().collect(),
            ..self.snapshot(|_| false)
        }
    }

    /// Every stream of an account that ever had a run, in the order of their names.
    pub(crate) fn streams(&self, account: &str) -> Vec<StreamSummary> {
        let mut found = Catalog::default();
        for (stream, starts) in self.catalog.0.iter().filter(|(stream, _)| stream.account == account) {
            found.include(stream, *starts);
        }
        for slot in self.active.read().slots().iter().filter(|slot| slot.stream.account == account) {
            found.include(&slot.stream, slot.starts);
        }
        let summary = |(stream, (first_start_ms, last_start_ms)): (Arc<Stream>, _)| StreamSummary {
            stream: Arc::unwrap_or_clone(stream),
            first_start_ms,
            last_start_ms,
        };
        found.0.into_iter().map(summary).collect()
    }
}
