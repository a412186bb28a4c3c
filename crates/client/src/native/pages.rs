//! Every run of a query, page after page, by cursor.

use std::vec;

use super::{RunQuery, RunRow};
use crate::{Client, Error};

/// Runs of a page where the caller does not say.
const PAGE_RUNS: u64 = 500;

/// The runs of a query; made by [`Client::each_run`]. Ends after the first error.
#[must_use]
#[derive(Debug)]
pub struct RunPages<'a> {
    client: &'a Client,
    query: RunQuery,
    page: vec::IntoIter<RunRow>,
    total: Option<u64>,
    is_last: bool,
}

impl Client {
    /// Every run that matches, page after page. With `as_of`, all of them are of one moment. Without it, runs that
    /// arrive meanwhile may be among them, but no run comes twice.
    pub fn each_run(&self, query: RunQuery) -> RunPages<'_> {
        RunPages::new(self, query)
    }
}

impl<'a> RunPages<'a> {
    fn new(client: &'a Client, mut query: RunQuery) -> Self {
        query.limit.get_or_insert(PAGE_RUNS);
        Self { client, query, page: Vec::new().into_iter(), total: None, is_last: false }
    }

    /// How many runs match, as the latest page said; `None` before the first page.
    pub fn total(&self) -> Option<u64> {
        self.total
    }

    fn next_page(&mut self) -> Result<(), Error> {
        let page = self.client.runs(&self.query)?;
        self.total = Some(page.total);
        self.is_last = page.next.is_none();
        self.query.cursor = page.next;
        self.page = page.runs.into_iter();
        Ok(())
    }
}

impl Iterator for RunPages<'_> {
    type Item = Result<RunRow, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(run) = self.page.next() {
                return Some(Ok(run));
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
