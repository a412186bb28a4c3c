//! The one place that reads clocks, so that a moment can be simulated.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Tells the time.
pub trait Clock: Send + Sync + 'static {
    /// Now, in Unix milliseconds.
    fn now_ms(&self) -> i64;

    /// Time since some fixed moment; never goes back.
    fn elapsed(&self) -> Duration;
}

/// The machine's own clock.
#[derive(Debug)]
pub struct SystemClock {
    opened: Instant,
}

impl Default for SystemClock {
    #[allow(clippy::disallowed_methods, reason = "this is the clock module")]
    fn default() -> Self {
        Self { opened: Instant::now() }
    }
}

impl Clock for SystemClock {
    #[allow(clippy::disallowed_methods, reason = "this is the clock module")]
    fn now_ms(&self) -> i64 {
        let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        i64::try_from(since_1970.as_millis()).unwrap_or(i64::MAX)
    }

    fn elapsed(&self) -> Duration {
        self.opened.elapsed()
    }
}

/// A duration in milliseconds, as wall times are counted.
pub(crate) fn millis(duration: Duration) -> i64 {
    // The monotonic clocks count from the start of the process: they never come near this bound.
    i64::try_from(duration.as_millis()).expect("a monotonic time is less than 292 million years")
}

/// A clock that moves only when it is told to.
#[derive(Debug, Default)]
pub struct ManualClock {
    now_ms: AtomicI64,
    /// How far the wall time is ahead of the monotonic one.
    jumped_ms: AtomicI64,
}

impl ManualClock {
    /// A clock that shows `now_ms`.
    pub fn at(now_ms: i64) -> Self {
        Self { now_ms: AtomicI64::new(now_ms), jumped_ms: AtomicI64::new(0) }
    }

    /// Moves the clock to `now_ms`, as time passes.
    pub fn set(&self, now_ms: i64) {
        self.now_ms.store(now_ms, Ordering::SeqCst);
        self.jumped_ms.store(0, Ordering::SeqCst);
    }

    /// Sets the wall time this far ahead of the one that time has brought, or back; no time passes.
    pub fn jump(&self, ahead_ms: i64) {
        self.jumped_ms.store(ahead_ms, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now_ms(&self) -> i64 {
        self.now_ms.load(Ordering::SeqCst) + self.jumped_ms.load(Ordering::SeqCst)
    }

    fn elapsed(&self) -> Duration {
        Duration::from_millis(u64::try_from(self.now_ms.load(Ordering::SeqCst)).unwrap_or_default())
    }
}
