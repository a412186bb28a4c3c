//! What the tests of the program share: a server as a process of its own, a plain HTTP client, and signed calls in
//! every form that a request can have.
#![allow(dead_code, unused_imports, reason = "each test program uses a part of this")]
#![allow(clippy::disallowed_methods, reason = "tests use the clock and the files of the machine they run on")]

mod answer;
mod call;
mod http;
pub(crate) mod otlp;
mod place;
mod proxy;
mod reading;
mod runs;
mod server;
mod stream;

pub(crate) use answer::Answer;
pub(crate) use call::{Call, Form, flatten};
pub(crate) use http::{Connection, Request, Response};
pub(crate) use place::{Place, only_run, stderr, stdout};
pub(crate) use proxy::{Proxy, Trick, Where};
pub(crate) use reading::{ask, code, ids, server_with_runs, succeed};
pub(crate) use runs::{Api, IngestReport};
pub(crate) use server::{Server, Setup, key_in, key_in_text, program};
pub(crate) use stream::{Event, Stream};

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// How long anything may take before it counts as hung.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// The region of tests that do not care about regions.
pub(crate) const REGION: &str = "ap-guangzhou";

/// The account of the root key that a server is started with.
pub(crate) const ROOT_ACCOUNT: &str = "100000000001";

/// A key, as a client has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Key {
    pub(crate) secret_id: String,
    pub(crate) secret_key: String,
}

impl Key {
    pub(crate) fn new(secret_id: &str, secret_key: &str) -> Self {
        Self { secret_id: secret_id.to_owned(), secret_key: secret_key.to_owned() }
    }

    /// The root key that servers of [`Setup`] are started with.
    pub(crate) fn root() -> Self {
        Self::new("AKIDrootEXAMPLE00000000000000000000", "rootSecretKeyEXAMPLE0000000000000")
    }

    /// `SECRETID:SECRETKEY`.
    pub(crate) fn pair(&self) -> String {
        format!("{}:{}", self.secret_id, self.secret_key)
    }
}

/// The current time in Unix milliseconds.
pub(crate) fn now_ms() -> i64 {
    let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock after 1970");
    i64::try_from(elapsed.as_millis()).expect("a clock before the year 292 million")
}

/// Tries until there is something, for as long as [`PATIENCE`] lasts.
pub(crate) fn eventually<T>(what: &str, mut attempt: impl FnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(result) = attempt() {
            return result;
        }
        assert!(started.elapsed() < PATIENCE, "{what} did not happen in {PATIENCE:?}");
        std::thread::sleep(Duration::from_millis(20));
    }
}
