//! Who may ask the native API: every credential, every policy, and a development server without credentials.
#![allow(clippy::disallowed_methods, reason = "a test reads the file of keys")]

mod support;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use runlog_wire::sign_v3::{V3Input, sign_v3};
use serde_json::json;
use support::{Api, Key, ROOT_ACCOUNT, Request, Response, Server, Setup, Stream, eventually, now_ms, program};

/// Sends a request with these headers on a connection of its own.
fn send(server: &Server, request: Request) -> Response {
    let host = server.address().to_string();
    let request = if request.get_header("Host").is_some() { request } else { request.header("Host", &host) };
    Stream::open(server.address(), &request).expect("an answer").0
}

fn status(server: &Server, target: &str, authorization: Option<&str>) -> u16 {
    let request = Request::new("GET", target);
    let request = authorization.iter().fold(request, |request, value| request.header("Authorization", value));
    send(server, request).status
}

fn basic(pair: &str) -> String {
    format!("Basic {}", STANDARD.encode(pair))
}

/// Signs a request's method, path, query and body with TC3.
fn signed(server: &Server, key: &Key, request: Request, age_s: i64) -> Request {
    let host = server.address().to_string();
    let (path, query) = request.target.split_once('?').unwrap_or((&request.target, ""));
    let timestamp_s = now_ms() / 1000 - age_s;
    let input = V3Input {
        method: &request.method,
        path,
        query,
        payload: &request.body,
        ..V3Input::post_json(&host, b"", timestamp_s)
    };
    let authorization = sign_v3(&key.secret_id, &key.secret_key, &input).authorization;
    request
        .header("Content-Type", "application/json")
        .header("X-TC-Timestamp", &timestamp_s.to_string())
        .header("Authorization", &authorization)
}

/// Makes a token and gives its text and id.
fn token(server: &Server, args: &[&str]) -> (String, String) {
    let mut command = program(["keys", "token", "--data"]);
    let output = command.arg(server.data()).args(args).output().expect("the program");
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let after = |label: &str| text.lines().find_map(|line| line.strip_prefix(label)).expect(label).to_owned();
    (after("Token: "), after("TokenId: "))
}

const QUERY: &str = "/api/v1/runs?limit=1";

#[test]
fn every_path_that_reads_asks_for_credentials() {
    let server = Server::start();
    for path in ["runs", "runs/x", "histogram", "facets", "stats", "functions", "tail", "export"] {
        let target = format!("/api/v1/{path}");
        let answer = send(&server, Request::new("GET", &target));
        assert_eq!(answer.status, 401, "{target}");
        assert!(answer.header("WWW-Authenticate").is_some_and(|value| value.starts_with("Basic")), "{target}");
    }
    let root = Key::root();
    let wrong = [
        "Basic".to_owned(),
        "Basic !!!".to_owned(),
        basic("nocolon"),
        basic(&format!("{}:wrong", root.secret_id)),
        basic(&format!("nobody:{}", root.secret_key)),
        "Bearer".to_owned(),
        "Bearer rlt_aaaaaaaaaaaa_bbbb".to_owned(),
        format!("Bearer {}", root.secret_key),
        "Digest x".to_owned(),
        "TC3-HMAC-SHA256 nonsense".to_owned(),
    ];
    for authorization in &wrong {
        assert_eq!(status(&server, QUERY, Some(authorization)), 401, "{authorization}");
    }
    assert_eq!(status(&server, QUERY, Some(&basic(&root.pair()))), 200);
    assert_eq!(status(&server, "/openapi.json", None), 200);
}

#[test]
fn a_tc3_signature_covers_path_query_and_body() {
    let server = Server::start();
    let root = Key::root();
    let get = |target: &str| Request::new("GET", target);
    assert_eq!(send(&server, signed(&server, &root, get(QUERY), 0)).status, 200);
    let mut moved = signed(&server, &root, get(QUERY), 0);
    moved.target = "/api/v1/runs?limit=2".to_owned();
    assert_eq!(send(&server, moved).status, 401);
    let old = send(&server, signed(&server, &root, get(QUERY), 400));
    assert!(old.status == 401 && old.text().contains("SignatureExpire"), "{}", old.text());
    let wrong = Key::new(&root.secret_id, "wrong");
    assert_eq!(send(&server, signed(&server, &wrong, get(QUERY), 0)).status, 401);

    let post = |body: &str| Request::new("POST", "/api/v1/runs").body(body);
    let stored = send(&server, signed(&server, &root, post(r#"{"FunctionName":"f"}"#), 0));
    assert!(stored.status == 200 && stored.json()["accepted"] == 1, "{}", stored.text());
    let mut changed = signed(&server, &root, post(r#"{"FunctionName":"f"}"#), 0);
    changed.body = br#"{"FunctionName":"g"}"#.to_vec();
    assert_eq!(send(&server, changed).status, 401);
}

#[test]
fn commands_take_a_token_in_the_place_of_a_key() {
    let folder = tempfile::tempdir().expect("a folder");
    let backups = folder.path().join("backups");
    let server = Setup::new().option("backup-dir", backups.to_str().expect("UTF-8")).start();
    let policy = r#"{ "version": "2.0", "statement": [{ "effect": "allow", "action": "*", "resource": "*" }] }"#;
    let key = server.make_key(ROOT_ACCOUNT, &[policy]);
    let (all, _) = token(&server, &["--key", &key.secret_id]);
    let (reader, _) = token(&server, &["--key", &key.secret_id, "--read-only"]);
    eventually("the tokens", || (status(&server, QUERY, Some(&format!("Bearer {reader}"))) == 200).then_some(()));

    let endpoint = format!("http://{}", server.address());
    let file = folder.path().join("runs.ndjson");
    std::fs::write(&file, "{\"FunctionName\":\"f\",\"RequestId\":\"r\"}\n").expect("a file");
    let file = file.to_str().expect("UTF-8");
    let ends = |code: i32, words: &[&str], variables: &[(&str, &str)]| {
        let output = program(words).args(["--endpoint", &endpoint]).envs(variables.iter().copied()).output();
        let output = output.expect("the program");
        let printed = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code), "{words:?}: {printed}");
        printed
    };
    assert!(ends(2, &["import", file], &[]).contains("or RUNLOG_TOKEN"));
    ends(0, &["import", file], &[("RUNLOG_TOKEN", &all)]);
    assert!(ends(4, &["import", file], &[("RUNLOG_TOKEN", &reader)]).contains("this token may only read"));
    ends(0, &["import", file, "--token", &all], &[("RUNLOG_TOKEN", &reader)]);
    // A key on the command line goes before a token of the environment.
    let own = ["import", file, "--secret-id", &key.secret_id, "--secret-key", &key.secret_key];
    ends(0, &own, &[("RUNLOG_TOKEN", &reader)]);
    let refused = ends(2, &["logs"], &[("RUNLOG_TOKEN", &all)]);
    assert!(refused.contains("the signed API takes no token; give a SecretId"), "{refused}");
    let root = Key::root();
    let signed = [
        ("RUNLOG_TOKEN", all.as_str()),
        ("RUNLOG_SECRET_ID", &root.secret_id),
        ("RUNLOG_SECRET_KEY", &root.secret_key),
    ];
    ends(0, &["logs", "f", "--request-id", "r", "--fail-empty"], &signed);
    assert!(ends(1, &["backup", "b", "--token", &all], &[]).contains("root key"));
}

#[test]
fn a_token_stands_for_its_key_until_it_expires_or_is_deleted() {
    let server = Server::start();
    let key = server.make_key(ROOT_ACCOUNT, &[]);
    let (all, all_id) = token(&server, &["--key", &key.secret_id]);
    let (reader, _) = token(&server, &["--key", &key.secret_id, "--read-only", "--expires", "30d", "--note", "wall"]);
    let (brief, _) = token(&server, &["--key", &key.secret_id, "--expires", "1s"]);
    let kept = std::fs::read_to_string(server.data().join("keys.json")).expect("the keys");
    for text in [&all, &reader, &brief] {
        let secret = text.rsplit('_').next().expect("a secret");
        assert!(!kept.contains(secret), "the secret of a token is kept");
    }
    let bearer = |text: &str| format!("Bearer {text}");
    eventually("the tokens", || (status(&server, QUERY, Some(&bearer(&all))) == 200).then_some(()));
    assert_eq!(status(&server, QUERY, Some(&bearer(&reader))), 200);
    assert_eq!(status(&server, QUERY, Some(&bearer(&all[..all.len() - 1]))), 401);
    let write = |text: &str| {
        let request = Request::new("POST", "/api/v1/runs").body(r#"{"FunctionName":"f"}"#);
        send(&server, request.header("Authorization", &bearer(text))).status
    };
    assert_eq!((write(&all), write(&reader)), (200, 403));
    eventually("the end of a token", || (status(&server, QUERY, Some(&bearer(&brief))) == 401).then_some(()));

    let listed = program(["keys", "list", "--data"]).arg(server.data()).output().expect("the program");
    let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
    assert!(listed.contains(&all_id) && listed.contains("read only") && listed.contains("wall"), "{listed}");
    let delete = |id: &str| {
        program(["keys", "delete", id, "--data"]).arg(server.data()).status().expect("the program").success()
    };
    assert!(delete(&all_id) && !delete(&all_id));
    eventually("the deletion", || (status(&server, QUERY, Some(&bearer(&all))) == 401).then_some(()));
    assert_eq!(status(&server, QUERY, Some(&bearer(&reader))), 200);
    assert!(delete(&key.secret_id));
    eventually("the deletion", || (status(&server, QUERY, Some(&bearer(&reader))) == 401).then_some(()));
    let unknown = program(["keys", "token", "--key", "AKIDnobody", "--data"]).arg(server.data()).output();
    assert!(String::from_utf8_lossy(&unknown.expect("the program").stderr).contains("there is no key AKIDnobody"));
}

/// Reads every function of the namespace `open` of one region, but `secret`, and one function elsewhere.
const READER: &str = r#"{ "version": "2.0", "statement": [
    { "effect": "allow", "action": "scf:GetFunctionLogs", "resource": [
        "qcs::scf:ap-guangzhou:uin/100000000001:namespace/open/function/*",
        "qcs::scf:ap-guangzhou:uin/100000000001:namespace/mixed/function/*",
        "qcs::scf:ap-guangzhou:uin/100000000001:namespace/other/function/one"] },
    { "effect": "deny", "action": "scf:GetFunctionLogs",
      "resource": "qcs::scf::uin/100000000001:namespace/mixed/function/secret" } ] }"#;

#[test]
fn policies_decide_what_is_read() {
    let server = Server::start();
    let mut api = server.api();
    let run = |namespace: &str, function: &str| json!({ "FunctionName": function, "Namespace": namespace, "RequestId": format!("{namespace}-{function}"), "StartTime": "2026-07-01 00:00:00" });
    api.ingest_new(&[
        run("open", "a"),
        run("open", "b"),
        run("mixed", "a"),
        run("mixed", "secret"),
        run("other", "one"),
        run("other", "two"),
    ]);
    let key = server.make_key(ROOT_ACCOUNT, &[READER]);
    let mut reader = Api::new(server.address(), key.clone());
    eventually("the key", || {
        let request = reader.native("GET", "/api/v1/functions");
        (reader.exchange(&request).status == 200).then_some(())
    });
    let at = "region=ap-guangzhou&namespace";
    for (filter, total) in [
        (format!("{at}=open"), Some(2)),
        (format!("{at}=open&function=a"), Some(1)),
        (format!("{at}=other&function=one"), Some(1)),
        (format!("{at}=other&function=two"), None),
        (format!("{at}=other"), None),
        (format!("{at}=mixed"), None),
        (format!("{at}=mixed&function=a"), Some(1)),
        (format!("{at}=mixed&function=secret"), None),
        ("namespace=open".to_owned(), None),
        (String::new(), None),
    ] {
        for path in ["runs", "histogram", "facets", "stats", "export", "tail"] {
            let request = reader.native("GET", &format!("/api/v1/{path}?{}", filter.trim_start_matches('&')));
            let (head, mut stream) = Stream::open(server.address(), &request).expect("an answer");
            assert_eq!(head.status, if total.is_some() { 200 } else { 403 }, "{path} of {filter}: {}", head.text());
            match (path, total) {
                ("export", Some(total)) => {
                    let text = stream.read_whole().expect("a whole export");
                    assert_eq!(text.iter().filter(|byte| **byte == b'\n').count() as u64, total, "{filter}");
                }
                ("tail", Some(_)) => {}
                (_, Some(total)) => assert_eq!(head.json()["total"], total, "{path} of {filter}"),
                (_, None) => assert_eq!(head.json()["code"], "UnauthorizedOperation.CAM", "{}", head.text()),
            }
        }
    }
    let functions = reader.get("/api/v1/functions");
    let names: Vec<_> = functions["functions"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|found| {
            format!("{}/{}", found["namespace"].as_str().expect("text"), found["function"].as_str().expect("text"))
        })
        .collect();
    assert_eq!(names, ["mixed/a", "open/a", "open/b", "other/one"]);
    assert_eq!(reader.get("/api/v1/runs/mixed-a")["total"], 1);
    for hidden in ["mixed-secret", "other-two", "nothing"] {
        let request = reader.native("GET", &format!("/api/v1/runs/{hidden}"));
        assert_eq!(reader.exchange(&request).status, 404, "{hidden}");
    }
    // Another account sees nothing of this one.
    let stranger = server.make_key("100000000002", &[]);
    let mut stranger = Api::new(server.address(), stranger);
    let total = eventually("the key", || {
        let request = stranger.native("GET", "/api/v1/runs");
        Some(stranger.exchange(&request))
            .filter(|answer| answer.status == 200)
            .map(|answer| answer.json()["total"].clone())
    });
    assert_eq!(total, 0);
}

#[test]
fn a_development_server_asks_nobody_on_this_machine_for_credentials() {
    let server = Setup::new().option("insecure-dev", "true").start();
    let host = server.address().to_string();
    let stored = send(&server, Request::new("POST", "/api/v1/runs").body(r#"{"FunctionName":"f"}"#));
    assert_eq!(stored.status, 200, "{}", stored.text());
    for (host, origin, expected) in [
        (host.as_str(), None, 200),
        ("localhost:1", Some("http://localhost:3000"), 200),
        ("localhost", Some("http://evil.example"), 401),
        ("evil.example", None, 401),
        ("localhost", Some("null"), 401),
    ] {
        let request = Request::new("GET", QUERY).header("Host", host);
        let request = origin.iter().fold(request, |request, origin| request.header("Origin", origin));
        assert_eq!(send(&server, request).status, expected, "{host} {origin:?}");
    }
    assert_eq!(status(&server, QUERY, Some("Basic wrong")), 401, "a wrong credential is wrong all the same");

    let folder = tempfile::tempdir().expect("a folder");
    let mut open = program(["serve", "--insecure-dev", "--listen", "0.0.0.0:0", "--data"]);
    let refused = open.arg(folder.path()).output().expect("the program");
    assert_eq!(refused.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("loopback"), "{refused:?}");
}
