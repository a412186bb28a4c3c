//! Keys, and what they may do.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::RunFilter;
use super::filter::target;
use crate::{Client, Error};

/// The keys that this key may look at, without any secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Keys {
    /// With a root key all keys of its account, with another key itself.
    pub keys: Vec<KeyInfo>,
}

/// A key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct KeyInfo {
    /// The SecretId.
    pub key: String,
    /// The account.
    pub account: String,
    /// Whether it may do everything in its account.
    pub root: bool,
    /// A note for people.
    pub note: String,
    /// CAM policy documents of version 2.0.
    pub policies: Vec<Value>,
    /// Its tokens.
    pub tokens: Vec<TokenInfo>,
}

/// A token of a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct TokenInfo {
    /// The public part of the token.
    pub id: String,
    /// A note for people.
    pub note: String,
    /// Whether it may only read.
    pub read_only: bool,
    /// When it expires, in Unix milliseconds. Absent: never.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_ms: Option<i64>,
}

/// Whether a key may do something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Permission {
    /// Whether it may.
    pub allowed: bool,
    /// Whether it is a root key, which may do everything in its account.
    pub root: bool,
    /// The action, as policies write it.
    pub action: String,
    /// On what, as policies write it.
    pub resource: String,
    /// The statement that decides. Absent for a root key, and if no statement covers it, which denies it.
    pub statement: Option<Value>,
}

impl Client {
    /// The keys that this client's key may look at.
    ///
    /// # Errors
    /// As [`Client::runs`].
    pub fn keys(&self) -> Result<Keys, Error> {
        self.get("/api/v1/keys")
    }

    /// Whether this client's key may do something, such as `scf:GetFunctionLogs`. `on` may name a region, a namespace
    /// and a function, and nothing else.
    ///
    /// # Errors
    /// As [`Client::runs`].
    pub fn permission(&self, action: &str, on: &RunFilter) -> Result<Permission, Error> {
        self.get(&target("allowed", on, &[("action", Some(action))]))
    }
}
