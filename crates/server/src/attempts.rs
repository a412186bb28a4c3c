//! Failed sign-ins: a few in a minute, then a pause, for each address and name. Secrets cannot be guessed anyway; this
//! keeps a loop of wrong ones from costing anything.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Failures that are answered in one minute.
const FAILURES_MAX: u32 = 10;

const WINDOW: Duration = Duration::from_secs(60);

/// Address and name pairs that are remembered. If there are more within a minute, all are forgotten.
const ENTRIES_MAX: usize = 4096;

/// The longest part of a name that is remembered, in bytes.
const NAME_MAX_BYTES: usize = 64;

/// Counts failures.
#[derive(Default)]
pub(crate) struct Attempts(Mutex<HashMap<(IpAddr, Vec<u8>), Failures>>);

struct Failures {
    since: Instant,
    count: u32,
}

impl Attempts {
    /// How long to wait before the next attempt, in whole seconds; `None` if it may be made now.
    pub(crate) fn pause_s(&self, from: IpAddr, name: &str, now: Instant) -> Option<u32> {
        let failures = self.lock();
        let failures = failures.get(&entry(from, name)).filter(|failures| failures.count >= FAILURES_MAX)?;
        let left = WINDOW.checked_sub(now.saturating_duration_since(failures.since))?;
        Some(u32::try_from(left.as_secs()).expect("no longer than the window") + 1)
    }

    /// Counts a failure.
    pub(crate) fn failed(&self, from: IpAddr, name: &str, now: Instant) {
        let mut failures = self.lock();
        if failures.len() >= ENTRIES_MAX {
            failures.retain(|_, failures| now.saturating_duration_since(failures.since) < WINDOW);
            if failures.len() >= ENTRIES_MAX {
                failures.clear();
            }
        }
        let entry = failures.entry(entry(from, name)).or_insert(Failures { since: now, count: 0 });
        if now.saturating_duration_since(entry.since) >= WINDOW {
            *entry = Failures { since: now, count: 0 };
        }
        entry.count = entry.count.saturating_add(1);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<(IpAddr, Vec<u8>), Failures>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn entry(from: IpAddr, name: &str) -> (IpAddr, Vec<u8>) {
    (from, name.bytes().take(NAME_MAX_BYTES).collect())
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;
    use crate::clock;

    const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

    #[test]
    fn a_loop_of_wrong_secrets_has_to_pause() {
        let attempts = Attempts::default();
        let start = clock::monotonic();
        for _ in 0..FAILURES_MAX {
            assert_eq!(attempts.pause_s(HERE, "A", start), None);
            attempts.failed(HERE, "A", start);
        }
        assert_eq!(attempts.pause_s(HERE, "A", start), Some(61));
        assert_eq!(attempts.pause_s(HERE, "A", start + Duration::from_secs(59)), Some(2));
        assert_eq!(attempts.pause_s(HERE, "A", start + Duration::from_secs(61)), None);
        assert_eq!(attempts.pause_s(HERE, "B", start), None, "each name by itself");
        let other = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1));
        assert_eq!(attempts.pause_s(other, "A", start), None, "each address by itself");
        attempts.failed(HERE, "A", start + Duration::from_secs(61));
        assert_eq!(attempts.pause_s(HERE, "A", start + Duration::from_secs(61)), None, "a new minute");
    }

    #[test]
    fn the_memory_is_bounded() {
        let attempts = Attempts::default();
        let now = clock::monotonic();
        for n in 0..3 * ENTRIES_MAX {
            attempts.failed(HERE, &format!("{n} {}", "x".repeat(10_000)), now);
        }
        let entries = attempts.lock();
        assert!(entries.len() <= ENTRIES_MAX && entries.keys().all(|(_, name)| name.len() <= NAME_MAX_BYTES));
    }
}
