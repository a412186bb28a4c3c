//! Short numbers at the ends of a keyword, which may be parts of longer runs: what such a run can be, as far as forms
//! tell, is written out, so that text blocks with none of these are left out.
//!
//! A run of 4 or 5 bytes is too short to have the terms of every run that it may be a part of. But runs of up to five
//! bytes have a term of their own, and runs of six to eight have one for each of their pieces; what is beside the
//! cut run in such a piece is a digit, or a letter that the form shows or that hexadecimal numbers have. Longer runs
//! are known by fewer pieces than that, so text blocks with one stay in question.

use std::ops::Range;

use super::form::{GAP, PIECE, Run, TERM_MIN, is_of_run, piece, whole};

/// At most this many terms of a cut run are looked up. A lookup takes about a twentieth of the time of reading a block.
const TERMS_MAX: usize = 2048;

/// A short run with digits at an end of a keyword.
#[derive(Debug)]
pub(crate) struct Cut {
    run: Vec<u8>,
    is_open_left: bool,
    is_open_right: bool,
    /// Whether it is digits only, so that it can be a part of a hexadecimal run whose form is one gap.
    is_digits: bool,
}

/// What may stand beside a cut run within its own run: bytes below 128.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Beside(u128);

impl Cut {
    /// `None` where the run has terms itself, or none that could be written out.
    pub(crate) fn new(run: &Run<'_>, is_open_left: bool, is_open_right: bool) -> Option<Self> {
        let is_digits = run.bytes.iter().all(u8::is_ascii_digit);
        // The form of one that is hexadecimal and has letters is not looked for, so nothing is known about its
        // neighbours.
        let is_known = run.has_digit && (is_digits || !run.is_hex) && (is_open_left || is_open_right);
        let is_cut = is_known && (TERM_MIN..PIECE).contains(&run.bytes.len());
        is_cut.then(|| Self { run: run.bytes.to_vec(), is_open_left, is_open_right, is_digits })
    }

    /// Adds what may stand beside the run where a form has the keyword's own at `found`.
    pub(crate) fn add_beside(&self, beside: &mut Beside, form: &[u8], found: &Range<usize>) {
        let before = form.get(..found.start).unwrap_or_default();
        let after = form.get(found.end..).unwrap_or_default();
        if self.is_open_left {
            self.add_side(beside, before.iter().rev());
        }
        if self.is_open_right {
            self.add_side(beside, after.iter());
        }
    }

    /// `side` goes away from the run.
    fn add_side<'a>(&self, beside: &mut Beside, side: impl Iterator<Item = &'a u8>) {
        let mut letters = side.take_while(|byte| is_of_run(**byte) || **byte == GAP).peekable();
        // A letter beside the gap: the run is not hexadecimal, and its letters are in the form. A gap beside the gap
        // is a byte of the text that looks like one, and says nothing.
        if self.is_digits && letters.peek().is_none_or(|byte| **byte == GAP) {
            beside.add(b"abcdefABCDEF");
        }
        beside.add(b"0123456789");
        letters.for_each(|byte| beside.add(&[*byte]));
    }

    /// The terms of which a text block with the run has one, if it has no long run; `None` where they are too many.
    pub(crate) fn terms(&self, beside: Beside) -> Option<Vec<u64>> {
        let mut terms = Vec::new();
        for length in self.run.len()..=PIECE {
            let more = length - self.run.len();
            for left in 0..=more {
                let is_possible = (left == 0 || self.is_open_left) && (left == more || self.is_open_right);
                if is_possible {
                    self.put_terms(&mut terms, beside, left, more)?;
                }
            }
        }
        terms.sort_unstable();
        terms.dedup();
        Some(terms)
    }

    /// Adds the terms of the run with `left` bytes before it and `more` in all beside it.
    fn put_terms(&self, terms: &mut Vec<u64>, beside: Beside, left: usize, more: usize) -> Option<()> {
        let letters: Vec<u8> = beside.iter().collect();
        let count = u32::try_from(more).ok().and_then(|more| letters.len().checked_pow(more))?;
        if terms.len().saturating_add(count) > TERMS_MAX {
            return None;
        }
        for number in 0..count {
            let mut rest = number;
            let chosen: Vec<u8> = (0..more)
                .map(|_| {
                    let letter = letters.get(rest % letters.len()).copied().unwrap_or(b'0');
                    rest /= letters.len();
                    letter
                })
                .collect();
            let (before, after) = chosen.split_at_checked(left)?;
            let text = [before, &self.run, after].concat();
            terms.push(if text.len() < PIECE { whole(&text) } else { piece(&text) });
        }
        Some(())
    }
}

impl Beside {
    fn add(&mut self, bytes: &[u8]) {
        bytes.iter().filter(|byte| is_of_run(**byte)).for_each(|byte| self.0 |= 1 << byte);
    }

    fn iter(self) -> impl Iterator<Item = u8> {
        (0..128u8).filter(move |byte| self.0 >> byte & 1 != 0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::form::{PIECES_MAX, put_form, terms};
    use super::*;

    fn alternatives(cut: &Cut, form: &str, found: Range<usize>) -> Option<Vec<u64>> {
        let mut beside = Beside::default();
        cut.add_beside(&mut beside, form.replace('#', "\0").as_bytes(), &found);
        cut.terms(beside)
    }

    #[test]
    fn what_may_stand_beside_is_told_by_the_form() {
        let cut = Cut::new(&Run::split(b"3456").0, false, true).unwrap();
        // Of itself, one more byte, two more: of 22 hexadecimal letters, of digits and two letters.
        assert_eq!(alternatives(&cut, "items/# x", 0..7).unwrap().len(), 1 + 22 + 22 * 22);
        assert_eq!(alternatives(&cut, "items/#ms", 0..7).unwrap().len(), 1 + 12 + 12 * 12);
        let cut = Cut::new(&Run::split(b"v345").0, false, true).unwrap();
        assert_eq!(alternatives(&cut, "v# x", 0..2).unwrap().len(), 1 + 10 + 100);
        assert!(Cut::new(&Run::split(b"a345").0, true, true).is_none());
        assert!(Cut::new(&Run::split(b"345").0, true, true).is_none());
        assert!(Cut::new(&Run::split(b"3456").0, false, false).is_none());
    }

    proptest! {
        #[test]
        fn a_longer_run_has_one_of_the_terms(
            run in prop_oneof!["[0-9a-f]{4,8}", "[0-9A-F]{4,8}", "[0-9a-cx]{4,8}", "[0-9]{4,8}", "[0-9msX]{4,8}"],
            from in 0usize..4,
            length in 4usize..6,
            open in any::<(bool, bool)>(),
        ) {
            let text = format!(" {run}-");
            let part = run.get(from..).unwrap_or_default();
            let part = part.get(..length).unwrap_or(part);
            let (left, right) = (open.0 || from > 0, open.1 || from + part.len() < run.len());
            let Some(cut) = Cut::new(&Run::split(part.as_bytes()).0, left, right) else { return Ok(()) };
            let (mut form, mut of_part) = (Vec::new(), Vec::new());
            put_form(&mut form, text.as_bytes(), |_| ());
            if cut.is_digits { of_part.push(GAP) } else { Run::split(part.as_bytes()).0.put_letters(&mut of_part) }
            let mut all = Beside::default();
            for start in 0..form.len() {
                if form[start..].starts_with(&of_part) {
                    cut.add_beside(&mut all, &form, &(start..start + of_part.len()));
                }
            }
            let mut there = Vec::new();
            prop_assert!(run.len() <= PIECES_MAX);
            terms(run.as_bytes(), |term| there.push(term));
            if let Some(wanted) = cut.terms(all) {
                prop_assert!(wanted.iter().any(|term| there.contains(term)), "{part} of {run}");
            }
        }
    }
}
