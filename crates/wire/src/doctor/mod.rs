//! Why a signed request is refused: every step of its signature is computed anew, and the first that differs is named.
//!
//! A request holds only the end of its signature, so what its sender did is found by trying: each usual mistake (the
//! host of another server, a body that was written anew after signing, a key with a line end ...) is made on purpose,
//! alone and in pairs, until the signature comes out that was sent. That proves the mistake. A sender's own canonical
//! request or string to sign, where there is one, is compared line by line instead.
//!
//! Data in, data out: no IO, no clock. The secret key goes in and never comes out, nor do the keys derived from it.

mod guess;
mod json;
pub mod read;
mod sent;
mod tc3;
mod texts;
mod v1;

pub use read::read;
pub use sent::{Payload, SentRequest};

use serde::Serialize;

use crate::actions;
use crate::error::{ApiError, ErrorCode};
use crate::request::{ApiRequest, Auth, RawRequest};

/// What is known beside the request.
#[derive(Clone, Copy, Debug, Default)]
pub struct Known<'a> {
    /// The key that should have signed.
    pub secret_id: Option<&'a str>,
    /// Its secret; without it no signature is computed.
    pub secret_key: Option<&'a str>,
    /// The server's clock when the request came, in Unix seconds, where it is known.
    pub received_s: Option<i64>,
    /// The present moment, in Unix seconds, where it is not known when the request came.
    pub now_s: Option<i64>,
    /// How far clocks may be apart, in seconds.
    pub max_skew_s: i64,
    /// The host, with its port, that the request should be for.
    pub host: Option<&'a str>,
    /// The code that the server answered with.
    pub code: Option<&'a str>,
    /// The sender's own canonical request.
    pub canonical_request: Option<&'a str>,
    /// The sender's own string to sign.
    pub string_to_sign: Option<&'a str>,
}

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Diagnosis {
    /// `TC3-HMAC-SHA256`, `HmacSHA1`, `HmacSHA256`; empty when the request has no signature that can be read.
    pub scheme: &'static str,
    /// Each step as the server computes it, in order.
    pub steps: Vec<Step>,
    /// What is wrong, the first step first; what is only suspected comes last.
    pub findings: Vec<Finding>,
}

/// A step of a signature.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Step {
    /// Its name, such as `canonical request`.
    pub name: &'static str,
    /// What the server computes.
    pub expected: String,
    /// What the sender computed, where that is known.
    pub sent: Option<String>,
}

/// Something that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What.
    pub kind: Kind,
    /// What the server expects; its meaning follows from the kind.
    pub expected: String,
    /// What the request has.
    pub found: String,
    /// Whether it is certain: computed, not guessed.
    pub is_proven: bool,
}

/// What may be wrong, in the order in which a server looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Kind {
    /// Neither an `Authorization` nor a `Signature`.
    NotSigned,
    /// A signature of another family, such as that of another cloud, or v1 where TC3 is needed.
    WrongFamily,
    /// The request has no form of the API; `found` is the server's sentence.
    Shape,
    /// Another SecretId than the one that was given.
    KeyUnknown,
    /// The clocks are too far apart.
    Skew,
    /// The credential's date is not the timestamp's.
    CredentialDate,
    /// A header is named as signed and not there.
    SignedHeaderMissing,
    /// The body is not in what was given.
    BodyMissing,
    /// The method that was signed is another one.
    Method,
    /// The path that was signed is another one.
    Path,
    /// The query string, or the fields, that were signed are others.
    Query,
    /// The host that was signed is another one.
    Host,
    /// The content type that was signed is another one.
    ContentType,
    /// The names of the signed headers are others.
    SignedHeaders,
    /// The body that was signed is another one.
    Body,
    /// The canonical request was put together in another way.
    Canonical,
    /// The hash that was used is another one.
    Algorithm,
    /// The timestamp that was signed is another one.
    Timestamp,
    /// The service that was signed for is another one.
    Service,
    /// The key was derived, or written, in another way.
    SecretKey,
    /// The signature was changed on its way.
    SignatureEscape,
    /// The signature differs, and no usual mistake explains it.
    Unexplained,
    /// No such action.
    Action,
    /// No such version of the action.
    Version,
    /// The server does not serve the region.
    Region,
    /// The key may not do this.
    Permission,
    /// Too many requests.
    RateLimit,
    /// Another code of the server, about the parameters or itself.
    Other,
    /// The signature is right, and the request is older than a server takes: when it was sent is not known.
    Old,
    /// Nothing is wrong.
    Fine,
}

impl Finding {
    fn new(kind: Kind, expected: impl Into<String>, found: impl Into<String>) -> Self {
        Self { kind, expected: expected.into(), found: found.into(), is_proven: true }
    }

    fn suspected(self) -> Self {
        Self { is_proven: false, ..self }
    }
}

/// Finds out why a request is refused. There is at least one finding.
pub fn diagnose(sent: &SentRequest, known: &Known<'_>) -> Diagnosis {
    let mut diagnosis = Diagnosis::default();
    sent.with_raw(|raw| examine(sent, raw, known, &mut diagnosis));
    // Neither stops a server of this kind: an old request was young once, and any service is taken.
    let is_harmless = |finding: &Finding| !finding.is_proven && matches!(finding.kind, Kind::Old | Kind::Service);
    if diagnosis.findings.iter().all(is_harmless) {
        match of_code(known.code) {
            Some(finding) => diagnosis.findings.push(finding),
            None if diagnosis.findings.iter().any(|finding| finding.kind == Kind::Old) => {}
            None => diagnosis.findings.push(Finding::new(Kind::Fine, "", "")),
        }
    }
    diagnosis.findings.sort_by_key(|finding| (!finding.is_proven, finding.kind));
    diagnosis
}

fn examine(sent: &SentRequest, raw: &RawRequest<'_>, known: &Known<'_>, diagnosis: &mut Diagnosis) {
    let findings = &mut diagnosis.findings;
    if let Some(finding) = family(sent) {
        findings.push(finding);
        return;
    }
    if sent.body_is_missing() {
        findings.push(Finding::new(Kind::BodyMissing, sent.header("Content-Length").unwrap_or_default(), "0"));
        return;
    }
    let request = match parse(sent, raw) {
        Ok(request) => request,
        Err(error) => {
            findings.push(of_error(&error));
            return;
        }
    };
    if let Some(wanted) = known.secret_id.filter(|wanted| *wanted != request.secret_id()) {
        findings.push(Finding::new(Kind::KeyUnknown, wanted, request.secret_id()));
    } else if known.code == Some(ErrorCode::AuthFailureSecretIdNotFound.as_str()) {
        findings.push(Finding::new(Kind::KeyUnknown, "", request.secret_id()));
    }
    let timestamp_s = request.common.timestamp_s;
    let is_far = |clock_s: &i64| clock_s.abs_diff(timestamp_s) > known.max_skew_s.max(0).unsigned_abs();
    let apart = |kind, clock_s: i64| Finding::new(kind, clock_s.to_string(), timestamp_s.to_string());
    match (known.received_s, known.now_s) {
        (Some(received_s), _) => findings.extend(Some(received_s).filter(is_far).map(|s| apart(Kind::Skew, s))),
        (None, now_s) => findings.extend(now_s.filter(is_far).map(|s| apart(Kind::Old, s).suspected())),
    }
    match &request.auth {
        Auth::V1(auth) => v1::examine(auth, sent, raw, known, diagnosis),
        Auth::V3(auth) => tc3::examine(auth, &request, sent, raw, known, diagnosis),
    }
    let common = &request.common;
    match actions::find(&common.action, &common.version).map_err(|error| error.error_code()) {
        Err(ErrorCode::NoSuchVersion) => {
            diagnosis.findings.push(Finding::new(Kind::Version, actions::VERSION, &common.version));
        }
        Err(_) => {
            let names: Vec<&str> = actions::ACTIONS.iter().map(|action| action.name).collect();
            diagnosis.findings.push(Finding::new(Kind::Action, names.join(", "), &common.action));
        }
        Ok(_) => {}
    }
    if known.code == Some(ErrorCode::UnsupportedRegion.as_str()) {
        diagnosis.findings.push(Finding::new(Kind::Region, "", common.region.clone().unwrap_or_default()));
    }
}

/// Understands the request. Of one whose body is known by its hash alone the parameters are not looked at.
fn parse(sent: &SentRequest, raw: &RawRequest<'_>) -> Result<ApiRequest, ApiError> {
    match &sent.body {
        Payload::Hash { .. } if raw.method == "POST" => {
            let mut json = raw.clone();
            json.body = b"{}";
            let is_multipart = raw.headers.get("Content-Type").is_some_and(|value| value.starts_with(b"multipart/"));
            if is_multipart {
                json.headers = sent
                    .headers
                    .iter()
                    .filter(|(name, _)| !name.eq_ignore_ascii_case("Content-Type"))
                    .map(|(name, value)| (name.as_str(), value.as_bytes()))
                    .chain([("Content-Type", &b"application/json"[..])])
                    .collect();
            }
            json.parse()
        }
        _ => raw.parse(),
    }
}

/// A signature that is none of the API's, or none at all.
fn family(sent: &SentRequest) -> Option<Finding> {
    let has_field = sent.text().contains("Signature=");
    let Some(authorization) = sent.header("Authorization") else {
        let is_json = sent.header("Content-Type").is_some_and(|value| value.to_ascii_lowercase().contains("json"));
        return match (has_field, is_json && sent.method == "POST") {
            (true, true) => Some(Finding::new(Kind::WrongFamily, "TC3-HMAC-SHA256", "v1")),
            (true, false) => None,
            (false, _) => Some(Finding::new(Kind::NotSigned, "", "")),
        };
    };
    let authorization = authorization.trim();
    if authorization.starts_with("TC3-HMAC-SHA256") {
        return None;
    }
    let word = authorization.split([' ', '=']).next().unwrap_or_default();
    let found = if word == "q-sign-algorithm" { "COS (q-sign-algorithm)" } else { word };
    Some(Finding::new(Kind::WrongFamily, "TC3-HMAC-SHA256", found))
}

/// What an error of reading the request means.
fn of_error(error: &ApiError) -> Finding {
    use crate::error::Detail;
    let arg = |name| error.arg(name).unwrap_or_default().to_owned();
    match (error.error_code(), error.detail_of()) {
        (_, Some(Detail::AuthorizationDate)) => Finding::new(Kind::CredentialDate, arg("expected"), arg("value")),
        (_, Some(Detail::SignedHeaderAbsent | Detail::SignedHeaderRequired)) => {
            Finding::new(Kind::SignedHeaderMissing, arg("name"), "")
        }
        _ => Finding::new(Kind::Shape, error.code(), error.message(crate::Language::English).trim_end()),
    }
}

/// What the server's code alone says.
fn of_code(code: Option<&str>) -> Option<Finding> {
    let code = code?;
    let kind = match code {
        "UnauthorizedOperation" | "UnauthorizedOperation.CAM" => Kind::Permission,
        "RequestLimitExceeded" => Kind::RateLimit,
        _ => Kind::Other,
    };
    Some(Finding::new(kind, "", code))
}
