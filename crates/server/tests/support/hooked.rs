//! The reference engine with hooks, so that a test can hold up a call or let rows fail.

use std::path::Path;
use std::time::Duration;

use runlog_core::{
    Answer, Backup, Engine, EngineError, Gauges, Growth, Health, Identity, NaiveEngine, OpenRun, Origin, Outcome,
    Query, Removed, Report, Rows, Run, Stored, StreamSummary, Tail, TailFilter,
};

use super::now_ms;

type OnRows = dyn Fn(Box<dyn Rows>) -> Box<dyn Rows> + Send + Sync;

/// The engine.
pub(crate) struct Hooked {
    engine: NaiveEngine,
    before_folders: Box<dyn Fn() + Send + Sync>,
    on_rows: Box<OnRows>,
}

impl Hooked {
    /// An engine that calls `hook` before it looks into a folder.
    pub(crate) fn before_folders(hook: impl Fn() + Send + Sync + 'static) -> Self {
        Self { before_folders: Box::new(hook), ..Self::new() }
    }

    /// An engine whose rows are those that `hook` makes of its own.
    pub(crate) fn on_rows(hook: impl Fn(Box<dyn Rows>) -> Box<dyn Rows> + Send + Sync + 'static) -> Self {
        Self { on_rows: Box::new(hook), ..Self::new() }
    }

    fn new() -> Self {
        Self { engine: NaiveEngine::new(now_ms), before_folders: Box::new(|| ()), on_rows: Box::new(|rows| rows) }
    }
}

impl Engine for Hooked {
    fn append(&self, runs: Vec<Run>) -> Result<Vec<Outcome>, EngineError> {
        self.engine.append(runs)
    }
    fn offer(&self, reports: Vec<Report>) -> Result<Vec<Outcome>, EngineError> {
        self.engine.offer(reports)
    }
    fn grow(&self, growths: Vec<Growth>) -> Result<Vec<Outcome>, EngineError> {
        self.engine.grow(growths)
    }
    fn open_runs(&self, origin: Origin) -> Result<Vec<OpenRun>, EngineError> {
        self.engine.open_runs(origin)
    }
    fn open_run(&self, id: &Identity) -> Result<Option<Report>, EngineError> {
        self.engine.open_run(id)
    }
    fn open_query(&self, query: &Query) -> Result<(Answer, Box<dyn Rows>), EngineError> {
        let (answer, rows) = self.engine.open_query(query)?;
        Ok((answer, (self.on_rows)(rows)))
    }
    fn streams(&self, account: &str) -> Result<Vec<StreamSummary>, EngineError> {
        self.engine.streams(account)
    }
    fn stored(&self, account: &str) -> Result<Vec<Stored>, EngineError> {
        self.engine.stored(account)
    }
    fn subscribe(&self, from_seq: Option<u64>, filter: TailFilter) -> Result<Box<dyn Tail>, EngineError> {
        self.engine.subscribe(from_seq, filter)
    }
    fn wait_past(&self, seq: u64, timeout: Duration) -> Result<u64, EngineError> {
        self.engine.wait_past(seq, timeout)
    }
    fn expire_in_flight(&self) -> Result<usize, EngineError> {
        self.engine.expire_in_flight()
    }
    fn retain(&self) -> Result<Removed, EngineError> {
        self.engine.retain()
    }
    fn backup(&self, to: &Path) -> Result<Backup, EngineError> {
        (self.before_folders)();
        self.engine.backup(to)
    }
    fn health(&self) -> Health {
        self.engine.health()
    }
    fn gauges(&self) -> Gauges {
        (self.before_folders)();
        self.engine.gauges()
    }
}
