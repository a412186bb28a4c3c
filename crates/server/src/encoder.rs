//! Bytes of an answer as they are made: plain, or compressed in memory by gzip or zstd.

use std::io::{self, Write};

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use hyper::header::HeaderMap;

use crate::respond;

/// Compression level of a stream: as fast as the rows can be read.
const ZSTD_LEVEL: i32 = 1;

/// Compresses the written bytes in memory.
pub enum Encoder {
    /// No compression.
    Plain(Vec<u8>),
    /// By gzip.
    Gzip(GzEncoder<Vec<u8>>),
    /// By zstd.
    Zstd(zstd::Encoder<'static, Vec<u8>>),
}

impl Encoder {
    /// The best coding that a client accepts.
    pub(crate) fn for_client(headers: &HeaderMap) -> io::Result<Self> {
        if respond::takes(headers, "zstd") {
            Self::zstd()
        } else if respond::takes(headers, "gzip") {
            Ok(Self::gzip())
        } else {
            Ok(Self::plain())
        }
    }

    /// Without compression.
    pub fn plain() -> Self {
        Self::Plain(Vec::new())
    }

    /// Compressed with gzip.
    pub fn gzip() -> Self {
        Self::Gzip(GzEncoder::new(Vec::new(), Compression::fast()))
    }

    /// Compressed with zstd.
    pub fn zstd() -> io::Result<Self> {
        let mut encoder = zstd::Encoder::new(Vec::new(), ZSTD_LEVEL)?;
        encoder.include_checksum(true)?;
        Ok(Self::Zstd(encoder))
    }

    /// The value of `Content-Encoding`.
    pub(crate) fn name(&self) -> Option<&'static str> {
        match self {
            Self::Plain(_) => None,
            Self::Gzip(_) => Some("gzip"),
            Self::Zstd(_) => Some("zstd"),
        }
    }

    /// Bytes that are ready to be sent.
    pub(crate) fn ready_bytes(&self) -> usize {
        match self {
            Self::Plain(bytes) => bytes.len(),
            Self::Gzip(encoder) => encoder.get_ref().len(),
            Self::Zstd(encoder) => encoder.get_ref().len(),
        }
    }

    /// Makes room for bytes that are about to be written, where they are not compressed.
    pub(crate) fn reserve(&mut self, bytes: usize) {
        if let Self::Plain(plain) = self {
            plain.reserve(bytes);
        }
    }

    /// Takes them.
    pub(crate) fn take(&mut self) -> Bytes {
        let ready = match self {
            Self::Plain(bytes) => bytes,
            Self::Gzip(encoder) => encoder.get_mut(),
            Self::Zstd(encoder) => encoder.get_mut(),
        };
        std::mem::take(ready).into()
    }

    /// The last bytes.
    pub(crate) fn finish(self) -> io::Result<Bytes> {
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
