//! Saved answers of `GetFunctionLogs`, and other JSON that is not one run a line.
//!
//! A file may hold several values one after the other: whole answers `{"Response":{...}}`, what the SDKs and `tccli`
//! print of them (`{"TotalCount":...,"Data":[...]}`), arrays of rows or of answers, and rows alone; on one line or
//! laid out over many. Rows are numbered through the whole file.

use std::cell::Cell;
use std::collections::VecDeque;
use std::io::{self, BufRead, Read};
use std::rc::Rc;

use runlog_core::{DraftStart, RunDraft, Zone};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::finish::Finish;
use super::item::refused;
use super::{Found, Hints, Item};
use crate::Refused;
use crate::record::Record;

/// The largest JSON value, in bytes: it is read as a whole, so this bounds the memory of an import.
const VALUE_MAX_BYTES: u64 = 512 << 20;

/// The deepest nesting of arrays around rows.
const DEPTH_MAX: usize = 8;

/// The parts of an answer that matter, and the name by which a row is known.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Shape<'a> {
    #[serde(borrow)]
    response: Option<&'a RawValue>,
    #[serde(borrow)]
    data: Option<Vec<&'a RawValue>>,
    total_count: Option<u64>,
    error: Option<ApiError>,
    #[serde(borrow)]
    function_name: Option<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ApiError {
    code: String,
    #[serde(default)]
    message: String,
}

/// The rows of every value in a reader.
pub(super) fn answers<R: BufRead>(reader: R, hints: Hints) -> impl Iterator<Item = Item> {
    let left = Rc::new(Cell::new(VALUE_MAX_BYTES));
    let budget = Budget { reader, left: Rc::clone(&left) };
    let values = serde_json::Deserializer::from_reader(budget).into_iter::<Box<RawValue>>();
    Answers { values, left, rows: Rows { finish: Finish::new(hints), number: 0, out: VecDeque::new() }, is_done: false }
}

struct Answers<V> {
    values: V,
    left: Rc<Cell<u64>>,
    rows: Rows,
    is_done: bool,
}

impl<V: Iterator<Item = serde_json::Result<Box<RawValue>>>> Iterator for Answers<V> {
    type Item = Item;

    fn next(&mut self) -> Option<Item> {
        loop {
            if let Some(item) = self.rows.out.pop_front() {
                return Some(Ok(item));
            }
            if self.is_done {
                return None;
            }
            self.left.set(VALUE_MAX_BYTES);
            match self.values.next() {
                Some(Ok(value)) => self.rows.value(value.get(), 0),
                None => self.is_done = true,
                Some(Err(error)) => {
                    self.is_done = true;
                    if error.is_io() {
                        return Some(Err(error.into()));
                    }
                    let message = format!("not JSON, and what follows cannot be read: {error}");
                    self.rows.refuse("Malformed", message);
                }
            }
        }
    }
}

/// The rows so far.
struct Rows {
    finish: Finish,
    number: u64,
    out: VecDeque<Result<Found, Refused>>,
}

impl Rows {
    fn value(&mut self, json: &str, depth: usize) {
        if depth > DEPTH_MAX {
            return self.refuse("Malformed", "rows are nested too deeply".to_owned());
        }
        if json.starts_with('[') {
            return match serde_json::from_str::<Vec<&RawValue>>(json) {
                Ok(values) => values.into_iter().for_each(|value| self.value(value.get(), depth + 1)),
                Err(error) => self.refuse("Malformed", format!("not a JSON array: {error}")),
            };
        }
        let shape: Shape<'_> = match serde_json::from_str(json) {
            Ok(shape) => shape,
            Err(error) => return self.refuse("Malformed", format!("not an answer of GetFunctionLogs: {error}")),
        };
        match shape {
            Shape { response: Some(response), .. } => self.value(response.get(), depth + 1),
            Shape { error: Some(ApiError { code, message }), .. } => {
                self.refuse("ErrorAnswer", format!("the answer is an error, {code}: {}", message.trim()));
            }
            Shape { data: Some(rows), .. } => rows.into_iter().for_each(|row| self.row(row.get())),
            Shape { function_name: Some(_), .. } => self.row(json),
            // An answer without rows.
            Shape { total_count: Some(_), .. } => {}
            _ => self.refuse("Malformed", "neither an answer of GetFunctionLogs nor one of its rows".to_owned()),
        }
    }

    fn row(&mut self, json: &str) {
        self.number += 1;
        let zone = self.finish.hints().zone;
        let run = serde_json::from_str::<Record<'_>>(json)
            .map_err(|error| error.to_string())
            .and_then(|record| record.into_draft(zone))
            // A server may answer with more fields than are known here.
            .or_else(|error| lenient(json, zone).ok_or(error));
        let item = match run {
            Ok(run) => self.finish.run(self.number, run),
            Err(message) => Err(refused(self.number, "Malformed", format!("not a row of an answer: {message}"))),
        };
        self.out.push_back(item);
    }

    fn refuse(&mut self, code: &str, message: String) {
        self.number += 1;
        self.out.push_back(Err(refused(self.number, code, message)));
    }
}

/// A row with fields that are not known here, and without some that are.
#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct LenientRow {
    function_name: String,
    request_id: String,
    start_time: String,
    duration: f64,
    bill_duration: u64,
    mem_usage: u64,
    ret_code: i32,
    ret_msg: String,
    invoke_finished: i32,
    log: String,
    retry_num: u8,
    level: String,
    source: String,
}

fn lenient(json: &str, zone: Zone) -> Option<RunDraft> {
    let row: LenientRow = serde_json::from_str(json).ok()?;
    let start_ms = zone.parse(&row.start_time).ok()?.ms;
    if row.function_name.is_empty() || row.request_id.is_empty() {
        return None;
    }
    Some(RunDraft {
        function_name: row.function_name,
        request_id: Some(row.request_id),
        start_time: Some(DraftStart::UnixMs(start_ms)),
        duration: Some(row.duration),
        bill_duration: Some(row.bill_duration),
        mem_usage: Some(row.mem_usage),
        ret_code: Some(row.ret_code),
        ret_msg: Some(row.ret_msg),
        invoke_finished: Some(row.invoke_finished),
        log: Some(row.log),
        retry_num: Some(row.retry_num),
        level: Some(row.level),
        source: Some(row.source),
        ..RunDraft::default()
    })
}

/// A reader that fails when one value takes more bytes than it may.
struct Budget<R> {
    reader: R,
    left: Rc<Cell<u64>>,
}

impl<R: BufRead> Read for Budget<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(into)?;
        match self.left.get().checked_sub(read as u64) {
            Some(left) => self.left.set(left),
            None => {
                let advice = format!("a JSON value is larger than {VALUE_MAX_BYTES} bytes; save it in parts");
                return Err(io::Error::other(advice));
            }
        }
        Ok(read)
    }
}
