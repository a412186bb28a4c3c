//! Numbers that lie close together, read several at once: a table says what the next bits of their codes
//! (`rice.rs`) mean, as a pattern of the numbers that they are. Common words are in millions of rows, whose postings
//! are read for every search; one by one that takes three times as long.

/// Bits that are looked up at once: a table is 16 KiB and stays in the nearest cache.
const BITS: usize = 11;

/// Numbers beyond this after the last one are no pattern's.
const SPAN: u32 = u32::BITS;

/// Codes with up to this many low bits have tables; those of larger gaps are too long to find two of them in the bits.
const LOWS: usize = 5;

/// Lookups that one look at the bits is enough for.
const STEPS: usize = 5;

/// Numbers that `STEPS` lookups give at most, and how far they lead.
const NUMBERS_MAX: usize = STEPS * BITS;
const SPAN_MAX: u32 = STEPS as u32 * SPAN;

/// What some bits mean.
#[derive(Clone, Copy)]
struct Meaning {
    /// A bit for each number, counted from the one after the last.
    pattern: u32,
    /// How far the numbers lead, how many they are, and how many bits they take; 0 where no code is whole.
    advance: u8,
    numbers: u8,
    bits: u8,
}

type Table = [Meaning; 1 << BITS];

static TABLES: [Table; LOWS] = {
    let mut tables = [[meaning(0, 0); 1 << BITS]; LOWS];
    let mut low = 0;
    while low < LOWS {
        let mut bits = 0;
        while bits < 1 << BITS {
            tables[low][bits] = meaning(bits, low);
            bits += 1;
        }
        low += 1;
    }
    tables
};

const fn meaning(of: usize, low: usize) -> Meaning {
    let mut found = Meaning { pattern: 0, advance: 0, numbers: 0, bits: 0 };
    loop {
        let rest = of >> found.bits;
        let zeros = rest.trailing_zeros() as usize;
        let code = zeros + 1 + low;
        if rest == 0 || found.bits as usize + code > BITS {
            return found;
        }
        let gap = zeros << low | rest >> (zeros + 1) & ((1 << low) - 1);
        let at = found.advance as usize + gap;
        if at >= SPAN as usize {
            return found;
        }
        found.pattern |= 1 << at;
        // None of these is over 32.
        found.advance = at as u8 + 1;
        found.numbers += 1;
        found.bits += code as u8;
    }
}

/// A place among codes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    /// The next bit.
    pub(super) bit: usize,
    /// Numbers that follow.
    pub(super) left: usize,
    /// The least that the next number can be.
    pub(super) next: u32,
}

/// Sets the bits of numbers, of which none is beyond `rows`, in `words`, as far as tables tell; returns where the next
/// code is, which is to be read by itself.
#[inline]
pub(super) fn insert(bytes: &[u8], low: u32, mut at: Place, words: &mut [u64], rows: u32) -> Place {
    let Some(table) = TABLES.get(low as usize) else { return at };
    while at.left >= NUMBERS_MAX && at.next.saturating_add(SPAN_MAX) <= rows {
        let Some(word) = bytes.get(at.bit / 8..).and_then(|rest| rest.first_chunk::<8>()) else { return at };
        let mut look = u64::from_le_bytes(*word) >> (at.bit % 8);
        for _ in 0..STEPS {
            let Some(found) = table.get(look as usize % table.len()) else { return at };
            if found.bits == 0 {
                return at;
            }
            let Some([first, second]) = words.get_mut(at.next as usize / 64..).and_then(<[u64]>::first_chunk_mut)
            else {
                return at;
            };
            let (pattern, shift) = (u64::from(found.pattern), at.next % 64);
            *first |= pattern << shift;
            *second |= pattern >> 1 >> (63 - shift);
            look >>= found.bits;
            at.bit += usize::from(found.bits);
            at.left -= usize::from(found.numbers);
            at.next += u32::from(found.advance);
        }
    }
    at
}
