//! Every error that a caller can meet is reachable, with its code and its words, and every answer keeps to the form:
//! HTTP 200, exactly `application/json`, a request id. What parameters of a query can do wrong is in `contract`.
#![allow(clippy::disallowed_methods, reason = "the tests measure time")]

mod support;

use std::io::Read;
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use support::{Answer, Api, Call, Form, Key, ROOT_ACCOUNT, Request, Server, Setup, eventually, now_ms};

/// A call that any server answers, signed in `form`.
fn list_functions(server: &Server) -> Call {
    server.api().unsigned("ListFunctions", json!({}))
}

fn assert_error(answer: &Answer, code: &str, message: &str, about: &str) {
    assert_eq!(answer.code(), Some(code), "{about}: {}", answer.text);
    assert_eq!(answer.message().as_deref(), Some(message), "{about}");
}

#[test]
fn a_wrong_signature_is_refused_in_every_form_and_both_languages() {
    let server = Server::start();
    let mut api = server.api();
    for form in Form::ALL {
        let wrong = Key::new(&api.key.secret_id, "notTheSecretKey00000000000000000");
        let call = Call { key: wrong, ..list_functions(&server) };
        let message = "The provided credentials could not be validated. Please check your signature is correct.";
        let answer = api.send(&call.request(form));
        assert_error(&answer, "AuthFailure.SignatureFailure", message, &format!("{form:?}"));
        let chinese = Call { language: Some("zh-CN".to_owned()), ..call };
        let answer = api.send(&chinese.request(form));
        let message = "请求签名验证失败，请检查您的签名计算是否正确。";
        assert_error(&answer, "AuthFailure.SignatureFailure", message, &format!("{form:?}"));
    }
}

#[test]
fn what_was_signed_cannot_be_changed() {
    let server = Server::start();
    let mut api = server.api();
    let call = api.unsigned("ListFunctions", json!({ "Limit": 1 }));
    for form in Form::ALL {
        let mut request = call.request(form);
        assert_eq!(api.send(&request).code(), None, "{form:?}");
        request.target = request.target.replace("Limit=1", "Limit=2");
        let body = String::from_utf8(request.body).expect("text");
        request.body = body
            .replace("\"Limit\":1", "\"Limit\":2")
            .replace("Limit=1", "Limit=2")
            .replace("\r\n\r\n1", "\r\n\r\n2")
            .into();
        // An unsigned payload is what its name says; a query is signed all the same.
        let is_open = matches!(form, Form::Tc3Json { unsigned: true } | Form::Tc3Multipart { unsigned: true });
        let expected = if is_open { None } else { Some("AuthFailure.SignatureFailure") };
        assert_eq!(api.send(&request).code(), expected, "{form:?}");
    }
    let mut request = call.request(Form::JSON);
    request.set_header("Host", "another.example.com");
    assert_eq!(api.send(&request).code(), Some("AuthFailure.SignatureFailure"), "another host");
}

#[test]
fn an_old_and_an_early_timestamp_are_expired() {
    let server = Server::start();
    let mut api = server.api();
    for form in Form::ALL {
        for (seconds, code) in [
            (-290, None),
            (290, None),
            (-310, Some("AuthFailure.SignatureExpire")),
            (310, Some("AuthFailure.SignatureExpire")),
        ] {
            let timestamp_s = now_ms() / 1000 + seconds;
            let answer = api.send(&Call { timestamp_s, ..list_functions(&server) }.request(form));
            assert_eq!(answer.code(), code, "{form:?}, {seconds} s");
        }
    }
    let old = Call { timestamp_s: 1_500_000_000, ..list_functions(&server) };
    let message = "The signature is expired, please request again.";
    assert_error(&api.send(&old.request(Form::JSON)), "AuthFailure.SignatureExpire", message, "2017");
}

#[test]
fn an_unknown_key_is_told_so() {
    let server = Server::start();
    let mut api = server.api();
    for form in Form::ALL {
        let call = Call { key: Key::new("AKIDnobody", "x"), ..list_functions(&server) };
        let message = "The SecretId is not found, please ensure that your SecretId is correct.";
        assert_error(&api.send(&call.request(form)), "AuthFailure.SecretIdNotFound", message, &format!("{form:?}"));
    }
}

#[test]
fn a_malformed_authorization_is_told_apart_from_a_wrong_one() {
    let server = Server::start();
    let mut api = server.api();
    let request = list_functions(&server).request(Form::JSON);
    let good = request.get_header("Authorization").expect("a header").to_owned();
    for bad in [
        "Basic QUJDOkRFRg==".to_owned(),
        "SKIP".to_owned(),
        "TC3-HMAC-SHA256".to_owned(),
        "TC3-HMAC-SHA256 Credential=x".to_owned(),
        good.replace("TC3-HMAC-SHA256", "TC3-HMAC-SHA1"),
        good.replace("Credential=", "Credentials="),
        good.replace("/tc3_request", ""),
        good.replace("/scf/", "//"),
        good.replace("content-type;host", "host;content-type"),
        good.replace("content-type;host", "Content-Type;Host"),
        good.replace("content-type;host", "host"),
        good.replace("content-type;host", "content-type;host;x-absent"),
        good.replace("Signature=", "Signature=zz"),
        good.split(", Signature").next().unwrap_or_default().to_owned(),
        format!("{good}, Signature=00"),
    ] {
        let mut request = request.clone();
        request.set_header("Authorization", &bad);
        assert_eq!(api.send(&request).code(), Some("AuthFailure.InvalidAuthorization"), "{bad}");
    }
    let mut yesterday = list_functions(&server);
    yesterday.timestamp_s -= 86_400;
    let mut request = yesterday.request(Form::JSON);
    request.set_header("X-TC-Timestamp", &(now_ms() / 1000).to_string());
    assert_eq!(api.send(&request).code(), Some("AuthFailure.InvalidAuthorization"), "another day than the timestamp's");
    let twice = list_functions(&server).request(Form::JSON).header("Authorization", &good);
    assert_eq!(api.send(&twice).code(), Some("AuthFailure.InvalidAuthorization"), "given twice");
}

#[test]
fn every_common_parameter_that_is_missing_is_named() {
    let server = Server::start();
    let mut api = server.api();
    for form in Form::ALL {
        let (names, prefix): (&[&'static str], _) = if form.is_v1() {
            (&["Action", "Version", "Timestamp", "Nonce", "SecretId", "Signature"], "")
        } else {
            (&["Action", "Version", "Timestamp"], "X-TC-")
        };
        for name in names {
            let call = Call { without: Some(name), ..list_functions(&server) };
            let message = format!("The request is missing a required parameter `{prefix}{name}`.");
            assert_error(&api.send(&call.request(form)), "MissingParameter", &message, &format!("{form:?}"));
        }
    }
    let unsigned = Call { without: Some("Authorization"), ..list_functions(&server) }.request(Form::JSON);
    let message = "The request is missing a required parameter `Authorization`.";
    assert_error(&api.send(&unsigned), "MissingParameter", message, "no signature at all");
    let bare = Request::new("GET", "/").header("Host", &api.address.to_string());
    assert_eq!(api.send(&bare).code(), Some("MissingParameter"), "a browser");
}

#[test]
fn common_parameters_have_types() {
    let server = Server::start();
    let mut api = server.api();
    let mut request = list_functions(&server).request(Form::JSON);
    request.set_header("X-TC-Timestamp", "now");
    let message = "Parameter `X-TC-Timestamp` type error.";
    assert_error(&api.send(&request), "InvalidParameter", message, "a timestamp that is no number");
    for nonce in ["-1", "one", "18446744073709551616", "1.5"] {
        let mut request = list_functions(&server).request(Form::ALL[6]);
        let (before, after) = request.target.split_once("Nonce=").expect("a nonce");
        let rest = after.split_once('&').map_or("", |(_, rest)| rest);
        request.target = format!("{before}Nonce={nonce}&{rest}");
        assert_error(&api.send(&request), "InvalidParameter", "Parameter `Nonce` type error.", nonce);
    }
}

#[test]
fn actions_and_versions_that_do_not_exist() {
    let server = Server::start();
    let mut api = server.api();
    for form in Form::ALL {
        let about = format!("{form:?}");
        for action in ["MakeCoffee", "getfunctionlogs", "InvokeFunction"] {
            let call = Call { action: action.to_owned(), ..list_functions(&server) };
            let message = "The request `Action` is invalid or not found.";
            assert_error(&api.send(&call.request(form)), "InvalidAction", message, &about);
        }
        let call = Call { version: "2019-07-22".to_owned(), ..list_functions(&server) };
        let message = "The specified api version=`2019-07-22` does not exist in service=`scf`.";
        assert_error(&api.send(&call.request(form)), "NoSuchVersion", message, &about);
    }
}

#[test]
fn regions_are_checked_and_may_be_absent() {
    let server = Server::start();
    let mut api = server.api();
    for form in Form::ALL {
        let about = format!("{form:?}");
        let name = if form.is_v1() { "Region" } else { "X-TC-Region" };
        for region in ["ap guangzhou", "ap-广州", "../etc", &"x".repeat(65)] {
            let call = Call { region: Some(region.to_owned()), ..list_functions(&server) };
            let message = format!("A value specified in `{name}` is not valid, is unsupported, or cannot be used.");
            assert_error(&api.send(&call.request(form)), "InvalidParameterValue", &message, &about);
        }
        for region in [None, Some(String::new())] {
            let call = Call { region, ..list_functions(&server) };
            assert_eq!(api.send(&call.request(form)).code(), None, "{about}");
        }
    }
}

#[test]
fn a_server_of_some_regions_refuses_the_others() {
    let server =
        Setup::new().option("regions", "ap-beijing, ap-shanghai").option("default-region", "ap-beijing").start();
    let mut api = server.api();
    for form in Form::ALL {
        let call = Call { region: Some("ap-chengdu".to_owned()), ..list_functions(&server) };
        let message = "The region `ap-chengdu` is not supported.";
        assert_error(&api.send(&call.request(form)), "UnsupportedRegion", message, &format!("{form:?}"));
        for region in [None, Some("ap-shanghai".to_owned())] {
            let call = Call { region, ..list_functions(&server) };
            assert_eq!(api.send(&call.request(form)).code(), None, "{form:?}");
        }
    }
    let report = api.ingest(&[json!({ "FunctionName": "f", "Region": "ap-chengdu" })]);
    assert_eq!(report.refused.len(), 1, "runs of other regions are refused too");
}

#[test]
fn only_get_and_post_are_served() {
    let server = Server::start();
    let mut api = server.api();
    for method in ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW"] {
        let mut request = list_functions(&server).request(Form::JSON);
        request.method = method.to_owned();
        let message = "Unsupported HTTP(S) request protocol. Only GET and POST requests are supported.";
        assert_error(&api.send(&request), "UnsupportedProtocol", message, method);
        request.set_header("X-TC-Language", "zh-CN");
        let message = "HTTP(S) 请求协议错误，只支持 GET 和 POST 请求。";
        assert_error(&api.send(&request), "UnsupportedProtocol", message, method);
    }
}

#[test]
fn a_content_type_that_fits_no_form_is_refused() {
    let server = Server::start();
    let mut api = server.api();
    for content_type in ["text/plain", "application/xml", "application/x-www-form-urlencoded"] {
        let call = list_functions(&server);
        let request = call.tc3(Request::new("POST", "/").body("{}"), content_type, false);
        assert_eq!(api.send(&request).code(), Some("InvalidRequest"), "{content_type}");
    }
}

#[test]
fn requests_over_their_size_are_refused_and_those_at_it_are_not() {
    const SIZE_OF_V1: &str = "The provided credentials could not be validated because of exceeding request size limit, \
                              please use new signature method `TC3-HMAC-SHA256`.";
    let server = Server::start();
    let mut api = server.api();
    for form in Form::ALL {
        let (max, code) = match form {
            Form::V1Get(_) => (32 << 10, "AuthFailure.SignatureFailure"),
            Form::V1Post(_) => (1 << 20, "AuthFailure.SignatureFailure"),
            Form::Tc3Get { .. } => (32 << 10, "RequestSizeLimitExceeded"),
            Form::Tc3Json { .. } | Form::Tc3Multipart { .. } => (10 << 20, "RequestSizeLimitExceeded"),
        };
        let padded = |padding: usize| {
            let call = Call { params: json!({ "SearchKey": "x".repeat(padding) }), ..list_functions(&server) };
            call.request(form)
        };
        // Far under the limit first, to learn how long the rest of the request is. Every nonce has some digits more.
        let size = |request: &Request| request.body.len().max(request.target.len().saturating_sub(2));
        let rest = size(&padded(1000)) - 1000;
        let at_most = api.send(&padded(max - rest - 8));
        assert_eq!(at_most.code(), Some("InvalidParameterValue"), "{form:?}: read, and too long a value");
        let over = api.send(&padded(max - rest + 8));
        assert_eq!(over.code(), Some(code), "{form:?}");
        if form.is_v1() {
            assert_eq!(over.message().as_deref(), Some(SIZE_OF_V1), "{form:?}");
        } else {
            assert!(over.message().is_some_and(|message| message.contains(&format!("`{max}`"))), "{}", over.text);
        }
    }
}

#[test]
fn five_requests_a_second_of_one_key_for_one_action_unless_told_otherwise() {
    let server = Setup::new().option("rate-limit", "5").start();
    let mut api = server.api();
    let started = Instant::now();
    let codes: Vec<Option<String>> =
        (0..7).map(|_| api.call("ListFunctions", json!({})).code().map(str::to_owned)).collect();
    assert!(started.elapsed() < Duration::from_secs(1), "too slow a machine to say anything");
    assert_eq!(codes.iter().filter(|code| code.is_none()).count(), 5, "{codes:?}");
    let message = "Your current request times equals to `8` in a second, which exceeds the frequency limit `5` for a \
                   second. Please reduce the frequency of calls.";
    assert_error(&api.call("ListFunctions", json!({})), "RequestLimitExceeded", message, "the eighth");
    api.language = Some("zh-CN".to_owned());
    let message = "您当前每秒请求 `9` 次，超过了每秒频率上限 `5`，请稍后重试。";
    assert_error(&api.call("ListFunctions", json!({})), "RequestLimitExceeded", message, "the ninth");
    assert_eq!(api.call("ListNamespaces", json!({})).code(), None, "another action");
    sleep(Duration::from_secs(1).saturating_sub(started.elapsed()) + Duration::from_millis(50));
    assert_eq!(api.call("ListFunctions", json!({})).code(), None, "a second later, in spite of the refused ones");
}

#[test]
fn another_key_has_a_rate_of_its_own_and_a_wrong_signature_uses_up_none() {
    let server = Setup::new().option("rate-limit", "2").start();
    let other = server.make_key(ROOT_ACCOUNT, &[]);
    let mut other = Api::new(server.address(), other);
    eventually("the new key", || other.call("ListNamespaces", json!({})).code().is_none().then_some(()));
    let mut api = server.api();
    for _ in 0..5 {
        let wrong = Key::new(&api.key.secret_id, "x");
        let code = api.send(&Call { key: wrong, ..list_functions(&server) }.request(Form::JSON));
        assert_eq!(code.code(), Some("AuthFailure.SignatureFailure"));
    }
    let codes = [0, 1, 2].map(|_| api.call("ListFunctions", json!({})).code().map(str::to_owned));
    assert_eq!(codes, [None, None, Some("RequestLimitExceeded".to_owned())]);
    assert_eq!(other.call("ListFunctions", json!({})).code(), None);
}

#[test]
fn policies_decide_function_by_function() {
    let server = Server::start();
    let runs = ["a", "b", "secret"].map(|name| json!({ "FunctionName": name }));
    server.api().ingest_new(&runs);
    let allow = |resource: &str| {
        format!(r#"{{"version":"2.0","statement":[{{"effect":"allow","action":"scf:Get*","resource":"{resource}"}}]}}"#)
    };
    let deny = r#"{"version":"2.0","statement":[{"effect":"deny","action":"*","resource":"qcs::scf:::namespace/default/function/secret"}]}"#;
    let only_a = server.make_key(ROOT_ACCOUNT, &[&allow("qcs::scf:::namespace/default/function/a")]);
    let all_but_one = server.make_key(ROOT_ACCOUNT, &[&allow("qcs::scf:::namespace/default/*"), deny]);
    let everything = server.make_key(ROOT_ACCOUNT, &[&allow("*")]);
    let nothing = server.make_key(ROOT_ACCOUNT, &[&allow("qcs::scf:ap-beijing::*")]);
    let mut last = Api::new(server.address(), nothing.clone());
    eventually("the new keys", || (last.logs(json!({})).code() != Some("AuthFailure.SecretIdNotFound")).then_some(()));
    let named = |name: &str| json!({ "FunctionName": name });
    // A partial permission never gives a partial answer: a list that hides rows would look like the whole.
    for (about, key, params, is_allowed) in [
        ("its function", &only_a, named("a"), true),
        ("another function", &only_a, named("b"), false),
        ("a function that is not there", &only_a, named("never"), false),
        ("all functions, of which one is allowed", &only_a, json!({}), false),
        ("a function that nothing denies", &all_but_one, named("b"), true),
        ("the function that is denied", &all_but_one, named("secret"), false),
        ("all functions, of which one is denied", &all_but_one, json!({}), false),
        ("all functions of another namespace", &all_but_one, json!({ "Namespace": "test" }), false),
        ("all functions, all allowed", &everything, json!({}), true),
        ("a function of another region", &nothing, named("a"), false),
    ] {
        let mut api = Api::new(server.address(), key.clone());
        for form in Form::ALL {
            let code = api.call_as(form, "GetFunctionLogs", params.clone()).code().map(str::to_owned);
            let expected = if is_allowed { None } else { Some("UnauthorizedOperation.CAM".to_owned()) };
            assert_eq!(code, expected, "{about}, {form:?}");
        }
    }
    let refused = Api::new(server.address(), only_a).logs(named("b"));
    let message = "[request id:REQUEST-ID]you are not authorized to perform operation (scf:GetFunctionLogs)\nresource \
                   (qcs::scf:ap-guangzhou:uin/100000000001:namespace/default/function/b) has no permission\n";
    assert_error(&refused, "UnauthorizedOperation.CAM", message, "the wording");
}

#[test]
fn policies_decide_on_actions_and_on_runs_that_come_in() {
    let server = Server::start();
    server.api().ingest_new(&[json!({ "FunctionName": "a" })]);
    let policy = |effect: &str, action: &str, resource: &str| {
        format!(
            r#"{{"version":"2.0","statement":[{{"effect":"{effect}","action":"{action}","resource":"{resource}"}}]}}"#
        )
    };
    let lists = policy("allow", "scf:List*", "*");
    let narrow_lists = policy("allow", "scf:List*", "qcs::scf:::namespace/default/*");
    let puts = policy("allow", "runlog:PutRuns", "qcs::scf:::namespace/default/function/a");
    let reader = server.make_key(ROOT_ACCOUNT, &[&lists]);
    let writer = server.make_key(ROOT_ACCOUNT, &[&narrow_lists, &puts]);
    let (mut reader, mut writer) = (Api::new(server.address(), reader), Api::new(server.address(), writer));
    eventually("the new keys", || {
        (writer.logs(json!({})).code() != Some("AuthFailure.SecretIdNotFound")).then_some(())
    });
    let denied = Some("UnauthorizedOperation.CAM");
    for (action, params, of_reader, of_writer) in [
        ("ListFunctions", json!({}), None, denied),
        ("ListNamespaces", json!({}), None, denied),
        ("ListVersionByFunction", json!({ "FunctionName": "a" }), None, None),
        ("GetFunction", json!({ "FunctionName": "a" }), denied, denied),
        ("GetRequestStatus", json!({ "FunctionName": "a", "FunctionRequestId": "x" }), denied, denied),
        ("GetFunctionLogs", json!({ "FunctionName": "a" }), denied, denied),
    ] {
        assert_eq!(reader.call(action, params.clone()).code(), of_reader, "{action} by the reader");
        assert_eq!(writer.call(action, params).code(), of_writer, "{action} by the writer");
    }
    let runs = [json!({ "FunctionName": "a" }), json!({ "FunctionName": "b" })];
    let report = writer.ingest(&runs);
    assert_eq!((report.accepted, report.refused), (1, vec![(2, "UnauthorizedOperation.CAM".to_owned())]));
    // Whom nothing allows to write is refused before the body is looked at.
    let refused = reader.exchange(&reader.native("POST", "/api/v1/runs").body("not read"));
    assert_eq!(refused.status, 403, "{}", refused.text());
}

#[test]
fn a_repeated_v1_request_is_refused_only_when_asked() {
    for (refuses, second) in [("false", None), ("true", Some("AuthFailure.SignatureExpire"))] {
        let server = Setup::new().option("refuse-replay", refuses).start();
        let mut api = server.api();
        for form in Form::ALL.into_iter().filter(|form| form.is_v1()) {
            let request = list_functions(&server).request(form);
            assert_eq!(api.send(&request).code(), None, "{form:?}");
            assert_eq!(api.send(&request).code(), second, "{form:?}, refuse-replay={refuses}");
        }
        let request = list_functions(&server).request(Form::JSON);
        assert_eq!([0, 1].map(|_| api.send(&request).code().is_none()), [true, true], "TC3 has no nonce");
    }
}

#[test]
fn answers_are_compressed_only_for_those_who_ask_and_only_when_long() {
    let server = Server::start();
    let mut api = server.api();
    api.ingest_new(&[
        json!({ "FunctionName": "long", "Log": "line\n".repeat(1000) }),
        json!({ "FunctionName": "short" }),
    ]);
    for (function, accepts, is_packed) in [
        ("long", Some("gzip, deflate"), true),
        ("long", Some("br;q=1, GZIP;q=0.8"), true),
        ("long", Some("gzip;q=0"), false),
        ("long", Some("identity"), false),
        ("long", None, false),
        ("short", Some("gzip"), false),
    ] {
        let mut request = api.unsigned("GetFunctionLogs", json!({ "FunctionName": function })).request(Form::JSON);
        if let Some(accepts) = accepts {
            request.set_header("Accept-Encoding", accepts);
        }
        let mut response = api.exchange(&request);
        let about = format!("{function}, {accepts:?}");
        assert_eq!(response.header("Content-Encoding"), is_packed.then_some("gzip"), "{about}");
        if is_packed {
            let mut plain = Vec::new();
            flate2::read::GzDecoder::new(&response.body[..]).read_to_end(&mut plain).expect("gzip");
            response.body = plain;
        }
        assert_eq!(Answer::read(&response).rows()[0]["FunctionName"], function, "{about}");
    }
}

#[test]
fn every_request_has_an_id_of_its_own() {
    let server = Server::start();
    let mut api = server.api();
    let mut ids: Vec<String> = (0..20).map(|_| api.call("ListFunctions", Value::Null).request_id).collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 20);
}
