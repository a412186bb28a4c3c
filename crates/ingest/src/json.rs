//! NDJSON, one run a line, or one JSON array of runs. Streamed: a body of any length needs memory for one batch.
//!
//! Every record stands for itself: a bad one is refused by its line and the others are stored.

use std::borrow::Cow;
use std::io::{self, BufRead, Read};

use runlog_core::{Outcome, Run, limits};
use serde_json::value::RawValue;

use super::Refused;
use super::lines::{Line, read_line};
use super::record::{Defaults, Record, Streams, cut};

/// Longest line, in bytes: the longest log with most characters escaped.
const LINE_MAX_BYTES: usize = 32 << 20;

/// Largest JSON array, in bytes: it is read as a whole. NDJSON has no such limit.
const ARRAY_MAX_BYTES: u64 = 64 << 20;

/// A batch goes to the engine when it has this much text, in bytes.
const BATCH_BYTES: usize = 4 << 20;

/// The most refusals that a report lists; it counts all of them.
const REFUSED_LISTED_MAX: usize = 1_000;

/// The longest message of one refusal, in bytes: it may repeat what was sent, and that may be 32 MiB.
const REFUSED_MESSAGE_MAX_BYTES: usize = 1_024;

/// Where parsed runs go.
pub trait Sink {
    /// Why nothing more can be stored.
    type Error;

    /// Whether the sender may store a run; the refusal's message if not.
    fn permit(&mut self, run: &Run) -> Result<(), String>;

    /// Stores a batch; one outcome for each run.
    fn append(&mut self, runs: Vec<Run>) -> Result<Vec<Outcome>, Self::Error>;
}

/// What became of the records of one body.
#[derive(Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Report {
    /// Stored and on disk.
    pub accepted: u64,
    /// Known already.
    pub duplicates: u64,
    /// Not stored, with the reasons; at most the first thousand.
    pub refused: Vec<Refused>,
    /// How many were not stored.
    pub refused_total: u64,
    /// Texts that were over their limit and were cut.
    pub cut: u64,
    /// Records with bytes that are not UTF-8, which were replaced.
    pub utf8_replaced: u64,
    /// The last sequence number given to a record of this body; 0 when none was accepted.
    pub seq: u64,
}

/// Why a body could not be read to its end. The report covers the part before.
#[derive(Debug)]
pub enum IngestError<E> {
    /// The body itself: broken compression, too large, cut off.
    Body(io::Error),
    /// A JSON array that is not one.
    Array(String),
    /// The sink.
    Sink(E),
}

/// Reads a body to its end into a sink.
pub fn ingest<S: Sink>(
    reader: &mut impl BufRead,
    defaults: &Defaults<'_>,
    sink: &mut S,
) -> (Report, Result<(), IngestError<S::Error>>) {
    let mut batch =
        Batch { defaults, sink, report: Report::default(), streams: Streams::default(), runs: Vec::new(), bytes: 0 };
    let result = batch.read(reader).and_then(|()| batch.flush());
    (batch.report, result)
}

struct Batch<'a, S> {
    defaults: &'a Defaults<'a>,
    sink: &'a mut S,
    report: Report,
    streams: Streams,
    runs: Vec<(u64, Run)>,
    bytes: usize,
}

impl<S: Sink> Batch<'_, S> {
    fn read(&mut self, reader: &mut impl BufRead) -> Result<(), IngestError<S::Error>> {
        if first_byte(reader).map_err(IngestError::Body)? == Some(b'[') {
            self.array(reader)
        } else {
            self.lines(reader)
        }
    }

    fn lines(&mut self, reader: &mut impl BufRead) -> Result<(), IngestError<S::Error>> {
        let mut buffer = Vec::new();
        for number in 1.. {
            match read_line(reader, &mut buffer, LINE_MAX_BYTES).map_err(IngestError::Body)? {
                Line::End => break,
                Line::TooLong => {
                    self.refuse(
                        number,
                        "TooLong",
                        format!("the line is longer than {LINE_MAX_BYTES} bytes; shorten the log"),
                    );
                }
                Line::Whole if buffer.trim_ascii().is_empty() => {}
                Line::Whole => {
                    let text = utf8(&buffer);
                    self.report.utf8_replaced += u64::from(matches!(text, Cow::Owned(_)));
                    self.record(number, &text)?;
                }
            }
        }
        Ok(())
    }

    fn array(&mut self, reader: &mut impl BufRead) -> Result<(), IngestError<S::Error>> {
        let mut bytes = Vec::new();
        reader.take(ARRAY_MAX_BYTES + 1).read_to_end(&mut bytes).map_err(IngestError::Body)?;
        if bytes.len() as u64 > ARRAY_MAX_BYTES {
            let advice =
                format!("the array is larger than {ARRAY_MAX_BYTES} bytes; send one JSON object a line instead");
            return Err(IngestError::Array(advice));
        }
        let text = utf8(&bytes);
        self.report.utf8_replaced += u64::from(matches!(text, Cow::Owned(_)));
        let records: Vec<&RawValue> =
            serde_json::from_str(&text).map_err(|error| IngestError::Array(format!("not a JSON array: {error}")))?;
        (1..).zip(records).try_for_each(|(number, record)| self.record(number, record.get()))
    }

    fn record(&mut self, number: u64, text: &str) -> Result<(), IngestError<S::Error>> {
        let record: Record<'_> = match serde_json::from_str(text) {
            Ok(record) => record,
            Err(error) => {
                self.refuse(number, "Malformed", format!("not a run as one JSON object: {error}"));
                return Ok(());
            }
        };
        let mut run = match record.into_run(self.defaults, &mut self.streams) {
            Ok(run) => run,
            Err(message) => {
                self.refuse(number, "Malformed", message);
                return Ok(());
            }
        };
        self.report.cut += u64::from(cut(&mut run.log, limits::LOG_MAX_BYTES));
        self.report.cut += u64::from(cut(&mut run.ret_msg, limits::RET_MSG_MAX_BYTES));
        if let Err(message) = self.sink.permit(&run) {
            self.refuse(number, "UnauthorizedOperation.CAM", message);
            return Ok(());
        }
        self.bytes += run.log.len() + run.ret_msg.len();
        self.runs.push((number, run));
        if self.runs.len() >= limits::BATCH_MAX_RUNS || self.bytes >= BATCH_BYTES { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<(), IngestError<S::Error>> {
        let (numbers, runs): (Vec<u64>, Vec<Run>) = self.runs.drain(..).unzip();
        self.bytes = 0;
        if runs.is_empty() {
            return Ok(());
        }
        let outcomes = self.sink.append(runs).map_err(IngestError::Sink)?;
        for (number, outcome) in numbers.into_iter().zip(outcomes) {
            match outcome {
                Outcome::Accepted { seq } => {
                    self.report.accepted += 1;
                    self.report.seq = self.report.seq.max(seq);
                }
                Outcome::Duplicate => self.report.duplicates += 1,
                Outcome::Refused(refusal) => self.refuse(number, refusal.code(), refusal.to_string()),
            }
        }
        Ok(())
    }

    fn refuse(&mut self, line: u64, code: &str, mut message: String) {
        self.report.refused_total += 1;
        if self.report.refused.len() < REFUSED_LISTED_MAX {
            cut(&mut message, REFUSED_MESSAGE_MAX_BYTES);
            self.report.refused.push(Refused { line, code: code.to_owned(), message });
        }
    }
}

/// Bytes as a text. Most are one; replacing what is not is several times as slow.
fn utf8(bytes: &[u8]) -> Cow<'_, str> {
    std::str::from_utf8(bytes).map_or_else(|_| String::from_utf8_lossy(bytes), Cow::Borrowed)
}

/// The first byte that is not white space, which stays unread.
fn first_byte(reader: &mut impl BufRead) -> io::Result<Option<u8>> {
    let available = reader.fill_buf()?;
    // A body that opens with more white space than one buffer holds is read as lines.
    Ok(available.iter().copied().find(|byte| !byte.is_ascii_whitespace()))
}

#[cfg(test)]
mod tests {
    use runlog_core::naive::Naive;

    use super::*;

    const DEFAULTS: Defaults<'_> = Defaults::OF_TESTS;

    impl Sink for Naive {
        type Error = ();

        fn permit(&mut self, run: &Run) -> Result<(), String> {
            if run.stream.function == "secret" { Err("no".to_owned()) } else { Ok(()) }
        }

        fn append(&mut self, runs: Vec<Run>) -> Result<Vec<Outcome>, ()> {
            Ok(runs.into_iter().map(|run| Naive::append(self, run, DEFAULTS.now_ms)).collect())
        }
    }

    fn report(body: &[u8]) -> Report {
        let (report, result) = ingest(&mut &*body, &DEFAULTS, &mut Naive::default());
        result.unwrap();
        report
    }

    #[test]
    fn one_bad_line_never_sinks_the_others() {
        let body = br#"
{"FunctionName":"f","RequestId":"a","StartTime":1}
not json
{"FunctionName":"f","RequestId":"a","StartTime":1}
{"FunctionName":"f","RequestId":"a","StartTime":2}
{"FunctionName":"secret"}
{"FunctionName":"f","RequestId":"b","StartTime":1,"Log":"a byte: "#;
        let mut body = body.to_vec();
        body.extend(b"\xff\"}\n\r\n");
        let report = report(&body);
        let refused: Vec<_> = report.refused.iter().map(|refused| (refused.line, refused.code.as_str())).collect();
        assert_eq!(refused, [(3, "Malformed"), (6, "UnauthorizedOperation.CAM"), (5, "Conflict")]);
        assert_eq!((report.accepted, report.duplicates, report.refused_total, report.seq), (2, 1, 3, 2));
        assert_eq!(report.utf8_replaced, 1);
    }

    #[test]
    fn an_array_is_the_same() {
        let report = report(br#" [{"FunctionName":"f"}, 7, {"FunctionName":"g"}]"#);
        assert_eq!((report.accepted, report.refused[0].line), (2, 2));
    }

    #[test]
    fn an_array_that_is_cut_off_is_an_error() {
        let (_, result) = ingest(&mut &br#"[{"FunctionName":"f"},"#[..], &DEFAULTS, &mut Naive::default());
        assert!(matches!(result, Err(IngestError::Array(_))));
    }

    #[test]
    fn an_empty_body_is_an_empty_report() {
        assert_eq!(report(b""), Report::default());
    }
}
