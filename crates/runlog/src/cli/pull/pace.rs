//! Limits the number of requests in any one second.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// A little more than the second that a server counts in: its clock and the network are not ours.
const SECOND: Duration = Duration::from_millis(1_050);

/// When the last requests were sent.
#[derive(Debug)]
pub(super) struct Pace {
    per_second: usize,
    sent: VecDeque<Instant>,
}

impl Pace {
    /// 0: no limit.
    pub(super) fn new(per_second: u32) -> Self {
        Self { per_second: per_second as usize, sent: VecDeque::new() }
    }

    /// How long to wait before a request that would be sent `now`; it counts as sent then.
    pub(super) fn wait(&mut self, now: Instant) -> Duration {
        if self.per_second == 0 {
            return Duration::ZERO;
        }
        let mut at = now;
        if self.sent.len() >= self.per_second
            && let Some(oldest) = self.sent.pop_front()
        {
            at = at.max(oldest + SECOND);
        }
        self.sent.push_back(at);
        at - now
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use runlog_server::clock;

    #[test]
    fn no_second_has_more_than_its_requests() {
        let start = clock::monotonic();
        let mut pace = Pace::new(5);
        let mut now = start;
        let mut sent = Vec::new();
        for step in 0..50 {
            // Requests take up to 300 ms.
            now += Duration::from_millis(step * 37 % 300);
            now += pace.wait(now);
            sent.push(now);
        }
        assert!(sent.windows(6).all(|six| six[5] - six[0] >= SECOND));
        assert_eq!(Pace::new(0).wait(now), Duration::ZERO);
    }
}
