//! Refusing the very same v1 request twice: an option, off by default, since clients repeat requests on their own.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// Signatures that have been seen and have not expired.
#[derive(Default)]
pub(crate) struct ReplayGuard {
    /// By signature and key; the value is when its timestamp expires, in Unix seconds.
    seen: Mutex<HashMap<(String, String), i64>>,
}

impl ReplayGuard {
    /// Notes a verified signature; returns whether it is new. A signature covers key, nonce and timestamp, so it
    /// stands for all of them.
    pub(crate) fn is_new(&self, secret_id: &str, signature: &str, expires_s: i64, now_s: i64) -> bool {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.retain(|_, expires_s| *expires_s >= now_s);
        seen.insert((secret_id.to_owned(), signature.to_owned()), expires_s).is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_signature_is_new_once() {
        let guard = ReplayGuard::default();
        assert!(guard.is_new("id", "s", 100, 50));
        assert!(!guard.is_new("id", "s", 100, 60));
        assert!(guard.is_new("other", "s", 100, 60));
        assert!(guard.is_new("id", "s", 300, 101), "forgotten once its timestamp has expired");
    }
}
