//! Sets of the rows of a stripe: in memory a bit for each row, in the file whichever is smallest.
//!
//! ```text
//! postings = first varint | span varint | 0                              every row from `first` on, `span` in all
//!          | first varint | span varint | 1 | a bit for each of `span`   lowest first
//!          | first varint | span varint | 2 | numbers (`rice.rs`)        counted from `first`
//! ```

use std::ops::Range;

use super::rice::{Ascending, put_ascending};
use crate::codec::{Malformed, Reader, put_varint};

const ALL: u8 = 0;
const BITS: u8 = 1;
const GAPS: u8 = 2;

/// A set of the rows below a number.
#[derive(Clone, Debug, Default)]
pub(crate) struct RowSet {
    /// None until there is a row: most stripes of most keywords have none.
    words: Vec<u64>,
    rows: u32,
}

impl RowSet {
    pub(crate) fn empty(rows: u32) -> Self {
        Self { words: Vec::new(), rows }
    }

    pub(crate) fn full(rows: u32) -> Self {
        let mut set = Self::empty(rows);
        set.insert_range(0..rows);
        set
    }

    /// The number that its rows are below.
    pub(crate) fn rows(&self) -> u32 {
        self.rows
    }

    /// Adds a row; rows that cannot be are left out.
    pub(crate) fn insert(&mut self, row: u32) {
        if row < self.rows {
            self.insert_word(row / 64, 1 << (row % 64));
        }
    }

    pub(crate) fn insert_range(&mut self, rows: Range<u32>) {
        each_word(rows.start..rows.end.min(self.rows), |at, mask| self.insert_word(at, mask));
    }

    fn insert_word(&mut self, at: u32, mask: u64) {
        if let Some(word) = self.words_mut().get_mut(at as usize) {
            *word |= mask;
        }
    }

    /// A bit for each row, lowest first.
    fn words_mut(&mut self) -> &mut [u64] {
        if self.words.is_empty() {
            self.words.resize(self.rows.div_ceil(64) as usize, 0);
        }
        &mut self.words
    }

    pub(crate) fn contains(&self, row: u32) -> bool {
        self.words.get(row as usize / 64).is_some_and(|word| word >> (row % 64) & 1 != 0)
    }

    /// Whether one of these rows is in the set.
    pub(crate) fn meets(&self, rows: Range<u32>) -> bool {
        let mut found = 0;
        each_word(rows, |at, mask| found |= self.words.get(at as usize).map_or(0, |word| word & mask));
        found != 0
    }

    pub(crate) fn unite(&mut self, other: &Self) {
        if self.words.is_empty() {
            self.words.clone_from(&other.words);
        }
        self.words.iter_mut().zip(&other.words).for_each(|(mine, theirs)| *mine |= theirs);
    }

    pub(crate) fn intersect(&mut self, other: &Self) {
        if other.words.is_empty() {
            self.words.clear();
        }
        self.words.iter_mut().zip(&other.words).for_each(|(mine, theirs)| *mine &= theirs);
    }

    pub(crate) fn subtract(&mut self, other: &Self) {
        self.words.iter_mut().zip(&other.words).for_each(|(mine, theirs)| *mine &= !theirs);
    }

    pub(crate) fn count(&self) -> u64 {
        self.words.iter().map(|word| u64::from(word.count_ones())).sum()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.words.iter().all(|word| *word == 0)
    }

    /// The rows, in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = u32> {
        self.iter_in(0..self.rows)
    }

    /// Those of these rows that are in the set, in order.
    pub(crate) fn iter_in(&self, rows: Range<u32>) -> impl Iterator<Item = u32> {
        let from = rows.start / 64;
        let words = self.words.get(from as usize..).unwrap_or_default();
        (from * 64..rows.end).step_by(64).zip(words).flat_map(move |(first, word)| {
            let mut rest = *word;
            if first < rows.start {
                rest &= u64::MAX << (rows.start % 64);
            }
            if rows.end - first < 64 {
                rest &= (1 << (rows.end - first)) - 1;
            }
            std::iter::from_fn(move || {
                let bit = rest.trailing_zeros();
                rest &= rest.wrapping_sub(1);
                (bit < 64).then_some(first + bit)
            })
        })
    }
}

/// Each word of a set that a range touches, with the range's bits of it.
fn each_word(rows: Range<u32>, mut each: impl FnMut(u32, u64)) {
    if rows.is_empty() {
        return;
    }
    let (first, last) = (rows.start / 64, (rows.end - 1) / 64);
    for at in first..=last {
        let low = if at == first { u64::MAX << (rows.start % 64) } else { u64::MAX };
        let high = if at == last { u64::MAX >> (63 - (rows.end - 1) % 64) } else { u64::MAX };
        each(at, low & high);
    }
}

/// Writes rows, which are in order and at least one.
pub(crate) fn put_rows(out: &mut Vec<u8>, rows: &[u32]) {
    let (Some(first), Some(last)) = (rows.first(), rows.last()) else { return };
    let span = last - first + 1;
    put_varint(out, u64::from(*first));
    put_varint(out, u64::from(span));
    if span as usize == rows.len() {
        out.push(ALL);
        return;
    }
    let kind = out.len();
    out.push(GAPS);
    let gaps: Vec<u64> = rows.iter().map(|row| u64::from(row - first)).collect();
    put_ascending(out, &gaps);
    let bytes = span.div_ceil(8) as usize;
    if out.len() - kind > bytes {
        out.truncate(kind);
        out.push(BITS);
        out.resize(kind + 1 + bytes, 0);
        for row in rows {
            let at = row - first;
            if let Some(byte) = out.get_mut(kind + 1 + at as usize / 8) {
                *byte |= 1 << (at % 8);
            }
        }
    }
}

/// Adds the rows of postings to a set.
pub(crate) fn read_rows(postings: &[u8], set: &mut RowSet) -> Result<(), Malformed> {
    let mut reader = Reader(postings);
    let small = |number| u32::try_from(number).map_err(|_| Malformed("a row is too large"));
    let (first, span) = (small(reader.varint()?)?, small(reader.varint()?)?);
    match reader.u8()? {
        ALL => set.insert_range(first..first.saturating_add(span)),
        BITS => {
            for (at, bytes) in (0..).zip(reader.0.chunks(8)) {
                let mut word = [0; 8];
                word.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
                let (word, place) = (u64::from_le_bytes(word), first.saturating_add(64 * at));
                set.insert_word(place / 64, word << (place % 64));
                if !place.is_multiple_of(64) {
                    set.insert_word(place / 64 + 1, word >> (64 - place % 64));
                }
            }
        }
        GAPS => {
            let rows = set.rows;
            Ascending::read(reader.0)?.insert_into(first, set.words_mut(), rows);
        }
        _ => return Err(Malformed("postings are of no known kind")),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn rows_and_back(
            rows in prop_oneof![
                prop::collection::btree_set(0u32..300, 1..250),
                prop::collection::btree_set(0u32..5000, 1..20),
                (0u32..200, 1u32..300).prop_map(|(first, span)| (first..first + span).collect()),
            ],
            cut in 0u32..600,
        ) {
            let rows: Vec<u32> = rows.into_iter().collect();
            let mut out = Vec::new();
            put_rows(&mut out, &rows);
            let mut set = RowSet::empty(5001);
            read_rows(&out, &mut set).unwrap();
            prop_assert_eq!(&set.iter().collect::<Vec<_>>(), &rows);
            prop_assert_eq!(set.count(), rows.len() as u64);
            let within: Vec<u32> = rows.iter().copied().filter(|row| (cut..cut + 70).contains(row)).collect();
            prop_assert_eq!(set.iter_in(cut..cut + 70).collect::<Vec<_>>(), within);
            prop_assert_eq!(set.meets(cut..cut + 70), rows.iter().any(|row| (cut..cut + 70).contains(row)));
            let mut range = RowSet::empty(5001);
            range.insert_range(cut..cut + 99);
            prop_assert_eq!(range.iter().collect::<Vec<_>>(), (cut..cut + 99).collect::<Vec<_>>());
            set.intersect(&range);
            prop_assert!(set.iter().eq(rows.into_iter().filter(|row| (cut..cut + 99).contains(row))));
        }
    }
}
