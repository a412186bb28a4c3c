//! The columns of a run in Parquet: one table for whatever reads and writes them.

use runlog_core::{DraftStart, RunDraft, Zone};

/// A field of a run as a column.
pub struct Column {
    /// The dialect's name. Files may write it in any case, and with underscores (`function_name`).
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// Puts a value of this kind into a run.
    set: fn(&mut RunDraft, Value) -> Result<(), String>,
}

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// UTF-8.
    Text,
    /// A whole number.
    Integer,
    /// Milliseconds with a fraction.
    Millis,
    /// A moment: a timestamp, Unix milliseconds as a number, or a text.
    Time,
}

/// A value of a row.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    Text(String),
    Integer(i64),
    Float(f64),
    /// Unix milliseconds.
    Time(i64),
}

/// Every column, in the order of the dialect's rows, then what is runlog's own.
pub const COLUMNS: [Column; 17] = [
    Column::new("FunctionName", Kind::Text, |run, value| text(value, |name| run.function_name = name)),
    Column::new("RequestId", Kind::Text, |run, value| text(value, |id| run.request_id = Some(id))),
    Column::new("StartTime", Kind::Time, |run, value| {
        run.start_time = Some(match value {
            Value::Time(ms) | Value::Integer(ms) => DraftStart::UnixMs(ms),
            Value::Text(written) => DraftStart::Text(written),
            Value::Float(_) => return Err("it is not a time".to_owned()),
        });
        Ok(())
    }),
    Column::new("Duration", Kind::Millis, |run, value| {
        run.duration = Some(match value {
            Value::Integer(ms) => ms as f64,
            Value::Float(ms) => ms,
            Value::Text(_) | Value::Time(_) => return Err("it is not a number of milliseconds".to_owned()),
        });
        Ok(())
    }),
    Column::new("BillDuration", Kind::Integer, |run, value| whole(value, |ms| run.bill_duration = Some(ms))),
    Column::new("MemUsage", Kind::Integer, |run, value| whole(value, |bytes| run.mem_usage = Some(bytes))),
    Column::new("RetCode", Kind::Integer, |run, value| whole(value, |code| run.ret_code = Some(code))),
    Column::new("RetMsg", Kind::Text, |run, value| text(value, |message| run.ret_msg = Some(message))),
    Column::new("InvokeFinished", Kind::Integer, |run, value| whole(value, |is| run.invoke_finished = Some(is))),
    Column::new("Log", Kind::Text, |run, value| text(value, |log| run.log = Some(log))),
    Column::new("RetryNum", Kind::Integer, |run, value| whole(value, |number| run.retry_num = Some(number))),
    Column::new("Namespace", Kind::Text, |run, value| text(value, |name| run.namespace = Some(name))),
    Column::new("Qualifier", Kind::Text, |run, value| text(value, |name| run.qualifier = Some(name))),
    Column::new("Region", Kind::Text, |run, value| text(value, |name| run.region = Some(name))),
    Column::new("Level", Kind::Text, |run, value| text(value, |level| run.level = Some(level))),
    Column::new("Source", Kind::Text, |run, value| text(value, |source| run.source = Some(source))),
    Column::new("ExitCode", Kind::Integer, |run, value| whole(value, |code| run.exit_code = Some(code))),
];

impl Column {
    const fn new(name: &'static str, kind: Kind, set: fn(&mut RunDraft, Value) -> Result<(), String>) -> Self {
        Self { name, kind, set }
    }

    /// The column that a file calls by this name.
    pub(super) fn named(name: &str) -> Option<&'static Column> {
        let bare = |name: &str| name.replace('_', "").to_ascii_lowercase();
        let wanted = bare(name);
        COLUMNS.iter().find(|column| bare(column.name) == wanted)
    }

    /// Puts a value into a run.
    ///
    /// # Errors
    /// A sentence that names the column.
    pub(super) fn set(&self, run: &mut RunDraft, value: Value, zone: Zone) -> Result<(), String> {
        let value = match (self.kind, value) {
            (Kind::Time, Value::Text(written)) => {
                Value::Time(zone.parse(&written).map_err(|error| format!("{}: {error}", self.name))?.ms)
            }
            (_, value) => value,
        };
        (self.set)(run, value).map_err(|error| format!("{}: {error}", self.name))
    }
}

/// The sequence number of acceptance. An export has it; an import leaves it out without a word, since every store gives
/// its own.
pub const SEQ: &str = "Seq";

/// The column of a field of a run, by the field's name; `None` for what is written and never read back.
pub fn kind(name: &str) -> Option<Kind> {
    if name == SEQ {
        return Some(Kind::Integer);
    }
    COLUMNS.iter().find(|column| column.name == name).map(|column| column.kind)
}

/// The schema that the named columns are written with, in this order.
pub fn message_type<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let field = |(name, kind): (&str, Kind)| {
        let presence = if is_required(name) { "required" } else { "optional" };
        let (physical, logical) = match kind {
            Kind::Text => ("binary", " (utf8)"),
            Kind::Integer => ("int64", ""),
            Kind::Millis => ("double", ""),
            Kind::Time => ("int64", " (timestamp(millis,true))"),
        };
        format!("{presence} {physical} {name}{logical}; ")
    };
    let fields = names.filter_map(|name| Some((name, kind(name)?))).map(field);
    format!("message runs {{ {}}}", fields.collect::<String>())
}

/// Whether every run has it.
pub fn is_required(name: &str) -> bool {
    name == "FunctionName" || name == SEQ
}

fn text(value: Value, put: impl FnOnce(String)) -> Result<(), String> {
    match value {
        Value::Text(text) => put(text),
        Value::Integer(_) | Value::Float(_) | Value::Time(_) => return Err("it is not a text".to_owned()),
    }
    Ok(())
}

fn whole<T: TryFrom<i64>>(value: Value, put: impl FnOnce(T)) -> Result<(), String> {
    let number = match value {
        Value::Integer(number) => number,
        // What pandas makes of whole numbers that may be absent.
        Value::Float(number) if number.fract() == 0.0 && number.abs() < 9e15 => number as i64,
        value => return Err(format!("it is not a whole number: {value:?}")),
    };
    put(T::try_from(number).map_err(|_| format!("{number} is out of range"))?);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::content::content;

    #[test]
    fn names_in_any_case_and_with_underscores() {
        for name in ["FunctionName", "functionname", "function_name", "FUNCTION_NAME"] {
            assert_eq!(Column::named(name).unwrap().name, "FunctionName");
        }
        assert!(Column::named("function name").is_none() && Column::named("").is_none());
    }

    #[test]
    fn every_field_of_a_run_is_a_column() {
        let full = serde_json::json!({
            "FunctionName": "f", "RequestId": "r", "StartTime": 1, "Duration": 1.5, "BillDuration": 100,
            "MemUsage": 5, "RetCode": 0, "RetMsg": "m", "InvokeFinished": 1, "Log": "l", "RetryNum": 1,
            "Namespace": "n", "Qualifier": "q", "Region": "g", "Level": "v", "Source": "s", "ExitCode": 7
        });
        let mut run = RunDraft::default();
        for (name, value) in full.as_object().unwrap() {
            let value = match value {
                serde_json::Value::String(text) => Value::Text(text.clone()),
                value => value.as_i64().map_or_else(|| Value::Float(value.as_f64().unwrap()), Value::Integer),
            };
            Column::named(name).unwrap().set(&mut run, value, Zone::UTC8).unwrap();
        }
        let content: serde_json::Value = serde_json::from_slice(&content(&run)).unwrap();
        assert_eq!(content, full);
    }

    #[test]
    fn values_that_a_column_cannot_hold() {
        let set = |name: &str, value| Column::named(name).unwrap().set(&mut RunDraft::default(), value, Zone::UTC8);
        assert_eq!(set("RetryNum", Value::Integer(256)), Err("RetryNum: 256 is out of range".to_owned()));
        assert!(set("MemUsage", Value::Integer(-1)).unwrap_err().starts_with("MemUsage: -1"));
        assert!(set("MemUsage", Value::Float(0.5)).unwrap_err().contains("not a whole number"));
        assert!(set("StartTime", Value::Text("soon".to_owned())).unwrap_err().contains("`soon` is not a time"));
        assert!(set("MemUsage", Value::Float(5.0)).is_ok());
    }
}
