//! Attributes of a log record, its scope and its resource: looked up nearest first, and written as text.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};

/// The attributes that speak of one record: of the record itself, of its scope, of its resource. The nearest wins.
#[derive(Clone, Copy, Debug)]
pub(super) struct Attributes<'a> {
    pub(super) record: &'a [KeyValue],
    pub(super) scope: &'a [KeyValue],
    pub(super) resource: &'a [KeyValue],
}

impl<'a> Attributes<'a> {
    /// The first of these names that has a value, on the nearest level that has any of them.
    pub(super) fn value(&self, names: &[&str]) -> Option<&'a Value> {
        [self.record, self.scope, self.resource].into_iter().find_map(|level| of_level(level, names))
    }

    /// As [`Attributes::value`], as text; an empty text counts as absent.
    pub(super) fn text(&self, names: &[&str]) -> Option<Cow<'a, str>> {
        self.value(names).map(text).filter(|text| !text.is_empty())
    }
}

/// The first of these names that has a value among some attributes.
pub(super) fn of_level<'a>(level: &'a [KeyValue], names: &[&str]) -> Option<&'a Value> {
    let find = |name: &&str| level.iter().find(|pair| pair.key == *name)?.value.as_ref()?.value.as_ref();
    names.iter().find_map(find)
}

/// A value as text: a text as it is, everything else as JSON.
pub(super) fn text(value: &Value) -> Cow<'_, str> {
    match value {
        Value::StringValue(text) => Cow::Borrowed(text),
        other => Cow::Owned(json_of(other).to_string()),
    }
}

/// A value as it is written after `key=`: bare where that is unmistakable, as JSON otherwise.
pub(super) fn operand(value: &Value) -> String {
    let is_bare = |text: &str| {
        !text.is_empty() && !text.contains(|char: char| char.is_whitespace() || char.is_control() || char == '"')
    };
    match value {
        Value::StringValue(text) if is_bare(text) => text.clone(),
        other => json_of(other).to_string(),
    }
}

/// A whole number, given as a number or as text.
pub(super) fn integer(value: &Value) -> Option<i64> {
    match value {
        Value::IntValue(number) => Some(*number),
        Value::StringValue(text) => text.trim().parse().ok(),
        Value::DoubleValue(number) if number.fract() == 0.0 && number.abs() < 9e15 => Some(*number as i64),
        _ => None,
    }
}

/// A number, given as a number or as text.
pub(super) fn number(value: &Value) -> Option<f64> {
    match value {
        Value::IntValue(number) => Some(*number as f64),
        Value::DoubleValue(number) => Some(*number),
        Value::StringValue(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// Whether something is so, given as a boolean or as text.
pub(super) fn flag(value: &Value) -> Option<bool> {
    match value {
        Value::BoolValue(flag) => Some(*flag),
        Value::StringValue(text) => text.trim().to_ascii_lowercase().parse().ok(),
        _ => None,
    }
}

fn json_of(value: &Value) -> serde_json::Value {
    match value {
        Value::StringValue(text) => text.as_str().into(),
        Value::BoolValue(flag) => (*flag).into(),
        Value::IntValue(number) => (*number).into(),
        // What JSON has no number for is written as text: NaN, inf.
        Value::DoubleValue(number) => {
            serde_json::Number::from_f64(*number).map_or_else(|| number.to_string().into(), serde_json::Value::Number)
        }
        Value::ArrayValue(array) => array.values.iter().map(json_of_any).collect(),
        Value::KvlistValue(list) => {
            let pairs = list.values.iter();
            pairs
                .map(|pair| (pair.key.clone(), pair.value.as_ref().map_or(serde_json::Value::Null, json_of_any)))
                .collect()
        }
        Value::BytesValue(bytes) => STANDARD.encode(bytes).into(),
        // Of profiles only; a receiver of logs takes it for absent.
        Value::StringValueStrindex(_) => serde_json::Value::Null,
    }
}

fn json_of_any(value: &AnyValue) -> serde_json::Value {
    value.value.as_ref().map_or(serde_json::Value::Null, json_of)
}
