//! A server that says what it is told to, and remembers what it was asked. Standard library only.
#![allow(dead_code, reason = "each test file uses its own part")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use runlog_client::{Client, ClientBuilder, Clock};
use runlog_wire::{Headers, RawRequest};

pub(crate) const SECRET_ID: &str = "AKIDtestEXAMPLE";
pub(crate) const SECRET_KEY: &str = "testSecretKeyEXAMPLE";

/// The time of every test, in Unix seconds.
pub(crate) const NOW_S: i64 = 1_795_478_183;

/// A request as it arrived.
pub(crate) struct Asked {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

pub(crate) struct Server {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<Asked>>>,
}

/// A clock that does not advance, and remembers the waits.
#[derive(Default)]
pub(crate) struct StillClock(Mutex<Vec<Duration>>);

impl Server {
    /// Answers every request with the bytes that `answer` makes of it and its place, from 0; then hangs up.
    pub(crate) fn start(answer: impl Fn(usize, &Asked) -> Vec<u8> + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let memory = Arc::clone(&asked);
        thread::spawn(move || {
            for (at, stream) in listener.incoming().enumerate() {
                let mut stream = stream.unwrap();
                let request = read(&mut stream);
                let reply = answer(at, &request);
                memory.lock().unwrap().push(request);
                // A client may have hung up by now: that is its business.
                let _ = stream.write_all(&reply);
            }
        });
        Self { address, asked }
    }

    pub(crate) fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn asked(&self) -> Vec<Asked> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }

    pub(crate) fn builder(&self, clock: &Arc<StillClock>) -> ClientBuilder {
        let clock: Arc<StillClock> = Arc::clone(clock);
        Client::builder(self.endpoint()).credential(SECRET_ID, SECRET_KEY).clock(clock)
    }
}

impl Asked {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// Panics unless the request is one of the dialect, signed with the test's key.
    pub(crate) fn verify(&self) {
        let headers: Headers<'_> = self.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
        let raw = RawRequest { method: &self.method, path: &self.path, query: "", headers, body: &self.body };
        let request = raw.parse().unwrap();
        assert_eq!(request.secret_id(), SECRET_ID);
        request.verify(&raw, SECRET_KEY, NOW_S, 0).unwrap();
    }
}

impl Clock for StillClock {
    fn now_ms(&self) -> i64 {
        NOW_S * 1000 + 999
    }

    fn sleep(&self, wait: Duration) {
        self.0.lock().unwrap().push(wait);
    }
}

impl StillClock {
    pub(crate) fn waits_s(&self) -> Vec<u64> {
        self.0.lock().unwrap().iter().map(Duration::as_secs).collect()
    }
}

/// An HTTP reply. `head` is the status and more header lines.
pub(crate) fn reply(head: &str, body: &str) -> Vec<u8> {
    format!("HTTP/1.1 {head}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}", body.len()).into_bytes()
}

pub(crate) fn ok(body: &str) -> Vec<u8> {
    reply("200 OK\r\nContent-Type: application/json", body)
}

pub(crate) fn api_error(code: &str, message: &str) -> Vec<u8> {
    ok(&format!(r#"{{"Response":{{"Error":{{"Code":"{code}","Message":"{message}"}},"RequestId":"r-1"}}}}"#))
}

fn read(stream: &mut impl Read) -> Asked {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    let mut next = || {
        line.clear();
        reader.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    };
    let start = next();
    let headers: Vec<(String, String)> = std::iter::from_fn(|| {
        let line = next();
        line.split_once(':').map(|(name, value)| (name.to_owned(), value.trim().to_owned()))
    })
    .collect();
    let mut words = start.split(' ').map(str::to_owned);
    let mut asked = Asked { method: words.next().unwrap(), path: words.next().unwrap(), headers, body: Vec::new() };
    asked.body = vec![0; asked.header("content-length").map_or(0, |length| length.parse().unwrap())];
    reader.read_exact(&mut asked.body).unwrap();
    asked
}
