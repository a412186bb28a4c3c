//! The native API, `/api/v1/*`: queries by GET, answered as JSON, as an event stream or as an export.
//!
//! A request goes through credentials, parameters, permission, and then the engine; the first that fails answers.
//! Reading is the action `scf:GetFunctionLogs` on each function that the answer may contain, as in the signed API.

pub(crate) mod allowed;
pub(crate) mod answers;
mod asked;
pub(crate) mod encode;
pub(crate) mod export;
mod failed_request;
mod failure;
pub(crate) mod fields;
pub(crate) mod filter_params;
pub(crate) mod keys;
pub(crate) mod openapi;
pub(crate) mod overview;
pub(crate) mod page_token;
pub(crate) mod params;
mod parquet;
mod queries;
mod read;
mod reports;
pub(crate) mod route;
pub(crate) mod routes;
mod run_log;
pub(crate) mod storage;
mod tail;
pub(crate) mod walk;

use std::sync::Arc;

use hyper::http::request::Parts;

use self::asked::Asked;
use self::failure::Failure;
use self::route::{Handler, Route};
use crate::app::App;
use crate::clock;
use crate::respond::Answer;

/// Answers a request of a route that reads runs.
pub(super) async fn answer(app: &Arc<App>, route: &'static Route, place: Option<&str>, request: &Parts) -> Answer {
    let started = clock::monotonic();
    let mut secret_id = String::new();
    let result = match Asked::read(app, route, place, request) {
        Ok(asked) => {
            asked.caller.key.secret_id.clone_into(&mut secret_id);
            match route.handler {
                Handler::Tail => tail::open(asked).await,
                Handler::FailedRequest => failed_request::answer(&asked, request),
                Handler::RunLog => run_log::answer(asked, request).await,
                Handler::Storage => storage::answer(asked, request).await,
                Handler::Keys => Ok(keys::answer(&asked)),
                Handler::Allowed => allowed::answer(&asked),
                Handler::Export => export::open(asked, request).await,
                Handler::Report(report) => reports::answer(asked, report, request).await,
                _ => read::answer(asked, route.handler, request).await,
            }
        }
        Err(failure) => Err(failure),
    };
    let elapsed = started.elapsed();
    let code = result.as_ref().err().map_or("", Failure::code);
    app.metrics.request(route.handler.name(), code, elapsed);
    tracing::info!(
        action = route.handler.name(),
        secret_id,
        code,
        elapsed_us = elapsed.as_micros() as u64,
        "native request"
    );
    result.unwrap_or_else(|failure| failure.answer())
}
