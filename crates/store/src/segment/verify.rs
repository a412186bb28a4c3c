//! Reading a whole segment to see whether it is as it was written: every checksum, every row, and that what stands in
//! two places (zone maps, counts, ids, streams) says the same in both.

use super::format::{Extent, TRAILER_BYTES, header, read_trailer};
use super::reader::Segment;
use super::text::Field;
use super::texts::TextCache;
use super::zones::Zone;
use super::{Block, day_of};
use crate::codec::{Malformed, Reader};
use crate::error::Result;
use crate::hash::id_hash;
use crate::record::Facts;

/// What was seen of the rows so far.
struct Seen {
    texts: TextCache,
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
        let mut seen = Seen { texts, counts, has_rare_code: false, last: None, parts };
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

    fn verify_superblock(&self, number: usize, seen: &mut Seen) -> Result<()> {
        let shape = self.footer.shape;
        let chunk = self.chunk(number)?;
        let place = self.footer.superblocks.get(number).ok_or(Malformed("no such superblock"));
        let place = self.part(place)?;
        let mut zones = Vec::new();
        let first_block = u32::try_from(number).unwrap_or(u32::MAX) * shape.super_blocks;
        for at in 0..chunk.blocks() {
            let mut zone = Zone::begin(&seen.counts);
            let block = self.block((first_block + u32::try_from(at).unwrap_or(u32::MAX)) * shape.block_rows)?;
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

    fn verify_row(&self, row: u32, facts: &Facts, block: &Block<'_>, seen: &mut Seen) -> Result<()> {
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

    fn verify_text(&self, row: u32, id: &str, seen: &mut Seen) -> Result<()> {
        if !seen.texts.rows.contains(&row) {
            let place = self.part(self.find_text(row))?;
            self.claim(place.first_row == row, "text blocks overlap")?;
            seen.parts.push(place.extent);
        }
        self.load_text(row, &mut seen.texts)?;
        let at = (row - seen.texts.rows.start) as usize;
        for field in [Field::RetMsg, Field::Log, Field::Level, Field::Source] {
            self.part(seen.texts.block.text(at, field, id))?;
        }
        Ok(())
    }

    /// Checks what stands behind the rows, and that no byte of the file is outside of all parts.
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
