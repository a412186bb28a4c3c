//! A slow disk holds up what needs it, and nothing else: the reactor never waits for an engine.

mod support;

use std::sync::{Arc, Condvar, Mutex};
use std::thread;

use serde_json::json;
use support::{Hooked, PATIENCE, Request, Served, eventually};

/// What the test and the engine tell each other.
#[derive(Default)]
struct State {
    /// Calls that wait.
    waiting: u32,
    is_released: bool,
}

#[test]
fn metrics_beside_a_slow_disk_hold_up_nothing_else() {
    let state = Arc::new((Mutex::new(State::default()), Condvar::new()));
    let shared = Arc::clone(&state);
    let engine = Hooked::before_folders(move || {
        let (state, changed) = &*shared;
        let mut state = state.lock().expect("a lock");
        state.waiting += 1;
        drop(changed.wait_timeout_while(state, 2 * PATIENCE, |state| !state.is_released).expect("a lock"));
    });
    let (served, _) = Served::on(Arc::new(engine));
    let readers: Vec<_> = (0..4)
        .map(|_| {
            let mut api = served.api();
            thread::spawn(move || api.metric("runlog_runs"))
        })
        .collect();
    eventually("a reader of the metrics that waits for the disk", || {
        (state.0.lock().expect("a lock").waiting > 0).then_some(())
    });
    let mut api = served.api();
    assert_eq!(api.exchange(&Request::new("GET", "/livez").header("Host", "h")).status, 200);
    assert_eq!(api.exchange(&Request::new("GET", "/readyz").header("Host", "h")).status, 200);
    api.ingest_new(&[json!({ "FunctionName": "f", "RequestId": "r", "Log": "x" })]);
    assert_eq!(api.logs(json!({ "FunctionName": "f" })).total(), 1);
    assert_eq!(api.get("/api/v1/runs")["total"], 1);
    {
        let (state, changed) = &*state;
        let mut state = state.lock().expect("a lock");
        assert_eq!(state.waiting, 1, "however many ask, one of them looks at the disk");
        state.is_released = true;
        changed.notify_all();
    }
    for reader in readers {
        assert_eq!(reader.join().expect("the metrics, at last"), 1.0);
    }
}
