//! The Rust SDK reads a real server through the native API: pages, one run, an export, and a tail through kills.

mod support;

use std::net::TcpListener;

use runlog_client::{Client, NewRun, RunFilter, RunQuery, StartTime};
use support::{Key, Server, Setup};

const BASE_MS: i64 = 1_772_294_400_000;

fn client(server: &Server) -> Client {
    let key = Key::root();
    let builder = Client::builder(format!("http://{}", server.address()));
    builder.credential(key.secret_id, key.secret_key).build().expect("a client")
}

fn run(id: u64) -> NewRun {
    NewRun {
        function_name: format!("f{}", id % 3),
        request_id: Some(id.to_string()),
        start_time: Some(StartTime::UnixMs(BASE_MS + i64::try_from(id * 7919 % 5000).unwrap())),
        log: Some(format!("run {id}\n")),
        ..NewRun::default()
    }
}

#[test]
fn pages_one_run_and_an_export() {
    let server = Server::start();
    let client = client(&server);
    client.put_runs((0..1500).map(run)).expect("stored");
    let query =
        RunQuery { sort: Some("duration:asc".into()), limit: Some(400), as_of: Some(1500), ..RunQuery::default() };
    let mut pages = client.each_run(query);
    let mut seqs: Vec<u64> = pages.by_ref().map(|run| run.expect("a run").seq).collect();
    assert_eq!((pages.total(), seqs.len()), (Some(1500), 1500));
    seqs.sort_unstable();
    assert_eq!(seqs, (1..=1500).collect::<Vec<_>>());

    let found = client.run("77").expect("an answer");
    assert_eq!((found.len(), found[0].function_name.as_str(), found[0].log.as_str()), (1, "f2", "run 77\n"));
    assert_eq!(client.run("no such/run?").expect("an answer"), []);

    let export = client.export(&RunFilter { function: Some("f1".into()), ..RunFilter::default() }).expect("an export");
    assert_eq!((export.total(), export.as_of()), (500, 1500));
    let rows: Vec<_> = export.map(|run| run.expect("a run")).collect();
    assert_eq!(rows.len(), 500);
    assert!(rows.windows(2).all(|pair| (pair[0].start_time, pair[0].seq) > (pair[1].start_time, pair[1].seq)));

    let wrong = RunFilter { result: Some("good".into()), ..RunFilter::default() };
    for error in [client.export(&wrong).err(), client.tail(&wrong, None).next().and_then(Result::err)] {
        assert_eq!(error.expect("a refusal").code(), Some("InvalidParameter"));
    }
}

#[test]
fn a_tail_goes_on_by_itself_through_kills_and_misses_nothing() {
    // The same port after each restart, as a server in use has.
    let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port");
    let mut server = Setup::new().option("listen", &free.to_string()).start();
    let client = client(&server);
    let mut tail = client.tail(&RunFilter::default(), Some(0));
    let mut seen = Vec::new();
    for round in 0..3 {
        client.put_runs((round * 200..(round + 1) * 200).map(run)).expect("stored");
        seen.extend(tail.by_ref().take(150).map(|event| event.expect("an event").run.request_id));
        server.kill();
        server.start_again();
    }
    seen.extend(tail.by_ref().take(150).map(|event| event.expect("an event").run.request_id));
    assert_eq!(seen, (0..600).map(|id| id.to_string()).collect::<Vec<_>>());
    assert_eq!((tail.gaps(), tail.place()), (0, Some(600)));
    assert!(tail.reconnects() > 0, "the kills were not noticed");
}
