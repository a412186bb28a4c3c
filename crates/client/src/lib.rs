//! The Rust SDK: signed calls and ingest for any server of the run-log API.
//!
//! ```no_run
//! use runlog_client::{Client, GetFunctionLogs, LogFilter, NewRun, RetCode};
//!
//! # fn main() -> Result<(), runlog_client::Error> {
//! let client = Client::builder("http://127.0.0.1:9160").credential("AKID...", "secret").build()?;
//!
//! // Store a run: the call returns once it is on the server's disk.
//! let run = NewRun { duration: Some(812.5), log: Some("done\n".into()), ..NewRun::new("nightly", "2026-07-01 02:00:00") };
//! let report = client.put_runs([run])?;
//! assert_eq!(report.accepted, 1);
//!
//! // Ask for the failed runs of a function.
//! let request = GetFunctionLogs {
//!     function_name: Some("nightly".into()),
//!     filter: Some(LogFilter { ret_code: Some(RetCode::Not0) }),
//!     ..GetFunctionLogs::default()
//! };
//! for row in client.each_function_log(request) {
//!     let row = row?;
//!     println!("{} {} {} ms: {}", row.start_time, row.request_id, row.duration, row.ret_msg);
//! }
//! # Ok(())
//! # }
//! ```
//!
//! Calls block. They are signed with TC3-HMAC-SHA256 and speak the dialect of `GetFunctionLogs`, so queries work with
//! every server of it. runlog's own API at `/api/v1/*` also accepts a token: [`Client::put_runs`] stores runs, and
//! [`Client::runs`], [`Client::one_run`], [`Client::histogram`], [`Client::facets`], [`Client::stats`],
//! [`Client::functions`], [`Client::tail`] and [`Client::export_with`] read them. A [`Spool`] keeps runs on disk while
//! no server can be reached.

mod backup;
mod builder;
mod client;
mod clock;
mod credential;
mod endpoint;
mod envelope;
mod error;
mod logs;
mod native;
mod new_run;
mod pages;
mod put_report;
mod put_runs;
mod reply;
mod retain;
mod retry;
mod signed;
mod spool;
mod transport;
mod words;

pub use backup::BackupReport;
pub use builder::ClientBuilder;
pub use client::Client;
pub use clock::{Clock, SystemClock};
pub use error::Error;
pub use logs::{FunctionLog, FunctionLogs, GetFunctionLogs, LogFilter, SearchContext};
pub use native::{
    Bucket, Buckets, Cost, Export, ExportBytes, ExportFormat, ExportQuery, Facet, FacetCount, FacetKey, FacetsAnswer,
    FailedRequest, Function, FunctionGlance, Functions, Histogram, HistogramAnswer, KeyInfo, Keys, LastRun, OneRun,
    Overview, Percentiles, Permission, Probe, Quantiles, Readiness, ReportKind, ReportQuery, RunFilter, RunPage,
    RunPages, RunQuery, RunRow, RunWindow, SentBody, SentRequest, Session, SetAsideFile, Stats, Storage, StoredDay,
    SummaryQuery, Tail, TailBreak, TailEvent, TailGap, TokenInfo, Watermark,
};
pub use new_run::{NewRun, StartTime};
pub use pages::FunctionLogPages;
pub use put_report::{PutReport, RefusedRun};
pub use put_runs::{BATCH_BYTES, BATCH_MAX_RUNS};
pub use retain::RemovedRuns;
pub use runlog_wire::Language;
pub use signed::SignedRequest;
pub use spool::{Shipped, Spool, SpoolBounds, SpooledRun};
pub use words::{Order, OrderBy, RetCode};
