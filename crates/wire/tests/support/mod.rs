//! Requests for tests: the recorded ones and ones made here.
#![allow(dead_code, missing_docs, unreachable_pub)]

use runlog_wire::sign_v1::{V1Algorithm, V1Input, sign_v1};
use runlog_wire::sign_v3::{V3Input, sign_v3};
use runlog_wire::text::encode_form;
use runlog_wire::{ApiError, Headers, RawRequest, Verified};

/// The key that every recorded request was signed with.
pub const LAB_SECRET_ID: &str = "AKIDlabEXAMPLE0000000000000000000000";
/// See [`LAB_SECRET_ID`].
pub const LAB_SECRET_KEY: &str = "labSecretKeyEXAMPLE00000000000000";

/// A request with its own text.
#[derive(Clone, Debug)]
pub struct Owned {
    pub method: String,
    pub path: String,
    pub query: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Owned {
    pub fn raw(&self) -> RawRequest<'_> {
        let headers: Headers<'_> = self.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
        RawRequest { method: &self.method, path: &self.path, query: &self.query, headers, body: &self.body }
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    pub fn set_header(&mut self, name: &str, value: &str) {
        self.remove_header(name);
        self.headers.push((name.to_owned(), value.to_owned()));
    }

    pub fn remove_header(&mut self, name: &str) {
        self.headers.retain(|(found, _)| !found.eq_ignore_ascii_case(name));
    }
}

/// One recorded request: what the client sent, and what the checker that recorded it found.
#[derive(Clone, Debug)]
pub struct Capture {
    pub file: &'static str,
    pub line: usize,
    pub request: Owned,
    pub verdict: String,
}

/// Every recorded request of every client.
pub fn captures() -> Vec<Capture> {
    let files = [
        ("go", include_str!("../data/captures/go.txt")),
        ("node", include_str!("../data/captures/node.txt")),
        ("python", include_str!("../data/captures/python.txt")),
        ("ruby", include_str!("../data/captures/ruby.txt")),
        ("scfcli", include_str!("../data/captures/scfcli.txt")),
        ("sls", include_str!("../data/captures/sls.txt")),
        ("tccli", include_str!("../data/captures/tccli.txt")),
    ];
    files.into_iter().flat_map(|(file, text)| read_file(file, text)).collect()
}

/// A file is blocks of: a line of `=====`, the request, a line of `---`.
fn read_file(file: &'static str, text: &str) -> Vec<Capture> {
    let lines: Vec<&str> = text.lines().collect();
    let starts = lines.iter().enumerate().filter(|(_, line)| line.starts_with("===== ")).map(|(at, _)| at);
    let read = |start: usize| {
        let block = &lines[start + 1..];
        let end = block.iter().position(|line| line.starts_with("--- ")).expect("every block has a verdict");
        let head_end = block.iter().position(|line| line.is_empty()).expect("headers end in an empty line");
        let mut first = block[0].split(' ');
        let (method, target) = (first.next().unwrap(), first.next().unwrap());
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let headers = block[1..head_end].iter().map(|line| {
            let (name, value) = line.split_once(": ").expect("a header");
            (name.to_owned(), value.to_owned())
        });
        let body = block[head_end + 1..end].join("\n");
        let body = if method == "GET" { String::new() } else { body };
        Capture {
            file,
            line: start + 1,
            request: Owned {
                method: method.to_owned(),
                path: path.to_owned(),
                query: query.to_owned(),
                headers: headers.collect(),
                body: body.into_bytes(),
            },
            verdict: block[end].to_owned(),
        }
    };
    starts.map(read).collect()
}

/// The time at which requests made here are signed.
pub const NOW_S: i64 = 1_795_483_800;

/// A TC3 request of `action`, signed with the lab key: a POST of `payload`, or a GET of `query` when it is `None`.
pub fn tc3(content_type: &str, query: &str, payload: Option<&[u8]>) -> Owned {
    let mut request = Owned {
        method: if payload.is_some() { "POST" } else { "GET" }.to_owned(),
        path: "/".to_owned(),
        query: query.to_owned(),
        headers: Vec::new(),
        body: payload.unwrap_or_default().to_vec(),
    };
    for (name, value) in [
        ("Host", "127.0.0.1:9160"),
        ("Content-Type", content_type),
        ("X-TC-Action", "GetFunctionLogs"),
        ("X-TC-Version", "2018-04-16"),
        ("X-TC-Region", "ap-guangzhou"),
        ("X-TC-Timestamp", &NOW_S.to_string()),
    ] {
        request.set_header(name, value);
    }
    sign_tc3(&mut request, |_| {});
    request
}

/// A TC3 POST of JSON.
pub fn json(body: &str) -> Owned {
    tc3("application/json", "", Some(body.as_bytes()))
}

/// Signs what the request holds now, after `change` to what is signed.
pub fn sign_tc3(request: &mut Owned, change: impl for<'a> FnOnce(&mut V3Input<'a>)) {
    let unsigned_payload = request.header("X-TC-Content-SHA256").is_some();
    let mut input = V3Input {
        method: &request.method,
        host: request.header("Host").unwrap_or_default(),
        path: "/",
        query: &request.query,
        content_type: request.header("Content-Type").unwrap_or_default(),
        more_headers: &[],
        payload: &request.body,
        timestamp_s: NOW_S,
        service: "scf",
        unsigned_payload,
    };
    change(&mut input);
    let authorization = sign_v3(LAB_SECRET_ID, LAB_SECRET_KEY, &input).authorization;
    request.set_header("Authorization", &authorization);
}

/// A v1 request with these fields besides the common ones, signed with the lab key.
pub fn v1(method: &str, algorithm: V1Algorithm, fields: &[(&str, &str)]) -> Owned {
    let common = [
        ("Action", "GetFunctionLogs"),
        ("Version", "2018-04-16"),
        ("Region", "ap-guangzhou"),
        ("Timestamp", "1795483800"),
        ("Nonce", "0"),
        ("SecretId", LAB_SECRET_ID),
        ("SignatureMethod", algorithm.name()),
    ];
    let fields: Vec<(String, String)> =
        fields.iter().chain(&common).map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    v1_of(method, algorithm, &fields, &fields)
}

/// A v1 request that sends `sent` and signs `signed`.
pub fn v1_of(method: &str, algorithm: V1Algorithm, sent: &[(String, String)], signed: &[(String, String)]) -> Owned {
    let host = "127.0.0.1:9160";
    let input = V1Input { method, host, path: "/", fields: signed, algorithm };
    let signature = sign_v1(LAB_SECRET_KEY, &input).signature;
    let sent = sent.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let text = encode_form(sent.chain([("Signature", signature.as_str())]));
    let post = method == "POST";
    Owned {
        method: method.to_owned(),
        path: "/".to_owned(),
        query: if post { String::new() } else { text.clone() },
        headers: vec![
            ("Host".to_owned(), host.to_owned()),
            ("Content-Type".to_owned(), "application/x-www-form-urlencoded".to_owned()),
        ],
        body: if post { text.into_bytes() } else { Vec::new() },
    }
}

/// Parses and verifies with the lab key at [`NOW_S`].
pub fn verify(request: &Owned) -> Result<Verified, ApiError> {
    let raw = request.raw();
    raw.parse()?.verify(&raw, LAB_SECRET_KEY, NOW_S, 300)
}
