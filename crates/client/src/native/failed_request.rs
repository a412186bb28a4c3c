//! A request of the signed API that the server refused, and remembers.

use runlog_wire::text::percent_encode;
use serde::{Deserialize, Serialize};

use super::RunFilter;
use super::filter::target;
use crate::{Client, Error};

/// A request of the signed API that the server refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct FailedRequest {
    /// The id that its answer had.
    pub request_id: String,
    /// The SecretId that it named; empty if it could not be read.
    pub secret_id: String,
    /// The code that it was answered with.
    pub code: String,
    /// The server's clock when it arrived, in Unix seconds.
    pub received_s: i64,
    /// How far the clocks may differ, in seconds.
    pub max_skew_s: i64,
    /// The request, with no secret in it.
    pub request: SentRequest,
}

/// A request as it arrived.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SentRequest {
    /// The method, upper-case.
    pub method: String,
    /// The path before `?`.
    pub path: String,
    /// The text after `?`, as it was sent.
    pub query: String,
    /// The headers that matter to a signature, in their order.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: SentBody,
}

/// A body, or what the server keeps of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SentBody {
    /// The body itself.
    Text(String),
    /// Its hash and its length.
    Hash {
        /// SHA-256, as lower-case hexadecimal digits.
        sha256: String,
        /// How many bytes it has.
        bytes: u64,
    },
}

impl Client {
    /// The refused request whose answer had this id; `None` if the server does not remember it, or not for this key.
    ///
    /// # Errors
    /// As [`Client::runs`].
    pub fn failed_request(&self, request_id: &str) -> Result<Option<FailedRequest>, Error> {
        let path = format!("requests/{}", percent_encode(request_id));
        match self.get(&target(&path, &RunFilter::default(), &[])) {
            Ok(found) => Ok(Some(found)),
            Err(Error::Refused { status: 404, .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }
}
