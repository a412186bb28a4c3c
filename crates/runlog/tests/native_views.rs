//! What the pages show beside pages of runs: logs in ranges, the overview, storage, keys, permissions, the doctor.

mod support;

use runlog_wire::sign_v3::{V3Input, sign_v3};
use serde_json::{Value, json};
use support::{Api, Key, ROOT_ACCOUNT, Request, Response, Server, Setup, eventually, now_ms, program};

/// 2026-03-01 00:00:00 in UTC.
const BASE_MS: i64 = 1_772_323_200_000;
const HOUR_MS: i64 = 3_600_000;

/// A policy that allows an action on one function of the namespace `default`.
fn policy(action: &str, function: &str) -> String {
    json!({ "version": "2.0", "statement": [{
        "effect": "allow", "action": action,
        "resource": format!("qcs::scf:ap-guangzhou:uin/{ROOT_ACCOUNT}:namespace/default/function/{function}"),
    }] })
    .to_string()
}

fn key(server: &Server, policies: &[&str]) -> Api {
    let key = server.make_key(ROOT_ACCOUNT, policies);
    let mut api = Api::new(server.address(), key);
    let request = api.native("GET", "/api/v1/keys");
    eventually("the key", || (api.exchange(&request).status == 200).then_some(()));
    api
}

#[test]
fn a_log_is_read_in_ranges() {
    let server = Server::start();
    let mut api = server.api();
    let log = "first line\n日志 \u{1b}[31mred\u{1b}[0m <script>\nlast line\n";
    let run = |attempt: u64, log: &str| {
        let start = BASE_MS + i64::try_from(attempt).expect("few");
        json!({ "FunctionName": "f", "RequestId": "r", "RetryNum": attempt, "StartTime": start, "Log": log })
    };
    let running =
        json!({ "FunctionName": "f", "RequestId": "now", "RetCode": 2, "StartTime": BASE_MS, "Log": "so far" });
    api.ingest_new(&[run(0, "the first attempt"), run(1, log), running]);
    let mut ask = |target: &str, headers: &[(&str, &str)]| -> Response {
        let request = api.native("GET", target);
        api.exchange(&headers.iter().fold(request, |request, (name, value)| request.header(name, value)))
    };

    let whole = ask("/api/v1/runs/r/log", &[]);
    assert_eq!((whole.status, whole.text().as_str()), (200, log));
    for (name, value) in [
        ("Content-Type", "text/plain; charset=utf-8"),
        ("X-Content-Type-Options", "nosniff"),
        ("Content-Security-Policy", "sandbox; default-src 'none'"),
        ("Accept-Ranges", "bytes"),
        ("X-Runlog-Seq", "2"),
        ("X-Runlog-Running", "false"),
    ] {
        assert_eq!(whole.header(name), Some(value), "{name}");
    }
    assert_eq!(ask("/api/v1/runs/r/log?attempt=0", &[]).text(), "the first attempt");
    let live = ask("/api/v1/runs/now/log?function=f", &[]);
    assert_eq!((live.text().as_str(), live.header("X-Runlog-Running")), ("so far", Some("true")));

    let total = log.len();
    for (range, from, to) in
        [("bytes=0-4", 0, 5), ("bytes=6-", 6, total), ("bytes=-10", total - 10, total), ("bytes=12-99999", 12, total)]
    {
        // Not packed: a range is of the log's own bytes.
        let part = ask("/api/v1/runs/r/log", &[("Range", range), ("Accept-Encoding", "gzip")]);
        assert_eq!((part.status, part.body.as_slice()), (206, &log.as_bytes()[from..to]), "{range}");
        let wanted = format!("bytes {from}-{}/{total}", to - 1);
        assert_eq!(part.header("Content-Range"), Some(wanted.as_str()), "{range}");
    }
    let after = ask("/api/v1/runs/r/log", &[("Range", &format!("bytes={total}-"))]);
    assert_eq!((after.status, after.header("Content-Range")), (416, Some(format!("bytes */{total}").as_str())));

    let file = ask("/api/v1/runs/r/log?download=true", &[]);
    assert_eq!(file.header("Content-Disposition"), Some("attachment; filename=\"f-r.log\""));
    for (target, status) in [
        ("/api/v1/runs/none/log", 404),
        ("/api/v1/runs/r/log?attempt=7", 404),
        ("/api/v1/runs/r/log?function=g", 404),
        ("/api/v1/runs/r/log?attempt=300", 400),
        ("/api/v1/runs/r/log?since=1h", 400),
    ] {
        assert_eq!(ask(target, &[]).status, status, "{target}");
    }
    let mut reader = key(&server, &[&policy("scf:GetFunctionLogs", "g")]);
    let request = reader.native("GET", "/api/v1/runs/r/log");
    assert_eq!(reader.exchange(&request).status, 404, "a key that may not read the function");
}

/// Runs of three functions over three hours.
fn server_with_functions() -> (Server, Api) {
    let server = Server::start();
    let mut api = server.api();
    let runs = (0..300).map(|id: i64| {
        let function = ["busy", "busy", "slow"][usize::try_from(id % 3).expect("few")];
        json!({
            "FunctionName": function, "RequestId": id.to_string(), "StartTime": BASE_MS + id * 36_000,
            "Duration": id % 50, "MemUsage": 1_000_000 + id, "RetCode": if id % 10 == 0 { 433 } else { 0 },
            "RetMsg": "x".repeat(300),
        })
    });
    let running = json!({ "FunctionName": "busy", "RequestId": "now", "RetCode": 2, "StartTime": BASE_MS + HOUR_MS });
    let old = json!({ "FunctionName": "old", "RequestId": "o", "StartTime": BASE_MS - 24 * HOUR_MS, "RetCode": 1 });
    api.ingest_new(&runs.chain([running, old]).collect::<Vec<_>>());
    (server, api)
}

#[test]
fn the_overview_agrees_with_itself_and_with_what_it_sums_up() {
    let (server, mut api) = server_with_functions();
    let window = format!("from={BASE_MS}&to={}", BASE_MS + 3 * HOUR_MS);
    let overview = api.get(&format!("/api/v1/overview?{window}&buckets=6"));
    let functions = overview["functions"].as_array().expect("functions");
    let names: Vec<&str> = functions.iter().map(|one| one["function"].as_str().expect("a name")).collect();
    assert_eq!(names, ["slow", "busy", "old"], "those with the latest runs first");
    let mut total = 0;
    for one in functions {
        let function = one["function"].as_str().expect("a name");
        let stats = api.get(&format!("/api/v1/stats?{window}&function={function}"));
        assert_eq!((&one["runs"], &one["percentiles"]), (&stats["total"], &stats["all"]), "{function}");
        let histogram = api.get(&format!("/api/v1/histogram?{window}&function={function}&buckets=6"));
        assert_eq!(one["buckets"], histogram["histogram"]["buckets"], "{function}");
        assert_eq!(overview["start_ms"], histogram["histogram"]["start_ms"]);
        assert_eq!(overview["width_ms"], histogram["histogram"]["width_ms"]);
        let runs = one["buckets"].as_array().expect("buckets").iter();
        let sum: u64 =
            runs.flat_map(|bucket| bucket.as_object().expect("counts").values()).filter_map(Value::as_u64).sum();
        assert_eq!(one["runs"].as_u64(), Some(sum), "{function}");
        total += sum;
    }
    assert_eq!((overview["total"].as_u64(), overview["rest_functions"].as_u64()), (Some(total), Some(0)));
    assert_eq!(total, 301);

    let [slow, busy, old] = functions.as_slice() else { panic!("{functions:?}") };
    assert_eq!((&slow["running"], &busy["running"], &old["running"]), (&json!(0), &json!(1), &json!(0)));
    assert_eq!((&slow["mem_max_bytes"], &busy["mem_max_bytes"]), (&json!(1_000_299), &json!(1_000_298)));
    assert!(old["mem_max_bytes"].is_null() && old["runs"] == 0, "{old}");
    assert_eq!((&old["last"]["RequestId"], &old["last"]["RetCode"]), (&json!("o"), &json!(1)));
    assert!(old["last_ok_ms"].is_null());
    assert_eq!(slow["last"]["RequestId"], "299");
    assert_eq!(slow["last"]["RetMsg"].as_str().map(str::len), Some(200));
    assert_eq!(slow["last_ok_ms"], BASE_MS + 299 * 36_000);

    let few = api.get("/api/v1/overview?functions=1");
    assert_eq!((few["functions"].as_array().map(Vec::len), few["rest_functions"].as_u64()), (Some(1), Some(2)));
    let mut reader = key(&server, &[&policy("scf:GetFunctionLogs", "slow")]);
    let seen = reader.get(&format!("/api/v1/overview?{window}"));
    assert_eq!((seen["functions"][0]["function"].as_str(), seen["total"].as_u64()), (Some("slow"), Some(100)));
    assert_eq!(seen["functions"].as_array().map(Vec::len), Some(1), "no function that it may not read");
}

#[test]
fn an_overview_of_nothing_is_empty() {
    let overview = Server::start().api().get("/api/v1/overview?since=1h");
    assert_eq!((overview["total"].as_u64(), overview["functions"].as_array().map(Vec::len)), (Some(0), Some(0)));
}

#[test]
fn storage_is_by_day_and_namespace() {
    let server = Setup::new().option("retention-days", "3650").start();
    let mut api = server.api();
    let run = |namespace: &str, id: u64, start_ms: i64| json!({ "FunctionName": "f", "Namespace": namespace, "RequestId": id.to_string(), "StartTime": start_ms });
    api.ingest_new(&[
        run("default", 1, BASE_MS),
        run("default", 2, BASE_MS + 1),
        run("batch", 3, BASE_MS + 2),
        run("default", 4, BASE_MS + 24 * HOUR_MS),
    ]);
    let storage = api.get("/api/v1/storage");
    let days = storage["days"].as_array().expect("days");
    let days: Vec<(&str, &str, u64)> = days
        .iter()
        .map(|day| {
            assert!(day["bytes"].as_u64() > Some(0), "{day}");
            (
                day["day"].as_str().expect("a day"),
                day["namespace"].as_str().expect("a namespace"),
                day["runs"].as_u64().expect("runs"),
            )
        })
        .collect();
    let wanted = [("2026-03-01", "batch", 1), ("2026-03-01", "default", 2), ("2026-03-02", "default", 1)];
    assert_eq!(days, wanted);
    assert_eq!((&storage["writable"], &storage["retention"]), (&json!(true), &json!("retention_days = 3650")));
    assert!(storage["disk_bytes"].as_u64() > Some(0) && storage["disk_free_bytes"].as_u64() > Some(0), "{storage}");
    assert_eq!((&storage["set_aside"], &storage["watermark"]["seq"]), (&json!([]), &json!(4)));

    let mut reader = key(&server, &[&policy("*", "*")]);
    let request = reader.native("GET", "/api/v1/storage");
    assert_eq!(reader.exchange(&request).status, 403);
    let mut other = Api::new(server.address(), server.make_key("200000000002", &[]));
    let request = other.native("GET", "/api/v1/storage");
    eventually("the key", || (other.exchange(&request).status == 200).then_some(()));
    assert_eq!(other.get("/api/v1/storage")["days"], json!([]), "nothing of another account");
}

#[test]
fn keys_are_shown_without_secrets() {
    let server = Server::start();
    let document = policy("scf:GetFunctionLogs", "f");
    let mut reader = key(&server, &[&document]);
    let (mut api, id) = (server.api(), reader.key.secret_id.clone());
    let made = program(["keys", "token", "--read-only", "--note", "wall", "--key", &id, "--data"])
        .arg(server.data())
        .output()
        .expect("the program");
    assert!(made.status.success());
    let token = String::from_utf8(made.stdout).expect("UTF-8");
    let secret = token.lines().find_map(|line| line.strip_prefix("Token: ")).expect("a token").to_owned();
    let all = eventually("the token", || {
        let all = api.get("/api/v1/keys");
        all.to_string().contains("wall").then_some(all)
    });
    let keys = all["keys"].as_array().expect("keys");
    assert_eq!(keys.len(), 2);
    assert_eq!((&keys[0]["key"], &keys[0]["root"]), (&json!(Key::root().secret_id), &json!(true)));
    let wanted: Value = serde_json::from_str(&document).expect("JSON");
    assert_eq!((&keys[1]["key"], &keys[1]["policies"]), (&json!(id), &json!([wanted])));
    assert_eq!(keys[1]["tokens"][0]["read_only"], true);
    let text = all.to_string();
    for hidden in [&Key::root().secret_key, &reader.key.secret_key, &secret] {
        assert!(!text.contains(hidden.as_str()), "a secret is shown");
    }
    assert!(!text.contains("hash"), "{text}");
    let own = reader.get("/api/v1/keys");
    assert_eq!((own["keys"].as_array().map(Vec::len), &own["keys"][0]["key"]), (Some(1), &json!(id)));
}

#[test]
fn a_key_learns_what_it_may_do_and_why() {
    let server = Server::start();
    let deny = json!({ "version": "2.0", "statement": [
        { "effect": "deny", "action": "scf:*", "resource": "qcs::scf:::namespace/default/function/secret" }] });
    let mut reader = key(&server, &[&policy("scf:GetFunctionLogs", "*"), &deny.to_string()]);
    let mut ask = |query: &str| reader.get(&format!("/api/v1/allowed?{query}"));
    let yes = ask("action=scf:GetFunctionLogs&function=f");
    let resource = format!("qcs::scf:ap-guangzhou:uin/{ROOT_ACCOUNT}:namespace/default/function/f");
    assert_eq!((&yes["allowed"], &yes["resource"], &yes["root"]), (&json!(true), &json!(resource), &json!(false)));
    assert_eq!(yes["statement"]["effect"], "allow");
    let no = ask("action=scf:GetFunctionLogs&function=secret");
    assert_eq!((&no["allowed"], &no["statement"]["effect"]), (&json!(false), &json!("deny")));
    let silent = ask("action=runlog:PutRuns&function=f");
    assert_eq!((&silent["allowed"], &silent["statement"]), (&json!(false), &Value::Null));
    assert_eq!(ask("action=scf:ListFunctions")["resource"], "*", "an action of the account");
    assert_eq!(ask("action=scf:GetFunctionLogs&region=ap-x&function=f")["allowed"], false);
    let request = reader.native("GET", "/api/v1/allowed?action=GetFunctionLogs");
    assert_eq!(reader.exchange(&request).status, 400);
    let root = server.api().get("/api/v1/allowed?action=runlog:PutRuns");
    assert_eq!((&root["allowed"], &root["root"], &root["statement"]), (&json!(true), &json!(true), &Value::Null));
}

/// A signed call as a curl command, and its right signature; `host` is the one that is signed.
fn signed(api: &Api, host: &str) -> (String, String) {
    let body = r#"{"FunctionName":"f"}"#;
    let now_s = now_ms() / 1000;
    let sent = |host| {
        let input = V3Input { host, ..V3Input::post_json("", body.as_bytes(), now_s) };
        sign_v3(&api.key.secret_id, &api.key.secret_key, &input)
    };
    let own = api.address.to_string();
    let curl = format!(
        "curl 'http://{own}/' -H 'Content-Type: application/json' -H 'X-TC-Action: GetFunctionLogs' -H 'X-TC-Version: \
         2018-04-16' -H 'X-TC-Timestamp: {now_s}' -H 'Authorization: {}' --data-raw '{body}'",
        sent(host).authorization
    );
    let right = sent(&own).authorization;
    (curl, right.rsplit_once("Signature=").expect("a signature").1.to_owned())
}

#[test]
fn the_doctor_names_the_mistake_and_shows_a_signature_only_to_who_has_the_secret() {
    let server = Server::start();
    let mut reader = key(&server, &[&policy("scf:GetFunctionLogs", "f")]);
    let own = reader.address.to_string();
    let (curl, right) = signed(&reader, "scf.tencentcloudapi.com");
    let ask = |api: &mut Api, authorization: Option<&str>, body: &Value| -> Response {
        let mut request = api.native("POST", "/api/v1/doctor").body(body.to_string());
        if let Some(authorization) = authorization {
            request.set_header("Authorization", authorization);
        }
        api.exchange(&request)
    };
    let question = json!({ "request": curl });
    let found = ask(&mut reader, None, &question);
    assert_eq!(found.status, 200, "{}", found.text());
    let found = found.json();
    let first = &found["findings"][0];
    assert_eq!((&first["kind"], &first["found"]), (&json!("host"), &json!("scf.tencentcloudapi.com")), "{found}");
    assert!(first["is_proven"] == true && first["text"]["zh"].is_string() && first["text"]["en"].is_string());
    assert_eq!((&found["scheme"], &found["signature_was_computed"]), (&json!("TC3-HMAC-SHA256"), &json!(true)));
    assert!(found.to_string().contains(&right), "the sender can compute it");

    // The same by the key's token, and by a root key: the mistake, but not the signature.
    let token = program(["keys", "token", "--key", &reader.key.secret_id, "--data"]).arg(server.data()).output();
    let token = String::from_utf8(token.expect("the program").stdout).expect("UTF-8");
    let bearer = format!("Bearer {}", token.lines().find_map(|line| line.strip_prefix("Token: ")).expect("a token"));
    let by_token = eventually("the token", || {
        let answer = ask(&mut reader, Some(&bearer), &question);
        (answer.status == 200).then_some(answer)
    });
    for answer in [by_token, ask(&mut server.api(), None, &question)] {
        assert_eq!(answer.json()["findings"][0]["kind"], "host", "{}", answer.text());
        assert!(!answer.text().contains(&right) && answer.text().contains("(hidden)"), "{}", answer.text());
    }
    // A mistake that nothing explains compares both signatures.
    let (curl, _) = signed(&Api::new(server.address(), Key::new(&reader.key.secret_id, "wrong")), &own);
    let unexplained = ask(&mut server.api(), None, &json!({ "request": curl }));
    let steps = unexplained.json()["steps"].as_array().expect("steps").clone();
    assert_eq!(steps.last().expect("a step")["expected"], "(hidden)", "{}", unexplained.text());

    // Another key of the account gets no signature at all.
    let mut stranger = key(&server, &[&policy("scf:GetFunctionLogs", "g")]);
    let other = ask(&mut stranger, None, &question).json();
    assert_eq!(other["signature_was_computed"], false, "{other}");

    for (body, status) in [
        (json!({}), 400),
        (json!({ "request": "GET" }), 400),
        (json!({ "request": "curl x", "request_id": "y" }), 400),
        (json!({ "unknown": 1 }), 400),
        (json!({ "request_id": "none" }), 404),
    ] {
        assert_eq!(ask(&mut reader, None, &body).status, status, "{body}");
    }
    assert_eq!(ask(&mut reader, None, &json!({ "request": "x".repeat(2 << 20) })).status, 413);
}

#[test]
fn the_doctor_remembers_refused_requests() {
    let server = Server::start();
    let mut api = server.api();
    let request = Request::new("POST", "/").header("Host", &api.address.to_string());
    let refused = api.exchange(&request.header("Content-Type", "application/json").body("{}")).json();
    let id = refused["Response"]["RequestId"].as_str().expect("an id").to_owned();
    let question = api.native("POST", "/api/v1/doctor").body(json!({ "request_id": id }).to_string());
    let found = api.exchange(&question);
    assert_eq!(found.status, 200, "{}", found.text());
    assert_eq!(found.json()["findings"][0]["kind"], "not_signed");
    let mut reader = key(&server, &[&policy("*", "*")]);
    let question = reader.native("POST", "/api/v1/doctor").body(json!({ "request_id": id }).to_string());
    assert_eq!(reader.exchange(&question).json()["code"], "NoSuchRequest");
}

#[test]
fn actions_and_mocks_need_no_credentials() {
    let server = Server::start();
    let mut api = server.api();
    let mut plain = |method: &str, target: &str, headers: &[(&str, &str)]| {
        let request = Request::new(method, target).header("Host", "x");
        api.exchange(&headers.iter().fold(request, |request, (name, value)| request.header(name, value)))
    };
    let tables = plain("GET", "/actions.json", &[]);
    assert_eq!((tables.status, tables.header("Cache-Control")), (200, Some("no-cache")));
    let etag = tables.header("ETag").expect("an ETag").to_owned();
    assert_eq!(plain("GET", "/actions.json", &[("If-None-Match", &etag)]).status, 304);
    let tables = tables.json();
    let actions = tables["actions"].as_array().expect("actions");
    assert!(actions.len() >= 6, "{actions:?}");
    for action in actions {
        let name = action["name"].as_str().expect("a name");
        let by_path = plain("GET", &format!("/mock/{name}"), &[]);
        assert_eq!((by_path.status, by_path.header("Content-Type")), (200, Some("application/json")), "{name}");
        assert_eq!(by_path.json(), action["sample_response"], "{name}");
        let by_header = plain("POST", "/mock/", &[("X-TC-Action", name), ("Sec-Fetch-Site", "cross-site")]);
        assert_eq!(by_header.json(), action["sample_response"], "{name}");
    }
    let unknown = plain("GET", "/mock/Nothing", &[]).json();
    assert_eq!(unknown["Response"]["Error"]["Code"], "InvalidAction");
}
