//! A request body as a blocking reader: decompressed as it arrives, with bounded memory.

use std::io::{self, BufRead, BufReader, Read};

use bytes::{Buf, Bytes};
use flate2::bufread::MultiGzDecoder;
use tokio::sync::mpsc;

/// Maximum decompression ratio. NDJSON of logs compresses 5 to 30 times; far more than that is an attack.
const EXPANSION_MAX: u64 = 200;

/// The largest zstd window, as a power of two: 32 MiB. Larger ones are made by `--long` modes only.
const ZSTD_WINDOW_LOG_MAX: u32 = 25;

/// How a body is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encoding {
    Identity,
    Gzip,
    Zstd,
}

/// Why a body ended before its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BodyError {
    #[error("the body is larger than {max_bytes} bytes; send it in several requests")]
    TooLarge { max_bytes: u64 },
    #[error("the body stopped arriving; send it again")]
    Disconnected,
}

impl Encoding {
    /// Reads a Content-Encoding header; `None` for one that is not served.
    pub(crate) fn parse(header: &str) -> Option<Self> {
        match header.trim().to_ascii_lowercase().as_str() {
            "" | "identity" => Some(Self::Identity),
            "gzip" | "x-gzip" => Some(Self::Gzip),
            "zstd" => Some(Self::Zstd),
            _ => None,
        }
    }
}

/// Reads what arrives on `parts`, decompressed. `max_bytes` bounds the body as it is sent.
pub(crate) fn body_reader(
    parts: mpsc::Receiver<Result<Bytes, BodyError>>,
    encoding: Encoding,
    max_bytes: u64,
) -> io::Result<impl BufRead> {
    let raw = Parts { parts, current: Bytes::new() };
    let decoded: Box<dyn Read> = match encoding {
        Encoding::Identity => Box::new(raw),
        Encoding::Gzip => Box::new(MultiGzDecoder::new(raw)),
        Encoding::Zstd => {
            let mut decoder = zstd::stream::read::Decoder::with_buffer(raw)?;
            decoder.window_log_max(ZSTD_WINDOW_LOG_MAX)?;
            Box::new(decoder)
        }
    };
    let max_bytes = max_bytes.saturating_mul(EXPANSION_MAX);
    Ok(BufReader::with_capacity(256 << 10, Bounded { decoded, left: max_bytes, max_bytes }))
}

/// The parts of a body, as they come in from the reactor.
struct Parts {
    parts: mpsc::Receiver<Result<Bytes, BodyError>>,
    current: Bytes,
}

impl BufRead for Parts {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        while self.current.is_empty() {
            match self.parts.blocking_recv() {
                Some(Ok(part)) => self.current = part,
                Some(Err(error)) => return Err(io::Error::other(error)),
                None => break,
            }
        }
        Ok(&self.current)
    }

    fn consume(&mut self, amount: usize) {
        self.current.advance(amount);
    }
}

impl Read for Parts {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.fill_buf()?.read(into)?;
        self.consume(read);
        Ok(read)
    }
}

/// A reader that fails, rather than ends, at its limit.
struct Bounded {
    decoded: Box<dyn Read>,
    left: u64,
    max_bytes: u64,
}

impl Read for Bounded {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.decoded.read(into)?;
        match self.left.checked_sub(read as u64) {
            Some(left) => self.left = left,
            None => return Err(io::Error::other(BodyError::TooLarge { max_bytes: self.max_bytes })),
        }
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn read(body: &[u8], encoding: Encoding, max_bytes: u64) -> io::Result<Vec<u8>> {
        let (sender, parts) = mpsc::channel(1 + body.len());
        for part in body.chunks(7) {
            sender.try_send(Ok(Bytes::copy_from_slice(part))).unwrap();
        }
        drop(sender);
        let mut decoded = Vec::new();
        body_reader(parts, encoding, max_bytes)?.read_to_end(&mut decoded)?;
        Ok(decoded)
    }

    fn gzip(data: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(data).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn every_encoding() {
        let text = b"runs and runs and runs".repeat(50);
        assert_eq!(read(&text, Encoding::Identity, 1 << 20).unwrap(), text);
        assert_eq!(read(&gzip(&text), Encoding::Gzip, 1 << 20).unwrap(), text);
        assert_eq!(read(&zstd::encode_all(&text[..], 1).unwrap(), Encoding::Zstd, 1 << 20).unwrap(), text);
    }

    #[test]
    fn a_bomb_is_stopped() {
        let zeros = vec![0; 8 << 20];
        for (body, encoding) in
            [(gzip(&zeros), Encoding::Gzip), (zstd::encode_all(&zeros[..], 1).unwrap(), Encoding::Zstd)]
        {
            let error = read(&body, encoding, 1 << 10).unwrap_err();
            assert!(error.to_string().contains("larger than"), "{error}");
        }
    }

    #[test]
    fn a_truncated_body_is_an_error() {
        let text = b"runs and runs and runs".repeat(50);
        for (body, encoding) in
            [(gzip(&text), Encoding::Gzip), (zstd::encode_all(&text[..], 1).unwrap(), Encoding::Zstd)]
        {
            assert!(read(&body[..body.len() - 9], encoding, 1 << 20).is_err(), "{encoding:?}");
        }
    }
}
