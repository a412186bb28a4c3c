//! A page of a store's answer, read bit by bit.

use std::sync::Weak;

use runlog_core::{Cost, Cursor, EngineError, Row, Rows};

use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::query::page::Page;

/// The rows of a page; see [`crate::Store::open_query`]. While it exists, the files and the memory that its rows are
/// read from stay, and so does the lock of the data folder.
pub struct PageRows {
    engine: Weak<Engine>,
    page: Page,
}

impl PageRows {
    pub(crate) fn new(engine: Weak<Engine>, page: Page) -> Self {
        Self { engine, page }
    }

    /// The next rows, as [`Rows::next_batch`] gives them.
    ///
    /// # Errors
    /// [`Error::Damaged`] when a row's file is damaged: it is set aside, so that the same query asked again is answered
    /// from the others.
    pub fn next_batch(&mut self, max_bytes: usize) -> Result<Vec<Row>> {
        self.page.next_batch(max_bytes).inspect_err(|error| {
            if let (Error::Damaged { file, what }, Some(engine)) = (error, self.engine.upgrade()) {
                engine.set_segment_aside(file, what);
            }
        })
    }
}

impl Rows for PageRows {
    fn next_batch(&mut self, max_bytes: usize) -> std::result::Result<Vec<Row>, EngineError> {
        Ok(PageRows::next_batch(self, max_bytes)?)
    }

    fn cursor(&self) -> Option<Cursor> {
        self.page.cursor()
    }

    fn cost(&self) -> Cost {
        self.page.cost()
    }
}
