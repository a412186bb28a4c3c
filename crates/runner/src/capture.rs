//! What a command prints: passed through as it is, and kept up to a bound, head and tail.

use std::collections::VecDeque;
use std::io::{self, PipeReader, Read};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::process::{Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rustix::event::{EventfdFlags, PollFd, PollFlags, eventfd, poll};
use rustix::io::{Errno, write};

/// How much is read at a time: what a pipe holds.
const READ_BYTES: usize = 64 << 10;

/// The share of the kept text that is the beginning: a quarter, because the end tells more.
const HEAD_PART: usize = 4;

/// Room for the line that says how much was left out.
const MARKER_BYTES: usize = 80;

/// The longest last line that is kept as a message.
const LAST_LINE_MAX_BYTES: usize = 4 << 10;

/// Where output goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum To {
    Stdout,
    Stderr,
}

/// What was printed so far, bounded.
pub(super) struct Output(Mutex<Kept>);

struct Kept {
    head: Vec<u8>,
    tail: VecDeque<u8>,
    /// The end of standard error alone, because the order of reading two pipes is not the order of printing.
    errors: VecDeque<u8>,
    max_bytes: usize,
    total_bytes: u64,
}

impl Output {
    /// Keeps at most `max_bytes` of text, with a marker in place of the omitted part.
    pub(super) fn new(max_bytes: usize) -> Self {
        let (head, tail, errors) = <(Vec<u8>, VecDeque<u8>, VecDeque<u8>)>::default();
        Self(Mutex::new(Kept { head, tail, errors, max_bytes, total_bytes: 0 }))
    }

    fn add(&self, part: &[u8], is_error: bool) {
        let mut kept = self.lock();
        kept.add(part);
        if is_error {
            push_bounded(&mut kept.errors, part, LAST_LINE_MAX_BYTES);
        }
    }

    /// How many bytes were printed.
    pub(super) fn total_bytes(&self) -> u64 {
        self.lock().total_bytes
    }

    /// What was printed, as text of at most `max_bytes`.
    pub(super) fn text(&self, max_bytes: usize) -> String {
        let kept = self.lock();
        let max_bytes = max_bytes.min(kept.max_bytes);
        let mut tail = kept.tail.clone();
        let head = kept.head.clone();
        let total_bytes = kept.total_bytes;
        drop(kept);
        let whole = head.len() as u64 + tail.len() as u64 == total_bytes;
        if whole {
            let mut bytes = head;
            bytes.extend_from_slice(tail.make_contiguous());
            // A replacement character is longer than what it replaces.
            let text = into_text(bytes);
            if text.len() <= max_bytes {
                return text;
            }
            let (head, tail) = text.split_at(text.floor_char_boundary(max_bytes / HEAD_PART));
            return joined(head, tail, max_bytes, text.len() as u64);
        }
        let head = into_text(without_partial_end(head));
        let tail = into_text(without_partial_start(tail));
        joined(&head, &tail, max_bytes, total_bytes)
    }

    /// The last line that is not blank, without its end; empty when there is none.
    pub(super) fn last_line(&self) -> String {
        let kept = self.lock();
        let end: Vec<u8> = if kept.tail.is_empty() { kept.head.clone() } else { kept.tail.iter().copied().collect() };
        drop(kept);
        last_line(&end)
    }

    /// The last line of standard error, where that has a pipe of its own and says something; else of all output.
    pub(super) fn last_error_line(&self) -> String {
        let errors: Vec<u8> = self.lock().errors.iter().copied().collect();
        let line = last_line(&errors);
        if line.is_empty() { self.last_line() } else { line }
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn add(&mut self, part: &[u8]) {
        self.total_bytes += part.len() as u64;
        let head_max = self.max_bytes / HEAD_PART;
        let (first, rest) = part.split_at(part.len().min(head_max - self.head.len()));
        self.head.extend_from_slice(first);
        let tail_max = self.max_bytes - head_max;
        push_bounded(&mut self.tail, rest, tail_max);
    }
}

/// Adds bytes at the end and drops from the front what is more than `max_bytes`.
fn push_bounded(bytes: &mut VecDeque<u8>, part: &[u8], max_bytes: usize) {
    let part = &part[part.len().saturating_sub(max_bytes)..];
    let over = (bytes.len() + part.len()).saturating_sub(max_bytes);
    bytes.drain(..over);
    bytes.extend(part);
}

/// The last line that is not blank, without its end; empty when there is none.
fn last_line(end: &[u8]) -> String {
    let end = end.trim_ascii_end();
    let start = end.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    let mut line = into_text(end[start..].to_vec());
    line.truncate(line.floor_char_boundary(LAST_LINE_MAX_BYTES));
    line.trim_ascii_end().to_owned()
}

/// The beginning and the end of a text with a line between them, in `max_bytes`.
fn joined(head: &str, tail: &str, max_bytes: usize, total_bytes: u64) -> String {
    let room = max_bytes.saturating_sub(MARKER_BYTES);
    let head = &head[..head.floor_char_boundary(room / HEAD_PART)];
    let tail_start = tail.len().saturating_sub(room - head.len());
    let tail = &tail[tail.ceil_char_boundary(tail_start)..];
    let left_out = total_bytes.saturating_sub((head.len() + tail.len()) as u64);
    format!("{head}\n[runlog: {left_out} of {total_bytes} bytes are left out here]\n{tail}")
}

fn into_text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

/// Takes off a character that was cut at the end.
fn without_partial_end(mut bytes: Vec<u8>) -> Vec<u8> {
    let start = bytes.iter().rposition(|byte| !is_continuation(*byte)).unwrap_or_default();
    if let Err(error) = std::str::from_utf8(&bytes[start..])
        && error.error_len().is_none()
    {
        bytes.truncate(start);
    }
    bytes
}

/// Takes off the rest of a character that was cut at the start: at most three bytes.
fn without_partial_start(bytes: VecDeque<u8>) -> Vec<u8> {
    let partial = bytes.iter().take(3).take_while(|byte| is_continuation(**byte)).count();
    bytes.into_iter().skip(partial).collect()
}

fn is_continuation(byte: u8) -> bool {
    byte & 0b1100_0000 == 0b1000_0000
}

/// Wakes the pumps when the command has ended, because its background processes may hold its pipes open.
pub(super) struct Ended(OwnedFd);

impl Ended {
    /// `None` where the kernel gives no more files; the pumps then wait for the end of the pipes.
    pub(super) fn new() -> Option<Self> {
        eventfd(0, EventfdFlags::CLOEXEC).ok().map(Self)
    }

    pub(super) fn tell(&self) {
        // A counter at 0 takes a 1.
        let _ = write(&self.0, &1_u64.to_ne_bytes());
    }
}

/// Moves what comes out of one pipe.
pub(super) struct Pump<'a> {
    pub(super) pipe: PipeReader,
    pub(super) to: Option<To>,
    pub(super) output: &'a Output,
    pub(super) ended: Option<&'a Ended>,
}

/// A pipe that outlives the command: something that it started still holds it.
pub(super) struct Left {
    pipe: PipeReader,
    to: To,
}

impl Pump<'_> {
    /// Runs until the pipe is closed, or the command has ended and the pipe is empty.
    pub(super) fn run(mut self) -> Option<Left> {
        let mut buffer = vec![0; READ_BYTES];
        let is_error = self.to == Some(To::Stderr);
        while self.has_more() {
            let part = match self.pipe.read(&mut buffer) {
                Ok(0) => return None,
                Ok(read) => &buffer[..read],
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => {
                    eprintln!("runlog: the command's output cannot be read: {error}");
                    return None;
                }
            };
            self.output.add(part, is_error);
            let Some(to) = self.to else { continue };
            match to.write_all(part) {
                Ok(()) => {}
                // Nobody reads on. With our end of the pipe closed, the command meets what it would have met.
                Err(Errno::PIPE) => return None,
                Err(error) => {
                    eprintln!("runlog: the command's output cannot be passed on: {error}; it is kept in the log");
                    self.to = None;
                }
            }
        }
        let Self { pipe, to, .. } = self;
        to.map(|to| Left { pipe, to })
    }

    /// Waits for something to read; says no when the command has ended and there is nothing.
    fn has_more(&self) -> bool {
        let Some(ended) = self.ended else { return true };
        let mut waits = [PollFd::new(&self.pipe, PollFlags::IN), PollFd::new(&ended.0, PollFlags::IN)];
        loop {
            match poll(&mut waits, None) {
                Err(Errno::INTR) => {}
                Err(_) => return true,
                Ok(_) => return !waits[0].revents().is_empty(),
            }
        }
    }
}

impl Left {
    /// Starts a separate process that forwards later output, so that this process can end with the command. The reader
    /// of the output then sees the same end as without us.
    pub(super) fn pass_on(self) {
        let output = match self.to {
            To::Stdout => io::stdout().as_fd().try_clone_to_owned(),
            To::Stderr => io::stderr().as_fd().try_clone_to_owned(),
        };
        let start = |output: OwnedFd| {
            let mut command = Command::new("/proc/self/exe");
            command.arg("pass-on").stdin(Stdio::from(self.pipe)).stdout(output);
            command.stderr(Stdio::null()).current_dir("/").spawn()
        };
        if let Err(error) = output.and_then(start) {
            eprintln!("runlog: what the command left running has lost its output: {error}");
        }
    }
}

impl To {
    fn write_all(self, mut bytes: &[u8]) -> Result<(), Errno> {
        let (stdout, stderr) = (io::stdout(), io::stderr());
        let fd = match self {
            To::Stdout => stdout.as_fd(),
            To::Stderr => stderr.as_fd(),
        };
        while !bytes.is_empty() {
            match write(fd, bytes) {
                Ok(written) => bytes = &bytes[written..],
                Err(Errno::INTR) => {}
                // Somebody who shares this file has made it non-blocking.
                Err(Errno::AGAIN) => wait_to_write(fd)?,
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

fn wait_to_write(fd: BorrowedFd<'_>) -> Result<(), Errno> {
    match poll(&mut [PollFd::from_borrowed_fd(fd, PollFlags::OUT)], None) {
        Ok(_) | Err(Errno::INTR) => Ok(()),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn output(max_bytes: usize, parts: &[&[u8]]) -> Output {
        let output = Output::new(max_bytes);
        for part in parts {
            output.add(part, false);
        }
        output
    }

    #[test]
    fn what_fits_is_kept_as_it_came() {
        let output = output(1000, &[b"a\n", "好".as_bytes(), b"\xff\n"]);
        assert_eq!(output.text(1000), "a\n好\u{fffd}\n");
        assert_eq!(output.last_line(), "好\u{fffd}");
    }

    #[test]
    fn of_much_the_head_and_the_tail_are_kept_and_the_middle_is_counted() {
        let lines: Vec<String> = (0..100_000).map(|number| format!("行 {number}\n")).collect();
        let parts: Vec<&[u8]> = lines.iter().map(String::as_bytes).collect();
        let total: usize = parts.iter().map(|part| part.len()).sum();
        for (kept, asked) in [(4_000, 4_000), (4_001, 1_000), (10_000, 9_999)] {
            let text = output(kept, &parts).text(asked);
            assert!(text.len() <= asked && text.len() > asked - 200, "{} of {asked}", text.len());
            assert!(text.starts_with("行 0\n行 1\n") && text.ends_with("行 99998\n行 99999\n"), "{text}");
            assert!(text.contains(&format!("of {total} bytes are left out here")) && !text.contains('\u{fffd}'));
        }
    }

    #[test]
    fn bytes_that_are_no_text_grow_and_still_fit() {
        let text = output(6_000, &[&[0xff; 5_000], b"\nend\n"]).text(6_000);
        assert!(text.len() <= 6_000 && text.ends_with("\nend\n") && text.contains("left out"), "{}", text.len());
    }

    #[test]
    fn the_last_line_of_standard_error_does_not_depend_on_which_pipe_is_read_first() {
        for swap in [false, true] {
            let output = Output::new(1_000);
            let mut parts = [(&b"reading\n"[..], false), (b"no such table\n", true)];
            if swap {
                parts.reverse();
            }
            parts.iter().for_each(|(part, is_error)| output.add(part, *is_error));
            assert_eq!(output.last_error_line(), "no such table");
        }
        assert_eq!(output(1_000, &[b"alone\n"]).last_error_line(), "alone");
    }

    #[test]
    fn the_last_line_is_the_last_that_says_something() {
        for (printed, line) in [("", ""), ("one", "one"), ("one\ntwo\n\n \n", "two"), ("\n\n", "")] {
            assert_eq!(output(1_000, &[printed.as_bytes()]).last_line(), line);
        }
    }
}
