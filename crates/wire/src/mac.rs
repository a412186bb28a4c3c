//! Keyed hashes of signatures.

use hmac::{Hmac, KeyInit};
use sha1::Sha1;
use sha2::Sha256;

const ANY_LENGTH: &str = "HMAC takes keys of any length";

/// HMAC-SHA1 under any key.
pub(crate) fn hmac_sha1(key: &[u8]) -> Hmac<Sha1> {
    Hmac::new_from_slice(key).expect(ANY_LENGTH)
}

/// HMAC-SHA256 under any key.
pub(crate) fn hmac_sha256(key: &[u8]) -> Hmac<Sha256> {
    Hmac::new_from_slice(key).expect(ANY_LENGTH)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_has_any_length() {
        for length in [0, 1, 20, 32, 63, 64, 65, 200, 1 << 20] {
            let key = vec![7; length];
            let _ = (hmac_sha1(&key), hmac_sha256(&key));
        }
    }
}
