//! The output of an export: standard output, or a file that gets its name when it is complete and fsynced.

use std::fs::File;
use std::io::{self, IsTerminal, Write};
use std::path::Path;

use super::format::FileFormat;
use crate::cli::common::failure::Failure;
use crate::files::{self, Replacement};

/// An output, and the number of bytes written.
pub(super) struct Output {
    place: Place,
    bytes: u64,
}

enum Place {
    Stdout,
    /// An output that is not a regular file, such as a named pipe.
    Special(File),
    File(Replacement),
}

impl Output {
    /// Opens the output; `None` is standard output.
    pub(super) fn open(path: Option<&Path>, format: FileFormat) -> Result<Self, Failure> {
        let place = match path {
            None if format == FileFormat::Parquet && io::stdout().is_terminal() => {
                let advice = "Parquet cannot be shown on a terminal; give --output FILE, or another --format";
                return Err(Failure::Usage(advice.to_owned()));
            }
            None => Place::Stdout,
            Some(path) if files::is_special(path) => Place::Special(files::create(path)?),
            Some(path) => Place::File(Replacement::of(path)?),
        };
        Ok(Self { place, bytes: 0 })
    }

    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.bytes += bytes.len() as u64;
        match &mut self.place {
            Place::Stdout => io::stdout().lock().write_all(bytes),
            Place::Special(file) => file.write_all(bytes),
            Place::File(file) => file.write_all(bytes),
        }
    }

    /// Finishes the output: a file is fsynced then. Returns the bytes written.
    pub(super) fn finish(self) -> Result<u64, Failure> {
        match self.place {
            Place::Stdout => io::stdout().lock().flush()?,
            Place::Special(mut file) => file.flush()?,
            Place::File(file) => file.commit()?,
        }
        Ok(self.bytes)
    }
}
