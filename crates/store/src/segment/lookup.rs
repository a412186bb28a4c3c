//! Finding rows by account and request id.
//!
//! ```text
//! id page   = rows 4 | next 16 bits of the hash, 2 a row | row number, 4 a row | crc 4      sorted by hash
//! id filter = descriptor 20 | fingerprints | crc 4                                 a binary fuse filter of 8 bits
//! ```
//!
//! The top bits of a hash choose the page, about 256 rows each. The filter says of nearly every id that is not there
//! that it is not there, from about 9 bits a row, so that a new run costs no visit to the pages.

use xorf::{BinaryFuse8, BinaryFuse8Ref, DmaSerializable, Filter, FilterRef};

use super::extent::Extent;
use super::format::Footer;
use crate::codec::{Malformed, Reader, seal};
use crate::number::narrow;

const PAGE_ROWS: usize = 256;
pub(crate) const DESCRIPTOR_BYTES: usize = 20;

/// How many of a hash's top bits choose among the pages of `rows` rows.
pub(crate) fn page_bits(rows: usize) -> u32 {
    rows.div_ceil(PAGE_ROWS).next_power_of_two().trailing_zeros()
}

fn page_of(hash: u64, page_bits: u32) -> usize {
    if page_bits == 0 { 0 } else { (hash >> (64 - page_bits)) as usize }
}

fn fingerprint(hash: u64, page_bits: u32) -> u16 {
    // The top 16 bits after those of the page.
    ((hash << page_bits) >> 48) as u16
}

/// The pages of rows, which are sorted by hash.
pub(crate) fn pages(rows: &[(u64, u32)], page_bits: u32) -> Vec<Vec<u8>> {
    let mut rest = rows;
    let page = |number| {
        let (here, after) = rest.split_at(rest.partition_point(|(hash, _)| page_of(*hash, page_bits) == number));
        rest = after;
        let count = narrow(here.len());
        let mut out = count.to_le_bytes().to_vec();
        here.iter().for_each(|(hash, _)| out.extend(fingerprint(*hash, page_bits).to_le_bytes()));
        here.iter().for_each(|(_, row)| out.extend(row.to_le_bytes()));
        seal(&mut out);
        out
    };
    (0..1usize << page_bits).map(page).collect()
}

/// The filter of rows by their hashes, which are sorted.
pub(crate) fn filter(mut hashes: Vec<u64>) -> Option<Vec<u8>> {
    hashes.dedup();
    let filter = BinaryFuse8::try_from(&hashes).ok()?;
    let mut out = vec![0; DESCRIPTOR_BYTES];
    filter.dma_copy_descriptor_to(&mut out);
    out.extend_from_slice(filter.dma_fingerprints());
    seal(&mut out);
    Some(out)
}

/// Whether a filter's descriptor points to no fingerprint beyond those that are there.
///
/// # Errors
/// If it does: the library would not notice.
pub(crate) fn check_descriptor(descriptor: &[u8; DESCRIPTOR_BYTES], fingerprints: &[u8]) -> Result<(), Malformed> {
    let mut reader = Reader(descriptor);
    let (_seed, length, mask, lengths) = (reader.u64()?, reader.u32()?, reader.u32()?, reader.u32()?);
    // A hash points to three segments in a row, the first of which is one of the first `lengths / length`.
    let is_whole = length.is_power_of_two() && mask == length - 1 && lengths % length == 0;
    let needed = u64::from(lengths) + 2 * u64::from(length);
    let fits = is_whole && needed <= fingerprints.len() as u64;
    if fits { Ok(()) } else { Err(Malformed("the id filter is larger than its file")) }
}

/// Whether the filter, which was checked when the segment was opened, lets a hash pass.
pub(crate) fn may_have(file: &[u8], filter: Extent, descriptor: &[u8; DESCRIPTOR_BYTES], hash: u64) -> bool {
    let fingerprints = filter.of(file).ok().and_then(|bytes| bytes.get(DESCRIPTOR_BYTES..bytes.len() - 4));
    fingerprints.is_none_or(|fingerprints| BinaryFuse8Ref::from_dma(descriptor, fingerprints).contains(&hash))
}

/// Rows whose ids may have this hash.
pub(crate) fn candidates(file: &[u8], footer: &Footer, hash: u64) -> Result<Vec<u32>, Malformed> {
    let page = footer.pages.get(page_of(hash, footer.page_bits)).ok_or(Malformed("no such id page"))?;
    let mut reader = Reader(page.checked(file)?);
    let count = reader.u32()? as usize;
    let fingerprints = reader.bytes(count.saturating_mul(2))?;
    let rows = reader.bytes(count.saturating_mul(4))?;
    reader.end()?;
    let wanted = fingerprint(hash, footer.page_bits);
    let (fingerprints, _) = fingerprints.as_chunks::<2>();
    let (rows, _) = rows.as_chunks::<4>();
    let first = fingerprints.partition_point(|bytes| u16::from_le_bytes(*bytes) < wanted);
    let alike =
        fingerprints.iter().zip(rows).skip(first).take_while(|(bytes, _)| u16::from_le_bytes(**bytes) == wanted);
    Ok(alike.map(|(_, row)| u32::from_le_bytes(*row)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_points_to_its_own_fingerprints_only() {
        for rows in [1, 2, 10, 1_000, 70_000] {
            let hashes = (0..rows).map(|row: u64| row.wrapping_mul(0x9e37_79b9_7f4a_7c15)).collect::<Vec<_>>();
            let filter = filter(hashes).unwrap();
            let (descriptor, rest) = filter.split_first_chunk().unwrap();
            let fingerprints = &rest[..rest.len() - 4];
            assert_eq!(check_descriptor(descriptor, fingerprints), Ok(()), "{rows}");
            assert!(check_descriptor(descriptor, &fingerprints[1..]).is_err(), "{rows}");
            for at in 8..16 {
                let mut changed = *descriptor;
                changed[at] ^= 0x80;
                assert!(check_descriptor(&changed, fingerprints).is_err(), "{rows} {at}");
            }
        }
    }
}
