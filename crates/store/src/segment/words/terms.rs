//! Which text blocks of a stripe have a term: pairs of a hash and a block, in pages.
//!
//! ```text
//! term page = numbers (`rice.rs`) | crc 4      number = low bits of the hash's bucket * blocks + block
//! ```
//!
//! The top bits of a hash are its *bucket*; there are two to four times as many buckets as pairs, so a lookup meets a
//! block for no reason every third time, at about 16 bits a pair. The top bits of a bucket choose its page.

use super::rice::{Ascending, put_ascending};
use crate::codec::{Malformed, seal};
use crate::number::wide;

/// Blocks of a stripe are fewer than this; a pair has room for them.
pub(crate) const BLOCKS_MAX: u32 = 1 << 20;

/// The bits of a bucket that do not choose its page, so that a page has about 700 pairs.
const PAGE_BITS: u32 = 11;

const BUCKET_BITS_MAX: u32 = 40;

/// A term's presence in a block.
pub(crate) fn pair(term: u64, block: u32) -> u64 {
    term & !u64::from(BLOCKS_MAX - 1) | u64::from(block)
}

/// The pages of pairs, and how many bits of a hash are its bucket.
pub(crate) fn pages(pairs: &mut [u64], blocks: u32) -> (Vec<Vec<u8>>, u32) {
    let bits = (pairs.len().next_power_of_two().trailing_zeros() + 1).min(BUCKET_BITS_MAX);
    group_by_page(pairs, bits);
    let mut rest = &*pairs;
    let mut numbers: Vec<u64> = Vec::new();
    let page = |number: u64| {
        let here = rest.iter().take_while(|pair| page_number(**pair, bits) == number).count();
        let (here, after) = rest.split_at_checked(here).unwrap_or((rest, &[]));
        rest = after;
        numbers.clear();
        let low = |pair: u64| low_bits(bucket(pair, bits), bits) * u64::from(blocks);
        numbers.extend(here.iter().map(|pair| low(*pair) + (pair & u64::from(BLOCKS_MAX - 1))));
        numbers.sort_unstable();
        numbers.dedup();
        let mut out = Vec::new();
        put_ascending(&mut out, &numbers);
        seal(&mut out);
        out
    };
    ((0..page_count(bits)).map(page).collect(), bits)
}

/// Puts the pairs of each page together, in place: two passes over millions of them, where sorting takes twenty. The
/// few of a page are sorted when they are at hand.
fn group_by_page(pairs: &mut [u64], bits: u32) {
    // Half of a page's bits first, so that each pass has few places to go to, which stay in the cache.
    let page_bits = bits.saturating_sub(PAGE_BITS);
    let (low, mask) = (page_bits / 2, (1 << (page_bits / 2)) - 1);
    let high = |pair: u64| page_of(pair, bits) >> low;
    group(pairs, 1 << (page_bits - low), high);
    for alike in pairs.chunk_by_mut(|a, b| high(*a) == high(*b)) {
        group(alike, 1 << low, |pair| page_of(pair, bits) & mask);
    }
}

/// Puts the pairs of each of `count` kinds together, in place, in the order of the kinds.
fn group(pairs: &mut [u64], count: usize, kind: impl Fn(u64) -> usize) {
    let mut ends = vec![0usize; count];
    for pair in &*pairs {
        if let Some(count) = ends.get_mut(kind(*pair)) {
            *count += 1;
        }
    }
    let mut sum = 0;
    // Where the next pair of each kind goes, and where its place ends.
    let mut next: Vec<usize> = Vec::with_capacity(count);
    for end in &mut ends {
        next.push(sum);
        sum += *end;
        *end = sum;
    }
    for (own, end) in ends.iter().enumerate() {
        while let Some(at) = next.get(own).copied().filter(|at| at < end) {
            let home = pairs.get(at).map_or(own, |pair| kind(*pair));
            let Some(place) = next.get_mut(home) else { return };
            pairs.swap(at, *place);
            *place += 1;
        }
    }
}

/// How many pages there are.
pub(crate) fn page_count(bits: u32) -> u64 {
    1 << bits.saturating_sub(PAGE_BITS)
}

/// The page of a term.
pub(crate) fn page_of(term: u64, bits: u32) -> usize {
    wide(page_number(term, bits))
}

fn page_number(term: u64, bits: u32) -> u64 {
    bucket(term, bits) >> PAGE_BITS.min(bits)
}

/// The blocks that may have a term, from its page.
pub(crate) fn blocks_of(page: &[u8], term: u64, bits: u32, blocks: u32) -> Result<Vec<u32>, Malformed> {
    let first = low_bits(bucket(term, bits), bits) * u64::from(blocks);
    let there = Ascending::read(page)?.skip_while(|number| *number < first);
    let there = there.map(|number| number - first).take_while(|block| *block < u64::from(blocks));
    Ok(there.map(|block| block as u32).collect())
}

fn bucket(hash: u64, bits: u32) -> u64 {
    if bits == 0 { 0 } else { hash >> (64 - bits) }
}

fn low_bits(bucket: u64, bits: u32) -> u64 {
    bucket & ((1 << PAGE_BITS.min(bits)) - 1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::codec::checked;

    proptest! {
        #[test]
        fn pairs_of_a_page_come_together(pairs in prop::collection::vec(any::<u64>(), 0..2000), bits in 0u32..24) {
            let mut grouped = pairs.clone();
            group_by_page(&mut grouped, bits);
            prop_assert!(grouped.is_sorted_by_key(|pair| page_of(*pair, bits)));
            let sorted = |mut pairs: Vec<u64>| { pairs.sort_unstable(); pairs };
            prop_assert_eq!(sorted(grouped), sorted(pairs));
        }

        #[test]
        fn every_pair_is_found(pairs in prop::collection::vec((any::<u64>(), 0u32..50), 0..3000)) {
            let mut packed: Vec<u64> = pairs.iter().map(|(term, block)| pair(*term, *block)).collect();
            let (pages, bits) = pages(&mut packed, 50);
            prop_assert_eq!(pages.len() as u64, page_count(bits));
            for (term, block) in pairs.iter().take(200) {
                let page = checked(&pages[page_of(*term, bits)]).unwrap();
                prop_assert!(blocks_of(page, *term, bits, 50).unwrap().contains(block));
            }
        }
    }
}
