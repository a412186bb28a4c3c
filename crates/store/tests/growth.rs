//! Runs in flight that grow, and ends that the store guessed. Random histories with both are in `model`, `crash` and
//! `torture`.

mod common;

use std::sync::Arc;

use common::{IN_FLIGHT_MAX, NOW_MS, Pair, Random, Step, TTL_MS, everything, open, run, tiny};
use runlog_core::{
    Growth, Origin, Outcome, RET_INTERRUPTED, RET_OK, RET_RUNNING, Refusal, Report, Run, TailFilter, limits,
};
use runlog_store::disk::sim::SimDisk;
use runlog_store::{Disk, ManualClock, Options, Store};

fn start(id: &str) -> Run {
    let random = &mut Random(7);
    let stream = common::stream(random);
    let stream = runlog_core::Stream { account: "1".into(), namespace: "default".into(), ..stream };
    let (start_ms, request_id) = (NOW_MS, id.to_owned());
    Run { stream: Arc::new(stream), start_ms, request_id, ret_code: RET_RUNNING, log: String::new(), ..run(random) }
}

fn more(id: &str, log: &str) -> Growth {
    Growth { log: log.to_owned(), state: log.as_bytes().to_vec(), ..Growth::of(start(id).identity()) }
}

fn only(store: &Store) -> Run {
    let rows = store.query(&everything("1")).unwrap().rows;
    assert_eq!(rows.len(), 1, "{rows:?}");
    rows[0].run.clone()
}

/// Bytes of the log files.
fn log_bytes(disk: &SimDisk) -> u64 {
    disk.list("wal").unwrap().iter().map(|entry| entry.len).sum()
}

#[test]
fn a_run_of_many_batches_costs_its_own_bytes() {
    const MIB: u64 = 1 << 20;
    let batch = "x".repeat(MIB as usize / 500);
    let disk = SimDisk::new(1);
    let options = Options { background: false, ..Options::default() };
    let store = open(&disk, &Arc::new(ManualClock::at(NOW_MS)), &options).unwrap();
    let gathered = Report { origin: Origin::Gathered, ..start("a").into() };
    store.offer(vec![gathered.clone()]).unwrap();
    for _ in 0..500 {
        let outcomes = store.grow(vec![more("a", &batch)]).unwrap();
        assert!(matches!(outcomes[..], [Outcome::Accepted { .. }]));
    }
    // The text, and per batch the state (as long as the text here), the names and the heads of record and group.
    let grown = log_bytes(&disk);
    assert!((2 * MIB..2 * MIB + MIB / 4).contains(&grown), "{grown} bytes were written");
    let open = store.open_run(&gathered.run.identity()).unwrap();
    assert_eq!((open.run.log.clone(), open.state), (batch.repeat(500), batch.clone().into_bytes()));
    let finish = Run { ret_code: RET_OK, ..open.run };
    store.offer(vec![Report { origin: Origin::Gathered, ..finish.clone().into() }]).unwrap();
    let finished = log_bytes(&disk) - grown;
    assert!((MIB..MIB + MIB / 16).contains(&finished), "{finished} bytes were written");
    assert_eq!(only(&store), finish);
}

#[test]
fn a_run_in_flight_is_carried_into_the_next_log_as_a_whole() {
    let mut pair = Pair::new(tiny());
    pair.step(&Step::Offer(vec![start("a").into()]));
    for _ in 0..20 {
        pair.step(&Step::Grow(vec![more("a", "line\n"), more("a", "another\n")]));
        pair.store().flush().unwrap();
        pair.step(&Step::Reopen(false));
    }
    let open = pair.store().open_run(&start("a").identity()).unwrap();
    assert_eq!((open.run.log, open.state), ("line\nanother\n".repeat(20), b"another\n".to_vec()));
    pair.compare_all();
}

#[test]
fn what_cannot_grow_is_refused_by_name() {
    let options = Options { in_flight_max_bytes: 40_000, ..tiny() };
    let store = open(&SimDisk::new(1), &Arc::new(ManualClock::at(NOW_MS)), &options).unwrap();
    let refusal = |growth: Growth| match store.grow(vec![growth]).unwrap().remove(0) {
        Outcome::Refused(refusal) => refusal.code(),
        Outcome::Accepted { .. } => "",
        Outcome::Duplicate => panic!("a growth is never a duplicate"),
    };
    assert_eq!(refusal(more("a", "x")), "UnknownRun");
    store.append(vec![start("a")]).unwrap();
    assert_eq!(refusal(more("a", "x")), "");
    let state = vec![0; limits::STATE_MAX_BYTES + 1];
    assert_eq!(refusal(Growth { state, ..more("a", "x") }), "TooLong");
    assert_eq!(refusal(more("a", &"x".repeat(limits::LOG_MAX_BYTES))), "TooLong", "with what is there already");
    assert_eq!(refusal(Growth { start_ms: Some(-1), ..more("a", "x") }), "StartTooEarly");
    assert_eq!(refusal(Growth { duration_us: Some(u64::MAX), ..more("a", "x") }), "NumberTooLarge");
    assert_eq!(refusal(more("a", &"x".repeat(50_000))), "");
    assert_eq!(refusal(more("a", "x")), "InFlightLimit");
    let finish = Run { ret_code: RET_OK, ..start("a") };
    store.append(vec![finish]).unwrap();
    for _ in 0..2 {
        assert_eq!(refusal(more("a", "x")), "Conflict", "in memory, and in a segment");
        store.flush().unwrap();
    }
}

#[test]
fn a_gathered_run_in_flight_belongs_to_the_gatherer() {
    let mut pair = Pair::new(tiny());
    let gathered = |run: Run| Report { origin: Origin::Gathered, ..run.into() };
    pair.step(&Step::Offer(vec![gathered(start("a")), start("b").into()]));
    let finish = Run { ret_code: 430, ..start("a") };
    for report in [start("a").into(), finish.clone().into(), gathered(start("b"))] {
        let outcomes = pair.store().offer(vec![report]).unwrap();
        assert_eq!(outcomes, [Outcome::Refused(Refusal::OtherOrigin)]);
        pair.step(&Step::Reopen(false));
    }
    let wrapped = Report { origin: Origin::Wrapped, ..Run { ret_code: 0, ..start("b") }.into() };
    pair.step(&Step::Offer(vec![gathered(finish), wrapped]));
    assert_eq!(pair.store().stats().in_flight, 0);
    pair.compare_all();
}

#[test]
fn a_tail_sees_a_grown_run_whole_as_its_latest_report() {
    let store = open(&SimDisk::new(1), &Arc::new(ManualClock::at(NOW_MS)), &tiny()).unwrap();
    let mut tail = store.subscribe(Some(0), TailFilter::new(everything("1").scope)).unwrap();
    store.append(vec![start("a")]).unwrap();
    let mut log = String::new();
    for (seq, part) in [(2, "one\n"), (3, "two\n")] {
        let last = tail.next_batch(std::time::Duration::ZERO).unwrap().pop().unwrap();
        assert_eq!((last.row.seq, last.row.run.log), (seq - 1, log.clone()));
        store.grow(vec![more("a", part)]).unwrap();
        log.push_str(part);
    }
}

#[test]
fn a_real_end_replaces_one_that_the_store_guessed() {
    for text in ["", "half"] {
        let mut pair = Pair::new(tiny());
        pair.step(&Step::Append(vec![Run { log: text.into(), ..start("a") }]));
        pair.step(&Step::Wait(TTL_MS));
        pair.step(&Step::Expire);
        assert_eq!((only(pair.store()).ret_code, pair.store().stats().in_flight), (RET_INTERRUPTED, 0));
        for step in [Step::Flush, Step::Merge, Step::Reopen(false)] {
            pair.step(&step);
        }
        match text {
            "" => pair.step(&Step::Append(vec![Run { ret_code: 430, ..start("a") }])),
            _ => {
                pair.step(&Step::Grow(vec![more("a", " more")]));
                assert_eq!(only(pair.store()).log, "half more", "it goes on");
                pair.step(&Step::Append(vec![Run { ret_code: 430, ..start("a") }]));
            }
        }
        assert_eq!(only(pair.store()).ret_code, 430);
        pair.step(&Step::Append(vec![Run { ret_code: 0, ..start("a") }]));
        assert_eq!(only(pair.store()).ret_code, 430, "a real end never changes");
        pair.compare_all();
    }
}

#[test]
fn only_the_newest_guesses_may_be_corrected() {
    let options = Options { guesses_max_runs: 3, memtable_max_rows: 1000, ..tiny() };
    let mut pair = Pair::new(options);
    let ids: Vec<String> = (0..8).map(|id| id.to_string()).collect();
    for id in &ids {
        pair.step(&Step::Append(vec![start(id)]));
        pair.step(&Step::Wait(1));
    }
    pair.step(&Step::Wait(TTL_MS));
    pair.step(&Step::Expire);
    pair.compare_all();
    for step in [Step::Flush, Step::Reopen(false), Step::Merge, Step::Reopen(true)] {
        pair.step(&step);
        pair.compare_all();
    }
    assert_eq!((pair.store().stats().rows, pair.store().stats().in_flight), (8, 0));
    let ends = ids.iter().map(|id| Run { ret_code: 430, ..start(id) }).collect();
    let outcomes = pair.store().append(ends).unwrap();
    let accepted: Vec<bool> = outcomes.iter().map(|outcome| matches!(outcome, Outcome::Accepted { .. })).collect();
    assert_eq!(accepted, [false, false, false, false, false, true, true, true]);
    assert!(ids.len() < IN_FLIGHT_MAX);
}

#[test]
fn a_run_that_retention_removed_does_not_come_back_as_an_earlier_report_of_it() {
    let earlier = NOW_MS - 12 * 86_400_000;
    let mut pair = Pair::new(tiny());
    let finished = Run { ret_code: RET_OK, ..start("finished") };
    pair.step(&Step::Append(vec![finished, start("a"), start("b")]));
    pair.step(&Step::Reopen(false));
    // In the second log file, which the flush of the first one leaves.
    pair.step(&Step::Append(vec![Run { start_ms: earlier, ..start("b") }]));
    pair.step(&Step::Grow(vec![Growth { start_ms: Some(earlier), ..more("a", "x") }]));
    pair.step(&Step::Reopen(false));
    pair.step(&Step::Retain);
    pair.step(&Step::Reopen(false));
    pair.compare_all();
    assert_eq!(only(pair.store()).request_id, "finished");
}
