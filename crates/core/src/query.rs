//! A query: which runs, in which order, which page.

use crate::columns::Columns;
use crate::cursor::Cursor;
use crate::limits;
use crate::order::Order;
use crate::run::{RET_OK, Run};
use crate::stream::Stream;
use crate::summary::{FacetSpec, Histogram, HistogramSpec, QueryError};
use crate::window::Window;

/// What is asked of an engine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    /// Which streams.
    pub scope: Scope,
    /// Which starts.
    pub window: Window,
    /// Which results.
    pub result: ResultFilter,
    /// Only runs with this request id.
    pub request_id: Option<String>,
    /// Only runs whose log or return message contains this text, byte for byte.
    pub keyword: Option<String>,
    /// In which order.
    pub order: Order,
    /// Where the page starts.
    pub start: Start,
    /// The most rows to return; 0 asks for the total alone.
    pub limit: usize,
    /// The most bytes of rows to return, as [`Row::weight_bytes`](crate::Row::weight_bytes) counts them. The page ends
    /// before the row that would pass it, but has at least one row if any is left. `None`: no bound but `limit`.
    pub page_max_bytes: Option<usize>,
    /// Which texts the rows carry.
    pub columns: Columns,
    /// Answer as of this sequence number: only finished runs accepted up to it. Runs in flight are not versioned,
    /// so they are left out, and the answer can be repeated until retention removes rows.
    pub as_of: Option<u64>,
    /// Count all matching runs by their start.
    pub histogram: Option<HistogramSpec>,
    /// Say of each bucket of the histogram, if there is one, how long its runs took, and how much memory.
    pub bucket_percentiles: bool,
    /// Count all matching runs by these keys.
    pub facets: Option<FacetSpec>,
    /// Say how long all matching runs took, and how much memory.
    pub percentiles: bool,
}

/// Which streams a query looks at. `None` means any.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Scope {
    /// The account; always exact.
    pub account: String,
    /// The region.
    pub region: Option<String>,
    /// The namespace.
    pub namespace: Option<String>,
    /// The function.
    pub function: Option<String>,
    /// The version or alias.
    pub qualifier: Option<String>,
}

/// Which results a query wants.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ResultFilter {
    /// Every run.
    All,
    /// Finished well.
    Ok,
    /// Finished, and not well.
    Failed,
    /// Started and not finished.
    Running,
    /// One of these return codes.
    Codes(Vec<i32>),
}

/// Where a page starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Start {
    /// After this many rows.
    Offset(u64),
    /// After the row that the cursor names.
    After(Cursor),
}

impl Query {
    /// All runs of these streams, newest first: the first page of whole rows, without any summary.
    pub fn new(scope: Scope) -> Self {
        Self {
            scope,
            window: Window::ALL,
            result: ResultFilter::All,
            request_id: None,
            keyword: None,
            order: Order::NEWEST_FIRST,
            start: Start::Offset(0),
            limit: limits::PAGE_DEFAULT_ROWS,
            page_max_bytes: None,
            columns: Columns::ALL,
            as_of: None,
            histogram: None,
            bucket_percentiles: false,
            facets: None,
            percentiles: false,
        }
    }

    /// Whether the query can be answered within the limits.
    ///
    /// # Errors
    /// [`QueryError`], which says what to ask instead.
    pub fn check(&self) -> Result<(), QueryError> {
        self.facets.as_ref().map_or(Ok(()), FacetSpec::check)?;
        self.histogram.map_or(Ok(()), |spec| Histogram::new(spec, self.window).map(drop))
    }

    /// Whether a run with this sequence number belongs to the answer.
    pub fn matches(&self, run: &Run, seq: u64) -> bool {
        self.scope.matches(&run.stream)
            && self.window.contains(run.start_ms)
            && self.result.matches(run.ret_code)
            && self.as_of.is_none_or(|as_of| seq <= as_of && !run.is_running())
            && self.request_id.as_ref().is_none_or(|id| *id == run.request_id)
            && self.keyword.as_ref().is_none_or(|word| run.log.contains(word) || run.ret_msg.contains(word))
    }
}

impl Scope {
    /// Every stream of an account.
    pub fn account(account: impl Into<String>) -> Self {
        Self { account: account.into(), region: None, namespace: None, function: None, qualifier: None }
    }

    /// Whether a stream is looked at.
    pub fn matches(&self, stream: &Stream) -> bool {
        fn fits(wanted: Option<&String>, found: &str) -> bool {
            wanted.is_none_or(|wanted| wanted == found)
        }
        self.account == stream.account
            && fits(self.region.as_ref(), &stream.region)
            && fits(self.namespace.as_ref(), &stream.namespace)
            && fits(self.function.as_ref(), &stream.function)
            && fits(self.qualifier.as_ref(), &stream.qualifier)
    }
}

impl ResultFilter {
    /// Whether a return code is wanted.
    pub fn matches(&self, ret_code: i32) -> bool {
        match self {
            ResultFilter::All => true,
            ResultFilter::Ok => ret_code == RET_OK,
            ResultFilter::Failed => ret_code != RET_OK && ret_code != crate::run::RET_RUNNING,
            ResultFilter::Running => ret_code == crate::run::RET_RUNNING,
            ResultFilter::Codes(codes) => codes.contains(&ret_code),
        }
    }
}
