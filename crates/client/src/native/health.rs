//! Whether a server is alive and ready, its metrics and its own description.

use std::time::Duration;

use runlog_wire::text::http_date_s;
use serde::{Deserialize, Serialize};

use crate::{Client, Error, envelope};

/// The answer to a plain request, whatever its status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probe {
    /// The HTTP status.
    pub status: u16,
    /// The server's clock by its `Date` header, in Unix seconds.
    pub date_s: Option<i64>,
    /// The body.
    pub body: String,
}

/// Whether a server does all of its work.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Readiness {
    /// Whether it reads and writes.
    pub ready: bool,
    /// Why it refuses writes; absent if it does not.
    #[serde(default)]
    pub writes_refused_because: Option<String>,
    /// How far its clock is ahead of everything it has seen, in milliseconds; absent if it believes its clock.
    #[serde(default)]
    pub clock_ahead_ms: Option<u64>,
}

impl Client {
    /// Whether the server does all of its work. No credential is sent.
    ///
    /// # Errors
    /// [`Error::Http`] and [`Error::Tls`] if it cannot be reached, [`Error::BadAnswer`] if it does not say.
    pub fn readiness(&self) -> Result<Readiness, Error> {
        let reply = self.transport.get("/readyz", &[])?;
        match reply.status {
            200 | 503 => self.transport.read_json("report of readiness", &reply.body),
            _ => Err(envelope::refused(&reply)),
        }
    }

    /// The server's counters and gauges, in the OpenMetrics text form.
    ///
    /// # Errors
    /// As [`Client::runs`].
    pub fn metrics(&self) -> Result<String, Error> {
        self.get_text("/metrics", &[("Authorization", self.authorization())])
    }

    /// The server's OpenAPI description, as JSON. No credential is sent.
    ///
    /// # Errors
    /// As [`Client::runs`].
    pub fn openapi(&self) -> Result<String, Error> {
        self.get_text("/openapi.json", &[])
    }

    /// Requests a path once, without a credential, and returns the answer whatever its status.
    ///
    /// # Errors
    /// [`Error::Http`] and [`Error::Tls`] if there is no answer.
    pub fn probe(&self, path: &str) -> Result<Probe, Error> {
        let reply = self.transport.get(path, &[])?;
        let body = String::from_utf8_lossy(&reply.body).into_owned();
        Ok(Probe { status: reply.status, date_s: reply.date.as_deref().and_then(http_date_s), body })
    }

    /// The most time that one request may take, including its answer.
    pub fn timeout(&self) -> Duration {
        self.transport.timeout()
    }

    pub(super) fn get_text(&self, path: &str, headers: &[(&str, String)]) -> Result<String, Error> {
        let reply = self.transport.get(path, headers)?;
        if reply.status != 200 {
            return Err(envelope::refused(&reply));
        }
        String::from_utf8(reply.body).map_err(|_| self.bad_answer(&"its text is not UTF-8"))
    }
}
