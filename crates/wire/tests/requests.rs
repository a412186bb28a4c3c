//! Requests of every shape: which are accepted, and which are refused with which code.

mod support;

use runlog_wire::limits::{GET_MAX_BYTES, TC3_POST_MAX_BYTES, V1_POST_MAX_BYTES};
use runlog_wire::sign_v1::V1Algorithm;
use runlog_wire::{ApiRequest, FieldsForm, Form, HostForm, Language, ParamTree, TypeForm, Verified};
use support::{LAB_SECRET_KEY, NOW_S, Owned, json, sign_tc3, tc3, v1, v1_of, verify};

const SHA1: V1Algorithm = V1Algorithm::HmacSha1;
const SHA256: V1Algorithm = V1Algorithm::HmacSha256;

/// `code argument`, or `ok`.
fn outcome(request: &Owned) -> String {
    match verify(request) {
        Ok(_) => "ok".to_owned(),
        Err(error) => format!("{} {}", error.code(), error.arg("name").unwrap_or("-")),
    }
}

fn changed(mut request: Owned, change: impl FnOnce(&mut Owned)) -> Owned {
    change(&mut request);
    request
}

#[test]
fn every_form_is_understood() {
    let multipart = "--b\r\nContent-Disposition: form-data; name=\"Limit\"\r\n\r\n5\r\n--b--\r\n";
    for (request, form) in [
        (json("{\"Limit\": 5}"), Form::JsonPost),
        (tc3("application/x-www-form-urlencoded", "Limit=5", None), Form::Get),
        (tc3("multipart/form-data; boundary=b", "", Some(multipart.as_bytes())), Form::MultipartPost),
        (v1("GET", SHA1, &[("Limit", "5")]), Form::Get),
        (v1("GET", SHA256, &[("Limit", "5")]), Form::Get),
        (v1("POST", SHA1, &[("Limit", "5")]), Form::FormPost),
        (v1("POST", SHA256, &[("Limit", "5")]), Form::FormPost),
    ] {
        let parsed = request.raw().parse().unwrap();
        assert_eq!(parsed.form, form);
        assert_eq!(parsed.common.region.as_deref(), Some("ap-guangzhou"));
        let limit = match parsed.params.get("Limit") {
            Some(ParamTree::Text(text) | ParamTree::Number(text)) => text.clone(),
            other => panic!("{form:?}: {other:?}"),
        };
        assert_eq!(limit, "5");
        assert!(matches!(&parsed.params, ParamTree::Struct(members) if members.len() == 1), "{form:?}");
        assert_eq!(outcome(&request), "ok", "{form:?}");
    }
}

#[test]
fn shapes_that_are_no_request() {
    for (request, expected) in [
        (changed(json("{}"), |r| r.method = "PUT".into()), "UnsupportedProtocol -"),
        (changed(json("{}"), |r| r.method = "get".into()), "UnsupportedProtocol -"),
        (changed(json("{}"), |r| r.path = "/v2/index.php".into()), "InvalidRequest -"),
        (changed(json("{}"), |r| r.path = String::new()), "InvalidRequest -"),
        (changed(json("{}"), |r| r.query = "Limit=1".into()), "InvalidRequest -"),
        (changed(tc3("", "", None), |r| r.body = b"{}".to_vec()), "InvalidRequest -"),
        (tc3("text/plain", "", Some(b"{}")), "InvalidRequest -"),
        (tc3("application/x-www-form-urlencoded", "", Some(b"A=1")), "InvalidRequest -"),
        (tc3("multipart/form-data", "", Some(b"--b--")), "InvalidRequest -"),
        (json("{"), "InvalidParameter -"),
        (json("[1]"), "InvalidParameter -"),
        (tc3("application/json", "", Some(b"\xff")), "InvalidParameter -"),
        (json("{\"A\":1,\"A\":1}"), "InvalidParameter A"),
        (tc3("", "A=%zz", None), "InvalidParameter -"),
        (tc3("", "A=%ff", None), "InvalidParameter -"),
        (tc3("", "A=1&A.B=2", None), "InvalidParameter A.B"),
        (changed(v1("POST", SHA1, &[]), |r| r.body = b"\xff=1".to_vec()), "InvalidParameter -"),
        (changed(v1("POST", SHA1, &[]), |r| r.set_header("Content-Type", "text/plain")), "InvalidRequest -"),
    ] {
        assert_eq!(outcome(&request), expected, "{request:?}");
    }
}

#[test]
fn missing_and_bad_common_parameters() {
    for (name, value, expected) in [
        ("X-TC-Action", "", "MissingParameter X-TC-Action"),
        ("X-TC-Version", "", "MissingParameter X-TC-Version"),
        ("X-TC-Timestamp", "", "MissingParameter X-TC-Timestamp"),
        ("X-TC-Timestamp", "soon", "InvalidParameter X-TC-Timestamp"),
        ("X-TC-Timestamp", "-1", "InvalidParameter X-TC-Timestamp"),
        ("X-TC-Timestamp", "1.5", "InvalidParameter X-TC-Timestamp"),
        ("X-TC-Timestamp", "+1795483800", "InvalidParameter X-TC-Timestamp"),
        ("X-TC-Timestamp", "99999999999999", "InvalidParameterValue X-TC-Timestamp"),
        ("X-TC-Region", "ap guangzhou", "InvalidParameterValue X-TC-Region"),
        ("X-TC-Region", "广州", "InvalidParameterValue X-TC-Region"),
        ("X-TC-Region", "", "ok"),
        ("X-TC-Token", "tok123", "ok"),
    ] {
        let request = changed(json("{}"), |request| {
            request.remove_header(name);
            request.set_header(name, value);
        });
        assert_eq!(outcome(&request), expected, "{name}: {value}");
    }
    for name in ["Action", "Version", "Timestamp", "Nonce", "SecretId", "Signature"] {
        let request = changed(v1("GET", SHA1, &[]), |request| {
            let fields = request.query.split('&').filter(|field| !field.starts_with(&format!("{name}=")));
            request.query = fields.collect::<Vec<_>>().join("&");
        });
        assert_eq!(outcome(&request), format!("MissingParameter {name}"));
    }
    for (nonce, expected) in [
        ("x", "InvalidParameter Nonce"),
        ("-1", "InvalidParameter Nonce"),
        ("1.5", "InvalidParameter Nonce"),
        ("99999999999999999999", "InvalidParameter Nonce"),
        ("9223372036854775807", "AuthFailure.SignatureFailure -"),
    ] {
        let request =
            changed(v1("GET", SHA1, &[]), |r| r.query = r.query.replace("Nonce=0", &format!("Nonce={nonce}")));
        assert_eq!(outcome(&request), expected, "{nonce}");
    }
    let twice = changed(json("{}"), |r| r.headers.push(("x-tc-action".into(), "ListFunctions".into())));
    assert_eq!(outcome(&twice), "InvalidParameter X-TC-Action");
    let twice = changed(json("{}"), |r| r.headers.push(("host".into(), "other".into())));
    assert_eq!(outcome(&twice), "AuthFailure.InvalidAuthorization host");
    let twice = changed(v1("GET", SHA1, &[]), |r| r.query.push_str("&Action=ListFunctions"));
    assert_eq!(outcome(&twice), "InvalidParameter Action");
}

#[test]
fn unsigned_requests_say_what_is_missing() {
    let unsigned = |mut request: Owned| {
        request.remove_header("Authorization");
        outcome(&request)
    };
    assert_eq!(unsigned(json("{}")), "MissingParameter Authorization");
    assert_eq!(unsigned(tc3("", "Limit=1", None)), "MissingParameter Authorization");
    let nothing = Owned { method: "GET".into(), path: "/".into(), query: String::new(), headers: vec![], body: vec![] };
    assert_eq!(outcome(&nothing), "MissingParameter Action");
}

#[test]
fn authorization_headers() {
    let good = json("{}").header("Authorization").unwrap().to_owned();
    let signature = good.rsplit('=').next().unwrap().to_owned();
    let credential = "Credential=AKIDlabEXAMPLE0000000000000000000000/2026-11-24/scf/tc3_request";
    let with = |authorization: &str| changed(json("{}"), |r| r.set_header("Authorization", authorization));
    let invalid = |name: &str| format!("AuthFailure.InvalidAuthorization {name}");
    for (authorization, expected) in [
        (good.clone(), "ok".to_owned()),
        (good.replace("SHA256 Cred", "SHA256  Cred"), "ok".to_owned()),
        (good.replace(", ", ","), "ok".to_owned()),
        (format!(" {good} "), "ok".to_owned()),
        ("SKIP".to_owned(), invalid("-")),
        ("Bearer abc".to_owned(), invalid("-")),
        ("TC3-HMAC-SHA256".to_owned(), invalid("-")),
        (good.replace("SHA256 ", "SHA256"), invalid("-")),
        (good.replace("Credential=", "Credentials="), invalid("Credential")),
        (good.replace("/tc3_request", "/aws4_request"), invalid("Credential")),
        (good.replace("/scf/", "/"), invalid("Credential")),
        (good.replace("AKIDlabEXAMPLE0000000000000000000000", ""), invalid("Credential")),
        (good.replace("/scf/", "//"), invalid("Credential")),
        (format!("{good}, {credential}"), invalid("Credential")),
        (good.replace("2026-11-24", "2026-11-23"), invalid("-")),
        (good.replace("SignedHeaders=content-type;host, ", ""), invalid("SignedHeaders")),
        (good.replace("content-type;host", "host;content-type"), invalid("-")),
        (good.replace("content-type;host", "Content-Type;Host"), invalid("-")),
        (good.replace("content-type;host", "content-type;content-type;host"), invalid("-")),
        (good.replace("content-type;host", "host"), invalid("content-type")),
        (good.replace("content-type;host", "content-type"), invalid("host")),
        (good.replace("content-type;host", "content-type;host;x-none"), invalid("x-none")),
        (good.replace("content-type;host", &"a;".repeat(1 << 16)), invalid("-")),
        (good.replace(&signature, ""), invalid("Signature")),
        (good.replace(&signature, "00"), invalid("Signature")),
        (good.replace(&signature, &"g".repeat(64)), invalid("Signature")),
        (good.replace(&signature, &"0".repeat(64)), "AuthFailure.SignatureFailure -".to_owned()),
    ] {
        assert_eq!(outcome(&with(&authorization)), expected, "{authorization:.120}");
    }
    let without_type = changed(json("{}"), |r| r.remove_header("Content-Type"));
    assert_eq!(outcome(&without_type), "InvalidRequest -");
    let without_type = changed(tc3("x", "", None), |r| r.remove_header("Content-Type"));
    assert_eq!(outcome(&without_type), invalid("content-type"));
    let twice = changed(json("{}"), |r| r.headers.push(("authorization".into(), good.clone())));
    assert_eq!(outcome(&twice), invalid("Authorization"));
}

#[test]
fn what_clients_sign_in_their_own_way() {
    let v3 = |request: &Owned| match verify(request) {
        Ok(Verified::V3 { host, content_type, unsigned_payload }) => (host, content_type, unsigned_payload),
        other => panic!("{other:?}"),
    };
    let mut request = json("{}");
    sign_tc3(&mut request, |input| input.host = "127.0.0.1");
    assert_eq!(v3(&request), (HostForm::WithoutPort, TypeForm::Raw, false));
    sign_tc3(&mut request, |input| input.service = "127.0.0.1:9160");
    assert_eq!(v3(&request), (HostForm::Raw, TypeForm::Raw, false));
    request.set_header("Host", "http://127.0.0.1:9160");
    sign_tc3(&mut request, |_| {});
    assert_eq!(v3(&request), (HostForm::Raw, TypeForm::Raw, false));
    sign_tc3(&mut request, |input| input.host = "127.0.0.1:9160");
    assert_eq!(v3(&request), (HostForm::WithoutScheme, TypeForm::Raw, false));
    sign_tc3(&mut request, |input| input.host = "127.0.0.1");
    assert_eq!(v3(&request), (HostForm::WithoutPort, TypeForm::Raw, false));
    request.set_header("X-TC-Content-SHA256", "UNSIGNED-PAYLOAD");
    sign_tc3(&mut request, |_| {});
    assert_eq!(v3(&request), (HostForm::Raw, TypeForm::Raw, true));

    let multipart = b"--B\r\nContent-Disposition: form-data; name=\"Limit\"\r\n\r\n5\r\n--B--\r\n";
    let mut request = tc3("multipart/form-data; boundary=B", "", Some(multipart));
    sign_tc3(&mut request, |input| input.content_type = "multipart/form-data; boundary=b");
    assert_eq!(v3(&request), (HostForm::Raw, TypeForm::Lower, false));
    sign_tc3(&mut request, |input| input.content_type = "multipart/form-data");
    assert_eq!(v3(&request), (HostForm::Raw, TypeForm::WithoutParameters, false));
    sign_tc3(&mut request, |input| input.more_headers = &[("x-tc-action", "getfunctionlogs")]);
    assert_eq!(v3(&request), (HostForm::Raw, TypeForm::OthersLower, false));
    sign_tc3(&mut request, |input| input.more_headers = &[("x-tc-action", "GetFunctionLogs")]);
    assert_eq!(v3(&request), (HostForm::Raw, TypeForm::Raw, false));
    sign_tc3(&mut request, |input| input.payload = b"something else");
    assert!(verify(&request).is_err());
}

#[test]
fn v1_fields_as_clients_sign_them() {
    let common = [
        ("Action", "GetFunctionLogs"),
        ("Version", "2018-04-16"),
        ("Timestamp", "1795483800"),
        ("Nonce", "65535"),
        ("SecretId", support::LAB_SECRET_ID),
    ];
    let fields = |more: &[(&str, &str)]| -> Vec<(String, String)> {
        more.iter().chain(&common).map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    };
    let brackets = [("Filter[RetCode]", "not0"), ("SearchContext[Limit]", "10"), ("SearchContext[Offset]", "")];
    for (sent, signed, form) in [
        (fields(&[("Region", "")]), fields(&[("Region", "")]), FieldsForm::AsSent),
        (fields(&[("Region", "")]), fields(&[]), FieldsForm::WithoutEmpty),
        (fields(&[("Function_Name", "f_n")]), fields(&[("Function.Name", "f_n")]), FieldsForm::Dotted),
        (fields(&brackets), fields(&[("Filter", "Array"), ("SearchContext", "Array")]), FieldsForm::ArrayCollapsed),
        (fields(&brackets), fields(&brackets), FieldsForm::AsSent),
    ] {
        for method in ["GET", "POST"] {
            let request = v1_of(method, SHA1, &sent, &signed);
            match verify(&request) {
                Ok(Verified::V1 { host: HostForm::Raw, fields }) => assert_eq!(fields, form),
                other => panic!("{method} {form:?}: {other:?}"),
            }
        }
    }
    let parsed = v1_of("GET", SHA1, &fields(&brackets), &fields(&brackets)).raw().parse().unwrap();
    let filter = parsed.params.get("Filter").and_then(|filter| filter.get("RetCode"));
    assert_eq!(filter, Some(&ParamTree::Text("not0".into())));

    let ruby = changed(v1("GET", SHA256, &[]), |r| r.query.push_str("%0A"));
    assert_eq!(outcome(&ruby), "ok");
    let cut = changed(v1("GET", SHA256, &[]), |r| r.query = r.query.replace("%3D", ""));
    assert_eq!(outcome(&cut), "AuthFailure.SignatureFailure -");
    let no_host = changed(v1("GET", SHA256, &[]), |r| r.remove_header("Host"));
    assert_eq!(outcome(&no_host), "MissingParameter Host");
    let traced = changed(v1("GET", SHA256, &[]), |r| r.set_header("X-TC-TraceId", "a24cf901"));
    assert_eq!(outcome(&traced), "ok");
}

#[test]
fn clocks_may_differ_by_the_skew() {
    for request in [json("{}"), v1("GET", SHA1, &[])] {
        let raw = request.raw();
        let parsed = raw.parse().unwrap();
        for (now_s, ok) in [
            (NOW_S, true),
            (NOW_S + 300, true),
            (NOW_S - 300, true),
            (NOW_S + 301, false),
            (NOW_S - 301, false),
            (i64::MIN, false),
            (i64::MAX, false),
        ] {
            match parsed.verify(&raw, LAB_SECRET_KEY, now_s, 300) {
                Ok(_) => assert!(ok, "{now_s}"),
                Err(error) => {
                    assert!(!ok, "{now_s}");
                    assert_eq!(error.code(), "AuthFailure.SignatureExpire");
                    assert_eq!(error.message(Language::English), "The signature is expired, please request again.");
                }
            }
        }
    }
}

#[test]
fn sizes() {
    let long = "x".repeat(TC3_POST_MAX_BYTES);
    let body = |length: usize| format!("{{\"FunctionName\":\"{}\"}}", &long[..length - 19]);
    assert_eq!(outcome(&json(&body(V1_POST_MAX_BYTES + 1))), "ok");
    assert_eq!(outcome(&json(&body(TC3_POST_MAX_BYTES))), "ok");
    assert_eq!(outcome(&json(&body(TC3_POST_MAX_BYTES + 1))), "RequestSizeLimitExceeded -");
    let query = |length: usize| tc3("", &format!("A={}", &long[..length - 2]), None);
    assert_eq!(outcome(&query(GET_MAX_BYTES)), "ok");
    assert_eq!(outcome(&query(GET_MAX_BYTES + 1)), "RequestSizeLimitExceeded -");
    for (request, ok) in [
        (v1("POST", SHA1, &[("A", &long[..V1_POST_MAX_BYTES - 1000])]), true),
        (v1("POST", SHA1, &[("A", &long[..V1_POST_MAX_BYTES])]), false),
        (v1("GET", SHA1, &[("A", &long[..GET_MAX_BYTES])]), false),
    ] {
        let error = verify(&request).err();
        assert_eq!(error.is_none(), ok);
        if let Some(error) = error {
            assert_eq!(error.code(), "AuthFailure.SignatureFailure");
            assert_eq!(
                error.message(Language::English),
                "The provided credentials could not be validated because of exceeding request size limit, please use \
                 new signature method `TC3-HMAC-SHA256`."
            );
        }
    }
}

#[test]
fn errors_are_answered_in_the_language_that_was_asked_for() {
    let broken = |request: &Owned| {
        assert!(request.raw().parse().is_err());
        ApiRequest::language_hint(&request.raw())
    };
    let mut request = json("{");
    assert_eq!(broken(&request), Language::English);
    request.set_header("X-Tc-Language", "zh-CN");
    assert_eq!(broken(&request), Language::Chinese);
    for method in ["GET", "POST"] {
        let mut request = v1(method, SHA1, &[("Language", "zh-CN"), ("A", "%")]);
        request.query = request.query.replace("%25", "%");
        request.body = String::from_utf8(request.body).unwrap().replace("%25", "%").into_bytes();
        assert_eq!(broken(&request), Language::Chinese);
    }
}
