//! A wall clock that is wrong for a while: nothing irreversible follows from it.

mod common;

use std::sync::Arc;

use common::{NOW_MS, Pair, Random, Step, everything, retained, run, tiny};
use runlog_core::{Outcome, RET_INTERRUPTED, RET_RUNNING, Run, Stream};
use runlog_store::{Options, Removed};

const DAY_MS: i64 = 86_400_000;

fn of(id: usize, start_ms: i64) -> Run {
    let random = &mut Random(id as u64);
    let stream = Stream { account: "1".into(), namespace: "default".into(), ..common::stream(random) };
    Run { stream: Arc::new(stream), request_id: format!("r{id}"), start_ms, ret_code: 0, ..run(random) }
}

fn filled() -> Pair {
    let mut pair = Pair::new(tiny());
    pair.step(&Step::Append((0..30).map(|id| of(id, NOW_MS - id as i64 * DAY_MS / 4)).collect()));
    pair.step(&Step::Append(vec![Run { ret_code: RET_RUNNING, ..of(100, NOW_MS) }]));
    pair
}

#[test]
fn a_start_with_a_wrong_clock_removes_nothing_and_refuses_nothing_later() {
    let mut pair = filled();
    pair.clock.jump(400 * DAY_MS);
    pair.step(&Step::Reopen(true));
    // Programs on the same machine have the same wrong clock.
    let lost_in_time = of(50, NOW_MS + 400 * DAY_MS);
    assert_eq!(pair.store().append(vec![lost_in_time.clone()]).unwrap(), [Outcome::Accepted { seq: 32 }]);
    pair.naive.append(lost_in_time, NOW_MS + 400 * DAY_MS);
    for _ in 0..2 {
        assert_eq!(pair.store().retain().unwrap(), Removed::default());
        pair.store().expire_in_flight().unwrap();
        assert!(pair.store().health().clock_ahead_ms.unwrap() > 398 * DAY_MS.cast_unsigned());
        pair.compare_all();
        pair.store().flush().unwrap();
    }
    pair.clock.jump(0);
    assert_eq!(pair.store().health().clock_ahead_ms, None);
    for id in 60..63 {
        pair.step(&Step::Reopen(id == 61));
        assert_eq!(pair.store().health().clock_ahead_ms, None);
        pair.step(&Step::Append(vec![of(id, NOW_MS)]));
        pair.step(&Step::Retain);
        pair.compare_all();
    }
}

#[test]
fn a_clock_that_jumps_while_the_store_is_open_closes_no_run() {
    let mut pair = filled();
    pair.clock.jump(2 * DAY_MS);
    assert_eq!(pair.store().expire_in_flight().unwrap(), 0);
    assert_eq!(pair.store().retain().unwrap(), Removed::default());
    pair.clock.jump(0);
    // A life that begins with the wrong clock does not know how long it was silent.
    pair.clock.jump(2 * DAY_MS);
    pair.step(&Step::Reopen(false));
    assert_eq!(pair.store().expire_in_flight().unwrap(), 0);
    pair.clock.jump(0);
    pair.step(&Step::Reopen(false));
    pair.compare_all();
    // Time that passes does, be it while the store is closed.
    pair.step(&Step::Wait(common::TTL_MS));
    pair.step(&Step::Reopen(false));
    assert_eq!(pair.store().expire_in_flight().unwrap(), 1);
    let closed = pair.store().query(&everything("1")).unwrap().rows;
    assert!(closed.iter().any(|row| row.run.request_id == "r100" && row.run.ret_code == RET_INTERRUPTED));
}

#[test]
fn somebody_who_knows_may_tell_that_the_clock_is_right() {
    let mut pair = filled();
    pair.now_ms += 20 * DAY_MS;
    pair.clock.jump(20 * DAY_MS);
    pair.step(&Step::Reopen(true));
    assert_eq!(pair.store().retain().unwrap(), Removed::default());
    let removed = pair.store().retain_trusting_clock().unwrap();
    assert_eq!((removed.runs, removed.in_flight), (30, 1));
    assert_eq!(pair.store().health().clock_ahead_ms, None);
    assert_eq!(pair.store().retained(), retained(pair.now_ms));
    pair.step(&Step::Reopen(false));
    assert_eq!(pair.store().health().clock_ahead_ms, None, "it is believed from then on");
}

#[test]
fn a_folder_whose_data_begins_in_the_future_takes_runs_again() {
    let mut pair = filled();
    pair.now_ms += 400 * DAY_MS;
    pair.clock.jump(400 * DAY_MS);
    // As every removal did once, and as one by the word of somebody who was mistaken still does.
    pair.store().retain_trusting_clock().unwrap();
    assert_eq!(pair.store().query(&everything("1")).unwrap().total, 0);
    pair.now_ms -= 400 * DAY_MS;
    pair.clock.jump(0);
    pair.step(&Step::Reopen(true));
    assert_eq!(pair.store().retained(), retained(NOW_MS));
    let outcomes = pair.store().append(vec![of(60, NOW_MS), of(61, NOW_MS - 9 * DAY_MS)]).unwrap();
    assert!(outcomes.iter().all(|outcome| matches!(outcome, Outcome::Accepted { .. })), "{outcomes:?}");
    pair.step(&Step::Reopen(false));
    let rows = pair.store().query(&everything("1")).unwrap().rows;
    assert!([60, 61].iter().all(|id| rows.iter().any(|row| row.run.request_id == format!("r{id}"))));
    let forever = Options { retention: Default::default(), ..tiny() };
    pair.clock.jump(400 * DAY_MS);
    pair.store().retain_trusting_clock().unwrap();
    pair.clock.jump(0);
    pair.options = forever;
    pair.step(&Step::Reopen(true));
    assert!(matches!(pair.store().append(vec![of(62, 1)]).unwrap()[..], [Outcome::Accepted { .. }]));
}
