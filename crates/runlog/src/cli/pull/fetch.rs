//! The runs of one window, past the 10,000 rows that one query of the API reaches.
//!
//! A window with more runs is split by time, down to one second, the API's resolution. A second that alone has more is
//! read by the cursor that runlog servers answer with; from any other server in every order that the API has, from both
//! ends, until every run was seen. What is out of reach even then is counted.

use std::collections::HashSet;

use runlog_client::{FunctionLog, FunctionLogs, GetFunctionLogs, NewRun, Order, OrderBy, SearchContext, StartTime};
use runlog_core::limits::PAGE_MAX_ROWS;
use runlog_core::{RET_RUNNING, Window};

use super::source::{Source, Unit};
use crate::cli::common::failure::Failure;

/// How many runs a part should have when a window is split: with room, since they are not spread evenly.
const PART_RUNS: u64 = 5_000;

/// The most parts that a window is split into at once.
const PARTS_MAX: i64 = 1_000;

/// The orders by which a second with too many runs is paged.
const ORDERS: [(OrderBy, Order); 6] = [
    (OrderBy::StartTime, Order::Asc),
    (OrderBy::StartTime, Order::Desc),
    (OrderBy::Duration, Order::Desc),
    (OrderBy::Duration, Order::Asc),
    (OrderBy::MemUsage, Order::Desc),
    (OrderBy::MemUsage, Order::Asc),
];

/// What came of a window.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Fetched {
    /// Everything was read, but what is out of reach.
    Whole {
        /// Runs in flight.
        running: u64,
        /// Runs that no query can reach.
        out_of_reach: u64,
    },
    /// There is too much: read these instead.
    Parts(Vec<Window>),
}

/// Takes each run.
type Each<'a> = &'a mut dyn FnMut(NewRun) -> Result<(), Failure>;

/// Reads windows of a source.
pub(super) struct Fetch {
    source: Source,
}

/// Which runs a query is about, and how it orders them.
#[derive(Clone, Copy)]
struct Query<'a> {
    unit: &'a Unit,
    window: Window,
    order: (OrderBy, Order),
}

impl Fetch {
    pub(super) fn new(source: Source) -> Self {
        Self { source }
    }

    pub(super) fn source(&mut self) -> &mut Source {
        &mut self.source
    }

    /// Reads a window, or says how to split it.
    pub(super) fn window(&mut self, unit: &Unit, window: Window, each: Each<'_>) -> Result<Fetched, Failure> {
        // Oldest first: a run that comes in meanwhile moves others to later pages, never to earlier ones.
        let query = Query { unit, window, order: (OrderBy::StartTime, Order::Asc) };
        let first = self.page(query, 0)?;
        let total = first.total_count;
        if total > PAGE_MAX_ROWS && window.end_ms - window.start_ms > 1000 {
            return Ok(Fetched::Parts(parts(window, total)));
        }
        let mut rows = Rows::new(total, each);
        if total <= PAGE_MAX_ROWS {
            self.by_offset(query, first, &mut rows)?;
        } else if !self.by_cursor(query, &mut rows)? {
            for order in ORDERS {
                let query = Query { order, ..query };
                if !rows.are_all() {
                    let first = self.page(query, 0)?;
                    self.by_offset(query, first, &mut rows)?;
                }
            }
        }
        Ok(Fetched::Whole { running: rows.running, out_of_reach: rows.missing() })
    }

    /// Takes the rows of a page and of all after it.
    fn by_offset(&mut self, query: Query<'_>, first: FunctionLogs, rows: &mut Rows<'_>) -> Result<(), Failure> {
        let (mut page, mut offset) = (first, 0);
        loop {
            offset += page.data.len() as u64;
            let is_last = page.data.is_empty() || offset >= page.total_count.min(PAGE_MAX_ROWS);
            rows.take(&self.source, page)?;
            if is_last {
                return Ok(());
            }
            page = self.page(query, offset)?;
        }
    }

    /// Takes all rows, by the cursor of each answer. Returns whether the server has such cursors.
    fn by_cursor(&mut self, query: Query<'_>, rows: &mut Rows<'_>) -> Result<bool, Failure> {
        let mut cursor = String::new();
        loop {
            let search = SearchContext { offset: cursor.clone(), limit: PAGE_MAX_ROWS, ..SearchContext::default() };
            let request = GetFunctionLogs { search_context: Some(search), ..self.request(query) };
            let page = self.source.page(query.unit, &request)?;
            let next = page.search_context.as_ref().map(|search| search.offset.clone()).unwrap_or_default();
            rows.take(&self.source, page)?;
            if next.is_empty() || next == cursor {
                return Ok(!cursor.is_empty() && next.is_empty());
            }
            cursor = next;
        }
    }

    fn page(&mut self, query: Query<'_>, offset: u64) -> Result<FunctionLogs, Failure> {
        let request = GetFunctionLogs { offset: Some(offset), ..self.request(query) };
        let request = GetFunctionLogs { limit: Some(PAGE_MAX_ROWS - offset), ..request };
        Ok(self.source.page(query.unit, &request)?)
    }

    fn request(&self, query: Query<'_>) -> GetFunctionLogs {
        let Query { window, order: (order_by, order), .. } = query;
        GetFunctionLogs {
            order_by: Some(order_by),
            order: Some(order),
            start_time: Some(self.source.written(window.start_ms)),
            // Both ends belong to a window of the API, each as a whole second.
            end_time: Some(self.source.written(window.end_ms - 1)),
            limit: Some(PAGE_MAX_ROWS),
            ..GetFunctionLogs::default()
        }
    }
}

/// The rows of one window.
struct Rows<'a> {
    each: Each<'a>,
    /// How many there are, as the first page said.
    total: u64,
    /// Rows seen, where one can come twice.
    seen: HashSet<(String, String, u64)>,
    running: u64,
}

impl<'a> Rows<'a> {
    fn new(total: u64, each: Each<'a>) -> Self {
        Self { each, total, seen: HashSet::new(), running: 0 }
    }

    fn take(&mut self, source: &Source, page: FunctionLogs) -> Result<(), Failure> {
        for row in page.data {
            if self.seen.insert((row.function_name.clone(), row.request_id.clone(), row.retry_num)) {
                self.running += u64::from(row.ret_code == i64::from(RET_RUNNING));
                (self.each)(run(source, row)?)?;
            }
        }
        Ok(())
    }

    fn are_all(&self) -> bool {
        self.missing() == 0
    }

    fn missing(&self) -> u64 {
        self.total.saturating_sub(self.seen.len() as u64)
    }
}

/// Splits a window with `total` runs; every part has whole seconds.
fn parts(window: Window, total: u64) -> Vec<Window> {
    let seconds = (window.end_ms - window.start_ms) / 1000;
    let wanted = (total / PART_RUNS + 1).min(PARTS_MAX.unsigned_abs()).cast_signed();
    let count = wanted.clamp(2, PARTS_MAX.min(seconds));
    let edge = |at: i64| window.start_ms + seconds * at / count * 1000;
    (0..count).map(|at| Window { start_ms: edge(at), end_ms: edge(at + 1) }).collect()
}

fn run(source: &Source, row: FunctionLog) -> Result<NewRun, Failure> {
    let shown = format!("{} {}", row.function_name, row.request_id);
    let bad = |error: String| Failure::Other(anyhow::anyhow!("the source's run {shown} cannot be read: {error}"));
    let start_ms = source.start_ms(&row.start_time).map_err(bad)?;
    Ok(NewRun { start_time: Some(StartTime::UnixMs(start_ms)), ..NewRun::try_from(row).map_err(bad)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_join_up_to_their_window_and_have_whole_seconds() {
        for (seconds, total) in [(2, 10_001), (3, 1_000_000), (86_400, 10_001), (86_400, 5_000_000), (59, 123_456)] {
            let window = Window { start_ms: 5_000, end_ms: 5_000 + seconds * 1000 };
            let parts = parts(window, total);
            assert!((2..=PARTS_MAX).contains(&(parts.len() as i64)), "{seconds} {total}");
            assert_eq!((parts[0].start_ms, parts[parts.len() - 1].end_ms), (window.start_ms, window.end_ms));
            assert!(parts.windows(2).all(|pair| pair[0].end_ms == pair[1].start_ms));
            assert!(parts.iter().all(|part| part.start_ms < part.end_ms && part.start_ms % 1000 == 0));
        }
    }
}
