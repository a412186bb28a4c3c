//! How a client is set up.

use std::sync::Arc;
use std::time::Duration;

use crate::clock::{Clock, SystemClock};
use crate::credential::Credential;
use crate::endpoint::Endpoint;
use crate::transport::Transport;
use crate::{Client, Error, Language};

/// How long one request may take, with its answer, unless the caller says otherwise.
const TIMEOUT: Duration = Duration::from_secs(60);

/// How often a request is sent again, unless the caller says otherwise: waits of 1, 2, 4 and 8 seconds.
const RETRIES: u32 = 4;

/// Sets up a [`Client`]; made by [`Client::builder`].
#[must_use]
pub struct ClientBuilder {
    endpoint: String,
    credential: Option<Credential>,
    token: Option<String>,
    region: Option<String>,
    language: Option<Language>,
    timeout: Duration,
    retries: u32,
    user_agent: String,
    ca_pem: Option<Vec<u8>>,
    clock: Arc<dyn Clock>,
}

impl Client {
    /// Starts to set up a client of the server at `http://host:port` or `https://host:port`.
    pub fn builder(endpoint: impl Into<String>) -> ClientBuilder {
        ClientBuilder::new(endpoint.into())
    }
}

impl ClientBuilder {
    fn new(endpoint: String) -> Self {
        Self {
            endpoint,
            credential: None,
            token: None,
            region: None,
            language: None,
            timeout: TIMEOUT,
            retries: RETRIES,
            user_agent: concat!("runlog-client/", env!("CARGO_PKG_VERSION")).to_owned(),
            ca_pem: None,
            clock: Arc::new(SystemClock),
        }
    }

    /// The key to sign with. Required, unless there is a [`token`](Self::token).
    pub fn credential(mut self, secret_id: impl Into<String>, secret_key: impl Into<String>) -> Self {
        self.credential = Some(Credential { secret_id: secret_id.into(), secret_key: secret_key.into() });
        self
    }

    /// A token, instead of a key, for every call of runlog's own API: storing and reading runs, tails, exports and
    /// backups. With a key as well, these calls use the token. A token cannot sign, so [`Client::call`] and the calls
    /// built on it need a key.
    pub fn token(mut self, token: impl Into<String>) -> Self {
        self.token = Some(token.into());
        self
    }

    /// The region to ask, and the region of runs that are put without one. Absent: the server's default.
    pub fn region(mut self, region: impl Into<String>) -> Self {
        self.region = Some(region.into());
        self
    }

    /// The language of error messages. Absent: the server's choice.
    pub fn language(mut self, language: Language) -> Self {
        self.language = Some(language);
        self
    }

    /// How long one request may take, with its answer. Default: 60 seconds.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// How often one request is sent again. Default: 4; 0 turns it off.
    ///
    /// A signed call is sent again if it was over the rate limit. A batch of runs is also sent again if the server was
    /// busy (429, 502, 503, 504) or could not be reached, because runs that arrive twice are stored once.
    pub fn retries(mut self, retries: u32) -> Self {
        self.retries = retries;
        self
    }

    /// The only authorities that an https server's certificate may come from, as PEM. Absent: the public ones.
    pub fn ca_certificate(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.ca_pem = Some(pem.into());
        self
    }

    /// The `User-Agent` header.
    pub fn user_agent(mut self, user_agent: impl Into<String>) -> Self {
        self.user_agent = user_agent.into();
        self
    }

    /// Another clock than the machine's, for tests.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Makes the client. Nothing is sent yet.
    ///
    /// # Errors
    /// [`Error::Config`] for an endpoint that is not `http://` or `https://` and a host, neither a key nor a
    /// token, a token that no header can hold, and a certificate that is not PEM.
    pub fn build(self) -> Result<Client, Error> {
        let credential = self.credential.filter(|key| !key.secret_id.is_empty() && !key.secret_key.is_empty());
        let token = self.token.map(|token| token.trim().to_owned()).filter(|token| !token.is_empty());
        if credential.is_none() && token.is_none() {
            return Err(Error::Config("no credential; give a SecretId and a SecretKey, or a token".to_owned()));
        }
        if token.as_ref().is_some_and(|token| !token.bytes().all(|byte| byte.is_ascii_graphic())) {
            return Err(Error::Config("a token is letters and digits; give it as it was printed".to_owned()));
        }
        let endpoint = Endpoint::parse(&self.endpoint)?;
        Ok(Client {
            transport: Transport::new(endpoint, self.timeout, &self.user_agent, self.ca_pem.as_deref())?,
            credential,
            token,
            region: self.region.filter(|region| !region.is_empty()),
            language: self.language,
            retries: self.retries,
            clock: self.clock,
        })
    }
}
