//! Every write, sync, rename, removal and new file of random histories is cut, torn or failed in turn.

mod common;

use common::accident::{Accident, survive};
use common::{Step, steps, tiny};
use runlog_store::disk::sim::Fault;

/// Histories without queries, which change nothing on the disk.
fn history(seed: u64) -> Vec<Step> {
    let mut all = steps(seed, 44);
    all.retain(|step| !matches!(step, Step::Query(_)));
    all
}

fn every_operation(seeds: std::ops::Range<u64>, fault: Fault, power_goes: bool) {
    let mut cuts = 0;
    for seed in seeds {
        let history = history(seed);
        let (operations, _) = survive(seed, &history, None, &tiny());
        for operation in 0..operations {
            let accident = Accident { operation, fault, power_goes };
            let replay = std::panic::catch_unwind(|| survive(seed ^ operation << 8, &history, Some(accident), &tiny()));
            match replay {
                Ok((_, faults)) => cuts += faults,
                Err(panic) => {
                    eprintln!("seed {seed}, {accident:?}");
                    std::panic::resume_unwind(panic);
                }
            }
        }
    }
    assert!(cuts > 100, "only {cuts} operations were cut");
}

#[test]
fn the_power_goes_at_every_operation() {
    every_operation(0..4, Fault::Cut, true);
}

#[test]
fn the_process_dies_at_every_operation() {
    every_operation(6..8, Fault::Cut, false);
}

#[test]
fn every_operation_fails_and_then_the_power_goes() {
    every_operation(9..11, Fault::Error, true);
}

#[test]
fn every_operation_fails_and_the_process_starts_again() {
    every_operation(12..14, Fault::Error, false);
}

#[test]
fn the_disk_is_full_at_every_operation() {
    every_operation(15..16, Fault::Full { many: 2 }, false);
}
