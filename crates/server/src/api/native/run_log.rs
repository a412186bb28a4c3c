//! `GET /api/v1/runs/{request_id}/log`: what one run printed, whole or in ranges of bytes.
//!
//! A page shows the beginning or the end of a long log, and follows the log of a run in flight, without reading the
//! rest. The bytes are the run's own, so the answer is guarded: plain text, in a sandbox, never taken for another type.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use hyper::StatusCode;
use hyper::header::{
    ACCEPT_RANGES, CONTENT_DISPOSITION, CONTENT_RANGE, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderValue, RANGE,
};
use hyper::http::request::Parts;
use runlog_core::{Columns, Engine, EngineError, Query, Row, Scope, Window};

use super::asked::Asked;
use super::failure::Failure;
use super::params::{ATTEMPT, DOWNLOAD, REQUEST_ID};
use super::{filter_params, queries};
use crate::respond::{self, Answer, Packed};

const TEXT: &str = "text/plain; charset=utf-8";

/// A log, and what is known of its run.
struct Log {
    bytes: Bytes,
    function: String,
    seq: u64,
    is_running: bool,
}

pub(super) async fn answer(asked: Asked, request: &Parts) -> Result<Answer, Failure> {
    let app = Arc::clone(&asked.app);
    let request_id = asked.values.text(&REQUEST_ID).unwrap_or_default().to_owned();
    let is_download = asked.values.word(&DOWNLOAD) == Some("true");
    let takes_gzip = respond::takes(&request.headers, "gzip");
    let range = request.headers.get(RANGE).and_then(|range| range.to_str().ok()).map(str::to_owned);
    let name = request_id.clone();
    let made = app.answer_bytes.make(&app.engine, move |engine, ledger| {
        let log = find(&asked, &name, engine)?;
        let total = log.bytes.len();
        let (status, range, packed) = match range.as_deref().map_or(Part::Whole, |range| part(range, total)) {
            Part::Whole => (StatusCode::OK, None, Packed::new(log.bytes.to_vec(), takes_gzip)),
            Part::Bytes(part) => {
                let packed = Packed::plain(log.bytes.slice(part.clone()).to_vec());
                (StatusCode::PARTIAL_CONTENT, Some(format!("bytes {}-{}/{total}", part.start, part.end - 1)), packed)
            }
            Part::Outside => {
                (StatusCode::RANGE_NOT_SATISFIABLE, Some(format!("bytes */{total}")), Packed::plain(Vec::new()))
            }
        };
        Ok::<_, Failure>((log, status, range, packed.counted(ledger)))
    });
    let (log, status, range, packed) = made.await?;
    let mut answer = respond::packed(status, packed);
    let headers = answer.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(TEXT));
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static("sandbox; default-src 'none'"));
    headers.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    headers.insert("x-runlog-seq", HeaderValue::from(log.seq));
    headers.insert("x-runlog-running", HeaderValue::from_static(if log.is_running { "true" } else { "false" }));
    let plain = |text: String| HeaderValue::from_str(&text).expect("numbers, and names of plain characters");
    if let Some(range) = range {
        headers.insert(CONTENT_RANGE, plain(range));
    }
    if is_download {
        let file = format!("{}-{}.log", file_part(&log.function), file_part(&request_id));
        headers.insert(CONTENT_DISPOSITION, plain(format!("attachment; filename=\"{file}\"")));
    }
    Ok(answer)
}

/// The log of the wanted attempt, or of the last one, of all that the caller may read.
fn find(asked: &Asked, request_id: &str, engine: &dyn Engine) -> Result<Log, Failure> {
    let scope = filter_params::scope(&asked.values, asked.account());
    let query = Query { columns: Columns::NO_TEXTS, ..queries::attempts(scope, request_id) };
    let found = engine.query(&query)?;
    let attempt = asked.values.number(&ATTEMPT);
    let mut rows = found.rows.into_iter().filter(|row| {
        asked.caller.may_read(&row.run.stream) && attempt.is_none_or(|attempt| attempt == u64::from(row.run.retry_num))
    });
    // In the order of their starts: a retry starts after the attempt before.
    let row = rows.next_back().ok_or_else(|| queries::no_run(request_id))?;
    let log = with_log(&row, engine)?.ok_or_else(|| queries::no_run(request_id))?;
    Ok(Log {
        function: log.run.stream.function.clone(),
        seq: log.seq,
        is_running: log.run.is_running(),
        bytes: log.run.log.into(),
    })
}

/// The same row with its log, as it is now; `None` if it was removed meanwhile.
fn with_log(row: &Row, engine: &dyn Engine) -> Result<Option<Row>, EngineError> {
    let stream = &row.run.stream;
    let scope = Scope {
        region: Some(stream.region.clone()),
        namespace: Some(stream.namespace.clone()),
        function: Some(stream.function.clone()),
        qualifier: Some(stream.qualifier.clone()),
        ..Scope::account(&stream.account)
    };
    let start_ms = row.run.start_ms;
    let query = Query {
        window: Window { start_ms, end_ms: start_ms.saturating_add(1) },
        columns: Columns { log: true, ..Columns::NO_TEXTS },
        ..queries::attempts(scope, &row.run.request_id)
    };
    let (_, mut rows) = engine.open_query(&query)?;
    loop {
        // One by one: other attempts may have long logs, too.
        let batch = rows.next_batch(1)?;
        if batch.is_empty() {
            return Ok(None);
        }
        if let Some(found) = batch.into_iter().find(|found| found.run.retry_num == row.run.retry_num) {
            return Ok(Some(found));
        }
    }
}

/// Which bytes of a log a request wants.
#[derive(Debug, PartialEq, Eq)]
enum Part {
    Whole,
    Bytes(Range<usize>),
    /// No byte of it.
    Outside,
}

/// Reads a `Range` header (RFC 9110). One that cannot be read, or has several parts, counts as absent.
fn part(range: &str, total: usize) -> Part {
    let number = |text: &str| text.trim().parse::<usize>();
    let Some((first, last)) = range.strip_prefix("bytes=").and_then(|range| range.split_once('-')) else {
        return Part::Whole;
    };
    let part = match (first.trim(), last.trim()) {
        ("", last) => match number(last) {
            Ok(count) => total.saturating_sub(count)..total,
            Err(_) => return Part::Whole,
        },
        (first, "") => match number(first) {
            Ok(first) => first..total,
            Err(_) => return Part::Whole,
        },
        (first, last) => match (number(first), number(last)) {
            (Ok(first), Ok(last)) if first <= last => first..total.min(last.saturating_add(1)),
            _ => return Part::Whole,
        },
    };
    if part.is_empty() { Part::Outside } else { Part::Bytes(part) }
}

/// A part of a file's name that no system takes for anything else.
fn file_part(text: &str) -> String {
    let is_plain = |char: &char| char.is_ascii_alphanumeric() || matches!(char, '.' | '_' | '-');
    text.chars().map(|char| if is_plain(&char) { char } else { '_' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_of_bytes() {
        for (range, total, wanted) in [
            ("bytes=0-3", 10, Part::Bytes(0..4)),
            ("bytes=4-", 10, Part::Bytes(4..10)),
            ("bytes=-3", 10, Part::Bytes(7..10)),
            ("bytes=-30", 10, Part::Bytes(0..10)),
            ("bytes=8-99", 10, Part::Bytes(8..10)),
            ("bytes=9-9", 10, Part::Bytes(9..10)),
            ("bytes=10-", 10, Part::Outside),
            ("bytes=11-12", 10, Part::Outside),
            ("bytes=-0", 10, Part::Outside),
            ("bytes=0-", 0, Part::Outside),
            ("bytes=5-4", 10, Part::Whole),
            ("bytes=0-1,3-4", 10, Part::Whole),
            ("bytes=x-", 10, Part::Whole),
            ("bytes=-", 10, Part::Whole),
            ("lines=0-3", 10, Part::Whole),
            ("bytes=99999999999999999999-", 10, Part::Whole),
        ] {
            assert_eq!(part(range, total), wanted, "{range}");
        }
    }

    #[test]
    fn a_file_name_has_plain_characters_alone() {
        assert_eq!(file_part("../a b\"\r\n日.log"), ".._a_b____.log");
    }
}
