//! What a request would become in memory, counted before any of it is made: two bytes can be a log record, which takes
//! 300 in memory.
//!
//! Protobuf is walked along the messages of a request. What cannot be read ends the count: the decoder reads in the
//! same order, so it makes nothing beyond that either.

use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::logs::v1::LogRecord;
use prost::bytes::Buf;
use prost::encoding::{DecodeContext, WireType, decode_key, decode_varint, skip_field};
use runlog_core::limits::{OTLP_MAX_PARTS, OTLP_MAX_RECORDS};
use serde::Deserialize;
use serde::de::{IgnoredAny, SeqAccess, Visitor};

use super::record::Record;

/// How deep messages are followed; the decoder gives up at the same depth.
const DEPTH_MAX: u32 = 100;

/// How deep a JSON text may be; the reader gives up at the same depth.
const JSON_DEPTH_MAX: usize = 128;

/// What a request consists of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Size {
    /// Log records.
    pub records: usize,
    /// Messages of any kind: resources, scopes, records, attributes, values.
    pub parts: usize,
}

impl Size {
    /// About how many bytes the decoded request takes, and the records that are read from it. `body_bytes` is the
    /// length of the request before it is decoded, which bounds its texts.
    pub fn memory_bytes(self, body_bytes: usize) -> usize {
        let records = self.records.saturating_mul(size_of::<LogRecord>() + size_of::<Record>());
        // A growing list takes up to twice what is in it.
        let parts = self.parts.saturating_mul(2 * size_of::<KeyValue>());
        body_bytes.saturating_mul(2).saturating_add(records).saturating_add(parts)
    }

    /// Whether there are more records or parts than a request may have.
    ///
    /// # Errors
    /// A sentence for the sender.
    pub fn check(self) -> Result<(), String> {
        if self.records > OTLP_MAX_RECORDS {
            return Err(format!("a request has up to {OTLP_MAX_RECORDS} log records; send fewer at a time"));
        }
        if self.parts > OTLP_MAX_PARTS {
            return Err(format!(
                "a request has up to {OTLP_MAX_PARTS} records, attributes and values in all; send fewer records at a \
                 time"
            ));
        }
        Ok(())
    }
}

/// Measures a request in Protobuf. Counting ends once there is more than a request may have.
pub(super) fn protobuf(body: &[u8]) -> Size {
    let mut size = Size::default();
    walk(body, Message::Request, 0, &mut size);
    size
}

/// The kinds of messages whose number a sender chooses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Message {
    Request,
    ResourceLogs,
    Resource,
    EntityRef,
    ScopeLogs,
    Scope,
    LogRecord,
    KeyValue,
    AnyValue,
    /// An `ArrayValue`.
    Values,
    /// A `KeyValueList`.
    Pairs,
    /// A text of a list of texts.
    Text,
}

impl Message {
    /// The message in a field; `None` for a field that is no message, or is unknown.
    fn field(self, tag: u32) -> Option<Self> {
        Some(match (self, tag) {
            (Self::Request, 1) => Self::ResourceLogs,
            (Self::ResourceLogs, 1) => Self::Resource,
            (Self::ResourceLogs, 2) => Self::ScopeLogs,
            (Self::Resource | Self::Pairs, 1) | (Self::Scope, 3) | (Self::LogRecord, 6) => Self::KeyValue,
            (Self::Resource, 3) => Self::EntityRef,
            (Self::EntityRef, 3 | 4) => Self::Text,
            (Self::ScopeLogs, 1) => Self::Scope,
            (Self::ScopeLogs, 2) => Self::LogRecord,
            (Self::LogRecord, 5) | (Self::KeyValue, 2) | (Self::Values, 1) => Self::AnyValue,
            (Self::AnyValue, 5) => Self::Values,
            (Self::AnyValue, 6) => Self::Pairs,
            _ => return None,
        })
    }
}

/// Counts what is in a message; false when the count is over.
fn walk(mut body: &[u8], message: Message, depth: u32, size: &mut Size) -> bool {
    while body.has_remaining() {
        let Ok((tag, wire_type)) = decode_key(&mut body) else { return false };
        let Some(inner) = message.field(tag).filter(|_| wire_type == WireType::LengthDelimited) else {
            if skip_field(wire_type, tag, &mut body, DecodeContext::default()).is_err() {
                return false;
            }
            continue;
        };
        let length = decode_varint(&mut body).ok().and_then(|length| usize::try_from(length).ok());
        let Some((inside, rest)) = length.and_then(|length| body.split_at_checked(length)) else { return false };
        body = rest;
        size.parts += 1;
        size.records += usize::from(inner == Message::LogRecord);
        let goes_on = size.check().is_ok()
            && depth < DEPTH_MAX
            && (inner == Message::Text || walk(inside, inner, depth + 1, size));
        if !goes_on {
            return false;
        }
    }
    true
}

/// Measures a request in JSON.
///
/// # Errors
/// That of a body that is no request.
pub(super) fn json(body: &[u8]) -> Result<Size, serde_json::Error> {
    let parts = parts(body);
    let request: Request = serde_json::from_slice(body)?;
    Ok(Size { records: request.resource_logs.0, parts })
}

/// How many messages a JSON text may become: its objects, and the texts in its lists.
fn parts(body: &[u8]) -> usize {
    let (mut count, mut is_text, mut is_escaped) = (0, false, false);
    // What is open: lists are true.
    let mut open = Vec::new();
    for byte in body {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = is_text,
            b'"' => {
                is_text = !is_text;
                count += usize::from(is_text && open.last() == Some(&true));
            }
            _ if is_text => {}
            b'{' | b'[' if open.len() > JSON_DEPTH_MAX => break,
            b'{' => {
                count += 1;
                open.push(false);
            }
            b'[' => open.push(true),
            b'}' | b']' => drop(open.pop()),
            _ => {}
        }
    }
    count
}

/// The lists of a request down to its records, which are counted and not kept.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Request {
    resource_logs: Records<ResourceLogs>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct ResourceLogs {
    scope_logs: Records<ScopeLogs>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct ScopeLogs {
    log_records: Records<IgnoredAny>,
}

/// How many records are in a list.
struct Records<T>(usize, std::marker::PhantomData<T>);

impl<T> Default for Records<T> {
    fn default() -> Self {
        Self(0, std::marker::PhantomData)
    }
}

trait HasRecords {
    fn records(&self) -> usize;
}

impl HasRecords for ResourceLogs {
    fn records(&self) -> usize {
        self.scope_logs.0
    }
}

impl HasRecords for ScopeLogs {
    fn records(&self) -> usize {
        self.log_records.0
    }
}

impl HasRecords for IgnoredAny {
    fn records(&self) -> usize {
        1
    }
}

impl<'de, T: HasRecords + Deserialize<'de>> Deserialize<'de> for Records<T> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(Self::default())
    }
}

impl<'de, T: HasRecords + Deserialize<'de>> Visitor<'de> for Records<T> {
    type Value = Self;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut list: A) -> Result<Self, A::Error> {
        while let Some(item) = list.next_element::<T>()? {
            self.0 += item.records();
        }
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
    use prost::Message as _;

    use super::*;
    use crate::otlp::{Form, Refusal, decode};

    /// One resource and one scope with fields of a scope's logs.
    fn request(fields: &[u8]) -> Vec<u8> {
        let nested = |tag: u8, inside: &[u8]| {
            let mut message = vec![tag];
            prost::encoding::encode_varint(inside.len() as u64, &mut message);
            message.extend(inside);
            message
        };
        nested(0x0a, &nested(0x12, fields))
    }

    fn refusal(body: &[u8], form: Form) -> String {
        match decode(body, form, |_| Ok(())) {
            Err(Refusal::TooMuch(message)) => message,
            other => panic!("{:?}", other.map(|_| ())),
        }
    }

    #[test]
    fn records_are_counted_before_any_is_made() {
        let most = request(&[0x12, 0].repeat(OTLP_MAX_RECORDS));
        assert_eq!(protobuf(&most), Size { records: OTLP_MAX_RECORDS, parts: OTLP_MAX_RECORDS + 2 });
        assert!(decode(&most, Form::Protobuf, |_| Ok(())).is_ok());
        assert!(refusal(&request(&[0x12, 0].repeat(8 << 20)), Form::Protobuf).contains("100000 log records"));
        let list = |item: &str, count| [item].repeat(count).join(",");
        let json = |records: &str| format!("{{\"resourceLogs\":[{{\"scopeLogs\":[{{\"logRecords\":[{records}]}}]}}]}}");
        let most = json(&list("{}", OTLP_MAX_RECORDS));
        assert!(decode(most.as_bytes(), Form::Json, |_| Ok(())).is_ok());
        let more = json(&list("{}", OTLP_MAX_RECORDS + 1));
        assert!(refusal(more.as_bytes(), Form::Json).contains("100000 log records"));
    }

    #[test]
    fn whatever_else_takes_memory_is_counted_too() {
        let attribute = |fields: &[u8]| {
            let mut record = vec![0x12];
            prost::encoding::encode_varint(fields.len() as u64, &mut record);
            record.extend(fields);
            request(&record)
        };
        let many = |fields: &[u8]| fields.repeat(OTLP_MAX_PARTS + 1);
        for (about, body) in [
            ("resources", many(&[0x0a, 0])),
            ("scopes", request(&[]).into_iter().chain(many(&[0x0a, 0])).collect()),
            ("attributes", attribute(&many(&[0x32, 0]))),
        ] {
            assert!(refusal(&body, Form::Protobuf).contains("in all"), "{about}");
        }
        let resources = format!("{{\"resourceLogs\":[{}{{}}]}}", "{},".repeat(OTLP_MAX_PARTS));
        assert!(refusal(resources.as_bytes(), Form::Json).contains("in all"));
        let texts = "\"\",".repeat(OTLP_MAX_PARTS);
        let texts =
            format!("{{\"resourceLogs\":[{{\"resource\":{{\"entityRefs\":[{{\"idKeys\":[{texts}\"\"]}}]}}}}]}}");
        assert!(refusal(texts.as_bytes(), Form::Json).contains("in all"));
    }

    #[test]
    fn what_is_decoded_was_counted() {
        let request: ExportLogsServiceRequest = serde_json::from_str(
            r#"{"resourceLogs":[{"resource":{"attributes":[{"key":"a","value":{"arrayValue":{"values":[
                {"kvlistValue":{"values":[{"key":"b","value":{"intValue":"1"}}]}}]}}}]},
                "scopeLogs":[{"scope":{"attributes":[{"key":"{"}]},"logRecords":[{"body":{"stringValue":"\"{"}},{}]}]}]}"#,
        )
        .unwrap();
        // Resource logs, resource, attribute, value, array, value, list, pair, value; scope logs, scope, attribute;
        // a record, its body, a record.
        let size = Size { records: 2, parts: 15 };
        assert_eq!(protobuf(&request.encode_to_vec()), size);
        let text = serde_json::to_vec(&request).unwrap();
        assert_eq!(json(&text).unwrap().records, 2);
        assert!(json(&text).unwrap().parts >= size.parts);
    }

    #[test]
    fn a_text_that_breaks_off_is_refused_before_anything_is_made() {
        let broken = format!("{{\"resourceLogs\":[{}", "{},".repeat(1000));
        assert!(matches!(decode(broken.as_bytes(), Form::Json, |_| unreachable!()), Err(Refusal::Malformed(_))));
    }
}
