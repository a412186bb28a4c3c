//! Tails: no gap, no event twice, the chain of numbers holds, through every flush, merge, restart and resumption.

mod common;

use std::collections::BTreeMap;
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use common::{NOW_MS, Pair, Random, Step, query, run, tiny};
use proptest::prelude::*;
use runlog_core::naive::Naive;
use runlog_core::{Outcome, RET_INTERRUPTED, RET_RUNNING, ResultFilter, Run, Scope, TailEvent, TailFilter, TailGap};
use runlog_store::disk::sim::SimDisk;
use runlog_store::{Error, Options, Shape, Store, Subscription};

const NOW: Duration = Duration::ZERO;
const LONG: Duration = Duration::from_secs(60);

fn filter(random: &mut Random) -> TailFilter {
    let query = query(random);
    TailFilter { scope: query.scope, result: query.result, keyword: query.keyword }
}

fn everything() -> TailFilter {
    TailFilter::new(Scope::account("1"))
}

/// Somebody who follows, and what is known to him.
struct Follower {
    filter: TailFilter,
    tail: Subscription,
    /// The last event's number, or the one that he began after.
    last: u64,
    /// He has everything up to here.
    has_read_to: u64,
}

/// A store beside the reference engine, with every report that was ever accepted.
struct World {
    pair: Pair,
    accepted: BTreeMap<u64, Run>,
    followers: Vec<Follower>,
}

impl World {
    fn new() -> Self {
        Self { pair: Pair::new(tiny()), accepted: BTreeMap::new(), followers: Vec::new() }
    }

    fn last_seq(&self) -> u64 {
        self.pair.store().stats().last_seq
    }

    fn step(&mut self, number: u64) {
        let mut random = Random(number);
        match random.below(8) {
            0 if self.followers.len() < 6 => self.follow(&mut random),
            1 if !self.followers.is_empty() => {
                let at = random.below(self.followers.len() as u64) as usize;
                if random.chance(3) {
                    self.resume(at, random.chance(2));
                }
                self.catch_up(at);
            }
            _ => self.write(&Step::of(random.next())),
        }
    }

    fn follow(&mut self, random: &mut Random) {
        let from = if random.chance(3) { None } else { Some(random.below(self.last_seq() + 1)) };
        let filter = filter(random);
        let tail = self.pair.store().subscribe(from, filter.clone()).unwrap();
        let last = from.unwrap_or(self.last_seq());
        self.followers.push(Follower { filter, tail, last, has_read_to: last });
    }

    /// A new subscription, from the last event or from the last place.
    fn resume(&mut self, at: usize, from_event: bool) {
        let follower = &mut self.followers[at];
        if !from_event {
            follower.last = follower.tail.position();
        }
        follower.tail = self.pair.store().subscribe(Some(follower.last), follower.filter.clone()).unwrap();
    }

    fn write(&mut self, step: &Step) {
        let mut naive = self.pair.naive.clone();
        let now_ms = self.pair.now_ms;
        let outcomes: Vec<(Outcome, Naive)> = match step {
            Step::Append(runs) => runs.iter().map(|run| (naive.append(run.clone(), now_ms), naive.clone())).collect(),
            Step::Offer(reports) => {
                reports.iter().map(|report| (naive.offer(report.clone(), now_ms), naive.clone())).collect()
            }
            Step::Grow(growths) => growths.iter().map(|growth| (naive.grow(growth, now_ms), naive.clone())).collect(),
            _ => Vec::new(),
        };
        for (outcome, after) in outcomes {
            if let Outcome::Accepted { seq } = outcome {
                self.accepted.insert(seq, after.report(seq).unwrap().clone());
            }
        }
        if matches!(step, Step::Expire) {
            let before = self.last_seq();
            naive.expire(common::TTL_MS, self.pair.now_ms);
            for account in ["1", "2"] {
                let events = naive.since(before, &TailFilter::new(Scope::account(account)));
                self.accepted.extend(events.into_iter().map(|event| (event.row.seq, event.row.run)));
            }
        }
        self.pair.step(step);
        if matches!(step, Step::Reopen(_)) {
            for at in 0..self.followers.len() {
                assert!(matches!(self.followers[at].tail.next(LONG), Err(Error::Closed)));
                self.resume(at, at.is_multiple_of(2));
            }
        }
    }

    /// Reads to the end, and compares with everything that was accepted, and with what the reference engine keeps.
    fn catch_up(&mut self, at: usize) {
        let last_seq = self.last_seq();
        let follower = &mut self.followers[at];
        let began = follower.last;
        let mut events: Vec<TailEvent> = Vec::new();
        while follower.tail.position() < last_seq {
            match events.len() % 2 {
                0 => events.extend(follower.tail.next(NOW).unwrap()),
                _ => events.extend(follower.tail.next_batch(NOW).unwrap()),
            }
        }
        assert_eq!(follower.tail.next(NOW).unwrap(), None);
        let mut told_to = follower.tail.gap().map_or(0, |gap| gap.to_seq);
        for TailEvent { row, prev_matching_seq, gap } in &events {
            told_to = told_to.max(gap.map_or(0, |gap| gap.to_seq));
            assert!(row.seq > follower.last && *prev_matching_seq == follower.last, "the chain holds");
            assert_eq!(self.accepted.get(&row.seq), Some(&row.run));
            assert!(follower.filter.matches(&row.run));
            follower.last = row.seq;
        }
        // With the first event, the reference engine reports what retention removed after the place.
        let expected = self.pair.naive.since(began, &follower.filter);
        let removed = expected.first().and_then(|event| event.gap).map_or(0, |gap| gap.to_seq);
        assert!(follower.has_read_to >= removed || told_to >= removed, "{removed} is gone, told up to {told_to}");
        follower.has_read_to = follower.tail.position();
        let kept: Vec<u64> = expected.iter().map(|event| event.row.seq).collect();
        let seen: Vec<&TailEvent> = events.iter().filter(|event| kept.contains(&event.row.seq)).collect();
        assert_eq!(seen.iter().map(|event| event.row.seq).collect::<Vec<_>>(), kept, "nothing is missed");
        let rest = events.iter().filter(|event| !kept.contains(&event.row.seq));
        let may_be_superseded = |run: &Run| [RET_RUNNING, RET_INTERRUPTED].contains(&run.ret_code);
        rest.for_each(|event| assert!(may_be_superseded(&event.row.run), "only superseded reports are extra"));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_gap_and_no_event_twice(numbers in prop::collection::vec(any::<u64>(), 1..200)) {
        let mut world = World::new();
        for number in numbers {
            world.step(number);
        }
        for at in 0..world.followers.len() {
            world.catch_up(at);
        }
    }
}

/// Sequence numbers of the events that lie ready.
fn ready(tail: &mut Subscription) -> Vec<u64> {
    std::iter::from_fn(|| tail.next(NOW).unwrap()).map(|event| event.row.seq).collect()
}

fn report(id: &str, ret_code: i32) -> Run {
    let mut run = run(&mut Random(7));
    run.stream = Arc::new(runlog_core::Stream { account: "1".into(), ..(*run.stream).clone() });
    Run { request_id: id.into(), start_ms: NOW_MS, ret_code, ..run }
}

#[test]
fn every_state_of_a_run_in_flight_is_seen_while_its_memtable_is_there() {
    let pair = Pair::new(Options { background: false, ..Options::default() });
    let store = pair.store();
    let mut tail = store.subscribe(None, everything()).unwrap();
    store.append(vec![report("a", 2), report("a", 2), report("b", 0), report("a", 2), report("a", 1)]).unwrap();
    store.append(vec![report("c", 2), report("c", 2)]).unwrap();
    assert_eq!(ready(&mut tail), [1, 2, 3, 4, 5, 6, 7]);
    assert_eq!(ready(&mut store.subscribe(Some(1), everything()).unwrap()), [2, 3, 4, 5, 6, 7]);
    store.flush().unwrap();
    // Now only what is kept for good.
    assert_eq!(ready(&mut store.subscribe(Some(0), everything()).unwrap()), [3, 5, 7]);
    assert_eq!(ready(&mut tail), []);
}

#[test]
fn a_tail_is_told_once_of_what_was_removed_before_it_came_there() {
    let mut pair = Pair::new(tiny());
    let old = |id: &str| Run { start_ms: NOW_MS - 20 * 86_400_000, ..report(id, 0) };
    let now = pair.store().subscribe(None, everything()).unwrap();
    pair.store().append(vec![old("a"), report("b", 0), old("c"), old("d")]).unwrap();
    let mut up_to_date = pair.store().subscribe(Some(0), everything()).unwrap();
    assert_eq!(ready(&mut up_to_date), [1, 2, 3, 4]);
    pair.store().retain().unwrap();
    pair.store().append(vec![report("e", 0), report("f", 0)]).unwrap();
    let gap = TailGap { to_seq: 4, by_retention: true, by_damage: false };
    let events = |mut tail: Subscription| -> Vec<(u64, Option<TailGap>)> {
        let events = std::iter::from_fn(|| tail.next(NOW).unwrap());
        events.map(|event| (event.row.seq, event.gap)).collect()
    };
    // Who had read them already misses nothing.
    assert_eq!(events(up_to_date), [(5, None), (6, None)]);
    assert_eq!(events(now), [(2, Some(gap)), (5, None), (6, None)]);
    for _ in 0..2 {
        let from = |seq| pair.store().subscribe(Some(seq), everything()).unwrap();
        assert_eq!(events(from(3)), [(5, Some(gap)), (6, None)]);
        assert_eq!(events(from(4)), [(5, None), (6, None)]);
        // Nothing that matches comes after the gap: the tail itself tells of it.
        let mut tail = pair.store().subscribe(Some(3), TailFilter { keyword: Some("-".repeat(9)), ..everything() });
        let tail = tail.as_mut().unwrap();
        assert_eq!((tail.gap(), tail.next(NOW).unwrap(), tail.position(), tail.gap()), (None, None, 6, Some(gap)));
        pair.step(&Step::Reopen(true));
    }
}

#[test]
fn a_tail_is_told_of_what_was_in_damaged_files() {
    let mut pair = Pair::new(tiny());
    pair.store().append(vec![report("a", 0), report("b", 0)]).unwrap();
    pair.store().flush().unwrap();
    pair.store().append(vec![report("c", 0)]).unwrap();
    let disk = pair.close();
    let gaps = |disk: &SimDisk| -> Vec<(u64, Option<TailGap>)> {
        let store = common::open(disk, &pair.clock, &tiny()).unwrap();
        let mut tail = store.subscribe(Some(0), everything()).unwrap();
        let events = std::iter::from_fn(|| tail.next(NOW).unwrap());
        events.map(|event| (event.row.seq, event.gap)).collect()
    };
    let gap = |to_seq| Some(TailGap { to_seq, by_retention: false, by_damage: true });
    let (path, len) = disk.files().into_iter().find(|(path, _)| path.ends_with(".seg")).unwrap();
    // In a part that is met by reading; in the directory, without which nobody knows what the file had.
    for (at, to_seq) in [(30, 2), (len - 1, 3)] {
        let disk = disk.copy();
        disk.flip(&path, at, 1);
        assert_eq!(gaps(&disk), [(3, gap(to_seq))]);
        assert_eq!(gaps(&disk), [(3, gap(to_seq))], "after a restart");
    }
}

#[test]
fn events_larger_than_a_batch_come_alone() {
    let pair = Pair::new(Options { background: false, ..Options::default() });
    let large = |id: &str| Run { log: "x".repeat(200 << 10), ..report(id, 0) };
    pair.store().append(vec![report("a", 0), large("b"), large("c"), report("d", 0)]).unwrap();
    for flushed in [false, true] {
        if flushed {
            pair.store().flush().unwrap();
        }
        let mut tail = pair.store().subscribe(Some(0), everything()).unwrap();
        let sizes: Vec<usize> = (0..4).map(|_| tail.next_batch(NOW).unwrap().len()).collect();
        assert_eq!(sizes, [1, 1, 1, 1]);
        assert_eq!(tail.next_batch(NOW).unwrap(), []);
    }
}

#[test]
fn a_number_that_was_never_given_is_refused() {
    let pair = Pair::new(tiny());
    pair.store().append(vec![report("a", 0)]).unwrap();
    assert!(pair.store().subscribe(Some(1), everything()).is_ok());
    let refused = pair.store().subscribe(Some(2), everything());
    assert!(matches!(refused, Err(Error::UnknownSeq { seq: 2, last: 1 })));
}

#[test]
fn there_is_a_limit_of_tails_and_one_that_ends_makes_room() {
    let pair = Pair::new(tiny());
    let mut tails: Vec<Subscription> = (0..2000).map(|_| pair.store().subscribe(None, everything()).unwrap()).collect();
    assert!(matches!(pair.store().subscribe(None, everything()), Err(Error::TooManySubscribers { max: 2000 })));
    tails.pop();
    assert!(pair.store().subscribe(None, everything()).is_ok());
}

#[test]
fn waiting_ends_with_an_event_with_the_time_and_with_the_store() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path(), Options::default()).unwrap();
    let mut tail = store.subscribe(None, everything()).unwrap();
    assert_eq!(tail.next(Duration::from_millis(5)).unwrap(), None);
    let (say, heard) = mpsc::channel();
    let follower = thread::spawn(move || {
        say.send(tail.next(LONG).unwrap().unwrap().row.run.request_id).unwrap();
        tail.next(LONG)
    });
    store.append(vec![Run { start_ms: 5, ..report("a", 0) }]).unwrap();
    assert!(store.wait_past(0, LONG).unwrap());
    assert!(!store.wait_past(1, NOW).unwrap());
    assert_eq!(heard.recv().unwrap(), "a");
    // The follower may be anywhere on its way to its second wait; it ends all the same.
    store.close().unwrap();
    assert!(matches!(follower.join().unwrap(), Err(Error::Closed)));
    // The folder is free, although a subscription was open.
    Store::open(dir.path(), Options::default()).unwrap();
}

#[test]
fn fifty_follow_while_four_write() {
    const RUNS: u64 = 4 * 60 * 10;
    let dir = tempfile::tempdir().unwrap();
    let options = Options {
        memtable_max_rows: 200,
        merge_min_segments: 2,
        shape: Shape { block_rows: 16, super_blocks: 4, text_block_bytes: 2048, stripe_rows: 300 },
        ..Options::default()
    };
    let store = Store::open(dir.path(), options).unwrap();
    let results = [ResultFilter::All, ResultFilter::Failed, ResultFilter::Ok, ResultFilter::All];
    let seen: Vec<(TailFilter, Vec<u64>)> = thread::scope(|scope| {
        let follow = |number: usize| {
            let words = [None, None, None, Some("error".to_owned())];
            let filter =
                TailFilter { result: results[number % 4].clone(), keyword: words[number % 4].clone(), ..everything() };
            let mut tail = store.subscribe(Some(0), filter.clone()).unwrap();
            let store = &store;
            scope.spawn(move || {
                let (mut seen, mut last) = (Vec::new(), 0);
                while tail.position() < RUNS {
                    for event in tail.next_batch(Duration::from_millis(50)).unwrap() {
                        assert_eq!(event.prev_matching_seq, last);
                        last = event.row.seq;
                        seen.push(last);
                    }
                    if number.is_multiple_of(5) && seen.len().is_multiple_of(3) {
                        // Some are cut off now and then, and come back.
                        tail = store.subscribe(Some(last), filter.clone()).unwrap();
                    }
                    if number.is_multiple_of(7) {
                        // And some are slow.
                        thread::sleep(Duration::from_millis(30));
                    }
                }
                (filter, seen)
            })
        };
        let followers: Vec<_> = (0..50).map(follow).collect();
        for writer in 0..4u64 {
            let store = &store;
            scope.spawn(move || {
                let mut random = Random(writer);
                for batch in 0..60 {
                    let mut one = |number: u64| {
                        let made = run(&mut random);
                        let stream = runlog_core::Stream { account: "1".into(), ..(*made.stream).clone() };
                        let ret_code = if random.chance(5) { 1 } else { 0 };
                        let id = format!("{writer}-{batch}-{number}");
                        Run { stream: Arc::new(stream), request_id: id, start_ms: 5, ret_code, ..made }
                    };
                    store.append((0..10).map(&mut one).collect()).unwrap();
                }
            });
        }
        followers.into_iter().map(|follower| follower.join().unwrap()).collect()
    });
    let mut all = Naive::default();
    let mut tail = store.subscribe(Some(0), everything()).unwrap();
    while let Some(event) = tail.next(NOW).unwrap() {
        assert_eq!(all.append(event.row.run, NOW_MS), Outcome::Accepted { seq: event.row.seq });
    }
    for (filter, seen) in seen {
        let expected: Vec<u64> = all.since(0, &filter).iter().map(|event| event.row.seq).collect();
        assert_eq!(seen, expected);
    }
    store.close().unwrap();
}
