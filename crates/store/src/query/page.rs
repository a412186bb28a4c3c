//! The rows of a page in batches, up to the page's budget.

use runlog_core::{Cost, Cursor, Order, Query, Row};

use super::accumulator::Found;
use super::read_ahead::ReadAhead;
use crate::error::{Error, Result};
use crate::state::Snapshot;

/// Rows to reserve room for when a page is read at once: the largest page.
const BATCH_RESERVE_ROWS: usize = 10_000;

/// A page whose rows are found, and not read yet.
pub(crate) struct Page {
    /// Rows not given yet; `None` once the page is complete.
    rows: Option<ReadAhead>,
    order: Order,
    max_bytes: Option<usize>,
    /// What the rows given so far weigh; `None` before the first.
    given_bytes: Option<usize>,
    /// Whether rows match after those of the page.
    is_followed: bool,
    /// Continues after the last row given.
    given: Option<Cursor>,
    cost: Cost,
    failed: Option<Error>,
}

impl Page {
    /// The rows at `found`, which match the query; `is_followed` if others match after them.
    pub(crate) fn new(snapshot: &Snapshot, query: &Query, found: &[Found], is_followed: bool) -> Result<Self> {
        Ok(Self {
            rows: Some(ReadAhead::new(snapshot, query.columns, found.iter().map(|found| found.at))?),
            order: query.order,
            max_bytes: query.page_max_bytes,
            given_bytes: None,
            is_followed,
            given: None,
            cost: Cost::default(),
            failed: None,
        })
    }

    /// The next rows that weigh no more than `max_bytes` together, but at least one; none at the page's end. After an
    /// error, only that error.
    pub(crate) fn next_batch(&mut self, max_bytes: usize) -> Result<Vec<Row>> {
        self.failed.clone().map_or(Ok(()), Err)?;
        let Some(mut rows) = self.rows.take() else { return Ok(Vec::new()) };
        let mut batch =
            Vec::with_capacity(if max_bytes == usize::MAX { rows.len().min(BATCH_RESERVE_ROWS) } else { 0 });
        let read = self.fill(&mut rows, &mut batch, max_bytes);
        let (blocks_read, bytes_read) = rows.read_texts();
        self.cost = Cost { blocks_read, bytes_read, ..Cost::default() };
        self.failed = read.clone().err();
        if read? && rows.len() > 0 {
            self.rows = Some(rows);
        }
        if let Some(last) = batch.last() {
            self.given = Some(Cursor::after(last, self.order));
        }
        Ok(batch)
    }

    /// Fills a batch; returns false if the page is at its budget.
    fn fill(&mut self, rows: &mut ReadAhead, batch: &mut Vec<Row>, max_bytes: usize) -> Result<bool> {
        let mut bytes: usize = 0;
        loop {
            let left = self.max_bytes.map(|max| max.saturating_sub(self.given_bytes.unwrap_or(0)));
            let Some(row) = rows.next(left.unwrap_or(usize::MAX))? else { return Ok(true) };
            let weight = row.weight_bytes();
            if self.given_bytes.is_some() && left.is_some_and(|left| weight > left) {
                self.is_followed = true;
                return Ok(false);
            }
            bytes = bytes.saturating_add(weight);
            if !batch.is_empty() && bytes > max_bytes {
                rows.give_back(row);
                return Ok(true);
            }
            self.given_bytes = Some(self.given_bytes.unwrap_or(0).saturating_add(weight));
            batch.push(row);
        }
    }

    /// Continues after the last row given; `None` if no row follows it.
    pub(crate) fn cursor(&self) -> Option<Cursor> {
        self.given.clone().filter(|_| self.is_followed || self.rows.is_some())
    }

    /// What reading texts took.
    pub(crate) fn cost(&self) -> Cost {
        self.cost
    }
}
