//! Backup, restore, verify and repair: of random histories, cut at every operation, and with any byte changed.

mod common;

use std::collections::BTreeMap;
use std::sync::Arc;

use common::{NOW_MS, Pair, Random, Step, compare, everything, open, steps, tiny};
use runlog_core::Run;
use runlog_store::disk::sim::{Fault, SimDisk};
use runlog_store::operate::{Repair, Verified, repair_on, restore, restore_on, verify, verify_on};
use runlog_store::{Disk, Error, ManualClock, RealDisk, Store};

/// After every run of any history.
const LATER_MS: i64 = NOW_MS + 30 * 86_400_000;

/// A store with everything in it: segments of all sizes, a log, runs in flight.
fn specimen(seed: u64) -> Pair {
    let mut pair = Pair::new(tiny());
    for step in steps(seed, 80).iter().filter(|step| !matches!(step, Step::Query(_))) {
        pair.step(step);
    }
    pair
}

fn verified(disk: &SimDisk) -> Verified {
    verify_on(&(Arc::new(disk.clone()) as _), &mut |_| ()).unwrap()
}

fn repaired(disk: &SimDisk) -> Repair {
    let clock = Arc::new(ManualClock::at(LATER_MS));
    repair_on(&(Arc::new(disk.clone()) as _), clock, &mut |_| ()).unwrap()
}

/// Every run that a store serves.
fn served(store: &Store) -> BTreeMap<(String, u8, String), Run> {
    let rows = ["1", "2"].into_iter().flat_map(|account| store.query(&everything(account)).unwrap().rows);
    let identity = |run: &Run| {
        let stream = &run.stream;
        let names = [&stream.account, &stream.region, &stream.namespace, &stream.function].map(String::as_str);
        (run.request_id.clone(), run.retry_num, names.join("/"))
    };
    let mut runs = BTreeMap::new();
    for row in rows {
        assert_eq!(runs.insert(identity(&row.run), row.run), None, "a run is stored once");
    }
    runs
}

#[test]
fn a_backup_is_the_store_of_one_moment() {
    for seed in 0..12 {
        let mut pair = specimen(seed);
        let backup = SimDisk::new(seed);
        let mut last = Default::default();
        let made = pair.store().backup_on(&backup, &mut |progress| last = progress).unwrap();
        assert_eq!((made.seq, last.done), (pair.store().stats().last_seq, last.total));
        let naive = pair.naive.clone();
        steps(seed + 100, 40).iter().for_each(|step| pair.step(step));
        assert_eq!(verified(&backup).problems, []);
        let restored = SimDisk::new(seed);
        let check = restore_on(&backup, &(Arc::new(restored.clone()) as _), &mut |_| ()).unwrap();
        assert_eq!(check.problems, []);
        for disk in [backup, restored] {
            let clock = Arc::new(ManualClock::at(pair.now_ms));
            let store = open(&disk, &clock, &tiny()).unwrap();
            ["1", "2"].iter().for_each(|account| compare(&store, &naive, &everything(account)));
            ["1", "2"].iter().for_each(|account| assert_eq!(store.streams(account), naive.streams(account)));
            store.append(vec![common::run(&mut Random(seed))]).unwrap();
        }
        pair.compare_all();
    }
}

#[test]
fn a_backup_on_the_same_disk_is_links_and_stays_what_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let clock = Arc::new(ManualClock::at(LATER_MS));
    let disk = Arc::new(RealDisk::open(&path("data")).unwrap());
    let store = Store::open_with(disk, clock, tiny()).unwrap();
    let fill = |seed: u64| {
        for step in steps(seed, 60) {
            match step {
                Step::Append(runs) => drop(store.append(runs).unwrap()),
                Step::Flush => store.flush().unwrap(),
                Step::Merge => store.merge().unwrap(),
                _ => {}
            }
        }
    };
    fill(1);
    let before = served(&store);
    let made = store.backup(&path("backup"), &mut |_| ()).unwrap();
    assert!(made.linked > 3 && made.linked == made.files, "{made:?}");
    fill(2);
    store.flush().unwrap();
    store.merge().unwrap();
    assert_eq!(verify(&path("backup"), &mut |_| ()).unwrap().problems, []);
    assert_eq!(restore(&path("backup"), &path("restored"), &mut |_| ()).unwrap().problems, []);
    let restored = Store::open(&path("restored"), tiny()).unwrap();
    assert_eq!(served(&restored), before);

    let again = store.backup(&path("backup"), &mut |_| ());
    assert!(matches!(again, Err(Error::NotEmpty { .. })), "{again:?}");
    let locked = verify(&path("data"), &mut |_| ());
    assert!(matches!(locked, Err(Error::Locked)), "{locked:?}");
    for missing in [verify(&path("nowhere"), &mut |_| ()), restore(&path("nowhere"), &path("to"), &mut |_| ())] {
        assert!(matches!(missing, Err(Error::NoData { .. })), "{missing:?}");
    }
    assert!(!path("nowhere").exists());
}

#[test]
fn a_backup_cut_at_every_operation_is_whole_or_refused_and_harms_no_store() {
    let mut refused = 0;
    for operation in 0.. {
        let pair = specimen(3);
        let target = SimDisk::new(operation);
        target.fail_at(operation, Fault::Cut);
        let result = pair.store().backup_on(&target, &mut |_| ());
        assert_eq!(pair.store().health().poisoned, None);
        pair.compare_all();
        let target = target.power_cut();
        let clock = Arc::new(ManualClock::at(pair.now_ms));
        match open(&target, &clock, &tiny()) {
            Err(Error::Unfinished) => refused += 1,
            // Nothing durable at all, or everything.
            Ok(store) if store.stats().last_seq == 0 => assert!(result.is_err()),
            Ok(store) => ["1", "2"].iter().for_each(|account| compare(&store, &pair.naive, &everything(account))),
            Err(error) => panic!("operation {operation}: {error}"),
        }
        if result.is_ok() {
            break;
        }
    }
    assert!(refused > 20, "{refused}");
}

#[test]
fn a_store_whose_power_goes_while_it_is_backed_up_loses_nothing() {
    for operation in 0.. {
        let mut pair = specimen(4);
        let target = SimDisk::new(1);
        pair.disk.fail_at(pair.disk.operations() + operation, Fault::Cut);
        let is_whole = pair.store().backup_on(&target, &mut |_| ()).is_ok();
        pair.power_cut();
        pair.compare_all();
        if is_whole {
            break;
        }
    }
}

#[test]
fn a_restore_cut_at_every_operation_is_whole_or_refused() {
    let mut pair = specimen(5);
    let backup = pair.close();
    for operation in 0.. {
        let target = SimDisk::new(operation);
        target.fail_at(operation, Fault::Cut);
        let result = restore_on(&backup, &(Arc::new(target.clone()) as _), &mut |_| ());
        let target = target.power_cut();
        match open(&target, &Arc::new(ManualClock::at(pair.now_ms)), &tiny()) {
            Ok(store) if store.stats().last_seq == 0 => assert!(result.is_err()),
            Ok(store) => ["1", "2"].iter().for_each(|account| compare(&store, &pair.naive, &everything(account))),
            Err(error) => assert!(matches!(error, Error::Unfinished), "{error}"),
        }
        if result.is_ok() {
            break;
        }
    }
}

/// Changes one byte: `verify` names the file, `repair` leaves a clean folder in which nothing is false, nothing is
/// there twice, and what is missing was reported.
fn flip(disk: &SimDisk, truth: &BTreeMap<(String, u8, String), Run>, path: &str, at: usize, mask: u8, fixes: bool) {
    let what = format!("{path} byte {at} mask {mask:#x}");
    let disk = disk.copy();
    disk.flip(path, at, mask);
    let found = verified(&disk);
    assert!(found.problems.iter().any(|problem| problem.file == path), "{what}: {found:?}");
    if !fixes {
        return;
    }
    let repair = repaired(&disk);
    assert_eq!(repair.after.problems, [], "{what}: {repair:?}");
    assert!(disk.files().iter().any(|(file, len)| file.starts_with("set-aside/") && *len > 0), "{what}");
    let store = open(&disk, &Arc::new(ManualClock::at(LATER_MS)), &tiny()).unwrap();
    assert_eq!(store.health().set_aside, [], "{what}");
    let served = served(&store);
    for (identity, run) in &served {
        // A run in flight may have lost its later reports, and then is as it once was.
        assert!(run.is_running() || truth.get(identity) == Some(run), "{what}: {run:?}");
    }
    let lost = truth.len() as u64 - served.len() as u64;
    let is_countable = path.ends_with(".seg") && !repair.repaired[0].outcome.contains("nothing");
    assert!(!is_countable || lost == repair.lost, "{what}: {lost} {repair:?}");
    assert!(path.ends_with(".seg") || path.ends_with(".wal") || lost == 0, "{what}");
}

#[test]
fn any_flipped_byte_is_named_by_verify_and_settled_by_repair() {
    let (mut flips, mut random) = (0, Random(1));
    for seed in 0..2 {
        let mut pair = specimen(seed);
        pair.compare_all();
        let truth = served(pair.store());
        let disk = pair.close();
        assert_eq!(verified(&disk).problems, []);
        for (path, len) in disk.files() {
            for at in (0..len).filter(|at| *at < 40 || at + 40 >= len || random.chance(6)).collect::<Vec<_>>() {
                let mask = 1 + Random(at as u64).below(255) as u8;
                flip(&disk, &truth, &path, at, mask, at % 11 == 0);
                flips += 1;
            }
        }
    }
    assert!(flips > 2000, "{flips}");
}

#[test]
fn a_cut_or_missing_file_is_named_and_settled() {
    let mut pair = specimen(1);
    let disk = pair.close();
    // Nothing can tell that the newest log file was there before it went missing.
    let newest_log =
        disk.files().into_iter().map(|(path, _)| path).filter(|path| path.ends_with(".wal")).max().unwrap();
    for (path, len) in disk.files() {
        let missing = if path == newest_log { Some(len - 1) } else { None };
        for keep in [missing, Some(0), Some(len / 2), Some(len - 1)] {
            let disk = disk.copy();
            match keep {
                None => disk.remove(&path).unwrap(),
                Some(keep) => disk.truncate(&path, keep),
            }
            let found = verified(&disk);
            assert!(found.problems.iter().any(|problem| problem.file == path), "{path} {keep:?}: {found:?}");
            assert_eq!(repaired(&disk).after.problems, [], "{path} {keep:?}");
        }
    }
}

#[test]
fn a_repair_cut_at_every_operation_can_be_repeated() {
    let mut pair = specimen(2);
    pair.compare_all();
    let truth = served(pair.store());
    let disk = pair.close();
    // A text block somewhere in the largest segment, and both manifests.
    let largest = disk.files().into_iter().filter(|(path, _)| path.ends_with(".seg")).max_by_key(|(_, len)| *len);
    let (path, _) = largest.unwrap();
    disk.flip(&path, 30, 1);
    ["manifest", "manifest.copy"].iter().for_each(|copy| disk.flip(copy, 9, 1));
    let whole = disk.copy();
    let expected = repaired(&whole);
    assert!(expected.saved > 0 && expected.lost > 0, "{expected:?}");
    let operations = whole.operations() - disk.operations();
    for operation in 0..operations {
        let disk = disk.copy();
        disk.fail_at(disk.operations() + operation, Fault::Cut);
        let clock = Arc::new(ManualClock::at(LATER_MS));
        repair_on(&(Arc::new(disk.clone()) as _), clock, &mut |_| ()).unwrap_err();
        let disk = disk.power_cut();
        assert_eq!(repaired(&disk).after.problems, []);
        let store = open(&disk, &Arc::new(ManualClock::at(LATER_MS)), &tiny()).unwrap();
        // Without a manifest, a log may bring back a run in flight that retention had removed.
        let left = served(&store);
        let lost = truth.keys().filter(|id| !left.contains_key(id)).count() as u64;
        assert_eq!(lost, expected.lost, "operation {operation}");
    }
}

#[test]
fn runs_that_were_sent_again_are_not_saved_twice() {
    let mut pair = specimen(2);
    pair.compare_all();
    let truth = served(pair.store());
    let disk = pair.close();
    let largest = disk.files().into_iter().filter(|(path, _)| path.ends_with(".seg")).max_by_key(|(_, len)| *len);
    disk.flip(&largest.unwrap().0, 30, 1);
    let store = open(&disk, &Arc::new(ManualClock::at(LATER_MS)), &tiny()).unwrap();
    served(&store);
    assert_eq!(store.health().set_aside.len(), 1);
    store.append(truth.values().filter(|run| !run.is_running()).cloned().collect()).unwrap();
    assert_eq!(served(&store), truth);
    store.close().unwrap();
    let repair = repaired(&disk);
    assert_eq!((repair.saved, repair.after.problems), (0, Vec::new()));
    let store = open(&disk, &Arc::new(ManualClock::at(LATER_MS)), &tiny()).unwrap();
    assert_eq!(served(&store), truth);
}
