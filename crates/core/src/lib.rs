//! What a run, a query and an answer *are*.
//!
//! Everything here is plain data and pure functions: no IO, no clock, no async, no spelling of any wire dialect.
//! [`naive`] is the reference engine: a `Vec` and a sort. Every real engine must answer as it does.

mod answer;
mod append;
mod bill;
mod columns;
pub mod csv;
mod cursor;
mod draft;
mod engine;
pub mod limits;
pub mod moment;
pub mod naive;
mod naive_engine;
mod order;
mod query;
mod report;
mod retention;
mod row;
mod run;
mod stream;
mod summary;
mod tail;
mod time;
mod window;

pub use answer::{Answer, Cost, Watermark};
pub use append::{Outcome, Refusal};
pub use bill::billed_ms;
pub use columns::Columns;
pub use cursor::{Cursor, CursorError};
pub use draft::{DraftStart, RunDraft};
pub use engine::{Backup, Engine, EngineError, Fault, Gauges, Health, Removed, Rows, Stored, Tail};
pub use naive_engine::NaiveEngine;
pub use order::{Direction, Order, SortKey, SortValue, compare};
pub use query::{Query, ResultFilter, Scope, Start};
pub use report::{Growth, OpenRun, Origin, Report};
pub use retention::Retained;
pub use row::Row;
pub use run::{
    IdRef, Identity, RET_INTERRUPTED, RET_MEMORY_LIMIT, RET_OK, RET_RUNNING, RET_TIME_LIMIT, RET_USER_FAILED, Run,
};
pub use stream::{Stream, StreamSummary};
pub use summary::{
    Bucket, BucketQuantiles, Facet, FacetCount, FacetKey, FacetSpec, FacetValue, Histogram, HistogramSpec, Percentiles,
    Quantiles, QueryError, RunState,
};
pub use tail::{TailEvent, TailFilter, TailGap};
pub use time::{Precision, TimeError, WallTime, Zone};
pub use window::Window;
