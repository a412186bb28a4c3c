//! `GET /api/v1/export`: every finished run that matches, as a stream in the order of starts.
//!
//! The window is read in slices, each with about as many runs as one query returns. So each run is counted about once,
//! however many there are, and memory has at most one page of a slice.

use std::io;
use std::sync::Arc;

use bytes::Bytes;
use hyper::StatusCode;
use hyper::header::{CONTENT_ENCODING, HeaderValue, VARY};
use hyper::http::request::Parts;
use runlog_core::{Cursor, Direction, Query, SortValue, Start, Window};
use runlog_core::{Engine, EngineError, Fault};
use tokio::sync::OwnedSemaphorePermit;

use super::asked::Asked;
use super::encode::{Encoder, Format, Lines};
use super::failure::Failure;
use super::params::{AFTER, AS_OF, BadParam, FIELDS, FORMAT, SORT_BY_START, Values, bad};
use super::{filter_params, read};
use crate::answer_body::{self, Writer};
use crate::app::App;
use crate::respond::{self, Answer};

/// Bytes to gather before sending.
const PART_BYTES: usize = 64 << 10;

/// Queries per turn at the engine, so that other requests get their turn.
const QUERIES_PER_TURN: usize = 8;

/// Approximate size of the texts of one query's rows, in bytes: the number of rows of the next query follows from it.
const ROWS_BYTES: u64 = 1 << 20;

/// Rows of the first query, and the maximum of any.
const ROWS_FIRST: usize = 64;
const ROWS_MAX: usize = 1_000;

pub(super) async fn open(asked: Asked, request: &Parts) -> Result<Answer, Failure> {
    let mut query = filter_params::query(&asked.values, asked.account(), asked.now_ms).map_err(Failure::Bad)?;
    query.order = filter_params::order(asked.values.word(&SORT_BY_START).unwrap_or("start_time:desc"));
    asked.permit(&query.scope).await?;
    let turn = Arc::clone(&asked.app.exports).try_acquire_owned();
    let turn = turn.map_err(|_| Failure::Busy("too many concurrent exports; try again when one has ended"))?;
    let after = after(&asked.values).map_err(Failure::Bad)?;
    let format = match asked.values.word(&FORMAT) {
        Some("csv") => Format::Csv,
        Some("parquet") => Format::Parquet,
        _ => Format::Ndjson,
    };
    let encoder = match format {
        Format::Parquet => Ok(Encoder::plain()),
        Format::Ndjson | Format::Csv => Encoder::for_client(&request.headers),
    };
    let encoder = encoder.map_err(|error| failed(&error))?;
    let encoding = encoder.name();
    let lines = Lines::new(format, asked.fields.clone(), encoder).map_err(|error| match error.kind() {
        io::ErrorKind::InvalidInput => Failure::Bad(bad(&FIELDS, &error.to_string())),
        _ => failed(&error),
    })?;
    let frozen = asked.ask(move |engine| freeze(engine, query)).await?;
    read::check_as_of(&frozen.query, frozen.seq)?;
    let (as_of, window) = (frozen.query.as_of.unwrap_or_default(), frozen.query.window);
    let walk = asked.ask(move |engine| Walk::begin(engine, frozen, after, lines)).await?;
    let total = walk.total;
    let (writer, body) = answer_body::stream();
    tokio::spawn(run(Arc::clone(&asked.app), walk, writer, turn));
    let mut answer = respond::stream(StatusCode::OK, format.content_type(), body);
    let headers = answer.headers_mut();
    headers.insert("x-runlog-total", HeaderValue::from(total));
    headers.insert("x-runlog-as-of", HeaderValue::from(as_of));
    headers.insert("x-runlog-from", HeaderValue::from(window.start_ms));
    headers.insert("x-runlog-to", HeaderValue::from(window.end_ms));
    headers.insert(VARY, HeaderValue::from_static("accept-encoding"));
    if let Some(encoding) = encoding {
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }
    Ok(answer)
}

/// Start, in Unix milliseconds, and sequence number of the run after which an export continues.
fn after(values: &Values) -> Result<Option<(i64, u64)>, BadParam> {
    let Some(text) = values.text(&AFTER) else { return Ok(None) };
    let place = text.split_once(',').and_then(|(start_ms, seq)| Some((start_ms.parse().ok()?, seq.parse().ok()?)));
    if !values.has(&AS_OF) {
        return Err(bad(&AFTER, "it needs `as_of`: the X-Runlog-As-Of of the interrupted export"));
    }
    place.map(Some).ok_or_else(|| bad(&AFTER, "it takes the StartTime and Seq of a run, such as 1782864003250,1042"))
}

/// A query whose moment and window are fixed.
pub struct Frozen {
    query: Query,
    total: u64,
    /// The last sequence number.
    seq: u64,
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

/// Sends the rows. After any failure, the stream has no proper end.
async fn run(app: Arc<App>, mut walk: Walk, writer: Writer, _turn: OwnedSemaphorePermit) {
    loop {
        let step = app.engine.ask(move |engine| {
            let result = walk.step(engine);
            Ok::<_, EngineError>((walk, result))
        });
        let result;
        (walk, result) = match step.await {
            Ok(stepped) => stepped,
            Err(error) => return tracing::error!(%error, "an export was cut short"),
        };
        let is_done = match result.and_then(|is_done| if is_done { walk.check().map(|()| true) } else { Ok(false) }) {
            Ok(is_done) => is_done,
            Err(error) => return cut(walk, &error, &writer).await,
        };
        if writer.write(walk.take()).await.is_err() {
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

/// Sends the reason why the stream ends here, still without the last chunk.
async fn cut(mut walk: Walk, error: &EngineError, writer: &Writer) {
    tracing::error!(%error, "an export was cut short");
    let (code, message) = match error.fault {
        Fault::Caller => ("RunsRemoved", error.message.as_str()),
        Fault::Busy | Fault::Engine => ("InternalError", "the store failed; the server's log says why"),
    };
    if walk.lines.fail(code, message).is_err() {
        return;
    }
    if writer.write(walk.take()).await.is_err() {
        return;
    }
    if let Ok(last) = walk.lines.finish() {
        // A reader that has gone does not need to know.
        let _ = writer.write(last).await;
    }
}

/// A reader of a window, slice by slice.
pub struct Walk {
    query: Query,
    /// The rest of the window; in the requested direction, it begins at the row that the cursor names.
    left: Window,
    after: Option<Cursor>,
    /// The width of the next slice.
    width_ms: i64,
    /// Rows of the next query.
    rows: usize,
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
        let Frozen { query, mut total, .. } = frozen;
        let (left, order) = (query.window, query.order);
        let mut walk = Self { query, left, after: None, width_ms: 1, rows: ROWS_FIRST, total, written: 0, lines };
        if let Some((start_ms, seq)) = after {
            walk.begin_left_at(start_ms);
            walk.after = Some(Cursor { order, value: SortValue::Start, start_ms, seq });
            total = walk.count_left(engine, start_ms, seq)?;
        }
        let slices = i64::try_from(total / ROWS_FIRST as u64).unwrap_or(i64::MAX).max(1);
        walk.total = total;
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
            let (window, left) = self.cut();
            let start = self.after.take().map_or(Start::Offset(0), Start::After);
            let found = engine.query(&Query { window, start, limit: self.rows, ..self.query.clone() })?;
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

    /// The next slice, and the rest after it.
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

    /// The last bytes.
    pub fn finish(self) -> Result<Bytes, EngineError> {
        self.lines.finish().map_err(|error| EngineError::engine(error.to_string()))
    }
}

/// The number of rows of the next query.
fn rows_after(rows: &[runlog_core::Row], asked: usize) -> usize {
    let bytes: u64 = rows.iter().map(|row| (256 + row.run.log.len() + row.run.ret_msg.len()) as u64).sum();
    let Some(each) = bytes.checked_div(rows.len() as u64) else { return asked };
    let fitting = usize::try_from(ROWS_BYTES / each.max(1)).unwrap_or(ROWS_MAX);
    // At most four times as many as before, because the next rows may be larger.
    fitting.min(4 * asked).clamp(1, ROWS_MAX)
}

fn failed(error: &io::Error) -> Failure {
    Failure::Engine(EngineError::engine(error.to_string()))
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;
    use runlog_core::limits::DAY_MS;
    use runlog_core::{Run, Scope, Stream, Zone};
    use runlog_store::{ManualClock, Options, RealDisk, Retention, Store};

    use super::*;
    use crate::api::native::fields::{Selection, Style};

    /// 1 March 2026, noon UTC.
    const NOON_MS: i64 = 1_772_366_400_000;

    fn run(id: i64) -> Run {
        let name = || "a".to_owned();
        let stream =
            Stream { account: name(), region: name(), namespace: name(), function: name(), qualifier: String::new() };
        Run {
            stream: Arc::new(stream),
            request_id: id.to_string(),
            retry_num: 0,
            // Ten days.
            start_ms: NOON_MS + id % 10 * DAY_MS + id,
            duration_us: 0,
            bill_ms: None,
            mem_bytes: 0,
            ret_code: 0,
            invoke_finished: 1,
            exit_code: None,
            ret_msg: String::new(),
            log: "x".repeat(2_000),
            level: String::new(),
            source: String::new(),
        }
    }

    /// What a reader gets of a stream that ends early, and whether it can tell.
    fn last_words(walk: Walk, error: &EngineError) -> (Vec<u8>, bool) {
        let (writer, mut body) = answer_body::stream();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let sent = async move {
            cut(walk, error, &writer).await;
        };
        let read = async {
            let mut bytes = Vec::new();
            loop {
                match body.frame().await {
                    Some(Ok(frame)) => bytes.extend_from_slice(&frame.into_data().unwrap()),
                    Some(Err(answer_body::CutShort)) => return (bytes, true),
                    None => return (bytes, false),
                }
            }
        };
        runtime.block_on(async { tokio::join!(sent, read).1 })
    }

    #[test]
    fn runs_that_are_removed_while_an_export_runs_are_missed_and_told_of() {
        let folder = tempfile::tempdir().unwrap();
        let disk = Arc::new(RealDisk::open(folder.path()).unwrap());
        let clock = Arc::new(ManualClock::at(NOON_MS + 9 * DAY_MS));
        let retention = Retention { max_age_days: Some(30), ..Retention::default() };
        let options = Options { retention, background: false, ..Options::default() };
        let store = Store::open_with(disk, Arc::clone(&clock) as _, options).unwrap();
        store.append((0..2_000).map(run).collect()).unwrap();

        let walk = |removal: Option<i64>| {
            let style = Style { zone: Zone::UTC8, billing_step_ms: 100 };
            let lines = Lines::new(Format::Ndjson, Selection::new(Some(&["Seq"]), style), Encoder::plain()).unwrap();
            let frozen = freeze(&store, Query::new(Scope::account("a"))).unwrap();
            let mut walk = Walk::begin(&store, frozen, None, lines).unwrap();
            assert_eq!(walk.total, 2_000);
            assert!(!walk.step(&store).unwrap(), "there is more to come");
            if let Some(now_ms) = removal {
                clock.set(now_ms);
                assert!(store.retain().unwrap().runs > 0);
            }
            while !walk.step(&store).unwrap() {}
            walk
        };
        let whole = walk(None);
        assert!(whole.written == 2_000 && whole.check().is_ok());
        // Three days of the ten are gone by then.
        let short = walk(Some(NOON_MS + 33 * DAY_MS));
        let error = short.check().unwrap_err();
        assert_eq!((short.written, error.fault), (1_400, Fault::Caller));
        assert!(error.message.starts_with("only 1400 of 2000 runs were exported"), "{error}");
        let (bytes, is_cut) = last_words(short, &error);
        let text = String::from_utf8(bytes).unwrap();
        let last: serde_json::Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
        assert_eq!((text.lines().count(), &last["error"]["code"], is_cut), (1_401, &"RunsRemoved".into(), true));
    }
}
