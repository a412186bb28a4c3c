//! The spool: runs on disk until a server has answered for them, each delivered, none in the way of the others.

#![allow(clippy::disallowed_methods, reason = "tests use the files of the machine they run on")]

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use runlog_client::{Error, NewRun, PutReport, RefusedRun, Shipped, Spool, SpoolBounds};

const ALL: usize = usize::MAX;

fn spool(dir: &Path) -> Spool {
    Spool::new(dir.join("spool"), SpoolBounds::default())
}

fn run(at: i64) -> NewRun {
    NewRun { log: Some(format!("output of {at}\n")), ..NewRun::new(format!("f{at}"), at) }
}

fn accept(runs: &[NewRun]) -> PutReport {
    PutReport { accepted: runs.len() as u64, ..PutReport::default() }
}

fn away() -> Error {
    Error::Config("away".to_owned())
}

#[test]
fn runs_wait_in_the_order_of_their_starts_and_leave_when_answered_for() {
    let folder = tempfile::tempdir().unwrap();
    let spool = spool(folder.path());
    assert!(spool.waiting().unwrap().is_empty());
    let runs = [run(3), run(1), run(20)];
    for run in &runs {
        spool.add(run.clone()).unwrap();
    }
    assert!(matches!(spool.ship(ALL, true, |_| Err(away())), Err(Error::Config(_))));
    assert_eq!(spool.waiting().unwrap().len(), 3);
    let mut seen = Vec::new();
    let shipped = spool.ship(ALL, true, |runs| {
        seen = runs;
        Ok(accept(&seen))
    });
    assert_eq!(shipped.unwrap(), Shipped { accepted: 3, ..Shipped::default() });
    assert_eq!(seen, [runs[1].clone(), runs[0].clone(), runs[2].clone()]);
    assert!(spool.waiting().unwrap().is_empty());
}

#[test]
fn what_makes_a_run_one_run_is_fixed_before_it_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let spool = spool(folder.path());
    spool.add(NewRun { function_name: "f".to_owned(), ..NewRun::default() }).unwrap();
    let read = || spool.read(&spool.waiting().unwrap()[0]).unwrap();
    assert!(read().request_id.is_some() && read().start_time.is_some());
    assert_eq!(read(), read());
}

#[test]
fn a_refused_run_is_set_aside_with_its_reason_and_stops_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let spool = spool(folder.path());
    for at in 0..3 {
        spool.add(run(at)).unwrap();
    }
    std::fs::write(spool.dir().join("0000000000000000-torn.json"), "{\"FunctionN").unwrap();
    let refusal = |index| RefusedRun { index, code: "Empty".to_owned(), message: "function is empty\n".to_owned() };
    let shipped = spool.ship(ALL, true, |runs| {
        Ok(PutReport { accepted: runs.len() as u64 - 1, refused: vec![refusal(1)], ..PutReport::default() })
    });
    let shipped = shipped.unwrap();
    assert_eq!((shipped.accepted, shipped.refused.len()), (2, 2));
    assert!(spool.waiting().unwrap().is_empty());
    let refused = spool.refused().unwrap();
    let reasons: Vec<_> = refused.iter().map(|run| run.refusal.clone().unwrap()).collect();
    assert!(reasons[0].contains("cannot read a run"), "{reasons:?}");
    assert_eq!(reasons[1], "Empty: function is empty");
    assert_eq!(spool.read(&refused[1]).unwrap().function_name, "f1");

    spool.retry(&refused[1]).unwrap();
    spool.remove(&refused[0]).unwrap();
    assert_eq!((spool.waiting().unwrap().len(), spool.refused().unwrap().len()), (1, 0));
    assert_eq!(std::fs::read_dir(spool.dir().join("refused")).unwrap().count(), 0);
}

#[test]
fn a_full_spool_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let spool = Spool::new(folder.path(), SpoolBounds { max_runs: 2, max_bytes: 1 << 20 });
    spool.add(run(1)).unwrap();
    let long = NewRun { log: Some("x".repeat(2 << 20)), ..run(2) };
    assert!(matches!(spool.add(long), Err(Error::SpoolFull { runs: 1, .. })));
    spool.add(run(2)).unwrap();
    let error = spool.add(run(3)).unwrap_err().to_string();
    assert!(error.contains("is full with 2 runs") && error.contains("runlog spool"), "{error}");
}

#[test]
fn many_add_and_ship_at_once_and_each_run_is_delivered_once() {
    const EACH: i64 = 25;
    let folder = tempfile::tempdir().unwrap();
    let spool = spool(folder.path());
    let delivered = AtomicU64::new(0);
    let deliver = |runs: Vec<NewRun>| {
        delivered.fetch_add(runs.len() as u64, Ordering::Relaxed);
        Ok(accept(&runs))
    };
    thread::scope(|scope| {
        for writer in 0..4 {
            let (spool, deliver) = (&spool, &deliver);
            scope.spawn(move || {
                for at in 0..EACH {
                    spool.add(run(writer * EACH + at)).unwrap();
                    spool.ship(3, at % 2 == 0, deliver).unwrap();
                }
            });
        }
    });
    spool.ship(ALL, true, deliver).unwrap();
    assert_eq!(delivered.into_inner(), 4 * EACH as u64);
    assert!(spool.waiting().unwrap().is_empty());
}
