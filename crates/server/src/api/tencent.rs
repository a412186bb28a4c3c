//! The signed API at `/`: the Tencent Cloud API 3.0 dialect.
//!
//! Every answer has HTTP status 200 and a request id. A request goes through size, form, key, signature, action,
//! region, rate, parameters, policy, and then the engine; the first that fails answers. What an action takes, is about
//! and answers is in `wire`; here are the two ways of asking the engine that its calls need.

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use hyper::body::Body;
use hyper::http::request::Parts;
use hyper::{Request, StatusCode};
use runlog_core::{EngineError, Scope};
use runlog_wire::actions::{Context, RowsWriter, RunsCall, StreamsCall, Subject};
use runlog_wire::{Action, ApiError, ApiRequest, Auth, Call, ErrorCode, Head, RawRequest, envelope};

use super::rows_answer::{self, Begun, RowsAnswer};
use crate::access::{Refusal, Refused};
use crate::answer_stream::{self, Sent};
use crate::app::App;
use crate::body::{self, Pace};
use crate::budget::{NoRoom, Share};
use crate::caller::Caller;
use crate::clock;
use crate::failed_requests::{Failed, facts};
use crate::keys::Key;
use crate::respond::{self, Answer, Packed};
use crate::settings::Settings;
use crate::unpack::BodyError;

/// The longest body of a request that is read although its head has made it an error.
const REFUSED_BODY_MAX_BYTES: u64 = 16 << 10;

/// The action in the metrics of a request whose action is unknown.
const NO_ACTION: &str = "none";

/// The code in the metrics of an answer whose reader went away, or was cut off because it took nothing.
const CUT_OFF: &str = "CutOff";

pub(super) async fn answer<B>(app: &Arc<App>, request: Request<B>) -> Answer
where
    B: Body<Data = Bytes> + Unpin,
{
    let started = clock::monotonic();
    let request_id = uuid::Uuid::new_v4().to_string();
    let (head, body_of_request) = request.into_parts();
    let mut raw = RawRequest {
        method: head.method.as_str(),
        path: head.uri.path(),
        query: head.uri.query().unwrap_or_default(),
        headers: head.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect(),
        body: b"",
    };
    let mut asked = Asked { app, head: &head, event: Event::new(started, request_id) };
    let (body, result);
    let mut memory = app.unverified.share();
    match asked.receive(&raw, body_of_request, &mut memory).await {
        Ok(whole) => {
            body = whole;
            raw.body = &body;
            result = asked.answer(&raw).await;
        }
        Err((read, error)) => {
            body = read;
            raw.body = &body;
            result = Err(error);
        }
    }
    drop(memory);
    match result {
        Ok(Begun::Whole(packed)) => {
            asked.event.report(app, "", packed.text_bytes() as u64);
            respond::packed(StatusCode::OK, packed)
        }
        Ok(Begun::Long(first, rows)) => stream(Arc::clone(app), first, *rows, asked.event),
        Err(error) => {
            asked.remember(&error, &raw);
            let body = envelope::failure(&error, ApiRequest::language_hint(&raw), &asked.event.request_id);
            asked.event.report(app, error.code(), 0);
            respond::packed(StatusCode::OK, Packed::plain(body))
        }
    }
}

/// Sends rows while they are read. The event of the request is that of its end.
fn stream(app: Arc<App>, first: Bytes, rows: RowsAnswer, event: Event) -> Answer {
    let (is_gzip, engine, ledger) = (rows.is_gzip(), app.engine.clone(), Arc::clone(&app.answer_bytes));
    let body = answer_stream::begin(engine, ledger, first, rows, move |bytes, sent| match sent {
        Sent::Whole => event.report(&app, "", bytes),
        Sent::Left => event.report(&app, CUT_OFF, bytes),
        Sent::Failed(error) => event.report(&app, internal(&error).code(), bytes),
    });
    respond::json(StatusCode::OK, body, is_gzip)
}

/// A request on its way, and what is known of it so far.
struct Asked<'a> {
    app: &'a App,
    head: &'a Parts,
    event: Event,
}

/// What is counted and logged of a request.
struct Event {
    started: Instant,
    request_id: String,
    action: Option<Action>,
    secret_id: String,
}

/// A call whose sender is known, in the region that it is for.
struct Signed<'a> {
    app: &'a App,
    caller: Caller,
    region: String,
    request_id: &'a str,
    takes_gzip: bool,
}

impl Asked<'_> {
    /// The body, where the head is one that a body could make right. The body of another is left where it is, unless
    /// it is short: then the doctor can tell more about the request.
    async fn receive<B>(
        &mut self,
        raw: &RawRequest<'_>,
        body: B,
        memory: &mut Share,
    ) -> Result<Bytes, (Bytes, ApiError)>
    where
        B: Body<Data = Bytes> + Unpin,
    {
        let settings = &self.app.settings;
        let pace = Pace::of_unknown(settings);
        let head = match self.judge_head(raw) {
            Ok(head) => head,
            Err(error) => {
                let is_short = body.size_hint().upper().is_some_and(|bytes| bytes <= REFUSED_BODY_MAX_BYTES);
                let read = if is_short {
                    body::collect(body, REFUSED_BODY_MAX_BYTES, pace, memory).await.unwrap_or_default()
                } else {
                    Bytes::new()
                };
                return Err((read, error));
            }
        };
        let read = body::collect(body, head.body_max_bytes as u64, pace, memory).await;
        read.map_err(|error| {
            let error = match error {
                BodyError::TooLarge { .. } => head.too_long(),
                BodyError::NoRoom(NoRoom::Now { option, .. } | NoRoom::Ever { option, .. }) => {
                    ApiError::no_room(option)
                }
                BodyError::Disconnected | BodyError::Expands => ApiError::body_cut_off(),
            };
            (Bytes::new(), error)
        })
    }

    /// What can be refused without the body: no such key, a date that is too far away, a head of no form.
    fn judge_head(&mut self, raw: &RawRequest<'_>) -> Result<Head, ApiError> {
        let head = raw.head()?;
        if let Some(secret_id) = &head.secret_id {
            secret_id.clone_into(&mut self.event.secret_id);
            if self.app.keyring.get(secret_id).is_none() {
                return Err(ApiError::new(ErrorCode::AuthFailureSecretIdNotFound));
            }
            head.check_skew(clock::now_ms().div_euclid(1000), self.app.settings.signature_max_skew.into())?;
        }
        Ok(head)
    }

    async fn answer(&mut self, raw: &RawRequest<'_>) -> Result<Begun, ApiError> {
        let request = raw.parse()?;
        request.secret_id().clone_into(&mut self.event.secret_id);
        let key = self.authenticate(raw, &request)?;
        let action = Action::parse(&request.common.action, &request.common.version)?;
        self.event.action = Some(action);
        let region = region(self.app, request.common.region.as_deref())?;
        self.app
            .rate
            .admit(request.secret_id(), action, self.event.started)
            .map_err(|over| ApiError::rate_limited(over.observed, over.limit))?;
        let signed = Signed {
            app: self.app,
            caller: Caller::of_key(key),
            region,
            request_id: &self.event.request_id,
            takes_gzip: respond::takes(&self.head.headers, "gzip"),
        };
        signed.answer(action, &request).await
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
    fn remember(&self, error: &ApiError, raw: &RawRequest<'_>) {
        // A failure of the engine is in the log; the sender cannot find out more about it.
        if error.error_code() == ErrorCode::InternalErrorSystem {
            return;
        }
        self.app.failed.remember(Failed {
            request_id: self.event.request_id.clone(),
            secret_id: self.event.secret_id.clone(),
            account: self.app.keyring.get(&self.event.secret_id).map(|key| key.account.clone()),
            code: error.code().to_owned(),
            received_s: clock::now_ms().div_euclid(1000),
            max_skew_s: self.app.settings.signature_max_skew.into(),
            request: facts(raw),
        });
    }
}

impl Event {
    fn new(started: Instant, request_id: String) -> Self {
        Self { started, request_id, action: None, secret_id: String::new() }
    }

    /// One structured event and one count a request. `code` is empty for a success.
    fn report(&self, app: &App, code: &str, bytes: u64) {
        let elapsed = self.started.elapsed();
        let action = self.action.map_or(NO_ACTION, Action::name);
        app.metrics.request(action, code, elapsed);
        tracing::info!(
            request_id = self.request_id,
            action,
            secret_id = self.secret_id,
            code,
            bytes,
            elapsed_us = elapsed.as_micros() as u64,
            "request"
        );
    }
}

impl Signed<'_> {
    /// Parse, permit, ask, respond.
    async fn answer(&self, action: Action, request: &ApiRequest) -> Result<Begun, ApiError> {
        let ctx = context(&self.app.settings, clock::now_ms(), &self.caller.key.account, &self.region);
        let call = Call::parse(action, &request.params, &ctx)?;
        self.permit(action, call.subject()).await?;
        match call {
            Call::Runs(call) => self.runs(call, &ctx).await,
            Call::Streams(call) => self.streams(call).await,
        }
    }

    async fn permit(&self, action: Action, subject: Subject<'_>) -> Result<(), ApiError> {
        let (namespace, function) = match subject {
            Subject::Account => return self.caller.may_in_account(action).map_err(|refused| not_permitted(&refused)),
            Subject::Function { namespace, function } => (namespace, Some(function)),
            Subject::Namespace { namespace } => (namespace, None),
        };
        let scope = Scope {
            region: Some(self.region.clone()),
            namespace: Some(namespace.to_owned()),
            function: function.map(str::to_owned),
            ..Scope::account(&self.caller.key.account)
        };
        self.caller.may_in(action, &scope, &self.app.engine).await.map_err(|refusal| match refusal {
            Refusal::Refused(refused) => not_permitted(&refused),
            Refusal::Engine(error) => internal(&error),
        })
    }

    /// The runs of a query; of a function only when there is one of this name.
    async fn runs(&self, call: RunsCall, ctx: &Context<'_>) -> Result<Begun, ApiError> {
        let query = call.query();
        if let (Some(function), Some(namespace)) = (call.function(), &query.scope.namespace) {
            let found = self.app.has_function(ctx.account, ctx.region, namespace, function).await;
            if !found.map_err(|error| internal(&error))? {
                return Err(ApiError::function_not_found(function));
            }
        }
        let (writer, takes_gzip) = (RowsWriter::new(call, ctx, self.request_id), self.takes_gzip);
        let asked = self.app.answer_bytes.make(&self.app.engine, move |engine, ledger| {
            rows_answer::begin(engine, &query, writer, takes_gzip).map(|begun| begun.counted(ledger))
        });
        asked.await.map_err(|error| internal(&error))
    }

    /// What the streams of the caller's account in the request's region say.
    async fn streams(&self, call: StreamsCall) -> Result<Begun, ApiError> {
        let Self { app, caller, region, request_id, takes_gzip } = self;
        let (account, region, request_id) = (caller.key.account.clone(), region.clone(), (*request_id).to_owned());
        let (settings, now_ms, takes_gzip) = (Arc::clone(&app.settings), clock::now_ms(), *takes_gzip);
        let asked = app.engine.ask(move |engine| {
            let mut streams = engine.streams(&account)?;
            streams.retain(|summary| summary.stream.region == region);
            let ctx = context(&settings, now_ms, &account, &region);
            Ok(call.answer(&streams, &ctx, &request_id).map(|text| Begun::Whole(Packed::new(text, takes_gzip))))
        });
        asked.await.map_err(|error| internal(&error))?
    }
}

fn context<'a>(settings: &Settings, now_ms: i64, account: &'a str, region: &'a str) -> Context<'a> {
    let (zone, billing_step_ms) = (settings.time_zone, settings.billing_step_ms.into());
    Context { zone, now_ms, account, region, billing_step_ms }
}

/// The region that a request is for: each well-formed id is a separate part of the data, unless the options list the
/// allowed ones.
fn region(app: &App, asked: Option<&str>) -> Result<String, ApiError> {
    let settings = &app.settings;
    let region = asked.filter(|region| !region.is_empty()).unwrap_or(&settings.default_region);
    if settings.serves_region(region) { Ok(region.to_owned()) } else { Err(ApiError::unsupported_region(region)) }
}

fn not_permitted(refused: &Refused) -> ApiError {
    ApiError::cam_refused(refused.action.name(), &refused.resource)
}

/// The engine's error is for the server's log; the caller gets the code.
fn internal(error: &EngineError) -> ApiError {
    tracing::error!(%error, "the engine failed");
    ApiError::new(ErrorCode::InternalErrorSystem)
}

#[cfg(test)]
mod tests {
    use http_body_util::{BodyExt, Full};
    use runlog_core::{Answer as Found, Outcome, Query, StreamSummary, TailFilter};
    use runlog_wire::sign_v3::{V3Input, sign_v3};

    use std::path::Path;
    use std::time::Duration;

    use super::*;
    use crate::keys::Keyring;
    use runlog_core::{
        Backup, Engine, Gauges, Growth, Health, Identity, OpenRun, Origin, Removed, Report, Rows, Stored, Tail,
    };

    /// An engine whose disk is gone.
    struct Broken;

    fn gone<T>() -> Result<T, EngineError> {
        Err(EngineError::engine("no such device: /dev/sdz"))
    }

    impl Engine for Broken {
        fn offer(&self, _: Vec<Report>) -> Result<Vec<Outcome>, EngineError> {
            gone()
        }
        fn grow(&self, _: Vec<Growth>) -> Result<Vec<Outcome>, EngineError> {
            gone()
        }
        fn open_runs(&self, _: Origin) -> Result<Vec<OpenRun>, EngineError> {
            gone()
        }
        fn open_run(&self, _: &Identity) -> Result<Option<Report>, EngineError> {
            gone()
        }
        fn open_query(&self, _: &Query) -> Result<(Found, Box<dyn Rows>), EngineError> {
            gone()
        }
        fn streams(&self, _: &str) -> Result<Vec<StreamSummary>, EngineError> {
            gone()
        }
        fn stored(&self, _: &str) -> Result<Vec<Stored>, EngineError> {
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
        let app = Arc::new(App::new(settings, Arc::new(Broken), keyring));
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
