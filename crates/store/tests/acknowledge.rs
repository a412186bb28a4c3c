//! What is not synced yet is neither visible nor acknowledged, not even as a duplicate.

mod common;

use std::io;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::Duration;

use common::{NOW_MS, Random, everything, run, tiny};
use runlog_core::{Outcome, Run, Stream};
use runlog_store::disk::sim::SimDisk;
use runlog_store::disk::{DiskFile, Entry, Map};
use runlog_store::{Disk, ManualClock, Store};

/// A disk whose files do not sync while the gate is shut.
#[derive(Clone, Default)]
struct Gated {
    disk: SimDisk,
    gate: Arc<(Mutex<bool>, Condvar)>,
}

impl Gated {
    fn shut(&self, shut: bool) {
        *self.gate.0.lock().unwrap() = shut;
        self.gate.1.notify_all();
    }
}

struct GatedFile {
    file: Box<dyn DiskFile>,
    gate: Arc<(Mutex<bool>, Condvar)>,
}

impl DiskFile for GatedFile {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.append(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        let shut = self.gate.0.lock().unwrap();
        drop(self.gate.1.wait_while(shut, |shut| *shut).unwrap());
        self.file.sync()
    }
}

impl Disk for Gated {
    fn create(&self, path: &str) -> io::Result<Box<dyn DiskFile>> {
        Ok(Box::new(GatedFile { file: self.disk.create(path)?, gate: Arc::clone(&self.gate) }))
    }

    fn map(&self, path: &str) -> io::Result<Map> {
        self.disk.map(path)
    }

    fn sync_dir(&self, path: &str) -> io::Result<()> {
        self.disk.sync_dir(path)
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.disk.rename(from, to)
    }

    fn remove(&self, path: &str) -> io::Result<()> {
        self.disk.remove(path)
    }

    fn create_dir(&self, path: &str) -> io::Result<()> {
        self.disk.create_dir(path)
    }

    fn remove_dir(&self, path: &str) -> io::Result<()> {
        self.disk.remove_dir(path)
    }

    fn list(&self, path: &str) -> io::Result<Vec<Entry>> {
        self.disk.list(path)
    }
}

fn finished(request_id: &str) -> Run {
    let mut random = Random(1);
    let stream = Arc::new(Stream { account: "1".into(), ..common::stream(&mut random) });
    Run { stream, request_id: request_id.into(), ret_code: 0, start_ms: NOW_MS - 1, ..run(&mut random) }
}

#[test]
fn a_duplicate_waits_for_the_sync_of_what_it_duplicates() {
    let disk = Gated::default();
    let store = Store::open_with(Arc::new(disk.clone()), Arc::new(ManualClock::at(NOW_MS)), tiny()).unwrap();
    let other = Run { duration_us: 77, ..finished("a") };
    disk.shut(true);
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
        disk.shut(false);
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
    let disk = Gated::default();
    let store = Store::open_with(Arc::new(disk.clone()), Arc::new(ManualClock::at(NOW_MS)), tiny()).unwrap();
    let before = disk.disk.operations();
    disk.shut(true);
    thread::scope(|scope| {
        for number in 0..8 {
            let store = &store;
            scope.spawn(move || store.append(vec![finished(&format!("r{number}"))]).unwrap());
        }
        thread::sleep(Duration::from_millis(200));
        disk.shut(false);
    });
    // The first batch alone, then all others together: each a write and a sync.
    assert_eq!(disk.disk.operations() - before, 4);
    assert_eq!(store.query(&everything("1")).unwrap().total, 8);
}
