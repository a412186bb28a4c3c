//! An answer that is read while it is sent: its head, then its chunks, and whether its end came.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};

use serde_json::Value;

use super::{PATIENCE, Request, Response};

/// A stream of bytes in chunks (RFC 9112). Reading it fails where it was cut off.
pub(crate) struct Stream {
    reader: BufReader<TcpStream>,
    /// Bytes of the current chunk that were not read yet.
    left: usize,
    is_whole: bool,
}

/// One Server-Sent Event, or a sign of life without data.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Event {
    /// Its kind, where it has one.
    pub(crate) name: Option<String>,
    pub(crate) id: Option<u64>,
    pub(crate) data: Option<Value>,
}

impl Stream {
    /// Sends a request on a connection of its own, and reads the head of the answer.
    pub(crate) fn open(address: SocketAddr, request: &Request) -> io::Result<(Response, Self)> {
        let mut tcp = TcpStream::connect_timeout(&address, PATIENCE)?;
        tcp.set_read_timeout(Some(PATIENCE))?;
        tcp.write_all(&request.bytes())?;
        let mut stream = Self { reader: BufReader::new(tcp), left: 0, is_whole: false };
        let status = stream.raw_line()?;
        let code = status.get(9..12).and_then(|code| code.parse().ok());
        let status = code.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, status))?;
        let mut response = Response { status, headers: Vec::new(), body: Vec::new() };
        loop {
            let line = stream.raw_line()?;
            let Some((name, value)) = line.split_once(':') else { break };
            response.headers.push((name.to_owned(), value.trim().to_owned()));
        }
        if response.header("transfer-encoding").is_none() {
            let length = response.header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
            response.body = vec![0; length];
            stream.reader.read_exact(&mut response.body)?;
            stream.is_whole = true;
        }
        Ok((response, stream))
    }

    /// Everything to the end.
    pub(crate) fn read_whole(&mut self) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// The next event or sign of life; `None` at the end.
    pub(crate) fn event(&mut self) -> io::Result<Option<Event>> {
        let mut event = Event::default();
        loop {
            let Some(line) = self.line()? else { return Ok(None) };
            if line.is_empty() {
                return Ok(Some(event));
            }
            if let Some(name) = line.strip_prefix("event: ") {
                event.name = Some(name.to_owned());
            } else if let Some(id) = line.strip_prefix("id: ") {
                event.id = Some(id.parse().expect("a number"));
            } else if let Some(data) = line.strip_prefix("data: ") {
                event.data = Some(serde_json::from_str(data).expect("JSON"));
            }
        }
    }

    fn line(&mut self) -> io::Result<Option<String>> {
        let mut line = Vec::new();
        let mut byte = [0];
        while self.read(&mut byte)? > 0 {
            if byte[0] == b'\n' {
                return Ok(Some(String::from_utf8(line).expect("UTF-8")));
            }
            line.push(byte[0]);
        }
        Ok(None)
    }

    fn raw_line(&mut self) -> io::Result<String> {
        let mut line = String::new();
        if self.reader.read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(line.trim_end().to_owned())
    }
}

impl Read for Stream {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while self.left == 0 && !self.is_whole {
            let line = self.raw_line()?;
            let size = usize::from_str_radix(&line, 16);
            self.left = size.map_err(|_| io::Error::new(io::ErrorKind::InvalidData, line))?;
            if self.left == 0 {
                self.raw_line()?;
                self.is_whole = true;
            }
        }
        if self.is_whole {
            return Ok(0);
        }
        let room = into.len().min(self.left);
        let read = self.reader.read(&mut into[..room])?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.left -= read;
        if self.left == 0 {
            self.raw_line()?;
        }
        Ok(read)
    }
}
