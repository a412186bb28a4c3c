//! The formats of an export, and how its texts are compressed.

use clap::ValueEnum;
use runlog_server::export::Format;

/// The format of an export.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum FileFormat {
    /// One JSON object per line, in the form of ingest.
    Ndjson,
    /// RFC 4180, with a header line.
    Csv,
    /// One row per run; StartTime is a timestamp.
    Parquet,
}

/// The compression of NDJSON and CSV.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Packing {
    Plain,
    Gzip,
    Zstd,
}

impl From<FileFormat> for Format {
    fn from(format: FileFormat) -> Self {
        match format {
            FileFormat::Ndjson => Self::Ndjson,
            FileFormat::Csv => Self::Csv,
            FileFormat::Parquet => Self::Parquet,
        }
    }
}
