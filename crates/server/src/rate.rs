//! The rate limit: at most N served requests of one key for one action in *any* second.
//!
//! A sliding window over the times of served requests. Refused ones do not count against the limit, so a client that
//! keeps asking is served again as soon as a second has room; they do show in the observed count.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use runlog_wire::Action;

const WINDOW: Duration = Duration::from_secs(1);

/// Idle entries are dropped when there are this many: each is a key that has signed correctly, times an action.
const ENTRIES_BEFORE_SWEEP: usize = 4096;

/// Counts requests.
pub(crate) struct RateLimiter {
    limit: usize,
    recent: Mutex<HashMap<(String, Action), Recent>>,
}

#[derive(Default)]
struct Recent {
    served: VecDeque<Instant>,
    refused: VecDeque<Instant>,
}

/// A request over the limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct OverLimit {
    /// Requests in the last second, this one too.
    pub(crate) observed: u64,
    /// How many are served in a second.
    pub(crate) limit: u64,
}

impl RateLimiter {
    /// Serves `limit` requests a second; 0 serves all.
    pub(crate) fn new(limit: u32) -> Self {
        Self { limit: limit as usize, recent: Mutex::default() }
    }

    /// Counts a request of a key for an action.
    pub(crate) fn admit(&self, secret_id: &str, action: Action, now: Instant) -> Result<(), OverLimit> {
        if self.limit == 0 {
            return Ok(());
        }
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        if recent.len() >= ENTRIES_BEFORE_SWEEP {
            recent.retain(|_, entry| entry.forget_before(now));
        }
        let entry = recent.entry((secret_id.to_owned(), action)).or_default();
        entry.forget_before(now);
        if entry.served.len() < self.limit {
            entry.served.push_back(now);
            return Ok(());
        }
        // Bounded, so that a flood costs no memory: beyond this the exact count says nothing more.
        if entry.refused.len() < 1000 {
            entry.refused.push_back(now);
        }
        Err(OverLimit { observed: (entry.served.len() + entry.refused.len()) as u64, limit: self.limit as u64 })
    }
}

impl Recent {
    /// Forgets what is older than the window; returns whether anything is left.
    fn forget_before(&mut self, now: Instant) -> bool {
        for times in [&mut self.served, &mut self.refused] {
            while times.front().is_some_and(|&time| now.saturating_duration_since(time) >= WINDOW) {
                times.pop_front();
            }
        }
        !self.served.is_empty() || !self.refused.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_second_holds_more_than_the_limit() {
        let limiter = RateLimiter::new(5);
        let start = crate::clock::monotonic();
        let served: Vec<u64> = (0..300)
            .map(|step| step * 10)
            .filter(|&ms| limiter.admit("id", Action::GetFunctionLogs, start + Duration::from_millis(ms)).is_ok())
            .collect();
        for window in served.windows(6) {
            assert!(window[5] - window[0] >= 1000, "six served within a second: {window:?}");
        }
        assert_eq!(served.len(), 15, "five in each of three seconds, in spite of the refused ones between");
    }

    #[test]
    fn the_refusal_counts_what_was_asked() {
        let limiter = RateLimiter::new(5);
        let now = crate::clock::monotonic();
        let results: Vec<_> = (0..7).map(|_| limiter.admit("id", Action::GetFunctionLogs, now)).collect();
        assert_eq!(results[6], Err(OverLimit { observed: 7, limit: 5 }));
        assert!(limiter.admit("id", Action::ListFunctions, now).is_ok(), "each action by itself");
        assert!(limiter.admit("other", Action::GetFunctionLogs, now).is_ok(), "each key by itself");
    }

    #[test]
    fn zero_is_no_limit() {
        let limiter = RateLimiter::new(0);
        let now = crate::clock::monotonic();
        assert!((0..100).all(|_| limiter.admit("id", Action::GetFunctionLogs, now).is_ok()));
    }
}
