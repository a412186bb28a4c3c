//! What somebody without a right signature can make the server do: little, and never for long.
#![allow(clippy::disallowed_methods, reason = "the tests are clients on real sockets")]

mod support;

use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::{Value, json};
use support::{Answer, Connection, Form, Request, Server, Setup, Watch, eventually};
use tokio::net::TcpSocket;

/// A request whose body is said to have almost 10 MiB, and is not sent.
fn head_of(mut request: Request) -> Request {
    request.set_header("Content-Length", &((10 << 20) - 1).to_string());
    request.body.clear();
    request
}

/// A signed call as it is, and with things about it that a body cannot make right.
fn calls(server: &Server) -> (Request, Vec<(&'static str, Request, &'static str)>) {
    let call = server.api().unsigned("GetFunctionLogs", json!({}));
    let good = call.request(Form::JSON);
    let with = |name: &str, value: &str| {
        let mut request = good.clone();
        request.set_header(name, value);
        request
    };
    let authorization = good.get_header("Authorization").expect("a signature").to_owned();
    let unknown = authorization.replacen("Credential=", "Credential=AKIDnobody", 1);
    let mut nothing = good.clone();
    nothing.remove_header("Authorization");
    let bad = vec![
        ("no credentials", nothing, "MissingParameter"),
        ("garbage", with("Authorization", "TC3-HMAC-SHA256 x"), "AuthFailure.InvalidAuthorization"),
        ("an unknown key", with("Authorization", &unknown), "AuthFailure.SecretIdNotFound"),
        ("another form", with("Content-Type", "text/plain"), "InvalidRequest"),
    ];
    (good, bad)
}

#[test]
fn a_head_that_no_body_can_make_right_is_refused_without_the_body() {
    let server = Server::start();
    let (_, bad) = calls(&server);
    for (about, request, code) in bad {
        let mut connection = Connection::open(server.address());
        connection.write(&head_of(request).bytes()).expect("a head");
        // There is an answer although no byte of the body was sent.
        assert_eq!(Answer::read(&connection.read().expect(about)).code(), Some(code), "{about}");
    }
    for path in ["/api/v1/runs", "/v1/logs"] {
        let request = Request::new("POST", path).header("Host", "h").header("Content-Type", "application/json");
        let request = request.header("X-TC-Timestamp", "1");
        for authorization in [
            "TC3-HMAC-SHA256 x",
            "TC3-HMAC-SHA256 Credential=AKIDx/1970-01-01/scf/tc3_request, SignedHeaders=host, Signature=00",
        ] {
            let mut connection = Connection::open(server.address());
            let request = head_of(request.clone().header("Authorization", authorization));
            connection.write(&request.bytes()).expect("a head");
            assert_eq!(connection.read().expect("an answer").status, 401, "{path}: {authorization}");
        }
    }
}

#[test]
fn bodies_that_are_not_verified_yet_have_one_budget_and_small_calls_get_through() {
    const SENDERS: usize = 40;
    const SENT_BYTES: usize = 4 << 20;
    let server = Setup::new().option("client-timeout", "300").start();
    let (good, _) = calls(&server);
    let watch = Watch::begin(server.process_id());
    // The SecretId is known, so bodies are read: 160 MiB, of which 48 fit.
    let senders: Vec<Connection> = (0..SENDERS)
        .map(|_| {
            let mut connection = Connection::open(server.address());
            connection.write(&head_of(good.clone()).bytes()).expect("a head");
            // From a sender that is refused, the server does not take it all.
            let _ = connection.write(&vec![b' '; SENT_BYTES]);
            connection
        })
        .collect();
    let mut large = good.clone();
    large.body = vec![b' '; 2 << 20];
    let refused = eventually("a refusal", || {
        let response = Connection::open(server.address()).exchange(&large).ok()?;
        Some(Answer::read(&response)).filter(|answer| answer.code() == Some("ServiceUnavailable"))
    });
    assert!(refused.text.contains("unverified_memory"), "{}", refused.text);
    assert_eq!(server.api().logs(json!({})).code(), None, "a small call is served meanwhile");
    let above = watch.end();
    println!("{SENDERS} senders of {} MiB: peak {} MiB above idle", SENT_BYTES >> 20, above >> 20);
    assert!(above < 128 << 20, "{} MiB above idle", above >> 20);
    drop(senders);
    eventually("room again", || {
        let response = Connection::open(server.address()).exchange(&large).ok()?;
        (Answer::read(&response).code() == Some("AuthFailure.SignatureFailure")).then_some(())
    });
}

#[test]
fn a_body_that_drips_is_cut_off() {
    let server = Setup::new().option("client-timeout", "1").start();
    let (good, _) = calls(&server);
    let basic = server.api().native("POST", "/api/v1/runs");
    let mut drips: Vec<Connection> = [good, basic]
        .map(|request| {
            let mut connection = Connection::open(server.address());
            connection.write(&head_of(request).bytes()).expect("a head");
            connection
        })
        .into();
    // Bytes come more often than the longest pause allows, until the server has enough of it.
    eventually("the end of both", || {
        std::thread::sleep(Duration::from_millis(300));
        let written: Vec<bool> = drips.iter_mut().map(|drip| drip.write(b" ").is_err()).collect();
        written.into_iter().all(|failed| failed).then_some(())
    });
    assert_eq!(server.api().logs(Value::Null).code(), None);
}

/// A connection from another address of this machine.
fn connect_from(from: &str, to: SocketAddr) -> Connection {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let stream = runtime.block_on(async {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.bind(format!("{from}:0").parse().expect("an address")).expect("an address of this machine");
        socket.connect(to).await.expect("a connection").into_std().expect("a socket")
    });
    stream.set_nonblocking(false).expect("a socket");
    Connection::of(stream)
}

#[test]
fn one_address_cannot_take_all_places_and_health_checks_get_through() {
    let server = Setup::new().option("max-connections", "16").start();
    let (good, _) = calls(&server);
    let drip = |_| {
        let mut connection = Connection::open(server.address());
        connection.write(&head_of(good.clone()).bytes()).expect("a head");
        connection
    };
    let flood: Vec<Connection> = (0..16).map(drip).collect();
    let ask = |mut connection: Connection, path: &str| {
        let request = Request::new("GET", path).header("Host", "h");
        connection.exchange(&request).expect("an answer")
    };
    let refused = eventually("the share to be used up", || {
        Some(ask(Connection::open(server.address()), "/openapi.json")).filter(|answer| answer.status == 503)
    });
    assert!(refused.text().contains("max_connections_per_address"), "{}", refused.text());
    for path in ["/livez", "/readyz"] {
        assert_eq!(ask(Connection::open(server.address()), path).status, 200, "{path} from the address of the flood");
    }
    assert_eq!(ask(connect_from("127.0.0.2", server.address()), "/openapi.json").status, 200, "another address");
    drop(flood);
    eventually("places again", || {
        (ask(Connection::open(server.address()), "/openapi.json").status == 200).then_some(())
    });
}

#[test]
fn a_flood_of_connections_leaves_the_store_its_files() {
    const MORE_THAN_A_MEMTABLE: usize = 100_001;
    let server = Setup::new().open_files(256).start();
    let mut api = server.api();
    // An open connection goes on to write.
    api.ingest_new(&[json!({ "FunctionName": "first" })]);
    let flood: Vec<TcpStream> = (0..300).filter_map(|_| TcpStream::connect(server.address()).ok()).collect();
    let runs: String =
        (0..MORE_THAN_A_MEMTABLE).map(|id| format!("{{\"FunctionName\":\"f\",\"RequestId\":\"{id}\"}}\n")).collect();
    let response = api.exchange(&api.native("POST", "/api/v1/runs").body(runs));
    assert_eq!(response.json()["accepted"], MORE_THAN_A_MEMTABLE, "{}", response.text());
    // The next log file could be made.
    api.ingest_new(&[json!({ "FunctionName": "last" })]);
    let ready = Connection::open(server.address()).exchange(&Request::new("GET", "/readyz").header("Host", "h"));
    assert_eq!(ready.expect("an answer").status, 200);
    drop(flood);
}
