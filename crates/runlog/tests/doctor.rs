//! `runlog doctor` beside a real server: what it says of a request is what the server does with it.

mod support;

use std::io::Write;
use std::process::{Command, Output, Stdio};

use runlog_wire::sign_v3::{V3Input, sign_v3};
use serde_json::{Value, json};
use support::{
    Api, Form, Key, Place, ROOT_ACCOUNT, Request, Server, Setup, eventually, now_ms, program, stderr, stdout,
};

/// What the doctor finds, and its exit code.
fn found(command: &mut Command) -> (Option<i32>, Value) {
    let output = command.args(["-o", "json"]).output().expect("the program");
    let found = serde_json::from_str(&stdout(&output));
    (output.status.code(), found.unwrap_or_else(|error| panic!("{error}: {}{}", stdout(&output), stderr(&output))))
}

fn first(found: &Value) -> &str {
    found["findings"][0]["kind"].as_str().unwrap_or_else(|| panic!("no finding in {found}"))
}

/// A signed call; `change` says what is signed otherwise than it is sent.
fn call(api: &Api, timestamp_s: i64, change: impl FnOnce(&mut V3Input<'_>)) -> Request {
    let (host, body) = (api.address.to_string(), json!({ "FunctionName": "f", "Limit": 5 }).to_string());
    let mut input = V3Input::post_json(&host, body.as_bytes(), timestamp_s);
    change(&mut input);
    let authorization = sign_v3(&api.key.secret_id, &api.key.secret_key, &input).authorization;
    Request::new("POST", "/")
        .header("Host", &host)
        .header("Content-Type", "application/json")
        .header("X-TC-Action", "GetFunctionLogs")
        .header("X-TC-Version", "2018-04-16")
        .header("X-TC-Timestamp", &timestamp_s.to_string())
        .header("Authorization", &authorization)
        .body(body)
}

/// The request as a curl command.
fn curl(api: &Api, request: &Request) -> String {
    let headers: String = request.headers.iter().map(|(name, value)| format!(" -H '{name}: {value}'")).collect();
    format!("curl -sS 'http://{}/'{headers} --data-raw '{}'", api.address, String::from_utf8_lossy(&request.body))
}

#[test]
fn each_refused_request_is_explained_from_its_text_and_from_the_servers_memory() {
    let server = Server::start();
    let place = Place::at(&server);
    let mut api = server.api();
    api.ingest_new(&[json!({ "FunctionName": "f", "RequestId": "r" })]);
    let now_s = now_ms() / 1000;
    let requests = [
        ("host", call(&api, now_s, |input| input.host = "scf.tencentcloudapi.com"), "AuthFailure.SignatureFailure"),
        (
            "body",
            call(&api, now_s, |input| input.payload = br#"{"FunctionName": "f", "Limit": 5}"#),
            "AuthFailure.SignatureFailure",
        ),
        (
            "content_type",
            call(&api, now_s, |input| input.content_type = "application/json; charset=utf-8"),
            "AuthFailure.SignatureFailure",
        ),
        ("timestamp", call(&api, now_s, |input| input.timestamp_s -= 1), "AuthFailure.SignatureFailure"),
        ("skew", call(&api, now_s - 1_000, |_| {}), "AuthFailure.SignatureExpire"),
    ];
    for (kind, request, code) in requests {
        let answer = api.send(&request);
        assert_eq!(answer.code(), Some(code), "{kind}");
        let curl = curl(&api, &request);
        let (exit, by_text) =
            found(place.runlog(&["doctor", "--at", "now", "--curl", &curl]).arg("--language").arg("en"));
        assert_eq!((exit, first(&by_text)), (Some(1), kind), "{by_text}");
        // A body is remembered by its hash alone, so that its own mistakes cannot all be tried.
        let (exit, remembered) = found(&mut place.runlog(&["doctor", "--request-id", &answer.request_id]));
        let expected = if kind == "body" { "unexplained" } else { kind };
        assert_eq!((exit, first(&remembered)), (Some(1), expected), "{remembered}");
    }
    let good = call(&api, now_s, |_| {});
    assert_eq!(api.send(&good).code(), None);
    let (exit, well) = found(&mut place.runlog(&["doctor", "--at", "now", "--curl", &curl(&api, &good)]));
    assert_eq!((exit, first(&well)), (Some(0), "fine"), "{well}");
    let output = place
        .runlog(&["doctor", "--at", "now", "--language", "zh", "--curl", &curl(&api, &good)])
        .output()
        .expect("the program");
    assert!(
        stdout(&output).contains("没有发现问题") && !stdout(&output).contains(&api.key.secret_key),
        "{}",
        stdout(&output)
    );
}

#[test]
fn a_request_by_a_file_or_standard_input() {
    let server = Server::start();
    let (place, api) = (Place::at(&server), server.api());
    let request = call(&api, now_ms() / 1000, |input| input.host = "localhost");
    let path = place.path("request.http");
    write(&path, &request.bytes());
    let (exit, by_file) = found(place.runlog(&["doctor"]).arg(&path));
    assert_eq!((exit, first(&by_file)), (Some(1), "host"), "{by_file}");
    assert_eq!(by_file["findings"][0]["found"], "localhost");
    let piped = piped(&mut place.runlog(&["doctor", "-", "-o", "json"]), &request.bytes());
    assert!(stdout(&piped).contains("\"host\""), "{piped:?}");
    // Without the secret the steps are shown, and the signature is not judged.
    let mut command = program(["doctor", "-o", "json"]);
    let output = command.arg(&path).output().expect("the program");
    let shown: Value = serde_json::from_str(&stdout(&output)).expect("JSON");
    assert_eq!((output.status.code(), &shown["signature_was_computed"]), (Some(1), &Value::Bool(false)), "{shown}");
    let nonsense = place.path("nonsense");
    write(&nonsense, b"hello");
    let output = place.runlog(&["doctor"]).arg(&nonsense).output().expect("the program");
    assert!(output.status.code() == Some(2) && stderr(&output).contains("not a request line"), "{output:?}");
}

#[test]
fn every_form_of_request_is_remembered() {
    let server = Server::start();
    let place = Place::at(&server);
    let mut api = server.api();
    for form in Form::ALL {
        let mut sent = api.unsigned("GetFunctionLogs", json!({ "FunctionName": "f" }));
        sent.host = "elsewhere.example".to_owned();
        let mut request = sent.request(form);
        request.set_header("Host", &api.address.to_string());
        let answer = api.send(&request);
        assert_eq!(answer.code(), Some("AuthFailure.SignatureFailure"), "{form:?}");
        let mut command = place.runlog(&["doctor", "--request-id", &answer.request_id]);
        let (_, found) = found(command.env("RUNLOG_ENDPOINT", format!("http://{}", api.address)));
        // That host is nobody's usual one, so nothing explains it; but every step is there.
        assert_eq!(first(&found), "unexplained", "{form:?}: {found}");
        assert!(found["steps"].as_array().is_some_and(|steps| steps.len() >= 3), "{found}");
    }
}

#[test]
fn who_may_look_at_a_failed_request() {
    let server = Server::start();
    let place = Place::at(&server);
    let mut api = server.api();
    let key = server.make_key(ROOT_ACCOUNT, &[r#"{"version":"2.0","statement":[]}"#]);
    let other = server.make_key("200000000002", &[]);
    let mut asking = Api::new(server.address(), key.clone());
    let now_s = now_ms() / 1000;
    // Refused for its permission once the server knows the key.
    let id = eventually("the key", || {
        let answer = asking.send(&call(&asking, now_s, |_| {}));
        (answer.code() == Some("UnauthorizedOperation.CAM")).then_some(answer.request_id)
    });
    let mut by = |key: &Key, id: &str| {
        api.key = key.clone();
        let request = api.native("GET", &format!("/api/v1/requests/{id}"));
        api.exchange(&request)
    };
    assert_eq!((by(&Key::root(), &id).status, by(&key, &id).status, by(&other, &id).status), (200, 200, 404));
    assert_eq!(by(&Key::root(), "no-such-id").status, 404);
    let kept = by(&key, &id).json();
    assert_eq!(
        (&kept["code"], &kept["secret_id"]),
        (&"UnauthorizedOperation.CAM".into(), &key.secret_id.clone().into())
    );
    assert!(
        kept["request"]["body"]["hash"]["sha256"].is_string() && !kept.to_string().contains("FunctionName"),
        "{kept}"
    );

    // The root key asks, with the other key's secret by standard input.
    let mut command = place.runlog(&["doctor", "--request-id", &id, "--secret-key-stdin", "-o", "json"]);
    let output = piped(&mut command, format!("{}\n", key.secret_key).as_bytes());
    let found: Value = serde_json::from_str(&stdout(&output)).expect("JSON");
    assert_eq!(first(&found), "permission", "{found}");
    let output = place.runlog(&["doctor", "--request-id", &id]).env("RUNLOG_SECRET_KEY", "wrong").output().expect("it");
    assert!(output.status.code() == Some(1) && stderr(&output).contains("secret is wrong"), "{output:?}");
    let mut unknown = Api::new(server.address(), Key::new("AKIDnobody", "s"));
    let answer = unknown.send(&call(&unknown, now_s, |_| {}));
    assert_eq!(answer.code(), Some("AuthFailure.SecretIdNotFound"));
    let (_, found) = self::found(&mut place.runlog(&["doctor", "--request-id", &answer.request_id]));
    assert_eq!(first(&found), "key_unknown", "{found}");
}

#[test]
fn a_server_is_looked_at_from_here() {
    let server = Setup::new().option("rate-limit", "2").start();
    let place = Place::at(&server);
    let checks = |command: &mut Command| {
        let output = command.args(["-o", "json"]).output().expect("the program");
        let found: Value = serde_json::from_str(&stdout(&output)).unwrap_or_else(|error| panic!("{error}: {output:?}"));
        let rows = found["checks"].as_array().expect("checks").clone();
        let of = move |name: &str| rows.iter().find(|row| row["check"] == name).map(|row| row["result"].clone());
        (output.status.code(), of, found)
    };
    let (code, of, found) = checks(&mut place.runlog(&["doctor"]));
    assert_eq!(code, Some(0), "{found}");
    for name in ["reach", "tls", "clock", "ready", "key", "signature", "disk"] {
        assert!(
            of(name).is_some_and(|result| result == "ok" || name == "disk" && result == "warning"),
            "{name}: {found}"
        );
    }
    let (code, of, found) = checks(place.runlog(&["doctor"]).env("RUNLOG_SECRET_KEY", "wrong"));
    assert_eq!((code, of("key"), of("signature")), (Some(1), Some("failed".into()), Some("failed".into())), "{found}");
    let mut api = server.api();
    eventually("the rate limit", || (api.logs(json!({})).code() == Some("RequestLimitExceeded")).then_some(()));
    let (_, of, found) = checks(&mut place.runlog(&["doctor"]));
    assert_eq!(of("rate limit"), Some("warning".into()), "{found}");
    let nowhere = Place::without_server();
    let (code, of, found) = checks(&mut nowhere.runlog(&["doctor"]));
    assert_eq!((code, of("reach")), (Some(1), Some("failed".into())), "{found}");
    let output = nowhere.runlog(&["doctor", "--language", "zh"]).output().expect("the program");
    assert!(stdout(&output).contains("无法连接"), "{}", stdout(&output));
}

fn write(path: &std::path::Path, bytes: &[u8]) {
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).open(path).expect("a file");
    file.write_all(bytes).expect("its text");
}

fn piped(command: &mut Command, input: &[u8]) -> Output {
    let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut child = child.expect("the program");
    child.stdin.take().expect("a pipe").write_all(input).expect("its input");
    child.wait_with_output().expect("its end")
}
