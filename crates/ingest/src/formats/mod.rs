//! Files of other systems as runs: each format is a pure parser in a file of its own, from a reader to an iterator of
//! runs and refusals.
//!
//! The same bytes under the same hints always give the same runs, request ids included, so importing a file twice
//! stores it once. No bytes make a parser panic, and memory is bounded: by a line, by the open runs, by a row.

mod answer;
pub mod columns;
mod content;
mod finish;
mod format;
mod gather;
mod item;
mod lambda;
mod lambda_json;
mod lines;
pub mod measure;
mod ndjson;
mod open_runs;
mod parquet;
mod platform_lines;
mod scf_json;
mod sniff;
mod stamp;

use std::io::{self, BufRead};
use std::rc::Rc;

pub use self::format::Format;
pub use self::item::{Found, Hints, Item, Notes, Untimed};
pub use self::parquet::{is_parquet, parquet};
pub use self::sniff::sniff;

/// Reads a file of any format but Parquet.
pub fn parse<'a>(
    format: Format,
    reader: impl BufRead + 'a,
    hints: Hints,
    notes: Rc<Notes>,
) -> Box<dyn Iterator<Item = Item> + 'a> {
    use self::lines::ByLine;
    match format {
        Format::Ndjson => Box::new(ByLine::new(reader, ndjson::Ndjson::new(hints), notes)),
        Format::Platform => Box::new(ByLine::new(reader, platform_lines::parser(hints, Rc::clone(&notes)), notes)),
        Format::Lambda => Box::new(ByLine::new(reader, lambda::parser(hints, Rc::clone(&notes)), notes)),
        Format::ScfJson => Box::new(ByLine::new(reader, scf_json::ScfJson::new(hints, Rc::clone(&notes)), notes)),
        Format::Answer => Box::new(answer::answers(reader, hints)),
        Format::Parquet => {
            let advice = "a Parquet file is read from its end: give it as an uncompressed file, not a pipe";
            Box::new(std::iter::once(Err(io::Error::other(advice))))
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
