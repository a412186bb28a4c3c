//! The pages of the binary: they hold whether or not the pages were built before it.

mod support;

use support::{Request, Response, Server, Stream};

const HTML: &str = "text/html,application/xhtml+xml,*/*;q=0.8";

fn send(server: &Server, method: &str, target: &str, headers: &[(&str, &str)]) -> Response {
    let request = Request::new(method, target).header("Host", &server.address().to_string());
    let request = headers.iter().fold(request, |request, (name, value)| request.header(name, value));
    if method == "HEAD" {
        let mut connection = support::Connection::open(server.address());
        connection.write(&request.header("Connection", "close").bytes()).expect("a connection");
        let text = connection.read_to_end().expect("an answer");
        let text = String::from_utf8(text).expect("UTF-8");
        let (head, body) = text.split_once("\r\n\r\n").expect("a head");
        assert_eq!(body, "", "HEAD has no body");
        let mut lines = head.lines();
        let status = lines.next().and_then(|line| line.split(' ').nth(1)).and_then(|code| code.parse().ok());
        let headers = lines.filter_map(|line| line.split_once(": "));
        let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        return Response { status: status.expect("a status"), headers, body: Vec::new() };
    }
    Stream::open(server.address(), &request).expect("an answer").0
}

#[test]
fn a_browser_gets_a_page_at_the_front_door_and_programs_the_api() {
    let server = Server::start();
    let page = send(&server, "GET", "/", &[("Accept", HTML)]);
    assert_eq!((page.status, page.header("Content-Type")), (200, Some("text/html; charset=utf-8")));
    assert!(page.text().starts_with("<!doctype html>") && page.text().contains("<title>runlog</title>"));
    assert!(page.text().contains("&quot;zone&quot;:&quot;+08:00&quot;"), "{}", page.text());
    assert_eq!(page.header("Vary"), Some("accept"));

    let call = send(&server, "GET", "/?Action=ListFunctions&Version=2018-04-16", &[("Accept", HTML)]);
    assert!(call.json()["Response"]["Error"]["Code"].is_string(), "a call of the signed API: {}", call.text());
    let timing = call.header("Server-Timing").and_then(|timing| timing.strip_prefix("app;dur=")).expect("a time");
    assert!(timing.parse::<f64>().is_ok_and(|ms| ms > 0.0), "{timing}");
    let call = send(&server, "GET", "/", &[("Accept", "*/*")]);
    assert!(call.json()["Response"]["Error"]["Code"].is_string(), "{}", call.text());
    let answer = server.api().call("ListFunctions", serde_json::json!({}));
    assert!(answer.code().is_none());
}

#[test]
fn every_page_is_guarded_and_looked_at_again() {
    let server = Server::start();
    for target in ["/", "/console", "/console/runs?since=1h", "/explorer?Action=GetFunctionLogs", "/docs/api"] {
        let page = send(&server, "GET", target, &[("Accept", HTML)]);
        assert_eq!(page.status, 200, "{target}");
        let policy = page.header("Content-Security-Policy").expect("a policy");
        for part in ["default-src 'none'", "script-src 'self'", "frame-ancestors 'none'", "base-uri 'none'"] {
            assert!(policy.contains(part) && !policy.contains("unsafe"), "{policy}");
        }
        assert_eq!(page.header("X-Content-Type-Options"), Some("nosniff"));
        assert_eq!(page.header("Referrer-Policy"), Some("same-origin"));
        assert_eq!(page.header("Cache-Control"), Some("no-cache"));
        let etag = page.header("ETag").expect("an ETag").to_owned();
        let again = send(&server, "GET", target, &[("Accept", HTML), ("If-None-Match", &etag)]);
        assert_eq!((again.status, again.body.len(), again.header("ETag")), (304, 0, Some(etag.as_str())), "{target}");
        assert!(again.header("Content-Security-Policy").is_some(), "{target}");
        let head = send(&server, "HEAD", target, &[("Accept", HTML)]);
        let length = page.body.len().to_string();
        assert_eq!((head.status, head.header("content-length")), (200, Some(length.as_str())), "{target}");
    }
}

#[test]
fn what_a_page_names_is_there_or_the_page_says_how_to_build_it() {
    let server = Server::start();
    for target in ["/", "/console", "/explorer", "/docs"] {
        let page = send(&server, "GET", target, &[("Accept", HTML)]).text();
        let named = page.split(['"', '\'']).filter(|text| text.starts_with("/assets/"));
        let named: Vec<String> = named.map(str::to_owned).collect();
        assert!(!named.is_empty() || page.contains("cargo xtask console"), "{target}: {page}");
        for asset in named {
            let file = send(&server, "GET", &asset, &[]);
            assert_eq!(file.status, 200, "{asset}");
            assert_eq!(file.header("Cache-Control"), Some("public, max-age=31536000, immutable"), "{asset}");
            let packed = send(&server, "GET", &asset, &[("Accept-Encoding", "gzip")]);
            assert!(packed.body.len() <= file.body.len(), "{asset}");
            assert_eq!(packed.header("Content-Encoding").is_some(), packed.body.len() < file.body.len(), "{asset}");
            assert_eq!(file.header("X-Content-Type-Options"), Some("nosniff"), "{asset}");
        }
    }
    for absent in ["/assets/none.js", "/assets/../index.html", "/assets/", "/assets"] {
        let answer = send(&server, "GET", absent, &[("Accept", HTML)]);
        assert_eq!((answer.status, answer.json()["code"].as_str()), (404, Some("NotFound")), "{absent}");
    }
    assert_eq!(send(&server, "POST", "/console", &[]).status, 404);
}

#[test]
fn answers_of_the_api_are_neither_kept_nor_taken_for_another_type() {
    let server = Server::start();
    for target in ["/api/v1/runs", "/openapi.json", "/livez", "/readyz", "/nothing", "/?Action=x"] {
        let answer = send(&server, "GET", target, &[]);
        assert_eq!(answer.header("X-Content-Type-Options"), Some("nosniff"), "{target}");
        assert_eq!(answer.header("Cache-Control"), Some("no-store"), "{target}");
    }
}
