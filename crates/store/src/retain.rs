//! Removing what is no longer kept.
//!
//! 1. What is to go is no longer accepted, and what was accepted before becomes segments.
//! 2. Segments of which nothing is kept are dropped; those that are mixed, since other namespaces keep the day for
//!    longer, are written again without it. So a row is rewritten once for each shorter age than its own, queries need
//!    to know nothing of all this, and totals stay exact.
//! 3. One publication makes it happen: new segments, runs in flight that go too, and where data begins. A log that
//!    still speaks of removed runs is read with that in mind.

use std::sync::Arc;

use runlog_core::limits::DAY_MS;
use runlog_core::{Removed, Retained};

use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::partition::{self, SegmentName};
use crate::retention::Sizes;
use crate::segment::Segment;
use crate::segment::scan::Cursor;
use crate::segment::transfer::transfer;
use crate::segment::writer::{Purpose, SegmentWriter};
use crate::watermarks::Watermarks;

/// How old the time in the manifest may become, in milliseconds: far less than the day by which a clock may be ahead.
const KEEP_TIME_MS: i64 = 60 * 60 * 1000;

/// Segments that go, and those that take their place.
#[derive(Default)]
struct Change {
    old: Vec<Arc<Segment>>,
    new: Vec<Arc<Segment>>,
}

impl Engine {
    /// See [`crate::Store::retain`] and [`crate::Store::retain_trusting_clock`].
    pub(crate) fn retain(&self, trusts_clock: bool) -> Result<Removed> {
        self.check_poison()?;
        let now_ms = self.clock.now_ms();
        if trusts_clock {
            let reading = self.reading();
            self.wall().believe(reading);
        }
        if self.look_at_clock().is_some() {
            return Ok(Removed::default());
        }
        let removed = self.retain_at(now_ms)?;
        self.keep_time()?;
        Ok(removed)
    }

    /// Writes down the time now and then, since it is compared with the clock's after a restart.
    pub(crate) fn keep_time(&self) -> Result<()> {
        let seen_ms = self.wall().last_seen_ms();
        let kept_ms = self.manifest().seen_ms;
        let is_stale = seen_ms.is_some_and(|seen_ms| kept_ms.is_none_or(|kept_ms| kept_ms + KEEP_TIME_MS <= seen_ms));
        if is_stale { self.publish(|_| (), |_| ()) } else { Ok(()) }
    }

    fn retain_at(&self, now_ms: i64) -> Result<Removed> {
        let (retained, segments) = {
            let state = self.state();
            (state.retained.clone(), Arc::clone(&state.segments))
        };
        let next = self.options.retention.from(&retained, now_ms, &sizes(&segments));
        let is_due = next != retained || segments.iter().any(|segment| kept_rows(segment, &next) < segment.rows());
        drop(segments);
        let removed = if is_due { self.remove(&next)? } else { Removed::default() };
        self.remove_empty_folders();
        Ok(removed)
    }

    fn remove(&self, next: &Retained) -> Result<Removed> {
        let ticket = {
            let queue = self.commit.enter(self)?;
            self.state_mut().accepted = next.clone();
            queue.ticket()
        };
        self.commit.wait(self, ticket)?;
        self.rotate_unless_empty()?;
        let flushing = self.flushing.lock();
        self.flush_holding(&flushing)?;
        let _no_merge = self.merging.lock();
        let removed = loop {
            let change = self.retry_without_damaged(|engine| engine.write_kept(next))?;
            if let Some(removed) = self.publish_kept(next, &change)? {
                break removed;
            }
        };
        let mut queue = self.commit.lock();
        queue.in_flight -= usize::try_from(removed.in_flight).expect("runs in flight are in memory");
        Ok(removed)
    }

    /// Writes the segments that take the place of those of which something goes.
    fn write_kept(&self, next: &Retained) -> Result<Change> {
        let mut change = Change::default();
        // Not in the loop's head, which would hold up every writer until the last segment is written.
        let segments = Arc::clone(&self.state().segments);
        for segment in segments.iter() {
            let kept = kept_rows(segment, next);
            if kept == segment.rows() {
                continue;
            }
            if kept > 0 {
                match self.rewrite(segment, next) {
                    Ok(new) => change.new.push(new),
                    Err(error) => {
                        change.new.iter().for_each(|new| new.retire());
                        return Err(error);
                    }
                }
            }
            change.old.push(Arc::clone(segment));
        }
        Ok(change)
    }

    fn rewrite(&self, segment: &Segment, next: &Retained) -> Result<Arc<Segment>> {
        let name = self.next_name(segment.name.day);
        let written = self.write_rows(segment, next, name).and_then(|()| self.open_segment(name));
        match &written {
            Err(Error::Damaged { .. }) => drop(self.disk.remove(&partition::path(name))),
            Err(error) => self.poison(error),
            Ok(_) => {}
        }
        written
    }

    fn write_rows(&self, segment: &Segment, next: &Retained, name: SegmentName) -> Result<()> {
        let purpose = Purpose {
            name,
            shape: self.options.shape,
            zstd_level: self.options.zstd_level,
            replaces: vec![segment.name.number],
            codes: segment.footer.codes.clone(),
        };
        let mut writer = SegmentWriter::create(&*self.disk, purpose)?;
        for (_, range) in segment.streams().filter(|(rows, _)| keeps(segment, next, &rows.stream.namespace)) {
            let mut cursor = Cursor::over(segment, range)?;
            while !cursor.is_at_end() {
                transfer(&mut writer, &mut cursor, None)?;
            }
        }
        writer.finish()
    }

    /// Publishes a change; `None` when a segment was set aside meanwhile, whose rows must not come back this way.
    fn publish_kept(&self, next: &Retained, change: &Change) -> Result<Option<Removed>> {
        let goes = |segment: &Arc<Segment>| change.old.iter().any(|old| Arc::ptr_eq(old, segment));
        let mut manifest = self.manifest();
        let present = self.state().segments.iter().filter(|segment| goes(segment)).count();
        if present != change.old.len() {
            change.new.iter().for_each(|new| new.retire());
            return Ok(None);
        }
        let sum = |of: fn(&Segment) -> u64| {
            let total = |segments: &[Arc<Segment>]| segments.iter().map(|segment| of(segment)).sum::<u64>();
            total(&change.old).saturating_sub(total(&change.new))
        };
        let flights = self.state().in_flight.last_seq_before(next);
        let seqs = change.old.iter().map(|old| old.seq.max).chain([flights]);
        let watermarks = Watermarks { by_retention: seqs.max().unwrap_or(0), ..Watermarks::default() };
        let mut removed = Removed { runs: sum(Segment::rows), bytes: sum(Segment::bytes), in_flight: 0 };
        self.publish_locked(
            &mut manifest,
            |manifest| {
                manifest.segments.retain(|name| change.old.iter().all(|old| old.name != *name));
                manifest.segments.extend(change.new.iter().map(|new| new.name));
                manifest.retained = next.clone();
                manifest.watermarks.include(watermarks);
            },
            |state| {
                let rest = state.segments.iter().filter(|segment| !goes(segment)).cloned();
                state.segments = Arc::new(rest.chain(change.new.iter().cloned()).collect());
                let (in_flight, guesses) = state.in_flight.retain(next);
                removed.in_flight = in_flight as u64;
                removed.runs += guesses as u64;
                state.retained = next.clone();
                state.watermarks.include(watermarks);
            },
        )?;
        change.old.iter().for_each(|old| old.retire());
        Ok(Some(removed))
    }

    /// Removes folders of days without segments. One whose last file a reader still holds goes the next time.
    fn remove_empty_folders(&self) {
        let _no_flush = self.flushing.lock();
        let _no_merge = self.merging.lock();
        // After the last file of a folder is set aside, that folder still has to be synced.
        let _no_set_aside = self.manifest();
        let segments = Arc::clone(&self.state().segments);
        let folders = self.disk.list(partition::DIR).unwrap_or_default();
        for day in folders.iter().filter_map(|entry| partition::day_of_folder(&entry.name)) {
            if segments.iter().all(|segment| segment.name.day != day) {
                self.disk.remove_dir(&partition::folder(day)).ok();
            }
        }
    }
}

fn keeps(segment: &Segment, retained: &Retained, namespace: &str) -> bool {
    retained.keeps(namespace, segment.name.day.saturating_mul(DAY_MS))
}

fn kept_rows(segment: &Segment, retained: &Retained) -> u64 {
    let kept = segment.streams().filter(|(rows, _)| keeps(segment, retained, &rows.stream.namespace));
    kept.map(|(_, rows)| rows.len() as u64).sum()
}

/// Bytes of each namespace, by day; a segment's bytes are shared among its rows.
fn sizes(segments: &[Arc<Segment>]) -> Sizes {
    let mut sizes = Sizes::new();
    for segment in segments {
        let day = sizes.entry(segment.name.day).or_default();
        for (rows, range) in segment.streams() {
            let share = u128::from(segment.bytes()) * range.len() as u128 / u128::from(segment.rows().max(1));
            *day.entry(rows.stream.namespace.clone()).or_default() +=
                u64::try_from(share).expect("a share is at most the whole");
        }
    }
    sizes
}
