//! The forms of a stripe and the rows that each has, as they lie in the file (`mod.rs` draws it).

use crate::codec::{Malformed, Reader, small};
use crate::segment::text::decompress;

/// Forms longer than this before compression were never written.
const FORMS_MAX_BYTES: usize = 64 << 20;

/// The forms of a stripe before compression, of `raw_bytes`; `packed` is that part of the file, checked.
pub(super) fn unpack(packed: &[u8], raw_bytes: u64) -> Result<Vec<u8>, Malformed> {
    let raw_bytes = usize::try_from(raw_bytes).map_or(FORMS_MAX_BYTES, |bytes| bytes.min(FORMS_MAX_BYTES));
    decompress(packed, raw_bytes)
}

/// A form and its postings, one after the other.
pub(super) struct Forms<'a> {
    /// Postings of the rows with a line whose form is not kept; empty when there are none.
    pub(super) rest: &'a [u8],
    left: usize,
    lengths: Reader<'a>,
    texts: Reader<'a>,
    postings: Reader<'a>,
}

impl<'a> Forms<'a> {
    /// Reads what [`unpack`] gives, and the postings, checked.
    pub(super) fn read(raw: &'a [u8], postings: &'a [u8]) -> Result<Self, Malformed> {
        let mut texts = Reader(raw);
        let left = texts.count(2)?;
        let rest_bytes = small(&mut texts)? as usize;
        let lengths = texts;
        for _ in 0..2 * left {
            texts.varint()?;
        }
        let mut postings = Reader(postings);
        Ok(Self { rest: postings.bytes(rest_bytes)?, left, lengths, texts, postings })
    }

    /// How many forms follow.
    pub(super) fn left(&self) -> usize {
        self.left
    }

    fn read_next(&mut self) -> Result<(&'a [u8], &'a [u8]), Malformed> {
        let form = self.texts.bytes(small(&mut self.lengths)? as usize)?;
        Ok((form, self.postings.bytes(small(&mut self.lengths)? as usize)?))
    }
}

impl<'a> Iterator for Forms<'a> {
    type Item = Result<(&'a [u8], &'a [u8]), Malformed>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(1)?;
        Some(self.read_next())
    }
}
