//! A sender of OpenTelemetry logs: records by the published message types, over HTTP and over gRPC.

use std::io::Write;
use std::net::SocketAddr;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use opentelemetry_proto::tonic::collector::logs::v1::{ExportLogsServiceRequest, ExportLogsServiceResponse};
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
use opentelemetry_proto::tonic::resource::v1::Resource;
use prost::Message;
use tokio::net::TcpStream;

use super::{PATIENCE, Request, Response, Server, eventually};

/// The method of the logs service.
pub(crate) const EXPORT: &str = "/opentelemetry.proto.collector.logs.v1.LogsService/Export";

/// What came back over gRPC.
#[derive(Debug)]
pub(crate) struct GrpcAnswer {
    /// 0 is success.
    pub(crate) code: u32,
    pub(crate) message: String,
    pub(crate) response: Option<ExportLogsServiceResponse>,
}

/// A text value.
pub(crate) fn text(text: &str) -> Value {
    Value::StringValue(text.to_owned())
}

fn attributes(pairs: &[(&str, Value)]) -> Vec<KeyValue> {
    let pair = |(key, value): &(&str, Value)| KeyValue {
        key: (*key).to_owned(),
        value: Some(AnyValue { value: Some(value.clone()) }),
        ..KeyValue::default()
    };
    pairs.iter().map(pair).collect()
}

/// A record at a time, with a text and attributes.
pub(crate) fn record(time_ns: u64, body: &str, pairs: &[(&str, Value)]) -> LogRecord {
    LogRecord {
        time_unix_nano: time_ns,
        severity_number: 9,
        body: Some(AnyValue { value: Some(text(body)) }),
        attributes: attributes(pairs),
        ..LogRecord::default()
    }
}

/// A request with one resource and one scope.
pub(crate) fn request(resource: &[(&str, Value)], records: Vec<LogRecord>) -> ExportLogsServiceRequest {
    let scope = ScopeLogs { log_records: records, ..ScopeLogs::default() };
    let resource = Resource { attributes: attributes(resource), ..Resource::default() };
    let logs = ResourceLogs { resource: Some(resource), scope_logs: vec![scope], ..ResourceLogs::default() };
    ExportLogsServiceRequest { resource_logs: vec![logs] }
}

/// Where the server listens for a protocol, as it has printed.
pub(crate) fn address(server: &Server, protocol: &str) -> SocketAddr {
    let label = format!("OpenTelemetry logs over {protocol} on ");
    eventually("the address of a listener", || {
        server.stdout().lines().find_map(|line| line.strip_prefix(&label)?.parse().ok())
    })
}

/// The message of an answer over HTTP, which must be 200 and Protobuf.
pub(crate) fn answer(response: &Response) -> ExportLogsServiceResponse {
    assert_eq!(response.status, 200, "{}", response.text());
    assert_eq!(response.header("Content-Type"), Some("application/x-protobuf"));
    ExportLogsServiceResponse::decode(&response.body[..]).expect("an ExportLogsServiceResponse")
}

/// How many records were rejected, and why.
pub(crate) fn rejected(response: &ExportLogsServiceResponse) -> (i64, String) {
    let partial = response.partial_success.clone().unwrap_or_default();
    (partial.rejected_log_records, partial.error_message)
}

/// A request of OTLP/HTTP in Protobuf.
pub(crate) fn post(request: Request, message: &ExportLogsServiceRequest) -> Request {
    request.header("Content-Type", "application/x-protobuf").body(message.encode_to_vec())
}

/// Bytes, compressed.
pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).expect("memory");
    encoder.finish().expect("memory")
}

/// An HTTP/2 connection that is open and silent, as an exporter's is between two batches.
pub(crate) struct KeptConnection {
    _runtime: tokio::runtime::Runtime,
    _sender: http2::SendRequest<Full<Bytes>>,
}

impl KeptConnection {
    pub(crate) fn open(address: SocketAddr) -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
        let sender = runtime.block_on(async {
            let stream = TcpStream::connect(address).await.expect("a connection");
            let (mut sender, connection) =
                http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.expect("HTTP/2");
            tokio::spawn(connection);
            // An answer shows that the server speaks HTTP/2 on it already.
            let request = hyper::Request::post(format!("http://{address}/")).body(Full::default()).expect("a request");
            assert_eq!(sender.send_request(request).await.expect("an answer").status(), 415);
            sender
        });
        Self { _runtime: runtime, _sender: sender }
    }
}

/// Calls a method over gRPC, frame by frame.
pub(crate) fn grpc(
    address: SocketAddr,
    path: &str,
    authorization: Option<&str>,
    message: &[u8],
    is_gzip: bool,
) -> GrpcAnswer {
    let call = async {
        let stream = TcpStream::connect(address).await.expect("a connection");
        let (mut sender, connection) =
            http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.expect("HTTP/2");
        let serving = tokio::spawn(connection);
        let message = if is_gzip { gzip(message) } else { message.to_vec() };
        let mut frame = vec![u8::from(is_gzip)];
        frame.extend(u32::try_from(message.len()).expect("a short message").to_be_bytes());
        frame.extend(message);
        let mut request = hyper::Request::post(format!("http://{address}{path}"))
            .header("content-type", "application/grpc")
            .header("te", "trailers");
        if is_gzip {
            request = request.header("grpc-encoding", "gzip");
        }
        if let Some(authorization) = authorization {
            request = request.header("authorization", authorization);
        }
        let request = request.body(Full::new(Bytes::from(frame))).expect("a request");
        let response = sender.send_request(request).await.expect("an answer");
        assert_eq!(response.status(), 200);
        let (head, body) = response.into_parts();
        let body = body.collect().await.expect("a whole answer");
        let trailers = body.trailers().cloned().unwrap_or(head.headers);
        let body = body.to_bytes();
        serving.abort();
        let text = |name: &str| trailers.get(name).map(|value| value.to_str().expect("ASCII").to_owned());
        GrpcAnswer {
            code: text("grpc-status").expect("a status").parse().expect("a number"),
            message: text("grpc-message").unwrap_or_default(),
            response: body.get(5..).map(|message| ExportLogsServiceResponse::decode(message).expect("a response")),
        }
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async { tokio::time::timeout(PATIENCE, call).await }).expect("an answer in time")
}
