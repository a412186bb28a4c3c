//! `GET /api/v1/export`: every finished run that matches, as a stream in the order of starts.
//!
//! The window is walked in slices, each of about as many runs as one query gives at once. So each run is counted about
//! once, however many there are, and no more of them is in memory than one slice's page.

use std::io;
use std::sync::Arc;

use bytes::Bytes;
use hyper::StatusCode;
use hyper::header::{CONTENT_ENCODING, HeaderValue, VARY};
use hyper::http::request::Parts;
use runlog_core::{Cursor, Direction, Query, Start, Window};
use tokio::sync::OwnedSemaphorePermit;

use super::encode::{Encoder, Format, Lines};
use super::params::{FORMAT, SORT_BY_START};
use super::{Asked, Failure, question, read};
use crate::backend::{Backend, BackendError};
use crate::server::app::App;
use crate::server::outgoing::{self, Writer};
use crate::server::respond::{self, Answer};

/// Bytes that are gathered before they are sent.
const PART_BYTES: usize = 64 << 10;

/// Queries in one turn at the engine, so that others get theirs.
const QUERIES_PER_TURN: usize = 8;

/// Texts of one query's rows, in bytes, about: the rows of the next one follow from the size of those before.
const ROWS_BYTES: u64 = 1 << 20;

/// Rows of the first query, and the most of any.
const ROWS_FIRST: usize = 64;
const ROWS_MAX: usize = 1_000;

pub(super) async fn open(asked: Asked, request: &Parts) -> Result<Answer, Failure> {
    let mut query = question::query(&asked.values, asked.account(), asked.now_ms).map_err(Failure::Bad)?;
    query.order = question::order(asked.values.word(&SORT_BY_START).unwrap_or("start_time:desc"));
    asked.permit(&query.scope).await?;
    let turn = Arc::clone(&asked.app.exports).try_acquire_owned();
    let turn = turn.map_err(|_| Failure::Busy("too many exports at a time; try again when one has ended"))?;
    let (query, total) = freeze(&asked, query).await?;
    let format = if asked.values.word(&FORMAT) == Some("csv") { Format::Csv } else { Format::Ndjson };
    let encoder = Encoder::for_client(&request.headers).map_err(|error| failed(&error))?;
    let encoding = encoder.name();
    let as_of = query.as_of.unwrap_or_default();
    let mut lines = Lines { fields: asked.fields.clone(), format, encoder };
    lines.begin().map_err(|error| failed(&error))?;
    let walk = Walk::new(query, total, lines);
    let (writer, body) = outgoing::stream();
    tokio::spawn(run(Arc::clone(&asked.app), walk, writer, turn));
    let mut answer = respond::stream(StatusCode::OK, format.content_type(), body);
    let headers = answer.headers_mut();
    headers.insert("x-runlog-total", HeaderValue::from(total));
    headers.insert("x-runlog-as-of", HeaderValue::from(as_of));
    headers.insert(VARY, HeaderValue::from_static("accept-encoding"));
    if let Some(encoding) = encoding {
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }
    Ok(answer)
}

/// Fixes the moment, and cuts the window to where runs are; says how many runs there are then.
async fn freeze(asked: &Asked, mut query: Query) -> Result<(Query, u64), Failure> {
    let (query, found) = asked
        .ask(move |backend| {
            let now = backend.query(&Query { limit: 0, ..query.clone() })?;
            query.as_of = query.as_of.or(Some(now.watermark.seq));
            let streams = backend.streams(&query.scope.account)?;
            query.window = question::clip(query.window, &query.scope, &streams);
            let found = backend.query(&Query { limit: 0, ..query.clone() })?;
            Ok((query, found))
        })
        .await?;
    read::check_as_of(&query, &found)?;
    Ok((query, found.total))
}

/// Sends the rows. Whatever fails leaves the stream without its end.
async fn run(app: Arc<App>, mut walk: Walk, writer: Writer, _turn: OwnedSemaphorePermit) {
    loop {
        let step = app.with_backend(move |backend| {
            let is_done = walk.step(backend)?;
            Ok((walk, is_done))
        });
        let is_done;
        (walk, is_done) = match step.await {
            Ok(stepped) => stepped,
            Err(error) => return tracing::error!(%error, "an export was cut short"),
        };
        if writer.write(walk.lines.encoder.take()).await.is_err() {
            return;
        }
        if is_done {
            break;
        }
    }
    match walk.finish() {
        Ok(last) => {
            if writer.write(last).await.is_ok() {
                writer.end().await;
            }
        }
        Err(error) => tracing::error!(%error, "an export was cut short"),
    }
}

/// A walk through a window, slice by slice.
struct Walk {
    query: Query,
    /// What is left of the window; it begins, in the asked direction, at the row that the cursor names.
    left: Window,
    after: Option<Cursor>,
    /// The width of the next slice.
    width_ms: i64,
    /// Rows of the next query.
    rows: usize,
    total: u64,
    written: u64,
    lines: Lines,
}

impl Walk {
    fn new(query: Query, total: u64, lines: Lines) -> Self {
        let left = query.window;
        let slices = i64::try_from(total / ROWS_FIRST as u64).unwrap_or(i64::MAX).max(1);
        let width_ms = (left.end_ms.saturating_sub(left.start_ms) / slices).max(1);
        Self { query, left, after: None, width_ms, rows: ROWS_FIRST, total, written: 0, lines }
    }

    /// Writes some rows; says whether those were the last.
    fn step(&mut self, backend: &dyn Backend) -> Result<bool, BackendError> {
        for _ in 0..QUERIES_PER_TURN {
            if self.left.start_ms >= self.left.end_ms {
                return Ok(true);
            }
            if self.lines.encoder.ready_bytes() >= PART_BYTES {
                break;
            }
            let (window, left) = self.cut();
            let start = self.after.take().map_or(Start::Offset(0), Start::After);
            let found = backend.query(&Query { window, start, limit: self.rows, ..self.query.clone() })?;
            for row in &found.rows {
                self.lines.row(row).map_err(|error| BackendError::engine(error.to_string()))?;
            }
            self.written += found.rows.len() as u64;
            if let Some(next) = found.next {
                self.width_ms = (self.width_ms / 2).max(1);
                self.begin_left_at(next.start_ms);
                self.after = Some(next);
            } else {
                self.left = left;
                if found.rows.len() < self.rows / 2 {
                    self.width_ms = self.width_ms.saturating_mul(2);
                }
            }
            self.rows = rows_after(&found.rows, self.rows);
        }
        Ok(false)
    }

    fn is_up(&self) -> bool {
        self.query.order.direction == Direction::Asc
    }

    /// The next slice, and what is left without it.
    fn cut(&self) -> (Window, Window) {
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
            self.left.start_ms = start_ms;
        } else {
            self.left.end_ms = start_ms.saturating_add(1);
        }
    }

    /// The last bytes, if all rows are there.
    fn finish(self) -> Result<Bytes, BackendError> {
        if self.written != self.total {
            let message = format!("{} of {} rows were there: some were removed meanwhile", self.written, self.total);
            return Err(BackendError::engine(message));
        }
        self.lines.encoder.finish().map_err(|error| BackendError::engine(error.to_string()))
    }
}

/// How many rows to ask for next.
fn rows_after(rows: &[runlog_core::Row], asked: usize) -> usize {
    let bytes: u64 = rows.iter().map(|row| (256 + row.run.log.len() + row.run.ret_msg.len()) as u64).sum();
    let Some(each) = bytes.checked_div(rows.len() as u64) else { return asked };
    let fitting = usize::try_from(ROWS_BYTES / each.max(1)).unwrap_or(ROWS_MAX);
    // No more than four times what was asked for: the rows to come may be larger.
    fitting.min(4 * asked).clamp(1, ROWS_MAX)
}

fn failed(error: &io::Error) -> Failure {
    Failure::Engine(BackendError::engine(error.to_string()))
}
