//! One request and its reply over HTTP; what the bytes mean is decided elsewhere.

use std::io::{self, Read};
use std::sync::Arc;
use std::time::Duration;

use serde::de::DeserializeOwned;
use ureq::http::header::{DATE, RETRY_AFTER};
use ureq::http::{HeaderMap, Response};
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::typestate::WithoutBody;
use ureq::{Agent, Body, RequestBuilder};

use crate::endpoint::Endpoint;
use crate::reply::Reply;
use crate::retry::retry_after;
use crate::{Error, envelope};

/// The largest answer that is read, in bytes: a page of many long logs, and still something that fits in memory.
const ANSWER_MAX_BYTES: u64 = 1 << 30;

/// A connection pool to one server.
#[derive(Debug)]
pub(crate) struct Transport {
    agent: Agent,
    timeout: Duration,
    pub(crate) endpoint: Endpoint,
}

/// An answer that is read while it arrives.
pub(crate) struct Stream {
    pub(crate) headers: HeaderMap,
    pub(crate) body: Box<dyn Read + Send>,
}

impl Transport {
    /// `ca_pem` replaces the public roots that servers are otherwise checked against.
    ///
    /// # Errors
    /// [`Error::Config`] when `ca_pem` holds no certificate.
    pub(crate) fn new(
        endpoint: Endpoint,
        timeout: Duration,
        user_agent: &str,
        ca_pem: Option<&[u8]>,
    ) -> Result<Self, Error> {
        let mut config = Agent::config_builder()
            .timeout_global(Some(timeout))
            .user_agent(user_agent)
            .http_status_as_error(false)
            // A signature holds for one host only.
            .max_redirects(0)
            .max_redirects_will_error(false);
        if endpoint.is_loopback {
            config = config.proxy(None);
        }
        if let Some(pem) = ca_pem {
            let roots = RootCerts::Specific(Arc::new(certificates(pem)?));
            config = config.tls_config(TlsConfig::builder().root_certs(roots).build());
        }
        Ok(Self { agent: config.build().into(), timeout, endpoint })
    }

    pub(crate) fn timeout(&self) -> Duration {
        self.timeout
    }

    /// Posts a body to a path.
    pub(crate) fn post(&self, path: &str, headers: &[(&str, String)], body: &[u8]) -> Result<Reply, Error> {
        let mut request = self.agent.post(format!("{}{path}", self.endpoint.url));
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        let response = request.send(body).map_err(|error| self.error(error))?;
        self.reply(response)
    }

    /// Gets what is at a path.
    pub(crate) fn get(&self, target: &str, headers: &[(&str, String)]) -> Result<Reply, Error> {
        self.reply(self.getting(target, headers).call().map_err(|error| self.error(error))?)
    }

    /// Begins to get what is at a path. Its body may take `body_timeout`, or as long as it likes. An answer of another
    /// status than 200 is an error.
    pub(crate) fn open(
        &self,
        target: &str,
        headers: &[(&str, String)],
        body_timeout: Option<Duration>,
    ) -> Result<Stream, Error> {
        let request = self
            .getting(target, headers)
            .config()
            .timeout_global(None)
            .timeout_recv_response(Some(self.timeout))
            .timeout_recv_body(body_timeout)
            .build();
        let response = request.call().map_err(|error| self.error(error))?;
        if response.status().as_u16() != 200 {
            return Err(envelope::refused(&self.reply(response)?));
        }
        let (head, body) = response.into_parts();
        let body = body.into_with_config().limit(u64::MAX).reader();
        Ok(Stream { headers: head.headers, body: Box::new(body) })
    }

    /// Reads the JSON of an answer of the native API, of which `what` tells people what it is.
    pub(crate) fn read_json<T: DeserializeOwned>(&self, what: &str, body: &[u8]) -> Result<T, Error> {
        serde_json::from_slice(body).map_err(|error| Error::BadAnswer {
            endpoint: self.endpoint.url.clone(),
            reason: format!("no {what} ({error}): {}", envelope::shown(body)),
        })
    }

    fn getting(&self, target: &str, headers: &[(&str, String)]) -> RequestBuilder<WithoutBody> {
        let request = self.agent.get(format!("{}{target}", self.endpoint.url));
        headers.iter().fold(request, |request, (name, value)| request.header(*name, value))
    }

    fn reply(&self, mut response: Response<Body>) -> Result<Reply, Error> {
        let status = response.status().as_u16();
        let retry_after = response.headers().get(RETRY_AFTER).and_then(|value| retry_after(value.to_str().ok()?));
        let date = response.headers().get(DATE).and_then(|value| Some(value.to_str().ok()?.to_owned()));
        let body = response.body_mut().with_config().limit(ANSWER_MAX_BYTES).read_to_vec();
        Ok(Reply { status, retry_after, date, body: body.map_err(|error| self.error(error))? })
    }

    fn error(&self, error: ureq::Error) -> Error {
        let endpoint = self.endpoint.url.clone();
        match error {
            ureq::Error::BodyExceedsLimit(max_bytes) => {
                Error::BadAnswer { endpoint, reason: format!("more than {max_bytes} bytes; ask for fewer rows") }
            }
            ureq::Error::Http(error) => Error::Config(format!("a header cannot be sent: {error}")),
            error @ (ureq::Error::Tls(_) | ureq::Error::Rustls(_)) => Error::Tls { endpoint, cause: error.into() },
            // What a handshake fails with arrives wrapped as invalid data.
            ureq::Error::Io(error) if self.is_tls() && error.kind() == io::ErrorKind::InvalidData => {
                Error::Tls { endpoint, cause: error.into() }
            }
            ureq::Error::Io(error) => Error::Http { endpoint, cause: error.into() },
            error => Error::Http { endpoint, cause: error.into() },
        }
    }

    fn is_tls(&self) -> bool {
        self.endpoint.url.starts_with("https:")
    }
}

fn certificates(pem: &[u8]) -> Result<Vec<Certificate<'static>>, Error> {
    let items = parse_pem(pem).collect::<Result<Vec<_>, _>>();
    let items = items.map_err(|error| Error::Config(format!("the CA certificate cannot be read: {error}")))?;
    let certificates: Vec<_> = items
        .into_iter()
        .filter_map(|item| match item {
            PemItem::Certificate(certificate) => Some(certificate),
            _ => None,
        })
        .collect();
    if certificates.is_empty() {
        return Err(Error::Config("the CA certificate has no CERTIFICATE block; give it as PEM".to_owned()));
    }
    Ok(certificates)
}
