//! Recent requests of the signed API that failed, so that their senders can find out why: a bounded number, in memory.
//!
//! Keeps no secret: only the hash of a body (except v1, whose fields are the request), only the headers that matter to
//! a signature, and only the scheme of a non-signature credential.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use runlog_doctor::{Payload, SentRequest};
use runlog_wire::RawRequest;
use serde::Serialize;
use sha2::{Digest, Sha256};

/// Requests that are remembered; the oldest is forgotten first.
const REQUESTS_MAX: usize = 256;

/// The longest request that is remembered, by its texts; a longer one is its sender's to look at.
const REQUEST_MAX_BYTES: usize = 32 << 10;

/// A request that failed.
#[derive(Debug, Serialize)]
pub(crate) struct Failed {
    pub(crate) request_id: String,
    /// The SecretId that it named; empty when that could not be read.
    pub(crate) secret_id: String,
    /// The account of that key, when there is one.
    #[serde(skip)]
    pub(crate) account: Option<String>,
    /// The code that was answered.
    pub(crate) code: String,
    /// The server's clock, in Unix seconds.
    pub(crate) received_s: i64,
    /// How far clocks may be apart, in seconds.
    pub(crate) max_skew_s: i64,
    pub(crate) request: SentRequest,
}

/// The last requests that failed.
#[derive(Default)]
pub(crate) struct FailedRequests(Mutex<VecDeque<Arc<Failed>>>);

impl FailedRequests {
    pub(crate) fn remember(&self, failed: Failed) {
        let sent = &failed.request;
        let headers: usize = sent.headers.iter().map(|(name, value)| name.len() + value.len()).sum();
        let bytes = headers + sent.path.len() + sent.query.len() + sent.bytes().len() + failed.secret_id.len();
        if bytes > REQUEST_MAX_BYTES {
            return;
        }
        let mut ring = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if ring.len() == REQUESTS_MAX {
            ring.pop_front();
        }
        ring.push_back(Arc::new(failed));
    }

    /// The request that was answered with an id. Not every caller may look at it.
    pub(crate) fn find(&self, request_id: &str) -> Option<Arc<Failed>> {
        let ring = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        ring.iter().rev().find(|failed| failed.request_id == request_id).cloned()
    }
}

/// What may be kept of a request.
pub(crate) fn facts(raw: &RawRequest<'_>) -> SentRequest {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let authorization = raw.headers.get("Authorization").map(text).unwrap_or_default();
    let signed = authorization.split_once("SignedHeaders=").map_or("", |(_, rest)| rest);
    let signed: Vec<&str> = signed.split(',').next().unwrap_or_default().split(';').map(str::trim).collect();
    let is_tc3 = authorization.trim_start().starts_with("TC3-HMAC-SHA256");
    let mut headers = Vec::new();
    for (name, value) in raw.headers.iter() {
        let lower = name.to_ascii_lowercase();
        let matters = matches!(lower.as_str(), "host" | "content-type" | "content-length" | "authorization")
            || lower.starts_with("x-tc-")
            || signed.contains(&lower.as_str());
        let value = match lower.as_str() {
            "authorization" if !is_tc3 => {
                format!("{} (hidden)", authorization.split([' ', '=']).next().unwrap_or_default())
            }
            "x-tc-token" | "cookie" => "(hidden)".to_owned(),
            _ => text(value),
        };
        if matters {
            headers.push((name.to_owned(), value));
        }
    }
    let has_secret = |text: &str| text.contains("SecretKey=") || text.contains("Token=");
    let query = if has_secret(raw.query) { String::new() } else { raw.query.to_owned() };
    // Under v1 the body's fields are what is signed.
    let fields = text(raw.body);
    let is_v1 = !is_tc3 && fields.contains("Signature=") && !has_secret(&fields);
    let body = if raw.body.is_empty() || is_v1 {
        Payload::Text(raw.body.to_vec())
    } else {
        let sha256 = Sha256::digest(raw.body).iter().map(|byte| format!("{byte:02x}")).collect();
        Payload::Hash { sha256, bytes: raw.body.len() as u64 }
    };
    SentRequest { method: raw.method.to_owned(), path: raw.path.to_owned(), query, headers, body }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw<'a>(headers: &[(&'a str, &'a str)], body: &'a str) -> RawRequest<'a> {
        let headers = headers.iter().map(|(name, value)| (*name, value.as_bytes())).collect();
        RawRequest { method: "POST", path: "/", query: "", headers, body: body.as_bytes() }
    }

    #[test]
    fn no_secret_is_kept() {
        let kept = |headers: &[(&str, &str)], body: &str| serde_json::to_string(&facts(&raw(headers, body))).unwrap();
        for text in [
            kept(&[("Authorization", "Basic QUtJRDpodW50ZXIy"), ("Cookie", "hunter2")], ""),
            kept(&[("Authorization", "Bearer hunter2"), ("X-TC-Token", "hunter2")], "{\"password\":\"hunter2\"}"),
            kept(&[("Authorization", "TC3-HMAC-SHA256 Credential=x")], "hunter2"),
            kept(&[("X-Other", "hunter2")], "SecretKey=hunter2"),
            kept(&[], "Token=hunter2"),
        ] {
            assert!(!text.contains("hunter2") && !text.contains("QUtJRDpodW50ZXIy"), "{text}");
        }
        let text = kept(&[("Content-Type", "application/x-www-form-urlencoded")], "Action=A&Signature=s");
        assert!(text.contains("Action=A"), "the fields of v1 are the request: {text}");
    }

    #[test]
    fn the_last_few_are_remembered() {
        let failed = |id: usize, secret_id: String| Failed {
            request_id: id.to_string(),
            secret_id,
            account: None,
            code: "AuthFailure.SignatureFailure".to_owned(),
            received_s: 0,
            max_skew_s: 300,
            request: facts(&raw(&[], "")),
        };
        let ring = FailedRequests::default();
        (0..REQUESTS_MAX + 1).for_each(|id| ring.remember(failed(id, "A".to_owned())));
        ring.remember(failed(9_000, "x".repeat(REQUEST_MAX_BYTES + 1)));
        assert!(ring.find("0").is_none(), "the oldest is forgotten");
        assert!(ring.find("1").is_some() && ring.find(&REQUESTS_MAX.to_string()).is_some());
        assert!(ring.find("9000").is_none(), "too long to keep");
    }
}
