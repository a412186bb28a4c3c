//! Ascending numbers as the gaps between them: Rice codes, a bit and a half above what random gaps need at least.
//!
//! ```text
//! numbers = count varint | low 1 | code*      code = (gap >> low) zeros, a one, the `low` low bits of the gap
//! ```
//!
//! Bits are taken lowest first. The gap of equal neighbours would be -1, so there are none.

use super::dense;
use crate::codec::{Malformed, Reader, put_varint};

/// Low bits are read at once, from within eight bytes.
const LOW_MAX: u32 = 48;

/// Bits that one look ahead surely holds.
const LOOK: u32 = 56;

/// Writes numbers, each larger than the one before.
pub(crate) fn put_ascending(out: &mut Vec<u8>, values: &[u64]) {
    put_varint(out, values.len() as u64);
    let Some(last) = values.last() else { return };
    // The best for random gaps: the logarithm of 0.69 times their mean.
    let mean = last / values.len() as u64;
    let low = (mean - mean / 16 * 5).max(1).ilog2().min(LOW_MAX);
    out.push(low as u8);
    let (mut gathered, mut bits) = (0u128, 0);
    let mut next = 0;
    for value in values {
        let gap = value - next;
        next = value + 1;
        let mut zeros = gap >> low;
        while zeros > 0 {
            let some = zeros.min(u64::from(LOOK)) as u32;
            bits += some;
            zeros -= u64::from(some);
            flush(out, &mut gathered, &mut bits);
        }
        gathered |= 1 << bits;
        gathered |= u128::from(gap & ((1 << low) - 1)) << (bits + 1);
        bits += 1 + low;
        flush(out, &mut gathered, &mut bits);
    }
    let rest = gathered.to_le_bytes();
    out.extend(rest.iter().take(bits.div_ceil(8) as usize));
}

/// Hands on eight bytes when there are as many.
#[inline]
fn flush(out: &mut Vec<u8>, gathered: &mut u128, bits: &mut u32) {
    if *bits >= u64::BITS {
        // Truncation keeps the low bits on purpose.
        out.extend_from_slice(&(*gathered as u64).to_le_bytes());
        *gathered >>= u64::BITS;
        *bits -= u64::BITS;
    }
}

/// Reads numbers from the front of bytes that hold nothing else.
#[derive(Clone, Debug)]
pub(crate) struct Ascending<'a> {
    bytes: &'a [u8],
    bit: usize,
    left: usize,
    low: u32,
    next: u64,
}

impl<'a> Ascending<'a> {
    pub(crate) fn read(bytes: &'a [u8]) -> Result<Self, Malformed> {
        let mut reader = Reader(bytes);
        let left = usize::try_from(reader.varint()?).map_err(|_| Malformed("numbers are too many"))?;
        let low = if left > 0 { u32::from(reader.u8()?) } else { 0 };
        if left > reader.0.len().saturating_mul(8) || low > LOW_MAX {
            return Err(Malformed("numbers are cut short"));
        }
        Ok(Self { bytes: reader.0, bit: 0, left, low, next: 0 })
    }

    /// Sets the bits of the numbers, each added to `first`, that are below `rows`, for which there are `words`.
    pub(crate) fn insert_into(mut self, first: u32, words: &mut [u64], rows: u32) {
        let mut at = dense::Place { bit: self.bit, left: self.left, next: first };
        loop {
            at = dense::insert(self.bytes, self.low, at, words, rows);
            (self.bit, self.left, self.next) = (at.bit, at.left, u64::from(at.next));
            let Some(number) = self.next().and_then(|number| u32::try_from(number).ok()) else { return };
            if number < rows
                && let Some(word) = words.get_mut(number as usize / 64)
            {
                *word |= 1 << (number % 64);
            }
            at = dense::Place { bit: self.bit, left: self.left, next: number.saturating_add(1) };
        }
    }

    #[inline]
    fn look(&self) -> u64 {
        let rest = self.bytes.get(self.bit / 8..).unwrap_or_default();
        let word = rest.first_chunk::<8>().copied().unwrap_or_else(|| {
            let mut word = [0; 8];
            word.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
            word
        });
        u64::from_le_bytes(word) >> (self.bit % 8)
    }
}

impl Iterator for Ascending<'_> {
    type Item = u64;

    #[inline]
    fn next(&mut self) -> Option<u64> {
        self.left = self.left.checked_sub(1)?;
        let mut zeros = 0u64;
        let mut look = self.look();
        while look.trailing_zeros() >= LOOK {
            if self.bit > self.bytes.len() * 8 {
                self.left = 0;
                return None;
            }
            zeros += u64::from(LOOK);
            self.bit += LOOK as usize;
            look = self.look();
        }
        let few = look.trailing_zeros();
        zeros += u64::from(few);
        self.bit += few as usize + 1;
        let low = self.look() & ((1 << self.low) - 1);
        self.bit += self.low as usize;
        let value = self.next.wrapping_add(zeros << self.low | low);
        self.next = value.wrapping_add(1);
        Some(value)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn numbers_and_back(values in prop::collection::btree_set(prop_oneof![0u64..300, 0u64..1 << 40], 0..200)) {
            let values: Vec<u64> = values.into_iter().collect();
            let mut out = Vec::new();
            put_ascending(&mut out, &values);
            prop_assert_eq!(Ascending::read(&out).unwrap().collect::<Vec<_>>(), values);
        }

        #[test]
        fn bits_are_those_of_the_numbers(
            gaps in (1u64..60).prop_flat_map(|most| {
                prop::collection::vec(prop_oneof![60 => 0..most, 1 => 0..40 * most], 0..1500)
            }),
            first in 0u32..200,
            rows in prop_oneof![Just(100_000u32), 0u32..20_000],
        ) {
            let mut next = 0;
            let values: Vec<u64> = gaps.iter().map(|gap| (next + gap, next += gap + 1).0).collect();
            let mut out = Vec::new();
            put_ascending(&mut out, &values);
            let mut words = vec![0u64; rows.div_ceil(64) as usize];
            Ascending::read(&out).unwrap().insert_into(first, &mut words, rows);
            let is_set = |row: u32| words[row as usize / 64] >> (row % 64) & 1 != 0;
            let found: Vec<u64> = (0..64 * words.len() as u32).filter(|row| is_set(*row)).map(u64::from).collect();
            let wanted = values.iter().map(|value| value + u64::from(first)).filter(|row| *row < u64::from(rows));
            prop_assert_eq!(found, wanted.collect::<Vec<_>>());
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..400), rows in 0u32..3000) {
            if let Ok(numbers) = Ascending::read(&bytes) {
                prop_assert!(numbers.clone().count() <= bytes.len() * 8);
                let mut words = vec![0u64; rows.div_ceil(64) as usize];
                numbers.insert_into(0, &mut words, rows);
                prop_assert!(rows.is_multiple_of(64) || words.last().is_none_or(|last| last >> (rows % 64) == 0));
            }
        }
    }
}
