//! Lines of bounded length from a reader.

use std::io::{self, BufRead};

/// What the next line is.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Line {
    /// The line is in the buffer, without its end.
    Whole,
    /// The line was over the limit and has been passed over.
    TooLong,
    /// There is no further line.
    End,
}

/// Reads the next line into `buffer`, which it clears first.
pub(crate) fn read_line(reader: &mut impl BufRead, buffer: &mut Vec<u8>, max_bytes: usize) -> io::Result<Line> {
    read_line_in(reader, buffer, max_bytes, |_| Ok::<(), io::Error>(()))
}

/// As [`read_line`]. `room` is asked before the buffer grows, with the bytes that it will have.
pub(crate) fn read_line_in<E: From<io::Error>>(
    reader: &mut impl BufRead,
    buffer: &mut Vec<u8>,
    max_bytes: usize,
    mut room: impl FnMut(usize) -> Result<(), E>,
) -> Result<Line, E> {
    buffer.clear();
    let mut is_too_long = false;
    let mut is_empty = true;
    loop {
        let available = reader.fill_buf()?;
        if available.is_empty() {
            break;
        }
        is_empty = false;
        let end = memchr::memchr(b'\n', available);
        let part = &available[..end.unwrap_or(available.len())];
        is_too_long |= buffer.len() + part.len() > max_bytes;
        if !is_too_long {
            let wanted = buffer.len() + part.len();
            if wanted > buffer.capacity() {
                // Twice as much at least, as a growing list does.
                let capacity = wanted.max(2 * buffer.capacity());
                room(capacity)?;
                buffer.reserve_exact(capacity - buffer.len());
            }
            buffer.extend_from_slice(part);
        }
        let used = part.len() + usize::from(end.is_some());
        reader.consume(used);
        if end.is_some() {
            break;
        }
    }
    if buffer.last() == Some(&b'\r') {
        buffer.pop();
    }
    Ok(match (is_empty, is_too_long) {
        (true, _) => Line::End,
        (false, true) => Line::TooLong,
        (false, false) => Line::Whole,
    })
}

#[cfg(test)]
mod tests {
    use std::io::BufReader;

    use super::*;

    #[test]
    fn lines_with_every_end() {
        // A tiny buffer, so that lines cross its edges.
        let mut reader = BufReader::with_capacity(3, &b"one\r\n\ntoo long a line\nlast"[..]);
        let mut buffer = Vec::new();
        let mut seen = Vec::new();
        loop {
            match read_line(&mut reader, &mut buffer, 8).unwrap() {
                Line::Whole => seen.push(String::from_utf8(buffer.clone()).unwrap()),
                Line::TooLong => seen.push("TOO LONG".to_owned()),
                Line::End => break,
            }
        }
        assert_eq!(seen, ["one", "", "TOO LONG", "last"]);
    }
}
