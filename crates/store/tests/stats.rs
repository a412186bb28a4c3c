//! Counting what a store holds keeps nobody waiting.

mod common;

use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use common::hooked::{Change, Hooked};
use common::{NOW_MS, Random, everything, run, tiny};
use runlog_core::{Run, Stream};
use runlog_store::disk::sim::SimDisk;
use runlog_store::{ManualClock, Store};

/// How long anything may take before it counts as hung.
const PATIENCE: Duration = Duration::from_secs(30);

#[test]
fn a_folder_that_is_slow_to_list_delays_no_writer_and_no_query() {
    let (entered, is_listing) = channel();
    let (leave, may_leave) = channel::<()>();
    let may_leave = Mutex::new(may_leave);
    let hooked = Hooked::new(SimDisk::default(), move |change| {
        if change == Change::List("set-aside") && entered.send(()).is_ok() {
            // Sent, or the test is over.
            let _ = may_leave.lock().unwrap().recv();
        }
    });
    let store = Store::open_with(Arc::new(hooked), Arc::new(ManualClock::at(NOW_MS)), tiny()).unwrap();
    let mut random = Random(1);
    let stream = Arc::new(Stream { account: "1".into(), ..common::stream(&mut random) });
    let new = Run { stream, request_id: "r".into(), ret_code: 0, start_ms: NOW_MS - 1, ..run(&mut random) };
    thread::scope(|scope| {
        let counting = scope.spawn(|| store.stats());
        is_listing.recv_timeout(PATIENCE).expect("the folder is listed");
        let (done, wait) = channel();
        let store = &store;
        scope.spawn(move || {
            store.append(vec![new]).unwrap();
            done.send(store.query(&everything("1")).unwrap().total).unwrap();
        });
        let stored = wait.recv_timeout(PATIENCE);
        // Let go before anything is asserted, so that a failure ends the test.
        drop(leave);
        assert_eq!(stored, Ok(1));
        assert_eq!(counting.join().unwrap().last_seq, 1, "what is counted is of one moment after the folders");
    });
}
