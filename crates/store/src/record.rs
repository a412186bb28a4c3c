//! One accepted report as bytes: what the write-ahead log keeps, and what the memtable and the in-flight table point
//! at.
//!
//! ```text
//! seq 8 | heard_ms 8 | start_ms 8 | duration_us 8 | mem_bytes 8 | ret_code 4 | retry_num 1 | invoke_finished 4 |
//! flags 1 | bill_ms 8 if flags & 1 | exit_code 4 if flags & 2 |
//! account, region, namespace, function, qualifier, request_id, level, source, ret_msg, log: each varint length, UTF-8
//! ```
//!
//! Little-endian. `retry_num` stands between two numbers that a sender chooses freely, and texts are UTF-8, so that no
//! sender can write the log's group magic (see [`crate::wal::format`]).

use std::sync::Arc;

use runlog_core::{Row, Run, Stream};

use crate::codec::{Malformed, Reader, put_short_text, put_varint};

const HAS_BILL: u8 = 1;
const HAS_EXIT_CODE: u8 = 2;

/// What queries compare without reading texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Facts {
    pub(crate) start_ms: i64,
    pub(crate) seq: u64,
    pub(crate) duration_us: u64,
    pub(crate) mem_bytes: u64,
    pub(crate) ret_code: i32,
}

/// A report, borrowed from its bytes. Texts other than the request id are checked for UTF-8 only when they are used.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Record<'a> {
    pub(crate) facts: Facts,
    pub(crate) heard_ms: i64,
    pub(crate) invoke_finished: i32,
    pub(crate) retry_num: u8,
    pub(crate) bill_ms: Option<u64>,
    pub(crate) exit_code: Option<i32>,
    /// Account, region, namespace, function, qualifier; empty where the row's stream is known otherwise.
    pub(crate) names: [&'a [u8]; 5],
    pub(crate) request_id: &'a str,
    pub(crate) level: &'a [u8],
    pub(crate) source: &'a [u8],
    pub(crate) ret_msg: &'a [u8],
    pub(crate) log: &'a [u8],
}

/// Adds a run's report to `out`.
pub(crate) fn encode(out: &mut Vec<u8>, run: &Run, seq: u64, heard_ms: i64) {
    out.extend(seq.to_le_bytes());
    out.extend(heard_ms.to_le_bytes());
    out.extend(run.start_ms.to_le_bytes());
    out.extend(run.duration_us.to_le_bytes());
    out.extend(run.mem_bytes.to_le_bytes());
    out.extend(run.ret_code.to_le_bytes());
    out.push(run.retry_num);
    out.extend(run.invoke_finished.to_le_bytes());
    let has_bill = if run.bill_ms.is_some() { HAS_BILL } else { 0 };
    let has_exit_code = if run.exit_code.is_some() { HAS_EXIT_CODE } else { 0 };
    out.push(has_bill | has_exit_code);
    if let Some(bill_ms) = run.bill_ms {
        out.extend(bill_ms.to_le_bytes());
    }
    if let Some(exit_code) = run.exit_code {
        out.extend(exit_code.to_le_bytes());
    }
    let stream = &run.stream;
    for text in [&stream.account, &stream.region, &stream.namespace, &stream.function, &stream.qualifier] {
        put_short_text(out, text);
    }
    for text in [&run.request_id, &run.level, &run.source, &run.ret_msg, &run.log] {
        put_varint(out, text.len() as u64);
        out.extend_from_slice(text.as_bytes());
    }
}

impl<'a> Record<'a> {
    /// Reads a report from the bytes that [`encode`] made.
    pub(crate) fn decode(bytes: &'a [u8]) -> Result<Self, Malformed> {
        let mut reader = Reader(bytes);
        let seq = reader.u64()?;
        let heard_ms = reader.i64()?;
        let start_ms = reader.i64()?;
        let duration_us = reader.u64()?;
        let mem_bytes = reader.u64()?;
        let ret_code = reader.i32()?;
        let retry_num = reader.u8()?;
        let invoke_finished = reader.i32()?;
        let flags = reader.u8()?;
        let bill_ms = if flags & HAS_BILL != 0 { Some(reader.u64()?) } else { None };
        let exit_code = if flags & HAS_EXIT_CODE != 0 { Some(reader.i32()?) } else { None };
        let mut names: [&[u8]; 5] = [&[]; 5];
        for name in &mut names {
            *name = short_bytes(&mut reader)?;
        }
        let record = Self {
            facts: Facts { start_ms, seq, duration_us, mem_bytes, ret_code },
            heard_ms,
            invoke_finished,
            retry_num,
            bill_ms,
            exit_code,
            names,
            request_id: reader.short_text()?,
            level: short_bytes(&mut reader)?,
            source: short_bytes(&mut reader)?,
            ret_msg: short_bytes(&mut reader)?,
            log: short_bytes(&mut reader)?,
        };
        reader.end()?;
        Ok(record)
    }

    /// A row of these facts and nothing else yet.
    pub(crate) fn of_facts(facts: Facts) -> Self {
        Self {
            facts,
            heard_ms: 0,
            invoke_finished: 0,
            retry_num: 0,
            bill_ms: None,
            exit_code: None,
            names: [&[]; 5],
            request_id: "",
            level: &[],
            source: &[],
            ret_msg: &[],
            log: &[],
        }
    }

    /// The stream that the report names.
    pub(crate) fn stream(&self) -> Result<Stream, Malformed> {
        let [account, region, namespace, function, qualifier] = self.names;
        Ok(Stream {
            account: owned(account)?,
            region: owned(region)?,
            namespace: owned(namespace)?,
            function: owned(function)?,
            qualifier: owned(qualifier)?,
        })
    }

    /// The whole row; `stream` is the one that the report names.
    pub(crate) fn to_row(self, stream: &Arc<Stream>) -> Result<Row, Malformed> {
        let run = Run {
            stream: Arc::clone(stream),
            request_id: self.request_id.to_owned(),
            retry_num: self.retry_num,
            start_ms: self.facts.start_ms,
            duration_us: self.facts.duration_us,
            bill_ms: self.bill_ms,
            mem_bytes: self.facts.mem_bytes,
            ret_code: self.facts.ret_code,
            invoke_finished: self.invoke_finished,
            exit_code: self.exit_code,
            ret_msg: owned(self.ret_msg)?,
            log: owned(self.log)?,
            level: owned(self.level)?,
            source: owned(self.source)?,
        };
        Ok(Row { seq: self.facts.seq, run })
    }

    /// Whether the report says of its run exactly what `run` says; the stream's names are compared too.
    pub(crate) fn says(&self, run: &Run) -> bool {
        self.facts.start_ms == run.start_ms
            && self.facts.duration_us == run.duration_us
            && self.facts.mem_bytes == run.mem_bytes
            && self.facts.ret_code == run.ret_code
            && self.retry_num == run.retry_num
            && self.invoke_finished == run.invoke_finished
            && self.bill_ms == run.bill_ms
            && self.exit_code == run.exit_code
            && self.is_in(&run.stream)
            && self.request_id == run.request_id
            && self.level == run.level.as_bytes()
            && self.source == run.source.as_bytes()
            && self.ret_msg == run.ret_msg.as_bytes()
            && self.log == run.log.as_bytes()
    }

    /// Whether the report names this stream.
    pub(crate) fn is_in(&self, stream: &Stream) -> bool {
        let names = [&stream.account, &stream.region, &stream.namespace, &stream.function, &stream.qualifier];
        self.names.iter().zip(names).all(|(mine, theirs)| *mine == theirs.as_bytes())
    }

    /// Whether the report speaks of the run that `run` is another report of.
    pub(crate) fn is_of(&self, run: &Run) -> bool {
        let stream = &run.stream;
        let names = [&stream.account, &stream.region, &stream.namespace, &stream.function];
        self.retry_num == run.retry_num
            && self.request_id == run.request_id
            && self.names.iter().zip(names).all(|(mine, theirs)| *mine == theirs.as_bytes())
    }
}

fn short_bytes<'a>(reader: &mut Reader<'a>) -> Result<&'a [u8], Malformed> {
    let len = reader.count(1)?;
    reader.bytes(len)
}

fn owned(bytes: &[u8]) -> Result<String, Malformed> {
    let text = std::str::from_utf8(bytes).map_err(|_| Malformed("a text is not UTF-8"))?;
    Ok(text.to_owned())
}
