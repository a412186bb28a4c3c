//! Signed calls: what goes out, and what is made of every kind of answer.

mod server;

use std::sync::Arc;

use runlog_client::{Client, Error, FunctionLogs, GetFunctionLogs, Language, LogFilter, Order, OrderBy, RetCode};
use server::{Asked, Server, StillClock, api_error, ok, reply};

fn get(server: &Server, clock: &Arc<StillClock>) -> Result<FunctionLogs, Error> {
    server.builder(clock).build().unwrap().get_function_logs(&GetFunctionLogs::default())
}

/// What a client that never waits makes of one answer.
fn answer(bytes: Vec<u8>) -> Result<FunctionLogs, Error> {
    get(&Server::start(move |_, _| bytes.clone()), &Arc::default())
}

#[test]
fn a_request_is_signed_and_says_what_was_asked() {
    let server = Server::start(|_, _| ok(r#"{"Response":{"TotalCount":0,"Data":[],"RequestId":"r"}}"#));
    let client = server.builder(&Arc::default()).region("ap-guangzhou").language(Language::Chinese).build().unwrap();
    let request = GetFunctionLogs {
        function_name: Some("它".into()),
        limit: Some(5),
        order: Some(Order::Asc),
        order_by: Some(OrderBy::MemUsage),
        filter: Some(LogFilter { ret_code: Some(RetCode::Not0) }),
        ..GetFunctionLogs::default()
    };
    client.get_function_logs(&request).unwrap();
    let asked = &server.asked()[0];
    asked.verify();
    assert_eq!(
        String::from_utf8_lossy(&asked.body),
        r#"{"FunctionName":"它","Limit":5,"Order":"asc","OrderBy":"mem_usage","Filter":{"RetCode":"not0"}}"#
    );
    for (name, value) in [
        ("X-TC-Action", "GetFunctionLogs"),
        ("X-TC-Version", "2018-04-16"),
        ("X-TC-Region", "ap-guangzhou"),
        ("X-TC-Language", "zh-CN"),
        ("Content-Type", "application/json"),
    ] {
        assert_eq!(asked.header(name), Some(value), "{name}");
    }
    assert!(asked.header("User-Agent").is_some_and(|agent| agent.starts_with("runlog-client/")));
}

#[test]
fn the_published_sample_is_read() {
    let logs = answer(ok(r#"{"Response":{"TotalCount":1,"Data":[{"MemUsage":3174400,"RetCode":1,"RetMsg":"Success",
        "Log":"","BillDuration":100,"InvokeFinished":1,"RequestId":"bc309eaa-6d64-11e8-a7fe-5254000b4175",
        "StartTime":"2018-06-11 18:46:45","Duration":0.532,"FunctionName":"APITest","Level":"","Source":"",
        "RetryNum":1,"SomethingNew":[1]}],
        "SearchContext":{"Offset":"","Limit":0,"Keyword":"","Type":""},"RequestId":"e2571ff3"}}"#));
    let logs = logs.unwrap();
    let row = &logs.data[0];
    assert_eq!((logs.total_count, logs.request_id.as_str()), (1, "e2571ff3"));
    assert_eq!((row.duration, row.mem_usage, row.ret_code, row.retry_num), (0.532, 3_174_400, 1, 1));
}

#[test]
fn fields_may_be_absent() {
    assert_eq!(answer(ok(r#"{"Response":{"TotalCount":0,"SearchContext":null}}"#)).unwrap(), FunctionLogs::default());
}

#[test]
fn an_error_of_the_api_is_told_apart() {
    let error = answer(api_error("AuthFailure.SignatureFailure", "no")).unwrap_err();
    assert_eq!(error.to_string(), "AuthFailure.SignatureFailure: no (request id r-1)");
    assert!(error.is_unauthorized());
    let error = answer(api_error("InvalidParameterValue.DateTime", "no")).unwrap_err();
    assert!(matches!(&error, Error::Api { code, .. } if code == "InvalidParameterValue.DateTime"));
    assert!(!error.is_unauthorized());
}

#[test]
fn over_the_rate_limit_it_waits_and_comes_back() {
    let clock = Arc::<StillClock>::default();
    let server = Server::start(|at, _| match at {
        0 => api_error("RequestLimitExceeded", "slower"),
        1 => api_error("RequestLimitExceeded.UinLimitExceeded", "slower"),
        _ => ok(r#"{"Response":{"TotalCount":3}}"#),
    });
    assert_eq!(get(&server, &clock).unwrap().total_count, 3);
    assert_eq!(clock.waits_s(), [1, 2]);
    server.asked().iter().for_each(Asked::verify);
}

#[test]
fn it_gives_up_after_the_retries_it_was_given() {
    let clock = Arc::<StillClock>::default();
    let server = Server::start(|_, _| api_error("RequestLimitExceeded", "slower"));
    let client = server.builder(&clock).retries(2).build().unwrap();
    let error = client.get_function_logs(&GetFunctionLogs::default()).unwrap_err();
    assert_eq!((error.code(), clock.waits_s().len(), server.asked().len()), (Some("RequestLimitExceeded"), 2, 3));
}

#[test]
fn what_is_no_answer_is_an_error_with_a_reason() {
    let error = answer(ok("<html>welcome</html>")).unwrap_err();
    assert!(matches!(error, Error::BadAnswer { .. }), "{error}");
    assert!(error.to_string().contains("`<html>welcome</html>`"), "{error}");
    let error = answer(reply("503 Busy", "")).unwrap_err();
    assert!(matches!(error, Error::Refused { status: 503, .. }), "{error}");
    for bytes in [&b"SSH-2.0-OpenSSH\r\n"[..], b"", b"\x15\x03\x01\x00\x02\x02"] {
        let error = answer(bytes.to_vec()).unwrap_err();
        assert!(matches!(error, Error::Http { .. }), "{error}");
    }
}

#[test]
fn an_answer_that_is_cut_off_is_no_answer() {
    let whole = ok(r#"{"Response":{"TotalCount":3}}"#);
    for cut in 1..whole.len() {
        let error = answer(whole[..whole.len() - cut].to_vec()).unwrap_err();
        assert!(matches!(error, Error::Http { .. }), "{cut} bytes short: {error}");
    }
}

#[test]
fn a_redirect_is_not_followed_with_a_signature() {
    let error = answer(reply("307 Elsewhere\r\nLocation: http://127.0.0.1:9/", "")).unwrap_err();
    assert!(matches!(error, Error::Refused { status: 307, .. }), "{error}");
}

#[test]
fn nobody_there() {
    let client = Client::builder("http://127.0.0.1:1").credential("id", "key").build().unwrap();
    let error = client.get_function_logs(&GetFunctionLogs::default()).unwrap_err();
    assert!(error.to_string().starts_with("no answer from http://127.0.0.1:1: Connection refused"), "{error}");
}

#[test]
fn any_action_with_any_shape() {
    let server = Server::start(|_, _| ok(r#"{"Response":{"Functions":["a","b"],"RequestId":"r"}}"#));
    let client = server.builder(&Arc::default()).build().unwrap();
    let answer: serde_json::Value = client.call("ListFunctions", &serde_json::json!({ "Limit": 2 })).unwrap();
    assert_eq!(answer["Functions"][1], "b");
    assert_eq!(server.asked()[0].header("X-TC-Action"), Some("ListFunctions"));
}

#[test]
fn a_client_that_cannot_work_is_not_built() {
    assert!(matches!(Client::builder("http://h").build(), Err(Error::Config(_))));
    assert!(matches!(Client::builder("http://h").credential("id", "").build(), Err(Error::Config(_))));
    let builder = Client::builder("https://h").credential("id", "key").ca_certificate("not a certificate");
    assert!(matches!(builder.build(), Err(Error::Config(_))));
}

#[test]
fn a_token_goes_before_the_key_in_the_own_api_and_signs_nothing() {
    let server = Server::start(|_, _| reply("404 Not Found", ""));
    let both = server.builder(&Arc::default()).token(" rlt_id_secret\n").build().unwrap();
    both.run("r").unwrap();
    assert_eq!(server.asked()[0].header("Authorization"), Some("Bearer rlt_id_secret"));
    both.get_function_logs(&GetFunctionLogs::default()).unwrap_err();
    server.asked()[0].verify();

    let token_alone = Client::builder(server.endpoint()).token("rlt_id_secret").build().unwrap();
    token_alone.run("r").unwrap();
    assert_eq!(server.asked()[0].header("Authorization"), Some("Bearer rlt_id_secret"));
    let error = token_alone.get_function_logs(&GetFunctionLogs::default()).unwrap_err();
    assert!(matches!(&error, Error::Config(advice) if advice.contains("give a SecretId")), "{error}");
    assert!(server.asked().is_empty());

    for token in ["", "two words", "line\r\nbreak", "ключ"] {
        let built = Client::builder("http://h").token(token).build();
        assert!(matches!(built, Err(Error::Config(_))), "{token}");
    }
}

#[test]
fn a_secret_is_not_printed() {
    let builder = Client::builder("http://h").credential("the-id", "the-secret").token("rlt_the-token");
    let shown = format!("{:?}", builder.build().unwrap());
    assert!(shown.contains("the-id") && !shown.contains("the-secret") && !shown.contains("the-token"), "{shown}");
}
