//! `POST /api/v1/runs`: stores runs, sent as NDJSON or a JSON array, plain or compressed.
//!
//! 200 means that every accepted run is fsynced to disk. Posting the same body again is safe: runs that are already
//! stored count as duplicates.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use hyper::body::{Body, Incoming};
use hyper::header::{CONTENT_ENCODING, HeaderMap};
use hyper::{Request, StatusCode};
use runlog_core::{Engine, EngineError};
use runlog_core::{Outcome, Run, Stream};
use runlog_ingest::{Defaults, IngestError, Report};
use runlog_wire::limits::TC3_POST_MAX_BYTES;
use tokio::sync::mpsc;

use crate::app::App;
use crate::auth;
use crate::body::{self, Arriving, Pace};
use crate::budget::Share;
use crate::caller::Caller;
use crate::clock;
use crate::respond::{self, Answer};
use crate::settings::Settings;
use crate::unpack::{BodyError, Encoding, body_reader};

/// About what a request takes beside its body: queued chunks, the parsed runs without their texts, its thread.
const REQUEST_BYTES: u64 = 1 << 20;

/// Chunks of a body that wait between the network and the parser.
const PARTS_QUEUED: usize = 8;

pub(super) async fn ingest(app: &App, request: Request<Incoming>) -> Answer {
    let started = clock::monotonic();
    let (head, mut body) = request.into_parts();
    // Only a signature needs the body first; it is then in memory, so it is as long as a signed call may be.
    let mut unverified = app.unverified.share();
    let signed = if auth::signs_body(&head.headers) {
        if let Err(denied) = auth::judge_head(app, &head).and_then(Caller::into_ingester) {
            return denied.answer();
        }
        let pace = Pace::of_unknown(&app.settings);
        match body::collect(&mut body, TC3_POST_MAX_BYTES as u64, pace, &mut unverified).await {
            Ok(whole) => Some(whole),
            Err(BodyError::NoRoom(full)) => return respond::busy(&full.to_string()),
            Err(_) => return unsigned_is_longer(),
        }
    } else {
        None
    };
    let caller = match auth::identify(app, &head, signed.as_deref().unwrap_or_default()).and_then(Caller::into_ingester)
    {
        Ok(caller) => caller,
        Err(denied) => return denied.answer(),
    };
    let Some(encoding) = encoding(&head.headers) else {
        let message = "Content-Encoding must be gzip, zstd or absent";
        return respond::error(StatusCode::UNSUPPORTED_MEDIA_TYPE, "UnsupportedEncoding", message);
    };
    let max_bytes = app.settings.ingest_max_body;
    if body.size_hint().lower() > max_bytes {
        return too_large(max_bytes);
    }
    let Ok(_turn) = Arc::clone(&app.ingests).try_acquire_owned() else {
        return respond::busy("too many concurrent ingest requests (ingest_max_concurrent); retry in a moment");
    };
    let mut memory = app.ingest_memory.share();
    let fixed_bytes = REQUEST_BYTES + encoding.memory_bytes() + signed.as_ref().map_or(0, |whole| whole.len() as u64);
    if let Err(full) = memory.grow_to(fixed_bytes) {
        return respond::busy(&full.to_string());
    }
    drop(unverified);
    let (parts, incoming) = mpsc::channel(PARTS_QUEUED);
    let task = Ingest { caller, settings: Arc::clone(&app.settings), memory, fixed_bytes };
    let work = app.engine.begin(move |engine| task.run(engine, incoming, encoding));
    match signed {
        Some(whole) => hand_over(whole, parts).await,
        None => forward(app, body, parts).await,
    }
    match work.await {
        Ok((report, result)) => {
            app.metrics.ingest(report.accepted, report.duplicates, report.refused_total, started.elapsed());
            answer(&report, result)
        }
        Err(panic) => {
            tracing::error!(%panic, "an ingest request failed");
            respond::error(StatusCode::INTERNAL_SERVER_ERROR, "InternalError", "the request failed; send it again")
        }
    }
}

/// Passes the body on as it arrives. If the parser gave up, the channel is closed and the rest is not read.
async fn forward(app: &App, body: Incoming, parts: mpsc::Sender<Result<Bytes, BodyError>>) {
    let max_bytes = app.settings.ingest_max_body;
    let mut seen = 0;
    let mut body = Arriving::new(body, Pace::of_known(&app.settings));
    while let Some(part) = body.next().await {
        seen += part.as_ref().map_or(0, |part| part.len() as u64);
        let part = if seen > max_bytes { Err(BodyError::TooLarge { max_bytes }) } else { part };
        let is_last = part.is_err();
        if parts.send(part).await.is_err() || is_last {
            return;
        }
    }
}

/// Passes on a body that has already arrived.
async fn hand_over(whole: Bytes, parts: mpsc::Sender<Result<Bytes, BodyError>>) {
    // If the parser gave up, the channel is closed.
    let _ = parts.send(Ok(whole)).await;
}

/// One ingest request, off the reactor.
struct Ingest {
    caller: Caller,
    settings: Arc<Settings>,
    memory: Share,
    /// What the request takes before anything of its body is kept.
    fixed_bytes: u64,
}

type Ingested = (Report, Result<(), IngestError<EngineError>>);

impl Ingest {
    fn run(self, engine: &dyn Engine, parts: mpsc::Receiver<Result<Bytes, BodyError>>, encoding: Encoding) -> Ingested {
        let mut reader = match body_reader(parts, encoding) {
            Ok(reader) => reader,
            Err(error) => return (Report::default(), Err(IngestError::Body(error))),
        };
        let defaults = Defaults {
            account: &self.caller.key.account,
            region: &self.settings.default_region,
            zone: self.settings.time_zone,
            now_ms: clock::now_ms(),
            billing_step_ms: self.settings.billing_step_ms.into(),
        };
        let (caller, settings) = (&self.caller, &*self.settings);
        let (memory, fixed_bytes, permitted) = (self.memory, self.fixed_bytes, HashMap::new());
        let mut sink = CallerSink { caller, settings, engine, memory, fixed_bytes, permitted };
        runlog_ingest::ingest(&mut reader, settings.ingest_max_records, &defaults, &mut sink)
    }
}

/// The engine, as far as a caller may write to it.
struct CallerSink<'a> {
    caller: &'a Caller,
    settings: &'a Settings,
    engine: &'a dyn Engine,
    memory: Share,
    fixed_bytes: u64,
    /// The decision for each stream, by the address that the streams of one body share.
    permitted: HashMap<*const Stream, (Arc<Stream>, Result<(), String>)>,
}

impl runlog_ingest::Sink for CallerSink<'_> {
    type Error = EngineError;

    fn permit(&mut self, run: &Run) -> Result<(), String> {
        let found = self
            .permitted
            .entry(Arc::as_ptr(&run.stream))
            .or_insert_with(|| (Arc::clone(&run.stream), self.caller.may_put(self.settings, &run.stream)));
        found.1.clone()
    }

    fn append(&mut self, runs: Vec<Run>) -> Result<Vec<Outcome>, EngineError> {
        self.engine.append(runs)
    }

    fn room(&mut self, bytes: usize) -> Result<(), String> {
        self.memory.grow_to(self.fixed_bytes + bytes as u64).map_err(|full| full.to_string())
    }
}

fn answer(report: &Report, result: Result<(), IngestError<EngineError>>) -> Answer {
    let (status, code, message) = match result {
        Ok(()) => {
            let body = serde_json::to_vec(report).expect("numbers and texts have a JSON form");
            return respond::text(StatusCode::OK, "application/json", body);
        }
        Err(IngestError::Array(message)) => (StatusCode::BAD_REQUEST, "Malformed", message),
        Err(IngestError::Body(error)) => match error.get_ref().and_then(|inner| inner.downcast_ref::<BodyError>()) {
            Some(BodyError::TooLarge { .. } | BodyError::Expands) => {
                (StatusCode::PAYLOAD_TOO_LARGE, "TooLarge", error.to_string())
            }
            _ => (StatusCode::BAD_REQUEST, "BadBody", format!("the body could not be read: {error}")),
        },
        Err(IngestError::TooManyRecords { max }) => {
            let message = format!(
                "the body has more than {max} records, the option `ingest_max_records`; send it in several requests"
            );
            (StatusCode::PAYLOAD_TOO_LARGE, "TooLarge", message)
        }
        Err(IngestError::NoRoom(message)) => (StatusCode::SERVICE_UNAVAILABLE, "Busy", message),
        Err(IngestError::Sink(error)) => {
            tracing::error!(%error, "runs could not be stored");
            let message =
                "the store does not accept runs at the moment; /readyz says why. Send the same body again later";
            (StatusCode::SERVICE_UNAVAILABLE, "ServiceUnavailable", message.to_owned())
        }
    };
    let body = serde_json::json!({ "code": code, "message": message, "so_far": report });
    let answer = respond::text(status, "application/json", body.to_string());
    if status == StatusCode::SERVICE_UNAVAILABLE {
        respond::retry_after(answer, respond::RETRY_AFTER_S)
    } else {
        answer
    }
}

fn encoding(headers: &HeaderMap) -> Option<Encoding> {
    match headers.get(CONTENT_ENCODING) {
        None => Some(Encoding::Identity),
        Some(value) => value.to_str().ok().and_then(Encoding::parse),
    }
}

fn too_large(max_bytes: u64) -> Answer {
    let message = BodyError::TooLarge { max_bytes }.to_string();
    respond::error(StatusCode::PAYLOAD_TOO_LARGE, "TooLarge", &message)
}

fn unsigned_is_longer() -> Answer {
    let message = format!(
        "a signed body may have up to {TC3_POST_MAX_BYTES} bytes; sign a longer one with X-TC-Content-SHA256: \
         UNSIGNED-PAYLOAD, or send it in parts"
    );
    respond::error(StatusCode::PAYLOAD_TOO_LARGE, "TooLarge", &message)
}
