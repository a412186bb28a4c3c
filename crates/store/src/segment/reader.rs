//! An open segment. Every part is checked against its checksum when it is used first; what does not fit is
//! [`Error::Damaged`], and the caller sets the segment aside.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use runlog_core::{IdRef, SortKey, Stream};

use super::columns::{Columns, KeyLanes};
use super::extent::Extent;
use super::failed::FailedRows;
use super::format::{Footer, StreamRows, TEXT_CHUNK_BLOCKS, VERSION, VERSION_WITHOUT_WORDS, read_trailer};
use super::verified::Verified;
use super::words::{CHECKED_PARTS, Candidates, Probe, RowSet};
use super::zones::{Bounds, Chunk, Front};
use super::{SharedTexts, ids, lookup};
use crate::codec::{Malformed, Reader};
use crate::disk::{Disk, Map};
use crate::error::{Doing, Error, Result};
use crate::number::narrow;
use crate::pack::Lane;
use crate::partition::{self, SegmentName};

/// An open segment.
pub(crate) struct Segment {
    pub(crate) name: SegmentName,
    pub(crate) path: String,
    pub(crate) footer: Footer,
    pub(crate) seq: Bounds,
    pub(super) file: Map,
    descriptor: [u8; lookup::DESCRIPTOR_BYTES],
    disk: Arc<dyn Disk>,
    is_obsolete: AtomicBool,
    pub(super) shared: Arc<SharedTexts>,
    pub(super) checks: Checks,
    failed: FailedRows,
}

/// What was found whole already.
pub(super) struct Checks {
    /// Of each block its columns and its ids.
    blocks: Verified,
    zones: Verified,
    pub(super) text_chunks: Verified,
    pub(super) texts: Verified,
    stripes: Verified,
}

/// A column block and its ids, for readers that go from row to row.
pub(crate) struct Block<'a> {
    /// Its rows.
    pub(crate) rows: Range<u32>,
    pub(crate) columns: Columns<'a>,
    ids: &'a [u8],
}

pub(super) type Parsed<T> = std::result::Result<T, Malformed>;

impl Segment {
    /// Opens a published segment: reads its directory, leaves the rest to its use.
    pub(crate) fn open(disk: &Arc<dyn Disk>, name: SegmentName, shared: &Arc<SharedTexts>) -> Result<Self> {
        Self::open_at(disk, name, partition::path(name), Some(shared))
    }

    /// Opens a damaged segment in any folder, to save what can be read. Its directory must be whole; its id filter,
    /// which may be damaged, is done without, and so is the cache.
    pub(crate) fn open_damaged(disk: &Arc<dyn Disk>, name: SegmentName, path: String) -> Result<Self> {
        Self::open_at(disk, name, path, None)
    }

    fn open_at(
        disk: &Arc<dyn Disk>,
        name: SegmentName,
        path: String,
        shared: Option<&Arc<SharedTexts>>,
    ) -> Result<Self> {
        let file = disk.map(&path).doing(|| format!("read {path}"))?;
        let (version, place) = read_trailer(&file).map_err(Error::damaged(&path))?;
        if !(VERSION_WITHOUT_WORDS..=VERSION).contains(&version) {
            return Err(Error::Version { file: path, found: version, known: VERSION });
        }
        let mut footer =
            place.of(&file).and_then(|bytes| Footer::decode(bytes, version)).map_err(Error::damaged(&path))?;
        if shared.is_none() {
            footer.filter = Extent::default();
        }
        let descriptor = read_descriptor(&file, footer.filter).map_err(Error::damaged(&path))?;
        let seq = footer.superblocks.iter().map(|superblock| superblock.zone.seq);
        let seq = seq.reduce(|a, b| Bounds { min: a.min.min(b.min), max: a.max.max(b.max) }).unwrap_or_default();
        let disk = Arc::clone(disk);
        let blocks = footer.rows.div_ceil(footer.shape.block_rows) as usize;
        let checks = Checks {
            blocks: Verified::none_of(2 * blocks),
            zones: Verified::none_of(footer.superblocks.len()),
            text_chunks: Verified::none_of(footer.text_chunks.len()),
            texts: Verified::none_of(footer.text_chunks.len() * TEXT_CHUNK_BLOCKS),
            stripes: Verified::none_of(footer.stripes.len() * CHECKED_PARTS),
        };
        let failed = FailedRows::unknown(footer.superblocks.len(), footer.shape.block_rows, footer.shape.super_blocks);
        let (is_obsolete, shared) = (AtomicBool::new(false), shared.cloned().unwrap_or_else(SharedTexts::none));
        Ok(Self { name, path, footer, seq, file, descriptor, disk, is_obsolete, shared, checks, failed })
    }

    pub(crate) fn rows(&self) -> u64 {
        u64::from(self.footer.rows)
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.file.len() as u64
    }

    /// The whole file, which stays readable wherever it is moved to.
    pub(crate) fn file_bytes(&self) -> &[u8] {
        &self.file
    }

    /// Has the file removed once the last snapshot lets go of it.
    pub(crate) fn retire(&self) {
        self.is_obsolete.store(true, Ordering::Release);
    }

    /// The streams with their rows.
    pub(crate) fn streams(&self) -> impl Iterator<Item = (&StreamRows, Range<u32>)> {
        let starts = std::iter::once(0).chain(self.footer.streams.iter().map(|rows| rows.end));
        self.footer.streams.iter().zip(starts).map(|(rows, start)| (rows, start..rows.end))
    }

    /// The rows of a run's function, of all its qualifiers.
    pub(crate) fn rows_of_function(&self, id: IdRef<'_>) -> Range<u32> {
        let wanted = [id.account, id.region, id.namespace, id.function];
        let names = |rows: &StreamRows| {
            let Stream { account, region, namespace, function, .. } = &*rows.stream;
            [account.as_str(), region, namespace, function].cmp(&wanted)
        };
        let streams = &self.footer.streams;
        let first = streams.partition_point(|rows| names(rows).is_lt());
        let end = streams.partition_point(|rows| names(rows).is_le());
        let row_at = |at: usize| at.checked_sub(1).and_then(|at| streams.get(at)).map_or(0, |rows| rows.end);
        row_at(first)..row_at(end)
    }

    /// The stream of a row, and the end of that stream's rows.
    pub(crate) fn stream_of(&self, row: u32) -> Result<(&Arc<Stream>, u32)> {
        let at = self.footer.streams.partition_point(|rows| rows.end <= row);
        self.part(self.footer.streams.get(at).map(|rows| (&rows.stream, rows.end)).ok_or(Malformed("no such row")))
    }

    /// Whether a run with this hash of account and id may be here.
    pub(crate) fn may_have(&self, hash: u64) -> bool {
        self.footer.filter == Extent::default()
            || lookup::may_have(&self.file, self.footer.filter, &self.descriptor, hash)
    }

    /// Rows whose account and id may have this hash.
    pub(crate) fn candidates(&self, hash: u64) -> Result<Vec<u32>> {
        self.part(lookup::candidates(&self.file, &self.footer, hash))
    }

    /// The block of a row.
    pub(crate) fn block(&self, row: u32) -> Result<Block<'_>> {
        let shape = self.footer.shape;
        let number = row / shape.block_rows;
        let front = self.front((number / shape.super_blocks) as usize)?;
        let columns = self.columns(number, &front)?;
        let ids = self.ids(number, &front)?;
        let start = number * shape.block_rows;
        Ok(Block { rows: start..start + narrow(columns.rows()), columns, ids })
    }

    /// The zones of a superblock's blocks.
    pub(crate) fn chunk(&self, superblock: usize) -> Result<Chunk<'_>> {
        let codes = self.footer.codes.len();
        self.part(self.chunk_bytes(superblock).and_then(|(bytes, blocks)| Chunk::read(bytes, blocks, codes)))
    }

    /// Where the blocks of a superblock are, and when they begin.
    pub(crate) fn front(&self, superblock: usize) -> Result<Front<'_>> {
        self.part(self.chunk_bytes(superblock).and_then(|(bytes, blocks)| Front::read(bytes, blocks)))
    }

    /// The ids of the block of this number, which is one of `front`'s.
    pub(crate) fn ids(&self, block: u32, front: &Front<'_>) -> Result<&[u8]> {
        let place = front.ids((block % self.footer.shape.super_blocks) as usize);
        self.part(self.block_part(block, place, 2 * block as usize + 1))
    }

    /// The columns of the block of this number, which is one of `front`'s.
    pub(crate) fn columns(&self, block: u32, front: &Front<'_>) -> Result<Columns<'_>> {
        self.part(self.column_bytes(block, front).and_then(|(bytes, rows)| Columns::read(bytes, rows)))
    }

    /// What orders the rows of the block of this number, which is one of `front`'s, and the bytes of its columns.
    pub(crate) fn key_lanes(&self, block: u32, front: &Front<'_>, by: SortKey) -> Result<(KeyLanes<'_>, usize)> {
        let read = |(bytes, rows): (_, usize)| Ok((KeyLanes::read(bytes, rows, by)?, bytes.len()));
        self.part(self.column_bytes(block, front).and_then(read))
    }

    /// How many of the first `end` rows failed.
    pub(crate) fn failed_before(&self, end: u32) -> Result<u64> {
        let shape = self.footer.shape;
        // The end of the last block has no block of its own.
        let block = (end / shape.block_rows).min(self.footer.rows.saturating_sub(1) / shape.block_rows);
        if let Some(known) = self.failed.before(block, end) {
            return Ok(known);
        }
        let chunk = self.chunk((block / shape.super_blocks) as usize)?;
        let first = block * shape.block_rows;
        let ok = chunk.count_before((block % shape.super_blocks) as usize, 0);
        let before = u64::from(first).saturating_sub(ok);
        let columns = self.columns(block, &chunk)?;
        self.failed.keep(block, chunk.blocks(), before, &columns);
        let mut within = 0;
        columns.each_not_ok(0..end.saturating_sub(first) as usize, |_| within += 1);
        Ok(before + within)
    }

    /// The starts of the rows of the block of this number, which is one of `front`'s.
    pub(crate) fn starts(&self, block: u32, front: &Front<'_>) -> Result<Lane<'_>> {
        self.part(self.column_bytes(block, front).and_then(|(bytes, rows)| Lane::read(&mut Reader(bytes), rows)))
    }

    /// Rows of the block of this number.
    pub(crate) fn block_rows(&self, block: u32) -> u32 {
        let each = self.footer.shape.block_rows;
        self.footer.rows.saturating_sub(block.saturating_mul(each)).min(each)
    }

    pub(crate) fn row_in_block(&self, row: u32) -> usize {
        (row % self.footer.shape.block_rows) as usize
    }

    /// The rows of each stripe, with its number; all rows as one where there are no stripes.
    pub(crate) fn stripes(&self) -> Vec<(Option<usize>, Range<u32>)> {
        if self.footer.stripes.is_empty() {
            return vec![(None, 0..self.footer.rows)];
        }
        let stripes = self.footer.stripes.iter().enumerate();
        stripes.map(|(number, stripe)| (Some(number), stripe.end.saturating_sub(stripe.rows)..stripe.end)).collect()
    }

    /// Those of the rows `wanted` of a stripe of this number, and maybe others, that a keyword may lie in.
    pub(crate) fn candidates_in(&self, stripe: usize, probe: &Probe, wanted: &RowSet) -> Result<Candidates> {
        let place = self.footer.stripes.get(stripe).ok_or(Malformed("no such stripe"));
        self.part(place.and_then(|place| place.candidates(&self.file, probe, wanted, &self.checks.stripes, stripe)))
    }

    /// Adds the file's name to what is wrong with a part of it.
    pub(crate) fn part<T>(&self, parsed: Parsed<T>) -> Result<T> {
        parsed.map_err(Error::damaged(&self.path))
    }

    /// The bytes of a superblock's zones, and how many blocks it has.
    fn chunk_bytes(&self, superblock: usize) -> Parsed<(&[u8], usize)> {
        let place = self.footer.superblocks.get(superblock).ok_or(Malformed("no such superblock"))?;
        let per_super = self.footer.shape.super_blocks as usize;
        let all = self.footer.rows.div_ceil(self.footer.shape.block_rows) as usize;
        let blocks = per_super.min(all.saturating_sub(superblock * per_super));
        Ok((self.checks.zones.check(superblock, place.chunk.of(&self.file)?)?, blocks))
    }

    /// The bytes and the number of rows of a column block.
    fn column_bytes(&self, block: u32, front: &Front<'_>) -> Parsed<(&[u8], usize)> {
        let shape = self.footer.shape;
        let rows = self.block_rows(block);
        let place = front.columns((block % shape.super_blocks) as usize);
        let bytes = self.block_part(block, place, 2 * block as usize)?;
        Ok((bytes, rows as usize))
    }

    /// A part of a block's superblock, checked.
    fn block_part(&self, block: u32, (start, end): (u64, u64), check: usize) -> Parsed<&[u8]> {
        let superblock = (block / self.footer.shape.super_blocks) as usize;
        let base = self.footer.superblocks.get(superblock).ok_or(Malformed("no such superblock"))?.offset;
        let extent = Extent { offset: base.saturating_add(start), bytes: end.saturating_sub(start) };
        self.checks.blocks.check(check, extent.of(&self.file)?)
    }
}

impl Block<'_> {
    /// The request id of a row, which is one of the block's.
    pub(crate) fn id(&self, segment: &Segment, row: u32) -> Result<String> {
        segment.part(ids::id_at(self.ids, row.saturating_sub(self.rows.start) as usize))
    }

    /// Whether every id of the block is a canonical UUID.
    pub(super) fn has_only_uuids(&self) -> bool {
        self.ids.first() == Some(&0)
    }
}

/// Checks the id filter, once, and copies the part that steers the rest.
fn read_descriptor(file: &[u8], filter: Extent) -> Parsed<[u8; lookup::DESCRIPTOR_BYTES]> {
    if filter == Extent::default() {
        return Ok([0; lookup::DESCRIPTOR_BYTES]);
    }
    let bytes = filter.checked(file)?;
    let (descriptor, fingerprints) = bytes.split_first_chunk().ok_or(Malformed("the id filter ends too early"))?;
    lookup::check_descriptor(descriptor, fingerprints)?;
    Ok(*descriptor)
}

impl Drop for Segment {
    fn drop(&mut self) {
        if *self.is_obsolete.get_mut() {
            // What cannot be removed now is found and removed when the store is opened.
            self.disk.remove(&self.path).ok();
        }
    }
}

impl std::fmt::Debug for Segment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Segment({}, {} rows)", self.path, self.footer.rows)
    }
}
