//! Signature v1 step by step: what the server computes, and which mistake gives the signature that was sent.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use runlog_wire::sign_v1::{V1Algorithm, V1Auth, V1Input, sign_v1};
use runlog_wire::text::percent_encode;
use runlog_wire::{ApiRequest, RawRequest, Text};

use crate::finding::{Diagnosis, Finding, Step};
use crate::guess::{Guess, explain};
use crate::kind::Kind;
use crate::known::Known;
use crate::mac::{hmac_sha1, hmac_sha256};
use crate::mistakes::{other_hosts, secrets};
use crate::sent::SentRequest;

/// Everything that goes into a signature.
#[derive(Clone)]
struct Parts {
    method: String,
    host: String,
    path: String,
    /// Sorted as they are signed, without the signature.
    fields: Vec<(String, String)>,
    algorithm: V1Algorithm,
    secret_key: String,
}

impl Parts {
    fn string_to_sign(&self) -> String {
        let fields: Vec<String> = self.fields.iter().map(|(name, value)| format!("{name}={value}")).collect();
        format!("{}{}{}?{}", self.method, self.host, self.path, fields.join("&"))
    }

    fn signature(&self) -> String {
        let (key, text) = (self.secret_key.as_bytes(), self.string_to_sign());
        STANDARD.encode(match self.algorithm {
            V1Algorithm::HmacSha1 => hmac_sha1(key, text.as_bytes()),
            V1Algorithm::HmacSha256 => hmac_sha256(key, text.as_bytes()),
        })
    }
}

pub(crate) fn examine(
    auth: &V1Auth,
    request: &ApiRequest,
    sent: &SentRequest,
    raw: &RawRequest<'_>,
    known: &Known<'_>,
    diagnosis: &mut Diagnosis,
) {
    diagnosis.scheme = auth.algorithm().name();
    let secret_key = known.secret_key.unwrap_or_default();
    let host = String::from_utf8_lossy(raw.headers.get("Host").unwrap_or_default().trim_ascii()).into_owned();
    let input =
        V1Input { method: raw.method, host: &host, path: raw.path, fields: auth.fields(), algorithm: auth.algorithm() };
    let computed = sign_v1(secret_key, &input);
    let step = |name, expected: String, sent: Option<String>| Step { name, expected, sent };
    diagnosis.steps = vec![
        step("sorted fields", computed.sorted_fields.clone(), None),
        step("string to sign", computed.string_to_sign.clone(), known.string_to_sign.map(str::to_owned)),
    ];
    if let Some(theirs) = known.string_to_sign.filter(|theirs| *theirs != computed.string_to_sign) {
        diagnosis.findings.push(Finding::new(Kind::Canonical, computed.string_to_sign.clone(), theirs));
        return;
    }
    if known.secret_key.is_none() || known.secret_id.is_some_and(|id| id != auth.secret_id()) {
        return;
    }
    diagnosis.steps.push(step("signature", computed.signature.clone(), Some(auth.signature().to_owned())));
    if request.verify(raw, secret_key, request.common.timestamp_s, 0).is_ok() {
        return;
    }
    let signature = auth.signature().replace(' ', "+");
    if signature != auth.signature() && signature == computed.signature {
        diagnosis.findings.push(Finding::new(Kind::SignatureEscape, signature, auth.signature()));
        return;
    }
    let mut fields: Vec<_> = auth.fields().iter().filter(|(name, _)| name != "Signature").cloned().collect();
    let as_sent = fields.clone();
    fields.sort();
    let base = Parts {
        method: raw.method.to_owned(),
        host,
        path: raw.path.to_owned(),
        fields,
        algorithm: auth.algorithm(),
        secret_key: secret_key.to_owned(),
    };
    let guesses = guesses(&base, as_sent, auth, sent, known);
    let fits = |parts: &Parts| parts.signature() == signature;
    match explain(&base, &guesses, fits) {
        Some(found) => diagnosis
            .findings
            .extend(found.iter().map(|guess| Finding::new(guess.kind, guess.expected.clone(), guess.found.clone()))),
        None => diagnosis.findings.push(Finding::new(Kind::Unexplained, computed.signature, signature)),
    }
}

/// Common mistakes, the earliest step first.
fn guesses(
    base: &Parts,
    as_sent: Vec<(String, String)>,
    auth: &V1Auth,
    sent: &SentRequest,
    known: &Known<'_>,
) -> Vec<Guess<Parts>> {
    let mut guesses = Vec::new();
    for method in ["GET", "POST", "get", "post"].into_iter().filter(|method| *method != base.method) {
        guesses.push(Guess::new(Kind::Method, &base.method, method, move |parts: &mut Parts| {
            parts.method = method.into();
        }));
    }
    for path in ["", "/v2/index.php", "//"] {
        guesses.push(Guess::new(Kind::Path, &base.path, path, move |parts: &mut Parts| parts.path = path.into()));
    }
    let escape: fn(&mut Parts) = |parts| {
        for (_, value) in &mut parts.fields {
            *value = percent_encode(value);
        }
    };
    guesses.push(Guess::new(
        Kind::Query,
        Text::new("未转义的值", "unescaped values"),
        Text::new("已转义的值", "values that were escaped first"),
        escape,
    ));
    guesses.push(Guess::new(
        Kind::Query,
        Text::new("按名称排序的参数", "fields sorted by name"),
        Text::new("按发送顺序的参数", "fields in the order they were sent"),
        move |parts: &mut Parts| {
            parts.fields.clone_from(&as_sent);
        },
    ));
    guesses.push(Guess::new(
        Kind::Query,
        Text::new("按字节排序的参数", "fields sorted by bytes"),
        Text::new("不区分大小写排序的参数", "fields sorted without regard to case"),
        |parts: &mut Parts| {
            parts.fields.sort_by_key(|(name, _)| name.to_ascii_lowercase());
        },
    ));
    for (name, without) in [
        ("SignatureMethod", Text::new("不含 SignatureMethod 的参数", "fields without SignatureMethod")),
        ("Token", Text::new("不含 Token 的参数", "fields without Token")),
        ("Region", Text::new("不含 Region 的参数", "fields without Region")),
        ("Language", Text::new("不含 Language 的参数", "fields without Language")),
        ("RequestClient", Text::new("不含 RequestClient 的参数", "fields without RequestClient")),
        ("Version", Text::new("不含 Version 的参数", "fields without Version")),
    ] {
        guesses.push(Guess::new(
            Kind::Query,
            Text::new("除 Signature 外的全部参数", "every field but Signature"),
            without,
            move |parts: &mut Parts| {
                parts.fields.retain(|(found, _)| found != name);
            },
        ));
    }
    let region = auth.fields().iter().find(|(name, _)| name == "Region").map(|(_, value)| value.as_str());
    for host in other_hosts(sent.header("Host").unwrap_or_default().trim(), region, known.host) {
        let signed = host.clone();
        guesses.push(Guess::new(Kind::Host, &base.host, host, move |parts: &mut Parts| parts.host.clone_from(&signed)));
    }
    let other = match base.algorithm {
        V1Algorithm::HmacSha1 => V1Algorithm::HmacSha256,
        V1Algorithm::HmacSha256 => V1Algorithm::HmacSha1,
    };
    guesses.push(Guess::new(Kind::Algorithm, base.algorithm.name(), other.name(), move |parts: &mut Parts| {
        parts.algorithm = other;
    }));
    for (what, secret) in secrets(&base.secret_key, auth.secret_id()) {
        guesses
            .push(Guess::new(Kind::SecretKey, "", what, move |parts: &mut Parts| parts.secret_key.clone_from(&secret)));
    }
    guesses
}
