//! A caller, as its credential made it known, and the refusal of one.

use std::sync::Arc;

use hyper::StatusCode;

use crate::clock;
use crate::keys::{Key, Keyring};
use crate::respond::{self, Answer};
use crate::sessions::Ticket;
use crate::token::Token;

/// The caller.
#[derive(Clone)]
pub(crate) struct Caller {
    /// The key of the request, or of its token.
    pub(crate) key: Arc<Key>,
    /// Whether only reading is allowed.
    pub(crate) read_only: bool,
    token_id: Option<String>,
    /// Of the session that the request belongs to.
    ticket: Option<Ticket>,
    is_dev: bool,
}

/// Why a request is not served. The sentence is for the sender.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Denied {
    /// The credential is missing or wrong.
    Unauthorized(String),
    /// The credential may not do this.
    Forbidden(&'static str),
}

impl Denied {
    /// The answer.
    pub(crate) fn answer(&self) -> Answer {
        match self {
            Self::Unauthorized(message) => respond::unauthorized(message),
            Self::Forbidden(message) => respond::error(StatusCode::FORBIDDEN, "Forbidden", message),
        }
    }
}

impl Caller {
    /// The same caller as of now; `None` once the key or token is gone or has expired.
    pub(crate) fn still(&self, keyring: &Keyring) -> Option<Self> {
        if self.is_dev {
            return Some(self.clone());
        }
        if self.ticket.as_ref().is_some_and(|ticket| !ticket.holds_at(clock::monotonic())) {
            return None;
        }
        if let Some(id) = &self.token_id {
            keyring.token(id).filter(|token| token.holds_at(clock::now_ms()))?;
        }
        let key = keyring.get(&self.key.secret_id).filter(|key| key.secret_key == self.key.secret_key)?;
        Some(Self { key, ..self.clone() })
    }

    /// Whether the request itself proves that its sender has the secret of a key: neither a token nor a session does.
    pub(crate) fn has_secret_of(&self, key: &Key) -> bool {
        self.token_id.is_none() && self.ticket.is_none() && !self.is_dev && self.key.secret_id == key.secret_id
    }

    /// Who has a token of a key.
    pub(crate) fn of_token(key: Arc<Key>, token: &Token) -> Self {
        Self { read_only: token.read_only, token_id: Some(token.id.clone()), ..Self::of_key(key) }
    }

    /// Who needs no credential of a development server; it acts as its root key.
    pub(crate) fn of_developer(key: Arc<Key>) -> Self {
        Self { is_dev: true, ..Self::of_key(key) }
    }

    /// The same caller, known by the cookie of a session.
    pub(crate) fn in_session(self, ticket: Ticket) -> Self {
        Self { ticket: Some(ticket), ..self }
    }

    /// Who signs or authenticates with a key.
    pub(crate) fn of_key(key: Arc<Key>) -> Self {
        Self { key, read_only: false, token_id: None, ticket: None, is_dev: false }
    }
}
