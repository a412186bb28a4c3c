//! Watches a command while it runs: how much memory its tree uses, and whether its time or its memory is up.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::cgroup::Cgroup;
use super::job::{Cut, Job};
use super::measure::{self, Look, Memory};
use super::signals::Target;
use crate::clock;

/// The first look, and the shortest time between two.
const INTERVAL_MIN: Duration = Duration::from_millis(2);

/// The longest time between two looks, unless looking is expensive.
const INTERVAL_MAX: Duration = Duration::from_millis(50);

/// The same where a limit is to be kept by looking.
const INTERVAL_LIMITED_MAX: Duration = Duration::from_millis(10);

/// At most this part of the time goes into looking: 2 %.
const COST_PART: u32 = 50;

/// When a command is made to end.
pub(super) struct Rules {
    started: Instant,
    timeout: Option<Duration>,
    kill_after: Duration,
    /// The limit that is to be kept by looking; a control group keeps its own.
    watched_limit_bytes: Option<u64>,
}

/// What was seen so far.
#[derive(Default)]
pub(super) struct Watch {
    seen: Mutex<Seen>,
    changed: Condvar,
}

#[derive(Default)]
struct Seen {
    is_finished: bool,
    peak_bytes: u64,
    most_processes: usize,
}

impl Rules {
    pub(super) fn new(job: &Job, started: Instant, cgroup: Option<&Cgroup>) -> Self {
        let watched_limit_bytes = job.memory_limit_bytes.filter(|_| cgroup.is_none());
        Self { started, timeout: job.timeout, kill_after: job.kill_after, watched_limit_bytes }
    }

    /// What is to be done at a moment, and why.
    fn ask(&self, elapsed: Duration, look: Look, cut: Option<Cut>) -> Option<(Signal, Cut)> {
        if self.watched_limit_bytes.is_some_and(|limit| look.bytes > limit) {
            return Some((Signal::KILL, Cut::Memory));
        }
        let over = elapsed.checked_sub(self.timeout?)?;
        match cut {
            None => Some((Signal::TERM, Cut::Timeout)),
            Some(cut) if over >= self.kill_after => Some((Signal::KILL, cut)),
            Some(_) => None,
        }
    }

    /// The time until something is up, if that is so.
    fn next(&self, elapsed: Duration, cut: Option<Cut>) -> Option<Duration> {
        let due = self.timeout? + if cut.is_some() { self.kill_after } else { Duration::ZERO };
        Some(due.saturating_sub(elapsed)).filter(|left| !left.is_zero())
    }
}

impl Watch {
    /// Looks until the command has ended. Says why it was made to end, if it was.
    pub(super) fn run(&self, rules: &Rules, target: &Target) -> Option<Cut> {
        let mut cut = None;
        let mut interval = INTERVAL_MIN;
        let longest = if rules.watched_limit_bytes.is_some() { INTERVAL_LIMITED_MAX } else { INTERVAL_MAX };
        while !self.wait(rules.next(rules.started.elapsed(), cut).map_or(interval, |due| due.min(interval))) {
            let before = clock::monotonic();
            let look = measure::look(target.pid, target.adopts);
            self.see(look);
            if target.adopts {
                measure::reap_adopted(target.pid);
            }
            if let Some((signal, why)) = rules.ask(rules.started.elapsed(), look, cut) {
                cut = cut.or(Some(why));
                if signal == Signal::KILL {
                    target.kill();
                } else {
                    target.send(signal);
                    // A stopped process gets the signal when it goes on.
                    target.send(Signal::CONT);
                }
            }
            // Often at first, since most commands are short.
            let cost = before.elapsed();
            interval = (rules.started.elapsed() / 8).clamp(INTERVAL_MIN, longest).max(cost * COST_PART);
        }
        cut
    }

    /// Ends the looking.
    pub(super) fn finish(&self) {
        self.lock().is_finished = true;
        self.changed.notify_all();
    }

    /// The most that was seen at a time, in bytes.
    pub(super) fn peak_bytes(&self) -> u64 {
        self.lock().peak_bytes
    }

    /// The peak of a tree that has ended. `largest_bytes` is the kernel's account of its largest process.
    pub(super) fn memory(&self, largest_bytes: u64, cgroup: Option<&Cgroup>) -> Memory {
        let seen = self.lock();
        let is_tree = seen.most_processes > 1;
        let group = cgroup.filter(|_| is_tree).and_then(Cgroup::peak_bytes);
        match group {
            Some(bytes) => Memory { bytes, account: "cgroup" },
            None if is_tree && seen.peak_bytes > largest_bytes => Memory { bytes: seen.peak_bytes, account: "samples" },
            None => Memory { bytes: largest_bytes, account: "rusage" },
        }
    }

    fn see(&self, look: Look) {
        let mut seen = self.lock();
        seen.peak_bytes = seen.peak_bytes.max(look.bytes);
        seen.most_processes = seen.most_processes.max(look.processes);
    }

    /// Waits; says whether the command has ended.
    fn wait(&self, time: Duration) -> bool {
        let waited = self.changed.wait_timeout_while(self.lock(), time, |seen| !seen.is_finished);
        waited.unwrap_or_else(PoisonError::into_inner).0.is_finished
    }

    fn lock(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
