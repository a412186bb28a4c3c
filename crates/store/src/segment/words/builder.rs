//! Gathering what a stripe says of its rows.

use hashbrown::HashTable;
use xxhash_rust::xxh3::xxh3_64;

use super::form::{PIECES_MAX, put_form, terms};
use super::rice::put_ascending;
use super::rows::put_rows;
use super::terms::{BLOCKS_MAX, pages, pair};
use crate::codec::{put_varint, seal};
use crate::number::narrow;
use crate::pack::{PADDING, put_lane};

/// Longer lines have no form that is kept.
const LINE_MAX: usize = 1024;

/// A text block has at most one term for this many of its bytes; one with more may have any term.
const BYTES_A_TERM: usize = 32;

/// Bytes of forms that a stripe keeps, for each of its rows.
const FORM_BYTES_A_ROW: usize = 8;

/// Terms that are remembered, so that most of those that a text block repeats need not be sorted out.
const RECENT: usize = 1024;

/// No place holds a term that belongs there.
const NONE_RECENT: [u64; RECENT] = {
    let mut none = [0; RECENT];
    none[0] = 1;
    none
};

/// A stripe that is being gathered.
#[derive(Debug)]
pub(crate) struct StripeBuilder {
    /// The rows that a stripe is closed at.
    rows_max: u32,
    rows: u32,
    /// The first row of each text block; the last is of the open one.
    block_starts: Vec<u64>,
    texts: Vec<u8>,
    forms: Vec<Form>,
    /// Places in `forms` by the hash of their texts.
    by_hash: HashTable<(u64, u32)>,
    /// Rows with a line whose form is not kept.
    rest: Vec<u32>,
    block_terms: Vec<u64>,
    /// Terms that the block has already, one for each value of their low bits: half of all come again at once.
    recent: Box<[u64; RECENT]>,
    pairs: Vec<u64>,
    has_long: bool,
    /// Text blocks with runs that are known by minimizers.
    long: Vec<u64>,
    /// Text blocks with too many terms, which may have any.
    any: Vec<u64>,
    form: Vec<u8>,
}

#[derive(Debug)]
struct Form {
    start: usize,
    end: usize,
    rows: Vec<u32>,
}

/// The parts of a finished stripe.
pub(crate) struct Parts {
    pub(crate) rows: u32,
    pub(crate) blocks: u32,
    pub(crate) bucket_bits: u32,
    /// Sealed.
    pub(crate) pages: Vec<Vec<u8>>,
    pub(crate) postings: Vec<u8>,
    pub(crate) directory: Vec<u8>,
    /// Neither compressed nor sealed yet.
    pub(crate) forms: Vec<u8>,
}

impl StripeBuilder {
    pub(crate) fn new(rows_max: u32) -> Self {
        Self {
            rows_max: rows_max.clamp(1, BLOCKS_MAX / 2),
            rows: 0,
            block_starts: Vec::new(),
            texts: Vec::new(),
            forms: Vec::new(),
            by_hash: HashTable::new(),
            rest: Vec::new(),
            block_terms: Vec::new(),
            recent: Box::new(NONE_RECENT),
            pairs: Vec::new(),
            has_long: false,
            long: Vec::new(),
            any: Vec::new(),
            form: Vec::new(),
        }
    }

    /// Rows gathered.
    pub(crate) fn rows(&self) -> u32 {
        self.rows
    }

    /// Adds a row by its texts, escaped.
    pub(crate) fn push(&mut self, ret_msg: &[u8], log: &[u8]) {
        for text in [ret_msg, log] {
            let mut rest = text;
            while let Some(end) = memchr::memchr(b'\n', rest) {
                let (line, after) = rest.split_at_checked(end).unwrap_or((rest, &[]));
                self.push_line(line);
                rest = after.get(1..).unwrap_or_default();
            }
            self.push_line(rest);
        }
        self.rows += 1;
    }

    fn push_line(&mut self, line: &[u8]) {
        if line.is_empty() {
            return;
        }
        self.form.clear();
        let (block_terms, recent, has_long) = (&mut self.block_terms, &mut self.recent, &mut self.has_long);
        put_form(&mut self.form, line, |run| {
            *has_long |= run.len() > PIECES_MAX;
            terms(run, |term| {
                let place = recent.get_mut(term as usize % RECENT);
                if place.is_none_or(|place| std::mem::replace(place, term) != term) {
                    block_terms.push(term);
                }
            });
        });
        let row = self.rows;
        let known = if line.len() <= LINE_MAX { self.place() } else { None };
        let rows = known.and_then(|at| self.forms.get_mut(at as usize)).map_or(&mut self.rest, |form| &mut form.rows);
        if rows.last() != Some(&row) {
            rows.push(row);
        }
    }

    /// The place of the form at hand, a new one if there is room.
    fn place(&mut self) -> Option<u32> {
        let hash = xxh3_64(&self.form);
        let (forms, texts, form) = (&self.forms, &self.texts, &self.form);
        let is_it = |entry: &(u64, u32)| {
            let known = forms.get(entry.1 as usize).and_then(|known| texts.get(known.start..known.end));
            entry.0 == hash && known == Some(form)
        };
        if let Some((_, at)) = self.by_hash.find(hash, is_it) {
            return Some(*at);
        }
        let (start, end) = (self.texts.len(), self.texts.len() + self.form.len());
        if end > FORM_BYTES_A_ROW.saturating_mul(self.rows_max as usize) {
            return None;
        }
        let at = u32::try_from(self.forms.len()).ok()?;
        self.texts.extend_from_slice(&self.form);
        self.forms.push(Form { start, end, rows: Vec::new() });
        self.by_hash.insert_unique(hash, (hash, at), |entry| entry.0);
        Some(at)
    }

    /// Notes that a text block of `rows` rows and `raw_bytes` ends here; true when the stripe is to end too.
    pub(crate) fn end_block(&mut self, rows: usize, raw_bytes: usize) -> bool {
        let block = narrow(self.block_starts.len());
        self.block_starts.push(u64::from(self.rows) - rows as u64);
        *self.recent = NONE_RECENT;
        // What repeats all the same is left out when it is sorted by page.
        if self.block_terms.len() > raw_bytes / BYTES_A_TERM {
            self.block_terms.sort_unstable();
            self.block_terms.dedup();
        }
        if self.block_terms.len() > raw_bytes / BYTES_A_TERM {
            self.block_terms.clear();
            self.any.push(u64::from(block));
        }
        if std::mem::take(&mut self.has_long) {
            self.long.push(u64::from(block));
        }
        self.pairs.extend(self.block_terms.drain(..).map(|term| pair(term, block)));
        self.rows >= self.rows_max
    }

    /// The parts of the stripe; the next one begins.
    pub(crate) fn finish(&mut self) -> Parts {
        let done = std::mem::replace(self, Self::new(self.rows_max));
        let mut pairs = done.pairs;
        let blocks = narrow(done.block_starts.len());
        let (pages, bucket_bits) = pages(&mut pairs, blocks);
        drop(pairs);
        let mut offsets = vec![0];
        offsets.extend(pages.iter().scan(0, |sum, page| {
            *sum += page.len() as u64;
            Some(*sum)
        }));
        let mut directory = Vec::new();
        for blocks in [&done.any, &done.long] {
            let mut numbers = Vec::new();
            put_ascending(&mut numbers, blocks);
            put_varint(&mut directory, numbers.len() as u64);
            directory.extend(numbers);
        }
        put_lane(&mut directory, &done.block_starts);
        put_lane(&mut directory, &offsets);
        directory.extend([0; PADDING]);
        seal(&mut directory);
        let (mut postings, mut forms) = (Vec::new(), Vec::new());
        put_varint(&mut forms, done.forms.len() as u64);
        put_rows(&mut postings, &done.rest);
        put_varint(&mut forms, postings.len() as u64);
        for form in &done.forms {
            let before = postings.len();
            put_rows(&mut postings, &form.rows);
            put_varint(&mut forms, (form.end - form.start) as u64);
            put_varint(&mut forms, (postings.len() - before) as u64);
        }
        forms.extend(done.texts);
        seal(&mut postings);
        Parts { rows: done.rows, blocks, bucket_bits, pages, postings, directory, forms }
    }
}
