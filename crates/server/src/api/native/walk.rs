//! A walk through all finished runs of a window, in the order of their starts: what exports of the server and of the
//! command line share.
//!
//! The window is read in slices, each with about as many runs as one query returns. So each run is counted about once,
//! however many there are, and memory has at most one page of a slice, which is bounded in rows and in bytes.

use std::io;

use bytes::Bytes;
use runlog_core::{Cursor, Direction, Engine, EngineError, Fault, Query, SortValue, Start, Window};

use super::encode::Lines;
use super::filter_params;

/// Bytes to gather before sending.
const PART_BYTES: usize = 64 << 10;

/// Queries per turn at the engine, so that other requests get their turn.
const QUERIES_PER_TURN: usize = 8;

/// The most rows of one query, and the most bytes of them.
const ROWS_MAX: usize = 1_000;
const ROWS_MAX_BYTES: usize = 1 << 20;

/// Rows in the first slice, about.
const ROWS_FIRST: u64 = 64;

/// A query whose moment and window are fixed.
pub struct Frozen {
    pub(super) query: Query,
    total: u64,
    /// The last sequence number.
    pub(super) seq: u64,
}

/// Fixes the moment, cuts the window to the range of the runs, and returns their number. A window without runs is empty
/// and starts at the minimum.
pub fn freeze(engine: &dyn Engine, mut query: Query) -> Result<Frozen, EngineError> {
    let now = engine.query(&Query { limit: 0, ..query.clone() })?;
    query.as_of = query.as_of.or(Some(now.watermark.seq));
    let streams = engine.streams(&query.scope.account)?;
    query.window = filter_params::clip(query.window, &query.scope, &streams);
    if query.window.start_ms >= query.window.end_ms {
        query.window = Window { start_ms: 0, end_ms: 0 };
    }
    let found = engine.query(&Query { limit: 0, ..query.clone() })?;
    Ok(Frozen { query, total: found.total, seq: found.watermark.seq })
}

/// A reader of a window, slice by slice.
pub struct Walk {
    query: Query,
    /// The rest of the window; in the requested direction, it begins at the row that the cursor names.
    left: Window,
    after: Option<Cursor>,
    /// The width of the next slice.
    width_ms: i64,
    /// The number of rows to write.
    pub total: u64,
    /// The number of rows written.
    pub written: u64,
    lines: Lines,
}

impl Walk {
    /// Begins at the first row, or after the one with this start and sequence number.
    pub fn begin(
        engine: &dyn Engine,
        frozen: Frozen,
        after: Option<(i64, u64)>,
        lines: Lines,
    ) -> Result<Self, EngineError> {
        let Frozen { mut query, mut total, .. } = frozen;
        (query.limit, query.page_max_bytes, query.columns) = (ROWS_MAX, Some(ROWS_MAX_BYTES), lines.columns());
        let (left, order) = (query.window, query.order);
        let mut walk = Self { query, left, after: None, width_ms: 1, total, written: 0, lines };
        if let Some((start_ms, seq)) = after {
            walk.begin_left_at(start_ms);
            walk.after = Some(Cursor { order, value: SortValue::Start, start_ms, seq });
            total = walk.count_left(engine, start_ms, seq)?;
        }
        walk.total = total;
        let slices = i64::try_from(total / ROWS_FIRST).expect("fewer rows than sequence numbers").max(1);
        walk.width_ms = (walk.left.end_ms.saturating_sub(walk.left.start_ms) / slices).max(1);
        Ok(walk)
    }

    /// How many remaining rows follow the row with this start and number: all except those with the same start that
    /// precede it by sequence number.
    fn count_left(&self, engine: &dyn Engine, start_ms: i64, seq: u64) -> Result<u64, EngineError> {
        let count = |window: Window, as_of: Option<u64>| -> Result<u64, EngineError> {
            if window.start_ms >= window.end_ms {
                return Ok(0);
            }
            Ok(engine.query(&Query { window, as_of, limit: 0, ..self.query.clone() })?.total)
        };
        let Window { start_ms: first_ms, end_ms } = self.query.window;
        let same = Window { start_ms: start_ms.max(first_ms), end_ms: start_ms.saturating_add(1).min(end_ms) };
        let last = self.query.as_of.map(|as_of| as_of.min(seq));
        Ok(if self.is_up() {
            count(self.left, self.query.as_of)?.saturating_sub(count(same, last)?)
        } else {
            let before = last.map(|last| last.min(seq.saturating_sub(1)));
            count(self.left, self.query.as_of)?.saturating_sub(count(same, self.query.as_of)?) + count(same, before)?
        })
    }

    /// Writes some rows; returns whether those were the last.
    pub fn step(&mut self, engine: &dyn Engine) -> Result<bool, EngineError> {
        for _ in 0..QUERIES_PER_TURN {
            if self.left.start_ms >= self.left.end_ms {
                return Ok(true);
            }
            if self.lines.ready_bytes() >= PART_BYTES {
                break;
            }
            let (window, left) = self.slice();
            let start = self.after.take().map_or(Start::Offset(0), Start::After);
            let found = engine.query(&Query { window, start, ..self.query.clone() })?;
            for row in &found.rows {
                self.lines.row(row).map_err(|error| EngineError::engine(error.to_string()))?;
            }
            self.written += found.rows.len() as u64;
            if let Some(next) = found.next {
                self.width_ms = (self.width_ms / 2).max(1);
                self.begin_left_at(next.start_ms);
                self.after = Some(next);
            } else {
                self.left = left;
                if found.rows.len() < ROWS_MAX / 2 {
                    self.width_ms = self.width_ms.saturating_mul(2);
                }
            }
        }
        Ok(false)
    }

    fn is_up(&self) -> bool {
        self.query.order.direction == Direction::Asc
    }

    /// The next slice, and the rest after it.
    fn slice(&self) -> (Window, Window) {
        let Window { start_ms, end_ms } = self.left;
        let cut_ms = if self.is_up() {
            start_ms.saturating_add(self.width_ms).min(end_ms)
        } else {
            end_ms.saturating_sub(self.width_ms).max(start_ms)
        };
        let (early, late) = (Window { start_ms, end_ms: cut_ms }, Window { start_ms: cut_ms, end_ms });
        if self.is_up() { (early, late) } else { (late, early) }
    }

    fn begin_left_at(&mut self, start_ms: i64) {
        if self.is_up() {
            self.left.start_ms = self.left.start_ms.max(start_ms);
        } else {
            self.left.end_ms = self.left.end_ms.min(start_ms.saturating_add(1));
        }
    }

    /// Bytes that are ready.
    pub fn take(&mut self) -> Bytes {
        self.lines.take()
    }

    /// Checks, after the last row was written, that no row was missing.
    ///
    /// # Errors
    /// If some were missing: runs that are removed during an export are gone.
    pub fn check(&self) -> Result<(), EngineError> {
        if self.written == self.total {
            return Ok(());
        }
        let message = format!(
            "only {} of {} runs were exported, because the others were removed meanwhile; export again",
            self.written, self.total
        );
        Err(EngineError { message, fault: Fault::Caller })
    }

    /// Writes why the rows end here, where their form has words for that.
    ///
    /// # Errors
    /// Those of the encoder.
    pub(super) fn fail(&mut self, code: &str, message: &str) -> io::Result<()> {
        self.lines.fail(code, message)
    }

    /// The last bytes.
    pub fn finish(self) -> Result<Bytes, EngineError> {
        self.lines.finish().map_err(|error| EngineError::engine(error.to_string()))
    }
}
