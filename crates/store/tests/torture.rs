//! Random histories with every kind of fault, for as long as one likes: `cargo xtask torture`.
//!
//! | variable | what it does |
//! | --- | --- |
//! | `RUNLOG_TORTURE_MINUTES` | how long; without it, the same hundred and fifty histories every time |
//! | `RUNLOG_TORTURE_SEED` | the first seed; without minutes, the one history of that seed, step by step |
//! | `RUNLOG_TORTURE_JOBS` | how many histories at once, each on its own thread |
//!
//! A failure prints its seed, and what was done and what struck in that history.

mod common;

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use common::lives::{Ledger, history};

/// Histories of the short test: some seconds, in which every kind of fault occurs.
const HISTORIES: u64 = 150;

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name} is not a number")))
}

/// The history of a seed, step by step.
fn replay(seed: u64) {
    let mut ledger = Ledger::new(true);
    history(seed, &mut ledger);
    eprintln!("{ledger}");
}

/// Histories from `first` on while `goes_on`, which is asked with a seed before each; what struck, or the seed that
/// failed.
fn histories(first: u64, jobs: u64, goes_on: impl Fn(u64) -> bool + Sync) -> Result<Ledger, u64> {
    let next = AtomicU64::new(first);
    let (all, failed) = (Mutex::new(Ledger::new(false)), Mutex::new(None));
    std::thread::scope(|scope| {
        for _ in 0..jobs {
            scope.spawn(|| {
                let mut mine = Ledger::new(false);
                while failed.lock().unwrap().is_none() {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if !goes_on(seed) {
                        break;
                    }
                    if catch_unwind(AssertUnwindSafe(|| history(seed, &mut mine))).is_err() {
                        *failed.lock().unwrap() = Some(seed);
                    }
                }
                all.lock().unwrap().add(&mine);
            });
        }
    });
    failed.into_inner().unwrap().map_or(Ok(all.into_inner().unwrap()), Err)
}

#[test]
#[allow(clippy::disallowed_methods, reason = "how long the test may take is real time")]
fn nothing_acknowledged_is_lost_or_doubled() {
    let (seed, minutes) = (number("RUNLOG_TORTURE_SEED"), number("RUNLOG_TORTURE_MINUTES"));
    if let (Some(seed), None) = (seed, minutes) {
        return replay(seed);
    }
    // Without a time that was asked for, the same histories every time.
    let first = seed.unwrap_or(if minutes.is_some() { u64::from(std::process::id()) << 32 } else { 0 });
    let jobs = number("RUNLOG_TORTURE_JOBS").unwrap_or(1).max(1);
    let began = Instant::now();
    let goes_on = |seed| match minutes {
        Some(minutes) => began.elapsed() < Duration::from_secs(60 * minutes),
        None => seed < HISTORIES,
    };
    match histories(first, jobs, goes_on) {
        Ok(ledger) => {
            eprintln!("{ledger}");
            let missing: Vec<_> = ledger.faults.iter().filter(|(_, count)| **count == 0).collect();
            assert!(missing.is_empty(), "faults that never struck: {missing:?}");
        }
        Err(seed) => {
            let again = catch_unwind(|| replay(seed));
            eprintln!("to replay: cargo xtask torture --seed {seed}");
            again.map_or_else(|panic| resume_unwind(panic), |()| panic!("seed {seed} fails only sometimes"));
        }
    }
}
