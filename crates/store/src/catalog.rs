//! Every stream that ever had a run.

use std::collections::BTreeMap;
use std::sync::Arc;

use runlog_core::Stream;

use crate::memtable::Memtable;

/// Streams with their first and last start, in Unix milliseconds.
#[derive(Clone, Debug, Default)]
pub(crate) struct Catalog(pub(crate) BTreeMap<Arc<Stream>, (i64, i64)>);

impl Catalog {
    /// The newest start of any run.
    pub(crate) fn newest_ms(&self) -> Option<i64> {
        self.0.values().map(|(_, last)| *last).max()
    }

    pub(crate) fn include(&mut self, stream: &Arc<Stream>, (first, last): (i64, i64)) {
        let starts = self.0.entry(Arc::clone(stream)).or_insert((first, last));
        *starts = (starts.0.min(first), starts.1.max(last));
    }

    /// How many streams of a memtable are not here yet.
    pub(crate) fn missing_of(&self, table: &Memtable) -> usize {
        table.slots().iter().filter(|slot| !self.0.contains_key(&slot.stream)).count()
    }

    pub(crate) fn include_table(&mut self, table: &Memtable) {
        for slot in table.slots() {
            self.include(&slot.stream, slot.starts);
        }
    }
}
