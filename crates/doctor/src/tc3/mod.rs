//! TC3 step by step: what the server computes, and which mistake gives the signature that was sent.

mod compare;
mod guesses;
mod parts;

use runlog_wire::actions::SERVICE;
use runlog_wire::sign_v3::V3Auth;
use runlog_wire::{ApiRequest, RawRequest};

use crate::finding::{Diagnosis, Finding, Step};
use crate::guess::explain;
use crate::kind::Kind;
use crate::known::Known;
use crate::sent::{Payload, SentRequest};
use guesses::guesses;
use parts::{Parts, Shape, sha256_hex};

pub(crate) fn examine(
    auth: &V3Auth,
    request: &ApiRequest,
    sent: &SentRequest,
    raw: &RawRequest<'_>,
    known: &Known<'_>,
    diagnosis: &mut Diagnosis,
) {
    diagnosis.scheme = "TC3-HMAC-SHA256";
    if auth.service() != SERVICE {
        // This server accepts any service; others do not.
        diagnosis.findings.push(Finding::new(Kind::Service, SERVICE, auth.service()).suspected());
    }
    let base = match as_sent(auth, request, sent, raw, known) {
        Ok(base) => base,
        Err(missing) => {
            diagnosis.findings.push(Finding::new(Kind::SignedHeaderMissing, missing, ""));
            return;
        }
    };
    let canonical_request = String::from_utf8_lossy(&base.canonical_request()).into_owned();
    let string_to_sign = base.string_to_sign();
    let differing = compare::texts(&canonical_request, &string_to_sign, known);
    diagnosis.steps = vec![
        step("hashed payload", base.hashed_payload.clone(), None),
        step("canonical request", canonical_request, known.canonical_request),
        step("hashed canonical request", base.hashed_canonical_request(), None),
        step("string to sign", string_to_sign, known.string_to_sign),
    ];
    let (signature, computed) = (auth.signature(), base.signature());
    if known.secret_key.is_some() {
        diagnosis.steps.push(step("signature", computed.clone(), Some(&signature)));
    }
    if known.secret_key.is_none() || known.secret_id.is_some_and(|id| id != auth.secret_id()) {
        diagnosis.findings.extend(differing);
        return;
    }
    // A signature that fits one of the readings for known clients is right too.
    let is_right = match &sent.body {
        Payload::Hash { .. } => computed == signature,
        Payload::Text(_) => request.verify(raw, &base.secret_key, request.common.timestamp_s, 0).is_ok(),
    };
    if is_right {
        return;
    }
    if let Some(finding) = differing {
        diagnosis.findings.push(finding);
        return;
    }
    let guesses = guesses(&base, request, sent, known);
    match explain(&base, &guesses, |parts| parts.signature() == signature) {
        Some(found) => diagnosis
            .findings
            .extend(found.iter().map(|guess| Finding::new(guess.kind, guess.expected.clone(), guess.found.clone()))),
        None => diagnosis.findings.push(Finding::new(Kind::Unexplained, computed, signature)),
    }
}

/// The parts of the signature as the server takes them from the request, or the name of a signed header that is not
/// there exactly once.
fn as_sent(
    auth: &V3Auth,
    request: &ApiRequest,
    sent: &SentRequest,
    raw: &RawRequest<'_>,
    known: &Known<'_>,
) -> Result<Parts, String> {
    let mut headers = Vec::with_capacity(auth.signed_headers().len());
    for name in auth.signed_headers() {
        let value = raw.headers.only(name).ok_or_else(|| name.clone())?;
        headers.push((name.clone(), value.trim_ascii().to_vec()));
    }
    let is_get = raw.method == "GET";
    let is_unsigned = raw.headers.get("X-TC-Content-SHA256").is_some_and(|hash| hash == b"UNSIGNED-PAYLOAD");
    let hashed_payload = match &sent.body {
        _ if is_unsigned => sha256_hex(b"UNSIGNED-PAYLOAD"),
        _ if is_get => sha256_hex(b""),
        Payload::Text(body) => sha256_hex(body),
        Payload::Hash { sha256, .. } => sha256.clone(),
    };
    Ok(Parts {
        method: raw.method.to_owned(),
        path: raw.path.to_owned(),
        query: if is_get { raw.query.to_owned() } else { String::new() },
        headers,
        hashed_payload,
        timestamp: request.common.timestamp_s.to_string(),
        date: auth.date().to_owned(),
        service: auth.service().to_owned(),
        secret_key: known.secret_key.unwrap_or_default().to_owned(),
        shape: Shape::AsPublished,
    })
}

/// A step to show. The derived keys are none: anyone who has them can sign.
fn step(name: &'static str, expected: String, sent: Option<&str>) -> Step {
    Step { name, expected, sent: sent.map(str::to_owned) }
}
