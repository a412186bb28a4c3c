//! An export in a file format, as the server writes it.

use std::io::{self, Read};

use super::export_query::{ExportQuery, Head};
use crate::{Client, Error};

/// A file format of exports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ExportFormat {
    /// One JSON object a line.
    Ndjson,
    /// CSV with a line of names (RFC 4180).
    Csv,
    /// Parquet.
    Parquet,
}

/// The bytes of an export; made by [`Client::export_bytes`]. It is one connection: if that breaks, reading fails.
pub struct ExportBytes {
    head: Head,
    body: Box<dyn Read + Send>,
}

impl ExportBytes {
    /// How many runs the export has.
    pub fn total(&self) -> u64 {
        self.head.total
    }

    /// The sequence number that the export is as of.
    pub fn as_of(&self) -> u64 {
        self.head.as_of
    }
}

impl Read for ExportBytes {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        self.body.read(to)
    }
}

impl Client {
    /// Every finished run that matches, of one moment, in a file format. [`Client::export_with`] instead continues
    /// after a broken connection.
    ///
    /// # Errors
    /// As [`Client::runs`].
    pub fn export_bytes(&self, query: &ExportQuery, format: ExportFormat) -> Result<ExportBytes, Error> {
        let name = match format {
            ExportFormat::Ndjson => "ndjson",
            ExportFormat::Csv => "csv",
            ExportFormat::Parquet => "parquet",
        };
        let headers = [("Authorization", self.authorization())];
        let stream = self.transport.open(&query.target(Some(name), None), &headers, None)?;
        let head = Head::read(&stream).map_err(|error| self.bad_answer(&error))?;
        Ok(ExportBytes { head, body: stream.body })
    }
}
