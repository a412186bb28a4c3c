//! `runlog canary` against a real server, through kills, and through a proxy that misbehaves: it finds nothing where
//! nothing is wrong, and each fault where there is one.

mod support;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};

use serde_json::Value;
use support::{Key, Place, Proxy, Server, Trick, Where, eventually, stderr, stdout};

/// A canary that asks at an address.
fn canary(address: SocketAddr, args: &[&str]) -> Command {
    let place = Place { folder: tempfile::tempdir().expect("a folder"), endpoint: format!("http://{address}") };
    let mut command = place.runlog(&["canary", "-o", "json"]);
    command.args(args);
    command
}

/// What a canary that has ended found.
fn found(command: &mut Command, code: i32) -> Value {
    let output = command.output().expect("the program");
    assert_eq!(output.status.code(), Some(code), "{}{}", stdout(&output), stderr(&output));
    serde_json::from_str(&stdout(&output)).unwrap_or_else(|error| panic!("{error}: {}", stdout(&output)))
}

/// A canary in the background, killed when a test fails.
struct Singing(Child);

impl Singing {
    /// Asks it to stop, and gives what it found.
    fn stop(mut self) -> (Option<i32>, Value) {
        let status = Command::new("kill").args(["-TERM", &self.0.id().to_string()]).status().expect("kill");
        assert!(status.success());
        let mut text = String::new();
        self.0.stdout.take().expect("a pipe").read_to_string(&mut text).expect("its result");
        let code = self.0.wait().expect("its end").code();
        (code, serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}")))
    }
}

impl Drop for Singing {
    fn drop(&mut self) {
        // Both fail where it has ended.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The value of a metric of a canary; 0 while there is none.
fn metric(address: &str, name: &str) -> f64 {
    let mut stream = TcpStream::connect(address).expect("the canary");
    write!(stream, "GET /metrics HTTP/1.1\r\nHost: {address}\r\n\r\n").expect("a request");
    let mut text = String::new();
    stream.read_to_string(&mut text).expect("an answer");
    assert!(text.starts_with("HTTP/1.1 200 OK") && text.ends_with("# EOF\n"), "{text}");
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.map_or(0.0, |value| value.parse().expect("a number"))
}

#[test]
fn a_good_server_has_no_faults() {
    let server = Server::start();
    let once = found(&mut canary(server.address(), &["--once"]), 0);
    assert_eq!((&once["written"], &once["acknowledged"], &once["is_good"]), (&1.into(), &1.into(), &true.into()));
    let some =
        found(&mut canary(server.address(), &["--interval", "10ms", "--duration", "2s", "--namespace", "watch"]), 0);
    assert!(some["acknowledged"].as_u64().is_some_and(|runs| runs > 3), "{some}");
    assert_eq!((&some["late"], &some["unchecked"]), (&0.into(), &0.into()), "{some}");
    for step in ["write_to_acknowledged", "acknowledged_to_tail", "acknowledged_to_query"] {
        let of = &some["latency_ms"][step];
        assert!(of["p50"].as_f64().is_some() && of["p99"].as_f64() >= of["p50"].as_f64(), "{some}");
    }
    let total = server.api().get("/api/v1/runs?function=runlog-canary&namespace=watch&limit=0")["total"].clone();
    assert_eq!(total, some["written"], "what it says is what is there");
}

#[test]
fn nothing_acknowledged_is_missing_after_kills() {
    let mut server = Server::start();
    let proxy = Proxy::start(server.address(), None, "");
    let mut command = canary(proxy.address, &["--interval", "10ms", "--listen", "127.0.0.1:0", "--patience", "2m"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program");
    let mut errors = BufReader::new(child.stderr.take().expect("a pipe"));
    let singing = Singing(child);
    let mut line = String::new();
    errors.read_line(&mut line).expect("where its metrics are");
    let address = line.trim().strip_prefix("metrics at http://").and_then(|rest| rest.strip_suffix("/metrics"));
    let address = address.unwrap_or_else(|| panic!("no address in {line}")).to_owned();
    let acknowledged = || metric(&address, "runlog_canary_acknowledged_total");
    for _ in 0..2 {
        let before = acknowledged();
        eventually("some runs", || (acknowledged() >= before + 10.0).then_some(()));
        server.kill();
        let failed = metric(&address, "runlog_canary_failed_calls_total");
        eventually("a call that fails", || {
            (metric(&address, "runlog_canary_failed_calls_total") > failed).then_some(())
        });
        server.start_again();
        proxy.send_to(server.address());
        let before = acknowledged();
        eventually("runs after the kill", || (acknowledged() >= before + 10.0).then_some(()));
    }
    let (code, found) = singing.stop();
    assert_eq!(code, Some(0), "{found}");
    assert_eq!((&found["missing"], &found["duplicate"], &found["out_of_order"]), (&0.into(), &0.into(), &0.into()));
    assert!(found["failed_calls"].as_u64().is_some_and(|calls| calls > 0), "{found}");
    let total = server.api().get("/api/v1/runs?function=runlog-canary&limit=0")["total"].as_u64();
    assert!(total >= found["acknowledged"].as_u64(), "{found}");
}

#[test]
fn every_trick_of_a_server_is_found() {
    let server = Server::start();
    for (trick, place, fault) in [
        (Trick::Drop, Where::Export, "missing_native"),
        (Trick::Drop, Where::OneRun, "missing_native"),
        (Trick::Drop, Where::Signed, "missing_signed"),
        (Trick::Drop, Where::Tail, "missing_tail"),
        (Trick::Double, Where::Export, "duplicate_native"),
        (Trick::Double, Where::OneRun, "duplicate_native"),
        (Trick::Double, Where::Signed, "duplicate_signed"),
        (Trick::Double, Where::Tail, "duplicate_tail"),
        (Trick::Swap, Where::Export, "out_of_order_native"),
        (Trick::Swap, Where::Tail, "missing_tail"),
    ] {
        let proxy = Proxy::start(server.address(), Some((trick, place)), "-2");
        let args = ["--interval", "20ms", "--runs", "5", "--patience", "3s"];
        let found = found(&mut canary(proxy.address, &args), 1);
        assert!(found["faults"][fault].as_u64().is_some_and(|count| count > 0), "{trick:?} {place:?}: {found}");
        assert_eq!(found["is_good"], false);
        assert!(!found["examples"].as_array().expect("examples").is_empty(), "{found}");
    }
}

#[test]
fn a_key_that_is_not_accepted_and_a_server_that_is_not_there() {
    let server = Server::start();
    let output = canary(server.address(), &["--once"]).env("RUNLOG_SECRET_KEY", "wrong").output().expect("the program");
    assert_eq!(output.status.code(), Some(4), "{}", stderr(&output));
    let reader = server.make_key(
        support::ROOT_ACCOUNT,
        // It may put runs, but not those of the canary.
        &[r#"{"version":"2.0","statement":[{"effect":"allow","action":"scf:*","resource":"*"},
            {"effect":"allow","action":"runlog:PutRuns","resource":"qcs::scf:::namespace/elsewhere/function/*"}]}"#],
    );
    let Key { secret_id, secret_key } = reader;
    let output = eventually("the key", || {
        let mut command = canary(server.address(), &["--once"]);
        let output = command.env("RUNLOG_SECRET_ID", &secret_id).env("RUNLOG_SECRET_KEY", &secret_key).output();
        Some(output.expect("the program")).filter(|output| output.status.code() != Some(4))
    });
    assert!(output.status.code() == Some(1) && stderr(&output).contains("refuses the canary's runs"), "{output:?}");
    let place = Place::without_server();
    let output = place.runlog(&["canary", "--once"]).output().expect("the program");
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
}
