//! Signature TC3-HMAC-SHA256.
//!
//! ```text
//! canonical request   method, "/", query, headers ("name:value\n" each), signed headers, hex(sha256(payload)); by lines
//! string to sign      TC3-HMAC-SHA256, timestamp, date/service/tc3_request, hex(sha256(canonical request)); by lines
//! signing key         HMAC(HMAC(HMAC("TC3" + secret key, date), service), "tc3_request")
//! signature           hex(HMAC(signing key, string to sign))
//! ```
//!
//! Published, except for the readings in [`TypeForm`] and [`HostForm`](crate::HostForm), which known clients need. The
//! payload is the body as received, never serialised again: every SDK escapes its JSON in its own way. Any
//! service in the credential is accepted, since several SDKs derive it from the endpoint's name (observed).

use std::borrow::Cow;

use hmac::Mac;
use sha2::{Digest, Sha256};

use crate::error::{ApiError, Detail, ErrorCode};
use crate::limits::SIGNED_HEADERS_MAX;
use crate::mac::hmac_sha256;
use crate::raw::{HostForm, RawRequest, host_forms};
use crate::text::{hex, hex_bytes};

const ALGORITHM: &str = "TC3-HMAC-SHA256";
const TERMINATOR: &str = "tc3_request";
const UNSIGNED_PAYLOAD: &str = "UNSIGNED-PAYLOAD";

/// The `Authorization` header of a TC3 request.
#[derive(Clone, Debug)]
pub struct V3Auth {
    secret_id: String,
    date: String,
    service: String,
    signed_headers: Vec<String>,
    signature: [u8; 32],
}

/// Which reading of the content type, and of other signed headers, a client signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TypeForm {
    /// As sent: every official SDK.
    Raw,
    /// In lower case, as the documents say; the published sample signs `x-tc-action` so.
    Lower,
    /// The content type as sent, other headers in lower case.
    OthersLower,
    /// The content type without its parameters: some SDKs' multipart (read in their source).
    WithoutParameters,
}

/// What a TC3 signature is made from.
#[derive(Clone, Copy, Debug)]
pub struct V3Input<'a> {
    /// `GET` or `POST`.
    pub method: &'a str,
    /// The `Host` header, with its port if it has one.
    pub host: &'a str,
    /// The path, `/`.
    pub path: &'a str,
    /// The query string exactly as sent. Counts for GET only.
    pub query: &'a str,
    /// The `Content-Type` header.
    pub content_type: &'a str,
    /// Headers to sign besides `content-type` and `host`: lower-case names, values as they shall be signed.
    pub more_headers: &'a [(&'a str, &'a str)],
    /// The body exactly as sent. Counts for POST only.
    pub payload: &'a [u8],
    /// `X-TC-Timestamp`, in Unix seconds.
    pub timestamp_s: i64,
    /// The service, `scf`.
    pub service: &'a str,
    /// Whether to leave the payload out of the signature; then send `X-TC-Content-SHA256: UNSIGNED-PAYLOAD`.
    pub unsigned_payload: bool,
}

impl<'a> V3Input<'a> {
    /// A JSON POST to this service, as SDKs send it: only `content-type` and `host` are signed, and the payload.
    pub fn post_json(host: &'a str, payload: &'a [u8], timestamp_s: i64) -> Self {
        Self {
            method: "POST",
            host,
            path: "/",
            query: "",
            content_type: "application/json",
            more_headers: &[],
            payload,
            timestamp_s,
            service: crate::service::SERVICE,
            unsigned_payload: false,
        }
    }
}

/// A TC3 signature, step by step. Binary values are lower-case hexadecimal digits. The keys sign anything for this
/// date and service, so they are as secret as the secret key for that long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct V3Steps {
    /// The payload's hash.
    pub hashed_payload: String,
    /// The canonical request.
    pub canonical_request: String,
    /// Its hash.
    pub hashed_canonical_request: String,
    /// The names of the signed headers, joined by `;`.
    pub signed_headers: String,
    /// `date/service/tc3_request`.
    pub credential_scope: String,
    /// The string to sign.
    pub string_to_sign: String,
    /// The key of the date.
    pub date_key: String,
    /// The key of the service.
    pub service_key: String,
    /// The key that signs.
    pub signing_key: String,
    /// The signature.
    pub signature: String,
    /// The whole header.
    pub authorization: String,
}

/// Signs with TC3.
pub fn sign_v3(secret_id: &str, secret_key: &str, input: &V3Input<'_>) -> V3Steps {
    let mut headers: SignedHeaders<'_> =
        input.more_headers.iter().map(|(name, value)| (*name, value.as_bytes().into())).collect();
    headers.push(("content-type", input.content_type.trim().as_bytes().into()));
    headers.push(("host", input.host.trim().as_bytes().into()));
    headers.sort_unstable();
    let get = input.method == "GET";
    let canonical = Canonical {
        method: input.method,
        path: input.path,
        query: if get { input.query } else { "" },
        hashed_payload: hashed_payload(if get { b"" } else { input.payload }, input.unsigned_payload),
    };
    let scope = Scope { timestamp_s: input.timestamp_s, date: &utc_date(input.timestamp_s), service: input.service };
    steps(secret_id, secret_key, canonical, &headers, &scope)
}

/// The UTC date of a timestamp, `2019-02-25`.
pub fn utc_date(timestamp_s: i64) -> String {
    let text = runlog_core::Zone::UTC.format(timestamp_s.saturating_mul(1000));
    let (date, _time) = text.split_once(' ').expect("a date, a space and a time");
    date.to_owned()
}

impl V3Auth {
    /// Reads an `Authorization` header. Any number of spaces may follow the algorithm: the .NET SDK writes two.
    ///
    /// # Errors
    /// `AuthFailure.InvalidAuthorization`, with what is wrong.
    pub fn parse(authorization: &str) -> Result<Self, ApiError> {
        let authorization = authorization.trim();
        if authorization == "SKIP" {
            return Err(unauthorized(Detail::AuthorizationSkip));
        }
        let rest = authorization.strip_prefix(ALGORITHM).filter(|rest| rest.starts_with([' ', '\t']));
        let rest = rest.ok_or_else(|| unauthorized(Detail::AuthorizationScheme))?;
        let piece = |wanted: &'static str| {
            let mut found = rest.split(',').filter_map(|piece| piece.trim().strip_prefix(wanted)?.strip_prefix('='));
            let value = found.next().filter(|_| found.next().is_none());
            value.ok_or_else(|| unauthorized(Detail::AuthorizationPiece).with("name", wanted))
        };
        let credential = piece("Credential")?;
        let mut parts = credential.rsplitn(4, '/');
        let (terminator, service, date, secret_id) = (parts.next(), parts.next(), parts.next(), parts.next());
        let (Some(TERMINATOR), Some(service), Some(date), Some(secret_id)) = (terminator, service, date, secret_id)
        else {
            return Err(unauthorized(Detail::AuthorizationPiece).with("name", "Credential"));
        };
        if [service, date, secret_id].iter().any(|part| part.is_empty()) {
            return Err(unauthorized(Detail::AuthorizationPiece).with("name", "Credential"));
        }
        let signed_headers = read_signed_headers(piece("SignedHeaders")?)?;
        let signature = hex_bytes(piece("Signature")?)
            .ok_or_else(|| unauthorized(Detail::AuthorizationPiece).with("name", "Signature"))?;
        let (secret_id, date, service) = (secret_id.to_owned(), date.to_owned(), service.to_owned());
        Ok(Self { secret_id, date, service, signed_headers, signature })
    }

    /// Who claims to have signed.
    pub fn secret_id(&self) -> &str {
        &self.secret_id
    }

    /// The date of the credential.
    pub fn date(&self) -> &str {
        &self.date
    }

    /// The service of the credential.
    pub fn service(&self) -> &str {
        &self.service
    }

    /// The names of the signed headers.
    pub fn signed_headers(&self) -> &[String] {
        &self.signed_headers
    }

    /// The signature, as hexadecimal digits.
    pub fn signature(&self) -> String {
        hex(self.signature)
    }

    /// The credential's date must be the timestamp's (published).
    pub(crate) fn check_date(&self, timestamp_s: i64) -> Result<(), ApiError> {
        let expected = utc_date(timestamp_s);
        if self.date == expected {
            return Ok(());
        }
        Err(unauthorized(Detail::AuthorizationDate).with("value", &self.date).with("expected", expected))
    }
}

/// Compares the signature with every reading in turn. Returns the one that fits, and whether it leaves the payload
/// out.
pub(crate) fn verify(
    auth: &V3Auth,
    raw: &RawRequest<'_>,
    timestamp_s: i64,
    secret_key: &str,
) -> Result<(HostForm, TypeForm, bool), ApiError> {
    let headers = signed_values(auth, raw)?;
    let (canonical, unsigned_payload) = canonical(raw);
    let scope = Scope { timestamp_s, date: &auth.date, service: &auth.service };
    let [.., signing_key] = scope.keys(secret_key);
    let hosts = host_forms(headers.iter().find(|(name, _)| *name == "host").map_or(b"", |(_, value)| value));
    let mut tried: Vec<SignedHeaders<'_>> = Vec::new();
    for content_type in [TypeForm::Raw, TypeForm::Lower, TypeForm::OthersLower, TypeForm::WithoutParameters] {
        for (host_form, host) in &hosts {
            let read = read_headers(&headers, content_type, host);
            if tried.contains(&read) {
                continue;
            }
            let mut mac = hmac_sha256(&signing_key);
            scope.write(&hex(canonical.hash(&read)), |bytes| mac.update(bytes));
            if mac.verify_slice(&auth.signature).is_ok() {
                return Ok((*host_form, content_type, unsigned_payload));
            }
            tried.push(read);
        }
    }
    Err(ApiError::new(ErrorCode::AuthFailureSignatureFailure))
}

/// The expected signature of a request as it was sent.
pub(crate) fn explain(
    auth: &V3Auth,
    raw: &RawRequest<'_>,
    timestamp_s: i64,
    secret_key: &str,
) -> Result<V3Steps, ApiError> {
    let headers: Vec<_> = signed_values(auth, raw)?.into_iter().map(|(name, value)| (name, value.into())).collect();
    let scope = Scope { timestamp_s, date: &auth.date, service: &auth.service };
    Ok(steps(&auth.secret_id, secret_key, canonical(raw).0, &headers, &scope))
}

/// Names and values of the signed headers, sorted by name, under one reading.
type SignedHeaders<'a> = Vec<(&'a str, Cow<'a, [u8]>)>;

/// The canonical request without its headers, which differ from reading to reading.
struct Canonical<'a> {
    method: &'a str,
    path: &'a str,
    query: &'a str,
    hashed_payload: String,
}

impl Canonical<'_> {
    fn write(&self, headers: &[(&str, Cow<'_, [u8]>)], mut put: impl FnMut(&[u8])) {
        for line in [self.method, self.path, self.query] {
            put(line.as_bytes());
            put(b"\n");
        }
        for (name, value) in headers {
            for piece in [name.as_bytes(), b":", value, b"\n"] {
                put(piece);
            }
        }
        put(b"\n");
        for (at, (name, _)) in headers.iter().enumerate() {
            put(if at > 0 { b";" } else { b"" });
            put(name.as_bytes());
        }
        put(b"\n");
        put(self.hashed_payload.as_bytes());
    }

    fn hash(&self, headers: &[(&str, Cow<'_, [u8]>)]) -> [u8; 32] {
        let mut hasher = Sha256::new();
        self.write(headers, |bytes| hasher.update(bytes));
        hasher.finalize().into()
    }
}

/// When and for what a signature is made.
struct Scope<'a> {
    timestamp_s: i64,
    date: &'a str,
    service: &'a str,
}

impl Scope<'_> {
    fn write(&self, hashed_canonical_request: &str, mut put: impl FnMut(&[u8])) {
        let timestamp = self.timestamp_s.to_string();
        for piece in [ALGORITHM, "\n", &timestamp, "\n", self.date, "/", self.service, "/", TERMINATOR, "\n"] {
            put(piece.as_bytes());
        }
        put(hashed_canonical_request.as_bytes());
    }

    /// The keys of the date, of the service, and of signing.
    fn keys(&self, secret_key: &str) -> [[u8; 32]; 3] {
        let derive =
            |key: &[u8], text: &str| hmac_sha256(key).chain_update(text.as_bytes()).finalize().into_bytes().into();
        let date: [u8; 32] = derive(format!("TC3{secret_key}").as_bytes(), self.date);
        let service: [u8; 32] = derive(&date, self.service);
        [date, service, derive(&service, TERMINATOR)]
    }
}

fn steps(
    secret_id: &str,
    secret_key: &str,
    canonical: Canonical<'_>,
    headers: &[(&str, Cow<'_, [u8]>)],
    scope: &Scope<'_>,
) -> V3Steps {
    let mut canonical_request = Vec::new();
    canonical.write(headers, |bytes| canonical_request.extend_from_slice(bytes));
    let hashed_canonical_request = hex(canonical.hash(headers));
    let mut string_to_sign = Vec::new();
    scope.write(&hashed_canonical_request, |bytes| string_to_sign.extend_from_slice(bytes));
    let [date_key, service_key, signing_key] = scope.keys(secret_key);
    let signature = hex(hmac_sha256(&signing_key).chain_update(&string_to_sign).finalize().into_bytes());
    let credential_scope = format!("{}/{}/{TERMINATOR}", scope.date, scope.service);
    let names: Vec<&str> = headers.iter().map(|(name, _)| *name).collect();
    let signed_headers = names.join(";");
    let authorization = format!(
        "{ALGORITHM} Credential={secret_id}/{credential_scope}, SignedHeaders={signed_headers}, Signature={signature}"
    );
    V3Steps {
        hashed_payload: canonical.hashed_payload,
        canonical_request: String::from_utf8_lossy(&canonical_request).into_owned(),
        hashed_canonical_request,
        signed_headers,
        credential_scope,
        string_to_sign: String::from_utf8_lossy(&string_to_sign).into_owned(),
        date_key: hex(date_key),
        service_key: hex(service_key),
        signing_key: hex(signing_key),
        signature,
        authorization,
    }
}

/// A GET signs its query and no payload, a POST its payload and no query (published).
fn canonical<'a>(raw: &RawRequest<'a>) -> (Canonical<'a>, bool) {
    let unsigned = raw.headers.get("X-TC-Content-SHA256").is_some_and(|hash| hash == UNSIGNED_PAYLOAD.as_bytes());
    let (query, payload) = if raw.method == "GET" { (raw.query, &b""[..]) } else { ("", raw.body) };
    (
        Canonical { method: raw.method, path: raw.path, query, hashed_payload: hashed_payload(payload, unsigned) },
        unsigned,
    )
}

fn hashed_payload(payload: &[u8], unsigned: bool) -> String {
    hex(Sha256::digest(if unsigned { UNSIGNED_PAYLOAD.as_bytes() } else { payload }))
}

fn read_signed_headers(text: &str) -> Result<Vec<String>, ApiError> {
    let names: Vec<&str> = text.split(';').map(str::trim).take(SIGNED_HEADERS_MAX + 1).collect();
    let sorted = names.iter().zip(names.iter().skip(1)).all(|(name, next)| name < next);
    let lower = names.iter().all(|name| !name.is_empty() && !name.bytes().any(|byte| byte.is_ascii_uppercase()));
    if !sorted || !lower || names.len() > SIGNED_HEADERS_MAX {
        return Err(unauthorized(Detail::SignedHeadersOrder).with("value", text));
    }
    for required in ["content-type", "host"] {
        if !names.contains(&required) {
            return Err(unauthorized(Detail::SignedHeaderRequired).with("name", required));
        }
    }
    Ok(names.into_iter().map(str::to_owned).collect())
}

/// The signed headers with their values as sent, without the spaces around them (published).
fn signed_values<'a>(auth: &'a V3Auth, raw: &RawRequest<'a>) -> Result<Vec<(&'a str, &'a [u8])>, ApiError> {
    let value = |name: &'a String| match raw.headers.only(name) {
        Some(value) => Ok((name.as_str(), value.trim_ascii())),
        None => Err(unauthorized(Detail::SignedHeaderAbsent).with("name", name)),
    };
    auth.signed_headers.iter().map(value).collect()
}

/// The header values under one reading.
fn read_headers<'a>(headers: &[(&'a str, &'a [u8])], form: TypeForm, host: &'a [u8]) -> SignedHeaders<'a> {
    let read = |(name, value): &(&'a str, &'a [u8])| -> (&'a str, Cow<'a, [u8]>) {
        let value = match (*name, form) {
            ("host", _) => host.into(),
            (_, TypeForm::Raw) | ("content-type", TypeForm::OthersLower) => (*value).into(),
            ("content-type", TypeForm::WithoutParameters) => {
                value.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii().into()
            }
            _ => value.to_ascii_lowercase().into(),
        };
        (*name, value)
    };
    headers.iter().map(read).collect()
}

fn unauthorized(detail: Detail) -> ApiError {
    ApiError::new(ErrorCode::AuthFailureInvalidAuthorization).detail(detail)
}
