//! A request body as a blocking reader: decompressed as it arrives, with bounded memory.

use std::cell::Cell;
use std::io::{self, BufRead, BufReader, Read};
use std::rc::Rc;

use bytes::{Buf, Bytes};
use flate2::bufread::MultiGzDecoder;
use tokio::sync::mpsc;

use crate::budget::NoRoom;

/// Maximum decompression ratio. NDJSON of logs compresses 5 to 30 times; far more than that is an attack.
const EXPANSION_MAX: u64 = 200;

/// What a body may be larger than that ratio allows: a longest record, whose log may be one line again and again.
const EXPANSION_SLACK_BYTES: u64 = 32 << 20;

/// The largest zstd window, as a power of two: 8 MiB, the most that a sender of `Content-Encoding: zstd` may use
/// (RFC 9659).
const ZSTD_WINDOW_LOG_MAX: u32 = 23;

/// The unpacked bytes that wait for their reader.
const BUFFER_BYTES: usize = 256 << 10;

/// How a body is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encoding {
    Identity,
    Gzip,
    Zstd,
}

/// Why a body ended before its end.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BodyError {
    #[error("the body is larger than {max_bytes} bytes; send it in several requests")]
    TooLarge { max_bytes: u64 },
    #[error(
        "the body unpacks to more than {EXPANSION_MAX} times what was sent, and {EXPANSION_SLACK_BYTES} bytes; send it \
         less compressed"
    )]
    Expands,
    #[error("the body stopped arriving; send it again")]
    Disconnected,
    #[error(transparent)]
    NoRoom(#[from] NoRoom),
}

/// How many bytes a body may have once unpacked of which `arrived` bytes have arrived.
pub(crate) fn unpacked_max_bytes(arrived: u64) -> u64 {
    arrived.saturating_mul(EXPANSION_MAX).saturating_add(EXPANSION_SLACK_BYTES)
}

impl Encoding {
    /// Bytes of memory that reading a body takes, beside what is kept of it.
    pub(crate) fn memory_bytes(self) -> u64 {
        let window = if self == Self::Zstd { 1 << ZSTD_WINDOW_LOG_MAX } else { 0 };
        window + BUFFER_BYTES as u64
    }

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

/// Reads what arrives on `parts`, decompressed. At any moment, what was unpacked is judged by what has arrived.
pub(crate) fn body_reader(
    parts: mpsc::Receiver<Result<Bytes, BodyError>>,
    encoding: Encoding,
) -> io::Result<impl BufRead> {
    let arrived = Rc::new(Cell::new(0));
    let raw = Parts { parts, current: Bytes::new(), arrived: Rc::clone(&arrived) };
    let decoded: Box<dyn Read> = match encoding {
        Encoding::Identity => Box::new(raw),
        Encoding::Gzip => Box::new(MultiGzDecoder::new(raw)),
        Encoding::Zstd => {
            let mut decoder = zstd::stream::read::Decoder::with_buffer(raw)?;
            decoder.window_log_max(ZSTD_WINDOW_LOG_MAX)?;
            Box::new(decoder)
        }
    };
    Ok(BufReader::with_capacity(BUFFER_BYTES, Bounded { decoded, unpacked: 0, arrived }))
}

/// The parts of a body, as they come in from the reactor.
struct Parts {
    parts: mpsc::Receiver<Result<Bytes, BodyError>>,
    current: Bytes,
    /// Bytes of all parts so far.
    arrived: Rc<Cell<u64>>,
}

impl BufRead for Parts {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        while self.current.is_empty() {
            match self.parts.blocking_recv() {
                Some(Ok(part)) => {
                    self.arrived.set(self.arrived.get() + part.len() as u64);
                    self.current = part;
                }
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
    unpacked: u64,
    arrived: Rc<Cell<u64>>,
}

impl Read for Bounded {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.decoded.read(into)?;
        self.unpacked += read as u64;
        if self.unpacked > unpacked_max_bytes(self.arrived.get()) {
            return Err(io::Error::other(BodyError::Expands));
        }
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn read(body: &[u8], encoding: Encoding) -> io::Result<Vec<u8>> {
        let (sender, parts) = mpsc::channel(1 + body.len());
        for part in body.chunks(7) {
            sender.try_send(Ok(Bytes::copy_from_slice(part))).unwrap();
        }
        drop(sender);
        let mut decoded = Vec::new();
        body_reader(parts, encoding)?.read_to_end(&mut decoded)?;
        Ok(decoded)
    }

    fn gzip(data: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(data).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn every_encoding() {
        let text = b"runs and runs and runs".repeat(50);
        assert_eq!(read(&text, Encoding::Identity).unwrap(), text);
        assert_eq!(read(&gzip(&text), Encoding::Gzip).unwrap(), text);
        assert_eq!(read(&zstd::encode_all(&text[..], 1).unwrap(), Encoding::Zstd).unwrap(), text);
    }

    #[test]
    fn a_bomb_is_stopped() {
        let zeros = vec![0; 128 << 20];
        for (body, encoding) in
            [(gzip(&zeros), Encoding::Gzip), (zstd::encode_all(&zeros[..], 1).unwrap(), Encoding::Zstd)]
        {
            let error = read(&body, encoding).map(|unpacked| unpacked.len()).unwrap_err();
            assert!(error.to_string().contains("unpacks to more"), "{error}");
        }
        // A record may be all alike.
        let short = &zeros[..EXPANSION_SLACK_BYTES as usize];
        assert!(read(&gzip(short), Encoding::Gzip).unwrap() == short);
    }

    #[test]
    fn a_bomb_is_judged_by_what_has_arrived_and_not_by_what_may_come() {
        let zeros = vec![0; 64 << 20];
        let bomb = zstd::encode_all(&zeros[..], 1).unwrap();
        // As long as all of it together is: but the bomb comes first.
        let rest: Vec<u8> = (0..100_000_u32).flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
        let rest = zstd::encode_all(&rest[..], 1).unwrap();
        let (sender, parts) = mpsc::channel(2);
        sender.try_send(Ok(bomb.into())).unwrap();
        sender.try_send(Ok(rest.into())).unwrap();
        drop(sender);
        let mut unpacked = Vec::new();
        let error = body_reader(parts, Encoding::Zstd).unwrap().read_to_end(&mut unpacked).unwrap_err();
        assert!(error.to_string().contains("unpacks to more"), "{error}");
        assert!(unpacked.len() < 34 << 20, "{} bytes", unpacked.len());
    }

    #[test]
    fn a_truncated_body_is_an_error() {
        let text = b"runs and runs and runs".repeat(50);
        for (body, encoding) in
            [(gzip(&text), Encoding::Gzip), (zstd::encode_all(&text[..], 1).unwrap(), Encoding::Zstd)]
        {
            assert!(read(&body[..body.len() - 9], encoding).is_err(), "{encoding:?}");
        }
    }
}
