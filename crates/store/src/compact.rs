//! Merging segments of one day into fewer, so that queries ask fewer and text compresses together.
//!
//! In the background, segments of like size are merged (*size-tiered*): each row is rewritten a few times at most.
//! Text blocks that survive whole are copied (`segment/transfer.rs`).

use std::collections::BTreeMap;
use std::sync::Arc;

use runlog_core::Stream;

use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::options::{COUNTED_CODES_MAX, MERGE_MAX_SEGMENTS, Options, TIER_FLOOR_ROWS, TIER_RATIO};
use crate::partition::{self, SegmentName};
use crate::segment::Segment;
use crate::segment::scan::Cursor;
use crate::segment::transfer::transfer;
use crate::segment::writer::{Purpose, SegmentWriter};

type Segments = Vec<Arc<Segment>>;

impl Engine {
    /// Merges each day's segments into as few as their largest size allows.
    pub(crate) fn merge_all(&self) -> Result<()> {
        self.check_poison()?;
        for day in self.segments_by_day().into_keys() {
            while let Some(group) = self.segments_by_day().remove(&day).and_then(|found| whole(&self.options, found)) {
                self.merge_segments(&group)?;
            }
        }
        Ok(())
    }

    /// Merges one tier that is full; false when there is none.
    pub(crate) fn merge_tier(&self) -> Result<bool> {
        self.check_poison()?;
        let found = self.segments_by_day().into_values().find_map(|found| tier(&self.options, &found));
        let Some(group) = found else { return Ok(false) };
        self.merge_segments(&group)?;
        Ok(true)
    }

    fn segments_by_day(&self) -> BTreeMap<i64, Segments> {
        let mut days: BTreeMap<i64, Segments> = BTreeMap::new();
        for segment in self.state().segments.iter() {
            days.entry(segment.name.day).or_default().push(Arc::clone(segment));
        }
        days.values_mut().for_each(|found| found.sort_by_key(|segment| (segment.rows(), segment.name)));
        days
    }

    /// Replaces segments of one day by one with all their rows.
    fn merge_segments(&self, inputs: &Segments) -> Result<()> {
        let _one_at_a_time = self.merging.lock();
        let Some(first) = inputs.first() else { return Ok(()) };
        let name = self.next_name(first.name.day);
        match self.write_merged(name, inputs) {
            Ok(merged) => self.publish_merge(inputs, &merged),
            Err(Error::Damaged { file, what }) => {
                self.disk.remove(&partition::path(name)).ok();
                self.set_segment_aside(&file, what);
                Ok(())
            }
            Err(error) => {
                self.poison(&error);
                Err(error)
            }
        }
    }

    fn write_merged(&self, name: SegmentName, inputs: &Segments) -> Result<Arc<Segment>> {
        let mut codes: Vec<i32> = inputs.iter().flat_map(|segment| segment.footer.codes.iter().copied()).collect();
        codes.sort_unstable();
        codes.dedup();
        codes.truncate(COUNTED_CODES_MAX);
        let purpose = Purpose {
            name,
            shape: self.options.shape,
            zstd_level: self.options.zstd_level,
            replaces: inputs.iter().map(|segment| segment.name.number).collect(),
            codes,
        };
        let mut writer = SegmentWriter::create(&*self.disk, purpose)?;
        let cursor = |segment| Cursor::over(segment, 0..segment.footer.rows);
        let mut cursors = inputs.iter().map(|segment| cursor(segment)).collect::<Result<Vec<_>>>()?;
        while let Some(stream) = cursors.iter().map(Cursor::stream).min().cloned() {
            merge_stream(&mut writer, &mut cursors, &stream)?;
            cursors.retain(|cursor| !cursor.is_at_end());
        }
        writer.finish()?;
        self.open_segment(name)
    }

    fn publish_merge(&self, inputs: &Segments, merged: &Arc<Segment>) -> Result<()> {
        let is_input = |segment: &Arc<Segment>| inputs.iter().any(|input| Arc::ptr_eq(input, segment));
        let mut manifest = self.manifest();
        let present = self.state().segments.iter().filter(|segment| is_input(segment)).count();
        if present != inputs.len() {
            // One was set aside meanwhile, with reason: its rows must not come back this way.
            merged.retire();
            return Ok(());
        }
        self.publish_locked(
            &mut manifest,
            |manifest| {
                manifest.segments.retain(|name| inputs.iter().all(|input| input.name != *name));
                manifest.segments.push(merged.name);
            },
            |state| {
                let rest = state.segments.iter().filter(|segment| !is_input(segment)).cloned();
                state.segments = Arc::new(rest.chain([Arc::clone(merged)]).collect());
            },
        )?;
        inputs.iter().for_each(|input| input.retire());
        Ok(())
    }
}

/// Moves the rows of a stream, in order, from all segments that have some.
fn merge_stream(writer: &mut SegmentWriter, cursors: &mut [Cursor<'_>], stream: &Arc<Stream>) -> Result<()> {
    let mut here: Vec<_> = cursors.iter_mut().filter(|cursor| cursor.stream() == stream).collect();
    while let Some(at) = (0..here.len()).min_by_key(|at| here.get(*at).map(|cursor| cursor.place())) {
        let others = here.iter().enumerate().filter(|(other, _)| *other != at);
        let before = others.map(|(_, cursor)| cursor.place()).min();
        let Some(cursor) = here.get_mut(at) else { break };
        let own = cursor.stream();
        transfer(writer, cursor, before)?;
        if cursor.is_at_end() || !Arc::ptr_eq(own, cursor.stream()) {
            here.swap_remove(at);
        }
    }
    Ok(())
}

/// Segments, smallest first, that fit together in one; none unless there are two.
fn whole(options: &Options, mut found: Segments) -> Option<Segments> {
    let mut rows = 0;
    let fits = found.iter().take_while(|segment| {
        rows += segment.rows();
        rows <= options.segment_max_rows
    });
    let fits = fits.count();
    found.truncate(fits);
    (fits >= 2).then_some(found)
}

/// Enough segments of like size, smallest first.
fn tier(options: &Options, found: &[Arc<Segment>]) -> Option<Segments> {
    (0..found.len()).find_map(|from| {
        let smallest = found.get(from)?.rows().max(TIER_FLOOR_ROWS);
        let mut alike: Segments = found.get(from..)?.to_vec();
        alike.retain(|segment| segment.rows() <= smallest.saturating_mul(TIER_RATIO));
        alike.truncate(MERGE_MAX_SEGMENTS);
        whole(options, alike).filter(|alike| alike.len() >= options.merge_min_segments.max(2))
    })
}
