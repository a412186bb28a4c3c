//! The best rows so far, and how many there are in all.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use runlog_core::Cost;

use super::key::Key;
use crate::error::{Error, Result};
use crate::memtable::Place;
use crate::options::LISTED_MAX_ROWS;
use crate::segment::TextCache;

/// Where a row can be fetched from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Location {
    /// A place in the snapshot's memtable of this number.
    Memtable(u32, Place),
    /// The snapshot's run in flight of this number.
    Flight(u32),
    /// A row of the snapshot's segment of this number.
    Segment(u32, u32),
}

/// A row by its key.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Found {
    pub(crate) key: Key,
    pub(crate) at: Location,
}

impl PartialEq for Found {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}

impl Eq for Found {}

impl PartialOrd for Found {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Found {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.key.cmp(&other.key)
    }
}

/// So many rows are kept in a binary heap; more, as deep pages need, are gathered in a pile, and cut down now and
/// then, which takes a few comparisons a row instead of a path through the tree, and lets somewhat worse rows in.
const HEAP_MAX: usize = 256;

/// Room for so many rows of a pile is made at once: the deepest pages of the dialect.
const PILE_RESERVE: usize = 16_384;

#[derive(Debug)]
enum Kept {
    /// The worst on top.
    Heap(BinaryHeap<Reverse<Found>>),
    /// In no order, more than are wanted.
    Pile(Vec<Found>),
}

/// Keeps the best rows.
#[derive(Debug)]
pub(crate) struct Gather {
    kept: Kept,
    keep: usize,
    /// What a row must beat, as far as it is known; none while every row is kept.
    worst: Option<Key>,
    /// Rows from here on (this key and larger ones) came on earlier pages.
    after: Option<Key>,
    /// Matching rows, kept or not.
    pub(crate) total: u64,
    /// Matching rows of segments where texts decide, by segment and row, if somebody wants them later.
    pub(crate) listed: Option<Vec<(u32, u32)>>,
    pub(crate) cost: Cost,
}

impl Gather {
    pub(crate) fn new(keep: usize, after: Option<Key>) -> Self {
        let kept = if keep <= HEAP_MAX {
            Kept::Heap(BinaryHeap::new())
        } else {
            Kept::Pile(Vec::with_capacity(keep.saturating_add(keep / 4).min(PILE_RESERVE)))
        };
        Self { kept, keep, worst: None, after, total: 0, listed: None, cost: Cost::default() }
    }

    /// Whether a row with this key, or any worse one, could still be kept.
    pub(crate) fn wants(&self, key: Key) -> bool {
        self.keep > 0 && self.worst.is_none_or(|worst| worst < key)
    }

    /// A key that a row must beat; none while every row is kept.
    pub(crate) fn worst(&self) -> Option<Key> {
        self.worst
    }

    /// Whether rows of which none comes behind this key lie on earlier pages.
    pub(crate) fn is_all_before_page(&self, worst: impl FnOnce() -> Key) -> bool {
        self.after.is_some() && self.is_before_page(worst())
    }

    /// Whether a row with this key lies on an earlier page.
    pub(crate) fn is_before_page(&self, key: Key) -> bool {
        self.after.is_some_and(|after| key >= after)
    }

    /// Offers a matching row; counting it is the caller's business.
    pub(crate) fn offer(&mut self, key: Key, at: Location) {
        if self.is_before_page(key) || !self.wants(key) {
            return;
        }
        let found = Found { key, at };
        match &mut self.kept {
            Kept::Heap(heap) => {
                if heap.len() >= self.keep {
                    heap.pop();
                }
                heap.push(Reverse(found));
                self.worst = heap.peek().filter(|_| heap.len() >= self.keep).map(|worst| worst.0.key);
            }
            Kept::Pile(rows) => {
                rows.push(found);
                if rows.len() >= self.keep.saturating_add(self.keep / 4) {
                    self.drop_worse();
                }
            }
        }
    }

    /// Leaves the best of a pile.
    fn drop_worse(&mut self) {
        let Kept::Pile(rows) = &mut self.kept else { return };
        if rows.len() > self.keep {
            let (_, worst, _) = rows.select_nth_unstable_by(self.keep - 1, |a, b| b.cmp(a));
            self.worst = Some(worst.key);
            rows.truncate(self.keep);
        }
    }

    /// A key, or the first place of the page where the key lies before it.
    pub(crate) fn within_page(&self, key: Key) -> Key {
        self.after.map_or(key, |after| key.min(after))
    }

    /// The kept rows behind the first `offset`, best first.
    pub(crate) fn take_rows(&mut self, offset: usize) -> Vec<Found> {
        self.drop_worse();
        let mut rows = match std::mem::replace(&mut self.kept, Kept::Pile(Vec::new())) {
            Kept::Heap(heap) => heap.into_iter().map(|Reverse(found)| found).collect(),
            Kept::Pile(rows) => rows,
        };
        if offset >= rows.len() {
            return Vec::new();
        }
        // Rows before the page need no order among themselves.
        rows.select_nth_unstable_by(offset, |a, b| b.cmp(a));
        let mut page = rows.split_off(offset);
        page.sort_unstable_by(|a, b| b.cmp(a));
        page
    }

    /// Counts a matching row of a segment whose texts decided.
    pub(crate) fn count_listed(&mut self, segment: u32, row: u32) -> Result<()> {
        self.total += 1;
        let Some(listed) = &mut self.listed else { return Ok(()) };
        if listed.len() >= LISTED_MAX_ROWS {
            return Err(Error::TooManyToSumUp { max: LISTED_MAX_ROWS });
        }
        listed.push((segment, row));
        Ok(())
    }

    /// Notes a column block that was read.
    pub(crate) fn read(&mut self, rows: usize, bytes: usize) {
        self.cost.rows_read += rows as u64;
        self.cost.blocks_read += 1;
        self.cost.bytes_read += bytes as u64;
    }

    /// Notes the text blocks that were read.
    pub(crate) fn read_texts(&mut self, texts: &TextCache) {
        self.cost.blocks_read += texts.read.0;
        self.cost.bytes_read += texts.read.1;
    }
}
