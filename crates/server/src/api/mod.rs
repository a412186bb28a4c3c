//! Routes: the signed API at `/` ([`tencent`]), and those in the table of [`native::routes`].

mod admin;
mod backup;
pub(crate) mod browser;
pub(crate) mod doctor;
pub(crate) mod native;
mod operate;
pub(crate) mod otlp;
mod put_runs;
mod retain;
mod rows_answer;
pub(crate) mod session;
mod tables;
mod tencent;

use std::sync::Arc;

use hyper::body::Incoming;
use hyper::header::{ALLOW, HeaderMap, HeaderName, HeaderValue};
use hyper::{Request, StatusCode};

use super::app::App;
use super::clock;
use super::respond::{self, Answer, Packed};
use super::slots::Full;
use super::web;
use browser::Asker;
use native::route::Handler;
use native::routes::{self, Found};

/// Answers a request.
pub(super) async fn route(app: &Arc<App>, request: Request<Incoming>) -> Answer {
    let (head, body) = request.into_parts();
    let asker = Asker::of(&head);
    let answer = match web::answer(&app.settings, &head) {
        Some(page) => page,
        None => dispatch(app, Request::from_parts(head, body)).await,
    };
    asker.finish(answer)
}

/// Answers a request on a connection for which there is no place: health checks, and nothing else.
pub(super) async fn route_without_place(app: &App, request: &Request<Incoming>, full: Full) -> Answer {
    match routes::find(request.method().as_str(), request.uri().path()) {
        Found::Route(route, _) if route.handler == Handler::Livez => operate::livez(),
        Found::Route(route, _) if route.handler == Handler::Readyz => operate::readyz(app).await,
        _ => respond::busy(full.message()),
    }
}

async fn dispatch(app: &Arc<App>, request: Request<Incoming>) -> Answer {
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    if path == "/" {
        let started = clock::monotonic();
        let mut answer = tencent::answer(app, request).await;
        // For the time line of the API Explorer; browsers show it, too.
        let timing = format!("app;dur={:.3}", started.elapsed().as_secs_f64() * 1000.0);
        let timing = HeaderValue::from_str(&timing).expect("a number is plain text");
        answer.headers_mut().insert(HeaderName::from_static("server-timing"), timing);
        return answer;
    }
    if path.starts_with("/mock/") {
        return tables::mock(app, request).await;
    }
    let (head, body) = request.into_parts();
    if let Some(refusal) = browser::refuse_other_sites(&head) {
        return refusal;
    }
    let request = Request::from_parts(head, body);
    let (route, place) = match routes::find(method.as_str(), &path) {
        Found::Route(route, place) => (route, place),
        Found::OtherMethods(methods) => {
            let message = format!("{method} is not served on {path}");
            let mut answer = respond::error(StatusCode::METHOD_NOT_ALLOWED, "MethodNotAllowed", &message);
            if let Ok(allowed) = HeaderValue::from_str(&methods.join(", ")) {
                answer.headers_mut().insert(ALLOW, allowed);
            }
            return answer;
        }
        Found::Nothing => {
            let message =
                format!("there is nothing at {path}; /openapi.json lists the paths, and the signed API is at /");
            return respond::error(StatusCode::NOT_FOUND, "NotFound", &message);
        }
    };
    match route.handler {
        Handler::Ingest => put_runs::ingest(app, request).await,
        Handler::Otlp => otlp::http::export(app, request).await,
        Handler::Doctor => doctor::answer(app, request).await,
        Handler::SignIn => session::sign_in(app, request).await,
        Handler::Session => session::show(app, &request.into_parts().0),
        Handler::SignOut => session::sign_out(app, &request.into_parts().0),
        Handler::Backup => backup::make(app, request).await,
        Handler::Retain => retain::remove(app, request).await,
        Handler::OpenApi => openapi(request.headers()).await,
        Handler::Actions => tables::actions(app, &request.into_parts().0).await,
        Handler::Livez => operate::livez(),
        Handler::Readyz => operate::readyz(app).await,
        Handler::Metrics => operate::metrics(app, &request.into_parts().0).await,
        Handler::Runs
        | Handler::Run
        | Handler::Histogram
        | Handler::Facets
        | Handler::Stats
        | Handler::Functions
        | Handler::RunLog
        | Handler::Overview
        | Handler::Report(_)
        | Handler::Storage
        | Handler::Keys
        | Handler::Allowed
        | Handler::FailedRequest
        | Handler::Tail
        | Handler::Export => native::answer(app, route, place, &request.into_parts().0).await,
    }
}

async fn openapi(asked: &HeaderMap) -> Answer {
    let takes_gzip = respond::takes(asked, "gzip");
    let packed = tokio::task::spawn_blocking(move || Packed::new(native::openapi::text().into(), takes_gzip)).await;
    match packed {
        Ok(packed) => respond::packed(StatusCode::OK, packed),
        Err(panic) => {
            tracing::error!(%panic, "the description could not be made");
            respond::error(StatusCode::INTERNAL_SERVER_ERROR, "InternalError", "the server's log says why")
        }
    }
}
