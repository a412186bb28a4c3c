//! A client of a server: signed calls, and runs put in.

use std::net::SocketAddr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::{Answer, Call, Connection, Form, Key, Request, Response, eventually};

/// The rows after which the engine writes a segment.
const MEMTABLE_ROWS: u64 = 100_000;

/// A key and a connection to a server.
pub(crate) struct Api {
    pub(crate) address: SocketAddr,
    pub(crate) key: Key,
    /// Which requests carry; `None` leaves it to the server.
    pub(crate) region: Option<String>,
    pub(crate) language: Option<String>,
    connection: Connection,
}

/// What became of the records of one ingest request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct IngestReport {
    pub(crate) accepted: u64,
    pub(crate) duplicates: u64,
    /// Line and code of each refusal.
    pub(crate) refused: Vec<(u64, String)>,
}

impl Api {
    pub(crate) fn new(address: SocketAddr, key: Key) -> Self {
        let connection = Connection::open(address);
        Self { address, key, region: Some(super::REGION.to_owned()), language: None, connection }
    }

    pub(crate) fn region(mut self, region: &str) -> Self {
        self.region = Some(region.to_owned());
        self
    }

    /// A call that is still to be signed.
    pub(crate) fn unsigned(&self, action: &str, params: Value) -> Call {
        Call {
            region: self.region.clone(),
            language: self.language.clone(),
            ..Call::new(&self.key, &self.address.to_string(), action, params)
        }
    }

    /// Calls an action in one form.
    pub(crate) fn call_as(&mut self, form: Form, action: &str, params: Value) -> Answer {
        let request = self.unsigned(action, params).request(form);
        self.send(&request)
    }

    /// Calls an action as SDKs do.
    pub(crate) fn call(&mut self, action: &str, params: Value) -> Answer {
        self.call_as(Form::JSON, action, params)
    }

    /// `GetFunctionLogs`.
    pub(crate) fn logs(&mut self, params: Value) -> Answer {
        self.call("GetFunctionLogs", params)
    }

    /// Sends a request of the signed API.
    pub(crate) fn send(&mut self, request: &Request) -> Answer {
        Answer::read(&self.exchange(request))
    }

    /// Sends any request; on a new connection when the server has closed the last one.
    pub(crate) fn exchange(&mut self, request: &Request) -> Response {
        let response = self.connection.exchange(request).or_else(|_| {
            self.connection = Connection::try_open(self.address)?;
            self.connection.exchange(request)
        });
        response.unwrap_or_else(|error| panic!("{} {}: {error}", request.method, request.target))
    }

    /// A request of the native API, with credentials.
    pub(crate) fn native(&self, method: &str, target: &str) -> Request {
        Request::new(method, target)
            .header("Host", &self.address.to_string())
            .header("Authorization", &format!("Basic {}", STANDARD.encode(self.key.pair())))
    }

    /// Asks the native API for JSON; the answer must be 200.
    pub(crate) fn get(&mut self, target: &str) -> Value {
        let request = self.native("GET", target);
        let response = self.exchange(&request);
        assert_eq!(response.status, 200, "{target}: {}", response.text());
        response.json()
    }

    /// Puts runs in, one a line; the answer must be 200.
    pub(crate) fn ingest(&mut self, runs: &[Value]) -> IngestReport {
        let lines: String = runs.iter().map(|run| format!("{run}\n")).collect();
        self.ingest_body(lines.into_bytes())
    }

    /// Puts a body in; the answer must be 200.
    pub(crate) fn ingest_body(&mut self, body: Vec<u8>) -> IngestReport {
        let request = self.native("POST", "/api/v1/runs").body(body);
        let response = self.exchange(&request);
        assert_eq!(response.status, 200, "{}", response.text());
        IngestReport::read(&response)
    }

    /// The value of a metric without labels.
    pub(crate) fn metric(&mut self, name: &str) -> f64 {
        let request = self.native("GET", "/metrics");
        let page = self.exchange(&request).text();
        let value = page.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok());
        value.unwrap_or_else(|| panic!("no {name} in {page}"))
    }

    /// Fills the memory of the engine with small runs of this key's account, until all that came before them has been
    /// written to a segment.
    pub(crate) fn flush_with_filler(&mut self, number: u64) {
        let before = self.metric("runlog_segments");
        for part in 0..10 {
            let ids = number * MEMTABLE_ROWS + part * MEMTABLE_ROWS / 10
                ..number * MEMTABLE_ROWS + (part + 1) * MEMTABLE_ROWS / 10;
            let lines: String = ids
                .map(|id| {
                    format!(
                        "{{\"FunctionName\":\"filler\",\"RequestId\":\"{id}\",\"StartTime\":{}}}\n",
                        1_772_294_400_000 + id
                    )
                })
                .collect();
            assert_eq!(self.ingest_body(lines.into_bytes()).accepted, MEMTABLE_ROWS / 10);
        }
        eventually("a flush", || (self.metric("runlog_segments") > before).then_some(()));
    }

    /// Puts runs in that must all be new.
    pub(crate) fn ingest_new(&mut self, runs: &[Value]) {
        let report = self.ingest(runs);
        assert_eq!(report, IngestReport { accepted: runs.len() as u64, ..IngestReport::default() });
    }
}

impl IngestReport {
    pub(crate) fn read(response: &Response) -> Self {
        let json = response.json();
        let count = |name: &str| json[name].as_u64().unwrap_or_else(|| panic!("no {name} in {json}"));
        let refused = json["refused"].as_array().expect("a list of refusals").iter();
        let refusal = |item: &Value| Some((item["line"].as_u64()?, item["code"].as_str()?.to_owned()));
        Self {
            accepted: count("accepted"),
            duplicates: count("duplicates"),
            refused: refused.map(|item| refusal(item).unwrap_or_else(|| panic!("a refusal: {item}"))).collect(),
        }
    }
}
