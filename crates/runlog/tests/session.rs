//! Browsers: signing in, the cookie as a credential, and what other sites cannot do with it.

mod support;

use serde_json::{Value, json};
use support::{Key, ROOT_ACCOUNT, Request, Response, Server, Setup, Stream, eventually, program};

const QUERY: &str = "/api/v1/runs?limit=1";

/// A browser, as far as credentials go.
struct Browser<'a> {
    server: &'a Server,
    cookie: Option<String>,
}

impl<'a> Browser<'a> {
    fn new(server: &'a Server) -> Self {
        Self { server, cookie: None }
    }

    fn request(&self, method: &str, target: &str) -> Request {
        let request = Request::new(method, target).header("Host", &self.server.address().to_string());
        match &self.cookie {
            Some(cookie) => request.header("Cookie", &format!("theme=dark; {cookie}")),
            None => request,
        }
    }

    fn send(&self, request: &Request) -> Response {
        Stream::open(self.server.address(), request).expect("an answer").0
    }

    fn get(&self, target: &str) -> Response {
        self.send(&self.request("GET", target))
    }

    fn post_session(&self, body: &Value) -> Response {
        let request = self.request("POST", "/api/v1/session").header("Content-Type", "application/json");
        self.send(&request.body(body.to_string()))
    }

    /// Signs in, and keeps the cookie.
    fn sign_in(&mut self, body: &Value) -> Response {
        let answer = self.post_session(body);
        let cookie = answer.header("Set-Cookie").and_then(|cookie| cookie.split(';').next());
        self.cookie = cookie.map(str::to_owned);
        answer
    }

    /// Stores a run of a function of this name.
    fn put_run(&self, more: &[(&str, &str)]) -> Response {
        let request = self.request("POST", "/api/v1/runs").body(r#"{"FunctionName":"f"}"#);
        self.send(&more.iter().fold(request, |request, (name, value)| request.header(name, value)))
    }
}

fn as_json(key: &Key) -> Value {
    json!({ "secret_id": key.secret_id, "secret_key": key.secret_key })
}

fn token(server: &Server, args: &[&str]) -> String {
    let output = program(["keys", "token", "--data"]).arg(server.data()).args(args).output().expect("the program");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    text.lines().find_map(|line| line.strip_prefix("Token: ")).expect("a token").to_owned()
}

fn delete_key(server: &Server, id: &str) {
    let status = program(["keys", "delete", id, "--data"]).arg(server.data()).status().expect("the program");
    assert!(status.success());
}

#[test]
fn a_cookie_stands_for_the_key_on_the_whole_native_api() {
    let server = Server::start();
    server.api().ingest_new(&[json!({ "FunctionName": "f", "RequestId": "r", "StartTime": "2026-07-01 00:00:00" })]);
    let mut browser = Browser::new(&server);
    let nobody = browser.get("/api/v1/session");
    assert_eq!((nobody.status, nobody.json()["code"].as_str()), (401, Some("Unauthorized")));

    let root = Key::root();
    let answer = browser.sign_in(&as_json(&root));
    assert_eq!(answer.status, 200, "{}", answer.text());
    let who = json!({ "account": ROOT_ACCOUNT, "key": root.secret_id, "read_only": false, "root": true });
    assert_eq!(answer.json(), who);
    let cookie = answer.header("Set-Cookie").expect("a cookie").to_owned();
    let port = server.address().port();
    assert!(cookie.starts_with(&format!("runlog_session_{port}=")), "{cookie}");
    for attribute in ["; Path=/", "; HttpOnly", "; SameSite=Lax", "; Max-Age=604800"] {
        assert!(cookie.contains(attribute), "{cookie}");
    }
    assert!(!cookie.contains("Secure"), "a browser would not keep it on plain http: {cookie}");
    assert!(!cookie.contains(&root.secret_key));

    assert_eq!(browser.get("/api/v1/session").json(), who);
    for path in ["runs", "runs/r", "histogram", "facets", "stats", "functions", "export"] {
        let answer = browser.get(&format!("/api/v1/{path}"));
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
    }
    assert_eq!(browser.get("/metrics").status, 200);
    let (opened, _tail) = Stream::open(server.address(), &browser.request("GET", "/api/v1/tail")).expect("an answer");
    assert_eq!(opened.status, 200);

    // The signed API never takes it.
    let body = browser.request("POST", "/").header("Content-Type", "application/json");
    let body = body.header("X-TC-Action", "ListFunctions").header("X-TC-Version", "2018-04-16");
    let refused = browser.send(&body.header("X-Runlog-Session", "1").body("{}"));
    let code = refused.json()["Response"]["Error"]["Code"].clone();
    assert!(refused.status == 200 && code.is_string(), "{}", refused.text());
}

#[test]
fn wrong_secrets_begin_no_session_and_have_to_pause() {
    let server = Server::start();
    let browser = Browser::new(&server);
    let root = Key::root();
    for body in [json!({}), json!({ "secret_id": root.secret_id }), json!([]), json!({ "token": 7 })] {
        assert_eq!(browser.post_session(&body).status, 400, "{body}");
    }
    let form = browser.request("POST", "/api/v1/session").header("Content-Type", "text/plain");
    assert_eq!(browser.send(&form.body(as_json(&root).to_string())).status, 415);

    let wrong = Key::new(&root.secret_id, "wrong");
    for _ in 0..10 {
        let refused = browser.post_session(&as_json(&wrong));
        assert_eq!(refused.status, 401);
        assert!(refused.header("Set-Cookie").is_none());
    }
    let paused = browser.post_session(&as_json(&wrong));
    assert_eq!((paused.status, paused.json()["code"].as_str()), (429, Some("TooManyAttempts")));
    assert!(paused.header("Retry-After").is_some_and(|seconds| seconds.parse::<u32>().is_ok()));
    assert_eq!(browser.post_session(&as_json(&Key::new("AKIDother", "wrong"))).status, 401, "each name by itself");
    // Other credentials are not concerned.
    assert_eq!(server.api().exchange(&server.api().native("GET", QUERY)).status, 200);
}

#[test]
fn changes_by_cookie_need_the_header_of_our_pages() {
    let server = Server::start();
    let mut browser = Browser::new(&server);
    browser.sign_in(&as_json(&Key::root()));
    let refused = browser.put_run(&[]);
    assert_eq!((refused.status, refused.json()["code"].as_str()), (403, Some("Forbidden")), "{}", refused.text());
    assert!(refused.text().contains("X-Runlog-Session"));
    assert_eq!(browser.send(&browser.request("DELETE", "/api/v1/session")).status, 403);
    assert_eq!(browser.put_run(&[("X-Runlog-Session", "1")]).status, 200);
    assert_eq!(browser.get(QUERY).json()["total"], 1, "what was refused is not stored");
}

#[test]
fn other_sites_change_nothing_by_any_credential() {
    let server = Server::start();
    let mut browser = Browser::new(&server);
    browser.sign_in(&as_json(&Key::root()));
    let own = format!("http://{}", server.address());
    let basic = format!("Basic {}", {
        use base64::Engine;
        base64::engine::general_purpose::STANDARD.encode(Key::root().pair())
    });
    for credential in [("X-Runlog-Session", "1"), ("Authorization", basic.as_str())] {
        for foreign in [
            ("Origin", "https://evil.example"),
            ("Origin", "null"),
            ("Sec-Fetch-Site", "cross-site"),
            ("Sec-Fetch-Site", "same-site"),
        ] {
            let refused = browser.put_run(&[credential, foreign]);
            assert_eq!((refused.status, refused.json()["code"].as_str()), (403, Some("CrossSite")), "{foreign:?}");
        }
        for ours in [("Origin", own.as_str()), ("Sec-Fetch-Site", "same-origin"), ("Sec-Fetch-Site", "none")] {
            assert_eq!(browser.put_run(&[credential, ours]).status, 200, "{ours:?}");
        }
    }
    let foreign = browser.request("POST", "/api/v1/admin/backup").header("Authorization", &basic);
    let foreign = foreign.header("Origin", "https://evil.example").header("Content-Type", "text/plain");
    assert_eq!(browser.send(&foreign.body(r#"{"to":"x"}"#)).status, 403);
    let sign_in = browser.request("POST", "/api/v1/session").header("Content-Type", "application/json");
    let sign_in = sign_in.header("Origin", "https://evil.example").body(as_json(&Key::root()).to_string());
    assert_eq!(browser.send(&sign_in).status, 403, "nobody is signed in by another site");
}

#[test]
fn signing_out_ends_the_session_at_once() {
    let server = Server::start();
    let mut browser = Browser::new(&server);
    browser.sign_in(&as_json(&Key::root()));
    let sign_out = browser.request("DELETE", "/api/v1/session").header("X-Runlog-Session", "1");
    let answer = browser.send(&sign_out);
    assert_eq!((answer.status, answer.body.len()), (204, 0));
    assert!(answer.header("Set-Cookie").is_some_and(|cookie| cookie.contains("Max-Age=0")));
    let gone = browser.get(QUERY);
    assert_eq!(gone.status, 401);
    assert!(gone.header("WWW-Authenticate").is_none(), "the browser would open a dialog of its own");
    assert_eq!(browser.send(&sign_out).status, 204, "again");
    assert_eq!(Browser::new(&server).send(&Browser::new(&server).request("DELETE", "/api/v1/session")).status, 204);
}

#[test]
fn signing_in_again_ends_the_former_session() {
    let server = Server::start();
    let mut browser = Browser::new(&server);
    browser.sign_in(&as_json(&Key::root()));
    let former = browser.cookie.clone();
    browser.sign_in(&as_json(&Key::root()));
    assert_ne!(browser.cookie, former);
    assert_eq!(browser.get(QUERY).status, 200);
    assert_eq!(Browser { server: &server, cookie: former }.get(QUERY).status, 401);
}

#[test]
fn a_session_ends_with_its_key_and_its_token() {
    let server = Server::start();
    let policy = r#"{ "version": "2.0", "statement": [{ "effect": "allow", "action": "*", "resource": "*" }] }"#;
    let key = server.make_key(ROOT_ACCOUNT, &[policy]);
    let reader = token(&server, &["--key", &key.secret_id, "--read-only"]);
    let (mut by_key, mut by_token) = (Browser::new(&server), Browser::new(&server));
    // Another credential tells when the server knows them: wrong sign-ins would have to pause.
    eventually("the token", || {
        let request = by_token.request("GET", QUERY).header("Authorization", &format!("Bearer {reader}"));
        (by_token.send(&request).status != 401).then_some(())
    });
    assert_eq!(by_key.sign_in(&as_json(&key)).status, 200);
    let who = by_token.sign_in(&json!({ "token": reader })).json();
    assert_eq!(who, json!({ "account": ROOT_ACCOUNT, "key": key.secret_id, "read_only": true, "root": false }));
    let refused = by_token.put_run(&[("X-Runlog-Session", "1")]);
    assert!(refused.status == 403 && refused.text().contains("may only read"), "{}", refused.text());

    let id = reader.split('_').nth(1).expect("an id").to_owned();
    delete_key(&server, &id);
    eventually("the end of the token", || (by_token.get("/api/v1/session").status == 401).then_some(()));
    assert_eq!(by_key.get("/api/v1/session").status, 200);
    delete_key(&server, &key.secret_id);
    eventually("the end of the key", || (by_key.get("/api/v1/session").status == 401).then_some(()));
}

#[test]
fn behind_a_proxy_that_ends_tls_the_cookie_goes_by_tls_alone() {
    let server = Setup::new().start();
    let browser = Browser::new(&server);
    // A proxy that ends TLS passes on what the browser says of its own page.
    let request = browser.request("POST", "/api/v1/session").header("Content-Type", "application/json");
    let origin = format!("https://{}", server.address());
    let answer = browser.send(&request.header("Origin", &origin).body(as_json(&Key::root()).to_string()));
    assert!(answer.header("Set-Cookie").is_some_and(|cookie| cookie.ends_with("; Secure")), "{}", answer.text());
}

#[test]
fn a_development_server_needs_no_session() {
    let server = Setup::new().option("insecure-dev", "true").start();
    let who = Browser::new(&server).get("/api/v1/session");
    assert_eq!((who.status, who.json()["root"].as_bool()), (200, Some(true)), "{}", who.text());
}
