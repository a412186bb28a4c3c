//! Which parts of a segment were found to fit their checksums since it was opened.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::codec::{Malformed, checked};

/// A bit for each part.
#[derive(Debug, Default)]
pub(crate) struct Verified(Box<[AtomicU64]>);

impl Verified {
    /// None of `count` parts.
    pub(crate) fn none_of(parts: usize) -> Self {
        Self((0..parts.div_ceil(64)).map(|_| AtomicU64::new(0)).collect())
    }

    /// The payload of a part before its crc32c, which fits, now or when it was seen first.
    pub(crate) fn check<'a>(&self, number: usize, part: &'a [u8]) -> Result<&'a [u8], Malformed> {
        let (word, bit) = (self.0.get(number / 64), 1 << (number % 64));
        // A file does not change while it is open, so nothing else hangs on the order.
        if word.is_some_and(|word| word.load(Ordering::Relaxed) & bit != 0) {
            return part.split_last_chunk::<4>().map(|(payload, _)| payload).ok_or(Malformed("it ends too early"));
        }
        let payload = checked(part)?;
        if let Some(word) = word {
            word.fetch_or(bit, Ordering::Relaxed);
        }
        Ok(payload)
    }
}
