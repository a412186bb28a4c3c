//! Outside bytes to runs. Each way ends in runs, and a refusal for each record that is not a run: `json` reads what is
//! posted, `formats` the files of other systems, `otlp` the log records of OpenTelemetry.
//!
//! Everything here is pure: no IO but the readers that callers bring, no state between requests, no engine, no clock.

pub mod formats;
mod json;
mod lines;
pub mod otlp;
mod record;

pub use json::{IngestError, Report, Sink, ingest};
pub use record::{Defaults, cut};

/// A record that was not stored, and why.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Refused {
    /// The record's line, or its place in a JSON array; the first is 1.
    pub line: u64,
    /// A short stable name.
    pub code: String,
    /// What is wrong and what to do.
    pub message: String,
}
