//! Routes.
//!
//! | path | what |
//! | --- | --- |
//! | `/` | the signed API ([`tencent`]) |
//! | `/api/v1/runs` | runs come in ([`runs`]) |
//! | `/api/v1/admin/backup` | the server backs itself up ([`backup`]) |
//! | `/livez`, `/readyz`, `/metrics` | for those who operate the server ([`operate`]) |

mod backup;
mod operate;
mod runs;
mod tencent;

use hyper::body::Incoming;
use hyper::{Method, Request, StatusCode};

use super::app::App;
use super::respond::{self, Answer};

/// Answers a request.
pub(super) async fn route(app: &App, request: Request<Incoming>) -> Answer {
    match (request.method(), request.uri().path()) {
        (_, "/") => tencent::answer(app, request).await,
        (&Method::POST, "/api/v1/runs") => runs::ingest(app, request).await,
        (&Method::POST, "/api/v1/admin/backup") => backup::make(app, request).await,
        (&Method::GET, "/livez") => operate::livez(),
        (&Method::GET, "/readyz") => operate::readyz(app),
        (&Method::GET, "/metrics") => operate::metrics(app, &request),
        (_, path @ ("/api/v1/runs" | "/api/v1/admin/backup" | "/livez" | "/readyz" | "/metrics")) => {
            let message = format!("{} is not served on {path}", request.method());
            respond::error(StatusCode::METHOD_NOT_ALLOWED, "MethodNotAllowed", &message)
        }
        (_, path) => {
            let message = format!("there is nothing at {path}; the signed API is at /, runs come in at /api/v1/runs");
            respond::error(StatusCode::NOT_FOUND, "NotFound", &message)
        }
    }
}
