//! The state of OpenTelemetry logs: the runs whose lines are coming in. It knows no protocol and no request; those are
//! in `api/otlp/`.

mod gathered;
mod open_runs;
mod open_table;
mod pending;
mod taken;
#[cfg(test)]
mod tests;

use std::time::{Duration, Instant};

use runlog_core::{Engine, EngineError};
use runlog_ingest::otlp::Record;

use crate::clock;
use open_runs::OpenRuns;
pub(crate) use taken::Taken;

/// The runs whose lines come in.
#[derive(Debug)]
pub(crate) struct Intake {
    runs: OpenRuns,
    began: Instant,
}

impl Intake {
    /// At most `open_runs_max` runs are open at a time.
    pub(crate) fn new(open_runs_max: usize) -> Self {
        Self { runs: OpenRuns::new(open_runs_max), began: clock::monotonic() }
    }

    /// How many runs are open.
    pub(crate) fn open(&self) -> usize {
        self.runs.len()
    }

    /// Gathers the records of one request; what is counted as accepted is on disk then.
    ///
    /// # Errors
    /// The engine's. Then the sender may send the same again: lines that did get stored are known.
    pub(crate) fn take(&self, engine: &dyn Engine, records: Vec<Record>, taken: &mut Taken) -> Result<(), EngineError> {
        self.runs.take(engine, records, self.now(), taken)
    }

    /// Takes up the runs again that were open when the server stopped.
    ///
    /// # Errors
    /// The engine's.
    pub(crate) fn resume(&self, engine: &dyn Engine) -> Result<(), EngineError> {
        self.runs.resume(engine, self.now())
    }

    /// Finishes the runs that nothing was heard of for `idle`; returns how many.
    ///
    /// # Errors
    /// The engine's; the runs stay open then.
    pub(crate) fn finish_idle(&self, engine: &dyn Engine, idle: Duration) -> Result<u64, EngineError> {
        self.runs.finish_idle(engine, self.now(), idle)
    }

    fn now(&self) -> Duration {
        self.began.elapsed()
    }
}
