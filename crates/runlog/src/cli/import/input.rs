//! A file to import: opens and decompresses it and detects its format.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::UNIX_EPOCH;

use anyhow::{Context, bail};
use flate2::bufread::MultiGzDecoder;
use runlog_ingest::formats::{self, Format, Hints, Item, Notes};

use crate::files;

/// How many bytes of a file are examined to detect its format.
const HEAD_BYTES: u64 = 64 << 10;

/// The buffer of a decompressor, in bytes.
const BUFFER_BYTES: usize = 256 << 10;

/// The largest zstd window, as a power of two: 128 MiB, what `zstd --long` makes.
const ZSTD_WINDOW_LOG_MAX: u32 = 27;

/// An input that the arguments name.
pub(super) enum Input {
    Stdin,
    File(PathBuf),
}

/// An input while it is read.
pub(super) struct Opened {
    pub(super) format: Format,
    pub(super) items: Box<dyn Iterator<Item = Item>>,
    /// How many bytes of the file were read, before decompression.
    pub(super) read_bytes: Rc<Cell<u64>>,
}

impl Input {
    /// The inputs that the arguments name; a folder is replaced by its files.
    pub(super) fn all(paths: &[PathBuf]) -> anyhow::Result<Vec<Self>> {
        let mut inputs = Vec::new();
        for path in paths {
            if path == Path::new("-") {
                inputs.push(Self::Stdin);
            } else if path.is_dir() {
                inputs.extend(files::files_in(path)?.into_iter().map(Self::File));
            } else {
                inputs.push(Self::File(path.clone()));
            }
        }
        Ok(inputs)
    }

    pub(super) fn name(&self) -> String {
        match self {
            Self::Stdin => "standard input".to_owned(),
            Self::File(path) => path.display().to_string(),
        }
    }

    /// Its size on disk; 0 if unknown.
    pub(super) fn bytes(&self) -> u64 {
        match self {
            Self::Stdin => 0,
            Self::File(path) => files::open(path).and_then(|file| Ok(file.metadata()?.len())).unwrap_or_default(),
        }
    }

    /// Its modification time, in Unix milliseconds.
    pub(super) fn changed_ms(&self) -> Option<i64> {
        match self {
            Self::Stdin => None,
            Self::File(path) => {
                let changed = files::modified(path)?.duration_since(UNIX_EPOCH).ok()?;
                i64::try_from(changed.as_millis()).ok()
            }
        }
    }

    /// Starts reading it, as `format` if that is given.
    pub(super) fn open(&self, format: Option<Format>, hints: Hints, notes: &Rc<Notes>) -> anyhow::Result<Opened> {
        let read_bytes = Rc::new(Cell::new(0));
        let raw: Box<dyn Read> = match self {
            Self::Stdin => Box::new(io::stdin().lock()),
            Self::File(path) => {
                let mut file = files::open(path)?;
                if format.is_none_or(|format| format == Format::Parquet) && formats::is_parquet(&mut file)? {
                    let items = formats::parquet(file, hints, notes);
                    return Ok(Opened { format: Format::Parquet, items, read_bytes });
                }
                Box::new(Counted::<File> { reader: file, read_bytes: Rc::clone(&read_bytes) })
            }
        };
        let mut plain = decompressed(BufReader::with_capacity(BUFFER_BYTES, raw))?;
        let mut head = Vec::new();
        plain.by_ref().take(HEAD_BYTES).read_to_end(&mut head).context("cannot be read")?;
        let is_whole = (head.len() as u64) < HEAD_BYTES;
        // A file without any record is not worth an error.
        let is_empty = is_whole && head.trim_ascii().is_empty();
        let format = match format.or_else(|| formats::sniff(&head, is_whole)) {
            Some(format) => format,
            None if is_empty => Format::Ndjson,
            None => bail!("its format is not recognised; give --format: {}", Format::ALL.map(Format::name).join(", ")),
        };
        let reader = io::Cursor::new(without_bom(head)).chain(BufReader::with_capacity(BUFFER_BYTES, plain));
        Ok(Opened { format, items: formats::parse(format, reader, hints, Rc::clone(notes)), read_bytes })
    }
}

/// The text of a reader, which may be compressed.
fn decompressed(mut raw: BufReader<Box<dyn Read>>) -> anyhow::Result<Box<dyn Read>> {
    let magic = raw.fill_buf().context("cannot be read")?;
    if magic.starts_with(&[0x1f, 0x8b]) {
        return Ok(Box::new(MultiGzDecoder::new(raw)));
    }
    if magic.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]) {
        let mut decoder = zstd::stream::read::Decoder::with_buffer(raw)?;
        decoder.window_log_max(ZSTD_WINDOW_LOG_MAX)?;
        return Ok(Box::new(decoder));
    }
    Ok(Box::new(raw))
}

fn without_bom(mut head: Vec<u8>) -> Vec<u8> {
    if head.starts_with("\u{feff}".as_bytes()) {
        head.drain(..3);
    }
    head
}

/// A reader that counts the bytes read.
struct Counted<R> {
    reader: R,
    read_bytes: Rc<Cell<u64>>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(into)?;
        self.read_bytes.set(self.read_bytes.get() + read as u64);
        Ok(read)
    }
}
