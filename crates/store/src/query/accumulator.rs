//! The first rows of the order found so far, and the number of all matching rows.

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

/// Up to this many rows are kept in a binary heap. More, as deep pages need, are kept unsorted and cut down now and
/// then: that takes a few comparisons a row instead of a path through the tree, and lets somewhat later rows in.
const HEAP_MAX: usize = 256;

/// Rows to reserve room for at once: the deepest pages of the dialect.
const UNSORTED_RESERVE: usize = 16_384;

#[derive(Debug)]
enum Kept {
    /// The last of the order on top.
    Heap(BinaryHeap<Reverse<Found>>),
    /// In no order, and more than are wanted.
    Unsorted(Vec<Found>),
}

/// Keeps the first rows of the order.
#[derive(Debug)]
pub(crate) struct Accumulator {
    kept: Kept,
    keep: usize,
    /// The key that a row must precede, as far as it is known. `None` while every row is kept.
    worst: Option<Key>,
    /// Rows with this key or a larger one are on earlier pages.
    after: Option<Key>,
    /// Matching rows, kept or not.
    pub(crate) total: u64,
    /// Matching rows of segments whose texts decided, by segment and row. `None` if no summary needs them.
    pub(crate) listed: Option<Vec<(u32, u32)>>,
    pub(crate) cost: Cost,
}

impl Accumulator {
    pub(crate) fn new(keep: usize, after: Option<Key>) -> Self {
        let kept = if keep <= HEAP_MAX {
            Kept::Heap(BinaryHeap::new())
        } else {
            Kept::Unsorted(Vec::with_capacity(keep.saturating_add(keep / 4).min(UNSORTED_RESERVE)))
        };
        Self { kept, keep, worst: None, after, total: 0, listed: None, cost: Cost::default() }
    }

    /// Whether a row with this key could still be kept; if not, no row with a smaller key can.
    pub(crate) fn wants(&self, key: Key) -> bool {
        self.keep > 0 && self.worst.is_none_or(|worst| worst < key)
    }

    /// The key that a row must precede to be kept. `None` while every row is kept.
    pub(crate) fn worst(&self) -> Option<Key> {
        self.worst
    }

    /// Whether rows, none of which follows this key, are all on earlier pages.
    pub(crate) fn is_all_before_page(&self, worst: impl FnOnce() -> Key) -> bool {
        self.after.is_some() && self.is_before_page(worst())
    }

    /// Whether a row with this key is on an earlier page.
    pub(crate) fn is_before_page(&self, key: Key) -> bool {
        self.after.is_some_and(|after| key >= after)
    }

    /// Offers a matching row. The caller counts it.
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
            Kept::Unsorted(rows) => {
                rows.push(found);
                if rows.len() >= self.keep.saturating_add(self.keep / 4) {
                    self.drop_worse();
                }
            }
        }
    }

    /// Cuts unsorted rows down to those wanted.
    fn drop_worse(&mut self) {
        let Kept::Unsorted(rows) = &mut self.kept else { return };
        if rows.len() > self.keep {
            let (_, worst, _) = rows.select_nth_unstable_by(self.keep - 1, |a, b| b.cmp(a));
            self.worst = Some(worst.key);
            rows.truncate(self.keep);
        }
    }

    /// The key, or the first key of the page if that comes later.
    pub(crate) fn within_page(&self, key: Key) -> Key {
        self.after.map_or(key, |after| key.min(after))
    }

    /// The kept rows after the first `offset`, in the order.
    pub(crate) fn take_rows(&mut self, offset: usize) -> Vec<Found> {
        self.drop_worse();
        let mut rows = match std::mem::replace(&mut self.kept, Kept::Unsorted(Vec::new())) {
            Kept::Heap(heap) => heap.into_iter().map(|Reverse(found)| found).collect(),
            Kept::Unsorted(rows) => rows,
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
