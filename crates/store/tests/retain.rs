//! Retention: what goes, what stays, what is refused; cut at every operation. Random histories with removals in them
//! are in `model` and `crash`.

mod common;

use std::sync::Arc;

use common::{NOW_MS, Pair, Random, Step, everything, open, retained, run, tiny};
use runlog_core::{Outcome, Query, RET_RUNNING, Refusal, Run, Stream};
use runlog_store::disk::sim::{Fault, SimDisk};
use runlog_store::{ManualClock, Options, Removed, Retention, Store};

const DAY_MS: i64 = 86_400_000;

fn of(namespace: &str, id: usize, start_ms: i64) -> Run {
    let random = &mut Random(id as u64);
    let stream = Stream { account: "1".into(), namespace: namespace.into(), ..common::stream(random) };
    Run { stream: Arc::new(stream), request_id: format!("{namespace}{id}"), start_ms, ret_code: 0, ..run(random) }
}

/// Forty runs of two namespaces on each of a few days, the oldest first.
fn filled(days: i64, options: Options) -> Pair {
    let mut pair = Pair::new(options);
    for day in (0..days).rev() {
        let namespaces = ["default", "prod"].into_iter();
        let runs = namespaces.flat_map(|name| (0..20).map(move |id| of(name, id, NOW_MS - day * DAY_MS - id as i64)));
        pair.step(&Step::Append(
            runs.map(|run| Run { request_id: format!("{}-{day}", run.request_id), ..run }).collect(),
        ));
    }
    pair
}

fn folders(disk: &SimDisk) -> usize {
    runlog_store::Disk::list(disk, "data").unwrap().len()
}

fn total(store: &Store, namespace: &str) -> u64 {
    let mut query = everything("1");
    query.scope.namespace = Some(namespace.into());
    store.query(&query).unwrap().total
}

#[test]
fn whole_days_go_each_namespace_by_its_own_rule() {
    let mut pair = filled(14, tiny());
    let running = Run { ret_code: RET_RUNNING, ..of("prod", 900, NOW_MS - 3 * DAY_MS) };
    pair.step(&Step::Append(vec![running.clone()]));
    let streams = pair.store().streams("1");
    let before = pair.store().stats();
    let removed = pair.store().retain().unwrap();
    pair.naive.retain(&retained(NOW_MS));
    pair.compare_all();
    // Eleven days of one namespace and two of the other are left; today is one of them.
    assert_eq!((total(pair.store(), "default"), total(pair.store(), "prod")), (11 * 20, 2 * 20));
    assert_eq!((removed.runs, removed.in_flight), (3 * 20 + 12 * 20, 1));
    assert_eq!(before.segment_bytes - pair.store().stats().segment_bytes, removed.bytes);
    assert_eq!(folders(&pair.disk), 11);
    assert_eq!(pair.store().streams("1"), streams);
    assert_eq!(pair.store().retain().unwrap(), Removed::default(), "nothing is left to remove");

    let late = of("default", 901, NOW_MS - 11 * DAY_MS);
    let kept = of("default", 902, NOW_MS - 10 * DAY_MS);
    for _ in 0..2 {
        let finish = Run { ret_code: 0, ..running.clone() };
        let outcomes = pair.store().append(vec![late.clone(), kept.clone(), finish]).unwrap();
        let is_refused = |outcome: &Outcome| matches!(outcome, Outcome::Refused(Refusal::StartNotRetained { .. }));
        assert_eq!(outcomes.iter().map(is_refused).collect::<Vec<_>>(), [true, false, true]);
        pair.naive.append(kept.clone(), NOW_MS);
        pair.step(&Step::Reopen(false));
        pair.compare_all();
    }
}

#[test]
fn the_oldest_days_go_while_there_are_too_many_bytes() {
    let pair = filled(9, Options { retention: Retention::default(), ..tiny() });
    pair.store().flush().unwrap();
    pair.store().merge().unwrap();
    let all = pair.store().stats();
    assert_eq!(pair.store().retain().unwrap(), Removed::default());
    let disk = pair.disk.process_death();
    let clock = Arc::new(ManualClock::at(NOW_MS));
    for (max_bytes, least, most) in [(all.segment_bytes, 9, 9), (all.segment_bytes / 2, 3, 5), (1, 1, 1)] {
        let rules = Retention { max_bytes: Some(max_bytes), ..Retention::default() };
        let store = open(&disk, &clock, &Options { retention: rules, ..tiny() }).unwrap();
        store.retain().unwrap();
        let (stats, days) = (store.stats(), folders(&disk));
        assert!((least..=most).contains(&days), "{days} days of {max_bytes} bytes");
        assert!(stats.segment_bytes <= max_bytes || days == 1);
        assert_eq!(stats.rows, 40 * days as u64);
        let watermark = store.query(&everything("1")).unwrap().watermark.retained_from_ms;
        let first_day = NOW_MS / DAY_MS - days as i64 + 1;
        assert_eq!(watermark, (days < 9).then_some(first_day * DAY_MS));
        store.close().unwrap();
    }
}

#[test]
fn a_removal_cut_at_every_operation_happens_or_does_not() {
    for fault in [Fault::Cut, Fault::Error] {
        let (mut happened, mut not) = (0, 0);
        for operation in 0.. {
            let mut pair = filled(14, tiny());
            pair.step(&Step::Append(vec![Run { ret_code: RET_RUNNING, ..of("prod", 900, NOW_MS - 3 * DAY_MS) }]));
            pair.disk.fail_at(pair.disk.operations() + operation, fault);
            let is_whole = pair.store().retain().is_ok() && pair.disk.faults() == 0;
            pair.disk.fail_at(u64::MAX, fault);
            pair.power_cut();
            if pair.store().retained() == retained(NOW_MS) {
                happened += 1;
                pair.naive.retain(&retained(NOW_MS));
            } else {
                not += 1;
            }
            pair.compare_all();
            pair.step(&Step::Retain);
            pair.step(&Step::Reopen(false));
            pair.compare_all();
            assert_eq!(folders(&pair.disk), 11, "operation {operation}");
            if is_whole {
                break;
            }
        }
        assert!(happened > 5 && not > 20, "{happened} {not}");
    }
}

#[test]
fn a_query_that_began_before_a_removal_ends_undisturbed() {
    let pair = filled(14, tiny());
    pair.store().flush().unwrap();
    let before = pair.store().query(&everything("1")).unwrap();
    std::thread::scope(|scope| {
        let readers: Vec<_> = (0..2)
            .map(|_| {
                scope.spawn(|| {
                    for _ in 0..50 {
                        let answer = pair.store().query(&everything("1")).unwrap();
                        assert_eq!(answer.total, answer.rows.len() as u64);
                        let is_after = answer.watermark.retained_from_ms.is_some();
                        assert_eq!(answer.total, if is_after { 13 * 20 } else { before.total });
                    }
                })
            })
            .collect();
        pair.store().retain().unwrap();
        readers.into_iter().for_each(|reader| reader.join().unwrap());
    });
    assert_eq!(pair.store().health().set_aside, []);
}

#[test]
fn runs_in_flight_are_bounded_by_number_and_by_bytes() {
    let options = Options { in_flight_max_runs: 3, in_flight_max_bytes: 10_000, ..tiny() };
    let store = open(&SimDisk::new(1), &Arc::new(ManualClock::at(NOW_MS)), &options).unwrap();
    let start = |id: usize| Run { ret_code: RET_RUNNING, ..of("default", id, NOW_MS) };
    let accepted = |runs: Vec<Run>| -> Vec<bool> {
        let outcomes = store.append(runs).unwrap();
        outcomes.iter().map(|outcome| matches!(outcome, Outcome::Accepted { .. })).collect()
    };
    // An update is not one more, and a finish makes room, within one batch too.
    let update = Run { duration_us: 77, ..start(1) };
    assert_eq!(accepted(vec![start(1), start(2), start(3), start(4), update]), [true, true, true, false, true]);
    assert_eq!(accepted(vec![start(4), of("default", 1, NOW_MS), start(4), start(5)]), [false, true, true, false]);
    let outcomes = store.append(vec![start(5)]).unwrap();
    let limit = Refusal::InFlightLimit { max_runs: 3, max_bytes: 10_000 };
    assert_eq!(outcomes, [Outcome::Refused(limit.clone())]);
    assert!(limit.to_string().contains("at most 3 runs"), "{limit}");

    let long = Run { log: "x".repeat(20_000), ..start(2) };
    assert_eq!(accepted(vec![long.clone()]), [true]);
    assert_eq!(accepted(vec![long.clone()]), [false], "too many bytes are in flight already");
    assert_eq!(accepted(vec![Run { ret_code: 0, ..long }]), [true]);
    assert_eq!(accepted(vec![start(3)]), [true]);
    assert_eq!(store.stats().in_flight, 2);
    let running = Query { result: runlog_core::ResultFilter::Running, ..everything("1") };
    assert_eq!(store.query(&running).unwrap().total, 2);
}
