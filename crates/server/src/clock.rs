//! The clocks of the server and the command line. Everything else takes a time as an argument.
#![allow(clippy::disallowed_methods, reason = "this is the server's one place for clocks")]

use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// The current time in Unix milliseconds.
pub fn now_ms() -> i64 {
    let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(elapsed.as_millis()).expect("a clock before the year 292 million")
}

/// A moment of the monotonic clock.
pub fn monotonic() -> Instant {
    Instant::now()
}
