//! TC3 step by step: what the server computes, and which mistake gives the signature that was sent.

use hmac::Mac;
use sha2::{Digest, Sha256};

use super::guess::{Guess, explain};
use super::{Diagnosis, Finding, Kind, Known, Payload, SentRequest, Step, json, of_error};
use crate::actions::SERVICE;
use crate::mac::hmac_sha256;
use crate::request::{ApiRequest, RawRequest};
use crate::sign_v3::{Canonical, Scope, SignedHeaders, V3Auth, V3Steps, signed_values, steps, utc_date};
use crate::text::{form_pairs, hex, percent_encode};

/// Everything that goes into a signature, each part of which a sender may have had otherwise.
#[derive(Clone)]
struct Parts {
    method: String,
    path: String,
    query: String,
    headers: Vec<(String, Vec<u8>)>,
    hashed_payload: String,
    timestamp: String,
    date: String,
    service: String,
    secret_key: String,
    /// How the text of the canonical request is put together.
    shape: Shape,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    AsPublished,
    /// Without the empty line behind the headers.
    NoEmptyLine,
    /// With line ends of Windows.
    CarriageReturns,
    /// The hash in upper case.
    UpperHash,
    /// The key derived without `TC3` before the secret.
    NoPrefix,
}

impl Parts {
    /// The text that is hashed, as the sender may have put it together.
    fn canonical(&self) -> Vec<u8> {
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

    fn signature(&self) -> String {
        let mut hash = hex(Sha256::digest(self.canonical()));
        if self.shape == Shape::UpperHash {
            hash = hash.to_ascii_uppercase();
        }
        let (date, service) = (&self.date, &self.service);
        let string_to_sign = format!("TC3-HMAC-SHA256\n{}\n{date}/{service}/tc3_request\n{hash}", self.timestamp);
        let prefix = if self.shape == Shape::NoPrefix { "" } else { "TC3" };
        let mut key = format!("{prefix}{}", self.secret_key).into_bytes();
        for text in [date.as_str(), service, "tc3_request", &string_to_sign] {
            key = hmac_sha256(&key).chain_update(text.as_bytes()).finalize().into_bytes().to_vec();
        }
        hex(key)
    }

    fn header(&self, name: &str) -> String {
        let value = self.headers.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_slice());
        String::from_utf8_lossy(value.unwrap_or_default()).into_owned()
    }
}

pub(super) fn examine(
    auth: &V3Auth,
    request: &ApiRequest,
    sent: &SentRequest,
    raw: &RawRequest<'_>,
    known: &Known<'_>,
    diagnosis: &mut Diagnosis,
) {
    diagnosis.scheme = "TC3-HMAC-SHA256";
    if auth.service() != SERVICE {
        // This server takes any service, others do not.
        diagnosis.findings.push(Finding::new(Kind::Service, SERVICE, auth.service()).suspected());
    }
    let values = match signed_values(auth, raw) {
        Ok(values) => values,
        Err(error) => {
            diagnosis.findings.push(of_error(&error));
            return;
        }
    };
    let is_unsigned = raw.headers.get("X-TC-Content-SHA256").is_some_and(|hash| hash == b"UNSIGNED-PAYLOAD");
    let hashed_payload = match &sent.body {
        _ if is_unsigned => hash(b"UNSIGNED-PAYLOAD"),
        _ if raw.method == "GET" => hash(b""),
        Payload::Text(body) => hash(body),
        Payload::Hash { sha256, .. } => sha256.clone(),
    };
    let timestamp_s = request.common.timestamp_s;
    let query = if raw.method == "GET" { raw.query } else { "" };
    let secret_key = known.secret_key.unwrap_or_default();
    let canonical = Canonical { method: raw.method, path: raw.path, query, hashed_payload: hashed_payload.clone() };
    let headers: SignedHeaders<'_> = values.iter().map(|(name, value)| (*name, (*value).into())).collect();
    let scope = Scope { timestamp_s, date: auth.date(), service: auth.service() };
    let computed = steps(auth.secret_id(), secret_key, canonical, &headers, &scope);
    show(&computed, auth, known, diagnosis);
    if known.secret_key.is_none() || known.secret_id.is_some_and(|id| id != auth.secret_id()) {
        compare_texts(&computed, known, diagnosis);
        return;
    }
    let base = Parts {
        method: raw.method.to_owned(),
        path: raw.path.to_owned(),
        query: query.to_owned(),
        headers: values.iter().map(|(name, value)| ((*name).to_owned(), value.to_vec())).collect(),
        hashed_payload,
        timestamp: timestamp_s.to_string(),
        date: auth.date().to_owned(),
        service: auth.service().to_owned(),
        secret_key: secret_key.to_owned(),
        shape: Shape::AsPublished,
    };
    // The readings that known clients need are right too.
    let is_right = match &sent.body {
        Payload::Hash { .. } => base.signature() == auth.signature(),
        Payload::Text(_) => request.verify(raw, secret_key, timestamp_s, 0).is_ok(),
    };
    if is_right || compare_texts(&computed, known, diagnosis) {
        return;
    }
    let guesses = guesses(&base, request, sent, known);
    match explain(&base, &guesses, |parts| parts.signature() == auth.signature()) {
        Some(found) => diagnosis
            .findings
            .extend(found.iter().map(|guess| Finding::new(guess.kind, guess.expected.clone(), guess.found.clone()))),
        None => {
            diagnosis.findings.push(Finding::new(Kind::Unexplained, computed.signature, auth.signature()));
        }
    }
}

/// The steps, without the keys: whoever has those can sign.
fn show(computed: &V3Steps, auth: &V3Auth, known: &Known<'_>, diagnosis: &mut Diagnosis) {
    let step = |name, expected: &str, sent: Option<&str>| Step {
        name,
        expected: expected.to_owned(),
        sent: sent.map(str::to_owned),
    };
    diagnosis.steps = vec![
        step("hashed payload", &computed.hashed_payload, None),
        step("canonical request", &computed.canonical_request, known.canonical_request),
        step("hashed canonical request", &computed.hashed_canonical_request, None),
        step("string to sign", &computed.string_to_sign, known.string_to_sign),
    ];
    if known.secret_key.is_some() {
        let sent = auth.signature();
        diagnosis.steps.push(step("signature", &computed.signature, Some(&sent)));
    }
}

/// Compares the sender's own texts line by line; says whether one differs.
fn compare_texts(computed: &V3Steps, known: &Known<'_>, diagnosis: &mut Diagnosis) -> bool {
    let differing = |ours: &str, theirs: &str| {
        let (ours, theirs): (Vec<_>, Vec<_>) = (ours.split('\n').collect(), theirs.split('\n').collect());
        let at = (0..ours.len().max(theirs.len())).find(|at| ours.get(*at) != theirs.get(*at))?;
        let line = |lines: &[&str]| lines.get(at).copied().unwrap_or_default().to_owned();
        Some((at, line(&ours), line(&theirs), ours.len() - at))
    };
    if let Some(theirs) = known.canonical_request
        && let Some((at, expected, found, left)) = differing(&computed.canonical_request, theirs)
    {
        let kind = match (at, left) {
            (0, _) => Kind::Method,
            (1, _) => Kind::Path,
            (2, _) => Kind::Query,
            (_, 1) => Kind::Body,
            (_, 2) => Kind::SignedHeaders,
            _ if expected.starts_with("host:") && found.starts_with("host:") => Kind::Host,
            _ if expected.starts_with("content-type:") && found.starts_with("content-type:") => Kind::ContentType,
            _ => Kind::Canonical,
        };
        diagnosis.findings.push(Finding::new(kind, expected, found));
        return true;
    }
    if let Some(theirs) = known.string_to_sign
        && let Some((at, expected, found, _)) = differing(&computed.string_to_sign, theirs)
    {
        let kind = match at {
            0 => Kind::Algorithm,
            1 => Kind::Timestamp,
            2 => Kind::Service,
            _ => Kind::Canonical,
        };
        diagnosis.findings.push(Finding::new(kind, expected, found));
        return true;
    }
    false
}

fn hash(bytes: &[u8]) -> String {
    hex(Sha256::digest(bytes))
}

/// The usual mistakes, the earliest step first.
fn guesses(base: &Parts, request: &ApiRequest, sent: &SentRequest, known: &Known<'_>) -> Vec<Guess<Parts>> {
    let mut guesses = Vec::new();
    for method in ["GET", "POST"].into_iter().filter(|method| *method != base.method) {
        guesses.push(Guess::new(Kind::Method, &base.method, method, move |parts: &mut Parts| {
            parts.method = method.into();
        }));
    }
    for path in ["", "//", "/index.php"] {
        guesses.push(Guess::new(Kind::Path, &base.path, path, move |parts: &mut Parts| parts.path = path.into()));
    }
    for query in queries(base, sent) {
        let signed = query.clone();
        guesses.push(Guess::new(Kind::Query, &base.query, query, move |parts: &mut Parts| {
            parts.query.clone_from(&signed);
        }));
    }
    let mut set_header = |kind, name: &'static str, value: String| {
        let (expected, found) = (base.header(name), value.clone());
        guesses.push(Guess::new(kind, expected, found, move |parts: &mut Parts| {
            for (_, known) in parts.headers.iter_mut().filter(|(known, _)| known == name) {
                *known = value.clone().into_bytes();
            }
        }));
    };
    for host in hosts(base, request, known) {
        set_header(Kind::Host, "host", host);
    }
    for value in [
        "application/json",
        "application/json; charset=utf-8",
        "application/json;charset=utf-8",
        "application/json; charset=UTF-8",
        "application/x-www-form-urlencoded",
        "text/plain;charset=UTF-8",
        "",
    ] {
        set_header(Kind::ContentType, "content-type", value.to_owned());
    }
    for (what, hashed) in bodies(sent) {
        guesses
            .push(Guess::new(Kind::Body, "", what, move |parts: &mut Parts| parts.hashed_payload.clone_from(&hashed)));
    }
    for (shape, what) in [
        (Shape::NoEmptyLine, "no empty line behind the headers"),
        (Shape::CarriageReturns, "line ends of Windows (CR LF)"),
        (Shape::UpperHash, "the hash in upper case"),
    ] {
        guesses.push(Guess::new(Kind::Canonical, "the published form", what, move |parts: &mut Parts| {
            parts.shape = shape;
        }));
    }
    let at_s = request.common.timestamp_s;
    let near = [-2, -1, 1, 2].map(|step| (at_s + step).to_string());
    for timestamp in near.into_iter().chain([format!("{at_s}000")]) {
        let signed = timestamp.clone();
        let expected = base.timestamp.clone();
        guesses.push(Guess::new(Kind::Timestamp, expected, timestamp, move |parts: &mut Parts| {
            parts.timestamp.clone_from(&signed);
        }));
    }
    for day in [-86_400, 86_400] {
        let (signed, expected) = (utc_date(at_s.saturating_add(day)), base.date.clone());
        guesses.push(Guess::new(Kind::CredentialDate, expected, signed.clone(), move |parts: &mut Parts| {
            parts.date.clone_from(&signed);
        }));
    }
    for service in
        ["scf", "cvm", "cls", "cos", "sts", "cam", "apigateway", "tcr"].into_iter().filter(|name| *name != base.service)
    {
        guesses.push(Guess::new(Kind::Service, &base.service, service, move |parts: &mut Parts| {
            parts.service = service.into();
        }));
    }
    guesses.push(Guess::new(Kind::SecretKey, "", "TC3 is missing before the secret", |parts: &mut Parts| {
        parts.shape = Shape::NoPrefix;
    }));
    for (what, secret) in secrets(&base.secret_key, request.secret_id()) {
        guesses
            .push(Guess::new(Kind::SecretKey, "", what, move |parts: &mut Parts| parts.secret_key.clone_from(&secret)));
    }
    guesses
}

/// Other spellings of a query string that may have been signed.
fn queries(base: &Parts, sent: &SentRequest) -> Vec<String> {
    let mut queries = vec![String::new(), sent.query.clone()];
    if let Ok(mut pairs) = form_pairs(&sent.query) {
        let plain = |pairs: &[(String, String)]| {
            pairs.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
        };
        let escaped = |pairs: &[(String, String)]| {
            let one = |(name, value): &(String, String)| format!("{}={}", percent_encode(name), percent_encode(value));
            pairs.iter().map(one).collect::<Vec<_>>().join("&")
        };
        queries.extend([plain(&pairs), escaped(&pairs)]);
        pairs.sort();
        queries.extend([plain(&pairs), escaped(&pairs), escaped(&pairs).replace("%20", "+")]);
    }
    queries.retain(|query| *query != base.query);
    queries.dedup();
    queries
}

/// Hosts that may have been signed in the place of the one that was sent.
pub(super) fn other_hosts(host: &str, region: Option<&str>, known: Option<&str>) -> Vec<String> {
    let name = host.rsplit_once(':').filter(|(_, port)| port.bytes().all(|byte| byte.is_ascii_digit()));
    let name = name.map_or(host, |(name, _)| name);
    let mut hosts = vec![name.to_owned(), format!("{name}:80"), format!("{name}:443"), host.to_ascii_lowercase()];
    hosts.extend(known.map(str::to_owned));
    hosts.extend(known.and_then(|known| Some(known.rsplit_once(':')?.0.to_owned())));
    hosts.extend(
        ["scf.tencentcloudapi.com", "scf.intl.tencentcloudapi.com", "localhost", "127.0.0.1"].map(str::to_owned),
    );
    if let Some((_, port)) = host.rsplit_once(':') {
        hosts.extend([format!("localhost:{port}"), format!("127.0.0.1:{port}")]);
    }
    hosts.extend(region.map(|region| format!("scf.{region}.tencentcloudapi.com")));
    hosts.extend([format!("http://{host}"), format!("https://{host}")]);
    hosts.retain(|other| other != host);
    hosts
}

fn hosts(base: &Parts, request: &ApiRequest, known: &Known<'_>) -> Vec<String> {
    other_hosts(&base.header("host"), request.common.region.as_deref(), known.host)
}

/// Bodies that may have been signed in the place of the one that was sent, in words, and their hashes.
fn bodies(sent: &SentRequest) -> Vec<(String, String)> {
    let mut bodies: Vec<(&str, Vec<u8>)> = vec![
        ("an empty body", Vec::new()),
        ("UNSIGNED-PAYLOAD, without its header", b"UNSIGNED-PAYLOAD".to_vec()),
        ("{}", b"{}".to_vec()),
    ];
    if let Payload::Text(body) = &sent.body {
        bodies.push(("the body", body.clone()));
        bodies.push(("the body and a line end", [body, &b"\n"[..]].concat()));
        bodies.push(("the body without white space around it", body.trim_ascii().to_vec()));
        if let Ok(text) = std::str::from_utf8(body) {
            let (compact, blanks) = (json::respaced(text, false), json::respaced(text, true));
            bodies.push(("the same JSON in ASCII, with \\u escapes", json::escaped(text).into_bytes()));
            bodies.push(("the same JSON in ASCII, without white space", json::escaped(&compact).into_bytes()));
            bodies.push((
                "the same JSON in ASCII, with a blank behind commas and colons",
                json::escaped(&blanks).into_bytes(),
            ));
            bodies.push(("the same JSON without white space", compact.into_bytes()));
            bodies.push(("the same JSON with a blank behind commas and colons", blanks.into_bytes()));
            bodies.push((
                "the same text with line ends of Windows",
                text.replace("\r\n", "\n").replace('\n', "\r\n").into_bytes(),
            ));
            bodies.push(("the same text with line ends of Unix", text.replace("\r\n", "\n").into_bytes()));
            if let Some(sorted) = json::sorted(text) {
                bodies.push(("the same JSON with sorted names and blanks", json::respaced(&sorted, true).into_bytes()));
                bodies.push(("the same JSON with sorted names", sorted.into_bytes()));
            }
        }
    }
    bodies.into_iter().map(|(what, body)| (what.to_owned(), hash(&body))).collect()
}

/// Secrets that may have been used in the place of the right one, in words.
pub(super) fn secrets(secret_key: &str, secret_id: &str) -> Vec<(&'static str, String)> {
    let trimmed = secret_key.trim();
    let mut secrets = vec![
        ("a line end behind the secret", format!("{trimmed}\n")),
        ("a blank behind the secret", format!("{trimmed} ")),
        ("quotes around the secret", format!("\"{trimmed}\"")),
        ("white space that is part of the given secret", trimmed.to_owned()),
        ("the SecretId in the place of the secret", secret_id.to_owned()),
        ("an empty secret", String::new()),
    ];
    secrets.retain(|(_, secret)| secret != secret_key);
    secrets
}
