//! Turning full memtables into segments, one of each day.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use crate::engine::Engine;
use crate::error::{Doing, Error, Result};
use crate::locks::MutexGuard;
use crate::memtable::{Memtable, Place};
use crate::options::COUNTED_CODES_MAX;
use crate::partition::{self, SegmentName};
use crate::segment::Segment;
use crate::segment::writer::{Purpose, SegmentWriter};
use crate::state::Sealed;
use crate::wal;

impl Engine {
    /// Turns all finished runs in memory into segments.
    pub(crate) fn flush(&self) -> Result<()> {
        self.rotate_unless_empty()?;
        self.flush_sealed()
    }

    /// Seals the memtable if it has anything.
    pub(crate) fn rotate_unless_empty(&self) -> Result<()> {
        self.commit.exclusive(self, |wal| {
            let is_empty = self.state().active.read().is_empty();
            if is_empty { Ok(()) } else { self.rotate(wal) }
        })
    }

    /// Turns every sealed memtable into segments, oldest first.
    pub(crate) fn flush_sealed(&self) -> Result<()> {
        let one_at_a_time = self.flushing.lock();
        self.flush_holding(&one_at_a_time)
    }

    /// As [`Engine::flush_sealed`], for a caller that holds the lock already.
    pub(crate) fn flush_holding(&self, _lock: &MutexGuard<'_, ()>) -> Result<()> {
        loop {
            self.check_poison()?;
            let Some(sealed) = self.state().sealed.first().cloned() else { return Ok(()) };
            let segments = self.write_segments(&sealed).inspect_err(|error| self.poison(error))?;
            self.publish_flush(&sealed, segments)?;
            self.remove_logs(sealed.wal_number);
            self.work.tell(|_| ());
        }
    }

    fn write_segments(&self, sealed: &Sealed) -> Result<Vec<Arc<Segment>>> {
        let table = sealed.table.read();
        let mut segments = Vec::new();
        for (day, places) in by_day(&table) {
            let name = self.next_name(day);
            self.make_folder(day)?;
            let purpose = Purpose {
                name,
                shape: self.options.shape,
                zstd_level: self.options.zstd_level,
                replaces: Vec::new(),
                codes: common_codes(&table, &places),
            };
            write_segment(self, purpose, &table, &places)?;
            segments.push(self.open_segment(name)?);
        }
        Ok(segments)
    }

    /// Makes a written segment's name durable and opens it.
    ///
    /// # Errors
    /// [`Error::Io`] also for one that is not as it was written just now: there is nothing to set aside, and to write
    /// it again and again would not help.
    pub(crate) fn open_segment(&self, name: SegmentName) -> Result<Arc<Segment>> {
        let folder = partition::folder(name.day);
        self.disk.sync_dir(&folder).doing(|| format!("sync {folder}"))?;
        Segment::open(&self.disk, name, &self.texts).map(Arc::new).map_err(|error| match error {
            Error::Damaged { file, what } => Error::Io {
                doing: format!("read {file} as it was written"),
                source: Arc::new(io::Error::new(io::ErrorKind::InvalidData, what)),
            },
            other => other,
        })
    }

    fn publish_flush(&self, sealed: &Arc<Sealed>, segments: Vec<Arc<Segment>>) -> Result<()> {
        let names: Vec<SegmentName> = segments.iter().map(|segment| segment.name).collect();
        self.publish(
            |manifest| {
                manifest.segments.extend(names);
                manifest.wal_start = sealed.wal_number + 1;
            },
            |state| {
                let all = state.segments.iter().cloned().chain(segments);
                state.segments = Arc::new(all.collect());
                state.sealed.retain(|other| !Arc::ptr_eq(other, sealed));
            },
        )
    }

    /// Removes log files up to a number. What cannot be removed now is removed when the store is opened.
    pub(crate) fn remove_logs(&self, last: u64) {
        let logs = self.disk.list(wal::DIR).unwrap_or_default();
        for number in logs.iter().filter_map(|entry| wal::number(&entry.name)).filter(|number| *number <= last) {
            self.disk.remove(&wal::path(number)).ok();
        }
    }
}

/// The rows of each day, in the order of segments.
fn by_day(table: &Memtable) -> BTreeMap<i64, Vec<Place>> {
    let mut slots: Vec<u32> = (0..).take(table.slots().len()).collect();
    slots.sort_unstable_by_key(|at| table.slot(*at).map(|slot| &slot.stream));
    let mut days: BTreeMap<i64, Vec<Place>> = BTreeMap::new();
    for at in slots {
        let slot = table.slot(at).expect("it is one of the table's");
        let mut rows: Vec<_> = (0..).zip(&slot.facts).map(|(row, facts)| (facts.start_ms, facts.seq, row)).collect();
        rows.sort_unstable();
        for (start_ms, _, row) in rows {
            days.entry(partition::day_of(start_ms)).or_default().push(Place { slot: at, row });
        }
    }
    days
}

/// The most frequent return codes.
fn common_codes(table: &Memtable, places: &[Place]) -> Vec<i32> {
    let mut counts: BTreeMap<i32, usize> = BTreeMap::new();
    for place in places {
        let facts = table.slot(place.slot).and_then(|slot| slot.facts.get(place.row as usize));
        facts.into_iter().for_each(|facts| *counts.entry(facts.ret_code).or_default() += 1);
    }
    let mut codes: Vec<(i32, usize)> = counts.into_iter().collect();
    codes.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    codes.into_iter().map(|(code, _)| code).take(COUNTED_CODES_MAX).collect()
}

fn write_segment(engine: &Engine, purpose: Purpose, table: &Memtable, places: &[Place]) -> Result<()> {
    let mut writer = SegmentWriter::create(&*engine.disk, purpose)?;
    for place in places {
        let slot = table.slot(place.slot).expect("it is one of the table's");
        let record = table.record(*place).map_err(Error::damaged("memory"))?;
        writer.push(&slot.stream, &record)?;
    }
    writer.finish()
}
