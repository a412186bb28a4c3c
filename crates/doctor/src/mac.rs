//! Keyed hashes.

use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::Sha256;

const ANY_LENGTH: &str = "HMAC takes keys of any length";

pub(crate) fn hmac_sha1(key: &[u8], text: &[u8]) -> Vec<u8> {
    Hmac::<Sha1>::new_from_slice(key).expect(ANY_LENGTH).chain_update(text).finalize().into_bytes().to_vec()
}

pub(crate) fn hmac_sha256(key: &[u8], text: &[u8]) -> Vec<u8> {
    Hmac::<Sha256>::new_from_slice(key).expect(ANY_LENGTH).chain_update(text).finalize().into_bytes().to_vec()
}
