//! A lane: a few numbers packed into as many bits as their spread needs, readable one by one.
//!
//! ```text
//! width 1 | shift 1 | min varint | value*      value = min + (bits << shift), `width` bits each, lowest first
//! ```
//!
//! Equal numbers take no bits at all. A width is at most 56, or 64, so that eight bytes contain any value; what
//! writes the last lane of a block adds [`PADDING`], so that those eight bytes exist.

use crate::codec::{Malformed, Reader, put_varint};

/// Zero bytes after the last lane.
pub(crate) const PADDING: usize = 7;

/// Widths up to here fit in eight bytes at any bit of the first.
const WIDTH_MAX: u32 = 56;

/// A packed lane.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lane<'a> {
    min: u64,
    shift: u32,
    width: u32,
    len: usize,
    /// From the first value to the end of the block.
    bits: &'a [u8],
}

/// Packs numbers.
pub(crate) fn put_lane(out: &mut Vec<u8>, values: &[u64]) {
    let min = values.iter().copied().min().unwrap_or(0);
    let used = values.iter().fold(0, |used, value| used | (value - min));
    let shift = if used == 0 { 0 } else { used.trailing_zeros() };
    let needed = 64 - (used >> shift).leading_zeros();
    let width = if needed > WIDTH_MAX { 64 } else { needed };
    // Both fit: neither is over 64.
    out.push(width as u8);
    out.push(shift as u8);
    put_varint(out, min);
    let (mut gathered, mut bits) = (0u128, 0);
    for value in values {
        gathered |= u128::from((value - min) >> shift) << bits;
        bits += width;
        while bits >= 8 {
            out.push(gathered as u8);
            gathered >>= 8;
            bits -= 8;
        }
    }
    if bits > 0 {
        out.push(gathered as u8);
    }
}

impl<'a> Lane<'a> {
    /// Reads a lane of `len` numbers from the front of a block.
    pub(crate) fn read(reader: &mut Reader<'a>, len: usize) -> Result<Self, Malformed> {
        let (width, shift) = (u32::from(reader.u8()?), u32::from(reader.u8()?));
        let min = reader.varint()?;
        if (width > WIDTH_MAX && width != 64) || shift > 63 {
            return Err(Malformed("a lane has an odd width"));
        }
        let bits = reader.0;
        let bytes = (width as usize).checked_mul(len).ok_or(Malformed("a lane is too long"))?.div_ceil(8);
        reader.bytes(bytes)?;
        if width > 0 && reader.0.len() < PADDING {
            return Err(Malformed("a lane lacks its padding"));
        }
        Ok(Self { min, shift, width, len, bits })
    }

    /// The number at `at`; the lane's minimum beyond its end.
    #[inline]
    pub(crate) fn get(&self, at: usize) -> u64 {
        if self.width == 0 || at >= self.len {
            return self.min;
        }
        self.unpack(at, self.mask())
    }

    /// Adds the numbers of a range, which ends within the lane, to `out`.
    pub(crate) fn copy(&self, range: std::ops::Range<usize>, out: &mut Vec<u64>) {
        if self.width == 0 {
            return out.resize(out.len() + range.len(), self.min);
        }
        let mask = self.mask();
        out.extend(range.map(|at| self.unpack(at, mask)));
    }

    #[inline]
    fn mask(&self) -> u64 {
        if self.width == 64 { u64::MAX } else { (1 << self.width) - 1 }
    }

    #[inline]
    fn unpack(&self, at: usize, mask: u64) -> u64 {
        let bit = at * self.width as usize;
        let word = self.bits.get(bit / 8..).and_then(|rest| rest.first_chunk::<8>());
        let word = u64::from_le_bytes(word.copied().unwrap_or_default()) >> (bit % 8);
        self.min.wrapping_add((word & mask) << self.shift)
    }

    /// Calls `each` with the places of a range whose numbers are `least` to `most`, and these numbers, in order.
    #[inline]
    pub(crate) fn find(
        &self,
        range: std::ops::Range<usize>,
        (least, most): (u64, u64),
        mut each: impl FnMut(usize, u64),
    ) {
        let mask = if self.width == 64 { u64::MAX } else { (1 << self.width) - 1 };
        let spread = most.saturating_sub(least);
        for at in range.start..range.end.min(self.len) {
            let bit = at * self.width as usize;
            let word = self.bits.get(bit / 8..).and_then(|rest| rest.first_chunk::<8>());
            let word = u64::from_le_bytes(word.copied().unwrap_or_default()) >> (bit % 8);
            let value = self.min.wrapping_add((word & mask) << self.shift);
            if value.wrapping_sub(least) <= spread {
                each(at, value);
            }
        }
    }

    /// Whether every number is the same.
    pub(crate) fn is_constant(&self) -> bool {
        self.width == 0
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// How many of the first numbers, which must be in order, are below `bound`.
    pub(crate) fn below(&self, range: std::ops::Range<usize>, bound: u64) -> usize {
        let (mut low, mut high) = (range.start, range.end.min(self.len));
        while low < high {
            let middle = low.midpoint(high);
            if self.get(middle) < bound { low = middle + 1 } else { high = middle }
        }
        low
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn numbers() -> impl Strategy<Value = Vec<u64>> {
        (0u32..64, 0u32..10).prop_flat_map(|(down, up)| {
            prop::collection::vec(any::<u64>().prop_map(move |value| (value >> down) << up), 0..150)
        })
    }

    proptest! {
        #[test]
        fn numbers_and_back(first in numbers(), second in numbers(), from in 0usize..150, bounds: (u64, u64)) {
            let mut out = Vec::new();
            put_lane(&mut out, &first);
            put_lane(&mut out, &second);
            out.extend([0; PADDING]);
            let mut reader = Reader(&out);
            for values in [&first, &second] {
                let lane = Lane::read(&mut reader, values.len()).unwrap();
                let back: Vec<u64> = (0..values.len()).map(|at| lane.get(at)).collect();
                prop_assert_eq!(&back, values);
                let mut copied = vec![7];
                let part = from.min(values.len())..values.len();
                lane.copy(part.clone(), &mut copied);
                prop_assert_eq!(&copied[1..], &values[part]);
                let some = |at: u64| values.get(at as usize % values.len().max(1)).copied().unwrap_or_default();
                let (least, most) = (some(bounds.0).min(some(bounds.1)), some(bounds.0).max(some(bounds.1)));
                let mut found = Vec::new();
                lane.find(from..140, (least, most), |at, value| found.push((at, value)));
                let wanted = values.iter().copied().enumerate().take(140).skip(from);
                prop_assert!(wanted.filter(|(_, value)| (least..=most).contains(value)).eq(found));
            }
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..40), len in 0usize..300) {
            if let Ok(lane) = Lane::read(&mut Reader(&bytes), len) {
                let sum = (0..len + 1).fold(0u64, |sum, at| sum.wrapping_add(lane.get(at)));
                prop_assert!(len > 0 || sum == lane.get(0));
            }
        }
    }
}
