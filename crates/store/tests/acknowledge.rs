//! What is not synced yet is neither visible nor acknowledged, not even as a duplicate.

mod common;

use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::Duration;

use common::hooked::{Change, Hooked};
use common::{NOW_MS, Random, everything, run, tiny};
use runlog_core::{Outcome, Run, Stream};
use runlog_store::disk::sim::SimDisk;
use runlog_store::{ManualClock, Store};

/// A gate before each sync of a file.
#[derive(Clone, Default)]
struct Gate(Arc<(Mutex<bool>, Condvar)>);

impl Gate {
    fn shut(&self, shut: bool) {
        *self.0.0.lock().unwrap() = shut;
        self.0.1.notify_all();
    }

    fn pass(&self) {
        let shut = self.0.0.lock().unwrap();
        drop(self.0.1.wait_while(shut, |shut| *shut).unwrap());
    }
}

fn gated() -> (Store, SimDisk, Gate) {
    let (disk, gate) = (SimDisk::default(), Gate::default());
    let hook = gate.clone();
    let gated = Hooked::new(disk.clone(), move |change| {
        if matches!(change, Change::Sync(_)) {
            hook.pass();
        }
    });
    (Store::open_with(Arc::new(gated), Arc::new(ManualClock::at(NOW_MS)), tiny()).unwrap(), disk, gate)
}

fn finished(request_id: &str) -> Run {
    let mut random = Random(1);
    let stream = Arc::new(Stream { account: "1".into(), ..common::stream(&mut random) });
    Run { stream, request_id: request_id.into(), ret_code: 0, start_ms: NOW_MS - 1, ..run(&mut random) }
}

#[test]
fn a_duplicate_waits_for_the_sync_of_what_it_duplicates() {
    let (store, _, gate) = gated();
    let other = Run { duration_us: 77, ..finished("a") };
    gate.shut(true);
    thread::scope(|scope| {
        let (done, wait) = channel();
        let offers = [vec![finished("a")], vec![finished("a")], vec![other.clone()]];
        for offer in offers {
            let (store, done) = (&store, done.clone());
            scope.spawn(move || done.send(store.append(offer).unwrap()).unwrap());
            // The first offer comes first.
            thread::sleep(Duration::from_millis(50));
        }
        let early = wait.recv_timeout(Duration::from_millis(200));
        let seen = (store.query(&everything("1")).unwrap().total, store.streams("1"));
        // Opened before anything is asserted, so that a failure ends the test.
        gate.shut(false);
        assert_eq!(early, Err(RecvTimeoutError::Timeout));
        assert_eq!(seen, (0, Vec::new()), "nothing is visible before it is synced");
        let mut outcomes: Vec<Outcome> = (0..3).flat_map(|_| wait.recv().unwrap()).collect();
        outcomes.sort_by_key(|outcome| format!("{outcome:?}"));
        assert!(
            matches!(outcomes[..], [Outcome::Accepted { seq: 1 }, Outcome::Duplicate, Outcome::Refused(_)]),
            "{outcomes:?}"
        );
    });
    assert_eq!(store.query(&everything("1")).unwrap().total, 1);
}

#[test]
fn batches_that_wait_share_a_sync() {
    let (store, disk, gate) = gated();
    let before = disk.operations();
    gate.shut(true);
    thread::scope(|scope| {
        for number in 0..8 {
            let store = &store;
            scope.spawn(move || store.append(vec![finished(&format!("r{number}"))]).unwrap());
        }
        thread::sleep(Duration::from_millis(200));
        gate.shut(false);
    });
    // The first batch alone, then all others together: each a write and a sync.
    assert_eq!(disk.operations() - before, 4);
    assert_eq!(store.query(&everything("1")).unwrap().total, 8);
}
