//! A reader of Server-Sent Events that only finds them, so that the measurement is not of the reader.

use anyhow::{Context, bail, ensure};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::server::{SECRET_ID, SECRET_KEY, Server};

/// Bytes per read, unless the reader is a slow one.
const PIECE_BYTES: usize = 64 << 10;

/// Where in an event its request id begins, at the latest.
const HEAD_BYTES: usize = 400;

/// A tail's connection.
pub(super) struct Reader {
    socket: TcpStream,
    /// The received bytes, and how many of them were parsed.
    raw: Vec<u8>,
    /// Bytes left of the chunk, including the line end after it.
    left: usize,
    /// The stream inside the chunks, and how much of it was returned.
    text: Vec<u8>,
    given: usize,
}

/// An event.
pub(super) struct Event {
    pub(super) seq: u64,
    pub(super) prev_seq: u64,
    /// The run's id.
    pub(super) id: u32,
}

impl Reader {
    /// Begins a tail with the next report, or continues after an event.
    pub(super) async fn open(server: &Server, function: Option<u32>, last: Option<u64>) -> anyhow::Result<Self> {
        let mut socket = TcpStream::connect(server.address).await?;
        let filter = function.map(|function| format!("?function=f{function}")).unwrap_or_default();
        let last = last.map(|last| format!("Last-Event-ID: {last}\r\n")).unwrap_or_default();
        let key = STANDARD.encode(format!("{SECRET_ID}:{SECRET_KEY}"));
        let host = server.address;
        let request =
            format!("GET /api/v1/tail{filter} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Basic {key}\r\n{last}\r\n");
        socket.write_all(request.as_bytes()).await?;
        let mut raw = Vec::new();
        let head = loop {
            ensure!(socket.read_buf(&mut raw).await? > 0, "the server closed the connection");
            if let Some(at) = raw.windows(4).position(|window| window == b"\r\n\r\n") {
                break raw.drain(..at + 4).collect::<Vec<u8>>();
            }
        };
        let head = String::from_utf8(head)?;
        let is_stream = head.starts_with("HTTP/1.1 200") && head.to_ascii_lowercase().contains("chunked");
        ensure!(is_stream, "no tail: {}", head.lines().next().unwrap_or_default());
        let mut reader = Self { socket, raw, left: 0, text: Vec::new(), given: 0 };
        reader.unpack()?;
        Ok(reader)
    }

    /// Reads at most `at_most` received bytes; returns the number read.
    pub(super) async fn fill(&mut self, at_most: Option<usize>) -> anyhow::Result<usize> {
        let room = at_most.unwrap_or(PIECE_BYTES);
        self.raw.reserve(room);
        let mut piece = (&mut self.socket).take(room as u64);
        let read = piece.read_buf(&mut self.raw).await?;
        ensure!(read > 0, "the server ended a tail");
        self.unpack()?;
        Ok(read)
    }

    /// The next event that has arrived completely.
    pub(super) fn event(&mut self) -> anyhow::Result<Option<Event>> {
        loop {
            let rest = &self.text[self.given..];
            let Some(length) = memchr::memmem::find(rest, b"\n\n") else {
                self.text.drain(..self.given);
                self.given = 0;
                return Ok(None);
            };
            self.given += length + 2;
            let mut lines = rest[..length].split(|byte| *byte == b'\n');
            if let Some(data) = lines.find_map(|line| line.strip_prefix(b"data: ")) {
                return event(data).map(Some);
            }
        }
    }

    /// Parses the chunks (RFC 9112).
    fn unpack(&mut self) -> anyhow::Result<()> {
        let mut at = 0;
        loop {
            let rest = &self.raw[at..];
            if self.left > 0 {
                let part = rest.len().min(self.left);
                // The last two bytes are the line end.
                let text = part.min(self.left.saturating_sub(2));
                self.text.extend_from_slice(&rest[..text]);
                (at, self.left) = (at + part, self.left - part);
                if self.left > 0 {
                    break;
                }
                continue;
            }
            let Some(length) = rest.windows(2).position(|pair| pair == b"\r\n") else { break };
            let size = usize::from_str_radix(std::str::from_utf8(&rest[..length])?, 16)?;
            ensure!(size > 0, "the server ended a tail");
            at += length + 2;
            self.left = size + 2;
        }
        self.raw.drain(..at);
        Ok(())
    }
}

/// Reads the numbers that an event begins with, and the run's id.
fn event(data: &[u8]) -> anyhow::Result<Event> {
    let head = String::from_utf8_lossy(&data[..data.len().min(HEAD_BYTES)]);
    let number = |name: &str| -> anyhow::Result<u64> {
        let (_, rest) = head.split_once(name).with_context(|| format!("no {name} in {head}"))?;
        let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
        Ok(digits.parse()?)
    };
    let Ok(id) = u32::try_from(number("\"RequestId\":\"")?) else { bail!("another id than was given: {head}") };
    Ok(Event { seq: number("\"Seq\":")?, prev_seq: number("\"PrevSeq\":")?, id })
}
