//! Writing a segment, row by row in its order.

use std::sync::Arc;

use runlog_core::Stream;

use super::columns::ColumnsBuilder;
use super::escape::OWN_ID_MIN_BYTES;
use super::format::{Footer, StreamRows, Superblock, TEXT_CHUNK_BLOCKS, VERSION, header, trailer};
use super::ids::IdsBuilder;
use super::lookup;
use super::output::Output;
use super::text::TextBuilder;
use super::words::{Stripe, StripeBuilder};
use super::zones::{Zone, put_chunk};
use crate::codec::seal;
use crate::disk::Disk;
use crate::error::{Doing, Result};
use crate::hash::id_hash;
use crate::number::{narrow, wide};
use crate::options::Shape;
use crate::pack::{PADDING, put_lane};
use crate::partition::{self, SegmentName};
use crate::record::Record;

/// A segment that is being written.
pub(crate) struct SegmentWriter {
    out: Output,
    footer: Footer,
    compressor: zstd::bulk::Compressor<'static>,
    rows: u32,
    /// Rows so far, by counted code.
    counts: Vec<u64>,
    columns: ColumnsBuilder,
    ids: IdsBuilder,
    zone: Zone,
    superblock: SuperblockBuilder,
    text: TextBuilder,
    texts: TextDirectory,
    hashes: Vec<(u64, u32)>,
    words: StripeBuilder,
    ids_are_uuids: bool,
}

/// What a segment is made for.
pub(crate) struct Purpose {
    pub(crate) name: SegmentName,
    pub(crate) shape: Shape,
    pub(crate) zstd_level: i32,
    pub(crate) replaces: Vec<u64>,
    /// Return codes to keep running counts of.
    pub(crate) codes: Vec<i32>,
}

/// The finished blocks of the superblock being gathered.
#[derive(Default)]
struct SuperblockBuilder {
    columns: Vec<u8>,
    ids: Vec<u8>,
    column_offsets: Vec<u64>,
    id_offsets: Vec<u64>,
    zones: Vec<Zone>,
}

/// Where text blocks were put.
#[derive(Default)]
struct TextDirectory {
    /// First row, offset, length, length when decompressed.
    open: Vec<[u64; 4]>,
    chunks: Vec<(u32, Vec<u8>)>,
}

impl SegmentWriter {
    pub(crate) fn create(disk: &dyn Disk, purpose: Purpose) -> Result<Self> {
        let path = partition::path(purpose.name);
        let file = disk.create(&path).doing(|| format!("create {path}"))?;
        let mut codes = vec![0];
        codes.extend(purpose.codes.into_iter().filter(|code| *code != 0));
        let counts = vec![0; codes.len()];
        let SegmentName { day, number } = purpose.name;
        let footer = Footer {
            shape: purpose.shape,
            day,
            number,
            replaces: purpose.replaces,
            codes,
            all_codes_counted: true,
            ..Footer::default()
        };
        let mut out = Output::new(file, path);
        out.put(&header(VERSION))?;
        Ok(Self {
            out,
            footer,
            compressor: zstd::bulk::Compressor::new(purpose.zstd_level).doing(|| "start compressing".into())?,
            rows: 0,
            zone: Zone::begin(&counts),
            counts,
            columns: ColumnsBuilder::default(),
            ids: IdsBuilder::default(),
            superblock: SuperblockBuilder::default(),
            text: TextBuilder::default(),
            texts: TextDirectory::default(),
            hashes: Vec::new(),
            words: StripeBuilder::new(purpose.shape.stripe_rows),
            ids_are_uuids: true,
        })
    }

    /// Adds the next row in the order of (stream, start, sequence number).
    pub(crate) fn push(&mut self, stream: &Arc<Stream>, row: &Record<'_>) -> Result<()> {
        self.begin_row(stream, row)?;
        self.text.push(row);
        let (ret_msg, log) = self.text.last();
        self.words.push(ret_msg, log);
        self.end_row()?;
        self.end_text_if_full()
    }

    /// As [`SegmentWriter::push`], for a row whose texts are escaped already.
    pub(crate) fn push_escaped(&mut self, stream: &Arc<Stream>, row: &Record<'_>) -> Result<()> {
        self.push_joined(stream, row)?;
        self.end_text_if_full()
    }

    /// As [`SegmentWriter::push_escaped`], but the text block goes on however long it is.
    pub(crate) fn push_joined(&mut self, stream: &Arc<Stream>, row: &Record<'_>) -> Result<()> {
        self.begin_row(stream, row)?;
        self.text.push_escaped(row);
        self.words.push(row.ret_msg, row.log);
        self.end_row()
    }

    /// As [`SegmentWriter::push_escaped`], for a row whose text block follows, whole, by [`SegmentWriter::put_text`].
    /// The open block was finished.
    pub(crate) fn push_copied(&mut self, stream: &Arc<Stream>, row: &Record<'_>) -> Result<()> {
        self.begin_row(stream, row)?;
        self.words.push(row.ret_msg, row.log);
        self.end_row()
    }

    /// Bytes of the open text block, if it is of this stream.
    pub(crate) fn open_text_bytes(&self, stream: &Arc<Stream>) -> usize {
        let is_open = self.footer.streams.last().is_some_and(|last| last.is_of(stream));
        if is_open { self.text.bytes() } else { 0 }
    }

    /// The length that text blocks are to have before compression.
    pub(crate) fn text_block_bytes(&self) -> usize {
        self.footer.shape.text_block_bytes as usize
    }

    fn begin_row(&mut self, stream: &Arc<Stream>, row: &Record<'_>) -> Result<()> {
        let start_ms = row.facts.start_ms;
        if !self.footer.streams.last().is_some_and(|last| last.is_of(stream)) {
            self.finish_text()?;
            let stream = Arc::clone(stream);
            self.footer.streams.push(StreamRows {
                stream,
                end: self.rows,
                first_start_ms: start_ms,
                last_start_ms: start_ms,
            });
        }
        if let Some(last) = self.footer.streams.last_mut() {
            debug_assert!(last.last_start_ms <= start_ms, "rows come in order");
            (last.end, last.last_start_ms) = (self.rows + 1, start_ms);
        }
        self.hashes.push((id_hash(&stream.account, row.request_id), self.rows));
        self.columns.push(row);
        let is_uuid = self.ids.push(row.request_id);
        self.ids_are_uuids &= is_uuid || row.request_id.len() < OWN_ID_MIN_BYTES;
        self.zone.include(&row.facts);
        match self.footer.codes.iter().position(|code| *code == row.facts.ret_code) {
            Some(at) => self.counts.iter_mut().skip(at).take(1).for_each(|count| *count += 1),
            None => self.footer.all_codes_counted = false,
        }
        Ok(())
    }

    fn end_row(&mut self) -> Result<()> {
        self.rows += 1;
        if self.columns.len() >= self.footer.shape.block_rows as usize {
            self.finish_block()?;
        }
        Ok(())
    }

    fn end_text_if_full(&mut self) -> Result<()> {
        if self.text.bytes() >= self.text_block_bytes() { self.finish_text() } else { Ok(()) }
    }

    /// Compresses and writes the open text block, if there is one.
    pub(crate) fn finish_text(&mut self) -> Result<()> {
        let rows = self.text.rows();
        if rows == 0 {
            return Ok(());
        }
        let mut block = Vec::new();
        let raw_bytes = self.text.finish(&mut block, &mut self.compressor).doing(|| "compress text".into())?;
        self.put_text(&block, rows, raw_bytes)
    }

    /// Writes a text block, with its checksum, that holds the last rows.
    pub(crate) fn put_text(&mut self, block: &[u8], rows: usize, raw_bytes: usize) -> Result<()> {
        let extent = self.out.put(block)?;
        let first_row = u64::from(self.rows) - rows as u64;
        self.texts.open.push([first_row, extent.offset, extent.bytes, raw_bytes as u64]);
        if self.texts.open.len() >= TEXT_CHUNK_BLOCKS {
            self.texts.finish_chunk();
        }
        if self.words.end_block(rows, raw_bytes) { self.finish_stripe() } else { Ok(()) }
    }

    /// Writes what is left and makes the file durable; its name is durable when its folder is synced too.
    pub(crate) fn finish(mut self) -> Result<()> {
        self.finish_text()?;
        if self.words.rows() > 0 {
            self.finish_stripe()?;
        }
        if self.columns.len() > 0 {
            self.finish_block()?;
        }
        if !self.superblock.zones.is_empty() {
            self.finish_superblock()?;
        }
        self.footer.rows = self.rows;
        self.texts.finish_chunk();
        for (first_row, chunk) in std::mem::take(&mut self.texts.chunks) {
            let extent = self.out.put(&chunk)?;
            self.footer.text_chunks.push((first_row, extent));
        }
        self.finish_lookup()?;
        let footer = self.out.put(&self.footer.encode())?;
        self.out.put(&trailer(footer))?;
        self.out.finish()
    }

    fn finish_block(&mut self) -> Result<()> {
        let builder = &mut self.superblock;
        builder.column_offsets.push(builder.columns.len() as u64);
        builder.id_offsets.push(builder.ids.len() as u64);
        self.columns.finish(&mut builder.columns);
        self.ids.finish(&mut builder.ids);
        builder.zones.push(std::mem::replace(&mut self.zone, Zone::begin(&self.counts)));
        if builder.zones.len() >= self.footer.shape.super_blocks as usize {
            self.finish_superblock()?;
        }
        Ok(())
    }

    fn finish_superblock(&mut self) -> Result<()> {
        let mut builder = std::mem::take(&mut self.superblock);
        builder.column_offsets.push(builder.columns.len() as u64);
        builder.id_offsets.push(builder.ids.len() as u64);
        let ids_start = builder.columns.len() as u64;
        builder.id_offsets.iter_mut().for_each(|offset| *offset += ids_start);
        let codes = self.footer.codes.len();
        let chunk = put_chunk(&builder.zones, &builder.column_offsets, &builder.id_offsets, codes);
        let offset = self.out.put(&builder.columns)?.offset;
        self.out.put(&builder.ids)?;
        let chunk = self.out.put(&chunk)?;
        self.footer.superblocks.push(Superblock { offset, chunk, zone: Zone::join(&builder.zones) });
        Ok(())
    }

    fn finish_stripe(&mut self) -> Result<()> {
        let parts = self.words.finish();
        let pages_offset = self.out.written;
        for page in &parts.pages {
            self.out.put(page)?;
        }
        let postings = self.out.put(&parts.postings)?;
        let mut forms = self.compressor.compress(&parts.forms).doing(|| "compress forms".into())?;
        seal(&mut forms);
        let stripe = Stripe {
            end: self.rows,
            rows: parts.rows,
            blocks: parts.blocks,
            ids_are_uuids: std::mem::replace(&mut self.ids_are_uuids, true),
            bucket_bits: parts.bucket_bits,
            pages_offset,
            postings,
            forms: self.out.put(&forms)?,
            forms_raw: parts.forms.len() as u64,
            directory: self.out.put(&parts.directory)?,
        };
        self.footer.stripes.push(stripe);
        Ok(())
    }

    fn finish_lookup(&mut self) -> Result<()> {
        self.hashes.sort_unstable();
        self.footer.page_bits = lookup::page_bits(self.hashes.len());
        for page in lookup::pages(&self.hashes, self.footer.page_bits) {
            let extent = self.out.put(&page)?;
            self.footer.pages.push(extent);
        }
        // Without a filter (which is never seen to fail) every lookup goes to the pages.
        let hashes = std::mem::take(&mut self.hashes).into_iter().map(|(hash, _)| hash).collect();
        if let Some(filter) = lookup::filter(hashes) {
            self.footer.filter = self.out.put(&filter)?;
        }
        Ok(())
    }
}

impl TextDirectory {
    /// Lanes: first row, offset, length, length when decompressed, and two kept free for a token filter.
    fn finish_chunk(&mut self) {
        let Some([first_row, ..]) = self.open.first() else { return };
        let first_row = narrow(wide(*first_row));
        let mut chunk = narrow(self.open.len()).to_le_bytes().to_vec();
        for lane in 0..6 {
            let values: Vec<u64> = self.open.iter().map(|block| block.get(lane).copied().unwrap_or(0)).collect();
            put_lane(&mut chunk, &values);
        }
        chunk.extend([0; PADDING]);
        seal(&mut chunk);
        self.chunks.push((first_row, chunk));
        self.open.clear();
    }
}
