//! Whether the wall clock can be believed, before anything follows from it that cannot be undone.
//!
//! A start with a wrong clock must not remove every run. So the wall clock is compared with the last wall time that the
//! store believed, kept in the manifest, plus the monotonic time since; and with the newest run. A clock that is more
//! than a day past both is *ahead*: nothing is removed by it.
//!
//! A server that was away for long is ahead as well. Its new runs say that time has passed indeed; but a program with
//! the same wrong clock would say so too. So their word counts from the next start on, or after the server has run for
//! a day, which leaves time to look at `/readyz`.

use std::time::Duration;

use runlog_core::limits::DAY_MS;

use crate::clock::millis;

/// How far the wall clock may be past everything that was seen.
const AHEAD_MAX_MS: i64 = DAY_MS;

/// How long new runs with the times of a clock that is ahead do not count as witnesses.
const DOUBT_MAX: Duration = Duration::from_secs(24 * 60 * 60);

/// What the wall clock is compared with.
#[derive(Debug, Default)]
pub(crate) struct WallClock {
    /// The last wall time that was believed, in Unix milliseconds, and the monotonic time then.
    seen: Option<(i64, Duration)>,
    /// The newest start of a run that was accepted under a clock that was believed, or in an earlier life.
    newest_ms: Option<i64>,
    /// When the clock was found to be ahead, by monotonic time.
    doubted_since: Option<Duration>,
}

/// One reading of both clocks, and the newest start of all runs that are known then.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reading {
    pub(crate) now_ms: i64,
    pub(crate) elapsed: Duration,
    pub(crate) newest_ms: Option<i64>,
}

impl WallClock {
    /// What an earlier life has left: the last wall time that it believed.
    pub(crate) fn new(seen_ms: Option<i64>, reading: Reading) -> Self {
        let Reading { now_ms, elapsed, newest_ms } = reading;
        let newest_ms = newest_ms.filter(|newest_ms| is_within(*newest_ms, now_ms));
        Self { seen: seen_ms.map(|seen_ms| (seen_ms, elapsed)), newest_ms, doubted_since: None }
    }

    /// How far the wall clock is past everything that was seen, in milliseconds, if that is too far to believe it.
    pub(crate) fn ahead_ms(&self, reading: Reading) -> Option<u64> {
        let Reading { now_ms, elapsed, newest_ms } = reading;
        // A store without a run has nothing to lose.
        newest_ms?;
        let expected_ms = self.seen_ms(elapsed).max(self.newest_ms)?;
        if is_within(now_ms, expected_ms) {
            return None;
        }
        let has_waited = self.doubted_since.is_some_and(|since| elapsed.saturating_sub(since) >= DOUBT_MAX);
        if has_waited && newest_ms.is_some_and(|newest_ms| is_within(now_ms, newest_ms)) {
            return None;
        }
        Some(now_ms.abs_diff(expected_ms))
    }

    /// Looks at the clocks; says as [`WallClock::ahead_ms`] does, and remembers what was seen.
    pub(crate) fn look(&mut self, reading: Reading) -> Option<u64> {
        let ahead_ms = self.ahead_ms(reading);
        if ahead_ms.is_some() {
            self.doubted_since.get_or_insert(reading.elapsed);
        } else {
            self.believe(reading);
        }
        ahead_ms
    }

    /// Takes the wall clock's word.
    pub(crate) fn believe(&mut self, reading: Reading) {
        let Reading { now_ms, elapsed, newest_ms } = reading;
        self.doubted_since = None;
        // What a clock said before there was a run may be wrong without harm, so it is no witness.
        let is_first = self.newest_ms.is_none();
        // A run of the future was accepted under a clock that this one refutes.
        self.newest_ms = self.newest_ms.max(newest_ms.filter(|newest_ms| is_within(*newest_ms, now_ms)));
        if is_first || self.seen_ms(elapsed).is_none_or(|seen_ms| seen_ms <= now_ms) {
            self.seen = Some((now_ms, elapsed));
        }
    }

    /// The last wall time that was believed, for the next life.
    pub(crate) fn last_seen_ms(&self) -> Option<i64> {
        self.seen.filter(|_| self.newest_ms.is_some()).map(|(seen_ms, _)| seen_ms)
    }

    fn seen_ms(&self, elapsed: Duration) -> Option<i64> {
        self.seen.map(|(seen_ms, at)| seen_ms.saturating_add(millis(elapsed.saturating_sub(at))))
    }
}

fn is_within(now_ms: i64, expected_ms: i64) -> bool {
    now_ms <= expected_ms.saturating_add(AHEAD_MAX_MS)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW_MS: i64 = 1_800_000_000_000;

    fn at(days: i64, elapsed_days: i64, newest_days: i64) -> Reading {
        let elapsed = Duration::from_millis((elapsed_days * DAY_MS).cast_unsigned());
        Reading { now_ms: NOW_MS + days * DAY_MS, elapsed, newest_ms: Some(NOW_MS + newest_days * DAY_MS) }
    }

    #[test]
    fn a_clock_that_jumps_is_not_believed_and_one_that_goes_on_is() {
        let mut wall = WallClock::new(Some(NOW_MS), at(0, 0, 0));
        assert_eq!(wall.look(at(1, 0, 0)), None, "a day is let pass");
        assert_eq!(wall.look(at(400, 0, 0)), Some(399 * DAY_MS.cast_unsigned()));
        assert_eq!(wall.last_seen_ms(), Some(NOW_MS + DAY_MS));
        assert_eq!(wall.look(at(40, 39, 0)), None, "that much time has passed");
        assert_eq!(wall.look(at(3, 39, 0)), None, "a clock that is late removes nothing too early");
        assert_eq!(wall.last_seen_ms(), Some(NOW_MS + 40 * DAY_MS));
    }

    #[test]
    fn runs_of_an_earlier_life_are_witnesses() {
        let wall = |seen_ms| WallClock::new(seen_ms, at(30, 0, 29));
        assert_eq!(wall(Some(NOW_MS)).look(at(30, 0, 29)), None);
        assert_eq!(wall(None).look(at(30, 0, 29)), None, "so it is with a folder of an earlier version");
        assert!(wall(None).look(at(31, 0, 29)).is_some());
    }

    #[test]
    fn runs_with_the_times_of_a_clock_that_is_ahead_count_after_a_day() {
        let mut wall = WallClock::new(Some(NOW_MS), at(0, 0, 0));
        assert!(wall.look(at(400, 0, 400)).is_some());
        assert!(wall.look(at(400, 0, 400)).is_some(), "what came meanwhile is no witness yet");
        assert!(wall.look(at(401, 1, 1)).is_some(), "and time alone is none");
        assert_eq!(wall.look(at(401, 1, 401)), None);
        // The clock was wrong after all, and is set right.
        let mut wall = WallClock::new(Some(NOW_MS), at(0, 0, 0));
        assert!(wall.look(at(400, 0, 400)).is_some());
        assert_eq!(wall.look(at(0, 0, 400)), None);
        assert!(wall.look(at(400, 5, 400)).is_some(), "a run of the future is no witness");
    }

    #[test]
    fn a_fresh_folder_believes_and_remembers_nothing() {
        let fresh = |days| Reading { newest_ms: None, ..at(days, 0, 0) };
        let mut wall = WallClock::new(None, fresh(400));
        assert_eq!((wall.look(fresh(400)), wall.last_seen_ms()), (None, None));
        assert_eq!((wall.look(at(0, 0, 0)), wall.last_seen_ms()), (None, Some(NOW_MS)));
        assert!(wall.look(at(400, 0, 0)).is_some());
    }
}
