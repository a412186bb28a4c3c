//! Routes for operators: alive, ready, metrics.

use hyper::StatusCode;
use hyper::http::request::Parts;

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
pub(super) fn readyz(app: &App) -> Answer {
    let health = app.engine().health();
    let status = if health.poisoned.is_none() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let body = serde_json::json!({
        "ready": health.poisoned.is_none(),
        "writes_refused_because": health.poisoned,
        "set_aside": health.set_aside,
    });
    respond::text(status, "application/json", format!("{body}\n"))
}

/// Counters and gauges. They reveal how much runs here, so they need a key.
pub(super) fn metrics(app: &App, request: &Parts) -> Answer {
    match auth::identify(app, request, b"") {
        Ok(_) => {
            if let Some(bytes) = files::free_bytes(&app.settings.data) {
                app.metrics.disk_free(bytes);
            }
            let page = app.metrics.page(app.engine().gauges(), &app.engine().health(), app.otlp.open());
            respond::text(StatusCode::OK, OPENMETRICS, page)
        }
        Err(denied) => denied.answer(),
    }
}
