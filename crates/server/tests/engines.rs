//! Every scenario of the contract, in process, on each engine: the store and the reference engine.

mod support;

use std::sync::Arc;

use runlog_core::{Engine, NaiveEngine};
use runlog_store::{Options, Store};
use support::contract::play_all;
use support::{Key, Served, now_ms};

fn holds_on(engine: Arc<dyn Engine>) {
    let (served, second) = Served::on(engine);
    let report = play_all(served.address, &[Key::root(), second]);
    assert!(report.is_empty(), "\n{report}");
}

#[test]
fn every_scenario_holds_on_the_reference_engine() {
    holds_on(Arc::new(NaiveEngine::new(now_ms)));
}

#[test]
fn every_scenario_holds_on_the_store() {
    let folder = tempfile::tempdir().expect("a folder");
    holds_on(Arc::new(Store::open(folder.path(), Options::default()).expect("a store")));
}
