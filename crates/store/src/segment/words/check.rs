//! Whether a stripe says of its rows what their texts say: no row is missing from the postings of a form of its lines,
//! no row is in one whose form it has not, and no text block lacks a term. So a keyword finds what it should, and what
//! is counted without being read is there.

use std::collections::{BTreeMap, HashMap};

use super::form::{PIECES_MAX, put_form, terms};
use super::forms::{Forms, unpack};
use super::rows::{RowSet, read_rows};
use super::stripe::{Directory, Stripe};
use super::terms::{blocks_of, page_of};
use crate::codec::{Malformed, checked};

const MISSING: Malformed = Malformed("a row is missing from the index of keywords");
const TOO_MANY: Malformed = Malformed("the index of keywords has a row that lacks the word");

/// A stripe that is compared with its rows, which are given in their order.
pub(crate) struct StripeCheck<'a> {
    stripe: Stripe,
    file: &'a [u8],
    directory: Directory<'a>,
    /// Rows by the form of a line: as the stripe has them, and as they are.
    forms: HashMap<Vec<u8>, (Vec<u32>, Vec<u32>)>,
    /// Rows of which a line may have any form.
    rest: RowSet,
    /// Text blocks by the terms that were seen in them.
    terms: BTreeMap<u64, Vec<u32>>,
    rows: u32,
    blocks: u32,
    form: Vec<u8>,
}

impl<'a> StripeCheck<'a> {
    /// Reads a stripe.
    pub(crate) fn new(stripe: &Stripe, file: &'a [u8]) -> Result<Self, Malformed> {
        let directory = Directory::read(stripe, stripe.directory.checked(file)?)?;
        let raw = unpack(checked(stripe.forms.of(file)?)?, stripe.forms_raw)?;
        let found = Forms::read(&raw, checked(stripe.postings.of(file)?)?)?;
        let set = |postings: &[u8]| {
            let mut rows = RowSet::empty(stripe.rows);
            if !postings.is_empty() {
                read_rows(postings, &mut rows)?;
            }
            Ok(rows)
        };
        let rest = set(found.rest)?;
        let mut forms = HashMap::with_capacity(found.left());
        for found in found {
            let (form, postings) = found?;
            forms.insert(form.to_vec(), (set(postings)?.iter().collect(), Vec::new()));
        }
        let (stripe, terms) = (stripe.clone(), BTreeMap::new());
        Ok(Self { stripe, file, directory, forms, rest, terms, rows: 0, blocks: 0, form: Vec::new() })
    }

    /// A text block begins with the next row.
    pub(crate) fn begin_block(&mut self) -> Result<(), Malformed> {
        let start = (self.blocks < self.stripe.blocks).then(|| self.directory.starts.get(self.blocks as usize));
        self.blocks += 1;
        if start == Some(u64::from(self.rows)) { Ok(()) } else { Err(Malformed("a stripe has other text blocks")) }
    }

    /// The next row's texts, escaped.
    pub(crate) fn push(&mut self, ret_msg: &[u8], log: &[u8]) -> Result<(), Malformed> {
        for line in [ret_msg, log].into_iter().flat_map(|text| text.split(|byte| *byte == b'\n')) {
            if !line.is_empty() {
                self.push_line(line)?;
            }
        }
        self.rows += 1;
        Ok(())
    }

    fn push_line(&mut self, line: &[u8]) -> Result<(), Malformed> {
        let (row, block) = (self.rows, self.blocks.saturating_sub(1));
        let (seen, mut has_long) = (&mut self.terms, false);
        self.form.clear();
        put_form(&mut self.form, line, |run| {
            has_long |= run.len() > PIECES_MAX;
            terms(run, |term| {
                let blocks: &mut Vec<u32> = seen.entry(term).or_default();
                if blocks.last() != Some(&block) {
                    blocks.push(block);
                }
            });
        });
        let is_there = match self.forms.get_mut(&self.form) {
            Some((stored, rows)) => {
                if rows.last() != Some(&row) {
                    rows.push(row);
                }
                stored.binary_search(&row).is_ok()
            }
            None => false,
        };
        let is_long_known = !has_long || self.directory.long.contains(&block);
        if (is_there || self.rest.contains(row)) && is_long_known { Ok(()) } else { Err(MISSING) }
    }

    /// That was the last row.
    pub(crate) fn finish(self) -> Result<(), Malformed> {
        if (self.rows, self.blocks) != (self.stripe.rows, self.stripe.blocks) {
            return Err(Malformed("a stripe has other rows"));
        }
        if self.forms.values().any(|(stored, rows)| stored.iter().any(|row| rows.binary_search(row).is_err())) {
            return Err(TOO_MANY);
        }
        for (term, mut blocks) in self.terms {
            blocks.retain(|block| !self.directory.any.contains(block));
            if blocks.is_empty() {
                continue;
            }
            let page = self.directory.page(&self.stripe, page_of(term, self.stripe.bucket_bits)).checked(self.file)?;
            let known = blocks_of(page, term, self.stripe.bucket_bits, self.stripe.blocks)?;
            if blocks.iter().any(|block| !known.contains(block)) {
                return Err(MISSING);
            }
        }
        Ok(())
    }
}
