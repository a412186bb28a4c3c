//! Any path of runlog's own API, for callers that read its answers by types of their own.

use std::time::Duration;

use runlog_wire::text::{encode_form, http_date_s};
use serde::de::DeserializeOwned;

use super::{Export, RunFilter};
use crate::{Client, Error};

/// What a server answered to a plain request, whatever its status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probe {
    /// The HTTP status.
    pub status: u16,
    /// The server's clock by its `Date` header, in Unix seconds.
    pub date_s: Option<i64>,
    /// The body, at most a few kilobytes of a healthy server's.
    pub body: String,
}

impl Client {
    /// The JSON of a path such as `/api/v1/stats`, with these parameters.
    ///
    /// # Errors
    /// As [`Client::runs`].
    pub fn get_json<T: DeserializeOwned>(&self, path: &str, parameters: &[(&str, &str)]) -> Result<T, Error> {
        self.get(&with_parameters(path, parameters))
    }

    /// As [`Client::export_sorted`], with only these fields of each run, separated by commas, such as
    /// `RequestId,Duration`; the others are empty.
    ///
    /// # Errors
    /// As [`Client::runs`].
    pub fn export_fields(&self, filter: &RunFilter, sort: &str, fields: &str) -> Result<Export<'_>, Error> {
        Export::open(self, filter, Some(sort), Some(fields))
    }

    /// Asks a path once and takes whatever comes back, without credentials unless `is_authorized`.
    ///
    /// # Errors
    /// [`Error::Http`] and [`Error::Tls`] when nothing comes back.
    pub fn probe(&self, path: &str, is_authorized: bool) -> Result<Probe, Error> {
        let headers = if is_authorized { vec![("Authorization", self.authorization())] } else { Vec::new() };
        let reply = self.transport.get(path, &headers)?;
        let body = String::from_utf8_lossy(&reply.body).into_owned();
        Ok(Probe { status: reply.status, date_s: reply.date.as_deref().and_then(http_date_s), body })
    }

    /// The most that one request may take, with its answer.
    pub fn timeout(&self) -> Duration {
        self.transport.timeout()
    }
}

fn with_parameters(path: &str, parameters: &[(&str, &str)]) -> String {
    let query = encode_form(parameters.iter().copied());
    if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_escaped() {
        assert_eq!(with_parameters("/api/v1/stats", &[]), "/api/v1/stats");
        assert_eq!(with_parameters("/p", &[("function", "a b&c")]), "/p?function=a%20b%26c");
    }
}
