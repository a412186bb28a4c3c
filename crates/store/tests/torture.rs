//! Random histories with random accidents, for as long as one likes.
//!
//! `RUNLOG_TORTURE_MINUTES=60 cargo test --release -p runlog-store --test torture -- --nocapture`; a failure prints its
//! seed, and `RUNLOG_TORTURE_SEED=seed` replays exactly that history. With both, histories begin at that seed.

mod common;

use std::time::{Duration, Instant};

use common::accident::{accident, survive};
use common::{Random, steps, tiny};
use runlog_store::Options;

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name} is not a number")))
}

/// One history, with options, length, accident and all following from the seed; the number of faults that struck.
fn torture(seed: u64) -> u64 {
    let mut random = Random(seed);
    let options = Options {
        memtable_max_rows: random.pick(&[3, 12, 40]),
        sealed_max: random.pick(&[1, 2, 3]),
        segment_max_rows: random.pick(&[10, 60, 10_000]),
        ..tiny()
    };
    let steps = steps(random.next(), random.pick(&[10, 50, 150]));
    let (operations, _) = survive(seed, &steps, None, &options);
    survive(seed, &steps, Some(accident(&mut random, operations)), &options).1
}

#[test]
#[allow(clippy::disallowed_methods, reason = "how long the test may take is real time")]
fn nothing_acknowledged_is_lost_or_doubled() {
    let (seed, minutes) = (number("RUNLOG_TORTURE_SEED"), number("RUNLOG_TORTURE_MINUTES"));
    if let (Some(seed), None) = (seed, minutes) {
        eprintln!("seed {seed}: {} faults", torture(seed));
        return;
    }
    let time = minutes.map_or(Duration::from_secs(4), |minutes| Duration::from_secs(60 * minutes));
    // Without a time that was asked for, the same histories every time.
    let first = seed.unwrap_or(if minutes.is_some() { u64::from(std::process::id()) << 32 } else { 0 });
    let began = Instant::now();
    let (mut histories, mut faults) = (0, 0);
    for seed in first.. {
        if began.elapsed() >= time {
            break;
        }
        match std::panic::catch_unwind(|| torture(seed)) {
            Ok(struck) => (histories, faults) = (histories + 1, faults + struck),
            Err(panic) => {
                eprintln!("to replay: RUNLOG_TORTURE_SEED={seed}");
                std::panic::resume_unwind(panic);
            }
        }
    }
    eprintln!("{histories} histories, {faults} faults injected");
    assert!(faults > 0);
}
