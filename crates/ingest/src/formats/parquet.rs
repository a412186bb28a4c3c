//! Parquet: one run a row, in the columns of [`super::columns`].
//!
//! Row groups are read one after the other, and pages of a column as they are needed, so memory is bounded by the
//! pages of one row group. The types of the columns are checked before the first row. Columns that no run has are left
//! out, and noted.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::Arc;

use parquet::basic::{ConvertedType, LogicalType, Repetition, TimeUnit, Type as Physical};
use parquet::file::reader::{ChunkReader, FileReader, SerializedFileReader};
use parquet::record::Field;
use parquet::record::reader::RowIter;
use parquet::schema::types::{Type, TypePtr};
use runlog_core::RunDraft;

use super::columns::{Column, Kind, SEQ, Value};
use super::finish::Finish;
use super::item::refused;
use super::{Found, Hints, Item, Notes};
use crate::Refused;

const MAGIC: &[u8; 4] = b"PAR1";

/// Whether a file is Parquet; it stays at its beginning.
pub fn is_parquet(file: &mut File) -> io::Result<bool> {
    let mut magic = Vec::new();
    file.by_ref().take(MAGIC.len() as u64).read_to_end(&mut magic)?;
    file.seek(SeekFrom::Start(0))?;
    Ok(magic == MAGIC)
}

/// The runs of a Parquet file.
pub fn parquet<R: ChunkReader + 'static>(file: R, hints: Hints, notes: &Rc<Notes>) -> Box<dyn Iterator<Item = Item>> {
    // The library panics on some files that are damaged.
    match catch_unwind(AssertUnwindSafe(|| open(file, notes))).unwrap_or_else(|_| Err(damaged())) {
        Ok((rows, columns)) => Box::new(Rows { rows, columns, finish: Finish::new(hints), number: 0, is_done: false }),
        Err(error) => Box::new(std::iter::once(Err(error))),
    }
}

/// A column of this file.
struct Known {
    column: &'static Column,
    /// Whether its numbers are nanoseconds since 1970.
    is_nanos: bool,
}

struct Rows {
    rows: RowIter<'static>,
    columns: Vec<Known>,
    finish: Finish,
    number: u64,
    is_done: bool,
}

impl Iterator for Rows {
    type Item = Item;

    fn next(&mut self) -> Option<Item> {
        if self.is_done {
            return None;
        }
        let row = catch_unwind(AssertUnwindSafe(|| self.rows.next()));
        match row {
            Ok(Some(Ok(row))) => {
                self.number += 1;
                let fields = row.into_columns();
                Some(Ok(self.run(fields.into_iter().map(|(_, field)| field))))
            }
            Ok(None) => None,
            Ok(Some(Err(error))) => {
                self.is_done = true;
                Some(Err(io::Error::other(format!("the Parquet file cannot be read on: {error}"))))
            }
            Err(_) => {
                self.is_done = true;
                Some(Err(damaged()))
            }
        }
    }
}

impl Rows {
    fn run(&mut self, fields: impl Iterator<Item = Field>) -> Result<Found, Refused> {
        let mut run = RunDraft::default();
        let zone = self.finish.hints().zone;
        for (known, field) in self.columns.iter().zip(fields) {
            let set = match value(field, known.is_nanos) {
                Ok(None) => Ok(()),
                Ok(Some(value)) => known.column.set(&mut run, value, zone),
                Err(error) => Err(format!("{}: {error}", known.column.name)),
            };
            set.map_err(|message| refused(self.number, "Malformed", message))?;
        }
        self.finish.run(self.number, run)
    }
}

fn open<R: ChunkReader + 'static>(file: R, notes: &Notes) -> io::Result<(RowIter<'static>, Vec<Known>)> {
    let unreadable = |error: parquet::errors::ParquetError| io::Error::other(format!("not a Parquet file: {error}"));
    let reader = SerializedFileReader::new(file).map_err(unreadable)?;
    let schema = reader.metadata().file_metadata().schema().clone();
    let (mut columns, mut fields) = (Vec::new(), Vec::<TypePtr>::new());
    for field in schema.get_fields() {
        match Column::named(field.name()) {
            None if field.name() == SEQ => {}
            None => {
                notes.ignored.borrow_mut().insert(field.name().to_owned());
            }
            Some(column) => {
                let is_nanos = check(column, field)?;
                columns.push(Known { column, is_nanos });
                fields.push(Arc::clone(field));
            }
        }
    }
    if columns.is_empty() {
        return Err(io::Error::other("the Parquet file has no column of a run, such as FunctionName"));
    }
    let wanted = Type::group_type_builder(schema.name()).with_fields(fields).build().map_err(unreadable)?;
    let rows = RowIter::from_file_into(Box::new(reader)).project(Some(wanted)).map_err(unreadable)?;
    Ok((rows, columns))
}

/// Whether a field's numbers are nanoseconds since 1970.
///
/// # Errors
/// When its type cannot hold what the column is.
fn check(column: &Column, field: &Type) -> io::Result<bool> {
    let wrong = |is: String| {
        let takes = match column.kind {
            Kind::Text => "a text (UTF-8)",
            Kind::Integer => "an integer",
            Kind::Millis => "milliseconds as a number",
            Kind::Time => "a timestamp, Unix milliseconds as an integer, or a text",
        };
        io::Error::other(format!("the column {} is {is}; it takes {takes}", field.name()))
    };
    if !field.is_primitive() || field.get_basic_info().repetition() == Repetition::REPEATED {
        return Err(wrong("a list or a group".to_owned()));
    }
    let info = field.get_basic_info();
    let (physical, converted) = (field.get_physical_type(), info.converted_type());
    let is_nanos =
        matches!(info.logical_type_ref(), Some(LogicalType::Timestamp(stamp)) if stamp.unit == TimeUnit::NANOS);
    let is_plain_int = matches!(
        converted,
        ConvertedType::NONE
            | ConvertedType::INT_8
            | ConvertedType::INT_16
            | ConvertedType::INT_32
            | ConvertedType::INT_64
            | ConvertedType::UINT_8
            | ConvertedType::UINT_16
            | ConvertedType::UINT_32
            | ConvertedType::UINT_64
    );
    let is_text = physical == Physical::BYTE_ARRAY
        && matches!(converted, ConvertedType::UTF8 | ConvertedType::ENUM | ConvertedType::JSON | ConvertedType::NONE);
    let is_int = matches!(physical, Physical::INT32 | Physical::INT64) && is_plain_int && !is_nanos;
    let is_float = matches!(physical, Physical::FLOAT | Physical::DOUBLE);
    let is_stamp = physical == Physical::INT96
        || physical == Physical::INT64
            && (is_nanos || matches!(converted, ConvertedType::TIMESTAMP_MILLIS | ConvertedType::TIMESTAMP_MICROS));
    let fits = match column.kind {
        Kind::Text => is_text,
        Kind::Integer | Kind::Millis => is_int || is_float,
        Kind::Time => is_stamp || is_text || is_int,
    };
    if fits { Ok(is_nanos) } else { Err(wrong(format!("{physical} ({converted})"))) }
}

fn value(field: Field, is_nanos: bool) -> Result<Option<Value>, String> {
    Ok(Some(match field {
        Field::Null => return Ok(None),
        Field::Byte(number) => Value::Integer(number.into()),
        Field::Short(number) => Value::Integer(number.into()),
        Field::Int(number) => Value::Integer(number.into()),
        Field::Long(number) if is_nanos => Value::Time(number.div_euclid(1_000_000)),
        Field::Long(number) => Value::Integer(number),
        Field::UByte(number) => Value::Integer(number.into()),
        Field::UShort(number) => Value::Integer(number.into()),
        Field::UInt(number) => Value::Integer(number.into()),
        Field::ULong(number) => Value::Integer(i64::try_from(number).map_err(|_| format!("{number} is out of range"))?),
        // Not a number is how some writers say that there is none.
        Field::Float(number) if number.is_nan() => return Ok(None),
        Field::Double(number) if number.is_nan() => return Ok(None),
        Field::Float(number) => Value::Float(number.into()),
        Field::Double(number) => Value::Float(number),
        Field::Str(text) => Value::Text(text),
        Field::Bytes(bytes) => Value::Text(String::from_utf8_lossy(bytes.data()).into_owned()),
        Field::TimestampMillis(ms) => Value::Time(ms),
        Field::TimestampMicros(us) => Value::Time(us.div_euclid(1_000)),
        other => return Err(format!("the value {other} has another type than its column")),
    }))
}

fn damaged() -> io::Error {
    io::Error::other("the Parquet file is damaged")
}

#[cfg(test)]
mod tests {
    use ::parquet::data_type::{ByteArray, ByteArrayType, DoubleType, Int64Type};
    use ::parquet::file::properties::WriterProperties;
    use ::parquet::file::writer::SerializedFileWriter;
    use ::parquet::schema::parser::parse_message_type;
    use bytes::Bytes;
    use runlog_core::DraftStart;

    use super::super::columns::{COLUMNS, message_type};
    use super::super::tests::hints;
    use super::*;

    macro_rules! fixture {
        ($name:literal) => {
            Bytes::from_static(include_bytes!(concat!("../../tests/data/import/", $name)))
        };
    }

    fn read(bytes: Bytes) -> (Vec<Result<Found, Refused>>, Option<String>, Rc<Notes>) {
        let notes = Rc::new(Notes::default());
        let (mut rows, mut error) = (Vec::new(), None);
        for item in parquet(bytes, hints(), &notes) {
            match item {
                Ok(row) => rows.push(row),
                Err(cause) => error = Some(cause.to_string()),
            }
        }
        (rows, error, notes)
    }

    #[test]
    fn names_with_underscores_row_groups_and_nulls() {
        let (rows, error, notes) = read(fixture!("snake-case.parquet"));
        assert_eq!(error, None);
        let rows: Vec<Found> = rows.into_iter().map(Result::unwrap).collect();
        let facts: Vec<_> = rows.iter().map(|row| (row.line, row.run.ret_code, row.run.log.as_deref())).collect();
        let expected = [
            (1, Some(0), Some("one\n")),
            (2, Some(430), Some("two\n")),
            (3, Some(0), Some("日志")),
            (4, Some(0), Some("")),
            (5, Some(2), None),
        ];
        assert_eq!(facts, expected);
        assert_eq!(rows[3].run.start_time, Some(DraftStart::UnixMs(1_782_864_003_250)));
        assert_eq!((rows[0].run.duration, rows[2].run.duration, rows[4].run.mem_usage), (Some(1.5), None, None));
        assert_eq!(rows[2].run.request_id.as_ref().map(String::len), Some(36));
        assert!(notes.ignored.borrow().iter().eq(["host"]));
    }

    #[test]
    fn nanoseconds_small_integers_and_whole_numbers_as_floats() {
        let (rows, _, _) = read(fixture!("nanoseconds.parquet"));
        let run = &rows[0].as_ref().unwrap().run;
        assert_eq!(run.start_time, Some(DraftStart::UnixMs(1_782_864_000_250)));
        assert_eq!((run.retry_num, run.mem_usage), (Some(1), Some(7)));
    }

    #[test]
    fn a_column_of_another_type_is_named() {
        let (_, error, _) = read(fixture!("wrong-type.parquet"));
        let expected = "the column Duration is BYTE_ARRAY (UTF8); it takes milliseconds as a number";
        assert_eq!(error.as_deref(), Some(expected));
    }

    #[test]
    fn what_is_no_parquet_and_what_is_cut_off() {
        let cut = fixture!("snake-case.parquet");
        for bytes in [Bytes::new(), Bytes::from_static(b"PAR1"), cut.slice(..cut.len() - 9), cut.slice(100..)] {
            let (rows, error, _) = read(bytes);
            assert!(rows.is_empty() && error.is_some_and(|error| error.contains("Parquet")));
        }
    }

    /// A file with every column of the table, written with its schema.
    fn written(runs: usize) -> Bytes {
        let schema = Arc::new(parse_message_type(&message_type(COLUMNS.iter().map(|column| column.name))).unwrap());
        let mut bytes = Vec::new();
        let mut writer = SerializedFileWriter::new(&mut bytes, schema, Arc::new(WriterProperties::default())).unwrap();
        let mut group = writer.next_row_group().unwrap();
        for column in &COLUMNS {
            let levels = vec![1; runs];
            let levels = if column.name == "FunctionName" { None } else { Some(&levels[..]) };
            let mut chunk = group.next_column().unwrap().unwrap();
            match column.kind {
                Kind::Text => {
                    let texts: Vec<_> = (0..runs).map(|at| ByteArray::from(format!("{at}").as_str())).collect();
                    chunk.typed::<ByteArrayType>().write_batch(&texts, levels, None).unwrap();
                }
                Kind::Integer | Kind::Time => {
                    let numbers: Vec<_> = (0..runs as i64).collect();
                    chunk.typed::<Int64Type>().write_batch(&numbers, levels, None).unwrap();
                }
                Kind::Millis => {
                    chunk.typed::<DoubleType>().write_batch(&vec![0.5; runs], levels, None).unwrap();
                }
            }
            chunk.close().unwrap();
        }
        group.close().unwrap();
        writer.close().unwrap();
        bytes.into()
    }

    #[test]
    fn a_file_with_the_schema_of_the_table_is_read_back() {
        let (rows, error, notes) = read(written(100));
        assert_eq!((rows.len(), error, notes.ignored.borrow().len()), (100, None, 0));
        let run = &rows[7].as_ref().unwrap().run;
        let expected = RunDraft {
            function_name: "7".into(),
            request_id: Some("7".into()),
            start_time: Some(DraftStart::UnixMs(7)),
            duration: Some(0.5),
            bill_duration: Some(7),
            mem_usage: Some(7),
            ret_code: Some(7),
            ret_msg: Some("7".into()),
            invoke_finished: Some(7),
            log: Some("7".into()),
            namespace: Some("7".into()),
            qualifier: Some("7".into()),
            region: Some("7".into()),
            level: Some("7".into()),
            source: Some("7".into()),
            retry_num: Some(7),
            exit_code: Some(7),
        };
        assert_eq!(*run, expected);
    }
}
