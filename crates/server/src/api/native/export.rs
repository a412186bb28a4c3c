//! `GET /api/v1/export`: every finished run that matches, as a stream in the order of starts.

use std::io;
use std::sync::Arc;

use bytes::Bytes;
use hyper::StatusCode;
use hyper::header::{CONTENT_ENCODING, HeaderValue, VARY};
use hyper::http::request;
use runlog_core::{Engine, EngineError, Fault};
use tokio::sync::OwnedSemaphorePermit;

use super::asked::Asked;
use super::encode::{Format, Lines};
use super::failure::Failure;
use super::params::{AFTER, AS_OF, BadParam, FIELDS, FORMAT, SORT_BY_START, Values, bad};
use super::walk::{Walk, freeze};
use super::{filter_params, queries};
use crate::answer_stream::{self, Parts, Sent};
use crate::encoder::Encoder;
use crate::respond::{self, Answer};

pub(super) async fn open(asked: Asked, request: &request::Parts) -> Result<Answer, Failure> {
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
    queries::check_as_of(&frozen.query, frozen.seq)?;
    let (as_of, window) = (frozen.query.as_of.expect("`freeze` fixes the moment"), frozen.query.window);
    let walk = asked.ask(move |engine| Walk::begin(engine, frozen, after, lines)).await?;
    let total = walk.total;
    let parts = ExportParts { walk: Some(walk), _turn: turn };
    let (engine, ledger) = (asked.app.engine.clone(), Arc::clone(&asked.app.answer_bytes));
    let body = answer_stream::begin(engine, ledger, Bytes::new(), parts, |_, sent| {
        if let Sent::Failed(error) = sent {
            tracing::error!(%error, "an export was cut short");
        }
    });
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

/// The parts of an export.
struct ExportParts {
    /// `None` once the last row was written.
    walk: Option<Walk>,
    _turn: OwnedSemaphorePermit,
}

impl Parts for ExportParts {
    fn next(&mut self, engine: &dyn Engine) -> Result<Option<Bytes>, EngineError> {
        let Some(walk) = &mut self.walk else { return Ok(None) };
        if !walk.step(engine)? {
            return Ok(Some(walk.take()));
        }
        walk.check()?;
        self.walk.take().map(Walk::finish).transpose()
    }

    /// Says why the stream ends here; its last chunk is missing all the same.
    fn last_words(&mut self, error: &EngineError) -> Option<Bytes> {
        let (code, message) = match error.fault {
            Fault::Caller => ("RunsRemoved", error.message.as_str()),
            Fault::Busy | Fault::Engine => ("InternalError", "the store failed; the server's log says why"),
        };
        let mut walk = self.walk.take()?;
        walk.fail(code, message).ok()?;
        walk.finish().ok()
    }
}

fn failed(error: &io::Error) -> Failure {
    Failure::Engine(EngineError::engine(error.to_string()))
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;
    use runlog_core::limits::DAY_MS;
    use runlog_core::{Query, Run, Scope, Stream, Zone};
    use runlog_store::{ManualClock, Options, RealDisk, Retention, Store};

    use tokio::sync::Semaphore;

    use super::*;
    use crate::answer_body::CutShort;
    use crate::api::native::fields::{Selection, Style};
    use crate::engine::EngineHandle;

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
    fn last_words(walk: Walk, store: Arc<Store>) -> (Vec<u8>, bool) {
        let turn = Arc::new(Semaphore::new(1)).try_acquire_owned().unwrap();
        let parts = ExportParts { walk: Some(walk), _turn: turn };
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let mut body =
                answer_stream::begin(EngineHandle::new(store, 1), Arc::default(), Bytes::new(), parts, |_, _| ());
            let mut bytes = Vec::new();
            loop {
                match body.frame().await {
                    Some(Ok(frame)) => bytes.extend_from_slice(&frame.into_data().unwrap()),
                    Some(Err(CutShort)) => return (bytes, true),
                    None => return (bytes, false),
                }
            }
        })
    }

    #[test]
    fn runs_that_are_removed_while_an_export_runs_are_missed_and_told_of() {
        let folder = tempfile::tempdir().unwrap();
        let disk = Arc::new(RealDisk::open(folder.path()).unwrap());
        let clock = Arc::new(ManualClock::at(NOON_MS + 9 * DAY_MS));
        let retention = Retention { max_age_days: Some(30), ..Retention::default() };
        let options = Options { retention, background: false, ..Options::default() };
        let store = Arc::new(Store::open_with(disk, Arc::clone(&clock) as _, options).unwrap());
        store.append((0..2_000).map(run).collect()).unwrap();

        let walk = |removal: Option<i64>| {
            let style = Style { zone: Zone::UTC8, billing_step_ms: 100 };
            let lines =
                Lines::new(Format::Ndjson, Selection::new(Some(&["Seq", "Log"]), style), Encoder::plain()).unwrap();
            let frozen = freeze(&*store, Query::new(Scope::account("a"))).unwrap();
            let mut walk = Walk::begin(&*store, frozen, None, lines).unwrap();
            assert_eq!(walk.total, 2_000);
            assert!(!walk.step(&*store).unwrap(), "there is more to come");
            if let Some(now_ms) = removal {
                clock.set(now_ms);
                assert!(store.retain().unwrap().runs > 0);
            }
            let mut text = walk.take().to_vec();
            while !walk.step(&*store).unwrap() {
                text.extend(walk.take());
            }
            (walk, text)
        };
        let (whole, _) = walk(None);
        assert!(whole.written == 2_000 && whole.check().is_ok());
        // Three days of the ten are gone by then.
        let (short, mut text) = walk(Some(NOON_MS + 33 * DAY_MS));
        let error = short.check().unwrap_err();
        assert_eq!((short.written, error.fault), (1_400, Fault::Caller));
        assert!(error.message.starts_with("only 1400 of 2000 runs were exported"), "{error}");
        let (bytes, is_cut) = last_words(short, Arc::clone(&store));
        text.extend(bytes);
        let text = String::from_utf8(text).unwrap();
        let last: serde_json::Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
        assert_eq!((text.lines().count(), &last["error"]["code"], is_cut), (1_401, &"RunsRemoved".into(), true));
    }
}
