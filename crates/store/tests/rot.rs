//! A byte changes in some file: the store opens, says what it set aside, serves the rest, and never a wrong row.

mod common;

use std::collections::BTreeMap;
use std::sync::Arc;

use common::hooked::{Change, Hooked};
use common::{NOW_MS, Pair, Random, Step, everything, open, query, run, steps, tiny};
use runlog_core::{RET_RUNNING, Row, Run, Stream};
use runlog_store::disk::sim::{Fault, SimDisk};
use runlog_store::{Disk, Error, ManualClock, Store};

/// The bytes that each group of a log begins with.
const GROUP: [u8; 8] = [0xff, 0xfe, 0xfd, 0xfc, 0xfb, 0xfa, 0xf9, 0xf8];

/// A closed store with everything in it: segments of all sizes, a log, runs in flight.
fn specimen(seed: u64) -> (Pair, SimDisk) {
    let mut pair = Pair::new(tiny());
    for step in steps(seed, 100).iter().filter(|step| !matches!(step, Step::Query(_))) {
        pair.step(step);
    }
    pair.compare_all();
    let disk = pair.close();
    (pair, disk)
}

fn finished(random: &mut Random) -> Run {
    let stream = Arc::new(Stream { account: "1".into(), ..common::stream(random) });
    Run { stream, ret_code: 0, ..run(random) }
}

fn truth(pair: &Pair) -> BTreeMap<u64, Row> {
    let rows = ["1", "2"].into_iter().flat_map(|account| pair.naive.query(&everything(account)).rows);
    rows.map(|row| (row.seq, row)).collect()
}

/// Everything that the store serves is true; gives how much is missing.
fn check(store: &Store, truth: &BTreeMap<u64, Row>, what: &str) -> usize {
    let mut served = 0;
    for account in ["1", "2"] {
        let answer = store.query(&everything(account)).unwrap();
        assert_eq!(answer.total, answer.rows.len() as u64, "{what}");
        assert_eq!(answer.watermark.set_aside_files, store.health().set_aside.len() as u64);
        for row in &answer.rows {
            // A run in flight may have lost its later reports, and then is as it once was.
            assert!(
                truth.get(&row.seq) == Some(row) || row.run.is_running() || !truth.contains_key(&row.seq),
                "{what}"
            );
        }
        served += answer.rows.len();
        let seqs: std::collections::BTreeSet<u64> = answer.rows.iter().map(|row| row.seq).collect();
        assert_eq!(seqs.len(), answer.rows.len(), "no row twice: {what}");
    }
    truth.len().saturating_sub(served)
}

/// How many bytes of each file are tried; all of them, one after the other, when `RUNLOG_ROT_EVERY_BYTE` is set.
const TRIES: u64 = 90;

/// Flips bytes of every file of the specimen of `seed`, one at a time, each in a copy of its own; gives how many were
/// tried, and how many files were set aside by the folder they lay in.
fn flip_bytes(seed: u64) -> (u64, BTreeMap<String, usize>) {
    let every = std::env::var_os("RUNLOG_ROT_EVERY_BYTE").is_some();
    let (pair, disk) = specimen(seed);
    let truth = truth(&pair);
    let mut random = Random(seed);
    let (mut tried, mut set_aside) = (0, BTreeMap::new());
    for (path, len) in disk.files() {
        let len = len as u64;
        for number in 0..if every { len } else { TRIES.min(len) } {
            let at = if every { number } else { random.below(len) } as usize;
            let mask = 1 + random.below(255) as u8;
            let what = format!("seed {seed}, {path} byte {at} mask {mask:#x}");
            let disk = disk.copy();
            disk.flip(&path, at, mask);
            let clock = Arc::new(ManualClock::at(NOW_MS));
            let store = open(&disk, &clock, &tiny()).unwrap_or_else(|error| panic!("{what}: {error}"));
            (0..4).for_each(|_| drop(store.query(&query(&mut random))));
            let missing = check(&store, &truth, &what);
            let health = store.health();
            assert_eq!(health.poisoned, None, "{what}");
            if missing > 0 {
                assert!(!health.set_aside.is_empty(), "{missing} rows are missing without a word: {what}");
            }
            *set_aside.entry(path.split('/').next().unwrap().to_owned()).or_insert(0) += health.set_aside.len();
            drop(store);
            // What was set aside stays known, and the store opens again.
            let store = open(&disk, &clock, &tiny()).unwrap();
            assert!(store.health().set_aside.len() >= health.set_aside.len(), "{what}");
            check(&store, &truth, &what);
            tried += 1;
        }
    }
    (tried, set_aside)
}

#[test]
fn a_flipped_byte_in_any_file() {
    let specimens: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..3).map(|seed| scope.spawn(move || flip_bytes(seed))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let tried: u64 = specimens.iter().map(|(tried, _)| tried).sum();
    assert!(tried > 2_000, "{tried} bytes were tried");
    let set_aside =
        |folder: &str| -> usize { specimens.iter().filter_map(|(_, set_aside)| set_aside.get(folder)).sum() };
    assert!(set_aside("data") > 150 && set_aside("wal") > 0, "{specimens:?}");
    println!("{tried} bytes, set aside: {specimens:?}");
}

/// A disk that wrote to a wrong place: whole groups of a log are there a second time, and their checksums fit.
#[test]
fn groups_of_a_log_that_are_there_twice() {
    let mut repeated = 0;
    for seed in 0..5 {
        let (pair, disk) = specimen(seed);
        let truth = truth(&pair);
        for (path, len) in disk.files().into_iter().filter(|(path, _)| path.ends_with(".wal")) {
            let log = disk.content(&path);
            let groups: Vec<usize> = (0..len).filter(|at| log[*at..].starts_with(&GROUP)).chain([len]).collect();
            for bounds in groups.windows(2) {
                let disk = disk.copy();
                let mut file = disk.create(&path).unwrap();
                file.append(&[&log[..bounds[1]], &log[bounds[0]..bounds[1]], &log[bounds[1]..]].concat()).unwrap();
                let store = open(&disk, &Arc::new(ManualClock::at(NOW_MS)), &tiny()).unwrap();
                let what = format!("seed {seed}, {path} from {} to {}", bounds[0], bounds[1]);
                assert_eq!(check(&store, &truth, &what), 0, "{what}");
                repeated += 1;
            }
        }
    }
    assert!(repeated > 20, "{repeated} groups");
}

/// The report that is out of order is left out, and is not there after a restart either.
#[test]
fn groups_of_a_log_in_another_order_give_the_same_rows_each_time() {
    let (disk, clock) = (SimDisk::default(), Arc::new(ManualClock::at(NOW_MS)));
    let store = open(&disk, &clock, &tiny()).unwrap();
    let named = |name: &str| Run { request_id: name.into(), start_ms: NOW_MS, ..finished(&mut Random(7)) };
    for name in ["first", "second"] {
        store.append(vec![named(name)]).unwrap();
    }
    let disk = restart(store, disk.process_death());
    let (path, len) = disk.files().into_iter().find(|(path, _)| path.ends_with(".wal")).unwrap();
    let log = disk.content(&path);
    let groups: Vec<usize> = (0..len).filter(|at| log[*at..].starts_with(&GROUP)).collect();
    let [first, second] = groups[..] else { panic!("{groups:?}") };
    let swapped = [&log[..first], &log[second..], &log[first..second]].concat();
    disk.create(&path).unwrap().append(&swapped).unwrap();
    let ids = |store: &Store| -> Vec<String> {
        store.query(&everything("1")).unwrap().rows.into_iter().map(|row| row.run.request_id).collect()
    };
    let mut disk = disk;
    for _ in 0..3 {
        let store = open(&disk, &clock, &tiny()).unwrap();
        assert_eq!((ids(&store), store.health().set_aside.len()), (vec!["second".to_owned()], 1));
        disk = restart(store, disk.process_death());
    }
}

/// Nothing but a mistake or a forger writes such a report: its checksum fits, and its log is no text.
#[test]
fn a_report_of_the_log_that_is_no_text_is_told_and_left_out() {
    const HEADS: usize = 24 + 21;
    for ret_code in [0, RET_RUNNING] {
        let disk = SimDisk::default();
        let clock = Arc::new(ManualClock::at(NOW_MS));
        let store = open(&disk, &clock, &tiny()).unwrap();
        let made = finished(&mut Random(1));
        store.append(vec![Run { ret_code, log: "needle".into(), start_ms: NOW_MS, ..made }]).unwrap();
        let disk = restart(store, disk.process_death());
        let (path, _) = disk.files().into_iter().find(|(path, _)| path.ends_with(".wal")).unwrap();
        let mut log = disk.content(&path);
        let at = log.windows(6).position(|word| word == b"needle").unwrap();
        log[at] = 0xff;
        let record = &mut log[HEADS..];
        let len: [u8; 4] = *record.first_chunk().unwrap();
        let report = &record[8..8 + u32::from_le_bytes(len) as usize];
        let sum = crc32c::crc32c_append(crc32c::crc32c(&len), report);
        record[4..8].copy_from_slice(&sum.to_le_bytes());
        disk.create(&path).unwrap().append(&log).unwrap();
        let store = open(&disk, &clock, &tiny()).unwrap();
        assert_eq!(store.query(&everything("1")).unwrap().total, 0);
        assert_eq!(store.health().set_aside.len(), 1);
    }
}

#[test]
fn both_manifests_rotten() {
    for seed in 0..20 {
        let (pair, disk) = specimen(seed);
        let mut random = Random(seed);
        for copy in ["manifest", "manifest.copy"] {
            let (_, len) = disk.files().into_iter().find(|(path, _)| path == copy).unwrap();
            match random.below(3) {
                0 => disk.truncate(copy, random.below(len as u64) as usize),
                _ => disk.flip(copy, random.below(len as u64) as usize, 1 + random.below(255) as u8),
            }
        }
        let clock = Arc::new(ManualClock::at(pair.now_ms));
        let store = open(&disk, &clock, &tiny()).unwrap();
        assert_eq!(check(&store, &truth(&pair), &format!("seed {seed}")), 0, "segments and log make up for it");
        assert_eq!(store.health().set_aside.len(), 1);
    }
}

#[test]
fn a_merge_is_cut_and_then_both_manifests_rot() {
    let mut both = 0;
    for operation in 0.. {
        let (pair, disk) = specimen(3);
        let truth = truth(&pair);
        let clock = Arc::new(ManualClock::at(pair.now_ms));
        let store = open(&disk, &clock, &tiny()).unwrap();
        let files = disk.files().len();
        disk.fail_at(disk.operations() + operation, Fault::Cut);
        let is_whole = store.merge().is_ok() && !disk.is_cut();
        let disk = disk.process_death();
        // One that has not struck by now is not to strike later.
        disk.fail_at(u64::MAX, Fault::Cut);
        drop(store);
        both += usize::from(disk.files().len() > files);
        for copy in ["manifest", "manifest.copy"] {
            disk.flip(copy, 9, 1);
        }
        let store = open(&disk, &clock, &tiny()).unwrap();
        assert_eq!(check(&store, &truth, &format!("operation {operation}")), 0);
        if is_whole {
            break;
        }
    }
    assert!(both > 2, "merged segments never lay beside their inputs");
}

/// The folder of a day goes with its last segment, but not before the move of that segment is durable.
#[test]
fn the_folder_of_a_segment_stays_while_that_is_set_aside() {
    let clock = Arc::new(ManualClock::at(NOW_MS));
    let disk = SimDisk::default();
    let mut store = open(&disk, &clock, &tiny()).unwrap();
    store.append((0..9).map(|_| finished(&mut Random(1))).collect()).unwrap();
    store.flush().unwrap();
    // With nothing more to remove, retention comes to the folders at once.
    store.retain().unwrap();
    store.close().unwrap();
    for (path, len) in disk.files().into_iter().filter(|(path, _)| path.ends_with(".seg")) {
        (len / 4..len / 2).for_each(|at| disk.flip(&path, at, 0x55));
    }
    let (moving, moves) = std::sync::mpsc::channel();
    let hooked = Hooked::new(disk, move |change| {
        if change == Change::SyncDir("set-aside") {
            moving.send(()).ok();
            std::thread::sleep(std::time::Duration::from_millis(100));
        }
    });
    store = Store::open_with(Arc::new(hooked), clock, tiny()).unwrap();
    std::thread::scope(|scope| {
        let store = &store;
        let retain = scope.spawn(move || moves.recv().map(|()| store.retain().map(drop)));
        store.query(&everything("1")).unwrap();
        retain.join().unwrap().expect("a segment is moved").unwrap();
    });
    assert_eq!((store.health().set_aside.len(), store.health().poisoned), (1, None));
    store.append(vec![finished(&mut Random(2))]).unwrap();
}

/// A store is dropped whose process has died: the disk that it left goes on.
fn restart(store: Store, left: SimDisk) -> SimDisk {
    drop(store);
    left
}

/// The log may hold a report of a run that was set aside and then accepted anew: the later one counts.
#[test]
fn a_run_that_was_accepted_anew_after_damage_is_there_once_after_a_crash() {
    let clock = Arc::new(ManualClock::at(NOW_MS));
    let disk = SimDisk::default();
    let mut random = Random(7);
    let start_ms = NOW_MS - 1_000;
    let mut named = |number: u32| Run { request_id: format!("r{number}"), start_ms, ..finished(&mut random) };
    let store = open(&disk, &clock, &tiny()).unwrap();
    store.append((0..10).map(&mut named).collect()).unwrap();
    let first = named(10);
    store.append(vec![first.clone()]).unwrap();
    // The last group of a log is written into the next, while its rows go into a segment; and the next is still needed.
    let disk = restart(store, disk.process_death());
    let store = open(&disk, &clock, &tiny()).unwrap();
    store.flush().unwrap();
    let second = named(11);
    store.append(vec![second.clone()]).unwrap();
    let whole = restart(store, disk.process_death());
    let (path, len) = whole.files().into_iter().find(|(path, _)| path.ends_with(".seg")).unwrap();
    // A byte whose damage is found by reading the rows, not by opening the store.
    let damaged = (0..len).step_by(5).find_map(|at| {
        let disk = whole.copy();
        disk.flip(&path, at, 0x55);
        let store = open(&disk, &clock, &tiny()).unwrap();
        let is_found_late = store.health().set_aside.is_empty() && store.query(&everything("1")).unwrap().total == 1;
        is_found_late.then_some((disk, store))
    });
    let (disk, store) = damaged.expect("the texts are not read when the store is opened");
    assert_eq!(store.health().set_aside.len(), 1);
    let anew = Run { duration_us: first.duration_us + 1, ..first };
    store.append(vec![anew.clone()]).unwrap();

    let disk = restart(store, disk.process_death());
    let store = open(&disk, &clock, &tiny()).unwrap();
    let there = |store: &Store| -> Vec<Run> {
        let rows = store.query(&everything("1")).unwrap().rows;
        rows.into_iter().map(|row| row.run).collect()
    };
    assert_eq!(there(&store), [anew.clone(), second.clone()]);
    store.flush().unwrap();
    store.close().unwrap();
    assert_eq!(there(&open(&disk, &clock, &tiny()).unwrap()), [anew, second]);
}

#[test]
fn a_missing_or_cut_segment() {
    let (pair, disk) = specimen(1);
    let truth = truth(&pair);
    for (path, len) in disk.files().into_iter().filter(|(path, _)| path.ends_with(".seg")) {
        for keep in [0, 1, len / 2, len - 1] {
            let disk = disk.copy();
            disk.truncate(&path, keep);
            let store = open(&disk, &Arc::new(ManualClock::at(NOW_MS)), &tiny()).unwrap();
            assert!(check(&store, &truth, &path) > 0);
            assert_eq!(store.health().set_aside[0].file, path);
        }
    }
}

#[test]
fn a_later_version_is_refused_and_left_alone() {
    let (_, disk) = specimen(1);
    let (path, len) = disk.files().into_iter().find(|(path, _)| path.ends_with(".wal")).unwrap();
    assert!(len >= 24);
    // A whole header of version 3: the checksum fits.
    let mut header = b"runlogW\xff".to_vec();
    header.extend(3u32.to_le_bytes());
    header.extend(path[4..12].parse::<u64>().unwrap().to_le_bytes());
    header.extend(crc32c::crc32c(&header).to_le_bytes());
    let old = disk.content(&path);
    for (at, byte) in header.iter().enumerate().filter(|(at, byte)| old[*at] != **byte) {
        disk.flip(&path, at, old[at] ^ byte);
    }
    let before = disk.files();
    let error = open(&disk, &Arc::new(ManualClock::at(NOW_MS)), &tiny()).err();
    assert!(matches!(error, Some(Error::Version { found: 3, .. })), "{error:?}");
    assert_eq!(disk.files(), before);
}
