//! A request as it was sent, or as much of it as is known.

use serde::{Deserialize, Serialize, Serializer};

use runlog_wire::{Headers, RawRequest};

/// A request. A server that remembers a request keeps the hash of the body instead of the body.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SentRequest {
    /// The method, upper-case.
    pub method: String,
    /// The path before `?`.
    pub path: String,
    /// The text after `?`, exactly as sent.
    #[serde(default)]
    pub query: String,
    /// The headers, in order.
    pub headers: Vec<(String, String)>,
    /// The body.
    #[serde(default)]
    pub body: Payload,
}

/// A body, or what is known of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Payload {
    /// The body itself.
    #[serde(serialize_with = "as_text", deserialize_with = "from_text")]
    Text(Vec<u8>),
    /// Its hash, and its length.
    Hash {
        /// Lower-case hexadecimal digits.
        sha256: String,
        /// How many bytes it has.
        bytes: u64,
    },
}

impl Default for Payload {
    fn default() -> Self {
        Self::Text(Vec::new())
    }
}

fn as_text<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&String::from_utf8_lossy(bytes))
}

fn from_text<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
    String::deserialize(deserializer).map(String::into_bytes)
}

impl SentRequest {
    /// The first header of a name, in any case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The body, where it is known.
    pub fn bytes(&self) -> &[u8] {
        match &self.body {
            Payload::Text(bytes) => bytes,
            Payload::Hash { .. } => b"",
        }
    }

    /// Calls with the request as a server sees it.
    pub fn with_raw<T>(&self, call: impl FnOnce(&RawRequest<'_>) -> T) -> T {
        let headers: Headers<'_> = self.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
        call(&RawRequest { method: &self.method, path: &self.path, query: &self.query, headers, body: self.bytes() })
    }

    /// Query and body, where v1 keeps its fields.
    pub(crate) fn text(&self) -> String {
        format!("&{}&{}", self.query, String::from_utf8_lossy(self.bytes()))
    }

    /// Whether the request had a body that was not given.
    pub(crate) fn body_is_missing(&self) -> bool {
        let length = self.header("Content-Length").and_then(|text| text.trim().parse::<u64>().ok());
        self.body == Payload::default() && length.is_some_and(|length| length > 0)
    }
}
