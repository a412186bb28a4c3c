//! Credentials on the native API: HTTP Basic (SecretId, SecretKey) or a TC3 signature.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hyper::header::{AUTHORIZATION, HeaderMap};
use subtle::ConstantTimeEq;

use crate::keys::{Key, Keyring};

/// The key that signed a native request by HTTP Basic.
///
/// # Errors
/// A sentence for the sender, which never says whether the key or its secret was wrong.
pub(crate) fn basic(headers: &HeaderMap, keyring: &Keyring) -> Result<Arc<Key>, &'static str> {
    const HOW: &str = "give SecretId and SecretKey as HTTP Basic credentials (curl -u SECRETID:SECRETKEY)";
    const WRONG: &str = "no such key, or a wrong secret";
    let header = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()).ok_or(HOW)?;
    let (scheme, encoded) = header.split_once(' ').ok_or(HOW)?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return Err(HOW);
    }
    let decoded = STANDARD.decode(encoded.trim()).ok().and_then(|bytes| String::from_utf8(bytes).ok()).ok_or(HOW)?;
    let (secret_id, secret_key) = decoded.split_once(':').ok_or(HOW)?;
    let key = keyring.get(secret_id).ok_or(WRONG)?;
    let is_right = bool::from(key.secret_key.as_bytes().ct_eq(secret_key.as_bytes()));
    is_right.then_some(key).ok_or(WRONG)
}
