//! An answer of the signed API. Reading one checks what every answer must keep.

use serde_json::{Map, Value};

use super::Response;

/// The content of `Response`, without its `RequestId`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Answer {
    pub(crate) fields: Map<String, Value>,
    pub(crate) request_id: String,
    /// The body as it came.
    pub(crate) text: String,
}

impl Answer {
    /// Reads a response: status 200, exactly `application/json`, one `Response` with a request id.
    pub(crate) fn read(response: &Response) -> Self {
        assert_eq!(response.status, 200, "{}", response.text());
        assert_eq!(response.header("Content-Type"), Some("application/json"));
        let mut body = response.json();
        let outer = body.as_object_mut().expect("an object");
        assert_eq!(outer.len(), 1, "{}", response.text());
        let Some(Value::Object(mut fields)) = outer.remove("Response") else {
            panic!("no Response in {}", response.text());
        };
        let Some(Value::String(request_id)) = fields.remove("RequestId") else {
            panic!("no RequestId in {}", response.text());
        };
        assert!(is_lower_uuid(&request_id), "{request_id}");
        Self { fields, request_id, text: response.text() }
    }

    /// The value at a path such as `Data.0.Log`.
    pub(crate) fn at(&self, path: &str) -> Option<&Value> {
        let mut parts = path.split('.');
        let first = self.fields.get(parts.next()?)?;
        parts.try_fold(first, |value, part| match value {
            Value::Array(items) => items.get(part.parse::<usize>().ok()?),
            other => other.get(part),
        })
    }

    /// The error's code; `None` for a success.
    pub(crate) fn code(&self) -> Option<&str> {
        self.at("Error.Code")?.as_str()
    }

    /// The error's message, with the request id taken out of it.
    pub(crate) fn message(&self) -> Option<String> {
        Some(self.at("Error.Message")?.as_str()?.replace(&self.request_id, "REQUEST-ID"))
    }

    pub(crate) fn total(&self) -> u64 {
        self.at("TotalCount").and_then(Value::as_u64).unwrap_or_else(|| panic!("no TotalCount in {}", self.text))
    }

    pub(crate) fn rows(&self) -> &[Value] {
        match self.at("Data") {
            Some(Value::Array(rows)) => rows,
            _ => panic!("no Data in {}", self.text),
        }
    }

    /// The rows' request ids.
    pub(crate) fn ids(&self) -> Vec<&str> {
        self.rows().iter().map(|row| row["RequestId"].as_str().expect("a request id")).collect()
    }

    /// The fields without what differs from one request to the next.
    pub(crate) fn repeatable(&self) -> String {
        Value::Object(self.fields.clone()).to_string().replace(&self.request_id, "REQUEST-ID")
    }
}

fn is_lower_uuid(text: &str) -> bool {
    let is_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    text.len() == 36
        && text
            .bytes()
            .enumerate()
            .all(|(at, byte)| if [8, 13, 18, 23].contains(&at) { byte == b'-' } else { is_hex(byte) })
}
