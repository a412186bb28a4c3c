//! Signed calls of the dialect.

use std::fmt;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::clock::Clock;
use crate::credential::Credential;
use crate::retry::Backoff;
use crate::signed::Unsigned;
use crate::transport::Transport;
use crate::{Error, FunctionLogs, GetFunctionLogs, Language, SignedRequest, envelope};

/// A server of the run-log API, and the key or token to it.
///
/// Calls block. A client keeps its connections open and can be shared between threads.
pub struct Client {
    pub(crate) transport: Transport,
    pub(crate) credential: Option<Credential>,
    /// Stands for a key in runlog's own API.
    pub(crate) token: Option<String>,
    pub(crate) region: Option<String>,
    pub(crate) language: Option<Language>,
    pub(crate) retries: u32,
    pub(crate) clock: Arc<dyn Clock>,
}

impl Client {
    /// One page of runs.
    ///
    /// # Errors
    /// [`Error::Api`] when the server refuses the request, such as for a window longer than a day; otherwise see
    /// [`Client::call`].
    pub fn get_function_logs(&self, request: &GetFunctionLogs) -> Result<FunctionLogs, Error> {
        self.call("GetFunctionLogs", request)
    }

    /// Any action of the API: `request` is its parameters, the result what its `Response` holds.
    ///
    /// # Errors
    /// [`Error::Api`] when the server refuses the request; [`Error::Http`] and [`Error::Tls`] when it cannot be
    /// reached; [`Error::BadAnswer`] when its answer is not a `Response` of this shape; [`Error::Config`] when the
    /// client has a token alone.
    pub fn call<Request, Response>(&self, action: &str, request: &Request) -> Result<Response, Error>
    where
        Request: Serialize + ?Sized,
        Response: DeserializeOwned,
    {
        let mut backoff = Backoff::new(self.retries);
        loop {
            // Signed anew for each try: a signature is good for five minutes only.
            let signed = self.signed_request(action, request)?;
            let reply = self.transport.post("/", &signed.headers, signed.body.as_bytes())?;
            match envelope::read(&self.transport.endpoint.url, &reply) {
                Err(error) if error.is_rate_limit() => match backoff.next(reply.retry_after) {
                    Some(wait) => self.clock.sleep(wait),
                    None => return Err(error),
                },
                result => return result,
            }
        }
    }

    /// The `Authorization` of runlog's own API.
    pub(crate) fn authorization(&self) -> String {
        match (&self.token, &self.credential) {
            (Some(token), _) => format!("Bearer {token}"),
            (None, Some(Credential { secret_id, secret_key })) => {
                format!("Basic {}", STANDARD.encode(format!("{secret_id}:{secret_key}")))
            }
            // A client is not built without either.
            (None, None) => String::new(),
        }
    }

    /// The request that [`Client::call`] would send now, to be looked at or shown as `curl`.
    ///
    /// # Errors
    /// [`Error::Request`] when `request` cannot be written as JSON; [`Error::Config`] when the client has a token
    /// alone.
    pub fn signed_request<Request>(&self, action: &str, request: &Request) -> Result<SignedRequest, Error>
    where
        Request: Serialize + ?Sized,
    {
        let Some(credential) = &self.credential else {
            let advice = "the signed API takes no token; give a SecretId and a SecretKey";
            return Err(Error::Config(advice.to_owned()));
        };
        let unsigned = Unsigned {
            endpoint: &self.transport.endpoint,
            action,
            region: self.region.as_deref(),
            language: self.language,
            timestamp_s: self.clock.now_ms().div_euclid(1000),
            body: serde_json::to_string(request).map_err(Error::Request)?,
        };
        Ok(unsigned.sign(credential))
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("endpoint", &self.transport.endpoint.url)
            .field("secret_id", &self.credential.as_ref().map(|key| &key.secret_id))
            .field("has_token", &self.token.is_some())
            .finish_non_exhaustive()
    }
}
