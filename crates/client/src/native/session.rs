//! Whose credential a request carries.

use serde::{Deserialize, Serialize};

use crate::{Client, Error};

/// Whose credential a request carries, and what it may do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Session {
    /// The account.
    pub account: String,
    /// The SecretId of the key, or of the token's key.
    pub key: String,
    /// Whether it may only read.
    pub read_only: bool,
    /// Whether it may do everything in its account.
    pub root: bool,
}

impl Client {
    /// Whose credential this client has.
    ///
    /// # Errors
    /// As [`Client::runs`]; [`Error::Refused`] with status 404 by a server without sessions.
    pub fn session(&self) -> Result<Session, Error> {
        self.get("/api/v1/session")
    }
}
