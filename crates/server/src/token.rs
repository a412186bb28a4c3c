//! Bearer tokens: a text that stands for a key, until it expires or is deleted.
//!
//! ```text
//! rlt_ ID(12) _ SECRET(40)        letters and digits
//! ```
//!
//! The id finds the token; of the secret only the SHA-256 is kept. The secret has 238 random bits, so a plain hash is
//! enough: there is nothing to guess.

use rand::RngExt;
use rand::distr::Alphanumeric;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// What every token begins with, so that it is recognised where it should not be.
const PREFIX: &str = "rlt_";

const ID_CHARS: usize = 12;
const SECRET_CHARS: usize = 40;

/// A token as it is kept.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Token {
    /// The public part.
    pub id: String,
    /// SHA-256 of the secret part.
    hash: [u8; 32],
    /// The key that the token stands for.
    pub secret_id: String,
    /// Expiry, in Unix milliseconds. Absent: never expires.
    #[serde(default)]
    pub expires_ms: Option<i64>,
    /// Whether it may only read.
    #[serde(default)]
    pub read_only: bool,
    /// A note for people.
    #[serde(default)]
    pub note: String,
}

impl Token {
    /// Makes a token of a key, and its text, which is kept nowhere.
    pub fn generate(secret_id: &str, expires_ms: Option<i64>, read_only: bool, note: &str) -> (Self, String) {
        let random = |length| rand::rng().sample_iter(Alphanumeric).take(length).map(char::from).collect::<String>();
        let (id, secret) = (random(ID_CHARS), random(SECRET_CHARS));
        let text = format!("{PREFIX}{id}_{secret}");
        let (secret_id, note) = (secret_id.to_owned(), note.to_owned());
        (Self { id, hash: Sha256::digest(secret).into(), secret_id, expires_ms, read_only, note }, text)
    }

    /// The id and the secret in a token's text.
    pub fn split(text: &str) -> Option<(&str, &str)> {
        text.strip_prefix(PREFIX)?.split_once('_')
    }

    /// Whether this is the token's secret. Takes the same time for every wrong one.
    pub fn has_secret(&self, secret: &str) -> bool {
        let hash: [u8; 32] = Sha256::digest(secret).into();
        self.hash.ct_eq(&hash).into()
    }

    /// Whether the token holds at a moment, in Unix milliseconds.
    pub fn holds_at(&self, now_ms: i64) -> bool {
        self.expires_ms.is_none_or(|expires_ms| now_ms < expires_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_is_the_only_way_to_the_secret() {
        let (token, text) = Token::generate("AKID", Some(10), true, "");
        let (id, secret) = Token::split(&text).unwrap();
        assert_eq!(id, token.id);
        assert!(token.has_secret(secret) && !token.has_secret(&secret[1..]) && !token.has_secret(""));
        assert!(token.holds_at(9) && !token.holds_at(10));
        let kept = serde_json::to_string(&token).unwrap() + &format!("{token:?}");
        assert!(!kept.contains(secret), "{kept}");
        for other in ["", "rlt_", "rlt_abc", "AKID_x"] {
            assert!(Token::split(other).is_none(), "{other}");
        }
    }
}
