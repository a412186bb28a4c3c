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

/// How many of a hash's top bits choose among the pages of so many rows.
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
