//! Reading a whole segment to see whether it is as it was written: every checksum, every row, and that what is in
//! two places (zone maps, counts, ids, streams, the index of keywords) says the same in both.

use super::Block;
use super::escape::OWN_ID_MIN_BYTES;
use super::extent::Extent;
use super::format::{TRAILER_BYTES, header, read_trailer};
use super::ids::is_uuid;
use super::reader::Segment;
use super::text::Field;
use super::texts::TextCache;
use super::words::StripeCheck;
use super::zones::Zone;
use crate::codec::{Malformed, Reader};
use crate::error::Result;
use crate::hash::id_hash;
use crate::number::narrow;
use crate::partition::day_of;
use crate::record::Facts;

/// What was seen of the rows so far.
struct Seen<'a> {
    texts: TextCache,
    /// The stripe of the row at hand, and how many were before it.
    stripe: Option<StripeCheck<'a>>,
    stripes: usize,
    /// Rows so far, by counted code.
    counts: Vec<u64>,
    has_rare_code: bool,
    /// The start and sequence number of the row before, if it is of the same stream.
    last: Option<(i64, u64)>,
    /// Every part of the file that was looked at.
    parts: Vec<Extent>,
}

impl Segment {
    /// Reads everything; tells `read` of bytes as they are read.
    ///
    /// # Errors
    /// [`crate::Error::Damaged`] with the first thing that is wrong.
    pub(crate) fn verify(&self, read: &mut dyn FnMut(u64)) -> Result<()> {
        let footer = &self.footer;
        let is_named = (footer.day, footer.number) == (self.name.day, self.name.number);
        self.claim(is_named, "it is another file than its name says")?;
        let (version, _) = self.part(read_trailer(&self.file))?;
        self.claim(self.file.starts_with(&header(version)), "its header differs")?;
        let counts = vec![0; footer.codes.len()];
        let (texts, parts) = (TextCache::default(), Vec::new());
        let mut seen = Seen { texts, stripe: None, stripes: 0, counts, has_rare_code: false, last: None, parts };
        let mut done = 0;
        for superblock in 0..footer.superblocks.len() {
            self.verify_superblock(superblock, &mut seen)?;
            let now: u64 = seen.parts.iter().map(|part| part.bytes).sum();
            read(now - done);
            done = now;
        }
        self.claim(footer.all_codes_counted != seen.has_rare_code, "its return codes are not those of its rows")?;
        self.verify_directory(seen.parts)?;
        read(self.bytes() - done);
        Ok(())
    }

    fn verify_superblock<'a>(&'a self, number: usize, seen: &mut Seen<'a>) -> Result<()> {
        let shape = self.footer.shape;
        let chunk = self.chunk(number)?;
        let place = self.footer.superblocks.get(number).ok_or(Malformed("no such superblock"));
        let place = self.part(place)?;
        let mut zones = Vec::new();
        let first_block = narrow(number) * shape.super_blocks;
        for at in 0..chunk.blocks() {
            let mut zone = Zone::begin(&seen.counts);
            let block = self.block((first_block + narrow(at)) * shape.block_rows)?;
            for row in block.rows.clone() {
                let facts = block.columns.facts(self.row_in_block(row));
                zone.include(&facts);
                self.verify_row(row, &facts, &block, seen)?;
            }
            let counts = (0..seen.counts.len()).map(|code| chunk.count_before(at, code));
            let agrees = chunk.zone(at).numbers() == zone.numbers() && counts.eq(zone.counts_before.iter().copied());
            self.claim(agrees, "a zone map is not that of its rows")?;
            zones.push(zone);
        }
        let all = Zone::join(&zones);
        let agrees = place.zone.numbers() == all.numbers() && place.zone.counts_before == all.counts_before;
        self.claim(agrees, "a superblock's zone map is not that of its rows")?;
        // Columns, ids and chunk lie in one piece: each offset is the end of one block and the beginning of the next.
        let last = chunk.blocks().saturating_sub(1);
        let is_one = (chunk.columns(0).0, chunk.columns(last).1) == (0, chunk.ids(0).0)
            && place.offset.checked_add(chunk.ids(last).1) == Some(place.chunk.offset);
        self.claim(is_one, "a superblock has holes")?;
        seen.parts.push(Extent { offset: place.offset, bytes: place.chunk.offset - place.offset + place.chunk.bytes });
        Ok(())
    }

    fn verify_row<'a>(&'a self, row: u32, facts: &Facts, block: &Block<'_>, seen: &mut Seen<'a>) -> Result<()> {
        let at = self.footer.streams.partition_point(|rows| rows.end <= row);
        let is_first = at.checked_sub(1).and_then(|before| self.footer.streams.get(before)).map_or(0, |rows| rows.end);
        let stream = self.part(self.footer.streams.get(at).ok_or(Malformed("no such row")))?;
        let is_last = stream.end == row + 1;
        let place = (facts.start_ms, facts.seq);
        let last = seen.last.filter(|_| is_first != row);
        seen.last = Some(place);
        let fits = last.is_none_or(|last| last < place)
            && (last.is_some() || stream.first_start_ms == facts.start_ms)
            && (!is_last || stream.last_start_ms == facts.start_ms)
            && day_of(facts.start_ms) == self.footer.day;
        self.claim(fits, "rows are out of order")?;
        match self.footer.codes.iter().position(|code| *code == facts.ret_code) {
            Some(at) => seen.counts.iter_mut().skip(at).take(1).for_each(|count| *count += 1),
            None => seen.has_rare_code = true,
        }
        let id = block.id(self, row)?;
        let hash = id_hash(&stream.stream.account, &id);
        let is_found = self.may_have(hash) && self.candidates(hash)?.contains(&row);
        self.claim(is_found, "a row is not found by its request id")?;
        self.verify_text(row, &id, seen)
    }

    fn verify_text<'a>(&'a self, row: u32, id: &str, seen: &mut Seen<'a>) -> Result<()> {
        let begins_block = !seen.texts.rows.contains(&row);
        if begins_block {
            let place = self.part(self.find_text(row))?;
            self.claim(place.first_row == row, "text blocks overlap")?;
            seen.parts.push(place.extent);
        }
        self.load_text(row, &mut seen.texts)?;
        let at = (row - seen.texts.rows.start) as usize;
        for field in [Field::RetMsg, Field::Log, Field::Level, Field::Source] {
            self.part(seen.texts.block.text(at, field, id))?;
        }
        self.verify_words(row, begins_block, id, seen)
    }

    /// Compares the row's texts with the index of keywords.
    fn verify_words<'a>(&'a self, row: u32, begins_block: bool, id: &str, seen: &mut Seen<'a>) -> Result<()> {
        let Some(stripe) = self.footer.stripes.get(seen.stripes) else {
            return self.claim(self.footer.stripes.is_empty(), "rows are in no stripe");
        };
        let mut check = match seen.stripe.take() {
            Some(check) => check,
            None => self.part(StripeCheck::new(stripe, &self.file))?,
        };
        if begins_block {
            self.part(check.begin_block())?;
        }
        let (ret_msg, log) =
            (self.escaped_text(row, Field::RetMsg, &seen.texts)?, self.escaped_text(row, Field::Log, &seen.texts)?);
        self.part(check.push(ret_msg, log))?;
        let is_plain = id.len() < OWN_ID_MIN_BYTES || is_uuid(id);
        self.claim(is_plain || !stripe.ids_are_uuids, "a stripe has other request ids")?;
        if row + 1 < stripe.end {
            seen.stripe = Some(check);
            return Ok(());
        }
        seen.stripes += 1;
        self.part(check.finish())
    }

    /// Checks the parts after the rows, and that no byte of the file is outside of all parts.
    fn verify_directory(&self, mut parts: Vec<Extent>) -> Result<()> {
        let footer = &self.footer;
        let chunks = footer.text_chunks.iter().map(|(_, extent)| *extent);
        let stripes =
            footer.stripes.iter().map(|stripe| stripe.parts(&self.file)).collect::<std::result::Result<Vec<_>, _>>();
        let stripes = self.part(stripes)?.into_iter().flatten();
        for part in chunks.chain(footer.pages.iter().copied()).chain(stripes) {
            self.part(part.checked(&self.file))?;
            parts.push(part);
        }
        let indexed = footer.pages.iter().map(|page| Reader(page.of(&self.file)?).u32().map(u64::from));
        let indexed = self.part(indexed.sum::<std::result::Result<u64, Malformed>>())?;
        self.claim(indexed == self.rows(), "its index of request ids has other rows")?;
        let (_, place) = self.part(read_trailer(&self.file))?;
        parts.extend([footer.filter, place].into_iter().filter(|part| *part != Extent::default()));
        parts.sort_by_key(|part| part.offset);
        let end =
            parts.iter().try_fold(header(0).len() as u64, |at, part| (part.offset == at).then(|| at + part.bytes));
        self.claim(end == Some(self.bytes() - TRAILER_BYTES as u64), "it has bytes that belong to nothing")
    }

    fn claim(&self, holds: bool, otherwise: &'static str) -> Result<()> {
        self.part(if holds { Ok(()) } else { Err(Malformed(otherwise)) })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use runlog_core::{Query, Run, Scope};

    use super::*;
    use crate::codec::seal;
    use crate::disk::Disk;
    use crate::disk::sim::SimDisk;
    use crate::operate::{repair_on, verify_on};
    use crate::partition::path;
    use crate::segment::SharedTexts;
    use crate::testing::finished;
    use crate::{Clock, ManualClock, Options, Store};

    const RUNS: usize = 10;

    fn run(number: usize) -> Run {
        // Long enough that its number is worth a term.
        let log = format!("an error\n{}4711", "so it is, ".repeat(10));
        Run { request_id: format!("id {number}"), log, ..finished() }
    }

    fn clock() -> Arc<dyn Clock> {
        Arc::new(ManualClock::at(10))
    }

    fn found(disk: &Arc<dyn Disk>) -> u64 {
        let options = Options { background: false, ..Options::default() };
        let store = Store::open_with(Arc::clone(disk), clock(), options).unwrap();
        let query = Query { keyword: Some("error".into()), ..Query::new(Scope::account("a")) };
        let total = store.query(&query).unwrap().total;
        store.close().unwrap();
        total
    }

    /// A store with one segment, and that, open.
    fn specimen() -> (SimDisk, Arc<dyn Disk>, Segment) {
        let sim = SimDisk::new(1);
        let disk: Arc<dyn Disk> = Arc::new(sim.clone());
        let options = Options { background: false, ..Options::default() };
        let store = Store::open_with(Arc::clone(&disk), clock(), options).unwrap();
        store.append((0..RUNS).map(run).collect()).unwrap();
        store.flush().unwrap();
        store.close().unwrap();
        let name = crate::recovery::segment_files(&sim).unwrap()[0];
        let segment = Segment::open(&disk, name, &SharedTexts::none()).unwrap();
        (sim, disk, segment)
    }

    /// Writes a part of a segment anew, so that its checksum fits.
    fn replace(sim: &SimDisk, segment: &Segment, part: Extent, change: impl Fn(&mut [u8])) {
        let (from, to) = (part.offset as usize, (part.offset + part.bytes) as usize);
        let mut bytes = segment.file[from..to - 4].to_vec();
        change(&mut bytes);
        seal(&mut bytes);
        for (at, (old, new)) in (from..).zip(segment.file[from..to].iter().zip(bytes)) {
            sim.flip(&path(segment.name), at, old ^ new);
        }
    }

    #[test]
    fn a_row_that_the_index_of_keywords_lacks_is_named_and_repair_indexes_it_again() {
        let (sim, disk, segment) = specimen();
        assert_eq!((segment.verify(&mut |_| ()).is_ok(), found(&disk)), (true, RUNS as u64));
        // All rows have the form of the first line: `first`, `span`, and that it is every row of them.
        let whole = [0, RUNS as u8, 0];
        replace(&sim, &segment, segment.footer.stripes[0].postings, |postings| {
            assert_eq!(postings[..3], whole);
            postings[1] -= 1;
        });
        assert_eq!(found(&disk), RUNS as u64 - 1, "no checksum tells");
        let before = verify_on(&disk, &mut |_| ()).unwrap().problems;
        assert_eq!(before.len(), 1);
        assert_eq!(before[0].file, segment.path);
        assert_eq!(before[0].what, "a row is missing from the index of keywords");
        let repair = repair_on(&disk, clock(), &mut |_| ()).unwrap();
        assert_eq!((repair.saved, repair.lost, repair.after.problems), (RUNS as u64, 0, Vec::new()));
        assert_eq!(found(&disk), RUNS as u64);
    }

    #[test]
    fn a_term_that_the_index_of_keywords_lacks_is_named() {
        let (sim, disk, segment) = specimen();
        let parts = segment.footer.stripes[0].parts(&segment.file).unwrap();
        // The first page, where the numbers are found by their hashes: it says that it has none.
        replace(&sim, &segment, parts[0], |page| page[0] = 0);
        let problems = verify_on(&disk, &mut |_| ()).unwrap().problems;
        assert!(problems.iter().any(|problem| problem.what.contains("index of keywords")), "{problems:?}");
    }

    #[test]
    fn a_row_that_the_index_of_keywords_has_too_many_is_named() {
        let (_sim, _disk, segment) = specimen();
        let mut check = StripeCheck::new(&segment.footer.stripes[0], &segment.file).unwrap();
        check.begin_block().unwrap();
        for number in 0..RUNS {
            let log = run(number).log;
            let without = log.split_once('\n').unwrap().1;
            check.push(b"", if number == 3 { without } else { &log }.as_bytes()).unwrap();
        }
        let Malformed(what) = check.finish().unwrap_err();
        assert_eq!(what, "the index of keywords has a row that lacks the word");
    }
}
