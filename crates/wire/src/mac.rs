//! Keyed hashes that cannot fail.

use hmac::digest::Digest;
use hmac::digest::common::KeySizeUser;
use hmac::{Hmac, KeyInit};
use sha1::Sha1;
use sha2::Sha256;

/// HMAC-SHA1 under any key.
pub(crate) fn hmac_sha1(key: &[u8]) -> Hmac<Sha1> {
    keyed::<Hmac<Sha1>, Sha1>(key)
}

/// HMAC-SHA256 under any key.
pub(crate) fn hmac_sha256(key: &[u8]) -> Hmac<Sha256> {
    keyed::<Hmac<Sha256>, Sha256>(key)
}

/// RFC 2104: a key longer than a block is hashed, a shorter one is filled up with zeros. Done here because the
/// constructor that takes any length returns a `Result` that is never an error.
fn keyed<M: KeyInit + KeySizeUser, D: Digest>(key: &[u8]) -> M {
    let mut block = hmac::digest::Key::<M>::default();
    let hashed = (key.len() > block.len()).then(|| D::digest(key));
    let key = hashed.as_ref().map_or(key, AsRef::as_ref);
    for (slot, byte) in block.iter_mut().zip(key) {
        *slot = *byte;
    }
    M::new(&block)
}

#[cfg(test)]
mod tests {
    use hmac::Mac;

    use super::*;

    #[test]
    fn keys_of_any_length() {
        for length in [0, 1, 20, 32, 63, 64, 65, 200] {
            let key = vec![7; length];
            let (mut ours, mut theirs) = (hmac_sha256(&key), Hmac::<Sha256>::new_from_slice(&key).unwrap());
            ours.update(b"text");
            theirs.update(b"text");
            assert_eq!(ours.finalize().into_bytes(), theirs.finalize().into_bytes(), "{length}");
            let (mut ours, mut theirs) = (hmac_sha1(&key), Hmac::<Sha1>::new_from_slice(&key).unwrap());
            ours.update(b"text");
            theirs.update(b"text");
            assert_eq!(ours.finalize().into_bytes(), theirs.finalize().into_bytes(), "{length}");
        }
    }
}
