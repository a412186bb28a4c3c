//! Reading through runlog's own API, `/api/v1/*`, with a type for each answer.
//!
//! A field that this client does not know is ignored, so that it can read a later server. A field that it expects and
//! does not find is an error that names the field: an empty answer must never be the result of a renamed field.

mod basis;
mod export;
mod export_bytes;
mod export_query;
mod failed_request;
mod filter;
mod functions;
mod health;
mod keys;
mod overview;
mod pages;
mod report;
mod run;
mod run_log;
mod runs;
mod session;
mod storage;
mod summary;
mod tail;

use std::fmt::Display;

use serde::de::DeserializeOwned;

pub use basis::{Cost, RunWindow, Watermark};
pub use export::Export;
pub use export_bytes::{ExportBytes, ExportFormat};
pub use export_query::ExportQuery;
pub use failed_request::{FailedRequest, SentBody, SentRequest};
pub use filter::RunFilter;
pub use functions::{Function, Functions};
pub use health::{Probe, Readiness};
pub use keys::{KeyInfo, Keys, Permission, TokenInfo};
pub use overview::{FunctionGlance, LastRun, Overview};
pub use pages::RunPages;
pub use report::{ReportKind, ReportQuery};
pub use run::RunRow;
pub use runs::{OneRun, RunPage, RunQuery};
pub use session::Session;
pub use storage::{SetAsideFile, Storage, StoredDay};
pub use summary::{
    Bucket, Buckets, Facet, FacetCount, FacetKey, FacetsAnswer, Histogram, HistogramAnswer, Percentiles, Quantiles,
    Stats, SummaryQuery,
};
pub use tail::{Tail, TailBreak, TailEvent, TailGap};

use crate::{Client, Error, envelope};

/// The most bytes of a stream's line that are read: enough for a run with the longest log and message, each byte
/// escaped.
const LINE_MAX_BYTES: u64 = 128 << 20;

impl Client {
    fn url(&self, target: &str) -> String {
        format!("{}{target}", self.transport.endpoint.url)
    }

    fn get<T: DeserializeOwned>(&self, target: &str) -> Result<T, Error> {
        let reply = self.transport.get(target, &[("Authorization", self.authorization())])?;
        if reply.status != 200 {
            return Err(envelope::refused(&reply));
        }
        self.read_json(&reply.body)
    }

    /// Reads JSON that the server sent.
    fn read_json<T: DeserializeOwned>(&self, json: &[u8]) -> Result<T, Error> {
        serde_json::from_slice(json)
            .map_err(|error| self.bad_answer(&format_args!("{error}: {}", envelope::shown(json))))
    }

    fn bad_answer(&self, reason: &dyn Display) -> Error {
        Error::BadAnswer { endpoint: self.transport.endpoint.url.clone(), reason: reason.to_string() }
    }
}
