//! Lines of CSV (RFC 4180), for answers of the server and for what commands print.

use std::fmt::{Display, Write};

/// A line, cell by cell.
#[derive(Debug, Default)]
pub struct Line {
    text: String,
    cells: usize,
}

impl Line {
    /// Adds a text, in quotes if it needs them. One that a spreadsheet would take for a formula stays as it is: this is
    /// data, to be read back.
    pub fn text(&mut self, text: &str) {
        self.begin();
        if text.contains(['"', ',', '\n', '\r']) {
            self.text.push('"');
            for (at, part) in text.split('"').enumerate() {
                self.text.push_str(if at > 0 { "\"\"" } else { "" });
                self.text.push_str(part);
            }
            self.text.push('"');
        } else {
            self.text.push_str(text);
        }
    }

    /// Adds a number, or nothing if there is none.
    pub fn number(&mut self, number: Option<impl Display>) {
        self.begin();
        if let Some(number) = number {
            write!(self.text, "{number}").expect("a string takes every text");
        }
    }

    /// The line, with its end.
    pub fn end(mut self) -> String {
        self.text.push_str("\r\n");
        self.text
    }

    fn begin(&mut self) {
        if self.cells > 0 {
            self.text.push(',');
        }
        self.cells += 1;
    }
}

/// A line of texts, such as the names of columns.
pub fn line<'a>(texts: impl IntoIterator<Item = &'a str>) -> String {
    let mut line = Line::default();
    texts.into_iter().for_each(|text| line.text(text));
    line.end()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_needs_quotes_is_quoted() {
        assert_eq!(line(["a b", "a,\"b\"", "\""]), "a b,\"a,\"\"b\"\"\",\"\"\"\"\r\n");
        assert_eq!(line(["", "a\nb", "a\rb"]), ",\"a\nb\",\"a\rb\"\r\n");
    }

    #[test]
    fn numbers_are_there_or_not() {
        let mut line = Line::default();
        line.number(Some(12.5));
        line.number(None::<u64>);
        line.number(Some(-1));
        assert_eq!(line.end(), "12.5,,-1\r\n");
    }
}
