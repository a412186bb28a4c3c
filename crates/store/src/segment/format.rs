//! How a segment file is laid out.
//!
//! ```text
//! file    = header, (text block | superblock | stripe)*, text directory chunk*, id page*, id filter, footer, trailer
//! header  = "runlogS" 0xff | version 4 | crc 4
//! trailer = footer offset 8 | footer bytes 8 | version 4 | crc 4 | "runlogS" 0xff
//! footer  = the fields of `Footer`, in order, as varints and texts | crc 4
//! ```
//!
//! Rows are sorted by (stream, start, sequence number) and numbered from 0. Everything but the fixed ends carries a
//! crc32c after it, and is checked before it is used, once while the segment is open.
//! * A *superblock* is column blocks (`columns.rs`), id blocks (`ids.rs`) and one zone chunk (`zones.rs`), each kind
//!   in one piece. Its blocks are of a fixed number of rows, across streams.
//! * A *text block* (`text.rs`) holds whole rows of one stream. The text directory is lanes of 64 text blocks a chunk.
//! * A *stripe* (`words/mod.rs`) finds keywords in some text blocks that lie before it.
//! * *Id pages* and the *id filter* (`lookup.rs`) find rows by account and request id.

use std::sync::Arc;

use runlog_core::Stream;

use super::extent::Extent;
use super::words::Stripe;
use super::zones::Zone;
use crate::codec::{Malformed, Reader, checked, put_stream, put_varint, read_stream, seal, small, unzigzag, zigzag};
use crate::options::Shape;

pub(crate) const MAGIC: [u8; 8] = *b"runlogS\xff";
pub(crate) const VERSION: u32 = 2;

/// The version before keywords were indexed; its footers end earlier.
pub(crate) const VERSION_WITHOUT_WORDS: u32 = 1;

pub(crate) const TRAILER_BYTES: usize = 32;

/// Text blocks of one chunk of their directory.
pub(crate) const TEXT_CHUNK_BLOCKS: usize = 64;

/// The directory of a segment: small, and in memory while it is open.
#[derive(Clone, Debug, Default)]
pub(crate) struct Footer {
    pub(crate) shape: Shape,
    /// The partition: days since 1970, UTC.
    pub(crate) day: i64,
    /// The file's number.
    pub(crate) number: u64,
    pub(crate) rows: u32,
    /// The numbers of the segments that this one was merged from.
    pub(crate) replaces: Vec<u64>,
    /// Return codes with running counts; 0 is the first.
    pub(crate) codes: Vec<i32>,
    /// Whether rows have no other codes than those.
    pub(crate) all_codes_counted: bool,
    pub(crate) streams: Vec<StreamRows>,
    pub(crate) superblocks: Vec<Superblock>,
    /// The first row, offset and length of each chunk of the text directory.
    pub(crate) text_chunks: Vec<(u32, Extent)>,
    /// How many of a hash's top bits choose its id page.
    pub(crate) page_bits: u32,
    pub(crate) pages: Vec<Extent>,
    pub(crate) filter: Extent,
    /// What finds keywords (`words/mod.rs`); none in a segment that was written before there were any.
    pub(crate) stripes: Vec<Stripe>,
}

/// The rows of one stream: from the end of the previous one's to `end`.
#[derive(Clone, Debug)]
pub(crate) struct StreamRows {
    pub(crate) stream: Arc<Stream>,
    pub(crate) end: u32,
    pub(crate) first_start_ms: i64,
    pub(crate) last_start_ms: i64,
}

impl StreamRows {
    pub(crate) fn is_of(&self, stream: &Arc<Stream>) -> bool {
        Arc::ptr_eq(&self.stream, stream) || self.stream == *stream
    }
}

/// Where a superblock is and what its rows are bounded by.
#[derive(Clone, Debug)]
pub(crate) struct Superblock {
    /// Column and id blocks are found from here.
    pub(crate) offset: u64,
    pub(crate) chunk: Extent,
    pub(crate) zone: Zone,
}

impl Footer {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        let Shape { block_rows, super_blocks, text_block_bytes, stripe_rows } = self.shape;
        for number in [block_rows, super_blocks, text_block_bytes, self.rows] {
            put_varint(&mut out, u64::from(number));
        }
        put_varint(&mut out, zigzag(self.day));
        put_varint(&mut out, self.number);
        put_varint(&mut out, self.replaces.len() as u64);
        self.replaces.iter().for_each(|number| put_varint(&mut out, *number));
        put_varint(&mut out, self.codes.len() as u64);
        self.codes.iter().for_each(|code| put_varint(&mut out, zigzag(i64::from(*code))));
        out.push(u8::from(self.all_codes_counted));
        put_varint(&mut out, self.streams.len() as u64);
        for rows in &self.streams {
            put_stream(&mut out, &rows.stream);
            put_varint(&mut out, u64::from(rows.end));
            put_varint(&mut out, zigzag(rows.first_start_ms));
            put_varint(&mut out, zigzag(rows.last_start_ms));
        }
        put_varint(&mut out, self.superblocks.len() as u64);
        for superblock in &self.superblocks {
            put_varint(&mut out, superblock.offset);
            superblock.chunk.put(&mut out);
            superblock.zone.put(&mut out);
        }
        put_varint(&mut out, self.text_chunks.len() as u64);
        for (first_row, extent) in &self.text_chunks {
            put_varint(&mut out, u64::from(*first_row));
            extent.put(&mut out);
        }
        put_varint(&mut out, u64::from(self.page_bits));
        put_varint(&mut out, self.pages.len() as u64);
        self.pages.iter().for_each(|page| page.put(&mut out));
        self.filter.put(&mut out);
        put_varint(&mut out, u64::from(stripe_rows));
        put_varint(&mut out, self.stripes.len() as u64);
        self.stripes.iter().for_each(|stripe| stripe.put(&mut out));
        seal(&mut out);
        out
    }

    pub(crate) fn decode(bytes: &[u8], version: u32) -> Result<Self, Malformed> {
        let mut reader = Reader(checked(bytes)?);
        let shape = Shape {
            block_rows: small(&mut reader)?.max(1),
            super_blocks: small(&mut reader)?.max(1),
            text_block_bytes: small(&mut reader)?,
            ..Shape::default()
        };
        let rows = small(&mut reader)?;
        let mut footer = Self { shape, rows, day: unzigzag(reader.varint()?), ..Self::default() };
        footer.number = reader.varint()?;
        for _ in 0..reader.count(1)? {
            footer.replaces.push(reader.varint()?);
        }
        for _ in 0..reader.count(1)? {
            let code = i32::try_from(unzigzag(reader.varint()?)).map_err(|_| Malformed("a code is too large"))?;
            footer.codes.push(code);
        }
        footer.all_codes_counted = reader.u8()? != 0;
        for _ in 0..reader.count(8)? {
            footer.streams.push(StreamRows {
                stream: Arc::new(read_stream(&mut reader)?),
                end: small(&mut reader)?,
                first_start_ms: unzigzag(reader.varint()?),
                last_start_ms: unzigzag(reader.varint()?),
            });
        }
        for _ in 0..reader.count(3)? {
            footer.superblocks.push(Superblock {
                offset: reader.varint()?,
                chunk: Extent::read(&mut reader)?,
                zone: Zone::read(&mut reader, footer.codes.len())?,
            });
        }
        for _ in 0..reader.count(3)? {
            footer.text_chunks.push((small(&mut reader)?, Extent::read(&mut reader)?));
        }
        footer.page_bits = small(&mut reader)?;
        for _ in 0..reader.count(2)? {
            footer.pages.push(Extent::read(&mut reader)?);
        }
        footer.filter = Extent::read(&mut reader)?;
        if version > VERSION_WITHOUT_WORDS {
            footer.shape.stripe_rows = small(&mut reader)?;
            for _ in 0..reader.count(8)? {
                let first_row = footer.stripes.last().map_or(0, |last| last.end);
                footer.stripes.push(Stripe::read(&mut reader, first_row)?);
            }
        }
        reader.end()?;
        footer.check()?;
        Ok(footer)
    }

    /// What every reader relies on.
    fn check(&self) -> Result<(), Malformed> {
        let blocks = self.rows.div_ceil(self.shape.block_rows);
        let is_whole = self.streams.is_sorted_by(|a, b| a.end < b.end && a.stream < b.stream)
            && self.streams.last().map(|last| last.end) == Some(self.rows)
            && self.superblocks.len() == blocks.div_ceil(self.shape.super_blocks) as usize
            && self.text_chunks.first().map(|first| first.0) == Some(0)
            && self.page_bits < 32
            && self.pages.len() == 1 << self.page_bits
            && self.codes.first() == Some(&0)
            && self.stripes.last().is_none_or(|last| last.end == self.rows);
        if is_whole { Ok(()) } else { Err(Malformed("its directory contradicts itself")) }
    }
}

/// The bytes before everything else, in a file of this version.
pub(crate) fn header(version: u32) -> Vec<u8> {
    let mut out = MAGIC.to_vec();
    out.extend(version.to_le_bytes());
    seal(&mut out);
    out
}

/// The bytes after the footer.
pub(crate) fn trailer(footer: Extent) -> Vec<u8> {
    let mut out = Vec::new();
    out.extend(footer.offset.to_le_bytes());
    out.extend(footer.bytes.to_le_bytes());
    out.extend(VERSION.to_le_bytes());
    seal(&mut out);
    out.extend(MAGIC);
    out
}

/// The version and the footer's place, from a whole file.
pub(crate) fn read_trailer(file: &[u8]) -> Result<(u32, Extent), Malformed> {
    let trailer = file.last_chunk::<TRAILER_BYTES>().ok_or(Malformed("it ends too early"))?;
    let (fields, magic) = trailer.split_last_chunk::<8>().ok_or(Malformed("it ends too early"))?;
    if *magic != MAGIC {
        return Err(Malformed("it does not end as a segment"));
    }
    let mut reader = Reader(checked(fields)?);
    let extent = Extent { offset: reader.u64()?, bytes: reader.u64()? };
    Ok((reader.u32()?, extent))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_footer_of_version_1_has_no_stripes() {
        let shape = Shape { stripe_rows: 300, ..Shape::default() };
        let stream = |function: &str| Stream {
            account: "1".into(),
            region: "r".into(),
            namespace: "n".into(),
            function: function.into(),
            qualifier: String::new(),
        };
        let rows =
            |function, end| StreamRows { stream: Arc::new(stream(function)), end, first_start_ms: 1, last_start_ms: 2 };
        let zone = Zone { counts_before: vec![0], ..Zone::default() };
        let footer = Footer {
            shape,
            rows: 7,
            codes: vec![0],
            streams: vec![rows("f", 3), rows("g", 7)],
            superblocks: vec![Superblock { offset: 12, chunk: Extent::default(), zone }],
            text_chunks: vec![(0, Extent { offset: 3, bytes: 4 })],
            pages: vec![Extent::default()],
            ..Footer::default()
        };
        let new = Footer::decode(&footer.encode(), VERSION).unwrap();
        assert_eq!((new.shape, new.rows, new.streams.len()), (shape, 7, 2));
        let mut old = footer.encode();
        // Without the checksum, no stripes, and their size, which takes two bytes.
        old.truncate(old.len() - 4 - 1 - 2);
        seal(&mut old);
        let old = Footer::decode(&old, VERSION_WITHOUT_WORDS).unwrap();
        assert_eq!((old.shape, old.rows, old.stripes.len()), (Shape::default(), 7, 0));
    }
}
