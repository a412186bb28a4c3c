//! OTLP/HTTP: `POST /v1/logs`, on the main listener and on the one of `otlp_http`.

use std::io::BufRead;
use std::sync::Arc;

use bytes::Bytes;
use hyper::body::Incoming;
use hyper::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderValue, WWW_AUTHENTICATE};
use hyper::{Method, Request, StatusCode};
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceResponse;
use prost::Message;
use runlog_ingest::otlp::Form;
use runlog_wire::limits::TC3_POST_MAX_BYTES;
use tokio::sync::mpsc;
use tonic::{Code, Status};

use super::{REQUEST_MAX_BYTES, collect, denied, no_room, take, too_large, turn};
use crate::app::App;
use crate::auth;
use crate::body::Pace;
use crate::budget::Share;
use crate::caller::Caller;
use crate::clock;
use crate::respond::{self, Answer};
use crate::unpack::{BodyError, Encoding, body_reader};

/// Where logs are sent to.
const PATH: &str = "/v1/logs";

/// `google.rpc.Status`, which OTLP/HTTP sends with an error.
#[derive(Clone, PartialEq, Message)]
struct RpcStatus {
    #[prost(int32, tag = "1")]
    code: i32,
    #[prost(string, tag = "2")]
    message: String,
}

/// Answers a request on the listener that is for OTLP alone.
pub(crate) async fn route(app: &Arc<App>, request: Request<Incoming>) -> Answer {
    if request.uri().path() != PATH {
        let message = "this port takes OpenTelemetry logs at /v1/logs; traces and metrics are not kept here";
        return respond::error(StatusCode::NOT_FOUND, "NotFound", message);
    }
    if request.method() != Method::POST {
        let message = format!("{PATH} takes POST");
        return respond::error(StatusCode::METHOD_NOT_ALLOWED, "MethodNotAllowed", &message);
    }
    export(app, request).await
}

/// Takes in a request.
pub(crate) async fn export(app: &App, request: Request<Incoming>) -> Answer {
    let started = clock::monotonic();
    let form = form(request.headers());
    let result = match form {
        Some(form) => receive(app, request, form).await,
        None => Err(Status::unimplemented("Content-Type must be application/x-protobuf or application/json")),
    };
    let code = result.as_ref().err().map_or_else(String::new, |status| format!("{:?}", status.code()));
    app.metrics.otlp_request("http", &code, started.elapsed());
    answer(&result, form.unwrap_or(Form::Json))
}

async fn receive(app: &App, request: Request<Incoming>, form: Form) -> Result<ExportLogsServiceResponse, Status> {
    let (head, body) = request.into_parts();
    // A wrong credential is not worth a body, unless it is a signature of the body.
    let (caller, turn, whole) = if auth::signs_body(&head.headers) {
        auth::judge_head(app, &head).and_then(Caller::into_ingester).map_err(denied)?;
        let mut turn = turn(app)?;
        let mut unverified = app.unverified.share();
        let whole = collect(body, TC3_POST_MAX_BYTES, Pace::of_unknown(&app.settings), &mut unverified).await?;
        turn.memory.grow_by(whole.len() as u64).map_err(|full| no_room(&full))?;
        let caller = auth::identify(app, &head, &whole).and_then(Caller::into_ingester).map_err(denied)?;
        (caller, turn, whole)
    } else {
        let caller = auth::identify(app, &head, &[]).and_then(Caller::into_ingester).map_err(denied)?;
        let mut turn = turn(app)?;
        let whole = collect(body, REQUEST_MAX_BYTES, Pace::of_known(&app.settings), &mut turn.memory).await?;
        (caller, turn, whole)
    };
    let encoding = match head.headers.get(CONTENT_ENCODING) {
        None => Some(Encoding::Identity),
        Some(value) => value.to_str().ok().and_then(Encoding::parse),
    };
    let encoding = encoding.ok_or_else(|| Status::unimplemented("Content-Encoding must be gzip, zstd or absent"))?;
    take(app, caller, turn, form, move |memory| unpack(whole, encoding, memory)).await
}

fn unpack(whole: Bytes, encoding: Encoding, memory: &mut Share) -> Result<Bytes, Status> {
    if encoding == Encoding::Identity {
        return Ok(whole);
    }
    let broken = |error: std::io::Error| match error.get_ref().and_then(|inner| inner.downcast_ref::<BodyError>()) {
        Some(BodyError::Expands) => Status::resource_exhausted(error.to_string()),
        _ => Status::invalid_argument(format!("the body cannot be unpacked: {error}")),
    };
    memory.grow_by(encoding.memory_bytes()).map_err(|full| no_room(&full))?;
    let (sender, parts) = mpsc::channel::<Result<Bytes, BodyError>>(1);
    // There is room for the one part.
    let _ = sender.try_send(Ok(whole));
    drop(sender);
    let mut unpacked = Vec::new();
    let mut reader = body_reader(parts, encoding).map_err(broken)?;
    loop {
        let part = reader.fill_buf().map_err(broken)?;
        let wanted = unpacked.len() + part.len();
        if part.is_empty() {
            return Ok(unpacked.into());
        }
        if wanted > REQUEST_MAX_BYTES {
            return Err(too_large(REQUEST_MAX_BYTES));
        }
        if wanted > unpacked.capacity() {
            let more = wanted.max(2 * unpacked.capacity()) - unpacked.capacity();
            memory.grow_by(more as u64).map_err(|full| no_room(&full))?;
            unpacked.reserve_exact(unpacked.capacity() + more - unpacked.len());
        }
        unpacked.extend_from_slice(part);
        let used = part.len();
        reader.consume(used);
    }
}

fn form(headers: &HeaderMap) -> Option<Form> {
    let value = headers.get(CONTENT_TYPE)?.to_str().ok()?;
    let media = value.split(';').next().unwrap_or_default().trim();
    match media.to_ascii_lowercase().as_str() {
        "application/x-protobuf" | "application/protobuf" => Some(Form::Protobuf),
        "application/json" => Some(Form::Json),
        _ => None,
    }
}

fn answer(result: &Result<ExportLogsServiceResponse, Status>, form: Form) -> Answer {
    let (status, retry) = match result {
        Ok(_) => (StatusCode::OK, false),
        Err(error) => match error.code() {
            Code::InvalidArgument => (StatusCode::BAD_REQUEST, false),
            Code::Unauthenticated => (StatusCode::UNAUTHORIZED, false),
            Code::PermissionDenied => (StatusCode::FORBIDDEN, false),
            Code::ResourceExhausted => (StatusCode::PAYLOAD_TOO_LARGE, false),
            Code::Unimplemented => (StatusCode::UNSUPPORTED_MEDIA_TYPE, false),
            Code::Unavailable => (StatusCode::SERVICE_UNAVAILABLE, true),
            _ => (StatusCode::INTERNAL_SERVER_ERROR, false),
        },
    };
    let (content_type, body) = match (form, result) {
        (Form::Protobuf, Ok(response)) => ("application/x-protobuf", response.encode_to_vec()),
        (Form::Protobuf, Err(error)) => {
            let status = RpcStatus { code: error.code().into(), message: error.message().to_owned() };
            ("application/x-protobuf", status.encode_to_vec())
        }
        (Form::Json, Ok(response)) => ("application/json", json(response)),
        (Form::Json, Err(error)) => {
            let status = serde_json::json!({ "code": i32::from(error.code()), "message": error.message() });
            ("application/json", status.to_string().into_bytes())
        }
    };
    let mut answer = respond::text(status, content_type, body);
    if status == StatusCode::UNAUTHORIZED {
        answer.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"runlog\""));
    }
    if retry { respond::retry_after(answer, respond::RETRY_AFTER_S) } else { answer }
}

/// The answer in Protobuf's JSON, which leaves out what is absent and writes 64-bit numbers as text.
fn json(response: &ExportLogsServiceResponse) -> Vec<u8> {
    let body = match &response.partial_success {
        None => serde_json::json!({}),
        Some(partial) => serde_json::json!({ "partialSuccess": {
            "rejectedLogRecords": partial.rejected_log_records.to_string(),
            "errorMessage": partial.error_message,
        } }),
    };
    body.to_string().into_bytes()
}
