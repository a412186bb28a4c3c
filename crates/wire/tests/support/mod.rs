//! Requests for tests: the recorded ones and ones made here.
#![allow(dead_code, missing_docs, unreachable_pub)]

use runlog_wire::{Headers, RawRequest};

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
