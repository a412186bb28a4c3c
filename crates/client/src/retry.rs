//! How long to wait before a request is sent again.

use std::time::Duration;

/// The first wait: the rate limit of the dialect counts the requests of one second.
const WAIT_FIRST: Duration = Duration::from_secs(1);

/// The longest wait, also when the server asks for more.
const WAIT_MAX: Duration = Duration::from_secs(60);

/// The waits of one request: 1 s, then twice the one before.
pub(crate) struct Backoff {
    retries_left: u32,
    wait: Duration,
}

impl Backoff {
    pub(crate) fn new(retries: u32) -> Self {
        Self { retries_left: retries, wait: WAIT_FIRST }
    }

    /// The wait before the next try, at least what the server asked for; `None` when there is no further try.
    pub(crate) fn next(&mut self, asked: Option<Duration>) -> Option<Duration> {
        self.retries_left = self.retries_left.checked_sub(1)?;
        let wait = self.wait.max(asked.unwrap_or_default()).min(WAIT_MAX);
        self.wait = self.wait.saturating_mul(2);
        Some(wait)
    }
}

/// Reads a `Retry-After` header in seconds. The form with a date counts as absent: then our own waits apply.
pub(crate) fn retry_after(header: &str) -> Option<Duration> {
    header.trim().parse().ok().map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_are_capped_and_end() {
        let mut backoff = Backoff::new(8);
        let seconds: Vec<u64> = std::iter::from_fn(|| backoff.next(None)).map(|wait| wait.as_secs()).collect();
        assert_eq!(seconds, [1, 2, 4, 8, 16, 32, 60, 60]);
        assert_eq!(Backoff::new(0).next(None), None);
    }

    #[test]
    fn the_server_can_ask_for_more_within_reason() {
        let mut backoff = Backoff::new(3);
        let waits = ["5", "0", "99999"].map(|header| backoff.next(retry_after(header)).unwrap().as_secs());
        assert_eq!(waits, [5, 2, 60]);
        assert_eq!(retry_after("Wed, 21 Oct 2026 07:28:00 GMT"), None);
    }
}
