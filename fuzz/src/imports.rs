//! Files of other systems: text logs, JSON and Parquet.

use std::io::BufReader;
use std::rc::Rc;

use bytes::Bytes;
use runlog_core::{Zone, limits};
use runlog_ingest::Refused;
use runlog_ingest::formats::{Format, Found, Hints, Notes, Untimed, parquet, parse, sniff};

/// The longest run that an import may find, in milliseconds.
const DURATION_MAX_MS: f64 = (limits::NUMBER_MAX / 1000) as f64;

/// What an import finds, and the error that ended it.
type Findings = (Vec<Result<Found, Refused>>, Option<String>);

/// NDJSON: each line gives one run or one refusal, and a broken line after the others leaves them as they are.
pub fn import_ndjson(bytes: &[u8]) {
    let (found, _) = lines(Format::Ndjson, bytes);
    let count = bytes.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty()).count();
    assert_eq!(found.len(), count);
    let (longer, _) = read(Format::Ndjson, &[bytes, b"\nx"].concat());
    assert_eq!(longer.split_last().map(|(last, others)| (last.is_err(), others)), Some((true, &found[..])));
}

/// A saved answer or several, or an array of rows.
pub fn import_answer(bytes: &[u8]) {
    let (found, error) = read(Format::Answer, bytes);
    check(&found);
    assert_eq!(read(Format::Answer, bytes), (found, error), "the same bytes give the same runs and ids");
}

/// The text of a function's log.
pub fn import_platform(bytes: &[u8]) {
    lines(Format::Platform, bytes);
}

/// Log lines as JSON.
pub fn import_scf_json(bytes: &[u8]) {
    lines(Format::ScfJson, bytes);
}

/// Lambda logs, text or JSON.
pub fn import_lambda(bytes: &[u8]) {
    lines(Format::Lambda, bytes);
}

/// Parquet: rows are numbered in order, an error comes last, and the same bytes give the same rows.
pub fn import_parquet(bytes: &[u8]) {
    let read = || {
        let (mut rows, mut error) = (Vec::new(), None);
        for item in parquet(Bytes::copy_from_slice(bytes), hints(), &Rc::new(Notes::default())).take(10_000) {
            assert_eq!(error, None, "nothing follows an error");
            match item {
                Ok(row) => rows.push(row),
                Err(cause) => error = Some(cause.to_string()),
            }
        }
        (rows, error)
    };
    let found = read();
    let number = |row: &Result<Found, Refused>| row.as_ref().map_or_else(|refused| refused.line, |found| found.line);
    assert!(found.0.iter().map(number).eq(1..=found.0.len() as u64));
    check(&found.0);
    assert_eq!(read(), found);
}

/// Keeps panics inside the Parquet library, which its caller catches, from ending a fuzzer.
pub fn quiet_library_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let is_ours = panic.location().is_none_or(|place| !place.file().contains("/parquet-"));
        if is_ours {
            eprintln!("{panic}");
        }
    }));
}

/// A format that is read line by line: the same runs and ids for the same bytes, however they arrive; each refusal and
/// run has a line of the file; and no line is in the logs of two runs.
fn lines(format: Format, bytes: &[u8]) -> Findings {
    let findings = read(format, bytes);
    let (found, error) = &findings;
    assert_eq!(*error, None, "a file in memory can be read to its end");
    check(found);
    let last = bytes.split(|byte| *byte == b'\n').count() as u64;
    let line = |item: &Result<Found, Refused>| item.as_ref().map_or_else(|refused| refused.line, |found| found.line);
    assert!(found.iter().map(line).all(|line| (1..=last).contains(&line)), "{found:?}");
    let logs: usize = found.iter().flatten().filter_map(|found| found.run.log.as_ref()).map(String::len).sum();
    assert!(logs <= String::from_utf8_lossy(bytes).len() + found.len(), "{logs} bytes of logs: {found:?}");
    let slow = parse(format, BufReader::with_capacity(1, bytes), hints(), Rc::default());
    assert_eq!(slow.map(Result::unwrap).collect::<Vec<_>>(), *found);
    let marked = [b"\xef\xbb\xbf", bytes].concat();
    if !bytes.starts_with(b"\xef\xbb\xbf") {
        assert_eq!(sniff(&marked, true), sniff(bytes, true), "a byte order mark says nothing of the format");
    }
    findings
}

fn read(format: Format, bytes: &[u8]) -> Findings {
    let (mut found, mut error) = (Vec::new(), None);
    for item in parse(format, bytes, hints(), Rc::default()) {
        match item {
            Ok(item) => found.push(item),
            Err(cause) => error = Some(cause.to_string()),
        }
    }
    (found, error)
}

/// A run that is found has all that an import sends: a function, an id, a start and a possible duration.
fn check(found: &[Result<Found, Refused>]) {
    for Found { run, .. } in found.iter().flatten() {
        assert!(!run.function_name.is_empty() && run.start_time.is_some(), "{run:?}");
        assert!(run.request_id.as_ref().is_some_and(|id| !id.is_empty()), "{run:?}");
        assert!((0.0..=DURATION_MAX_MS).contains(&run.duration.unwrap_or_default()), "{run:?}");
    }
}

fn hints() -> Hints {
    Hints {
        function: Some("f".to_owned()),
        namespace: None,
        qualifier: None,
        zone: Zone::UTC8,
        untimed: Untimed::StartsAt(1_782_864_000_000),
        close_unfinished: false,
    }
}
