//! `POST /api/v1/admin/retain`, body `{"trust_clock": true}`: removes what is no longer kept, on the word of an operator
//! that the clock is right. Root keys only.

use hyper::body::Incoming;
use hyper::{Request, StatusCode};
use serde::Deserialize;

use super::admin;
use crate::app::App;
use crate::respond::{self, Answer};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    trust_clock: bool,
}

pub(super) async fn remove(app: &App, request: Request<Incoming>) -> Answer {
    let body = match admin::asked::<Body>(app, request).await {
        Ok(body) => body,
        Err(refusal) => return refusal,
    };
    if !body.is_some_and(|body| body.trust_clock) {
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
