//! Runs the scenarios of the `contract` folder: requests and the answers that they must get, in every form of request.
//!
//! They run against a server of their own, or against any server that speaks the API:
//! `RUNLOG_CONTRACT_URL=http://HOST:PORT RUNLOG_CONTRACT_KEY=SECRETID:SECRETKEY cargo test --test contract`.
//! `contract/README.md` describes the files.

mod support;

use std::net::{SocketAddr, ToSocketAddrs};

use serde_json::Value;
use support::contract::{file_name, play_all, read, scenario_files};
use support::{Api, IngestReport, Key, Server};

/// The account of the second key of our own server.
const SECOND_ACCOUNT: &str = "100000000002";

/// The server that is held to the contract.
struct Target {
    address: SocketAddr,
    keys: Vec<Key>,
    _own: Option<Server>,
}

impl Target {
    fn find() -> Self {
        let Ok(url) = std::env::var("RUNLOG_CONTRACT_URL") else {
            let server = Server::start();
            // Before the first request, so that the running server has a second to notice it.
            let second = server.make_key(SECOND_ACCOUNT, &[]);
            let mut api = Api::new(server.address(), second.clone());
            support::eventually("the second key", || {
                api.call("ListFunctions", Value::Null).code().is_none().then_some(())
            });
            return Self { address: server.address(), keys: vec![Key::root(), second], _own: Some(server) };
        };
        let host = url.strip_prefix("http://").expect("an http:// URL").trim_end_matches('/');
        let address = host.to_socket_addrs().expect("HOST:PORT").next().expect("an address");
        let keys = ["RUNLOG_CONTRACT_KEY", "RUNLOG_CONTRACT_KEY_2"].iter().filter_map(|name| std::env::var(name).ok());
        let key = |pair: String| pair.split_once(':').map(|(id, key)| Key::new(id, key)).expect("SECRETID:SECRETKEY");
        let keys: Vec<Key> = keys.map(key).collect();
        assert!(!keys.is_empty(), "RUNLOG_CONTRACT_KEY=SECRETID:SECRETKEY is missing");
        Self { address, keys, _own: None }
    }
}

#[test]
fn every_scenario_holds_in_every_form_of_request() {
    let target = Target::find();
    let report = play_all(target.address, &target.keys);
    assert!(report.is_empty(), "\n{report}");
}

#[test]
fn scenarios_are_numbered_without_a_gap_and_say_what_they_are_about() {
    for (at, file) in scenario_files().iter().enumerate() {
        let name = file_name(file);
        assert!(name.starts_with(&format!("{:03}-", at + 1)), "{name} is the {}. file", at + 1);
        let scenario = read(file);
        assert!(!scenario.title.is_empty() && !scenario.steps.is_empty(), "{name}");
        for step in &scenario.steps {
            let result = IngestReport { accepted: step.accepted, duplicates: step.duplicates, refused: Vec::new() };
            let expects_ingest = result != IngestReport::default() || !step.refused.is_empty();
            let expects_answer = step.error.is_some()
                || step.total.is_some()
                || step.rows.is_some()
                || step.body.is_some()
                || !step.fields.is_empty();
            assert_eq!(expects_ingest, !step.ingest.is_empty(), "{name}: {}", step.does);
            assert_eq!(expects_answer, step.ingest.is_empty(), "{name}: {}", step.does);
        }
    }
}
