//! The doctor: recorded requests of real clients are fine, and each mistake is named, in every form of a request.

#[path = "../../wire/tests/support/mod.rs"]
mod support;

use proptest::prelude::*;
use runlog_doctor::{Diagnosis, Kind, Known, Payload, SentRequest, diagnose, read};
use runlog_wire::sign_v1::{V1Algorithm, V1Input, sign_v1};
use runlog_wire::sign_v3::{V3Input, sign_v3};
use runlog_wire::text::encode_form;
use runlog_wire::{Language, Scheme, Steps};
use support::{LAB_SECRET_ID, LAB_SECRET_KEY, captures};

const NOW_S: i64 = 1_795_478_183;
const HOST: &str = "logs.example:9160";
const BODY: &str = r#"{"FunctionName": "中文", "Limit": 5}"#;

fn known() -> Known<'static> {
    Known {
        secret_id: Some(LAB_SECRET_ID),
        secret_key: Some(LAB_SECRET_KEY),
        received_s: Some(NOW_S),
        max_skew_s: 300,
        host: Some(HOST),
        ..Known::default()
    }
}

/// A TC3 request; `change` makes the signed request differ from the sent one.
fn tc3(change: impl FnOnce(&mut V3Input<'_>)) -> SentRequest {
    tc3_by(LAB_SECRET_KEY, change)
}

fn tc3_by(secret_key: &str, change: impl FnOnce(&mut V3Input<'_>)) -> SentRequest {
    let mut input = V3Input::post_json(HOST, BODY.as_bytes(), NOW_S);
    change(&mut input);
    let authorization = sign_v3(LAB_SECRET_ID, secret_key, &input).authorization;
    let headers = [
        ("Host", HOST),
        ("Content-Type", "application/json"),
        ("X-TC-Action", "GetFunctionLogs"),
        ("X-TC-Version", "2018-04-16"),
        ("X-TC-Timestamp", &NOW_S.to_string()),
        ("Authorization", &authorization),
    ];
    let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
    let body = Payload::Text(BODY.as_bytes().to_vec());
    SentRequest { method: "POST".into(), path: "/".into(), query: String::new(), headers, body }
}

fn set(request: &mut SentRequest, name: &str, value: &str) {
    request.headers.retain(|(found, _)| found != name);
    request.headers.push((name.to_owned(), value.to_owned()));
}

/// A v1 request by GET; `change` says what was signed otherwise.
fn v1(change: impl FnOnce(&mut Vec<(String, String)>, &mut &str, &mut V1Algorithm)) -> SentRequest {
    let fields = [
        ("Action", "GetFunctionLogs"),
        ("FunctionName", "a b/中"),
        ("Nonce", "7"),
        ("Region", "ap-guangzhou"),
        ("SecretId", LAB_SECRET_ID),
        ("SignatureMethod", "HmacSHA256"),
        ("Timestamp", &NOW_S.to_string()),
        ("Version", "2018-04-16"),
    ];
    let mut fields: Vec<_> = fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let sent = fields.clone();
    let (mut host, mut algorithm) = (HOST, V1Algorithm::HmacSha256);
    change(&mut fields, &mut host, &mut algorithm);
    let signature =
        sign_v1(LAB_SECRET_KEY, &V1Input { method: "GET", host, path: "/", fields: &fields, algorithm }).signature;
    let pairs =
        sent.iter().map(|(name, value)| (name.as_str(), value.as_str())).chain([("Signature", signature.as_str())]);
    let headers = vec![("Host".to_owned(), HOST.to_owned())];
    SentRequest { method: "GET".into(), path: "/".into(), query: encode_form(pairs), headers, body: Payload::default() }
}

/// The kinds of the proven findings, the first step first.
fn proven(diagnosis: &Diagnosis) -> Vec<Kind> {
    diagnosis.findings.iter().filter(|finding| finding.is_proven).map(|finding| finding.kind).collect()
}

fn found(request: &SentRequest) -> Vec<Kind> {
    proven(&diagnose(request, &known()))
}

#[test]
fn recorded_requests_of_real_clients_are_fine() {
    for capture in captures() {
        let at = format!("{}.txt:{}", capture.file, capture.line);
        let request = SentRequest {
            method: capture.request.method.clone(),
            path: capture.request.path.clone(),
            query: capture.request.query.clone(),
            headers: capture.request.headers.clone(),
            body: Payload::Text(capture.request.body.clone()),
        };
        let timestamp_s = capture.request.raw().parse().expect(&at).common.timestamp_s;
        let well = Known { received_s: Some(timestamp_s + 10), ..known() };
        let is_v1 = capture.request.raw().parse().expect(&at).scheme() == Scheme::V1;
        assert_eq!(proven(&diagnose(&request, &well)), [Kind::Fine], "{at}");
        let late = Known { received_s: Some(timestamp_s + 301), ..known() };
        assert_eq!(proven(&diagnose(&request, &late)), [Kind::Skew], "{at}");
        let other = Known { secret_key: Some("another"), ..well };
        let diagnosis = diagnose(&request, &other);
        assert_eq!(diagnosis.findings[0].kind, Kind::Unexplained, "{at}");
        assert_eq!(diagnosis.steps.len(), if is_v1 { 3 } else { 5 }, "{at}");
        let raw = capture.request.raw();
        let computed = match raw.parse().expect(&at).explain(&raw, "another").expect(&at) {
            Steps::V1(steps) => vec![steps.sorted_fields, steps.string_to_sign, steps.signature],
            Steps::V3(steps) => vec![
                steps.hashed_payload,
                steps.canonical_request,
                steps.hashed_canonical_request,
                steps.string_to_sign,
                steps.signature,
            ],
        };
        let shown: Vec<&String> = diagnosis.steps.iter().map(|step| &step.expected).collect();
        assert_eq!(shown, computed.iter().collect::<Vec<_>>(), "{at}: the steps are those of the dialect");
        let shown = serde_json::to_string(&diagnosis).unwrap();
        assert!(!shown.contains("another") && !shown.contains(LAB_SECRET_KEY), "{at}: no secret is shown");
    }
}

#[test]
fn each_mistake_under_tc3_is_named() {
    let trimmed = r#"{"FunctionName":"中文","Limit":5}"#;
    let escaped = r#"{"FunctionName": "\u4e2d\u6587", "Limit": 5}"#;
    let cases: Vec<(&str, SentRequest, &[Kind])> = vec![
        ("nothing", tc3(|_| {}), &[Kind::Fine]),
        ("host", tc3(|input| input.host = "scf.tencentcloudapi.com"), &[Kind::Host]),
        ("method", tc3(|input| (input.method, input.query) = ("GET", "")), &[Kind::Method, Kind::Body]),
        ("path", tc3(|input| input.path = "/index.php"), &[Kind::Path]),
        ("content type", tc3(|input| input.content_type = "application/json; charset=utf-8"), &[Kind::ContentType]),
        ("compact body", tc3(|input| input.payload = trimmed.as_bytes()), &[Kind::Body]),
        ("escaped body", tc3(|input| input.payload = escaped.as_bytes()), &[Kind::Body]),
        ("empty body", tc3(|input| input.payload = b""), &[Kind::Body]),
        ("unsigned body", tc3(|input| input.unsigned_payload = true), &[Kind::Body]),
        ("two", tc3(|input| (input.host, input.payload) = ("localhost", b"{}")), &[Kind::Host, Kind::Body]),
        ("clock read twice", tc3(|input| input.timestamp_s += 1), &[Kind::Timestamp]),
        ("line end", tc3_by(&format!("{LAB_SECRET_KEY}\n"), |_| {}), &[Kind::SecretKey]),
        ("id as key", tc3_by(LAB_SECRET_ID, |_| {}), &[Kind::SecretKey]),
    ];
    for (what, request, kinds) in &cases {
        assert_eq!(found(request), *kinds, "{what}: {:?}", diagnose(request, &known()).findings);
    }
}

#[test]
fn what_is_wrong_before_the_signature_is_named_first() {
    let mut request = tc3(|_| {});
    let key = Known { secret_id: Some("AKIDother"), ..known() };
    assert_eq!(proven(&diagnose(&request, &key)), [Kind::KeyUnknown]);
    let unknown = Known { secret_id: None, secret_key: None, code: Some("AuthFailure.SecretIdNotFound"), ..known() };
    assert_eq!(proven(&diagnose(&request, &unknown))[0], Kind::KeyUnknown);
    let early = Known { received_s: Some(NOW_S - 1_000), ..known() };
    let diagnosis = diagnose(&request, &early);
    assert_eq!(proven(&diagnosis), [Kind::Skew]);
    assert!(diagnosis.findings[0].text(Language::English).contains("1000 seconds apart"), "{diagnosis:?}");
    let old = Known { received_s: None, now_s: Some(NOW_S + 5_000), ..known() };
    assert_eq!(diagnose(&request, &old).findings[0].kind, Kind::Old);

    let yesterday = tc3(|_| {});
    let authorization = yesterday.header("Authorization").unwrap().replace("/2026-11-23/", "/2026-11-24/");
    set(&mut request, "Authorization", &authorization);
    assert_eq!(found(&request), [Kind::CredentialDate]);
    let authorization =
        yesterday.header("Authorization").unwrap().replace("content-type;host", "content-type;host;x-gone");
    set(&mut request, "Authorization", &authorization);
    assert_eq!(found(&request), [Kind::SignedHeaderMissing]);
    let authorization = yesterday.header("Authorization").unwrap().replace("content-type;host", "host");
    set(&mut request, "Authorization", &authorization);
    assert_eq!(found(&request), [Kind::SignedHeaderMissing]);
    for (authorization, kind) in [
        ("AWS4-HMAC-SHA256 Credential=x", Kind::WrongFamily),
        ("q-sign-algorithm=sha1&q-ak=x", Kind::WrongFamily),
        ("Bearer x", Kind::WrongFamily),
        ("TC3-HMAC-SHA256 nonsense", Kind::Shape),
    ] {
        set(&mut request, "Authorization", authorization);
        assert_eq!(found(&request), [kind], "{authorization}");
    }
    request.headers.retain(|(name, _)| name != "Authorization");
    assert_eq!(found(&request), [Kind::NotSigned]);
    let mut gone = tc3(|_| {});
    set(&mut gone, "Content-Length", "37");
    gone.body = Payload::default();
    assert_eq!(found(&gone), [Kind::BodyMissing]);
}

#[test]
fn what_is_wrong_after_the_signature_is_named_too() {
    let mut request = tc3(|_| {});
    set(&mut request, "X-TC-Action", "GetFunctionLog");
    assert_eq!(found(&request), [Kind::Action]);
    set(&mut request, "X-TC-Action", "GetFunctionLogs");
    set(&mut request, "X-TC-Version", "2017-03-12");
    assert_eq!(found(&request), [Kind::Version]);
    set(&mut request, "X-TC-Version", "2018-04-16");
    for (code, kind) in [
        ("UnauthorizedOperation.CAM", Kind::Permission),
        ("RequestLimitExceeded", Kind::RateLimit),
        ("UnsupportedRegion", Kind::Region),
        ("InvalidParameterValue.DateTime", Kind::Other),
    ] {
        assert_eq!(proven(&diagnose(&request, &Known { code: Some(code), ..known() }))[0], kind, "{code}");
    }
    let service = tc3(|input| input.service = "cvm");
    let findings = diagnose(&service, &known()).findings;
    let kinds: Vec<_> = findings.iter().map(|finding| (finding.kind, finding.is_proven)).collect();
    assert_eq!(kinds, [(Kind::Fine, true), (Kind::Service, false)], "this server takes any service");
}

#[test]
fn each_mistake_under_v1_is_named() {
    let cases: Vec<(&str, SentRequest, &[Kind])> = vec![
        ("nothing", v1(|_, _, _| {}), &[Kind::Fine]),
        ("host", v1(|_, host, _| *host = "127.0.0.1"), &[Kind::Host]),
        ("hash", v1(|_, _, algorithm| *algorithm = V1Algorithm::HmacSha1), &[Kind::Algorithm]),
        ("escaped values", v1(|fields, _, _| fields[1].1 = "a%20b%2F%E4%B8%AD".into()), &[Kind::Query]),
        ("a field left out", v1(|fields, _, _| fields.retain(|(name, _)| name != "SignatureMethod")), &[Kind::Query]),
        ("no explanation", v1(|fields, _, _| fields[1].1 = "g".into()), &[Kind::Unexplained]),
    ];
    for (what, request, kinds) in &cases {
        assert_eq!(found(request), *kinds, "{what}: {:?}", diagnose(request, &known()).findings);
    }
    // A signature with a plus that was not escaped.
    for nonce in 0..1_000 {
        let mut request = v1(|fields, _, _| fields[2].1 = nonce.to_string());
        request.query = request.query.replace("Nonce=7", &format!("Nonce={nonce}"));
        if request.query.contains("%2B") {
            request.query = request.query.replace("%2B", "+");
            assert_eq!(found(&request), [Kind::SignatureEscape]);
            return;
        }
    }
    panic!("no signature has a plus");
}

#[test]
fn a_senders_own_texts_are_compared_line_by_line() {
    let request = tc3(|input| input.payload = b"something else entirely");
    let canonical = |input: V3Input<'_>| sign_v3(LAB_SECRET_ID, LAB_SECRET_KEY, &input).canonical_request;
    let base = V3Input::post_json(HOST, BODY.as_bytes(), NOW_S);
    for (theirs, kind) in [
        (canonical(V3Input { payload: b"something else entirely", ..base }), Kind::Body),
        (canonical(V3Input { host: "h", ..base }), Kind::Host),
        (canonical(V3Input { content_type: "text/plain", ..base }), Kind::ContentType),
        (canonical(V3Input { path: "/x", ..base }), Kind::Path),
        (canonical(base).replace("9160\n\n", "9160\n"), Kind::Canonical),
    ] {
        let diagnosis = diagnose(&request, &Known { canonical_request: Some(&theirs), secret_key: None, ..known() });
        assert_eq!(proven(&diagnosis)[0], kind, "{theirs}");
    }
    let string = sign_v3(LAB_SECRET_ID, LAB_SECRET_KEY, &base).string_to_sign;
    let service = string.replace("/scf/", "/cvm/");
    let diagnosis = diagnose(&request, &Known { string_to_sign: Some(&service), ..known() });
    assert_eq!(proven(&diagnosis), [Kind::Service]);
}

#[test]
fn the_same_request_in_every_form() {
    let request = tc3(|_| {});
    let line = |(name, value): &(String, String)| format!("{name}: {value}\r\n");
    let head: String = request.headers.iter().map(line).collect();
    let raw = format!("POST / HTTP/1.1\r\n{head}Content-Length: {}\r\n\r\n{BODY}\n", BODY.len());
    let flags: String = request.headers.iter().map(|(name, value)| format!(" \\\n  -H '{name}: {value}'")).collect();
    let curl = format!("curl -sS 'http://{HOST}/' --cacert 'ca.pem'{flags} \\\n  --data-raw '{BODY}'");
    let double = format!("curl -XPOST http://{HOST}{} -d \"{}\"", flags.replace('\'', "\""), BODY.replace('"', "\\\""));
    let browser =
        format!("curl --request POST --url 'http://{HOST}/'{flags} --data-binary $'{}'", BODY.replace("中", "\\u4e2d"));
    let headers: Vec<_> =
        request.headers.iter().map(|(name, value)| serde_json::json!({"name": name, "value": value})).collect();
    let entry = serde_json::json!({ "request": {
        "method": "POST", "url": format!("http://{HOST}/"), "headers": headers, "postData": { "text": BODY } } });
    let har = serde_json::json!({ "log": { "entries": [entry,
        { "request": { "method": "GET", "url": "http://elsewhere/", "headers": [] } }] } });
    let own = serde_json::to_string(&request).unwrap();
    let remembered = serde_json::json!({ "request": request, "received_s": NOW_S }).to_string();
    for text in [raw, curl, double, browser, entry.to_string(), har.to_string(), own, remembered] {
        let read = read(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
        assert_eq!(found(&read.request), [Kind::Fine], "{text}");
    }
    let log = format!(
        "* Connected\n> POST / HTTP/1.1\r\n{}> Content-Length: 5\r\n>\r\n< HTTP/1.1 200 OK\r\n< Date: Mon, 23 Nov 2026 23:56:23 GMT\r\n<\r\n{{}}",
        head.lines().map(|line| format!("> {line}\r\n")).collect::<String>()
    );
    let logged = read(&log).unwrap();
    assert_eq!(found(&logged.request), [Kind::BodyMissing]);
    assert_eq!(logged.answered.as_deref(), Some("Mon, 23 Nov 2026 23:56:23 GMT"));
    let block = include_str!("../../wire/tests/data/captures/go.txt").split("\n\n=====").next().unwrap();
    assert_eq!(read(block).unwrap().request.method, "GET");
    for text in
        ["", "hello", "curl", "curl 'http://h", "curl -d @f http://h", "{", "{\"a\":1}", "GET / HTTP/1.1\nno colon"]
    {
        assert!(read(text).is_err(), "{text}");
    }
}

#[test]
fn a_body_that_is_known_by_its_hash_alone() {
    let by_hash = |mut request: SentRequest| {
        request.body = Payload::Hash {
            sha256: sign_v3("", "", &V3Input::post_json(HOST, BODY.as_bytes(), 0)).hashed_payload,
            bytes: 37,
        };
        request
    };
    assert_eq!(found(&by_hash(tc3(|_| {}))), [Kind::Fine]);
    assert_eq!(found(&by_hash(tc3(|input| input.host = "localhost"))), [Kind::Host]);
    assert_eq!(found(&by_hash(tc3(|input| input.payload = b"{}"))), [Kind::Body]);
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in ".{0,200}", command in "curl( |'|\"|\\\\|\\$'|-H|-d|a:b|http://h/){0,20}") {
        for text in [text, command] {
            if let Ok(read) = read(&text) {
                prop_assert!(!diagnose(&read.request, &known()).findings.is_empty());
            }
        }
    }
}
