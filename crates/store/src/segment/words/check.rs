//! Whether a stripe says of its rows what their texts say: no row is missing from the postings of a form of its lines,
//! no row is in one whose form it has not, and no text block lacks a term. So a keyword finds what it should, and what
//! is counted without being read is there.

use std::collections::{BTreeMap, HashMap};

use super::form::{PIECES_MAX, put_form, terms};
use super::rows::{RowSet, read_rows};
use super::stripe::{Directory, FORMS_MAX_BYTES, Stripe};
use super::terms::{blocks_of, page_of};
use crate::codec::{Malformed, Reader, checked};
use crate::segment::format::small;
use crate::segment::text::decompress;

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
        let raw_bytes = usize::try_from(stripe.forms_raw).unwrap_or(usize::MAX).min(FORMS_MAX_BYTES);
        let raw = decompress(checked(stripe.forms.of(file)?)?, raw_bytes)?;
        let mut postings = Reader(checked(stripe.postings.of(file)?)?);
        let mut texts = Reader(&raw);
        let count = texts.count(2)?;
        let rest_bytes = small(&mut texts)? as usize;
        let mut lengths = texts;
        for _ in 0..2 * count {
            texts.varint()?;
        }
        let mut set = |bytes: usize| {
            let mut rows = RowSet::empty(stripe.rows);
            let postings = postings.bytes(bytes)?;
            if !postings.is_empty() {
                read_rows(postings, &mut rows)?;
            }
            Ok(rows)
        };
        let rest = set(rest_bytes)?;
        let mut forms = HashMap::with_capacity(count);
        for _ in 0..count {
            let form = texts.bytes(small(&mut lengths)? as usize)?;
            let rows = set(small(&mut lengths)? as usize)?;
            forms.insert(form.to_vec(), (rows.iter().collect(), Vec::new()));
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
