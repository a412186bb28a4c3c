//! What every request can reach.

use std::collections::HashSet;
use std::sync::{Arc, PoisonError, RwLock};
use std::thread;

use runlog_core::{Engine, EngineError};
use tokio::sync::{Semaphore, watch};

use super::attempts::Attempts;
use super::auth::Caller;
use super::failed::FailedRequests;
use super::followers::Followers;
use super::metrics::Metrics;
use super::otlp::Intake;
use super::rate::RateLimiter;
use super::replay::ReplayGuard;
use super::sessions::Sessions;
use crate::keys::Keyring;
use crate::settings::Settings;

/// Queries that run at a time, for each core: one works while another waits for a page of the disk.
const QUERIES_PER_CORE: usize = 2;

/// Exports that run at a time; more are told to retry.
const EXPORTS_MAX: usize = 8;

/// The state of a server.
pub(crate) struct App {
    pub(crate) settings: Arc<Settings>,
    pub(crate) keyring: Keyring,
    pub(crate) rate: RateLimiter,
    pub(crate) replay: ReplayGuard,
    /// Browsers that are signed in.
    pub(crate) sessions: Sessions<Caller>,
    /// Browsers that could not sign in.
    pub(crate) sign_ins: Attempts,
    pub(crate) metrics: Metrics,
    /// Runs whose lines come in by OpenTelemetry.
    pub(crate) otlp: Arc<Intake>,
    /// What failed lately.
    pub(crate) failed: FailedRequests,
    /// Ingest requests that may run at a time.
    pub(crate) ingests: Arc<Semaphore>,
    /// One backup at a time.
    pub(crate) backups: Arc<Semaphore>,
    /// Exports that may run at a time.
    pub(crate) exports: Arc<Semaphore>,
    /// Tails that may read at a time.
    pub(crate) tail_turns: Semaphore,
    /// Those who wait for what is accepted.
    pub(crate) followers: Followers,
    stopping: watch::Sender<bool>,
    engine: Arc<dyn Engine>,
    queries: Semaphore,
    functions: KnownFunctions,
}

/// A function by (account, region, namespace, name).
type FunctionName = (String, String, String, String);

/// Functions that are known to exist. They never cease to, so what is here is true.
#[derive(Default)]
struct KnownFunctions(RwLock<HashSet<FunctionName>>);

impl App {
    pub(crate) fn new(settings: Settings, engine: Arc<dyn Engine>, keyring: Keyring) -> Self {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        Self {
            rate: RateLimiter::new(settings.rate_limit),
            otlp: Arc::new(Intake::new(&settings)),
            ingests: Arc::new(Semaphore::new(settings.ingest_max_concurrent as usize)),
            backups: Arc::new(Semaphore::new(1)),
            exports: Arc::new(Semaphore::new(EXPORTS_MAX)),
            tail_turns: Semaphore::new(cores),
            followers: Followers::new(),
            stopping: watch::Sender::new(false),
            replay: ReplayGuard::default(),
            sessions: Sessions::default(),
            sign_ins: Attempts::default(),
            metrics: Metrics::new(),
            failed: FailedRequests::default(),
            queries: Semaphore::new(QUERIES_PER_CORE * cores),
            functions: KnownFunctions::default(),
            settings: Arc::new(settings),
            keyring,
            engine,
        }
    }

    /// Asks answers that have no end of their own to end.
    pub(crate) fn stop(&self) {
        self.stopping.send_replace(true);
    }

    /// Whether the server stops.
    pub(crate) fn stopping(&self) -> watch::Receiver<bool> {
        self.stopping.subscribe()
    }

    /// The engine, for callers that are on a blocking thread already.
    pub(crate) fn engine(&self) -> &Arc<dyn Engine> {
        &self.engine
    }

    /// Calls the engine on a blocking thread, when its turn comes.
    pub(crate) async fn with_engine<T: Send + 'static>(
        &self,
        call: impl FnOnce(&dyn Engine) -> Result<T, EngineError> + Send + 'static,
    ) -> Result<T, EngineError> {
        // The semaphore is never closed, so a turn always comes.
        let _turn = self.queries.acquire().await;
        let engine = Arc::clone(&self.engine);
        let done = tokio::task::spawn_blocking(move || call(&*engine)).await;
        done.unwrap_or_else(|panic| Err(EngineError::engine(format!("a call of the engine failed: {panic}"))))
    }

    /// Whether a function has ever run.
    pub(crate) async fn has_function(
        &self,
        account: &str,
        region: &str,
        namespace: &str,
        function: &str,
    ) -> Result<bool, EngineError> {
        let name = (account.to_owned(), region.to_owned(), namespace.to_owned(), function.to_owned());
        if self.functions.0.read().unwrap_or_else(PoisonError::into_inner).contains(&name) {
            return Ok(true);
        }
        let account = account.to_owned();
        let streams = self.with_engine(move |engine| engine.streams(&account)).await?;
        let mut known = self.functions.0.write().unwrap_or_else(PoisonError::into_inner);
        known.extend(streams.into_iter().map(|summary| {
            let stream = summary.stream;
            (stream.account, stream.region, stream.namespace, stream.function)
        }));
        Ok(known.contains(&name))
    }
}
