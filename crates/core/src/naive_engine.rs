//! The reference engine as an [`Engine`]: tests of the code above an engine run on it, in process and without a disk.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::answer::{Answer, Cost};
use crate::append::Outcome;
use crate::cursor::Cursor;
use crate::engine::{Engine, EngineError, Gauges, Health, Removed, Rows, Stored, Tail};
use crate::limits;
use crate::naive::{Naive, rows_within};
use crate::order::Order;
use crate::query::{Query, Start};
use crate::report::{Growth, OpenRun, Origin, Report};
use crate::retention::Retained;
use crate::row::Row;
use crate::run::Identity;
use crate::stream::StreamSummary;
use crate::tail::{TailEvent, TailFilter, TailGap};

/// A [`Naive`] that threads share. Nothing is durable; everything else is as every engine has it.
pub struct NaiveEngine {
    shared: Arc<Shared>,
    now_ms: Box<dyn Fn() -> i64 + Send + Sync>,
    in_flight_ttl_ms: i64,
}

#[derive(Default)]
struct Shared {
    naive: Mutex<Naive>,
    /// Something was accepted.
    accepted: Condvar,
}

impl NaiveEngine {
    /// An empty engine. `now_ms` is its clock, in Unix milliseconds.
    pub fn new(now_ms: impl Fn() -> i64 + Send + Sync + 'static) -> Self {
        Self::of(Naive::default(), now_ms)
    }

    /// An engine that goes on with what `naive` holds. `now_ms` is its clock, in Unix milliseconds.
    pub fn of(naive: Naive, now_ms: impl Fn() -> i64 + Send + Sync + 'static) -> Self {
        let shared = Shared { naive: Mutex::new(naive), ..Shared::default() };
        Self { shared: Arc::new(shared), now_ms: Box::new(now_ms), in_flight_ttl_ms: limits::DAY_MS }
    }

    /// The same engine with another time after which a silent run in flight expires, in milliseconds; a day by default.
    pub fn with_in_flight_ttl_ms(self, in_flight_ttl_ms: i64) -> Self {
        Self { in_flight_ttl_ms, ..self }
    }

    /// Keeps runs only from these times on. Whole rules of retention are an engine's own matter, so this takes the
    /// times that would follow from them.
    pub fn keep(&self, retained: &Retained) -> Removed {
        self.shared.naive().retain(retained)
    }
}

impl NaiveEngine {
    /// Offers a batch, one thing after the other.
    fn each<T>(
        &self,
        batch: Vec<T>,
        offer: impl Fn(&mut Naive, T, i64) -> Outcome,
    ) -> Result<Vec<Outcome>, EngineError> {
        if batch.len() > limits::BATCH_MAX_RUNS {
            let max = limits::BATCH_MAX_RUNS;
            let message = format!("a batch of {} runs is over the limit of {max}; send it in parts", batch.len());
            return Err(EngineError::caller(message));
        }
        let now_ms = (self.now_ms)();
        let mut naive = self.shared.naive();
        let outcomes = batch.into_iter().map(|one| offer(&mut naive, one, now_ms)).collect();
        self.shared.accepted.notify_all();
        Ok(outcomes)
    }
}

impl Shared {
    fn naive(&self) -> MutexGuard<'_, Naive> {
        self.naive.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Engine for NaiveEngine {
    fn offer(&self, reports: Vec<Report>) -> Result<Vec<Outcome>, EngineError> {
        self.each(reports, Naive::offer)
    }

    fn grow(&self, growths: Vec<Growth>) -> Result<Vec<Outcome>, EngineError> {
        self.each(growths, |naive, growth, now_ms| naive.grow(&growth, now_ms))
    }

    fn open_runs(&self, origin: Origin) -> Result<Vec<OpenRun>, EngineError> {
        Ok(self.shared.naive().open_runs(origin))
    }

    fn open_run(&self, id: &Identity) -> Result<Option<Report>, EngineError> {
        Ok(self.shared.naive().open_run(id))
    }

    fn open_query(&self, query: &Query) -> Result<(Answer, Box<dyn Rows>), EngineError> {
        query.check().map_err(|error| EngineError::caller(error.to_string()))?;
        if matches!(&query.start, Start::After(cursor) if cursor.order != query.order) {
            return Err(EngineError::caller("the cursor belongs to another order; start again from the first page"));
        }
        let mut answer = self.shared.naive().query(query);
        let rows = std::mem::take(&mut answer.rows);
        let rows = NaiveRows { rows, order: query.order, next: answer.next.take(), given: None };
        Ok((answer, Box::new(rows)))
    }

    fn streams(&self, account: &str) -> Result<Vec<StreamSummary>, EngineError> {
        Ok(self.shared.naive().streams(account))
    }

    fn stored(&self, account: &str) -> Result<Vec<Stored>, EngineError> {
        Ok(self.shared.naive().stored(account))
    }

    fn subscribe(&self, from_seq: Option<u64>, filter: TailFilter) -> Result<Box<dyn Tail>, EngineError> {
        let last = self.shared.naive().last_seq();
        let from = from_seq.unwrap_or(last);
        if from > last {
            let message = format!("accepted up to {last}, not {from}; begin the tail again without a number");
            return Err(EngineError::caller(message));
        }
        let shared = Arc::clone(&self.shared);
        Ok(Box::new(NaiveTail { shared, filter, position: from, last: from, told: 0, gap: None }))
    }

    fn wait_past(&self, seq: u64, timeout: Duration) -> Result<u64, EngineError> {
        let nothing_new = |naive: &mut Naive| naive.last_seq() <= seq;
        let waited = self.shared.accepted.wait_timeout_while(self.shared.naive(), timeout, nothing_new);
        Ok(waited.unwrap_or_else(PoisonError::into_inner).0.last_seq())
    }

    fn expire_in_flight(&self) -> Result<usize, EngineError> {
        let mut naive = self.shared.naive();
        let expired = naive.expire(self.in_flight_ttl_ms, (self.now_ms)());
        self.shared.accepted.notify_all();
        Ok(expired)
    }

    fn retain(&self) -> Result<Removed, EngineError> {
        let mut naive = self.shared.naive();
        let retained = naive.retained().clone();
        Ok(naive.retain(&retained))
    }

    fn health(&self) -> Health {
        Health::default()
    }

    fn gauges(&self) -> Gauges {
        let naive = self.shared.naive();
        let (runs, in_flight) = naive.counts();
        Gauges { runs, in_flight, last_seq: naive.last_seq(), ..Gauges::default() }
    }
}

/// The rows of a page of the reference engine.
struct NaiveRows {
    /// Those left.
    rows: Vec<Row>,
    order: Order,
    /// Continues after the page.
    next: Option<Cursor>,
    /// Continues after the last row given, if that is not the page's last.
    given: Option<Cursor>,
}

impl Rows for NaiveRows {
    fn next_batch(&mut self, max_bytes: usize) -> Result<Vec<Row>, EngineError> {
        let left = self.rows.split_off(rows_within(&self.rows, max_bytes));
        let batch = std::mem::replace(&mut self.rows, left);
        if let Some(last) = batch.last() {
            self.given = Some(Cursor::after(last, self.order));
        }
        Ok(batch)
    }

    fn cursor(&self) -> Option<Cursor> {
        if self.rows.is_empty() { self.next.clone() } else { self.given.clone() }
    }

    fn cost(&self) -> Cost {
        Cost::default()
    }
}

/// A tail of the reference engine.
struct NaiveTail {
    shared: Arc<Shared>,
    filter: TailFilter,
    /// Everything up to here was read.
    position: u64,
    /// The last event's number, or the one that the tail began after.
    last: u64,
    /// The last removed report that a gap covered, and the gap that the next event will report.
    told: u64,
    gap: Option<TailGap>,
}

impl Tail for NaiveTail {
    fn next_batch(&mut self) -> Result<Vec<TailEvent>, EngineError> {
        let naive = self.shared.naive();
        if let Some(gap) = naive.gap_after(self.position.max(self.told)) {
            self.told = gap.to_seq;
            self.gap = Some(gap.with(self.gap));
        }
        let mut events = naive.since(self.position, &self.filter);
        self.position = naive.last_seq();
        for event in &mut events {
            event.prev_matching_seq = std::mem::replace(&mut self.last, event.row.seq);
            event.gap = self.gap.take();
        }
        Ok(events)
    }

    fn position(&self) -> u64 {
        self.position
    }

    fn gap(&self) -> Option<TailGap> {
        self.gap
    }
}
