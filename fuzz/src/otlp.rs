//! OpenTelemetry logs, in Protobuf and JSON.

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use prost::Message;
use runlog_core::{Stream, Zone, limits};
use runlog_ingest::Defaults;
use runlog_ingest::otlp::{Form, Line, RunName, decode, parse, read_records};

const DEFAULTS: Defaults<'_> = Defaults {
    account: "1",
    region: "ap-guangzhou",
    zone: Zone::UTC8,
    now_ms: 1_800_000_000_000,
    billing_step_ms: 100,
};

/// A request in Protobuf: written again it is the same, and so are its records.
pub fn otlp_protobuf(body: &[u8]) {
    let Ok(request) = decode(body, Form::Protobuf, |_| Ok(())) else { return };
    let written = request.encode_to_vec();
    let again = decode(&written, Form::Protobuf, |_| Ok(())).unwrap();
    assert_eq!(again.encode_to_vec(), written);
    assert_eq!(records(&again), records(&request));
}

/// A request in JSON: in Protobuf it is the same request.
pub fn otlp_json(body: &[u8]) {
    let Ok(request) = decode(body, Form::Json, |_| Ok(())) else { return };
    let again = decode(&request.encode_to_vec(), Form::Protobuf, |_| Ok(())).unwrap();
    assert_eq!(records(&again), records(&request));
}

/// The records of a request. Each gives a line or a refusal, and the log of the lines is read back as these lines.
fn records(request: &ExportLogsServiceRequest) -> Vec<Result<(String, Line), String>> {
    let mut records = Vec::new();
    read_records(
        request,
        &DEFAULTS,
        |_| Ok(()),
        |read| {
            records.push(read.map(|record| {
                assert!(Stream::is_region(&record.stream.region) && record.stream.account == DEFAULTS.account);
                assert_eq!(parse(&record.line.text), std::slice::from_ref(&record.line));
                if let RunName::Id(id) = &record.run {
                    assert!(id.len() <= limits::REQUEST_ID_MAX_BYTES);
                }
                let facts = (&record.stream, &record.run, &record.facts, record.facts.finishes());
                (format!("{facts:?}"), record.line)
            }));
        },
    );
    let scopes = request.resource_logs.iter().flat_map(|resource| &resource.scope_logs);
    assert_eq!(records.len(), scopes.map(|scope| scope.log_records.len()).sum::<usize>());
    let lines: Vec<Line> = records.iter().flatten().map(|(_, line)| line.clone()).collect();
    let log: String = lines.iter().map(|line| &*line.text).collect();
    assert_eq!(parse(&log), lines);
    records
}
