//! What a stripe says of the rows that may have a keyword.

use std::ops::Range;

use super::cut::Beside;
use super::forms::{Forms, unpack};
use super::probe::{Part, Probe, Touches, Verdict};
use super::rice::Ascending;
use super::rows::{RowSet, read_rows};
use super::terms::{blocks_of, page_count, page_of};
use crate::codec::{Malformed, Reader, put_varint, small};
use crate::pack::Lane;
use crate::segment::extent::Extent;
use crate::segment::verified::Verified;

/// Lookups that pay when they may spare reading a row.
const LOOKUPS_A_ROW: u64 = 8;

/// Where the parts of a stripe are.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stripe {
    /// The segment's row after the stripe's last.
    pub(crate) end: u32,
    pub(crate) rows: u32,
    pub(crate) blocks: u32,
    /// Whether every id that may be marked in the texts is a canonical UUID.
    pub(crate) ids_are_uuids: bool,
    pub(crate) bucket_bits: u32,
    /// The first term page.
    pub(crate) pages_offset: u64,
    pub(crate) postings: Extent,
    pub(crate) forms: Extent,
    /// Bytes of the forms before compression.
    pub(crate) forms_raw: u64,
    pub(crate) directory: Extent,
}

/// The rows of a stripe that a keyword may lie in; all others are without it. Numbers count from the stripe's first.
#[derive(Debug)]
pub(crate) struct Candidates {
    /// Rows that have it.
    pub(crate) sure: RowSet,
    /// Rows that must be read.
    pub(crate) maybe: RowSet,
    /// Rows that have it only if it overlaps their own request id.
    pub(crate) by_id: RowSet,
    /// Rows that have it only if it is within, or around, their own request id.
    pub(crate) in_id: RowSet,
}

/// Parts that are checked once.
pub(crate) const CHECKED_PARTS: usize = 3;

type Parsed<T> = Result<T, Malformed>;

impl Stripe {
    pub(crate) fn put(&self, out: &mut Vec<u8>) {
        let numbers = [self.rows, self.blocks, u32::from(self.ids_are_uuids), self.bucket_bits];
        numbers.iter().for_each(|number| put_varint(out, u64::from(*number)));
        put_varint(out, self.pages_offset);
        self.postings.put(out);
        self.forms.put(out);
        put_varint(out, self.forms_raw);
        self.directory.put(out);
    }

    /// Reads the stripe whose first row this is.
    pub(crate) fn read(reader: &mut Reader<'_>, first_row: u32) -> Parsed<Self> {
        const ODD: Malformed = Malformed("a stripe contradicts itself");
        let rows = small(reader)?;
        let end = first_row.checked_add(rows).filter(|_| rows > 0).ok_or(ODD)?;
        Ok(Self {
            end,
            rows,
            blocks: small(reader)?,
            ids_are_uuids: small(reader)? != 0,
            bucket_bits: Some(small(reader)?).filter(|bits| *bits <= 48).ok_or(ODD)?,
            pages_offset: reader.varint()?,
            postings: Extent::read(reader)?,
            forms: Extent::read(reader)?,
            forms_raw: reader.varint()?,
            directory: Extent::read(reader)?,
        })
    }

    /// Every part, so that each can be checked.
    pub(crate) fn parts(&self, file: &[u8]) -> Parsed<Vec<Extent>> {
        let directory = Directory::read(self, self.directory.checked(file)?)?;
        let pages = directory.offsets.len().saturating_sub(1);
        if pages > file.len() {
            return Err(Malformed("a stripe has too many pages"));
        }
        let pages = (0..pages).map(|page| directory.page(self, page));
        Ok(pages.chain([self.postings, self.forms, self.directory]).collect())
    }

    /// Those of the rows `wanted`, and maybe others, that a keyword may lie in. `number` is the stripe's own, by which
    /// its parts are known as verified.
    pub(crate) fn candidates(
        &self,
        file: &[u8],
        probe: &Probe,
        wanted: &RowSet,
        verified: &Verified,
        number: usize,
    ) -> Parsed<Candidates> {
        let open = |part: usize, extent: Extent| verified.check(number * CHECKED_PARTS + part, extent.of(file)?);
        let forms = unpack(open(0, self.forms)?, self.forms_raw)?;
        let stripe = Open { stripe: self, file, forms: &forms, wanted, open: &open };
        let mut found: Option<Candidates> = None;
        for part in &probe.parts {
            let here = stripe.candidates(part)?;
            found = Some(match found {
                None => here,
                Some(before) => before.with_both(here),
            });
        }
        let mut found = found.ok_or(Malformed("a keyword is empty"))?;
        if !probe.is_one {
            // That each line of a keyword is somewhere does not make them follow one another.
            found.maybe.unite(&std::mem::replace(&mut found.sure, RowSet::empty(self.rows)));
            // What is within an id is only a part of the keyword.
            found.by_id.unite(&std::mem::replace(&mut found.in_id, RowSet::empty(self.rows)));
        }
        found.maybe.subtract(&found.sure);
        for set in [&mut found.by_id, &mut found.in_id] {
            set.subtract(&found.sure);
            set.subtract(&found.maybe);
        }
        found.in_id.subtract(&found.by_id);
        Ok(found)
    }
}

impl Candidates {
    /// Of rows that nothing is known of.
    pub(crate) fn unknown(rows: u32) -> Self {
        let none = RowSet::empty(rows);
        Self { sure: none.clone(), maybe: RowSet::full(rows), by_id: none.clone(), in_id: none }
    }

    /// The number that the rows are below.
    pub(crate) fn rows(&self) -> u32 {
        self.maybe.rows()
    }

    pub(crate) fn each_set(&mut self, each: impl FnMut(&mut RowSet)) {
        [&mut self.sure, &mut self.maybe, &mut self.by_id, &mut self.in_id].into_iter().for_each(each);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.sets().all(RowSet::is_empty)
    }

    /// Whether one of these rows is a candidate.
    pub(crate) fn meets(&self, rows: Range<u32>) -> bool {
        self.sets().any(|set| set.meets(rows.clone()))
    }

    fn sets(&self) -> impl Iterator<Item = &RowSet> {
        [&self.sure, &self.maybe, &self.by_id, &self.in_id].into_iter()
    }

    /// The rows that are candidates both times.
    fn with_both(mut self, mut other: Self) -> Self {
        for found in [&mut self, &mut other] {
            found.maybe.unite(&found.sure);
            found.maybe.unite(&found.by_id);
            found.maybe.unite(&found.in_id);
        }
        self.maybe.intersect(&other.maybe);
        let rows = self.maybe.rows();
        let none = RowSet::empty(rows);
        Self { sure: none.clone(), maybe: self.maybe, by_id: none.clone(), in_id: none }
    }
}

/// A stripe whose forms are at hand.
struct Open<'a, F> {
    stripe: &'a Stripe,
    file: &'a [u8],
    forms: &'a [u8],
    wanted: &'a RowSet,
    /// A part of the file, checked.
    open: &'a F,
}

impl<'a, F: Fn(usize, Extent) -> Parsed<&'a [u8]>> Open<'a, F> {
    fn candidates(&self, part: &Part) -> Parsed<Candidates> {
        let rows = self.stripe.rows;
        let [mut sure, mut maybe, mut by_id, mut in_id] = [(); 4].map(|()| RowSet::empty(rows));
        let forms = Forms::read(self.forms, (self.open)(1, self.stripe.postings)?)?;
        let uuids = self.stripe.ids_are_uuids;
        // Nothing is known about the text beside a cut run in a line whose form is not kept.
        let mut formless = RowSet::empty(rows);
        let mut beside = vec![Beside::default(); part.cuts.len()];
        if !forms.rest.is_empty() {
            read_rows(forms.rest, &mut formless)?;
            if !uuids || part.may_touch_uuids() {
                read_rows(forms.rest, &mut by_id)?;
            }
        }
        for found in forms {
            let (form, posting) = found?;
            match part.look(form) {
                Verdict::Sure => read_rows(posting, &mut sure)?,
                Verdict::Maybe => {
                    read_rows(posting, &mut maybe)?;
                    part.add_beside(&mut beside, form);
                }
                Verdict::No => {}
            }
            match part.touches(form, uuids) {
                Touches::No => {}
                Touches::Within => read_rows(posting, &mut in_id)?,
                Touches::Beside => read_rows(posting, &mut by_id)?,
            }
        }
        maybe.intersect(self.wanted);
        let is_worth_it = |terms: &Vec<u64>| terms.len() as u64 <= maybe.count().saturating_mul(LOOKUPS_A_ROW);
        let cuts = part.cuts.iter().zip(beside).filter_map(|(cut, beside)| cut.terms(beside));
        let cuts: Vec<Vec<u64>> = cuts.filter(is_worth_it).collect();
        if !cuts.is_empty() {
            maybe.intersect(&self.rows_with_one_of_each(&cuts)?);
        }
        maybe.unite(&formless);
        if !part.needs.is_empty() && !maybe.is_empty() {
            maybe.intersect(&self.rows_with_terms(part)?);
        }
        Ok(Candidates { sure, maybe, by_id, in_id })
    }

    /// The rows of text blocks that may have all terms that the part needs.
    fn rows_with_terms(&self, part: &Part) -> Parsed<RowSet> {
        let directory = self.directory()?;
        let mut found = RowSet::full(self.stripe.blocks);
        for need in &part.needs {
            let mut here = found.clone();
            for term in &need.all {
                let mut with = RowSet::empty(self.stripe.blocks);
                self.add_blocks(&directory, *term, &mut with)?;
                here.intersect(&with);
            }
            if need.or_long {
                directory.long.iter().for_each(|block| here.insert(*block));
            }
            found.intersect(&here);
        }
        Ok(self.rows_of(&directory, found))
    }

    /// The rows of text blocks that may have, of each of some lists of terms, one.
    fn rows_with_one_of_each(&self, lists: &[Vec<u64>]) -> Parsed<RowSet> {
        let directory = self.directory()?;
        let mut found = RowSet::full(self.stripe.blocks);
        for terms in lists {
            let mut here = RowSet::empty(self.stripe.blocks);
            directory.long.iter().for_each(|block| here.insert(*block));
            terms.iter().try_for_each(|term| self.add_blocks(&directory, *term, &mut here))?;
            found.intersect(&here);
        }
        Ok(self.rows_of(&directory, found))
    }

    fn directory(&self) -> Parsed<Directory<'a>> {
        Directory::read(self.stripe, (self.open)(2, self.stripe.directory)?)
    }

    /// Adds the text blocks that may have a term.
    fn add_blocks(&self, directory: &Directory<'_>, term: u64, blocks: &mut RowSet) -> Parsed<()> {
        let bits = self.stripe.bucket_bits;
        let page = directory.page(self.stripe, page_of(term, bits)).checked(self.file)?;
        blocks_of(page, term, bits, self.stripe.blocks)?.iter().for_each(|block| blocks.insert(*block));
        Ok(())
    }

    /// The rows of text blocks, and of those that may have any term.
    fn rows_of(&self, directory: &Directory<'_>, mut blocks: RowSet) -> RowSet {
        directory.any.iter().for_each(|block| blocks.insert(*block));
        let start = |block: u32| match block {
            block if block < self.stripe.blocks => {
                // Beyond the stripe there is nothing, whatever a file says.
                u32::try_from(directory.starts.get(block as usize)).unwrap_or(self.stripe.rows)
            }
            _ => self.stripe.rows,
        };
        let mut rows = RowSet::empty(self.stripe.rows);
        blocks.iter().for_each(|block| rows.insert_range(start(block)..start(block.saturating_add(1))));
        rows
    }
}

/// The directory of a stripe, read.
pub(super) struct Directory<'a> {
    /// Text blocks that may have any term, and those with runs that are known by minimizers.
    pub(super) any: Vec<u32>,
    pub(super) long: Vec<u32>,
    pub(super) starts: Lane<'a>,
    offsets: Lane<'a>,
}

impl<'a> Directory<'a> {
    pub(super) fn read(stripe: &Stripe, bytes: &'a [u8]) -> Parsed<Self> {
        let pages = usize::try_from(page_count(stripe.bucket_bits)).map_err(|_| Malformed("pages are too many"))?;
        let mut reader = Reader(bytes);
        Ok(Self {
            any: blocks_in(&mut reader)?,
            long: blocks_in(&mut reader)?,
            starts: Lane::read(&mut reader, stripe.blocks as usize)?,
            offsets: Lane::read(&mut reader, pages.saturating_add(1))?,
        })
    }

    pub(super) fn page(&self, stripe: &Stripe, number: usize) -> Extent {
        let (from, to) = (self.offsets.get(number), self.offsets.get(number.saturating_add(1)));
        Extent { offset: stripe.pages_offset.saturating_add(from), bytes: to.saturating_sub(from) }
    }
}

/// Blocks that are listed, after the length of the list.
fn blocks_in(reader: &mut Reader<'_>) -> Parsed<Vec<u32>> {
    let bytes = reader.count(1)?;
    let blocks = Ascending::read(reader.bytes(bytes)?)?;
    blocks.map(|block| u32::try_from(block).map_err(|_| Malformed("a block has too large a number"))).collect()
}
