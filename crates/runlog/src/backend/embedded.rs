//! The embedded store as a backend.

use std::path::Path;
use std::time::Duration;

use runlog_core::{Answer, Outcome, Query, Run, StreamSummary, TailEvent, TailFilter, TailGap};
use runlog_store::operate::Backup;
use runlog_store::{Error, Options, Removed, Store, Subscription};

use super::{Backend, BackendError, Fault, Gauges, Health, Tail};
use crate::config::Settings;
use crate::retention;

/// A store in a data folder of this process.
pub(crate) struct Embedded(pub(crate) Store);

/// How a store is opened by these settings.
pub(crate) fn store_options(settings: &Settings) -> Options {
    Options {
        in_flight_ttl_ms: i64::from(settings.in_flight_ttl) * 1000,
        retention: retention::rules(settings),
        ..Options::default()
    }
}

impl Backend for Embedded {
    fn append(&self, runs: Vec<Run>) -> Result<Vec<Outcome>, BackendError> {
        Ok(self.0.append(runs)?)
    }

    fn query(&self, query: &Query) -> Result<Answer, BackendError> {
        Ok(self.0.query(query)?)
    }

    fn streams(&self, account: &str) -> Result<Vec<StreamSummary>, BackendError> {
        Ok(self.0.streams(account))
    }

    fn subscribe(&self, from_seq: Option<u64>, filter: TailFilter) -> Result<Box<dyn Tail>, BackendError> {
        Ok(Box::new(self.0.subscribe(from_seq, filter)?))
    }

    fn wait_past(&self, seq: u64, timeout: Duration) -> Result<u64, BackendError> {
        self.0.wait_past(seq, timeout)?;
        Ok(self.0.last_seq())
    }

    fn expire_in_flight(&self) -> Result<usize, BackendError> {
        Ok(self.0.expire_in_flight()?)
    }

    fn retain(&self) -> Result<Removed, BackendError> {
        Ok(self.0.retain()?)
    }

    fn backup(&self, to: &Path) -> Result<Backup, BackendError> {
        Ok(self.0.backup(to, &mut |_| ())?)
    }

    fn health(&self) -> Health {
        let health = self.0.health();
        let set_aside = health.set_aside.iter().map(|aside| format!("{}: {}", aside.file, aside.reason)).collect();
        Health { poisoned: health.poisoned, set_aside }
    }

    fn gauges(&self) -> Gauges {
        let stats = self.0.stats();
        Gauges {
            runs: stats.rows + stats.in_flight,
            in_flight: stats.in_flight,
            segments: stats.segments,
            disk_bytes: stats.disk_bytes,
            last_seq: stats.last_seq,
        }
    }
}

impl From<Error> for BackendError {
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
    fn next_batch(&mut self) -> Result<Vec<TailEvent>, BackendError> {
        Ok(Subscription::next_batch(self, Duration::ZERO)?)
    }

    fn position(&self) -> u64 {
        Subscription::position(self)
    }

    fn gap(&self) -> Option<TailGap> {
        Subscription::gap(self)
    }
}
