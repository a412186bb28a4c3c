//! What a TC3 signature is made from. A sender may have used another value for each part.

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

use crate::mac::hmac_sha256;

/// Everything that goes into a signature.
#[derive(Clone)]
pub(super) struct Parts {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) query: String,
    /// The signed headers: lower-case names, sorted.
    pub(super) headers: Vec<(String, Vec<u8>)>,
    pub(super) hashed_payload: String,
    pub(super) timestamp: String,
    pub(super) date: String,
    pub(super) service: String,
    pub(super) secret_key: String,
    pub(super) shape: Shape,
}

/// How the canonical request is built and the key derived.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    AsPublished,
    /// Without the empty line after the headers.
    NoEmptyLine,
    /// With line ends of Windows.
    CarriageReturns,
    /// The hash in upper case.
    UpperHash,
    /// The key derived without `TC3` before the secret.
    NoPrefix,
}

impl Parts {
    /// The canonical request, as the sender may have built it.
    pub(super) fn canonical_request(&self) -> Vec<u8> {
        let mut text = Vec::new();
        for line in [&self.method, &self.path, &self.query] {
            text.extend_from_slice(line.as_bytes());
            text.push(b'\n');
        }
        for (name, value) in &self.headers {
            text.extend_from_slice(name.as_bytes());
            text.push(b':');
            text.extend_from_slice(value);
            text.push(b'\n');
        }
        if self.shape != Shape::NoEmptyLine {
            text.push(b'\n');
        }
        let names: Vec<&str> = self.headers.iter().map(|(name, _)| name.as_str()).collect();
        text.extend_from_slice(names.join(";").as_bytes());
        text.push(b'\n');
        text.extend_from_slice(self.hashed_payload.as_bytes());
        if self.shape == Shape::CarriageReturns {
            return String::from_utf8_lossy(&text).replace('\n', "\r\n").into_bytes();
        }
        text
    }

    pub(super) fn hashed_canonical_request(&self) -> String {
        let hash = sha256_hex(&self.canonical_request());
        if self.shape == Shape::UpperHash { hash.to_ascii_uppercase() } else { hash }
    }

    pub(super) fn string_to_sign(&self) -> String {
        let Self { timestamp, date, service, .. } = self;
        format!("TC3-HMAC-SHA256\n{timestamp}\n{date}/{service}/tc3_request\n{}", self.hashed_canonical_request())
    }

    pub(super) fn signature(&self) -> String {
        let prefix = if self.shape == Shape::NoPrefix { "" } else { "TC3" };
        let mut key = format!("{prefix}{}", self.secret_key).into_bytes();
        for text in [self.date.as_str(), &self.service, "tc3_request", &self.string_to_sign()] {
            key = hmac_sha256(&key, text.as_bytes());
        }
        HEXLOWER.encode(&key)
    }

    /// The value of a signed header; empty if it is not signed.
    pub(super) fn header(&self, name: &str) -> String {
        let value = self.headers.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_slice());
        String::from_utf8_lossy(value.unwrap_or_default()).into_owned()
    }
}

/// A hash as TC3 writes it, in lower-case hexadecimal digits.
pub(super) fn sha256_hex(bytes: &[u8]) -> String {
    HEXLOWER.encode(&Sha256::digest(bytes))
}
