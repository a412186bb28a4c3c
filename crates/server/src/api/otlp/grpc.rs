//! OTLP/gRPC: `LogsService/Export`, on the listener of `otlp_grpc`.
//!
//! Framing, compression and statuses are tonic's; connections are served as all others are, so that TLS, limits and
//! the way to stop are the same.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use bytes::{Buf, Bytes};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, HOST, HeaderValue};
use hyper::{Request, Response, StatusCode};
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceResponse;
use prost::Message;
use runlog_ingest::otlp::Form;
use tokio::sync::OwnedSemaphorePermit;
use tonic::body::Body;
use tonic::codec::{Codec, CompressionEncoding, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::server::{Grpc, UnaryService};
use tonic::{Code, Status};

use super::{REQUEST_MAX_BYTES, collect, denied, take, turn};
use crate::app::App;
use crate::auth;
use crate::caller::Caller;
use crate::clock;

/// The one method that is served.
const EXPORT: &str = "/opentelemetry.proto.collector.logs.v1.LogsService/Export";

/// What gRPC puts before a message: whether it is compressed, and its length.
const FRAME_HEAD_BYTES: usize = 5;

/// Answers a request.
pub(crate) async fn route(app: &Arc<App>, request: Request<Incoming>) -> Response<Body> {
    let started = clock::monotonic();
    let is_grpc = |value: &HeaderValue| value.as_bytes().starts_with(b"application/grpc");
    if !request.headers().get(CONTENT_TYPE).is_some_and(is_grpc) {
        let mut answer = Response::new(Body::empty());
        *answer.status_mut() = StatusCode::UNSUPPORTED_MEDIA_TYPE;
        return answer;
    }
    let answer = match receive(app, request).await {
        Ok((caller, turn, request)) => {
            let mut grpc = Grpc::new(Messages)
                .accept_compressed(CompressionEncoding::Gzip)
                .accept_compressed(CompressionEncoding::Zstd)
                .max_decoding_message_size(REQUEST_MAX_BYTES);
            grpc.unary(Export { app: Arc::clone(app), call: Some((caller, turn)) }, request).await
        }
        Err(status) => status.into_http(),
    };
    // A status that is an error comes with the head: there is no message to send before it.
    let code = Status::from_header_map(answer.headers()).map(|status| status.code()).filter(|code| *code != Code::Ok);
    let code = code.map_or_else(String::new, |code| format!("{code:?}"));
    app.metrics.otlp_request("grpc", &code, started.elapsed());
    answer
}

/// Who asks, leave to work on it, and the request once it has arrived.
async fn receive(
    app: &App,
    request: Request<Incoming>,
) -> Result<(Caller, OwnedSemaphorePermit, Request<Full<Bytes>>), Status> {
    let (mut head, body) = request.into_parts();
    if head.uri.path() != EXPORT {
        return Err(Status::unimplemented(format!("only {EXPORT} is served; traces and metrics are not kept here")));
    }
    // What HTTP/2 has in the place of a Host header.
    let authority = head.uri.authority().and_then(|authority| HeaderValue::from_str(authority.as_str()).ok());
    if let (Some(authority), false) = (authority, head.headers.contains_key(HOST)) {
        head.headers.insert(HOST, authority);
    }
    if auth::signs_body(&head.headers) {
        return Err(Status::unauthenticated("a gRPC call is not signed; give Basic credentials or a token instead"));
    }
    let caller = auth::identify(app, &head, &[]).and_then(Caller::into_writer).map_err(denied)?;
    let turn = turn(app)?;
    let whole = collect(app, body, REQUEST_MAX_BYTES + FRAME_HEAD_BYTES).await?;
    Ok((caller, turn, Request::from_parts(head, Full::new(whole))))
}

/// The method, for one call.
struct Export {
    app: Arc<App>,
    /// Taken by the one message that a call has.
    call: Option<(Caller, OwnedSemaphorePermit)>,
}

impl UnaryService<Bytes> for Export {
    type Response = ExportLogsServiceResponse;
    type Future = Pin<Box<dyn Future<Output = Result<tonic::Response<Self::Response>, Status>> + Send>>;

    fn call(&mut self, request: tonic::Request<Bytes>) -> Self::Future {
        let (app, call, message) = (Arc::clone(&self.app), self.call.take(), request.into_inner());
        Box::pin(async move {
            let (caller, turn) = call.ok_or_else(|| Status::internal("a call has one message"))?;
            let taken = take(&app, caller, turn, Form::Protobuf, move || Ok(message)).await;
            taken.map(tonic::Response::new)
        })
    }
}

/// Requests as bytes, which are read off the reactor; answers as messages.
struct Messages;

impl Codec for Messages {
    type Encode = ExportLogsServiceResponse;
    type Decode = Bytes;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Messages {
    type Item = ExportLogsServiceResponse;
    type Error = Status;

    fn encode(&mut self, item: Self::Item, into: &mut EncodeBuf<'_>) -> Result<(), Status> {
        item.encode(into).map_err(|error| Status::internal(error.to_string()))
    }
}

impl Decoder for Messages {
    type Item = Bytes;
    type Error = Status;

    fn decode(&mut self, from: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        Ok(Some(from.copy_to_bytes(from.remaining())))
    }
}
