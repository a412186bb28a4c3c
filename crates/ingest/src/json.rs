//! NDJSON, one run a line, or one JSON array of runs. Streamed: a body of any length needs memory for one batch.
//!
//! Every record stands for itself: a bad one is refused by its line and the others are stored.

use std::borrow::Cow;
use std::fmt;
use std::io::{self, BufRead};

use runlog_core::{Outcome, Run, limits};
use serde::de::{DeserializeSeed, Error as _, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::Refused;
use super::lines::{Line, read_line_in};
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

    /// Asked before what is kept of the body in memory grows to `bytes`; the refusal's message if there is no room.
    fn room(&mut self, bytes: usize) -> Result<(), String> {
        let _ = bytes;
        Ok(())
    }
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
    /// It has more records than are read of one body.
    TooManyRecords {
        /// The limit.
        max: u64,
    },
    /// The sink has no room for it at the moment.
    NoRoom(String),
    /// The sink.
    Sink(E),
}

impl<E> From<io::Error> for IngestError<E> {
    fn from(error: io::Error) -> Self {
        Self::Body(error)
    }
}

/// Reads a body of at most `records_max` records to its end into a sink. Of a longer one, no record of an array is
/// stored, and of lines those before.
pub fn ingest<S: Sink>(
    reader: &mut impl BufRead,
    records_max: u64,
    defaults: &Defaults<'_>,
    sink: &mut S,
) -> (Report, Result<(), IngestError<S::Error>>) {
    let mut batch = Batch {
        defaults,
        records_max,
        sink,
        report: Report::default(),
        streams: Streams::default(),
        runs: Vec::new(),
        bytes: 0,
        held: 0,
    };
    let result = batch.read(reader).and_then(|()| batch.flush());
    (batch.report, result)
}

struct Batch<'a, S> {
    defaults: &'a Defaults<'a>,
    records_max: u64,
    sink: &'a mut S,
    report: Report,
    streams: Streams,
    runs: Vec<(u64, Run)>,
    /// Of the texts of `runs`.
    bytes: usize,
    /// Of the line or array that is read.
    held: usize,
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
        let mut records = 0;
        for number in 1.. {
            let (sink, queued) = (&mut *self.sink, self.bytes);
            let line = read_line_in(reader, &mut buffer, LINE_MAX_BYTES, |bytes| {
                sink.room(bytes + queued).map_err(IngestError::NoRoom)
            })?;
            self.held = buffer.capacity();
            records += u64::from(line != Line::End && !(line == Line::Whole && buffer.trim_ascii().is_empty()));
            if records > self.records_max {
                return Err(IngestError::TooManyRecords { max: self.records_max });
            }
            match line {
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
        let bytes = self.read_array(reader)?;
        self.held = bytes.capacity();
        let text = utf8(&bytes);
        self.report.utf8_replaced += u64::from(matches!(text, Cow::Owned(_)));
        let (max, mut is_over) = (self.records_max, false);
        let mut json = serde_json::Deserializer::from_str(&text);
        let records = Elements { max, is_over: &mut is_over }.deserialize(&mut json);
        let records = records.and_then(|records| json.end().map(|()| records)).map_err(|error| {
            if is_over {
                return IngestError::TooManyRecords { max };
            }
            IngestError::Array(format!("not a JSON array: {error}"))
        })?;
        (1..).zip(records).try_for_each(|(number, record)| self.record(number, record.get()))
    }

    /// An array's text.
    fn read_array(&mut self, reader: &mut impl BufRead) -> Result<Vec<u8>, IngestError<S::Error>> {
        let mut bytes = Vec::new();
        loop {
            let part = reader.fill_buf()?;
            if part.is_empty() {
                return Ok(bytes);
            }
            let wanted = bytes.len() + part.len();
            if wanted as u64 > ARRAY_MAX_BYTES {
                let advice =
                    format!("the array is larger than {ARRAY_MAX_BYTES} bytes; send one JSON object a line instead");
                return Err(IngestError::Array(advice));
            }
            if wanted > bytes.capacity() {
                let capacity = wanted.max(2 * bytes.capacity());
                self.sink.room(capacity).map_err(IngestError::NoRoom)?;
                bytes.reserve_exact(capacity - bytes.len());
            }
            bytes.extend_from_slice(part);
            let used = part.len();
            reader.consume(used);
        }
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
        self.sink.room(self.held + self.bytes).map_err(IngestError::NoRoom)?;
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

/// The elements of an array as texts. More than `max` are an error, and set `is_over`.
struct Elements<'a> {
    max: u64,
    is_over: &'a mut bool,
}

impl<'de> DeserializeSeed<'de> for Elements<'_> {
    type Value = Vec<&'de RawValue>;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Elements<'_> {
    type Value = Vec<&'de RawValue>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut array: A) -> Result<Self::Value, A::Error> {
        let mut elements = Vec::new();
        while let Some(element) = array.next_element()? {
            if elements.len() as u64 >= self.max {
                *self.is_over = true;
                return Err(A::Error::custom("too many elements"));
            }
            elements.push(element);
        }
        Ok(elements)
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

    const RECORDS_MAX: u64 = 1_000;

    fn report(body: &[u8]) -> Report {
        let (report, result) = ingest(&mut &*body, RECORDS_MAX, &DEFAULTS, &mut Naive::default());
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
        let (_, result) = ingest(&mut &br#"[{"FunctionName":"f"},"#[..], RECORDS_MAX, &DEFAULTS, &mut Naive::default());
        assert!(matches!(result, Err(IngestError::Array(_))));
    }

    #[test]
    fn records_are_counted_while_they_are_read() {
        let lines = |count| b"7\n \n".repeat(count);
        let array = |count| format!("[{}7]", "7,".repeat(count - 1)).into_bytes();
        for (of, reported) in [(&lines as &dyn Fn(usize) -> Vec<u8>, 1_000), (&array, 0)] {
            assert_eq!(report(&of(1_000)).refused_total, 1_000);
            let (report, result) = ingest(&mut &*of(1_001), RECORDS_MAX, &DEFAULTS, &mut Naive::default());
            assert!(matches!(result, Err(IngestError::TooManyRecords { max: RECORDS_MAX })), "{result:?}");
            assert_eq!(report.refused_total, reported);
        }
    }

    /// Has room for a number of bytes.
    struct Narrow(usize);

    impl Sink for Narrow {
        type Error = ();

        fn permit(&mut self, _: &Run) -> Result<(), String> {
            Ok(())
        }

        fn append(&mut self, runs: Vec<Run>) -> Result<Vec<Outcome>, ()> {
            Ok(vec![Outcome::Duplicate; runs.len()])
        }

        fn room(&mut self, bytes: usize) -> Result<(), String> {
            if bytes <= self.0 { Ok(()) } else { Err(format!("no room for {bytes} bytes")) }
        }
    }

    #[test]
    fn what_is_kept_of_a_body_asks_for_room_first() {
        let log = "x".repeat(100_000);
        let line = format!("{{\"FunctionName\":\"f\",\"Log\":\"{log}\"}}\n");
        let array = format!("[{line}]");
        for body in [&line, &array] {
            let ingest = |room| ingest(&mut body.as_bytes(), RECORDS_MAX, &DEFAULTS, &mut Narrow(room)).1;
            assert!(matches!(ingest(50_000), Err(IngestError::NoRoom(_))));
            assert!(ingest(300_000).is_ok());
        }
        // Lines that were read wait for their batch, beside the next one.
        let body = line.repeat(4);
        let (_, result) = ingest(&mut body.as_bytes(), RECORDS_MAX, &DEFAULTS, &mut Narrow(300_000));
        assert!(matches!(result, Err(IngestError::NoRoom(_))));
    }

    #[test]
    fn an_empty_body_is_an_empty_report() {
        assert_eq!(report(b""), Report::default());
    }
}
