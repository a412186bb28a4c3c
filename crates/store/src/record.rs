//! One accepted report as bytes: what the write-ahead log keeps, and what the memtable and the in-flight table point
//! at.
//!
//! ```text
//! seq 8 | heard_ms 8 | start_ms 8 | duration_us 8 | mem_bytes 8 | ret_code 4 | retry_num 1 | invoke_finished 4 |
//! flags 1 | bill_ms 8 if flags & 1 | exit_code 4 if flags & 2 | after_seq 8, log_bytes if flags & 16 |
//! account, region, namespace, function, qualifier, request_id, level, source, ret_msg, log: varint length, UTF-8 |
//! origin 1, state if flags & 4: varint length, escaped bytes
//! ```
//!
//! | flag | what it says |
//! | --- | --- |
//! | 1, 2 | there is a billed time, an exit code |
//! | 4 | there is an origin that is not the default, or a state |
//! | 8 | a guess: the store closed the run after silence |
//! | 16 | a *growth*: `log` goes after the `log_bytes` of the report with the number `after_seq` |
//! | 32 | of a growth: the return message is as before |
//!
//! Log files of version 1 have the flags 1 and 2 only.
//!
//! Little-endian. `retry_num` is between two numbers that a sender chooses freely, texts are UTF-8, and a state is
//! written without the byte ff, so that no sender can write the log's group magic (see [`crate::wal::format`]).

use std::sync::Arc;

use runlog_core::{IdRef, Origin, RET_RUNNING, Row, Run, Stream};

use crate::codec::{Malformed, Reader, put_varint};

const HAS_BILL: u8 = 1;
const HAS_EXIT_CODE: u8 = 2;
const HAS_ORIGIN: u8 = 4;
const IS_GUESS: u8 = 8;
const IS_GROWTH: u8 = 16;
const KEEPS_MESSAGE: u8 = 32;
const KNOWN_FLAGS: u8 = HAS_BILL | HAS_EXIT_CODE | HAS_ORIGIN | IS_GUESS | IS_GROWTH | KEEPS_MESSAGE;

/// The origins by their numbers.
const ORIGINS: [Origin; 3] = [Origin::Posted, Origin::Wrapped, Origin::Gathered];

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
    pub(crate) origin: Origin,
    /// What the reporter wants to have back, escaped.
    pub(crate) state: &'a [u8],
    /// The store closed the run after silence; whatever is reported later holds.
    pub(crate) is_guess: bool,
    /// What the log is appended to, if this is not a whole report.
    pub(crate) growth: Option<GrowthOf>,
}

/// What a growth is added to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct GrowthOf {
    /// The number of the run's report before.
    pub(crate) after_seq: u64,
    /// Bytes of its log.
    pub(crate) log_bytes: u64,
    /// Whether the return message is as before; then the record has none.
    pub(crate) keeps_message: bool,
}

impl<'a> Record<'a> {
    /// A whole report of a run, posted by a sender.
    pub(crate) fn of_run(run: &'a Run, seq: u64, heard_ms: i64) -> Self {
        let &Run { start_ms, duration_us, mem_bytes, ret_code, .. } = run;
        let Stream { account, region, namespace, function, qualifier } = &*run.stream;
        Self {
            facts: Facts { start_ms, seq, duration_us, mem_bytes, ret_code },
            heard_ms,
            invoke_finished: run.invoke_finished,
            retry_num: run.retry_num,
            bill_ms: run.bill_ms,
            exit_code: run.exit_code,
            names: [account, region, namespace, function, qualifier].map(String::as_bytes),
            request_id: &run.request_id,
            level: run.level.as_bytes(),
            source: run.source.as_bytes(),
            ret_msg: run.ret_msg.as_bytes(),
            log: run.log.as_bytes(),
            origin: Origin::Posted,
            state: &[],
            is_guess: false,
            growth: None,
        }
    }

    /// Adds the report to `out`.
    pub(crate) fn put(&self, out: &mut Vec<u8>) {
        self.put_with_log(out, self.log.len(), [self.log]);
    }

    /// Adds the report to `out`, with a log in parts of `log_bytes` bytes together.
    pub(crate) fn put_with_log<'p>(
        &self,
        out: &mut Vec<u8>,
        log_bytes: usize,
        parts: impl IntoIterator<Item = &'p [u8]>,
    ) {
        let Facts { start_ms, seq, duration_us, mem_bytes, ret_code } = self.facts;
        out.extend(seq.to_le_bytes());
        out.extend(self.heard_ms.to_le_bytes());
        out.extend(start_ms.to_le_bytes());
        out.extend(duration_us.to_le_bytes());
        out.extend(mem_bytes.to_le_bytes());
        out.extend(ret_code.to_le_bytes());
        out.push(self.retry_num);
        out.extend(self.invoke_finished.to_le_bytes());
        out.push(self.flags());
        if let Some(bill_ms) = self.bill_ms {
            out.extend(bill_ms.to_le_bytes());
        }
        if let Some(exit_code) = self.exit_code {
            out.extend(exit_code.to_le_bytes());
        }
        if let Some(growth) = self.growth {
            out.extend(growth.after_seq.to_le_bytes());
            put_varint(out, growth.log_bytes);
        }
        let texts = [self.request_id.as_bytes(), self.level, self.source, self.ret_msg];
        for text in self.names.into_iter().chain(texts) {
            put_varint(out, text.len() as u64);
            out.extend_from_slice(text);
        }
        put_varint(out, log_bytes as u64);
        parts.into_iter().for_each(|part| out.extend_from_slice(part));
        if self.flags() & HAS_ORIGIN != 0 {
            out.push(ORIGINS.iter().position(|origin| *origin == self.origin).expect("every origin is listed") as u8);
            put_varint(out, self.state.len() as u64);
            out.extend_from_slice(self.state);
        }
    }

    fn flags(&self) -> u8 {
        let growth =
            self.growth.map_or(0, |growth| if growth.keeps_message { IS_GROWTH | KEEPS_MESSAGE } else { IS_GROWTH });
        let flag = |holds: bool, flag: u8| if holds { flag } else { 0 };
        growth
            | flag(self.bill_ms.is_some(), HAS_BILL)
            | flag(self.exit_code.is_some(), HAS_EXIT_CODE)
            | flag(self.origin != Origin::Posted || !self.state.is_empty(), HAS_ORIGIN)
            | flag(self.is_guess, IS_GUESS)
    }

    /// Reads a report from the bytes that [`Record::put`] made.
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
        if flags & !KNOWN_FLAGS != 0 {
            return Err(Malformed("a report has unknown flags"));
        }
        let bill_ms = if flags & HAS_BILL != 0 { Some(reader.u64()?) } else { None };
        let exit_code = if flags & HAS_EXIT_CODE != 0 { Some(reader.i32()?) } else { None };
        let growth = match flags & IS_GROWTH != 0 {
            true => Some(GrowthOf {
                after_seq: reader.u64()?,
                log_bytes: reader.varint()?,
                keeps_message: flags & KEEPS_MESSAGE != 0,
            }),
            false => None,
        };
        let mut names: [&[u8]; 5] = [&[]; 5];
        for name in &mut names {
            *name = short_bytes(&mut reader)?;
        }
        let mut record = Self {
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
            origin: Origin::Posted,
            state: &[],
            is_guess: flags & IS_GUESS != 0,
            growth,
        };
        if flags & HAS_ORIGIN != 0 {
            let number = usize::from(reader.u8()?);
            record.origin = *ORIGINS.get(number).ok_or(Malformed("a report has an unknown origin"))?;
            record.state = short_bytes(&mut reader)?;
        }
        reader.end()?;
        Ok(record)
    }

    /// Whether everything that an answer shows is text. Reading a report does not check it, because that is done for
    /// each row that is looked at.
    pub(crate) fn check_texts(&self) -> Result<(), Malformed> {
        let texts = [self.level, self.source, self.ret_msg, self.log];
        let is_text = texts.iter().all(|text| std::str::from_utf8(text).is_ok());
        if is_text { Ok(()) } else { Err(Malformed("a text is not UTF-8")) }
    }

    /// Whether the report ends its run for good.
    pub(crate) fn is_final(&self) -> bool {
        self.facts.ret_code != RET_RUNNING && !self.is_guess
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
            origin: Origin::Posted,
            state: &[],
            is_guess: false,
            growth: None,
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

    /// Whether the report is one of this run.
    pub(crate) fn is_of(&self, id: IdRef<'_>) -> bool {
        #[cfg(test)]
        crate::hash::comparisons::note();
        let names = [id.account, id.region, id.namespace, id.function];
        self.retry_num == id.retry_num
            && self.request_id == id.request_id
            && self.names.iter().zip(names).all(|(mine, theirs)| *mine == theirs.as_bytes())
    }
}

/// A run's identity, from its stream and a report of it.
pub(crate) fn id_of<'a>(stream: &'a Stream, record: &Record<'a>) -> IdRef<'a> {
    IdRef {
        account: &stream.account,
        region: &stream.region,
        namespace: &stream.namespace,
        function: &stream.function,
        request_id: record.request_id,
        retry_num: record.retry_num,
    }
}

/// A state as it is written, without the byte ff.
pub(crate) fn escape(state: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(state.len());
    for byte in state {
        match byte {
            0xff => out.extend([0xfe, 1]),
            0xfe => out.extend([0xfe, 0]),
            other => out.push(*other),
        }
    }
    out
}

/// What [`escape`] was given.
pub(crate) fn unescape(escaped: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(escaped.len());
    let mut bytes = escaped.iter();
    while let Some(byte) = bytes.next() {
        out.push(match byte {
            0xfe => 0xfe + u8::from(bytes.next() == Some(&1)),
            other => *other,
        });
    }
    out
}

fn short_bytes<'a>(reader: &mut Reader<'a>) -> Result<&'a [u8], Malformed> {
    let len = reader.count(1)?;
    reader.bytes(len)
}

fn owned(bytes: &[u8]) -> Result<String, Malformed> {
    let text = std::str::from_utf8(bytes).map_err(|_| Malformed("a text is not UTF-8"))?;
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::testing::finished;
    use crate::wal::format::GROUP_MAGIC;

    proptest! {
        #[test]
        fn states_and_back(state: Vec<u8>) {
            prop_assert_eq!(unescape(&escape(&state)), state);
        }

        #[test]
        fn reports_and_back(state: Vec<u8>, flags in 0u8..16, after_seq: u64, log_bytes: u64) {
            let run = Run { bill_ms: Some(1), exit_code: Some(2), log: "log".to_owned(), ..finished() };
            let growth = GrowthOf { after_seq, log_bytes, keeps_message: flags & 2 != 0 };
            let state = escape(&state);
            let record = Record {
                state: &state,
                origin: ORIGINS[usize::from(flags) % 3],
                is_guess: flags & 4 != 0,
                growth: (flags & 8 != 0).then_some(growth),
                ..Record::of_run(&run, 7, 8)
            };
            let mut bytes = Vec::new();
            record.put_with_log(&mut bytes, 3, [&b"l"[..], b"og"]);
            prop_assert!(memchr::memmem::find(&bytes, &GROUP_MAGIC).is_none());
            let read = Record::decode(&bytes).unwrap();
            let same = (read.state, read.origin, read.is_guess, read.growth);
            prop_assert_eq!(same, (record.state, record.origin, record.is_guess, record.growth));
            prop_assert!(read.says(&run) && read.is_of(run.id()));
        }
    }
}
