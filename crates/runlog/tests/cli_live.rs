//! `runlog tail`, `query --follow` and `follow` against a real server: what comes while they run, through restarts of
//! the server, and how they end.
#![allow(clippy::disallowed_methods, reason = "the tests read and write files")]

mod support;

use std::io::{BufRead, BufReader, Read};
use std::net::TcpListener;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Value, json};
use support::{Place, Server, Setup, eventually};

/// A command that runs beside the test.
struct Beside {
    child: Child,
    out: Arc<Mutex<String>>,
    err: Arc<Mutex<String>>,
    readers: Vec<std::thread::JoinHandle<()>>,
}

impl Beside {
    fn start(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program");
        let (out, err) = (Arc::default(), Arc::default());
        let readers = vec![
            gather(child.stdout.take().expect("a pipe"), &out),
            gather(child.stderr.take().expect("a pipe"), &err),
        ];
        Self { child, out, err, readers }
    }

    fn out(&self) -> String {
        self.out.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn err(&self) -> String {
        self.err.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn wait_for_out(&self, text: &str) {
        eventually(&format!("`{text}` in {} / {}", self.out(), self.err()), || self.out().contains(text).then_some(()));
    }

    fn wait_for_err(&self, text: &str) {
        eventually(&format!("`{text}` in {}", self.err()), || self.err().contains(text).then_some(()));
    }

    fn signal(&self, name: &str) {
        let kill = format!("kill -{name} {}", self.child.id());
        assert!(Command::new("sh").args(["-c", &kill]).status().expect("a shell").success(), "{kill}");
    }

    /// Waits for the end, and for all that was printed; the exit code.
    fn end(&mut self) -> i32 {
        let status: ExitStatus = eventually("the end", || self.child.try_wait().expect("a process"));
        for reader in self.readers.drain(..) {
            reader.join().expect("a reader");
        }
        status.code().unwrap_or_else(|| panic!("{status}: {}", self.err()))
    }

    /// The request ids of lines of NDJSON.
    fn ids(&self) -> Vec<String> {
        let id = |line: &str| Some(serde_json::from_str::<Value>(line).ok()?["RequestId"].as_str()?.to_owned());
        self.out().lines().map(|line| id(line).unwrap_or_else(|| panic!("no run: {line}"))).collect()
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        // It has mostly ended before.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn gather(pipe: impl Read + Send + 'static, into: &Arc<Mutex<String>>) -> std::thread::JoinHandle<()> {
    let into = Arc::clone(into);
    std::thread::spawn(move || {
        let mut reader = BufReader::new(pipe);
        let mut line = Vec::new();
        while reader.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
            into.lock().unwrap_or_else(PoisonError::into_inner).push_str(&String::from_utf8_lossy(&line));
            line.clear();
        }
    })
}

/// A server that comes back to the same port.
fn server_on_a_port() -> Server {
    let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port");
    Setup::new().option("listen", &free.to_string()).start()
}

fn run(function: &str, id: &str, ret_code: i32) -> Value {
    json!({ "FunctionName": function, "RequestId": id, "StartTime": "2026-07-01 08:00:00", "Duration": 1500,
            "RetCode": ret_code, "Log": format!("log of {id}\n") })
}

/// Numbers as ids.
fn ids(range: std::ops::Range<u32>) -> Vec<String> {
    range.map(|id| id.to_string()).collect()
}

fn runs(range: std::ops::Range<u32>) -> Vec<Value> {
    range.map(|id| run("f", &id.to_string(), 0)).collect()
}

#[test]
fn a_tail_prints_what_is_accepted_and_ends_with_the_proof_that_nothing_was_missed() {
    let server = Server::start();
    let mut api = server.api();
    api.ingest_new(&[run("f", "before", 0)]);
    for (signal, format) in [("INT", "ndjson"), ("TERM", "json")] {
        let mut tail = Beside::start(&mut Place::at(&server).runlog(&["tail", "f", "-o", format]));
        tail.wait_for_err("Ctrl-C ends it");
        let id = |kind: &str| format!("{kind}-{signal}");
        api.ingest_new(&[run("f", &id("one"), 0), run("other", &id("two"), 0), run("f", &id("three"), 430)]);
        tail.wait_for_out(&id("three"));
        tail.signal(signal);
        assert_eq!(tail.end(), 0, "{}", tail.err());
        assert_eq!(tail.ids(), [id("one"), id("three")]);
        assert_eq!(tail.err().lines().last(), Some("2 runs, 0 missed"));
    }
}

#[test]
fn a_tail_under_nohup_goes_on_when_its_terminal_is_gone() {
    let server = Server::start();
    let tail = Place::at(&server).runlog(&["tail", "-o", "ndjson", "--count", "1"]);
    let mut nohup = Command::new("sh");
    nohup.args(["-c", "trap '' HUP; exec \"$0\" \"$@\""]).arg(tail.get_program()).args(tail.get_args());
    nohup.env_clear().envs(tail.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let mut tail = Beside::start(&mut nohup);
    tail.wait_for_err("Ctrl-C ends it");
    tail.signal("HUP");
    server.api().ingest_new(&runs(0..1));
    assert_eq!(tail.end(), 0, "{}", tail.err());
    assert_eq!(tail.ids(), ids(0..1));
}

#[test]
fn people_see_a_run_begin_and_end_and_programs_every_report() {
    let server = Server::start();
    let mut api = server.api();
    let tails = ["table", "wide", "raw", "ndjson", "text"].map(|format| {
        let args = ["tail", "-o", format, "--count", "2", "--color", "never"];
        (format, Beside::start(&mut Place::at(&server).runlog(&args)))
    });
    tails.iter().for_each(|(_, tail)| tail.wait_for_err("Ctrl-C ends it"));
    for seconds in 1..=3 {
        let mut running = run("f", "long", 2);
        running["Duration"] = json!(seconds * 1000);
        api.ingest(&[running]);
    }
    api.ingest(&[run("f", "long", 430), run("f", "short", 0)]);
    for (format, mut tail) in tails {
        assert_eq!(tail.end(), 0, "{format}: {}", tail.err());
        assert!(tail.err().ends_with("2 runs, 0 missed\n"), "{format}: {}", tail.err());
        let out = tail.out();
        match format {
            "table" | "wide" => {
                let words = ["REQUEST ID", "running", "failed", "ok"];
                let lines: Vec<&str> = out.lines().collect();
                assert_eq!(lines.len(), words.len(), "{out}");
                assert!(lines.iter().zip(words).all(|(line, word)| line.contains(word)), "{out}");
            }
            "raw" => assert_eq!(out, "log of long\nlog of short\n"),
            "text" => assert_eq!(out.matches("Request id").count(), 2, "{out}"),
            _ => assert_eq!(tail.ids(), ["long", "long", "long", "long", "short"]),
        }
    }
}

#[test]
fn a_tail_outlives_kills_of_its_server_and_neither_misses_nor_repeats() {
    let mut server = server_on_a_port();
    let mut tail = Beside::start(&mut Place::at(&server).runlog(&["tail", "-o", "ndjson", "--from-seq", "0"]));
    tail.wait_for_err("Ctrl-C ends it");
    for round in 0..3 {
        server.api().ingest_new(&runs(round * 100..(round + 1) * 100));
        server.kill();
        server.start_again();
    }
    server.api().ingest_new(&runs(300..301));
    eventually("the last run", || (tail.ids().len() == 301).then_some(()));
    tail.signal("INT");
    assert_eq!(tail.end(), 0, "{}", tail.err());
    assert_eq!(tail.ids(), ids(0..301));
    assert_eq!(tail.err().lines().last(), Some("301 runs, 0 missed"));
}

#[test]
fn a_tail_that_is_cut_says_where_to_go_on_and_ends_with_5() {
    let mut server = server_on_a_port();
    let place = Place::at(&server);
    let mut tail = Beside::start(&mut place.runlog(&["tail", "-o", "ndjson", "--retry-for", "1s"]));
    tail.wait_for_err("Ctrl-C ends it");
    server.api().ingest_new(&runs(0..3));
    eventually("three runs", || (tail.ids().len() == 3).then_some(()));
    server.kill();
    assert_eq!(tail.end(), 5, "{}", tail.err());
    let told = tail.err();
    assert!(
        told.contains("retrying") && told.contains("3 runs, 0 missed; the connection to the server is lost"),
        "{told}"
    );
    assert!(told.contains("--from-seq 3"), "{told}");

    // Ended by hand while the server is away.
    server.start_again();
    let mut tail = Beside::start(&mut place.runlog(&["tail", "-o", "ndjson", "--from-seq", "1"]));
    eventually("two runs", || (tail.ids().len() == 2).then_some(()));
    server.kill();
    tail.wait_for_err("retrying");
    tail.signal("INT");
    assert_eq!(tail.end(), 5, "{}", tail.err());
    assert!(tail.err().contains("2 runs, 0 missed; the connection to the server is lost"), "{}", tail.err());
}

#[test]
fn a_tail_says_what_was_removed_before_it_came_there_and_ends_with_5() {
    let mut server = Server::start();
    let aged = |namespace: &str, days: i64, ids: std::ops::Range<u32>| -> Vec<Value> {
        let of = |mut run: Value| {
            run["Namespace"] = json!(namespace);
            run["StartTime"] = json!(support::now_ms() - days * 86_400_000);
            run
        };
        runs(ids).into_iter().map(of).collect()
    };
    server.api().ingest_new(&aged("kept", 21, 0..3));
    server.api().ingest_new(&aged("removed", 20, 3..6));
    server.api().ingest_new(&aged("kept", 21, 6..10));
    assert!(server.stop().success());
    let server = Setup::new().option("retention", "removed=10d").start_on(server.data());
    eventually("three runs are removed", || (server.api().metric("runlog_runs") < 8.0).then_some(()));
    for (from_seq, count, words, code) in
        [("2", "5", "5 runs, up to 4 missed", 5), ("6", "4", "4 runs, 0 missed", 0), ("0", "7", "7 runs, 0 missed", 0)]
    {
        let args = ["tail", "-o", "ndjson", "--from-seq", from_seq, "--count", count];
        let mut tail = Beside::start(&mut Place::at(&server).runlog(&args));
        assert_eq!(tail.end(), code, "{}", tail.err());
        assert_eq!(tail.err().lines().last(), Some(words));
        let warning =
            "warning: runs after 2 up to 6 may be missing: retention removed them before the tail reached them";
        assert_eq!(tail.err().contains(warning), code == 5, "{}", tail.err());
    }
}

#[test]
fn a_tail_whose_reader_has_gone_is_no_error() {
    let server = Server::start();
    let mut child = Place::at(&server)
        .runlog(&["tail", "-o", "raw", "--from-seq", "0"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program");
    let mut out = BufReader::new(child.stdout.take().expect("a pipe"));
    server.api().ingest_new(&runs(0..1));
    let mut line = String::new();
    out.read_line(&mut line).expect("a line");
    assert_eq!(line, "log of 0\n");
    drop(out);
    server.api().ingest_new(&runs(1..2));
    let status = eventually("the end", || child.try_wait().expect("a process"));
    assert_eq!(status.code(), Some(0));
}

#[test]
fn a_query_that_is_followed_begins_with_what_is_there() {
    let server = Server::start();
    server.api().ingest_new(&runs(0..5));
    let args = ["query", "-f", "f", "--limit", "3", "-o", "ndjson"];
    let mut query = Beside::start(&mut Place::at(&server).runlog(&args));
    eventually("three runs", || (query.ids().len() == 3).then_some(()));
    server.api().ingest_new(&[run("g", "no", 0), run("f", "5", 0)]);
    query.wait_for_out("log of 5");
    query.signal("INT");
    assert_eq!(query.end(), 0, "{}", query.err());
    assert_eq!(query.ids(), ids(2..6));
    assert_eq!(query.err(), "4 runs, 0 missed\n");
}

#[test]
fn only_slow_runs_are_followed_where_that_is_asked_for() {
    let server = Server::start();
    let timed = |id: &str, ms: u32| {
        let mut run = run("f", id, 0);
        run["Duration"] = json!(ms);
        run
    };
    let args = ["tail", "--slow", "1s", "-o", "ndjson", "--from-seq", "0", "--count", "2"];
    let mut tail = Beside::start(&mut Place::at(&server).runlog(&args));
    server.api().ingest_new(&[timed("a", 999), timed("b", 1000), timed("c", 1), timed("d", 5000)]);
    assert_eq!(tail.end(), 0, "{}", tail.err());
    assert_eq!(tail.ids(), ["b", "d"]);
}

/// A command that prints `one`, then `two` when a file is there, and ends with 7.
fn job(place: &Place, id: &str) -> Beside {
    job_with(place, id, "echo one")
}

fn job_with(place: &Place, id: &str, first: &str) -> Beside {
    let gate = place.path(&format!("gate-{id}"));
    let script = format!("{first}; while [ ! -e '{}' ]; do sleep 0.02; done; echo two; exit 7", gate.display());
    Beside::start(&mut place.shell("job", &["--request-id", id], &script))
}

fn open_gate(place: &Place, id: &str) {
    std::fs::write(place.path(&format!("gate-{id}")), "").expect("a file");
}

#[test]
fn a_run_is_followed_while_it_prints_and_to_its_exit_code() {
    let server = Server::start();
    let place = Place::at(&server);
    let waiting = Beside::start(&mut place.runlog(&["follow", "r1", "--wait"]));
    let mut job = job(&place, "r1");
    waiting.wait_for_out("one\n");
    assert!(!waiting.out().contains("two"), "it is still to come");
    let late = Beside::start(&mut place.runlog(&["follow", "r1", "-F", "job"]));
    late.wait_for_out("one\n");
    open_gate(&place, "r1");
    assert_eq!(job.end(), 7);
    let log = place.runlog(&["show", "r1", "--log"]).output().expect("the program").stdout;
    for mut follow in [waiting, late] {
        assert_eq!(follow.end(), 7, "{}", follow.err());
        assert_eq!(follow.out().into_bytes(), log, "each byte once");
        assert!(follow.err().contains("job: failed after") && follow.err().contains("exit code 7"), "{}", follow.err());
    }
    // One that is over is printed whole.
    let mut over = Beside::start(&mut place.runlog(&["follow", "r1"]));
    assert_eq!((over.end(), over.out().into_bytes()), (7, log));
    let mut never = Beside::start(&mut place.runlog(&["follow", "r2", "--wait=1s"]));
    assert_eq!(never.end(), 1);
    assert!(never.err().contains("there is no run `r2`"), "{}", never.err());
}

#[test]
fn the_exit_code_of_a_run_that_a_signal_ended_is_that_of_a_shell() {
    let server = Server::start();
    let place = Place::at(&server);
    for (id, script, expected) in [("kill", "kill -KILL $$", 137), ("fine", "exit 0", 0), ("other", "exit 200", 200)] {
        place.run("job", &["--request-id", id], script);
        let mut follow = Beside::start(&mut place.runlog(&["follow", id]));
        assert_eq!(follow.end(), expected, "{id}: {}", follow.err());
    }
}

#[test]
fn a_run_is_followed_through_a_restart_of_the_server() {
    let mut server = server_on_a_port();
    let place = Place::at(&server);
    let mut job = job(&place, "r1");
    let mut follow = Beside::start(&mut place.runlog(&["follow", "r1", "--wait"]));
    let mut impatient = Beside::start(&mut place.runlog(&["follow", "r1", "--wait", "--retry-for", "500ms"]));
    for follow in [&follow, &impatient] {
        follow.wait_for_out("one\n");
    }
    server.kill();
    assert_eq!(impatient.end(), 5, "{}", impatient.err());
    follow.wait_for_err("retrying");
    server.start_again();
    follow.wait_for_err("is back");
    open_gate(&place, "r1");
    assert_eq!(job.end(), 7, "{}", job.err());
    assert_eq!(follow.end(), 7, "{}", follow.err());
    assert!(follow.out().contains("one\ntwo\n"), "{}", follow.out());
}

#[test]
fn an_output_that_is_too_long_for_its_reports_is_followed_without_saying_anything_twice() {
    let server = Server::start();
    let place = Place::at(&server);
    let mut job = job_with(&place, "r1", "seq -f 'line %06g of a long output' 1 20000");
    let mut follow = Beside::start(&mut place.runlog(&["follow", "r1", "--wait"]));
    follow.wait_for_out("line 020000 of");
    open_gate(&place, "r1");
    assert_eq!((job.end(), follow.end()), (7, 7), "{}", follow.err());
    let out = follow.out();
    let numbers: Vec<u32> = out.lines().filter_map(|line| line.strip_prefix("line ")?.get(..6)?.parse().ok()).collect();
    assert!(numbers.windows(2).all(|pair| pair[0] < pair[1]), "a line came twice, or in another order");
    assert!(numbers.first() == Some(&1) && numbers.last() == Some(&20000) && numbers.len() > 5000, "{}", numbers.len());
    assert_eq!(out.matches("START RequestId").count() + out.matches("END RequestId").count(), 2);
    assert!(out.contains("two\nEND RequestId: r1\n"), "{out}");
}
