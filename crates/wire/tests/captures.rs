//! Every request that real clients sent to a capture server: its signature, its common parameters, its parameters.

mod support;

use runlog_core::{Direction, ResultFilter, SortKey, Start, Window, Zone};
use runlog_wire::actions::{Context, get_function_logs};
use runlog_wire::{Action, FieldsForm, Form, HostForm, Language, RawRequest, Scheme, TypeForm, Verified};
use support::{LAB_SECRET_ID, LAB_SECRET_KEY, captures};

fn context() -> Context<'static> {
    Context { zone: Zone::UTC8, now_ms: 1_795_483_800_000, account: "1", region: "ap-guangzhou", billing_step_ms: 100 }
}

fn verify(raw: &RawRequest<'_>, key: &str) -> Result<Verified, runlog_wire::ApiError> {
    let request = raw.parse()?;
    request.verify(raw, key, request.common.timestamp_s + 300, 300)
}

#[test]
fn every_recorded_request_verifies_as_recorded() {
    let captures = captures();
    assert_eq!(captures.len(), 80, "no recording may be lost");
    for capture in &captures {
        let at = format!("{}.txt:{}", capture.file, capture.line);
        let raw = capture.request.raw();
        let request = raw.parse().unwrap_or_else(|error| panic!("{at}: {error}"));
        assert_eq!(request.secret_id(), LAB_SECRET_ID, "{at}");
        let verified = verify(&raw, LAB_SECRET_KEY).unwrap_or_else(|error| panic!("{at}: {error}"));
        let expected_host =
            if capture.verdict.contains("Host without port") { HostForm::WithoutPort } else { HostForm::Raw };
        let expected = if capture.verdict.contains("V1 Hmac") {
            Verified::V1 { host: expected_host, fields: FieldsForm::AsSent }
        } else {
            Verified::V3 {
                host: expected_host,
                content_type: TypeForm::Raw,
                unsigned_payload: capture.verdict.ends_with("payload=UNSIGNED"),
            }
        };
        assert_eq!(verified, expected, "{at}");
    }
}

#[test]
fn a_changed_byte_or_key_never_verifies() {
    for capture in captures() {
        let at = format!("{}.txt:{}", capture.file, capture.line);
        let unsigned = capture.verdict.ends_with("payload=UNSIGNED");
        assert!(verify(&capture.request.raw(), "labSecretKeyEXAMPLE00000000000001").is_err(), "{at}: key");
        let mut hosts = capture.request.clone();
        hosts.set_header("Host", "other.example");
        assert!(verify(&hosts.raw(), LAB_SECRET_KEY).is_err(), "{at}: host");
        let mut later = capture.request.clone();
        if let Some(timestamp) = later.header("X-TC-Timestamp").map(|text| text.replace("1795", "1794")) {
            later.set_header("X-TC-Timestamp", &timestamp);
            assert!(verify(&later.raw(), LAB_SECRET_KEY).is_err(), "{at}: timestamp");
        }
        for place in 0..capture.request.body.len().max(capture.request.query.len()) {
            let mut changed = capture.request.clone();
            if let Some(byte) = changed.body.get_mut(place) {
                *byte ^= 1;
            } else if changed.query.is_char_boundary(place) {
                changed.query.replace_range(place..=place, "0");
            }
            if changed.query == capture.request.query && changed.body == capture.request.body {
                continue;
            }
            match verify(&changed.raw(), LAB_SECRET_KEY) {
                Err(_) => {}
                Ok(_) if unsigned && !capture.request.body.is_empty() => {}
                Ok(_) => assert!(same_meaning(&changed, &capture.request), "{at}: byte {place}"),
            }
        }
    }
}

/// Under v1 the decoded fields are signed, so another escape of the same field, or another spelling of the unsigned
/// rest, is the same request.
fn same_meaning(a: &support::Owned, b: &support::Owned) -> bool {
    let (a, b) = (a.raw().parse().unwrap(), b.raw().parse().unwrap());
    a.scheme() == Scheme::V1 && a.common == b.common && a.params == b.params
}

#[test]
fn common_parameters_are_read() {
    for capture in captures() {
        let at = format!("{}.txt:{}", capture.file, capture.line);
        let raw = capture.request.raw();
        let request = raw.parse().unwrap();
        let common = &request.common;
        assert_eq!((common.action.as_str(), common.version.as_str()), ("GetFunctionLogs", "2018-04-16"), "{at}");
        assert!(common.region.is_none() || common.region.as_deref() == Some("ap-guangzhou"), "{at}");
        assert_eq!(common.nonce.is_some(), request.scheme() == Scheme::V1, "{at}");
        assert_eq!(runlog_wire::ApiRequest::language_hint(&raw), common.language, "{at}");
        let form = match (capture.request.method.as_str(), request.scheme()) {
            ("GET", _) => Form::Get,
            (_, Scheme::V1) => Form::FormPost,
            (_, Scheme::V3) => Form::JsonPost,
        };
        assert_eq!(request.form, form, "{at}");
        let client = common.request_client.as_deref().unwrap_or("none");
        let expected = match capture.file {
            "go" => "SDK_GO_1.3.166",
            "node" => "SDK_NODEJS_4.1.220",
            "python" => "SDK_PYTHON_3.1.100",
            "scfcli" => "TCFCLI_0.2.8",
            "sls" => "ServerlessFramework",
            "tccli" => "SDK_PYTHON_3.1.100; _CLI_3.1.189.1",
            _ if request.scheme() == Scheme::V1 => "SDK_RUBY_SCF_3.0.1242",
            _ => "none",
        };
        assert_eq!(client, expected, "{at}");
        let language = match capture.file {
            "node" | "sls" => Language::English,
            _ if common.token.is_some() => Language::English,
            _ => Language::Chinese,
        };
        assert_eq!(common.language, language, "{at}");
    }
}

#[test]
fn parameters_are_valid_calls_but_for_the_one_that_is_not() {
    for capture in captures() {
        let at = format!("{}.txt:{}", capture.file, capture.line);
        let request = capture.request.raw().parse().unwrap();
        Action::parse(&request.common.action, &request.common.version).unwrap();
        let parsed = get_function_logs::Request::parse(&request.params, &context());
        let body = String::from_utf8_lossy(&capture.request.body).into_owned();
        if capture.file == "tccli" && body.contains("StartTime") {
            assert_eq!(parsed.unwrap_err().code(), "InvalidParameterValue.StartTimeOrEndTime", "{at}");
            continue;
        }
        let parsed = parsed.unwrap_or_else(|error| panic!("{at}: {error}"));
        let sent = format!("{}{body}", capture.request.query);
        assert_eq!(parsed.namespace, if sent.contains("prod") { "prod" } else { "default" }, "{at}");
        assert_eq!(parsed.result == ResultFilter::Failed, sent.contains("not0"), "{at}");
        assert_eq!(parsed.order.by, SortKey::StartTime, "{at}");
        assert_eq!(parsed.order.direction == Direction::Asc, sent.contains("\"asc\""), "{at}");
        assert!(matches!(parsed.start, Start::Offset(_)), "{at}");
        if sent.contains("2026-11-23+20%3A00%3A00") || sent.contains("2026-11-23 20:00:00") {
            let window = Window { start_ms: 1_795_435_200_000, end_ms: 1_795_438_800_000 };
            assert_eq!(parsed.window, window, "{at}");
        }
        if sent.contains("Keyword") {
            let keyword = if capture.file == "node" { "a b&c*~'()!" } else { "a b&c" };
            assert_eq!(parsed.query().keyword.as_deref(), Some(keyword), "{at}");
            assert_eq!((parsed.limit, parsed.function.as_deref()), (20, Some("hello-中文 x")), "{at}");
        }
    }
}
