//! The store as [`runlog_core::Engine`], which servers are built upon.

use std::path::Path;
use std::time::Duration;

use runlog_core::{
    Answer, Backup, Engine, EngineError, Fault, Gauges, Growth, Health, Identity, OpenRun, Origin, Outcome, Query,
    Removed, Report, Rows, Stored, StreamSummary, Tail, TailEvent, TailFilter, TailGap,
};

use crate::error::Error;
use crate::store::Store;
use crate::tail::Subscription;

impl Engine for Store {
    fn offer(&self, reports: Vec<Report>) -> Result<Vec<Outcome>, EngineError> {
        Ok(Store::offer(self, reports)?)
    }

    fn grow(&self, growths: Vec<Growth>) -> Result<Vec<Outcome>, EngineError> {
        Ok(Store::grow(self, growths)?)
    }

    fn open_runs(&self, origin: Origin) -> Result<Vec<OpenRun>, EngineError> {
        Ok(Store::open_runs(self, origin))
    }

    fn open_run(&self, id: &Identity) -> Result<Option<Report>, EngineError> {
        Ok(Store::open_run(self, id))
    }

    fn open_query(&self, query: &Query) -> Result<(Answer, Box<dyn Rows>), EngineError> {
        let (answer, rows) = Store::open_query(self, query)?;
        Ok((answer, Box::new(rows)))
    }

    // Unlike the method by default, this answers from the other segments when it meets a damaged one.
    fn query(&self, query: &Query) -> Result<Answer, EngineError> {
        Ok(Store::query(self, query)?)
    }

    fn streams(&self, account: &str) -> Result<Vec<StreamSummary>, EngineError> {
        Ok(Store::streams(self, account))
    }

    fn stored(&self, account: &str) -> Result<Vec<Stored>, EngineError> {
        Ok(Store::stored(self, account))
    }

    fn subscribe(&self, from_seq: Option<u64>, filter: TailFilter) -> Result<Box<dyn Tail>, EngineError> {
        Ok(Box::new(Store::subscribe(self, from_seq, filter)?))
    }

    fn wait_past(&self, seq: u64, timeout: Duration) -> Result<u64, EngineError> {
        Store::wait_past(self, seq, timeout)?;
        Ok(self.last_seq())
    }

    fn expire_in_flight(&self) -> Result<usize, EngineError> {
        Ok(Store::expire_in_flight(self)?)
    }

    fn retain(&self) -> Result<Removed, EngineError> {
        Ok(Store::retain(self)?)
    }

    fn retain_trusting_clock(&self) -> Result<Removed, EngineError> {
        Ok(Store::retain_trusting_clock(self)?)
    }

    fn backup(&self, to: &Path) -> Result<Backup, EngineError> {
        Ok(Store::backup(self, to, &mut |_| ())?)
    }

    fn health(&self) -> Health {
        let health = Store::health(self);
        let set_aside = health.set_aside.iter().map(|aside| format!("{}: {}", aside.file, aside.reason)).collect();
        Health { poisoned: health.poisoned, set_aside, clock_ahead_ms: health.clock_ahead_ms }
    }

    fn gauges(&self) -> Gauges {
        let stats = self.stats();
        Gauges {
            runs: stats.rows + stats.in_flight,
            in_flight: stats.in_flight,
            segments: stats.segments,
            disk_bytes: stats.disk_bytes,
            last_seq: stats.last_seq,
        }
    }
}

impl From<Error> for EngineError {
    fn from(error: Error) -> Self {
        let fault = match error {
            Error::Query(_) | Error::ForeignCursor | Error::UnknownSeq { .. } | Error::TooManyToSumUp { .. } => {
                Fault::Caller
            }
            Error::Busy | Error::TooManySubscribers { .. } => Fault::Busy,
            _ => Fault::Engine,
        };
        Self { message: error.to_string(), fault }
    }
}

impl Tail for Subscription {
    fn next_batch(&mut self) -> Result<Vec<TailEvent>, EngineError> {
        Ok(Subscription::next_batch(self, Duration::ZERO)?)
    }

    fn position(&self) -> u64 {
        Subscription::position(self)
    }

    fn gap(&self) -> Option<TailGap> {
        Subscription::gap(self)
    }
}
