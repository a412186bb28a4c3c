//! The numbers of a block's rows.
//!
//! ```text
//! column block = a lane for each of: start_ms, seq, duration_us, mem_bytes, ret_code zigzag, retry_num,
//!                invoke_finished zigzag, bill_ms + 1 or 0, exit_code zigzag + 1 or 0        | padding | crc 4
//! ```

use std::ops::Range;

use runlog_core::SortKey;

use crate::codec::{Malformed, Reader, seal, unzigzag, zigzag};
use crate::pack::{Lane, PADDING, put_lane};
use crate::record::{Facts, Record};

const LANES: usize = 9;

/// Gathers the rows of a block.
#[derive(Debug, Default)]
pub(crate) struct ColumnsBuilder {
    lanes: [Vec<u64>; LANES],
}

impl ColumnsBuilder {
    pub(crate) fn push(&mut self, row: &Record<'_>) {
        let facts = &row.facts;
        let numbers = [
            facts.start_ms.cast_unsigned(),
            facts.seq,
            facts.duration_us,
            facts.mem_bytes,
            zigzag(i64::from(facts.ret_code)),
            u64::from(row.retry_num),
            zigzag(i64::from(row.invoke_finished)),
            row.bill_ms.map_or(0, |bill_ms| bill_ms + 1),
            row.exit_code.map_or(0, |code| zigzag(i64::from(code)) + 1),
        ];
        self.lanes.iter_mut().zip(numbers).for_each(|(lane, number)| lane.push(number));
    }

    /// Rows gathered.
    pub(crate) fn len(&self) -> usize {
        let [starts, ..] = &self.lanes;
        starts.len()
    }

    /// Writes the block and begins the next.
    pub(crate) fn finish(&mut self, out: &mut Vec<u8>) {
        let mut block = Vec::new();
        for lane in &mut self.lanes {
            put_lane(&mut block, lane);
            lane.clear();
        }
        block.extend([0; PADDING]);
        seal(&mut block);
        out.extend(block);
    }
}

/// A block, readable row by row and lane by lane. Lanes that only whole rows need are not looked for before: each lane
/// begins in memory that is far from the others, and deep pages read thousands of blocks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Columns<'a> {
    pub(crate) start: Lane<'a>,
    pub(crate) seq: Lane<'a>,
    pub(crate) duration: Lane<'a>,
    pub(crate) mem: Lane<'a>,
    code: Lane<'a>,
    /// From the next lane on.
    rest: Reader<'a>,
    /// Bytes of the block.
    pub(crate) bytes: usize,
}

/// The lanes that the order of a block's rows takes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct KeyLanes<'a> {
    start: Lane<'a>,
    pub(crate) seq: Lane<'a>,
    /// None where rows are ordered by nothing else that the block has.
    pub(crate) value: Option<Lane<'a>>,
}

impl<'a> KeyLanes<'a> {
    /// Reads those of a block of `rows` rows, whose checksum was checked; lanes after them are not read.
    pub(crate) fn read(bytes: &'a [u8], rows: usize, by: SortKey) -> Result<Self, Malformed> {
        let mut reader = Reader(bytes);
        let mut lane = || Lane::read(&mut reader, rows);
        let (start, seq) = (lane()?, lane()?);
        let value = match by {
            SortKey::StartTime | SortKey::FunctionName => None,
            SortKey::Duration => Some(lane()?),
            SortKey::MemUsage => Some((lane()?, lane()?).1),
        };
        Ok(Self { start, seq, value })
    }

    pub(crate) fn start_ms(&self, row: usize) -> i64 {
        self.start.get(row).cast_signed()
    }
}

impl<'a> Columns<'a> {
    /// Reads a block of `rows` rows, whose checksum was checked.
    pub(crate) fn read(bytes: &'a [u8], rows: usize) -> Result<Self, Malformed> {
        let mut reader = Reader(bytes);
        let mut lane = || Lane::read(&mut reader, rows);
        let [start, seq, duration, mem, code] = [lane()?, lane()?, lane()?, lane()?, lane()?];
        Ok(Self { start, seq, duration, mem, code, rest: reader, bytes: bytes.len() })
    }

    pub(crate) fn rows(&self) -> usize {
        self.start.len()
    }

    #[inline]
    pub(crate) fn start_ms(&self, row: usize) -> i64 {
        self.start.get(row).cast_signed()
    }

    #[inline]
    pub(crate) fn ret_code(&self, row: usize) -> i32 {
        // Truncation cannot happen: it was an i32 when it was written.
        unzigzag(self.code.get(row)) as i32
    }

    /// Calls `each` with those of some rows whose return code is not 0.
    pub(crate) fn each_not_ok(&self, rows: Range<usize>, mut each: impl FnMut(usize)) {
        self.code.find(rows, (1, u64::MAX), |row, _| each(row));
    }

    /// The return code of all rows, if it is one.
    pub(crate) fn only_code(&self) -> Option<i32> {
        self.code.is_constant().then(|| self.ret_code(0))
    }

    pub(crate) fn facts(&self, row: usize) -> Facts {
        Facts {
            start_ms: self.start.get(row).cast_signed(),
            seq: self.seq.get(row),
            duration_us: self.duration.get(row),
            mem_bytes: self.mem.get(row),
            ret_code: self.ret_code(row),
        }
    }

    /// A row without its texts.
    pub(crate) fn record(&self, row: usize) -> Result<Record<'static>, Malformed> {
        let (mut rest, rows) = (self.rest, self.rows());
        let mut lane = || Lane::read(&mut rest, rows);
        let [retry_num, finished, bill, exit] = [lane()?, lane()?, lane()?, lane()?];
        Ok(Record {
            invoke_finished: unzigzag(finished.get(row)) as i32,
            retry_num: retry_num.get(row) as u8,
            bill_ms: bill.get(row).checked_sub(1),
            exit_code: exit.get(row).checked_sub(1).map(|code| unzigzag(code) as i32),
            ..Record::of_facts(self.facts(row))
        })
    }

    /// The number of a row's retry.
    pub(crate) fn retry_num(&self, row: usize) -> Result<u64, Malformed> {
        Ok(Lane::read(&mut { self.rest }, self.rows())?.get(row))
    }
}
