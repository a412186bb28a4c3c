//! The clocks of the runner. Everything else takes a time as an argument.
#![allow(clippy::disallowed_methods, reason = "this is the runner's one place for clocks")]

use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// The current time in Unix milliseconds.
pub(crate) fn now_ms() -> i64 {
    let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(elapsed.as_millis()).expect("the year is before 292 million")
}

/// A moment of the monotonic clock.
pub(crate) fn monotonic() -> Instant {
    Instant::now()
}
