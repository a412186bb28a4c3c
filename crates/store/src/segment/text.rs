//! The texts of whole rows of one stream, compressed together.
//!
//! ```text
//! text block = zstd( rows varint | flags 1 | lengths* | texts* ) | crc 4
//!   flags:   1 when some row has a level, 2 when some row has a source
//!   lengths: of each row ret_msg, log, level if flags & 1, source if flags & 2, as varints
//!   texts:   of each row the same, escaped
//! ```
//!
//! How texts are escaped: `escape.rs`.

use std::cell::RefCell;
use std::ops::Range;

use super::escape::{ESCAPE, IdFinder, OWN_ID_MIN_BYTES, escape, unescape};
use super::keyword::Keyword;
use crate::codec::{Malformed, Reader, put_varint, seal};
use crate::record::Record;

const HAS_LEVEL: u8 = 1;
const HAS_SOURCE: u8 = 2;

/// A block longer than this before compression was never written: rows are at most two texts of 6 MiB, escaped.
const RAW_MAX_BYTES: usize = 64 << 20;

/// The texts of a row, in the order of their place in a block.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Field {
    RetMsg,
    Log,
    Level,
    Source,
}

/// Gathers the rows of a block.
#[derive(Debug, Default)]
pub(crate) struct TextBuilder {
    lengths: Vec<[usize; 4]>,
    texts: Vec<u8>,
}

impl TextBuilder {
    /// Adds a row, whose texts are escaped on the way.
    pub(crate) fn push(&mut self, row: &Record<'_>) {
        let id = row.request_id.as_bytes();
        let finder = (id.len() >= OWN_ID_MIN_BYTES).then(|| IdFinder::new(id));
        self.push_with(row, |out, text| escape(out, text, finder.as_ref()));
    }

    /// Adds a row, whose texts are escaped already.
    pub(crate) fn push_escaped(&mut self, row: &Record<'_>) {
        self.push_with(row, Vec::extend_from_slice);
    }

    fn push_with(&mut self, row: &Record<'_>, put: impl Fn(&mut Vec<u8>, &[u8])) {
        let mut lengths = [0; 4];
        for (length, text) in lengths.iter_mut().zip([row.ret_msg, row.log, row.level, row.source]) {
            let before = self.texts.len();
            put(&mut self.texts, text);
            *length = self.texts.len() - before;
        }
        self.lengths.push(lengths);
    }

    /// The return message and log of the row that was added last, escaped.
    pub(crate) fn last(&self) -> (&[u8], &[u8]) {
        let [ret_msg, log, level, source] = self.lengths.last().copied().unwrap_or_default();
        let start = self.texts.len() - (ret_msg + log + level + source);
        let text = |from: usize, length: usize| self.texts.get(from..from + length).unwrap_or_default();
        (text(start, ret_msg), text(start + ret_msg, log))
    }

    /// Rows gathered.
    pub(crate) fn rows(&self) -> usize {
        self.lengths.len()
    }

    /// Bytes gathered.
    pub(crate) fn bytes(&self) -> usize {
        self.texts.len()
    }

    /// Writes the block and begins the next; says how long it is when decompressed.
    pub(crate) fn finish(
        &mut self,
        out: &mut Vec<u8>,
        compressor: &mut zstd::bulk::Compressor<'_>,
    ) -> std::io::Result<usize> {
        let some = |at: usize| self.lengths.iter().any(|lengths| lengths.get(at).is_some_and(|length| *length > 0));
        let flags = if some(2) { HAS_LEVEL } else { 0 } | if some(3) { HAS_SOURCE } else { 0 };
        let mut raw = Vec::with_capacity(self.texts.len() + 4 * self.lengths.len() + 8);
        put_varint(&mut raw, self.lengths.len() as u64);
        raw.push(flags);
        for [ret_msg, log, level, source] in self.lengths.drain(..) {
            put_varint(&mut raw, ret_msg as u64);
            put_varint(&mut raw, log as u64);
            if flags & HAS_LEVEL != 0 {
                put_varint(&mut raw, level as u64);
            }
            if flags & HAS_SOURCE != 0 {
                put_varint(&mut raw, source as u64);
            }
        }
        raw.append(&mut self.texts);
        let mut block = compressor.compress(&raw)?;
        seal(&mut block);
        out.extend(block);
        Ok(raw.len())
    }
}

/// A block, decompressed.
#[derive(Debug, Default)]
pub(crate) struct TextBlock {
    raw: Vec<u8>,
    rows: Vec<[Range<usize>; 4]>,
}

impl TextBlock {
    /// Decompresses a block of `raw_bytes`, whose checksum was checked.
    pub(crate) fn read(block: &[u8], raw_bytes: usize) -> Result<Self, Malformed> {
        if raw_bytes > RAW_MAX_BYTES {
            return Err(Malformed("a text block is too long"));
        }
        let raw = decompress(block, raw_bytes)?;
        let mut reader = Reader(&raw);
        let count = reader.count(2)?;
        let flags = reader.u8()?;
        let mut lengths = Vec::with_capacity(count);
        for _ in 0..count {
            let ret_msg = reader.count(1)?;
            let log = reader.count(1)?;
            let level = if flags & HAS_LEVEL != 0 { reader.count(1)? } else { 0 };
            let source = if flags & HAS_SOURCE != 0 { reader.count(1)? } else { 0 };
            lengths.push([ret_msg, log, level, source]);
        }
        let mut at = raw.len() - reader.0.len();
        let mut place = |length| {
            let range = at..at + length;
            at = range.end;
            range
        };
        let rows = lengths.into_iter().map(|lengths| lengths.map(&mut place)).collect();
        if at == raw.len() { Ok(Self { raw, rows }) } else { Err(Malformed("a text block has another length")) }
    }

    /// A row's text, as it was.
    pub(crate) fn text(&self, row: usize, field: Field, request_id: &str) -> Result<String, Malformed> {
        let mut out = Vec::new();
        unescape(&mut out, self.escaped(row, field)?, request_id.as_bytes());
        String::from_utf8(out).map_err(|_| Malformed("a text is not UTF-8"))
    }

    /// Whether a row's text contains the keyword.
    pub(crate) fn contains(
        &self,
        row: usize,
        field: Field,
        id: &str,
        keyword: &Keyword<'_>,
    ) -> Result<bool, Malformed> {
        let escaped = self.escaped(row, field)?;
        if memchr::memchr(ESCAPE, escaped).is_none() {
            return Ok(keyword.finder.find(escaped).is_some());
        }
        if !keyword.is_escape_like && keyword.finder.find(escaped).is_some() {
            return Ok(true);
        }
        if !keyword.is_escape_like && !keyword.may_touch(id.as_bytes()) {
            return Ok(false);
        }
        let mut text = Vec::new();
        unescape(&mut text, escaped, id.as_bytes());
        Ok(keyword.finder.find(&text).is_some())
    }

    /// Rows of the block.
    pub(crate) fn rows(&self) -> usize {
        self.rows.len()
    }

    /// Bytes of the block, decompressed.
    pub(crate) fn bytes(&self) -> usize {
        self.raw.len()
    }

    /// Bytes of memory that the block takes.
    pub(crate) fn memory_bytes(&self) -> usize {
        self.raw.capacity() + self.rows.capacity() * size_of::<[Range<usize>; 4]>() + size_of::<Self>()
    }

    /// A row's text as it was written.
    pub(crate) fn escaped(&self, row: usize, field: Field) -> Result<&[u8], Malformed> {
        let [ret_msg, log, level, source] = self.rows.get(row).ok_or(Malformed("a text block has too few rows"))?;
        let range = match field {
            Field::RetMsg => ret_msg,
            Field::Log => log,
            Field::Level => level,
            Field::Source => source,
        };
        self.raw.get(range.clone()).ok_or(Malformed("a text is outside of its block"))
    }
}

/// Decompresses what has `raw_bytes` then, and was checked.
pub(crate) fn decompress(block: &[u8], raw_bytes: usize) -> Result<Vec<u8>, Malformed> {
    thread_local! {
        static DECOMPRESSOR: RefCell<Option<zstd::bulk::Decompressor<'static>>> = const { RefCell::new(None) };
    }
    const ODD: Malformed = Malformed("a part does not decompress");
    let raw = DECOMPRESSOR.with_borrow_mut(|kept| {
        if kept.is_none() {
            *kept = zstd::bulk::Decompressor::new().ok();
        }
        kept.as_mut()?.decompress(block, raw_bytes).ok()
    });
    raw.filter(|raw| raw.len() == raw_bytes).ok_or(ODD)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ID: &str = "3f2504e0-4f89-41d3-9a0c-0305e82c3301";

    fn texts() -> impl Strategy<Value = String> {
        let part = prop_oneof![
            Just(ID.to_owned()),
            Just("\u{1a}".to_owned()),
            Just("\u{1}".to_owned()),
            Just("\u{2}".to_owned()),
            Just(ID[..20].to_owned()),
            Just(ID[20..].to_owned()),
            "[a-f3]{1,3}",
            "\\PC{0,8}",
        ];
        prop::collection::vec(part, 0..8).prop_map(|parts| parts.concat())
    }

    proptest! {
        #[test]
        fn texts_and_back(texts in prop::collection::vec((texts(), texts(), "a?", "b?"), 1..6), id in prop_oneof![Just(ID), Just("e"), Just("\u{1a}\u{1}345678")]) {
            let mut builder = TextBuilder::default();
            for (ret_msg, log, level, source) in &texts {
                let facts = crate::record::Facts { start_ms: 0, seq: 0, duration_us: 0, mem_bytes: 0, ret_code: 0 };
                builder.push(&Record {
                    request_id: id,
                    ret_msg: ret_msg.as_bytes(),
                    log: log.as_bytes(),
                    level: level.as_bytes(),
                    source: source.as_bytes(),
                    ..Record::of_facts(facts)
                });
            }
            let mut out = Vec::new();
            let raw_bytes = builder.finish(&mut out, &mut zstd::bulk::Compressor::new(1).unwrap()).unwrap();
            let block = TextBlock::read(crate::codec::checked(&out).unwrap(), raw_bytes).unwrap();
            for (row, (ret_msg, log, level, source)) in texts.iter().enumerate() {
                prop_assert_eq!(&block.text(row, Field::RetMsg, id).unwrap(), ret_msg);
                prop_assert_eq!(&block.text(row, Field::Log, id).unwrap(), log);
                prop_assert_eq!(&block.text(row, Field::Level, id).unwrap(), level);
                prop_assert_eq!(&block.text(row, Field::Source, id).unwrap(), source);
                for word in ["", "3", "f", "3f25", "c3301", "\u{1a}", "\u{1}", "01a", ID, "a3f2504e0", "\u{1a}\u{1}", "a", "é"] {
                    let found = block.contains(row, Field::Log, id, &Keyword::new(word)).unwrap();
                    prop_assert_eq!(found, log.contains(word), "{:?} in {:?}", word, log);
                }
            }
        }
    }
}
