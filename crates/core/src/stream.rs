//! A stream: the runs of one version of one function.

use std::fmt;

/// Names the runs of one function version: the distinct (account, region, namespace, function, qualifier).
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Stream {
    /// The account that owns the runs. Runs of one account are never visible to another.
    pub account: String,
    /// A partition of an account's data, such as `ap-guangzhou`.
    pub region: String,
    /// A group of functions inside a region.
    pub namespace: String,
    /// The function's name.
    pub function: String,
    /// The function's version or alias, such as `$LATEST`.
    pub qualifier: String,
}

impl Stream {
    /// Whether a text can be a region's id: letters, digits, `-` and `_`, at most
    /// [`limits::REGION_MAX_BYTES`](crate::limits::REGION_MAX_BYTES) of them and at least one.
    pub fn is_region(text: &str) -> bool {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        (1..=crate::limits::REGION_MAX_BYTES).contains(&text.len()) && text.bytes().all(is_plain)
    }
}

impl fmt::Display for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}/{}:{}", self.account, self.region, self.namespace, self.function, self.qualifier)
    }
}

/// What is known of a stream without reading its runs. It outlives the runs that retention removes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamSummary {
    /// Which stream.
    pub stream: Stream,
    /// The earliest start of any run ever accepted, in Unix milliseconds.
    pub first_start_ms: i64,
    /// The latest start of any run ever accepted, in Unix milliseconds.
    pub last_start_ms: i64,
}

impl StreamSummary {
    /// Widens the summary by one more run's start.
    pub fn include(&mut self, start_ms: i64) {
        self.first_start_ms = self.first_start_ms.min(start_ms);
        self.last_start_ms = self.last_start_ms.max(start_ms);
    }
}
