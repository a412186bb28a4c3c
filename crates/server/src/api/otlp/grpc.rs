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
use tonic::body::Body;
use tonic::codec::{Codec, CompressionEncoding, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::server::{Grpc, UnaryService};
use tonic::{Code, Status};

use super::{REQUEST_MAX_BYTES, Turn, collect, denied, no_room, take, turn};
use crate::app::App;
use crate::auth;
use crate::body::Pace;
use crate::caller::Caller;
use crate::clock;
use crate::unpack::{BodyError, unpacked_max_bytes};

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
        Ok((call, request)) => {
            let mut grpc = Grpc::new(Messages)
                .accept_compressed(CompressionEncoding::Gzip)
                .accept_compressed(CompressionEncoding::Zstd)
                .max_decoding_message_size(REQUEST_MAX_BYTES);
            grpc.unary(Export { app: Arc::clone(app), call: Some(call) }, request).await
        }
        Err(status) => status.into_http(),
    };
    // A status that is an error comes with the head: there is no message to send before it.
    let code = Status::from_header_map(answer.headers()).map(|status| status.code()).filter(|code| *code != Code::Ok);
    let code = code.map_or_else(String::new, |code| format!("{code:?}"));
    app.metrics.otlp_request("grpc", &code, started.elapsed());
    answer
}

/// The call, and its request once it has arrived.
async fn receive(app: &App, request: Request<Incoming>) -> Result<(Call, Request<Full<Bytes>>), Status> {
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
    let caller = auth::identify(app, &head, &[]).and_then(Caller::into_ingester).map_err(denied)?;
    let mut turn = turn(app)?;
    let pace = Pace::of_known(&app.settings);
    let whole = collect(body, REQUEST_MAX_BYTES + FRAME_HEAD_BYTES, pace, &mut turn.memory).await?;
    // What it may become is known when it is unpacked, which the framework does by itself.
    let unpacked = unpacked_max_bytes(whole.len() as u64).min(REQUEST_MAX_BYTES as u64);
    if whole.first().is_some_and(|is_packed| *is_packed != 0) {
        turn.memory.grow_by(unpacked).map_err(|full| no_room(&full))?;
    }
    let call = Call { caller, turn, unpacked_max_bytes: unpacked_max_bytes(whole.len() as u64) };
    Ok((call, Request::from_parts(head, Full::new(whole))))
}

/// Who asks, and leave to work on it.
struct Call {
    caller: Caller,
    turn: Turn,
    /// The most that the message may have.
    unpacked_max_bytes: u64,
}

/// The method, for one call.
struct Export {
    app: Arc<App>,
    /// Taken by the one message that a call has.
    call: Option<Call>,
}

impl UnaryService<Bytes> for Export {
    type Response = ExportLogsServiceResponse;
    type Future = Pin<Box<dyn Future<Output = Result<tonic::Response<Self::Response>, Status>> + Send>>;

    fn call(&mut self, request: tonic::Request<Bytes>) -> Self::Future {
        let (app, call, message) = (Arc::clone(&self.app), self.call.take(), request.into_inner());
        Box::pin(async move {
            let call = call.ok_or_else(|| Status::internal("a call has one message"))?;
            if message.len() as u64 > call.unpacked_max_bytes {
                return Err(Status::resource_exhausted(BodyError::Expands.to_string()));
            }
            let taken = take(&app, call.caller, call.turn, Form::Protobuf, move |_| Ok(message)).await;
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
