//! Tables for people: cells below the heads of their columns, without borders.
//!
//! No text of a cell reaches a terminal as it is: each is one line, and harmless.

use std::io::{self, Write};

use clap::ValueEnum;
use unicode_width::UnicodeWidthStr;

use super::text::plain;

/// Columns of the screen between two columns of a table.
pub(in crate::cli) const GAP: usize = 2;

/// How a command's findings are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum Format {
    /// A table and sentences.
    Table,
    /// One JSON object.
    Json,
}

/// A table whose columns are as wide as their widest cell.
pub(in crate::cli) struct Table {
    rows: Vec<Vec<String>>,
    is_right: Vec<bool>,
    indent: &'static str,
}

/// A cell where a table shows it.
pub(in crate::cli) struct Cell<'a> {
    pub(in crate::cli) text: &'a str,
    /// The least width, in columns of the screen: a longer text takes more.
    pub(in crate::cli) width: usize,
    pub(in crate::cli) is_right: bool,
}

impl Table {
    /// A table with these heads. The cells of a column whose head begins with `>` are aligned right.
    pub(in crate::cli) fn new(heads: &[&str]) -> Self {
        let mut table =
            Self { rows: Vec::new(), is_right: heads.iter().map(|head| head.starts_with('>')).collect(), indent: "" };
        table.row(heads.iter().map(|head| head.trim_start_matches('>')));
        table
    }

    /// A table as [`Table::new`], one column of the screen to the right.
    pub(in crate::cli) fn indented(heads: &[&str]) -> Self {
        Self { indent: " ", ..Self::new(heads) }
    }

    pub(in crate::cli) fn row<T: AsRef<str>>(&mut self, cells: impl IntoIterator<Item = T>) {
        self.rows.push(cells.into_iter().map(|cell| plain(cell.as_ref()).into_owned()).collect());
    }

    /// Prints the table.
    pub(in crate::cli) fn print(&self, out: &mut impl Write) -> io::Result<()> {
        self.lines().try_for_each(|line| writeln!(out, "{line}"))
    }

    /// The lines, the heads first.
    fn lines(&self) -> impl Iterator<Item = String> {
        let widths = widths(self.is_right.len(), self.rows.iter().map(Vec::as_slice));
        self.rows.iter().map(move |row| {
            let cells = row.iter().zip(&widths).zip(&self.is_right);
            let cells = cells.map(|((text, &width), &is_right)| Cell { text, width, is_right });
            format!("{}{}", self.indent, line(cells).trim_end())
        })
    }
}

/// Prints rows below their heads; nothing where there are no rows.
pub(in crate::cli) fn write_table(out: &mut impl Write, heads: &[&str], rows: Vec<Vec<String>>) -> io::Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let mut table = Table::new(heads);
    rows.into_iter().for_each(|row| table.row(row));
    table.print(out)
}

/// The width of the widest cell of each column.
pub(in crate::cli) fn widths<'a>(columns: usize, rows: impl Iterator<Item = &'a [String]>) -> Vec<usize> {
    let mut widths = vec![0; columns];
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.width().max(*width);
        }
    }
    widths
}

/// Cells beside each other, a gap after each.
pub(in crate::cli) fn line<'a>(cells: impl Iterator<Item = Cell<'a>>) -> String {
    let mut line = String::new();
    for Cell { text, width, is_right } in cells {
        let padding = " ".repeat(width.saturating_sub(text.width()));
        let (before, after) = if is_right { (padding.as_str(), "") } else { ("", padding.as_str()) };
        line.extend([before, text, after, &" ".repeat(GAP)]);
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_line_up_whatever_their_letters() {
        let mut table = Table::new(&["FUNCTION", ">RUNS", "NOTE"]);
        table.row(["夜间任务", "1", ""]);
        table.row(["a\u{1b}]0;t\u{7}b", "22", "\u{202e}note\n"]);
        let lines: Vec<String> = table.lines().collect();
        assert_eq!(lines, ["FUNCTION  RUNS  NOTE", "夜间任务     1", "a ]0;t b    22   note"]);
    }

    #[test]
    fn heads_alone_are_a_table() {
        assert_eq!(Table::indented(&["ID", "NOTE"]).lines().collect::<Vec<_>>(), [" ID  NOTE"]);
    }
}
