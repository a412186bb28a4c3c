//! Tails over HTTP: nothing is missed and nothing comes twice, through late records, restarts, `kill -9` and many
//! readers at a time.
#![allow(clippy::disallowed_methods, reason = "the tests wait for a while")]

mod support;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use runlog_client::{Client, RunFilter};
use serde_json::{Value, json};
use support::{Api, Key, PATIENCE, ROOT_ACCOUNT, Server, Setup, Stream, eventually, now_ms};

const BASE_MS: i64 = 1_772_294_400_000;

/// Starts jump back and forth, so that most runs are late.
fn run(id: u64) -> Value {
    let start_ms = BASE_MS + i64::try_from(id * 7919 % 100_000).unwrap() * 1000;
    json!({ "FunctionName": format!("f{}", id % 3), "RequestId": id.to_string(), "StartTime": start_ms, "Log": "line\n".repeat(id as usize % 40) })
}

fn open(api: &Api, query: &str, last: Option<u64>) -> std::io::Result<Stream> {
    let request = api.native("GET", &format!("/api/v1/tail?{query}"));
    let request = last.iter().fold(request, |request, last| request.header("Last-Event-ID", &last.to_string()));
    let (head, stream) = Stream::open(api.address, &request)?;
    assert_eq!(head.status, 200, "{}", head.text());
    assert_eq!(head.header("Content-Type"), Some("text/event-stream"));
    assert_eq!(head.header("X-Accel-Buffering"), Some("no"));
    Ok(stream)
}

/// A reader that comes back whenever it is cut off, and proves that it has missed nothing.
struct Reader {
    last: u64,
    seen: BTreeMap<u64, String>,
}

impl Reader {
    fn new() -> Self {
        Self { last: 0, seen: BTreeMap::new() }
    }

    /// Reads until the stream is cut, or until it has this many; says how it ended.
    fn read(&mut self, stream: &mut Stream, until: usize) -> std::io::Result<()> {
        let mut expected = self.last;
        while self.seen.len() < until {
            let Some(event) = stream.event()? else { return Ok(()) };
            let Some(data) = event.data else { continue };
            let seq = data["Seq"].as_u64().expect("a number");
            assert_eq!(data["PrevSeq"], expected, "nothing is in between");
            assert_eq!(event.id, Some(seq));
            let before = self.seen.insert(seq, data["RequestId"].as_str().expect("an id").to_owned());
            assert_eq!(before, None, "{seq} came twice");
            (expected, self.last) = (seq, seq);
        }
        Ok(())
    }
}

#[test]
fn nothing_is_missed_or_doubled_through_kills_and_restarts() {
    let mut server = Server::start();
    let mut reader = Reader::new();
    let mut sent = 0;
    for round in 0..6 {
        let api = server.api();
        let killed = AtomicBool::new(false);
        thread::scope(|scope| {
            let mut stream = open(&api, "from_seq=0&fields=RequestId", Some(reader.last)).expect("a tail");
            let (reader, was_killed) = (&mut reader, &killed);
            let reading = scope.spawn(move || {
                let end = reader.read(&mut stream, usize::MAX);
                assert!(was_killed.load(Ordering::SeqCst) || end.is_ok(), "{end:?}");
            });
            let mut writer = server.api();
            for _ in 0..20 {
                writer.ingest(&(sent..sent + 25).map(run).collect::<Vec<_>>());
                sent += 25;
            }
            if round % 2 == 0 {
                killed.store(true, Ordering::SeqCst);
                server.kill();
            } else {
                assert!(server.stop().success(), "{}", server.stderr());
            }
            reading.join().expect("a reader");
        });
        server.start_again();
    }
    let mut stream = open(&server.api(), "fields=RequestId", Some(reader.last)).expect("a tail");
    reader.read(&mut stream, sent as usize).expect("the rest");
    let ids: Vec<u64> = reader.seen.values().map(|id| id.parse().expect("a number")).collect();
    assert_eq!(ids, (0..sent).collect::<Vec<_>>(), "each once, in the order of acceptance");
    let seqs: Vec<u64> = reader.seen.keys().copied().collect();
    assert_eq!(seqs, (1..=sent).collect::<Vec<_>>());
}

#[test]
fn a_filtered_tail_gives_what_matches_and_says_what_was_before() {
    let server = Server::start();
    let mut api = server.api();
    api.ingest_new(&(0..30).map(run).collect::<Vec<_>>());
    let mut reader = Reader::new();
    let mut stream = open(&api, "from_seq=0&function=f1", None).expect("a tail");
    reader.read(&mut stream, 10).expect("ten events");
    assert_eq!(reader.seen.keys().copied().collect::<Vec<_>>(), (0..10).map(|at| 2 + 3 * at).collect::<Vec<_>>());
    // A start and its finish are two reports.
    api.ingest_new(&[json!({ "FunctionName": "f1", "RequestId": "x", "RetCode": 2 })]);
    api.ingest_new(&[json!({ "FunctionName": "f1", "RequestId": "x", "RetCode": 430 })]);
    reader.read(&mut stream, 12).expect("two more");
    let mut failed = open(&api, "from_seq=0&result=failed&fields=RetCode", None).expect("a tail");
    let event =
        std::iter::repeat_with(|| failed.event().expect("an event").expect("no end")).find_map(|event| event.data);
    assert_eq!(event, Some(json!({ "Seq": 32, "PrevSeq": 0, "RetCode": 430 })));
}

/// Runs of a namespace that started `days` days ago.
fn aged(namespace: &str, days: i64, ids: std::ops::Range<u64>) -> Vec<Value> {
    let start_ms = now_ms() - days * 86_400_000;
    ids.map(
        |id| json!({ "FunctionName": "f", "Namespace": namespace, "RequestId": id.to_string(), "StartTime": start_ms }),
    )
    .collect()
}

/// A server on which three runs of ten, the fourth to the sixth, were removed while nobody followed.
fn with_removed_runs() -> (Server, Server) {
    let mut server = Server::start();
    let mut api = server.api();
    api.ingest_new(&aged("kept", 21, 0..3));
    api.ingest_new(&aged("removed", 20, 3..6));
    api.ingest_new(&aged("kept", 21, 6..10));
    assert!(server.stop().success());
    let again = Setup::new().option("retention", "removed=10d").start_on(server.data());
    eventually("three runs are removed", || (again.api().metric("runlog_runs") < 8.0).then_some(()));
    (server, again)
}

#[test]
fn a_tail_that_comes_back_is_told_what_was_removed_meanwhile() {
    let (_folder, server) = with_removed_runs();
    let api = server.api();
    let gap = json!({ "AfterSeq": 2, "ToSeq": 6, "ByRetention": true, "ByDamage": false });
    for _ in 0..2 {
        let mut stream = open(&api, "fields=RequestId", Some(2)).expect("a tail");
        let mut next = || loop {
            let event = stream.event().expect("an event").expect("no end");
            if event.data.is_some() {
                return event;
            }
        };
        let seen: Vec<_> = (0..6).map(|_| next()).collect();
        let gaps: Vec<_> = seen.iter().filter(|event| event.name.is_some()).collect();
        assert_eq!(gaps.len(), 1, "told once: {seen:?}");
        assert_eq!((gaps[0].name.as_deref(), gaps[0].id, gaps[0].data.as_ref()), (Some("gap"), None, Some(&gap)));
        // It comes before the events that follow the gap.
        assert_eq!(seen.iter().position(|event| event.name.is_some()), Some(0), "{seen:?}");
        let seqs: Vec<_> = seen.iter().filter_map(|event| event.id).collect();
        assert_eq!(seqs, [3, 7, 8, 9, 10]);
    }
    // A tail that is past the gap, or wants only new reports, misses nothing.
    let mut behind = open(&api, "fields=RequestId", Some(6)).expect("a tail");
    let mut fresh = open(&api, "fields=RequestId", None).expect("a tail");
    server.api().ingest_new(&aged("kept", 1, 100..101));
    for (stream, count) in [(&mut behind, 5), (&mut fresh, 1)] {
        let events = std::iter::repeat_with(|| stream.event().expect("an event").expect("no end"));
        let seen: Vec<_> = events.filter(|event| event.data.is_some()).take(count).collect();
        assert!(seen.iter().all(|event| event.name.is_none()), "{seen:?}");
        assert_eq!(seen.last().and_then(|event| event.id), Some(11));
    }
}

#[test]
fn a_gap_is_told_also_while_nothing_that_matches_comes() {
    let (_folder, server) = with_removed_runs();
    let mut quiet = open(&server.api(), "from_seq=0&function=nothing", None).expect("a tail");
    let event =
        std::iter::repeat_with(|| quiet.event().expect("an event").expect("no end")).find(|event| event.data.is_some());
    let gap = json!({ "AfterSeq": 0, "ToSeq": 6, "ByRetention": true, "ByDamage": false });
    assert_eq!(event.and_then(|event| event.data), Some(gap));
}

#[test]
fn the_rust_client_is_told_of_a_gap_with_the_event_behind_it() {
    let (_folder, server) = with_removed_runs();
    let Key { secret_id, secret_key } = Key::root();
    let client = Client::builder(format!("http://{}", server.address())).credential(secret_id, secret_key).build();
    let client = client.expect("a client");
    let mut tail = client.tail(&RunFilter::default(), Some(2));
    let events: Vec<_> = tail.by_ref().take(5).map(|event| event.expect("an event")).collect();
    let told: Vec<_> =
        events.iter().map(|event| (event.run.seq, event.gap.map(|gap| (gap.after_seq, gap.to_seq)))).collect();
    assert_eq!(told, [(3, Some((2, 6))), (7, None), (8, None), (9, None), (10, None)]);
    assert!(events[0].gap.is_some_and(|gap| gap.by_retention && !gap.by_damage));
    assert_eq!((tail.gaps(), tail.gap()), (0, None));
}

#[test]
fn stopping_ends_every_tail_in_order_and_at_once() {
    let mut server = Server::start();
    let api = server.api();
    let mut streams: Vec<Stream> = (0..20).map(|_| open(&api, "", None).expect("a tail")).collect();
    for stream in &mut streams {
        stream.event().expect("the first words").expect("no end");
    }
    let started = Instant::now();
    assert!(server.stop().success(), "{}", server.stderr());
    assert!(started.elapsed() < Duration::from_secs(15), "the server waited for its tails");
    for mut stream in streams {
        assert_eq!(stream.event().expect("the end, not a cut"), None);
    }
}

#[test]
fn many_tails_follow_while_runs_arrive() {
    const TAILS: usize = 150;
    const RUNS: u64 = 1_500;
    let server = Server::start();
    let api = server.api();
    let threads_before = threads(&server);
    thread::scope(|scope| {
        let mut readers = Vec::new();
        for _ in 0..TAILS {
            let mut stream = open(&api, "from_seq=0&fields=RequestId", None).expect("a tail");
            readers.push(scope.spawn(move || {
                let mut reader = Reader::new();
                reader.read(&mut stream, RUNS as usize).expect("every run");
                reader.seen.into_keys().collect::<Vec<_>>()
            }));
        }
        let mut writer = server.api();
        for first in (0..RUNS).step_by(10) {
            writer.ingest_new(&(first..first + 10).map(run).collect::<Vec<_>>());
        }
        let threads_now = threads(&server);
        assert!(threads_now < threads_before + 40, "{threads_now} threads for {TAILS} tails, {threads_before} before");
        for reader in readers {
            assert_eq!(reader.join().expect("a reader"), (1..=RUNS).collect::<Vec<_>>());
        }
    });
}

/// The threads of the server's process, as far as the system tells.
fn threads(server: &Server) -> usize {
    std::fs::read_dir(format!("/proc/{}/task", server.process_id())).map_or(0, Iterator::count)
}

#[test]
fn a_reader_that_takes_nothing_keeps_nobody_waiting_and_finds_everything_later() {
    let server = Server::start();
    let api = server.api();
    let mut slow = open(&api, "from_seq=0", None).expect("a tail");
    let mut writer = server.api();
    let heavy = |id: u64| json!({ "FunctionName": "f", "RequestId": id.to_string(), "StartTime": BASE_MS, "Log": format!("{id}\n").repeat(20_000) });
    for id in 0..300 {
        writer.ingest_new(&[heavy(id)]);
    }
    let mut quick = Reader::new();
    quick.read(&mut open(&api, "from_seq=0&fields=RequestId", None).expect("a tail"), 300).expect("all of it");
    let mut late = Reader::new();
    late.read(&mut slow, 300).expect("all of it, from disk");
    assert_eq!(late.seen, quick.seen);
}

#[test]
fn a_tail_never_shows_a_function_that_was_forbidden_meanwhile() {
    let server = Server::start();
    let policy = r#"{ "version": "2.0", "statement": [
        { "effect": "allow", "action": "scf:GetFunctionLogs", "resource": "*" },
        { "effect": "deny", "action": "scf:GetFunctionLogs",
          "resource": "qcs::scf::uin/100000000001:namespace/default/function/secret" } ] }"#;
    let key = server.make_key(ROOT_ACCOUNT, &[policy]);
    let reader = Api::new(server.address(), key);
    let mut stream = eventually("the key", || {
        let request = reader.native("GET", "/api/v1/tail?from_seq=0&fields=FunctionName");
        Stream::open(server.address(), &request).ok().filter(|(head, _)| head.status == 200).map(|(_, stream)| stream)
    });
    let mut api = server.api();
    for function in ["open", "secret", "open"] {
        api.ingest_new(&[json!({ "FunctionName": function })]);
    }
    let started = Instant::now();
    let mut seen = Vec::new();
    while seen.len() < 2 && started.elapsed() < PATIENCE {
        seen.extend(stream.event().expect("an event").expect("no end").data);
    }
    let event = |seq: u64, prev: u64| json!({ "Seq": seq, "PrevSeq": prev, "FunctionName": "open" });
    assert_eq!(seen, [event(1, 0), event(3, 1)]);
}
