//! Signature v1: base64(HMAC-SHA1 or HMAC-SHA256 of the method, the host, the path and all fields).
//!
//! ```text
//! GETscf.tencentcloudapi.com/?Action=...&FunctionName=...&Version=2018-04-16
//! method, host, path, "?", then name=value joined by "&": every field but Signature, sorted by name, not escaped
//! ```
//!
//! Published, except for the readings in [`FieldsForm`], which known clients need.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::Mac;

use crate::error::{ApiError, ErrorCode};
use crate::mac::{hmac_sha1, hmac_sha256};
use crate::raw::{HostForm, RawRequest, host_forms};

/// The credentials of a v1 request.
#[derive(Clone, Debug)]
pub struct V1Auth {
    secret_id: String,
    algorithm: V1Algorithm,
    signature: String,
    fields: Vec<(String, String)>,
}

/// The hash of a v1 signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum V1Algorithm {
    /// `SignatureMethod` is anything but `HmacSHA256`, or absent (published).
    HmacSha1,
    /// `SignatureMethod` is `HmacSHA256`.
    HmacSha256,
}

/// Which reading of the fields a client signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FieldsForm {
    /// As sent: nearly every client.
    AsSent,
    /// Without empty fields: older Go SDKs.
    WithoutEmpty,
    /// `_` in names turned into `.` after sorting: in the code of several SDKs.
    Dotted,
    /// A group in brackets as the one field `Root=Array`: the PHP SDK. Such a signature does not cover the values in
    /// the group.
    ArrayCollapsed,
}

/// What a v1 signature is made from.
#[derive(Clone, Copy, Debug)]
pub struct V1Input<'a> {
    /// `GET` or `POST`.
    pub method: &'a str,
    /// The `Host` header, with its port if it has one.
    pub host: &'a str,
    /// The path, `/`.
    pub path: &'a str,
    /// All fields, common ones included, `Signature` not. In any order.
    pub fields: &'a [(String, String)],
    /// The hash. Put `SignatureMethod` into `fields` to match.
    pub algorithm: V1Algorithm,
}

/// A v1 signature, step by step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct V1Steps {
    /// The method.
    pub method: String,
    /// The host.
    pub host: String,
    /// The path.
    pub path: String,
    /// The sorted fields, joined.
    pub sorted_fields: String,
    /// The hash, as `SignatureMethod` names it.
    pub algorithm: &'static str,
    /// What is hashed.
    pub string_to_sign: String,
    /// The signature: base64, not yet escaped.
    pub signature: String,
}

/// Signs with v1.
pub fn sign_v1(secret_key: &str, input: &V1Input<'_>) -> V1Steps {
    let fields = read_fields(input.fields, FieldsForm::AsSent);
    let sorted: Vec<String> = fields.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let sorted_fields = sorted.join("&");
    let string_to_sign = format!("{}{}{}?{sorted_fields}", input.method, input.host, input.path);
    let signature = match input.algorithm {
        V1Algorithm::HmacSha1 => {
            STANDARD.encode(hmac_sha1(secret_key.as_bytes()).chain_update(&string_to_sign).finalize().into_bytes())
        }
        V1Algorithm::HmacSha256 => {
            STANDARD.encode(hmac_sha256(secret_key.as_bytes()).chain_update(&string_to_sign).finalize().into_bytes())
        }
    };
    V1Steps {
        method: input.method.to_owned(),
        host: input.host.to_owned(),
        path: input.path.to_owned(),
        sorted_fields,
        algorithm: input.algorithm.name(),
        string_to_sign,
        signature,
    }
}

impl V1Algorithm {
    /// The algorithm's name, as `SignatureMethod` has it.
    pub fn name(self) -> &'static str {
        match self {
            V1Algorithm::HmacSha1 => "HmacSHA1",
            V1Algorithm::HmacSha256 => "HmacSHA256",
        }
    }
}

impl V1Auth {
    /// Takes the credentials from all fields of a request.
    pub(crate) fn parse(fields: Vec<(String, String)>) -> Result<Self, ApiError> {
        let find = |wanted: &'static str| {
            let value = fields.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.as_str());
            value.filter(|value| !value.trim().is_empty()).ok_or_else(|| ApiError::missing(wanted))
        };
        let algorithm = match find("SignatureMethod") {
            Ok("HmacSHA256") => V1Algorithm::HmacSha256,
            _ => V1Algorithm::HmacSha1,
        };
        let (secret_id, signature) = (find("SecretId")?.to_owned(), find("Signature")?.to_owned());
        Ok(Self { secret_id, algorithm, signature, fields })
    }

    /// Who claims to have signed.
    pub fn secret_id(&self) -> &str {
        &self.secret_id
    }

    /// The hash that was asked for.
    pub fn algorithm(&self) -> V1Algorithm {
        self.algorithm
    }

    /// The signature as sent. The Ruby SDK sends a line end after it (observed), which does not count.
    pub fn signature(&self) -> &str {
        self.signature.trim()
    }

    /// All fields, decoded, in the order as sent.
    pub fn fields(&self) -> &[(String, String)] {
        &self.fields
    }
}

/// Compares the signature with every reading in turn. Returns the one that fits.
pub(crate) fn verify(
    auth: &V1Auth,
    raw: &RawRequest<'_>,
    secret_key: &str,
) -> Result<(HostForm, FieldsForm), ApiError> {
    let failure = || ApiError::new(ErrorCode::AuthFailureSignatureFailure);
    let signature = STANDARD.decode(auth.signature()).map_err(|_| failure())?;
    let hosts = host_forms(raw.headers.only("Host").ok_or_else(|| ApiError::missing("Host"))?.trim_ascii());
    for form in [FieldsForm::AsSent, FieldsForm::WithoutEmpty, FieldsForm::Dotted, FieldsForm::ArrayCollapsed] {
        if !applies(form, &auth.fields) {
            continue;
        }
        let fields = read_fields(&auth.fields, form);
        for (host_form, host) in &hosts {
            let fits = match auth.algorithm {
                V1Algorithm::HmacSha1 => {
                    let mut mac = hmac_sha1(secret_key.as_bytes());
                    write(raw.method, host, raw.path, &fields, |bytes| mac.update(bytes));
                    mac.verify_slice(&signature).is_ok()
                }
                V1Algorithm::HmacSha256 => {
                    let mut mac = hmac_sha256(secret_key.as_bytes());
                    write(raw.method, host, raw.path, &fields, |bytes| mac.update(bytes));
                    mac.verify_slice(&signature).is_ok()
                }
            };
            if fits {
                return Ok((*host_form, form));
            }
        }
    }
    Err(failure())
}

/// The expected signature of a request as it was sent.
pub(crate) fn explain(auth: &V1Auth, raw: &RawRequest<'_>, secret_key: &str) -> V1Steps {
    let host = String::from_utf8_lossy(raw.headers.get("Host").unwrap_or_default().trim_ascii()).into_owned();
    let V1Auth { algorithm, ref fields, .. } = *auth;
    sign_v1(secret_key, &V1Input { method: raw.method, host: &host, path: raw.path, fields, algorithm })
}

/// Whether a reading differs from the fields as sent.
fn applies(form: FieldsForm, fields: &[(String, String)]) -> bool {
    match form {
        FieldsForm::AsSent => true,
        FieldsForm::WithoutEmpty => fields.iter().any(|(_, value)| value.is_empty()),
        FieldsForm::Dotted => fields.iter().any(|(name, _)| name.contains('_')),
        FieldsForm::ArrayCollapsed => fields.iter().any(|(name, _)| name.contains('[')),
    }
}

/// The fields to sign, sorted, under one reading.
fn read_fields(fields: &[(String, String)], form: FieldsForm) -> Vec<(Cow<'_, str>, &str)> {
    let mut read: Vec<(Cow<'_, str>, &str)> = fields
        .iter()
        .filter(|(name, _)| name != "Signature")
        .map(|(name, value)| (name.into(), value.as_str()))
        .collect();
    match form {
        FieldsForm::AsSent | FieldsForm::Dotted => {}
        FieldsForm::WithoutEmpty => read.retain(|(_, value)| !value.is_empty()),
        FieldsForm::ArrayCollapsed => {
            for (name, value) in &mut read {
                if let Some((root, _)) = name.split_once('[') {
                    (*name, *value) = (root.to_owned().into(), "Array");
                }
            }
        }
    }
    read.sort_unstable();
    read.dedup();
    if form == FieldsForm::Dotted {
        for (name, _) in &mut read {
            *name = name.replace('_', ".").into();
        }
    }
    read
}

/// Writes the string to sign.
fn write(method: &str, host: &[u8], path: &str, fields: &[(Cow<'_, str>, &str)], mut put: impl FnMut(&[u8])) {
    for piece in [method.as_bytes(), host, path.as_bytes(), b"?"] {
        put(piece);
    }
    for (at, (name, value)) in fields.iter().enumerate() {
        if at > 0 {
            put(b"&");
        }
        put(name.as_bytes());
        put(b"=");
        put(value.as_bytes());
    }
}
