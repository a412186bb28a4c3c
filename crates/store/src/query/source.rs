//! A segment's part in a query: which of its rows are in question.

use std::ops::Range;

use super::filter::Filter;
use super::ranges::Rows;
use crate::segment::words::RowSet;

/// A segment's part in a search.
pub(crate) struct Source<'a> {
    pub(crate) filter: Filter<'a>,
    /// The segment's number in the snapshot.
    pub(crate) number: u32,
    pub(crate) ranges: Vec<Rows>,
    /// The matching rows, where numbers alone do not decide.
    pub(crate) matches: Option<Matches>,
}

impl Source<'_> {
    pub(crate) fn may_have(&self, rows: &Range<u32>) -> bool {
        self.matches.as_ref().is_none_or(|matches| matches.meets(rows))
    }

    pub(crate) fn has(&self, row: u32) -> bool {
        self.matches.as_ref().is_none_or(|matches| matches.contains(row))
    }
}

/// The matching rows of a segment.
#[derive(Debug, Default)]
pub(crate) struct Matches {
    /// Sets of rows, each with the row that it counts from, in order.
    pub(crate) stripes: Vec<(u32, RowSet)>,
}

impl Matches {
    pub(crate) fn contains(&self, row: u32) -> bool {
        self.stripe_of(row).is_some_and(|(first, set)| set.contains(row - first))
    }

    /// Whether one of these rows matches.
    pub(crate) fn meets(&self, rows: &Range<u32>) -> bool {
        let from = self.stripes.partition_point(|(first, set)| first + set.rows() <= rows.start);
        let there = self.stripes.iter().skip(from).take_while(|(first, _)| *first < rows.end);
        there.into_iter().any(|(first, set)| set.meets(rows.start.saturating_sub(*first)..rows.end - first))
    }

    fn stripe_of(&self, row: u32) -> Option<&(u32, RowSet)> {
        let after = self.stripes.partition_point(|(first, _)| *first <= row);
        self.stripes.get(after.checked_sub(1)?)
    }

    pub(crate) fn count(&self) -> u64 {
        self.stripes.iter().map(|(_, set)| set.count()).sum()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = u32> {
        self.stripes.iter().flat_map(|(first, set)| set.iter().map(move |row| first + row))
    }
}
