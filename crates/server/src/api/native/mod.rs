//! The native API, `/api/v1/*`: queries by GET, answered as JSON, as an event stream or as an export.
//!
//! A request goes through credentials, parameters, permission, and then the engine; the first that fails answers.
//! Reading is the action `scf:GetFunctionLogs` on each function that the answer may contain, as in the signed API.

pub(crate) mod answers;
pub(crate) mod encode;
pub(crate) mod export;
mod failed;
pub(crate) mod fields;
pub(crate) mod openapi;
pub(crate) mod params;
mod parquet;
mod place;
mod question;
mod read;
mod tail;

use std::sync::Arc;

use hyper::StatusCode;
use hyper::http::request::Parts;
use runlog_core::{Engine, EngineError, Fault};
use runlog_core::{Scope, Stream};

use self::fields::{Selection, Style};
use self::params::{BadParam, FIELDS, LAST_EVENT_ID, Values};
use super::routes::{Handler, Route};
use crate::app::App;
use crate::auth::{self, Caller, Denied};
use crate::cam::{Resource, no_permission};
use crate::clock;
use crate::keys::Key;
use crate::respond::{self, Answer};

/// The action that a key's policies must allow.
const READ: &str = "scf:GetFunctionLogs";

/// A request with valid credentials and parameters, whose permissions are still to be checked.
struct Asked {
    app: Arc<App>,
    caller: Caller,
    values: Values,
    fields: Selection,
    now_ms: i64,
}

/// Why a request is not answered.
enum Failure {
    Denied(Denied),
    Bad(BadParam),
    /// The runs to read.
    Forbidden(String),
    NotFound(String),
    Busy(&'static str),
    Engine(EngineError),
}

/// Answers a request of a route that reads runs.
pub(super) async fn answer(app: &Arc<App>, route: &'static Route, place: Option<&str>, request: &Parts) -> Answer {
    let started = clock::monotonic();
    let mut secret_id = String::new();
    let result = match ask(app, route, place, request) {
        Ok(asked) => {
            asked.caller.key.secret_id.clone_into(&mut secret_id);
            match route.handler {
                Handler::Tail => tail::open(asked).await,
                Handler::FailedRequest => failed::answer(&asked, request),
                Handler::Export => export::open(asked, request).await,
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

/// Credentials and parameters.
fn ask(app: &Arc<App>, route: &'static Route, place: Option<&str>, request: &Parts) -> Result<Asked, Failure> {
    let caller = auth::identify(app, request, b"").map_err(Failure::Denied)?;
    let (now_ms, zone) = (clock::now_ms(), app.settings.time_zone);
    let place = route.place().zip(place);
    let query = request.uri.query().unwrap_or_default();
    let mut values = Values::parse(route.params, query, place, zone, now_ms).map_err(Failure::Bad)?;
    if let Some(header) = request.headers.get(LAST_EVENT_ID.name).filter(|_| route.handler == Handler::Tail) {
        values.set(&LAST_EVENT_ID, header.to_str().unwrap_or_default(), zone, now_ms).map_err(Failure::Bad)?;
    }
    let style = Style { zone, billing_step_ms: app.settings.billing_step_ms.into() };
    let fields = Selection::new(values.words(&FIELDS), style);
    Ok(Asked { app: Arc::clone(app), caller, values, fields, now_ms })
}

impl Asked {
    fn account(&self) -> &str {
        &self.caller.key.account
    }

    /// Permits reading everything in a scope: each existing function, and future ones.
    async fn permit(&self, scope: &Scope) -> Result<(), Failure> {
        let key = &self.caller.key;
        if key.root {
            return Ok(());
        }
        let any = |name: &Option<String>| name.clone().unwrap_or_else(|| "*".to_owned());
        let (region, namespace, function) = (any(&scope.region), any(&scope.namespace), any(&scope.function));
        let resource =
            Resource::Function { region: &region, account: &key.account, namespace: &namespace, function: &function };
        if !key.may(READ, resource) {
            return Err(Failure::Forbidden(resource.to_string()));
        }
        if [&region, &namespace, &function].into_iter().all(|name| name != "*") {
            return Ok(());
        }
        let account = key.account.clone();
        let streams = self.ask(move |engine| engine.streams(&account)).await?;
        let refused = streams.iter().map(|summary| &summary.stream).find(|stream| {
            let scope = Scope { qualifier: None, ..scope.clone() };
            scope.matches(stream) && !may_read(key, stream)
        });
        refused.map_or(Ok(()), |stream| Err(Failure::Forbidden(Resource::of(stream).to_string())))
    }

    async fn ask<T: Send + 'static>(
        &self,
        call: impl FnOnce(&dyn Engine) -> Result<T, EngineError> + Send + 'static,
    ) -> Result<T, Failure> {
        self.app.with_engine(call).await.map_err(Failure::Engine)
    }
}

/// Whether a key may read the runs of a stream.
fn may_read(key: &Key, stream: &Stream) -> bool {
    key.may(READ, Resource::of(stream))
}

impl Failure {
    fn code(&self) -> &'static str {
        match self {
            Self::Denied(Denied::Unauthorized(_)) => "Unauthorized",
            Self::Denied(Denied::Forbidden(_)) => "Forbidden",
            Self::Bad(bad) => bad.code,
            Self::Forbidden(_) => "UnauthorizedOperation.CAM",
            Self::NotFound(_) => "NotFound",
            Self::Busy(_) => "Busy",
            Self::Engine(error) => match error.fault {
                Fault::Caller => "InvalidParameter",
                Fault::Busy => "Busy",
                Fault::Engine => "InternalError",
            },
        }
    }

    fn answer(&self) -> Answer {
        let error = |status, message: &str| respond::error(status, self.code(), message);
        match self {
            Self::Denied(denied) => denied.answer(),
            Self::Bad(bad) => error(StatusCode::BAD_REQUEST, &bad.message),
            Self::Forbidden(resource) => error(StatusCode::FORBIDDEN, &no_permission(READ, resource)),
            Self::NotFound(message) => error(StatusCode::NOT_FOUND, message),
            Self::Busy(message) => respond::busy(message),
            Self::Engine(failed) => match failed.fault {
                Fault::Caller => error(StatusCode::BAD_REQUEST, &failed.message),
                Fault::Busy => respond::busy(&failed.message),
                Fault::Engine => {
                    tracing::error!(error = failed.message, "the engine failed");
                    error(StatusCode::INTERNAL_SERVER_ERROR, "the store failed; the server's log says why")
                }
            },
        }
    }
}
