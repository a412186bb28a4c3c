//! The time that requests are signed at, and the waits between tries; the only place that reads a clock.
#![allow(clippy::disallowed_methods, reason = "this is the SDK's one place for clocks")]

use std::time::{Duration, SystemTime};

/// The clock of a [`Client`](crate::Client). Tests replace it.
pub trait Clock: Send + Sync {
    /// The current time in Unix milliseconds.
    fn now_ms(&self) -> i64;

    /// Waits.
    fn sleep(&self, wait: Duration);
}

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now_ms(&self) -> i64 {
        unix_ms(SystemTime::now())
    }

    fn sleep(&self, wait: Duration) {
        std::thread::sleep(wait);
    }
}

/// A moment in Unix milliseconds; 0 for moments before 1970, at which no run can start.
///
/// # Panics
/// For moments after the year 292 million.
pub(crate) fn unix_ms(moment: SystemTime) -> i64 {
    let elapsed = moment.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(elapsed.as_millis()).expect("a moment before the year 292 million")
}
