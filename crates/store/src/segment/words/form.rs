//! The form of a line, which is what it has in common with others: its numbers and hexadecimal ids are left out, and
//! what is left out is found by the hashes of its parts.
//!
//! A *run* is a longest sequence of ASCII letters and digits. In a form,
//! * a run without digits is kept as it is, and so is everything between runs;
//! * a run with a digit that is hexadecimal, in letters of one case, is replaced by one byte [`GAP`];
//! * any other run with digits has each sequence of digits replaced by one [`GAP`].
//!
//! So a line contains a word without digits exactly if the line's form does, unless its first or last run could
//! be the end or the beginning of a hexadecimal one. Forms are of escaped text (`text.rs`): a run's own request id is
//! two bytes that are no run.
//!
//! The *terms* of a run with a digit are hashes:
//! * of 4 or 5 bytes: of the whole run;
//! * of 6 to 8 bytes: of each 6 bytes of it;
//! * longer: of the least, by hash, of any three neighbouring such pieces (*minimizers*): a part of 8 bytes or more
//!   that occurs in the run has the same ones, at about half the number of pieces.

use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

/// Replaces digits in a form.
pub(crate) const GAP: u8 = 0;

/// Bytes of the pieces of a run.
pub(crate) const PIECE: usize = 6;

/// Shorter runs have no terms: their like are everywhere.
pub(crate) const TERM_MIN: usize = 4;

/// Longer runs are known by minimizers.
pub(crate) const PIECES_MAX: usize = 8;

/// A part of a run of this length has a minimizer of the run.
pub(crate) const WINDOW: usize = PIECE + 2;

const ALNUM: u8 = 1;
const DIGIT: u8 = 2;
const HEX_LOWER: u8 = 4;
const HEX_UPPER: u8 = 8;

const KINDS: [u8; 256] = {
    let mut kinds = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        kinds[byte] = match byte as u8 {
            b'0'..=b'9' => ALNUM | DIGIT | HEX_LOWER | HEX_UPPER,
            b'a'..=b'f' => ALNUM | HEX_LOWER,
            b'A'..=b'F' => ALNUM | HEX_UPPER,
            b'g'..=b'z' | b'G'..=b'Z' => ALNUM,
            _ => 0,
        };
        byte += 1;
    }
    kinds
};

#[inline]
fn kind(byte: u8) -> u8 {
    KINDS.get(usize::from(byte)).copied().unwrap_or(0)
}

/// A run at the front of a text.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Run<'a> {
    pub(crate) bytes: &'a [u8],
    pub(crate) has_digit: bool,
    /// Whether it is hexadecimal in letters of one case, digits or not.
    pub(crate) is_hex: bool,
}

impl<'a> Run<'a> {
    /// The run that a text begins with, maybe an empty one, and the rest.
    #[inline]
    pub(crate) fn split(text: &'a [u8]) -> (Self, &'a [u8]) {
        let (mut any, mut all, mut len) = (0, u8::MAX, 0);
        for byte in text {
            let kind = kind(*byte);
            if kind == 0 {
                break;
            }
            any |= kind;
            all &= kind;
            len += 1;
        }
        let (bytes, rest) = text.split_at_checked(len).unwrap_or((text, &[]));
        (Self { bytes, has_digit: any & DIGIT != 0, is_hex: all & (HEX_LOWER | HEX_UPPER) != 0 }, rest)
    }

    /// Adds the run to a form.
    #[inline]
    pub(crate) fn put(&self, form: &mut Vec<u8>) {
        if !self.has_digit {
            form.extend_from_slice(self.bytes);
        } else if self.is_hex {
            form.push(GAP);
        } else {
            self.put_letters(form);
        }
    }

    /// Adds the run to a form as one that is not hexadecimal.
    pub(crate) fn put_letters(&self, form: &mut Vec<u8>) {
        let mut was_digit = false;
        for byte in self.bytes {
            let is_digit = byte.is_ascii_digit();
            if !is_digit {
                form.push(*byte);
            } else if !was_digit {
                form.push(GAP);
            }
            was_digit = is_digit;
        }
    }
}

/// Whether a byte may be part of a run.
pub(crate) fn is_of_run(byte: u8) -> bool {
    kind(byte) != 0
}

/// Adds the form of a text to `form`; calls `with_digit` for each run that has one.
#[inline]
pub(crate) fn put_form(form: &mut Vec<u8>, text: &[u8], mut with_digit: impl FnMut(&[u8])) {
    // What has no digits is kept as it is, whole pieces at a time.
    let mut rest = text;
    while let Some(at) = first_digit(rest) {
        let (before, _) = rest.split_at_checked(at).unwrap_or((rest, &[]));
        let in_run = before.iter().rev().take_while(|byte| is_of_run(**byte)).count();
        let (kept, from_run) = rest.split_at_checked(at - in_run).unwrap_or((rest, &[]));
        form.extend_from_slice(kept);
        let (run, after) = Run::split(from_run);
        run.put(form);
        with_digit(run.bytes);
        rest = after;
    }
    form.extend_from_slice(rest);
}

/// Where the first digit is, eight bytes at a time.
#[inline]
fn first_digit(text: &[u8]) -> Option<usize> {
    const EACH: u64 = 0x0101_0101_0101_0101;
    let (words, rest) = text.as_chunks::<8>();
    for (at, word) in words.iter().enumerate() {
        // A byte is a digit if it is less than ten when 0x30 is taken out of it.
        let bytes = u64::from_le_bytes(*word) ^ (0x30 * EACH);
        let digits = !(((bytes & (0x7f * EACH)) + (0x76 * EACH)) | bytes) & (0x80 * EACH);
        if digits != 0 {
            return Some(8 * at + (digits.trailing_zeros() / 8) as usize);
        }
    }
    rest.iter().position(u8::is_ascii_digit).map(|at| 8 * words.len() + at)
}

/// The terms of a whole run that has a digit.
pub(crate) fn terms(run: &[u8], mut each: impl FnMut(u64)) {
    match run.len() {
        0..TERM_MIN => {}
        TERM_MIN..PIECE => each(whole(run)),
        PIECE..=PIECES_MAX => run.windows(PIECE).for_each(|bytes| each(piece(bytes))),
        _ => minimizers(run, each),
    }
}

/// The term of a short run.
pub(crate) fn whole(run: &[u8]) -> u64 {
    xxh3_64_with_seed(run, 1)
}

/// The term of a piece of a run.
pub(crate) fn piece(piece: &[u8]) -> u64 {
    xxh3_64(piece)
}

/// The terms that every run has of which this is a part of at least [`WINDOW`] bytes.
pub(crate) fn minimizers(part: &[u8], mut each: impl FnMut(u64)) {
    let mut pieces = part.windows(PIECE).map(piece);
    let (Some(mut a), Some(mut b)) = (pieces.next(), pieces.next()) else { return };
    let mut last = None;
    for c in pieces {
        let least = a.min(b).min(c);
        if last != Some(least) {
            each(least);
            last = Some(least);
        }
        (a, b) = (b, c);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn form(text: &str) -> String {
        let mut form = Vec::new();
        put_form(&mut form, text.as_bytes(), |_| ());
        String::from_utf8(form).unwrap().replace('\0', "#")
    }

    #[test]
    fn numbers_and_hexadecimals_are_left_out() {
        assert_eq!(form("INFO  handled order 123456 in 89 ms"), "INFO  handled order # in # ms");
        assert_eq!(form("trace=4bf92f35 v2 bad face é12é"), "trace=# v# bad face é#é");
        assert_eq!(form("4Bf9 128MB x1y22z"), "#Bf# #MB x#y#z");
        assert_eq!(form(""), "");
    }

    proptest! {
        #[test]
        fn the_first_digit_is_found(text in prop::collection::vec(prop_oneof![0x29u8..0x41, any::<u8>()], 0..40)) {
            prop_assert_eq!(first_digit(&text), text.iter().position(u8::is_ascii_digit));
        }

        #[test]
        fn parts_have_terms_of_their_run(run in "[a-c0-3]{4,30}", from in 0usize..30, len in 8usize..20) {
            let mut of_run = Vec::new();
            terms(run.as_bytes(), |term| of_run.push(term));
            let part = run.as_bytes().get(from..).unwrap_or_default();
            let part = part.get(..len).unwrap_or(part);
            if part.len() >= WINDOW {
                let mut of_part = Vec::new();
                minimizers(part, |term| of_part.push(term));
                prop_assert!(!of_part.is_empty());
                prop_assert!(of_part.iter().all(|term| of_run.contains(term)));
            }
        }
    }
}
