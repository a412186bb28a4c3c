//! Formats that are read line by line.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::io::BufRead;
use std::rc::Rc;

use super::item::refused;
use super::{Found, Item, Notes};
use crate::Refused;
use crate::lines::{Line, read_line};

/// Longest line, in bytes: the longest log with most characters escaped.
const LINE_MAX_BYTES: usize = 32 << 20;

/// What came of the lines so far.
pub(super) type Out = VecDeque<Result<Found, Refused>>;

/// Makes runs of lines.
pub(super) trait LineParser {
    /// Takes a line, without its end; the first has number 1.
    fn line(&mut self, number: u64, text: &str, out: &mut Out);

    /// Takes the end of the file.
    fn end(&mut self, out: &mut Out);
}

/// The runs of a reader's lines.
pub(super) struct ByLine<R, P> {
    reader: R,
    parser: P,
    notes: Rc<Notes>,
    buffer: Vec<u8>,
    number: u64,
    out: Out,
    is_done: bool,
}

impl<R, P> ByLine<R, P> {
    pub(super) fn new(reader: R, parser: P, notes: Rc<Notes>) -> Self {
        Self { reader, parser, notes, buffer: Vec::new(), number: 0, out: Out::new(), is_done: false }
    }
}

impl<R: BufRead, P: LineParser> Iterator for ByLine<R, P> {
    type Item = Item;

    fn next(&mut self) -> Option<Item> {
        loop {
            if let Some(item) = self.out.pop_front() {
                return Some(Ok(item));
            }
            if self.is_done {
                return None;
            }
            self.number += 1;
            match read_line(&mut self.reader, &mut self.buffer, LINE_MAX_BYTES) {
                Ok(Line::Whole) => {
                    let text = String::from_utf8_lossy(&self.buffer);
                    if matches!(text, Cow::Owned(_)) {
                        self.notes.utf8_replaced.set(self.notes.utf8_replaced.get() + 1);
                    }
                    self.parser.line(self.number, &text, &mut self.out);
                }
                Ok(Line::TooLong) => {
                    let message = format!("the line is longer than {LINE_MAX_BYTES} bytes; shorten the log");
                    self.out.push_back(Err(refused(self.number, "TooLong", message)));
                }
                Ok(Line::End) => {
                    self.is_done = true;
                    self.parser.end(&mut self.out);
                }
                Err(error) => {
                    // The open runs may be incomplete, so they are left out and come with the repaired file.
                    self.is_done = true;
                    return Some(Err(error));
                }
            }
        }
    }
}
