//! The signed API at `/`: the Tencent Cloud API 3.0 dialect.
//!
//! Every answer has HTTP status 200 and a request id. A request goes through size, form, key, signature, action,
//! region, rate, parameters, policy, and then the engine; the first that fails answers.

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use hyper::body::Body;
use hyper::{Request, StatusCode};
use runlog_core::EngineError;
use runlog_core::StreamSummary;
use runlog_wire::actions::{
    self, Context, get_function, get_function_logs, get_request_status, list_functions, list_namespaces,
    list_version_by_function,
};
use runlog_wire::params::Action;
use runlog_wire::{ApiError, ApiRequest, Auth, ErrorCode, RawRequest, envelope, limits};

use crate::app::App;
use crate::body;
use crate::cam::Resource;
use crate::clock;
use crate::failed::{Failed, facts};
use crate::keys::Key;
use crate::respond::{self, Answer};
use crate::unpack::BodyError;

/// The action in the metrics of a request whose action is unknown.
const NO_ACTION: &str = "none";

pub(super) async fn answer<B>(app: &App, request: Request<B>) -> Answer
where
    B: Body<Data = Bytes> + Unpin,
{
    let started = clock::monotonic();
    let request_id = uuid::Uuid::new_v4().to_string();
    let (head, body) = request.into_parts();
    let body = body::collect(body, limits::TC3_POST_MAX_BYTES as u64, app.settings.client_timeout()).await;
    let (body, unread) = match body {
        Ok(body) => (body, None),
        Err(BodyError::TooLarge { .. }) => (Bytes::new(), Some(ApiError::too_large(limits::TC3_POST_MAX_BYTES))),
        Err(BodyError::Disconnected) => (Bytes::new(), Some(ApiError::body_cut_off())),
    };
    let raw = RawRequest {
        method: head.method.as_str(),
        path: head.uri.path(),
        query: head.uri.query().unwrap_or_default(),
        headers: head.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect(),
        body: &body,
    };
    let mut call = Call { app, started, action: NO_ACTION, secret_id: String::new() };
    let result = match unread {
        None => call.answer(&raw, &request_id).await,
        Some(error) => Err(error),
    };
    call.report(&request_id, result.as_ref().map(Vec::len));
    if let Err(error) = &result {
        call.remember(&request_id, error, &raw);
    }
    let body = result.unwrap_or_else(|error| envelope::failure(&error, ApiRequest::language_hint(&raw), &request_id));
    respond::json(StatusCode::OK, body, &head.headers)
}

/// A request on its way.
struct Call<'a> {
    app: &'a App,
    started: Instant,
    action: &'static str,
    secret_id: String,
}

/// The caller, as the actions know it.
struct Caller<'a> {
    app: &'a App,
    key: Arc<Key>,
    region: String,
    request_id: &'a str,
}

impl Call<'_> {
    async fn answer(&mut self, raw: &RawRequest<'_>, request_id: &str) -> Result<Vec<u8>, ApiError> {
        let request = raw.parse()?;
        request.secret_id().clone_into(&mut self.secret_id);
        let key = self.authenticate(raw, &request)?;
        let action = actions::find(&request.common.action, &request.common.version)?;
        self.action = action.name;
        let region = region(self.app, request.common.region.as_deref())?;
        self.app
            .rate
            .admit(request.secret_id(), action.name, self.started)
            .map_err(|over| ApiError::rate_limited(over.observed, over.limit))?;
        Caller { app: self.app, key, region, request_id }.run(action, &request).await
    }

    fn authenticate(&self, raw: &RawRequest<'_>, request: &ApiRequest) -> Result<Arc<Key>, ApiError> {
        let settings = &self.app.settings;
        let key = self.app.keyring.get(request.secret_id());
        let key = key.ok_or_else(|| ApiError::new(ErrorCode::AuthFailureSecretIdNotFound))?;
        let now_s = clock::now_ms().div_euclid(1000);
        let max_skew_s = i64::from(settings.signature_max_skew);
        request.verify(raw, &key.secret_key, now_s, max_skew_s)?;
        if let (true, Auth::V1(auth)) = (settings.refuse_replay, &request.auth) {
            let expires_s = request.common.timestamp_s.saturating_add(max_skew_s);
            if !self.app.replay.is_new(request.secret_id(), auth.signature(), expires_s, now_s) {
                return Err(ApiError::new(ErrorCode::AuthFailureSignatureExpire));
            }
        }
        Ok(key)
    }

    /// Remembers the facts of a failed request, for `runlog doctor`.
    fn remember(&self, request_id: &str, error: &ApiError, raw: &RawRequest<'_>) {
        // A failure of the engine is in the log; the sender cannot find out more about it.
        if error.error_code() == ErrorCode::InternalErrorSystem {
            return;
        }
        self.app.failed.remember(Failed {
            request_id: request_id.to_owned(),
            secret_id: self.secret_id.clone(),
            account: self.app.keyring.get(&self.secret_id).map(|key| key.account.clone()),
            code: error.code().to_owned(),
            received_s: clock::now_ms().div_euclid(1000),
            max_skew_s: self.app.settings.signature_max_skew.into(),
            request: facts(raw),
        });
    }

    /// One structured event and one count a request.
    fn report(&self, request_id: &str, result: Result<usize, &ApiError>) {
        let elapsed = self.started.elapsed();
        let code = result.as_ref().err().map_or("", |error| error.code());
        self.app.metrics.request(self.action, code, elapsed);
        tracing::info!(
            request_id,
            action = self.action,
            secret_id = self.secret_id,
            code,
            bytes = result.unwrap_or_default(),
            elapsed_us = elapsed.as_micros() as u64,
            "request"
        );
    }
}

impl Caller<'_> {
    async fn run(&self, action: &'static Action, request: &ApiRequest) -> Result<Vec<u8>, ApiError> {
        let context = Context {
            zone: self.app.settings.time_zone,
            now_ms: clock::now_ms(),
            account: &self.key.account,
            region: &self.region,
            billing_step_ms: self.app.settings.billing_step_ms.into(),
        };
        let params = &request.params;
        match action.name {
            "GetFunctionLogs" => {
                let request = get_function_logs::Request::parse(params, &context)?;
                self.permit_logs(action.name, &request.namespace, request.function.as_deref()).await?;
                let query = request.query();
                let answer = self.ask(move |engine| engine.query(&query)).await?;
                Ok(self.success(&get_function_logs::response(&request, &answer, &context)))
            }
            "GetRequestStatus" => {
                let request = get_request_status::Request::parse(params, &context)?;
                self.permit_logs(action.name, &request.namespace, Some(&request.function)).await?;
                let query = request.query();
                let answer = self.ask(move |engine| engine.query(&query)).await?;
                Ok(self.success(&get_request_status::response(&request, &answer, &context)))
            }
            "ListFunctions" => {
                let request = list_functions::Request::parse(params, &context)?;
                self.permit(action.name, Resource::Any)?;
                Ok(self.success(&list_functions::response(&request, &self.streams().await?, &context)?))
            }
            "ListNamespaces" => {
                let request = list_namespaces::Request::parse(params, &context)?;
                self.permit(action.name, Resource::Any)?;
                Ok(self.success(&list_namespaces::response(&request, &self.streams().await?, &context)))
            }
            "GetFunction" => {
                let request = get_function::Request::parse(params, &context)?;
                self.permit(action.name, self.function(&request.namespace, &request.function))?;
                Ok(self.success(&get_function::response(&request, &self.streams().await?, &context)?))
            }
            "ListVersionByFunction" => {
                let request = list_version_by_function::Request::parse(params, &context)?;
                self.permit(action.name, self.function(&request.namespace, &request.function))?;
                Ok(self.success(&list_version_by_function::response(&request, &self.streams().await?, &context)?))
            }
            _ => Err(ApiError::new(ErrorCode::InvalidAction)),
        }
    }

    /// Permits reading the runs of a function that exists, or of every function of a namespace.
    async fn permit_logs(&self, action: &str, namespace: &str, function: Option<&str>) -> Result<(), ApiError> {
        let Some(function) = function else {
            return self.permit_every_function(action, namespace).await;
        };
        self.permit(action, self.function(namespace, function))?;
        match self.app.has_function(&self.key.account, &self.region, namespace, function).await {
            Ok(true) => Ok(()),
            Ok(false) => Err(ApiError::function_not_found(function)),
            Err(error) => Err(internal(&error)),
        }
    }

    /// All functions of a namespace at once: each existing one must be allowed, and future ones.
    async fn permit_every_function(&self, action: &str, namespace: &str) -> Result<(), ApiError> {
        if self.key.root {
            return Ok(());
        }
        self.permit(action, self.function(namespace, "*"))?;
        let streams = self.streams().await?;
        let mut here = streams.iter().map(|summary| &summary.stream).filter(|stream| stream.namespace == namespace);
        here.try_for_each(|stream| self.permit(action, self.function(namespace, &stream.function)))
    }

    fn permit(&self, action: &str, resource: Resource<'_>) -> Result<(), ApiError> {
        if self.key.may(&format!("scf:{action}"), resource) {
            return Ok(());
        }
        Err(ApiError::cam_refused(action, resource))
    }

    fn function<'a>(&'a self, namespace: &'a str, function: &'a str) -> Resource<'a> {
        Resource::Function { region: &self.region, account: &self.key.account, namespace, function }
    }

    /// The streams of the caller's account in the request's region.
    async fn streams(&self) -> Result<Vec<StreamSummary>, ApiError> {
        let account = self.key.account.clone();
        let mut streams = self.ask(move |engine| engine.streams(&account)).await?;
        streams.retain(|summary| summary.stream.region == self.region);
        Ok(streams)
    }

    async fn ask<T: Send + 'static>(
        &self,
        call: impl FnOnce(&dyn runlog_core::Engine) -> Result<T, EngineError> + Send + 'static,
    ) -> Result<T, ApiError> {
        self.app.with_engine(call).await.map_err(|error| internal(&error))
    }

    fn success(&self, response: &impl serde::Serialize) -> Vec<u8> {
        envelope::success(response, self.request_id)
    }
}

/// The region that a request is for: each well-formed id is a separate part of the data, unless the options list the
/// allowed ones.
fn region(app: &App, asked: Option<&str>) -> Result<String, ApiError> {
    let settings = &app.settings;
    let region = asked.filter(|region| !region.is_empty()).unwrap_or(&settings.default_region);
    if settings.serves_region(region) { Ok(region.to_owned()) } else { Err(ApiError::unsupported_region(region)) }
}

/// The engine's error is for the server's log; the caller gets the code.
fn internal(error: &EngineError) -> ApiError {
    tracing::error!(%error, "the engine failed");
    ApiError::new(ErrorCode::InternalErrorSystem)
}

#[cfg(test)]
mod tests {
    use http_body_util::{BodyExt, Full};
    use runlog_core::{Answer as Found, Outcome, Query, Run, TailFilter};
    use runlog_wire::sign_v3::{V3Input, sign_v3};

    use std::path::Path;
    use std::time::Duration;

    use super::*;
    use crate::keys::Keyring;
    use crate::settings::Settings;
    use runlog_core::{Backup, Engine, Gauges, Health, Removed, Rows, Tail};

    /// An engine whose disk is gone.
    struct Broken;

    fn gone<T>() -> Result<T, EngineError> {
        Err(EngineError::engine("no such device: /dev/sdz"))
    }

    impl Engine for Broken {
        fn append(&self, _: Vec<Run>) -> Result<Vec<Outcome>, EngineError> {
            gone()
        }
        fn open_query(&self, _: &Query) -> Result<(Found, Box<dyn Rows>), EngineError> {
            gone()
        }
        fn streams(&self, _: &str) -> Result<Vec<StreamSummary>, EngineError> {
            gone()
        }
        fn subscribe(&self, _: Option<u64>, _: TailFilter) -> Result<Box<dyn Tail>, EngineError> {
            gone()
        }
        fn wait_past(&self, _: u64, _: Duration) -> Result<u64, EngineError> {
            gone()
        }
        fn expire_in_flight(&self) -> Result<usize, EngineError> {
            gone()
        }
        fn retain(&self) -> Result<Removed, EngineError> {
            gone()
        }
        fn backup(&self, _: &Path) -> Result<Backup, EngineError> {
            gone()
        }
        fn health(&self) -> Health {
            Health::default()
        }
        fn gauges(&self) -> Gauges {
            Gauges::default()
        }
    }

    /// The body of the answer that a broken engine's server gives to a signed request.
    async fn ask(action: &str, body: &str) -> String {
        let data = tempfile::tempdir().unwrap();
        let settings = [("data", data.path().to_str().unwrap()), ("root_key", "AKIDroot:secret")];
        let settings = Settings::with(&settings).unwrap();
        let (keyring, _) = Keyring::open(&settings.data, settings.root_key.as_ref()).unwrap();
        let app = App::new(settings, Arc::new(Broken), keyring);
        let timestamp_s = clock::now_ms() / 1000;
        let input = V3Input::post_json("localhost", body.as_bytes(), timestamp_s);
        let request = Request::post("/")
            .header("host", "localhost")
            .header("content-type", "application/json")
            .header("x-tc-action", action)
            .header("x-tc-version", "2018-04-16")
            .header("x-tc-timestamp", timestamp_s)
            .header("authorization", sign_v3("AKIDroot", "secret", &input).authorization)
            .body(Full::new(Bytes::from(body.to_owned())))
            .unwrap();
        let response = answer(&app, request).await;
        assert_eq!(response.status(), StatusCode::OK);
        String::from_utf8(response.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap()
    }

    #[tokio::test]
    async fn an_engine_that_fails_is_an_internal_error_that_tells_no_secrets() {
        for (action, body) in [
            ("GetFunctionLogs", "{}"),
            ("GetFunctionLogs", r#"{"FunctionName":"f"}"#),
            ("GetRequestStatus", r#"{"FunctionName":"f","FunctionRequestId":"r"}"#),
            ("ListFunctions", "{}"),
            ("ListNamespaces", "{}"),
            ("GetFunction", r#"{"FunctionName":"f"}"#),
            ("ListVersionByFunction", r#"{"FunctionName":"f"}"#),
        ] {
            let answer = ask(action, body).await;
            assert!(answer.contains(r#""Code":"InternalError.System""#), "{action}: {answer}");
            assert!(!answer.contains("sdz"), "{answer}");
        }
    }
}
