//! Damage that is met while something else goes on: a merge, a removal, a backup, a batch of runs.

mod common;

use std::sync::{Arc, Mutex, Weak};

use common::hooked::{Change, Hooked};
use common::{NOW_MS, Random, everything, open, run, tiny};
use runlog_core::{Outcome, Query, Run, Stream};
use runlog_store::disk::sim::SimDisk;
use runlog_store::operate::verify_on;
use runlog_store::{Error, Health, ManualClock, Options, Store};

/// Of a day that retention keeps in one namespace and not in the other.
const OLD_MS: i64 = NOW_MS - 3 * 86_400_000;

fn finished(namespace: &str, id: String) -> Run {
    let made = run(&mut Random(7));
    let stream = Stream { account: "1".into(), namespace: namespace.into(), ..(*made.stream).clone() };
    Run { stream: Arc::new(stream), request_id: id, start_ms: OLD_MS, ret_code: 0, log: "an error".into(), ..made }
}

/// Two closed segments of one day, with `prefix`ed ids 0 to 9 and 10 to 19, in both namespaces; the path of the first.
fn two_segments() -> (SimDisk, String) {
    let disk = SimDisk::default();
    let store = open(&disk, &Arc::new(ManualClock::at(NOW_MS)), &tiny()).unwrap();
    for ids in [0..10, 10..20] {
        let runs = ids.map(|id| finished(if id % 2 == 0 { "default" } else { "prod" }, format!("id-{id:04}")));
        store.append(runs.collect()).unwrap();
        store.flush().unwrap();
    }
    store.close().unwrap();
    let first = disk.files().into_iter().map(|(path, _)| path).find(|path| path.ends_with(".seg")).unwrap();
    (disk, first)
}

fn words() -> Query {
    Query { keyword: Some("error".into()), ..everything("1") }
}

/// Damages a segment where only a query for a word meets it.
fn damage_the_index(disk: &SimDisk, path: &str) {
    let len = disk.content(path).len();
    let only_words_meet_it = |at: &usize| {
        let copy = disk.copy();
        copy.flip(path, *at, 1);
        let store = open(&copy, &Arc::new(ManualClock::at(NOW_MS)), &tiny()).unwrap();
        let is_damaged = |query: Query| {
            store.query(&query).unwrap();
            !store.health().set_aside.is_empty()
        };
        !is_damaged(everything("1")) && is_damaged(words())
    };
    let at = (0..len).find(only_words_meet_it).expect("a segment has an index of words");
    disk.flip(path, at, 1);
}

fn ids(store: &Store) -> Vec<String> {
    let rows = store.query(&everything("1")).unwrap().rows;
    let mut ids: Vec<String> = rows.into_iter().map(|row| row.run.request_id).collect();
    ids.sort();
    ids
}

/// A store on a disk that asks for a word just before a change of that path for which `is_it` holds.
fn opened(disk: &SimDisk, options: &Options, is_it: impl Fn(Change<'_>) -> bool + Send + Sync + 'static) -> Arc<Store> {
    let slot: Arc<Mutex<Weak<Store>>> = Arc::default();
    let store = Arc::clone(&slot);
    let hooked = Hooked::new(disk.clone(), move |change| {
        if is_it(change) {
            let store = store.lock().unwrap().upgrade();
            store.inspect(|store| drop(store.query(&words()).unwrap()));
        }
    });
    let store = Store::open_with(Arc::new(hooked), Arc::new(ManualClock::at(NOW_MS)), options.clone()).unwrap();
    let store = Arc::new(store);
    *slot.lock().unwrap() = Arc::downgrade(&store);
    store
}

/// The rows of the second segment are there, those of the first are not, now and after a restart; nothing is poisoned.
fn check_the_second_is_left(disk: &SimDisk, store: Arc<Store>, first: &str, left: &[String]) {
    let check = |store: &Store| {
        let health = store.health();
        assert_eq!(health.poisoned, None);
        assert_eq!(health.set_aside.iter().map(|aside| aside.file.as_str()).collect::<Vec<_>>(), [first]);
        assert_eq!(ids(store), left);
        assert_eq!(store.query(&words()).unwrap().total, left.len() as u64);
    };
    check(&store);
    store.append(vec![finished("default", "id-0010".into())]).unwrap();
    drop(store);
    let store = open(disk, &Arc::new(ManualClock::at(NOW_MS)), &tiny()).unwrap();
    check(&store);
    let segments = disk.files().into_iter().filter(|(path, _)| path.starts_with("data/"));
    assert_eq!(segments.count() as u64, store.stats().segments, "what was written in vain is gone");
}

#[test]
fn a_segment_set_aside_while_it_is_merged_does_not_come_back() {
    let (disk, first) = two_segments();
    damage_the_index(&disk, &first);
    // The hook runs when all of the merged segment is written.
    let merged = |change: Change<'_>| matches!(change, Change::Sync(path) if path.ends_with(".seg"));
    let store = opened(&disk, &tiny(), merged);
    store.merge().unwrap();
    let left: Vec<String> = (10..20).map(|id| format!("id-{id:04}")).collect();
    check_the_second_is_left(&disk, store, &first, &left);
}

#[test]
fn a_segment_set_aside_while_retention_rewrites_it_does_not_come_back() {
    let (disk, first) = two_segments();
    damage_the_index(&disk, &first);
    let rewritten = |change: Change<'_>| matches!(change, Change::Sync(path) if path.ends_with(".seg"));
    let store = opened(&disk, &tiny(), rewritten);
    let removed = store.retain().unwrap();
    let left: Vec<String> = (10..20).filter(|id| id % 2 == 0).map(|id| format!("id-{id:04}")).collect();
    assert_eq!(removed.runs, 5, "those of the other segment");
    check_the_second_is_left(&disk, store, &first, &left);
}

#[test]
fn a_segment_set_aside_while_it_is_backed_up_does_no_harm() {
    let (disk, first) = two_segments();
    damage_the_index(&disk, &first);
    let store = Arc::new(open(&disk, &Arc::new(ManualClock::at(NOW_MS)), &tiny()).unwrap());
    let asking = Arc::clone(&store);
    let target = SimDisk::new(1);
    // Once the log is being copied, the backup has decided which segments it takes.
    let hooked = Hooked::new(target.clone(), move |change| {
        if matches!(change, Change::Sync(path) if path.starts_with("wal/")) {
            asking.query(&words()).unwrap();
        }
    });
    store.backup_on(&hooked, &mut |_| ()).unwrap();
    drop(hooked);
    let left: Vec<String> = (10..20).map(|id| format!("id-{id:04}")).collect();
    // The backup has the damaged file as it was, and verifying it says so.
    let found = verify_on(&(Arc::new(target.clone()) as _), &mut |_| ()).unwrap();
    assert_eq!(found.problems.iter().map(|problem| problem.file.as_str()).collect::<Vec<_>>(), [first.as_str()]);
    let backup = open(&target, &Arc::new(ManualClock::at(NOW_MS)), &tiny()).unwrap();
    backup.query(&words()).unwrap();
    assert_eq!(ids(&backup), left);
    check_the_second_is_left(&disk, store, &first, &left);
}

/// A run that a damaged segment has is not a duplicate of anything once that is set aside.
#[test]
fn a_run_is_accepted_again_when_its_segment_is_set_aside_by_the_same_batch() {
    let (disk, first) = two_segments();
    // Whatever part of the segment is damaged: some runs of a batch are found in it, and others meet the damage.
    let mut met = 0;
    for at in 0..disk.content(&first).len() {
        let disk = disk.copy();
        disk.flip(&first, at, 1);
        let store = open(&disk, &Arc::new(ManualClock::at(NOW_MS)), &tiny()).unwrap();
        let known = store.health().set_aside.len();
        let runs: Vec<Run> =
            (0..20).map(|id| finished(if id % 2 == 0 { "default" } else { "prod" }, format!("id-{id:04}"))).collect();
        let outcomes = store.append(runs).unwrap();
        if known == 0 && !store.health().set_aside.is_empty() {
            met += 1;
            let accepted = outcomes.iter().filter(|outcome| matches!(outcome, Outcome::Accepted { .. })).count();
            assert_eq!(accepted, 10, "byte {at}");
        }
        assert_eq!(ids(&store).len(), 20, "byte {at}");
    }
    assert!(met > 20, "{met}");
}

#[test]
fn a_segment_that_cannot_be_read_back_poisons_the_store_and_loses_nothing() {
    for retain in [false, true] {
        let (disk, _) = two_segments();
        let clock = Arc::new(ManualClock::at(NOW_MS));
        let written = disk.clone();
        let hooked = Hooked::new(disk.clone(), move |change| {
            if matches!(change, Change::SyncDir(path) if path.starts_with("data/")) {
                let (path, len) = written.files().into_iter().rfind(|(path, _)| path.ends_with(".seg")).unwrap();
                written.flip(&path, len - 1, 1);
            }
        });
        let store = Store::open_with(Arc::new(hooked), Arc::clone(&clock) as _, tiny()).unwrap();
        let before = ids(&store);
        assert_eq!(before.len(), 20);
        let done = if retain { store.retain().map(drop) } else { store.merge() };
        assert!(matches!(done, Err(Error::Io { .. })), "{done:?}");
        assert!(store.health().poisoned.is_some());
        assert_eq!(ids(&store), before);
        drop(store);
        let store = open(&disk, &clock, &tiny()).unwrap();
        assert_eq!((ids(&store), store.health()), (before, Health::default()));
    }
}
