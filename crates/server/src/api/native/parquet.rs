//! Rows as Parquet, in the columns that an import reads ([`columns`]).
//!
//! Rows are gathered until there are enough for a row group, which is then written column by column. So memory is
//! bounded by one group, and the bytes of a group can be sent before the next one begins.

use std::io;
use std::sync::Arc;

use ::parquet::basic::{Compression, ZstdLevel};
use ::parquet::data_type::{ByteArray, ByteArrayType, DoubleType, Int64Type};
use ::parquet::errors::ParquetError;
use ::parquet::file::properties::WriterProperties;
use ::parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter};
use ::parquet::schema::parser::parse_message_type;
use ::parquet::schema::types::ColumnPath;
use runlog_core::{Columns, Row};
use runlog_ingest::formats::columns::{self, Kind};

use super::fields::{Cell, Selection};

/// Rows and bytes of texts at which a row group is written: large enough for skipping and for compression.
const GROUP_MAX_ROWS: usize = 64 << 10;
const GROUP_MAX_BYTES: usize = 16 << 20;

/// Compression level of pages: as fast as the rows can be read.
const ZSTD_LEVEL: i32 = 1;

/// Columns whose values rarely repeat, so a dictionary would only be discarded.
const WITHOUT_DICTIONARY: [&str; 3] = ["Seq", "RequestId", "Log"];

/// Writes rows.
pub(super) struct ParquetRows {
    fields: Selection,
    writer: SerializedFileWriter<Vec<u8>>,
    /// One for each field; `None` for a field that has no column.
    columns: Vec<Option<Column>>,
    rows: usize,
    bytes: usize,
}

/// The values of a column in the next row group.
struct Column {
    is_required: bool,
    values: Values,
    /// 1 for a value, 0 for none.
    levels: Vec<i16>,
}

enum Values {
    Texts(Vec<ByteArray>),
    Integers(Vec<i64>),
    Millis(Vec<f64>),
}

impl ParquetRows {
    /// Begins a file.
    ///
    /// # Errors
    /// [`io::ErrorKind::InvalidInput`] when none of the fields has a column.
    pub(super) fn new(fields: Selection) -> io::Result<Self> {
        let columns: Vec<_> = fields.names().map(|name| Some(Column::new(name, columns::kind(name)?))).collect();
        if columns.iter().all(Option::is_none) {
            let advice = "Parquet has no column for any of these fields; StartTime is a timestamp there";
            return Err(io::Error::new(io::ErrorKind::InvalidInput, advice));
        }
        let schema = parse_message_type(&columns::message_type(fields.names())).map_err(failed)?;
        let level = ZstdLevel::try_new(ZSTD_LEVEL).map_err(failed)?;
        let mut properties = WriterProperties::builder()
            .set_created_by(concat!("runlog ", env!("CARGO_PKG_VERSION")).to_owned())
            .set_compression(Compression::ZSTD(level));
        for name in WITHOUT_DICTIONARY {
            properties = properties.set_column_dictionary_enabled(ColumnPath::from(name), false);
        }
        let writer = SerializedFileWriter::new(Vec::new(), Arc::new(schema), Arc::new(properties.build()));
        Ok(Self { fields, writer: writer.map_err(failed)?, columns, rows: 0, bytes: 0 })
    }

    pub(super) fn row(&mut self, row: &Row) -> io::Result<()> {
        for (column, cell) in self.columns.iter_mut().zip(self.fields.cells(row)) {
            if let Some(column) = column {
                self.bytes += column.push(&cell);
            }
        }
        self.rows += 1;
        if self.rows >= GROUP_MAX_ROWS || self.bytes >= GROUP_MAX_BYTES { self.write_group() } else { Ok(()) }
    }

    /// The texts that the rows need.
    pub(super) fn columns(&self) -> Columns {
        self.fields.columns()
    }

    pub(super) fn ready_bytes(&self) -> usize {
        self.writer.inner().len()
    }

    pub(super) fn take(&mut self) -> Vec<u8> {
        std::mem::take(self.writer.inner_mut())
    }

    /// The last group and the footer.
    pub(super) fn finish(mut self) -> io::Result<Vec<u8>> {
        if self.rows > 0 {
            self.write_group()?;
        }
        self.writer.into_inner().map_err(failed)
    }

    fn write_group(&mut self) -> io::Result<()> {
        let mut group = self.writer.next_row_group().map_err(failed)?;
        for column in self.columns.iter_mut().flatten() {
            let missing = || io::Error::other("a column is missing in the schema");
            let mut chunk = group.next_column().map_err(failed)?.ok_or_else(missing)?;
            column.write(&mut chunk).map_err(failed)?;
            chunk.close().map_err(failed)?;
        }
        group.close().map_err(failed)?;
        self.writer.flush()?;
        (self.rows, self.bytes) = (0, 0);
        Ok(())
    }
}

impl Column {
    fn new(name: &str, kind: Kind) -> Self {
        let values = match kind {
            Kind::Text => Values::Texts(Vec::new()),
            Kind::Integer | Kind::Time => Values::Integers(Vec::new()),
            Kind::Millis => Values::Millis(Vec::new()),
        };
        Self { is_required: columns::is_required(name), values, levels: Vec::new() }
    }

    /// Adds a value; returns its bytes.
    fn push(&mut self, cell: &Cell<'_>) -> usize {
        let signed = |number: u64| i64::try_from(number).expect("numbers of runs are below 2^63");
        let (is_there, bytes) = match (&mut self.values, cell) {
            (Values::Texts(texts), Cell::Text(text)) => {
                texts.push(text.as_bytes().to_vec().into());
                (true, text.len())
            }
            (Values::Integers(numbers), Cell::Unsigned(number)) => {
                numbers.push(signed(*number));
                (true, size_of::<i64>())
            }
            (Values::Integers(numbers), Cell::Signed(number)) => {
                numbers.push(*number);
                (true, size_of::<i64>())
            }
            (Values::Millis(numbers), Cell::Micros(us)) => {
                numbers.push(*us as f64 / 1000.0);
                (true, size_of::<f64>())
            }
            (_, Cell::Absent) => (false, 0),
            _ => unreachable!("a field is of the kind of its column"),
        };
        self.levels.push(i16::from(is_there));
        bytes
    }

    fn write(&mut self, chunk: &mut SerializedColumnWriter<'_>) -> Result<(), ParquetError> {
        let levels = (!self.is_required).then_some(&self.levels[..]);
        match &mut self.values {
            Values::Texts(texts) => {
                chunk.typed::<ByteArrayType>().write_batch(texts, levels, None)?;
                texts.clear();
            }
            Values::Integers(numbers) => {
                chunk.typed::<Int64Type>().write_batch(numbers, levels, None)?;
                numbers.clear();
            }
            Values::Millis(numbers) => {
                chunk.typed::<DoubleType>().write_batch(numbers, levels, None)?;
                numbers.clear();
            }
        }
        self.levels.clear();
        Ok(())
    }
}

#[expect(clippy::needless_pass_by_value, reason = "the signature that `map_err` takes")]
fn failed(error: ParquetError) -> io::Error {
    io::Error::other(format!("the Parquet file cannot be written: {error}"))
}
