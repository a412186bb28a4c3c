//! The state that every request can reach.

use std::collections::HashSet;
use std::sync::{Arc, PoisonError, RwLock};
use std::thread;

use bytes::Bytes;
use hyper::body::Body;
use runlog_core::{Engine, EngineError};
use tokio::sync::{Semaphore, watch};

use super::answer_bytes::AnswerBytes;
use super::attempts::Attempts;
use super::body::{self, Pace};
use super::budget::Budget;
use super::caller::Caller;
use super::engine::EngineHandle;
use super::failed_requests::FailedRequests;
use super::followers::Followers;
use super::metrics::Metrics;
use super::otlp::Intake;
use super::rate::RateLimiter;
use super::replay::ReplayGuard;
use super::sessions::Sessions;
use crate::keys::Keyring;
use crate::settings::Settings;
use crate::unpack::BodyError;

/// Queries that run at a time, for each core: one works while another waits for a page of the disk.
const QUERIES_PER_CORE: usize = 2;

/// Exports that run at a time; more are told to retry.
const EXPORTS_MAX: usize = 8;

/// Reports at a time: each has the figures of up to 5 million runs in memory.
const REPORTS_MAX: usize = 2;

/// A body that is small among those whose sender is not known: nearly every signed call.
const UNVERIFIED_SMALL_BYTES: u64 = 64 << 10;

/// What a small ingest request takes.
const INGEST_SMALL_BYTES: u64 = 2 << 20;

/// The state of a server.
pub(crate) struct App {
    pub(crate) settings: Arc<Settings>,
    pub(crate) keyring: Arc<Keyring>,
    pub(crate) rate: RateLimiter,
    pub(crate) replay: ReplayGuard,
    /// Browsers that are signed in.
    pub(crate) sessions: Sessions<Caller>,
    /// Browsers that could not sign in.
    pub(crate) sign_ins: Attempts,
    pub(crate) metrics: Metrics,
    /// Runs whose lines come in by OpenTelemetry.
    pub(crate) otlp: Arc<Intake>,
    /// Recently failed requests.
    pub(crate) failed: FailedRequests,
    /// Ingest requests that may run at a time.
    pub(crate) ingests: Arc<Semaphore>,
    /// What bodies hold in memory whose senders are not known yet.
    pub(crate) unverified: Arc<Budget>,
    /// What ingest requests hold in memory.
    pub(crate) ingest_memory: Arc<Budget>,
    /// One backup at a time.
    pub(crate) backups: Arc<Semaphore>,
    /// Exports that may run at a time.
    pub(crate) exports: Arc<Semaphore>,
    /// Reports that may be made at a time.
    pub(crate) reports: Arc<Semaphore>,
    /// One count of everything at a time, for the metrics.
    pub(crate) gauges: Arc<Semaphore>,
    /// One look at the engine's health at a time.
    pub(crate) health: Arc<Semaphore>,
    /// Tails that may read at a time.
    pub(crate) tail_turns: Semaphore,
    /// The tails that wait for accepted reports.
    pub(crate) followers: Arc<Followers>,
    pub(crate) engine: EngineHandle,
    /// Bytes of answers that wait for their readers.
    pub(crate) answer_bytes: Arc<AnswerBytes>,
    stopping: watch::Sender<bool>,
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
            otlp: Arc::new(Intake::new(settings.otlp_max_open_runs as usize)),
            ingests: Arc::new(Semaphore::new(settings.ingest_max_concurrent as usize)),
            unverified: Budget::new("unverified_memory", settings.unverified_memory, UNVERIFIED_SMALL_BYTES),
            ingest_memory: Budget::new("ingest_memory", settings.ingest_memory, INGEST_SMALL_BYTES),
            backups: Arc::new(Semaphore::new(1)),
            exports: Arc::new(Semaphore::new(EXPORTS_MAX)),
            reports: Arc::new(Semaphore::new(REPORTS_MAX)),
            gauges: Arc::new(Semaphore::new(1)),
            health: Arc::new(Semaphore::new(1)),
            tail_turns: Semaphore::new(cores),
            followers: Arc::new(Followers::new()),
            answer_bytes: Arc::default(),
            engine: EngineHandle::new(engine, QUERIES_PER_CORE * cores),
            stopping: watch::Sender::new(false),
            replay: ReplayGuard::default(),
            sessions: Sessions::default(),
            sign_ins: Attempts::default(),
            metrics: Metrics::new(),
            failed: FailedRequests::default(),
            functions: KnownFunctions::default(),
            settings: Arc::new(settings),
            keyring: Arc::new(keyring),
        }
    }

    /// A whole body of at most `max_bytes` from a sender who is not known yet, within the bounds of those.
    pub(crate) async fn unverified_body<B>(&self, body: B, max_bytes: u64) -> Result<Bytes, BodyError>
    where
        B: Body<Data = Bytes> + Unpin,
    {
        body::collect(body, max_bytes, Pace::of_unknown(&self.settings), &mut self.unverified.share()).await
    }

    /// Ends answers that would otherwise never end.
    pub(crate) fn stop(&self) {
        self.stopping.send_replace(true);
    }

    /// Whether the server stops.
    pub(crate) fn stopping(&self) -> watch::Receiver<bool> {
        self.stopping.subscribe()
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
        let streams = self.engine.ask(move |engine| engine.streams(&account)).await?;
        let mut known = self.functions.0.write().unwrap_or_else(PoisonError::into_inner);
        known.extend(streams.into_iter().map(|summary| {
            let stream = summary.stream;
            (stream.account, stream.region, stream.namespace, stream.function)
        }));
        Ok(known.contains(&name))
    }
}
