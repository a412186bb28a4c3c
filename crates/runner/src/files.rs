//! Files of the wrapped command.
#![allow(clippy::disallowed_methods, reason = "this is the runner's one place for file access")]

use std::fs::File;
use std::io::Read;
use std::path::Path;

/// Reads at most `max_bytes` of a text file from its start, without white space at its end; `None` when that cannot be
/// done. Bytes that are no text are replaced.
pub(crate) fn read_start(path: &Path, max_bytes: usize) -> Option<String> {
    let mut bytes = Vec::new();
    File::open(path).ok()?.take(max_bytes as u64).read_to_end(&mut bytes).ok()?;
    let mut text = String::from_utf8_lossy(&bytes).into_owned();
    text.truncate(text.floor_char_boundary(max_bytes));
    text.truncate(text.trim_ascii_end().len());
    Some(text)
}
