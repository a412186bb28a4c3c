//! A request of the native API whose credentials and parameters are right.

use std::sync::Arc;

use hyper::http::request::Parts;
use runlog_core::{Engine, EngineError, Scope};

use super::failure::Failure;
use super::fields::{Selection, Style};
use super::params::{FIELDS, LAST_EVENT_ID, Values};
use super::route::{Handler, Route};
use crate::access::READ_RUNS;
use crate::app::App;
use crate::auth;
use crate::caller::Caller;
use crate::clock;

/// A request with valid credentials and parameters, whose permissions are still to be checked.
pub(super) struct Asked {
    pub(super) app: Arc<App>,
    pub(super) caller: Caller,
    pub(super) values: Values,
    pub(super) fields: Selection,
    pub(super) now_ms: i64,
}

impl Asked {
    /// Reads credentials and parameters.
    pub(super) fn read(
        app: &Arc<App>,
        route: &'static Route,
        place: Option<&str>,
        request: &Parts,
    ) -> Result<Self, Failure> {
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
        Ok(Self { app: Arc::clone(app), caller, values, fields, now_ms })
    }

    pub(super) fn account(&self) -> &str {
        &self.caller.key.account
    }

    /// Permits reading everything in a scope: each existing function, and future ones.
    pub(super) async fn permit(&self, scope: &Scope) -> Result<(), Failure> {
        self.caller.may_in(READ_RUNS, scope, &self.app.engine).await.map_err(Failure::from)
    }

    /// Asks the engine.
    pub(super) async fn ask<T: Send + 'static>(
        &self,
        call: impl FnOnce(&dyn Engine) -> Result<T, EngineError> + Send + 'static,
    ) -> Result<T, Failure> {
        self.app.engine.ask(call).await.map_err(Failure::Engine)
    }
}
