//! Every run of a query, page after page.

use std::vec;

use runlog_core::limits::PAGE_MAX_ROWS;

use crate::{Client, Error, FunctionLog, GetFunctionLogs};

/// Rows of a page if the caller does not choose: ten requests reach the last row that the dialect can reach.
const PAGE_ROWS: u64 = 1_000;

/// The rows of a query; made by [`Client::each_function_log`]. Ends after the first error.
#[must_use]
#[derive(Debug)]
pub struct FunctionLogPages<'a> {
    client: &'a Client,
    request: GetFunctionLogs,
    page: vec::IntoIter<FunctionLog>,
    offset: u64,
    total_count: Option<u64>,
    is_last: bool,
}

impl Client {
    /// Every run that matches, page after page, up to the 10,000 rows that the dialect reaches.
    ///
    /// `request.limit` is the length of a page and `request.offset` where to start. The rows are those of one moment
    /// only when the window has a fixed end that has passed: runs that are stored between two pages move the others.
    pub fn each_function_log(&self, request: GetFunctionLogs) -> FunctionLogPages<'_> {
        FunctionLogPages::new(self, request)
    }
}

impl<'a> FunctionLogPages<'a> {
    fn new(client: &'a Client, request: GetFunctionLogs) -> Self {
        let offset = request.offset.unwrap_or_default();
        Self { client, request, page: Vec::new().into_iter(), offset, total_count: None, is_last: false }
    }

    /// How many runs match, as the latest page said; `None` before the first page. Rows end at the 10,000th, however
    /// many match.
    pub fn total_count(&self) -> Option<u64> {
        self.total_count
    }

    fn next_page(&mut self) -> Result<(), Error> {
        let rows = self.request.limit.unwrap_or(PAGE_ROWS).min(PAGE_MAX_ROWS.saturating_sub(self.offset));
        if rows == 0 {
            self.is_last = true;
            return Ok(());
        }
        self.request.offset = Some(self.offset);
        self.request.limit = Some(self.request.limit.unwrap_or(PAGE_ROWS).min(rows));
        let answer = self.client.get_function_logs(&self.request)?;
        let got = answer.data.len() as u64;
        self.offset += got;
        self.total_count = Some(answer.total_count);
        self.is_last = got < rows;
        self.page = answer.data.into_iter();
        Ok(())
    }
}

impl Iterator for FunctionLogPages<'_> {
    type Item = Result<FunctionLog, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(row) = self.page.next() {
                return Some(Ok(row));
            }
            if self.is_last {
                return None;
            }
            if let Err(error) = self.next_page() {
                self.is_last = true;
                return Some(Err(error));
            }
        }
    }
}
