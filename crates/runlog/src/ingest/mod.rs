//! Ways for runs to come in. Each ends in runs and a refusal for each record that is not a run: `json` reads what is
//! posted, `formats` the files of other systems, `otlp` gathers the log records of OpenTelemetry.

mod body;
pub(crate) mod formats;
mod json;
mod lines;
pub(crate) mod otlp;
mod record;

pub(crate) use body::{BodyError, Encoding, body_reader};
pub(crate) use formats::columns;
pub(crate) use json::{IngestError, Report, Sink, ingest};
pub(crate) use record::Defaults;

/// A record that was not stored, and why.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub(crate) struct Refused {
    /// The record's line, or its place in a JSON array; the first is 1.
    pub(crate) line: u64,
    /// A short stable name.
    pub(crate) code: String,
    /// What is wrong and what to do.
    pub(crate) message: String,
}
