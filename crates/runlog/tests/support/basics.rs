//! Keys, moments and patience.

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
