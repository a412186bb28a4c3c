//! The usual mistakes under TC3, the earliest step first.

use runlog_wire::ApiRequest;
use runlog_wire::sign_v3::utc_date;
use runlog_wire::text::{form_pairs, percent_encode};

use super::parts::{Parts, Shape, sha256_hex};
use crate::guess::Guess;
use crate::json;
use crate::kind::Kind;
use crate::known::Known;
use crate::mistakes::{other_hosts, secrets};
use crate::sent::{Payload, SentRequest};

/// The usual mistakes, the earliest step first.
pub(super) fn guesses(base: &Parts, request: &ApiRequest, sent: &SentRequest, known: &Known<'_>) -> Vec<Guess<Parts>> {
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
    bodies.into_iter().map(|(what, body)| (what.to_owned(), sha256_hex(&body))).collect()
}
