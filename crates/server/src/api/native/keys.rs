//! `GET /api/v1/keys`: keys and what they may do, to be looked at. Secrets are in no answer.

use hyper::StatusCode;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::asked::Asked;
use crate::keys::Key;
use crate::respond::{self, Answer, Packed};
use crate::token::Token;

/// The keys that the caller may look at.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Keys {
    /// With a root key all keys of its account, with another key itself.
    keys: Vec<OneKey>,
}

/// A key.
#[derive(Serialize, JsonSchema)]
struct OneKey {
    /// The SecretId.
    key: String,
    account: String,
    /// Whether it may do everything in its account.
    root: bool,
    note: String,
    /// CAM policy documents of version 2.0. A root key needs none.
    policies: Vec<Value>,
    tokens: Vec<OneToken>,
}

/// A token of a key.
#[derive(Serialize, JsonSchema)]
struct OneToken {
    /// The public part of the token.
    id: String,
    note: String,
    /// Whether it may only read.
    read_only: bool,
    /// When it expires, in Unix milliseconds. Absent: never.
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_ms: Option<i64>,
}

pub(super) fn answer(asked: &Asked) -> Answer {
    let keyring = &asked.app.keyring;
    let own = &asked.caller.key;
    let mut keys = if own.root { keyring.keys_of(&own.account) } else { vec![own.clone()] };
    keys.sort_by(|a, b| (!a.root, &a.secret_id).cmp(&(!b.root, &b.secret_id)));
    let keys = keys.iter().map(|key| described(key, keyring.tokens_of(&key.secret_id).iter().map(AsRef::as_ref)));
    let body = serde_json::to_vec(&Keys { keys: keys.collect() }).expect("texts and numbers have a JSON form");
    respond::packed(StatusCode::OK, Packed::plain(body))
}

fn described<'a>(key: &Key, tokens: impl Iterator<Item = &'a Token>) -> OneKey {
    let policy = |policy| serde_json::to_value(policy).expect("a policy has a JSON form");
    let token = |token: &Token| OneToken {
        id: token.id.clone(),
        note: token.note.clone(),
        read_only: token.read_only,
        expires_ms: token.expires_ms,
    };
    OneKey {
        key: key.secret_id.clone(),
        account: key.account.clone(),
        root: key.root,
        note: key.note.clone(),
        policies: key.policies.iter().map(policy).collect(),
        tokens: tokens.map(token).collect(),
    }
}
