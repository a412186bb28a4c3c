//! Encodes a stream of rows: lines of JSON or CSV, plain or compressed on the fly, or Parquet.

use std::io::{self, Write};

use bytes::Bytes;
use runlog_core::{Columns, Row};

use super::fields::Selection;
use super::parquet::ParquetRows;
use crate::encoder::Encoder;

/// The form of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// One JSON object per line.
    Ndjson,
    /// Comma-separated values with a header line.
    Csv,
    /// Apache Parquet.
    Parquet,
}

/// Writes rows.
pub struct Lines(Form);

enum Form {
    Text { fields: Selection, is_csv: bool, encoder: Encoder },
    Parquet(Box<ParquetRows>),
}

impl Format {
    pub(super) fn content_type(self) -> &'static str {
        match self {
            Self::Ndjson => "application/x-ndjson",
            Self::Csv => "text/csv; charset=utf-8",
            Self::Parquet => "application/vnd.apache.parquet",
        }
    }
}

impl Lines {
    /// An encoder of rows with these fields. The bytes before the first row are ready at once. Parquet is never
    /// compressed as a whole, because its pages are.
    ///
    /// # Errors
    /// If the format is Parquet and none of the fields has a column.
    pub fn new(format: Format, fields: Selection, encoder: Encoder) -> io::Result<Self> {
        if format == Format::Parquet {
            return Ok(Self(Form::Parquet(Box::new(ParquetRows::new(fields)?))));
        }
        let (is_csv, mut encoder) = (format == Format::Csv, encoder);
        if is_csv {
            encoder.write_all(fields.csv_head().as_bytes())?;
        }
        Ok(Self(Form::Text { fields, is_csv, encoder }))
    }

    /// Writes a row. Its text is gathered first, because a compressor is slow with small pieces.
    pub fn row(&mut self, row: &Row) -> io::Result<()> {
        let (fields, is_csv, encoder) = match &mut self.0 {
            Form::Text { fields, is_csv, encoder } => (fields, *is_csv, encoder),
            Form::Parquet(rows) => return rows.row(row),
        };
        if is_csv {
            return encoder.write_all(fields.csv(row).as_bytes());
        }
        let mut line = Vec::with_capacity(512 + row.run.log.len() + row.run.ret_msg.len());
        serde_json::to_writer(&mut line, &fields.json(row, None))?;
        line.push(b'\n');
        encoder.write_all(&line)
    }

    /// Writes the reason of an early end, if the format allows it: a last line of JSON that is not a run.
    pub(super) fn fail(&mut self, code: &str, message: &str) -> io::Result<()> {
        if let Form::Text { is_csv: false, encoder, .. } = &mut self.0 {
            let error = serde_json::json!({ "error": { "code": code, "message": message } });
            writeln!(encoder, "{error}")?;
        }
        Ok(())
    }

    /// The texts that the rows need.
    pub(super) fn columns(&self) -> Columns {
        match &self.0 {
            Form::Text { fields, .. } => fields.columns(),
            Form::Parquet(rows) => rows.columns(),
        }
    }

    /// Bytes that are ready to be sent.
    pub fn ready_bytes(&self) -> usize {
        match &self.0 {
            Form::Text { encoder, .. } => encoder.ready_bytes(),
            Form::Parquet(rows) => rows.ready_bytes(),
        }
    }

    /// Takes them.
    pub fn take(&mut self) -> Bytes {
        match &mut self.0 {
            Form::Text { encoder, .. } => encoder.take(),
            Form::Parquet(rows) => rows.take().into(),
        }
    }

    /// The last bytes.
    pub fn finish(self) -> io::Result<Bytes> {
        match self.0 {
            Form::Text { encoder, .. } => encoder.finish(),
            Form::Parquet(rows) => rows.finish().map(Into::into),
        }
    }
}
