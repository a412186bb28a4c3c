//! Durations and memory of matching rows, read as often as selecting needs.

use std::sync::Arc;

use runlog_core::Stream;

use super::parts::Part;
use super::select::{Range, Want};
use crate::error::Result;
use crate::query::accumulator::Accumulator;
use crate::segment::columns::Columns;
use crate::segment::zones::{Bounds, Zone};

/// Where the finished rows are.
pub(crate) struct Values<'a> {
    pub(crate) parts: &'a [Part<'a>],
    pub(crate) in_memory: &'a [(Arc<Stream>, [u64; 2])],
}

/// Those of some streams.
pub(crate) struct Group<'a, F> {
    all: &'a Values<'a>,
    is_in: F,
}

impl Values<'_> {
    pub(crate) fn of<F: Fn(&Stream) -> bool>(&self, is_in: F) -> Group<'_, F> {
        Group { all: self, is_in }
    }
}

impl<F: Fn(&Stream) -> bool> Group<'_, F> {
    pub(crate) fn is_in(&self, stream: &Stream) -> bool {
        (self.is_in)(stream)
    }

    /// Between which numbers durations and memory lie, as far as that is known without reading.
    pub(crate) fn bounds(&self) -> [Range; 2] {
        let mut bounds = [Range::default(); 2];
        let mut include = |duration: Bounds, mem: Bounds| {
            for (range, bounds) in bounds.iter_mut().zip([duration, mem]) {
                range.low = range.low.min(bounds.min);
                range.high = range.high.max(bounds.max);
            }
        };
        for part in self.parts() {
            let superblocks = &part.filter.segment.footer.superblocks;
            for (number, _) in part.filter.by_superblock(&part.rows) {
                superblocks.get(number).into_iter().for_each(|place| include(place.zone.duration, place.zone.mem));
            }
        }
        let exactly = |value: u64| Bounds { min: value, max: value };
        self.in_memory().for_each(|[duration, mem]| include(exactly(*duration), exactly(*mem)));
        bounds
    }

    /// Calls `each` with the values of every row, except for rows outside of the wanted ranges.
    pub(crate) fn visit(&self, want: &Want, each: &mut dyn FnMut([u64; 2]), acc: &mut Accumulator) -> Result<()> {
        self.in_memory().for_each(|values| each(*values));
        let wants = |zone: &Zone| want([zone.duration, zone.mem]);
        let mut each = |columns: &Columns<'_>, at| each([columns.duration.get(at), columns.mem.get(at)]);
        self.parts().try_for_each(|part| part.visit(&wants, &mut each, acc))
    }

    fn parts(&self) -> impl Iterator<Item = &Part<'_>> {
        self.all.parts.iter().filter(|part| self.is_in(part.stream))
    }

    fn in_memory(&self) -> impl Iterator<Item = &[u64; 2]> {
        self.all.in_memory.iter().filter(|(stream, _)| self.is_in(stream)).map(|(_, values)| values)
    }
}
