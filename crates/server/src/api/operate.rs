//! Routes for operators: alive, ready, metrics.

use std::sync::Arc;

use hyper::StatusCode;
use hyper::http::request::Parts;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinError;

use crate::app::App;
use crate::auth;
use crate::files;
use crate::respond::{self, Answer};

/// The content type of the OpenMetrics text form. (Published: the OpenMetrics specification.)
const OPENMETRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Whether the process answers.
pub(super) fn livez() -> Answer {
    respond::text(StatusCode::OK, "text/plain", "ok\n")
}

/// Whether the server is fully working: 200, or 503 with the failure.
pub(super) async fn readyz(app: &App) -> Answer {
    let turn = turn(&app.health).await;
    let looked = app.engine.begin(move |engine| {
        let _turn = turn;
        engine.health()
    });
    let health = match looked.await {
        Ok(health) => health,
        Err(panic) => return failed(&panic),
    };
    let status = if health.poisoned.is_none() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let body = serde_json::json!({
        "ready": health.poisoned.is_none(),
        "writes_refused_because": health.poisoned,
        "set_aside": health.set_aside,
        "clock_ahead_ms": health.clock_ahead_ms,
    });
    respond::text(status, "application/json", format!("{body}\n"))
}

/// Counters and gauges. They reveal how much runs here, so they need a key.
///
/// To count, the engine may look into its folders: off the reactor, and one at a time however many ask.
pub(super) async fn metrics(app: &Arc<App>, request: &Parts) -> Answer {
    if let Err(denied) = auth::identify(app, request, b"") {
        return denied.answer();
    }
    let turn = turn(&app.gauges).await;
    let known = Arc::clone(app);
    let counted = app.engine.begin(move |engine| {
        let _turn = turn;
        if let Some(bytes) = files::free_bytes(&known.settings.data) {
            known.metrics.disk_free(bytes);
        }
        known.metrics.answers_waiting(known.answer_bytes.waiting());
        known.metrics.page(engine.gauges(), &engine.health(), known.otlp.open())
    });
    match counted.await {
        Ok(page) => respond::text(StatusCode::OK, OPENMETRICS, page),
        Err(panic) => failed(&panic),
    }
}

async fn turn(turns: &Arc<Semaphore>) -> OwnedSemaphorePermit {
    Arc::clone(turns).acquire_owned().await.expect("the semaphore is never closed")
}

fn failed(panic: &JoinError) -> Answer {
    tracing::error!(%panic, "a look at the engine failed");
    respond::error(StatusCode::INTERNAL_SERVER_ERROR, "InternalError", "the server's log says why")
}
