//! `POST /api/v1/admin/retain`, body `{"trust_clock": true}`: removes what is no longer kept, on the word of an operator
//! that the clock is right. Root keys only.

use http_body_util::{BodyExt, Collected, Limited};
use hyper::body::Incoming;
use hyper::{Request, StatusCode};
use serde::Deserialize;

use crate::app::App;
use crate::auth;
use crate::caller::Caller;
use crate::respond::{self, Answer};

const BODY_MAX_BYTES: usize = 4096;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    trust_clock: bool,
}

pub(super) async fn remove(app: &App, request: Request<Incoming>) -> Answer {
    let (head, body) = request.into_parts();
    let body = Limited::new(body, BODY_MAX_BYTES).collect().await.map(Collected::to_bytes).unwrap_or_default();
    let caller = auth::identify(app, &head, &body).and_then(Caller::into_writer);
    if let Err(denied) = caller.and_then(|caller| caller.may_operate()) {
        return denied.answer();
    }
    let is_confirmed = serde_json::from_slice::<Body>(&body).is_ok_and(|body| body.trust_clock);
    if !is_confirmed {
        let message = "send {\"trust_clock\": true}, and only if the server's clock is right: expired runs are removed \
                       for good";
        return respond::error(StatusCode::BAD_REQUEST, "NotConfirmed", message);
    }
    match app.engine.begin(|engine| engine.retain_trusting_clock()).await {
        Ok(Ok(removed)) => {
            let (runs, in_flight, bytes) = (removed.runs, removed.in_flight, removed.bytes);
            tracing::info!(runs, in_flight, bytes, "the clock was confirmed, and expired runs were removed");
            let body = serde_json::json!({ "runs": runs, "in_flight": in_flight, "bytes": bytes });
            respond::text(StatusCode::OK, "application/json", body.to_string())
        }
        Ok(Err(error)) => failed(&error.to_string()),
        Err(panic) => failed(&panic.to_string()),
    }
}

fn failed(reason: &str) -> Answer {
    tracing::error!(reason, "a requested removal failed");
    respond::error(StatusCode::INTERNAL_SERVER_ERROR, "RemovalFailed", "the server's log says why")
}
