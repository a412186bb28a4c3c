//! Many threads at once: a writer reads its own writes, nothing is stored twice, sequence numbers rise.

mod common;

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use common::{Random, everything, run, stream};
use runlog_core::{Outcome, Query, Run};
use runlog_store::{Options, Shape, Store};

fn options() -> Options {
    Options {
        memtable_max_rows: 200,
        merge_min_segments: 2,
        shape: Shape { block_rows: 16, super_blocks: 4, text_block_bytes: 2048, stripe_rows: 300 },
        ..Options::default()
    }
}

fn finished(random: &mut Random, request_id: String) -> Run {
    let stream = std::sync::Arc::new(runlog_core::Stream { account: "1".into(), ..stream(random) });
    Run { stream, request_id, ret_code: 0, start_ms: 1_700_000_000_000, ..run(random) }
}

#[test]
fn writers_read_their_writes_while_memtables_become_segments() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path(), options()).unwrap();
    let seqs = Mutex::new(BTreeSet::new());
    let is_done = AtomicBool::new(false);
    thread::scope(|scope| {
        let writers: Vec<_> = (0..4u64)
            .map(|writer| {
                let (store, seqs) = (&store, &seqs);
                scope.spawn(move || {
                    let mut random = Random(writer);
                    for batch in 0..60 {
                        let mut run = |number| finished(&mut random, format!("{writer}-{batch}-{number}"));
                        let runs: Vec<Run> = (0..10).map(&mut run).collect();
                        let outcomes = store.append(runs.clone()).unwrap();
                        for (run, outcome) in runs.iter().zip(outcomes) {
                            let Outcome::Accepted { seq } = outcome else { panic!("{outcome:?}") };
                            assert!(seqs.lock().unwrap().insert(seq), "{seq} was given twice");
                            let id = Some(run.request_id.clone());
                            let answer = store.query(&Query { request_id: id, ..everything("1") }).unwrap();
                            assert_eq!((answer.total, &answer.rows[0].run), (1, run));
                        }
                    }
                })
            })
            .collect();
        scope.spawn(|| {
            let mut last = (0, 0);
            while !is_done.load(Ordering::Relaxed) {
                let answer = store.query(&everything("1")).unwrap();
                assert_eq!(answer.total, answer.rows.len() as u64);
                let now = (answer.watermark.seq, answer.total);
                assert!(last <= now && last.1 <= now.1, "what was seen stays: {last:?}, then {now:?}");
                assert!(answer.rows.iter().all(|row| row.seq <= now.0));
                last = now;
            }
        });
        let ends: Vec<_> = writers.into_iter().map(thread::ScopedJoinHandle::join).collect();
        is_done.store(true, Ordering::Relaxed);
        ends.into_iter().for_each(|end| end.unwrap());
    });
    assert_eq!(*seqs.lock().unwrap(), (1..=2400).collect());
    store.flush().unwrap();
    store.merge().unwrap();
    assert_eq!(store.query(&everything("1")).unwrap().total, 2400);
    assert_eq!(store.health(), runlog_store::Health::default());
    store.close().unwrap();
    let store = Store::open(dir.path(), options()).unwrap();
    assert_eq!(store.query(&everything("1")).unwrap().total, 2400);
}

#[test]
fn a_run_offered_by_many_at_once_is_stored_once() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path(), options()).unwrap();
    let accepted = Mutex::new(0);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let mut random = Random(7);
                for batch in 0..60 {
                    let mut run = |number| finished(&mut random, format!("{batch}-{number}"));
                    let runs: Vec<Run> = (0..10).map(&mut run).collect();
                    for outcome in store.append(runs).unwrap() {
                        match outcome {
                            Outcome::Accepted { .. } => *accepted.lock().unwrap() += 1,
                            Outcome::Duplicate => {}
                            Outcome::Refused(refusal) => panic!("{refusal}"),
                        }
                    }
                }
            });
        }
    });
    assert_eq!(*accepted.lock().unwrap(), 600);
    assert_eq!(store.query(&everything("1")).unwrap().total, 600);
}

#[test]
fn a_run_is_a_duplicate_while_its_memtable_becomes_a_segment() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path(), options()).unwrap();
    let is_done = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !is_done.load(Ordering::Relaxed) {
                store.flush().unwrap();
            }
        });
        let outcomes: Vec<Outcome> = (0..40)
            .flat_map(|round| {
                let mut random = Random(round);
                let runs: Vec<Run> = (0..20).map(|number| finished(&mut random, format!("{round}-{number}"))).collect();
                store.append(runs.clone()).unwrap();
                (0..10).flat_map(|_| store.append(runs.clone()).unwrap()).collect::<Vec<_>>()
            })
            .collect();
        is_done.store(true, Ordering::Relaxed);
        assert!(outcomes.iter().all(|outcome| *outcome == Outcome::Duplicate));
    });
    assert_eq!(store.query(&everything("1")).unwrap().total, 800);
}

#[test]
fn a_folder_is_open_once() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(&dir.path().join("a/b"), Options::default()).unwrap();
    assert!(matches!(Store::open(&dir.path().join("a/b"), options()), Err(runlog_store::Error::Locked)));
    drop(store);
    Store::open(&dir.path().join("a/b"), Options::default()).unwrap();
}
