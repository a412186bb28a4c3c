//! What a stream of rows looks like on the wire: lines of JSON or CSV, plain or compressed as they are made.

use std::io::{self, Write};

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use hyper::header::HeaderMap;
use runlog_core::Row;

use super::fields::Selection;
use crate::server::respond;

/// How hard an export is compressed: as fast as it can be read.
const ZSTD_LEVEL: i32 = 1;

/// The form of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Ndjson,
    Csv,
}

/// Compresses what is written, in memory.
pub(super) enum Encoder {
    Plain(Vec<u8>),
    Gzip(GzEncoder<Vec<u8>>),
    Zstd(zstd::Encoder<'static, Vec<u8>>),
}

/// Writes rows.
pub(super) struct Lines {
    pub(super) fields: Selection,
    pub(super) format: Format,
    pub(super) encoder: Encoder,
}

impl Format {
    pub(super) fn content_type(self) -> &'static str {
        match self {
            Self::Ndjson => "application/x-ndjson",
            Self::Csv => "text/csv; charset=utf-8",
        }
    }
}

impl Encoder {
    /// The best that a client takes.
    pub(super) fn for_client(headers: &HeaderMap) -> io::Result<Self> {
        Ok(if respond::takes(headers, "zstd") {
            Self::Zstd(zstd::Encoder::new(Vec::new(), ZSTD_LEVEL)?)
        } else if respond::takes(headers, "gzip") {
            Self::Gzip(GzEncoder::new(Vec::new(), Compression::fast()))
        } else {
            Self::Plain(Vec::new())
        })
    }

    /// The value of `Content-Encoding`.
    pub(super) fn name(&self) -> Option<&'static str> {
        match self {
            Self::Plain(_) => None,
            Self::Gzip(_) => Some("gzip"),
            Self::Zstd(_) => Some("zstd"),
        }
    }

    /// Bytes that are ready to be sent.
    pub(super) fn ready_bytes(&self) -> usize {
        match self {
            Self::Plain(bytes) => bytes.len(),
            Self::Gzip(encoder) => encoder.get_ref().len(),
            Self::Zstd(encoder) => encoder.get_ref().len(),
        }
    }

    /// Takes them.
    pub(super) fn take(&mut self) -> Bytes {
        let ready = match self {
            Self::Plain(bytes) => bytes,
            Self::Gzip(encoder) => encoder.get_mut(),
            Self::Zstd(encoder) => encoder.get_mut(),
        };
        std::mem::take(ready).into()
    }

    /// The last bytes.
    pub(super) fn finish(self) -> io::Result<Bytes> {
        let bytes = match self {
            Self::Plain(bytes) => bytes,
            Self::Gzip(encoder) => encoder.finish()?,
            Self::Zstd(encoder) => encoder.finish()?,
        };
        Ok(bytes.into())
    }
}

impl Write for Encoder {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(plain) => plain.write(bytes),
            Self::Gzip(encoder) => encoder.write(bytes),
            Self::Zstd(encoder) => encoder.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Lines {
    /// What stands before the first row.
    pub(super) fn begin(&mut self) -> io::Result<()> {
        match self.format {
            Format::Ndjson => Ok(()),
            Format::Csv => self.fields.csv_head(&mut self.encoder),
        }
    }

    /// A row. Its JSON is gathered first: a compressor is slow in small pieces.
    pub(super) fn row(&mut self, row: &Row) -> io::Result<()> {
        let mut line = Vec::with_capacity(512 + row.run.log.len() + row.run.ret_msg.len());
        match self.format {
            Format::Ndjson => {
                serde_json::to_writer(&mut line, &self.fields.json(row, None))?;
                line.push(b'\n');
            }
            Format::Csv => self.fields.csv(row, &mut line)?,
        }
        self.encoder.write_all(&line)
    }
}
