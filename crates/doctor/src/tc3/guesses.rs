//! Common mistakes under TC3, the earliest step first.

use runlog_wire::sign_v3::utc_date;
use runlog_wire::text::{form_pairs, percent_encode};
use runlog_wire::{ApiRequest, Text};

use super::parts::{Parts, Shape, sha256_hex};
use crate::guess::Guess;
use crate::json;
use crate::kind::Kind;
use crate::known::Known;
use crate::mistakes::{other_hosts, secrets};
use crate::sent::{Payload, SentRequest};

/// The mistakes to try.
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
        (Shape::NoEmptyLine, Text::new("头之后没有空行", "no empty line after the headers")),
        (Shape::CarriageReturns, Text::new("Windows 换行 (CR LF)", "Windows line ends (CR LF)")),
        (Shape::UpperHash, Text::new("哈希用了大写", "an upper-case hash")),
    ] {
        guesses.push(Guess::new(
            Kind::Canonical,
            Text::new("文档规定的形式", "the published form"),
            what,
            move |parts: &mut Parts| {
                parts.shape = shape;
            },
        ));
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
    guesses.push(Guess::new(
        Kind::SecretKey,
        "",
        Text::new("密钥前缺少 TC3", "`TC3` is missing before the secret"),
        |parts: &mut Parts| {
            parts.shape = Shape::NoPrefix;
        },
    ));
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

/// Bodies that may have been signed instead of the one that was sent, in words, and their hashes.
fn bodies(sent: &SentRequest) -> Vec<(Text, String)> {
    let mut bodies: Vec<(Text, Vec<u8>)> = vec![
        (Text::new("空的请求体", "an empty body"), Vec::new()),
        (
            Text::new("UNSIGNED-PAYLOAD（没有发送对应的头）", "UNSIGNED-PAYLOAD, without its header"),
            b"UNSIGNED-PAYLOAD".to_vec(),
        ),
        (Text::new(" {} ", "the body {}"), b"{}".to_vec()),
    ];
    if let Payload::Text(body) = &sent.body {
        bodies.push((Text::new("请求体本身", "the body itself"), body.clone()));
        bodies.push((Text::new("请求体加一个换行", "the body and a line end"), [body, &b"\n"[..]].concat()));
        bodies.push((
            Text::new("去掉首尾空白的请求体", "the body without the white space around it"),
            body.trim_ascii().to_vec(),
        ));
        if let Ok(text) = std::str::from_utf8(body) {
            let (compact, blanks) = (json::respaced(text, false), json::respaced(text, true));
            bodies.push((
                Text::new("ASCII 形式（\\u 转义）的同一 JSON", "the same JSON in ASCII, with \\u escapes"),
                json::escaped(text).into_bytes(),
            ));
            bodies.push((
                Text::new("ASCII 形式、无空白的同一 JSON", "the same JSON in ASCII, without white space"),
                json::escaped(&compact).into_bytes(),
            ));
            bodies.push((
                Text::new(
                    "ASCII 形式、逗号和冒号后有空格的同一 JSON",
                    "the same JSON in ASCII, with a space after commas and colons",
                ),
                json::escaped(&blanks).into_bytes(),
            ));
            bodies.push((Text::new("无空白的同一 JSON", "the same JSON without white space"), compact.into_bytes()));
            bodies.push((
                Text::new("逗号和冒号后有空格的同一 JSON", "the same JSON with a space after commas and colons"),
                blanks.into_bytes(),
            ));
            bodies.push((
                Text::new("Windows 换行的同一文本", "the same text with Windows line ends"),
                text.replace("\r\n", "\n").replace('\n', "\r\n").into_bytes(),
            ));
            bodies.push((
                Text::new("Unix 换行的同一文本", "the same text with Unix line ends"),
                text.replace("\r\n", "\n").into_bytes(),
            ));
            if let Some(sorted) = json::sorted(text) {
                bodies.push((
                    Text::new("按名称排序、有空格的同一 JSON", "the same JSON with sorted names and spaces"),
                    json::respaced(&sorted, true).into_bytes(),
                ));
                bodies
                    .push((Text::new("按名称排序的同一 JSON", "the same JSON with sorted names"), sorted.into_bytes()));
            }
        }
    }
    bodies.into_iter().map(|(what, body)| (what, sha256_hex(&body))).collect()
}
