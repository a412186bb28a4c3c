//! Rows that cannot be read: an error of the dialect while nothing was sent, and after that an answer that visibly
//! breaks off.

mod support;

use std::io::ErrorKind;
use std::sync::Arc;

use runlog_core::{Cost, Cursor, EngineError, Row, Rows};
use serde_json::{Value, json};
use support::{Api, Connection, Form, Hooked, Served};

const LOG_BYTES: usize = 100_000;

/// Rows of which the disk is gone after some batches.
struct Failing {
    rows: Box<dyn Rows>,
    batches: usize,
}

impl Rows for Failing {
    fn next_batch(&mut self, max_bytes: usize) -> Result<Vec<Row>, EngineError> {
        match self.batches.checked_sub(1) {
            Some(left) => {
                self.batches = left;
                self.rows.next_batch(max_bytes)
            }
            None => Err(EngineError::engine("no such device: /dev/sdz")),
        }
    }

    fn cursor(&self) -> Option<Cursor> {
        self.rows.cursor()
    }

    fn cost(&self) -> Cost {
        self.rows.cost()
    }
}

/// A server whose queries fail after a number of batches, with twenty runs that are longer than a part of an answer.
fn served(batches: usize) -> (Served, Api) {
    let (served, _) = Served::on(Arc::new(Hooked::on_rows(move |rows| Box::new(Failing { rows, batches }))));
    let mut api = served.api();
    let run = |id: usize| json!({ "FunctionName": "f", "RequestId": format!("r{id}"), "Log": "x".repeat(LOG_BYTES) });
    api.ingest_new(&(0..20).map(run).collect::<Vec<Value>>());
    (served, api)
}

#[test]
fn rows_that_fail_at_once_are_an_error_of_the_dialect() {
    let (_served, mut api) = served(0);
    let answer = api.logs(json!({ "FunctionName": "f" }));
    assert_eq!(answer.code(), Some("InternalError.System"), "{}", answer.text);
    assert!(!answer.text.contains("sdz"), "{}", answer.text);
}

#[test]
fn rows_that_fail_in_the_middle_break_the_answer_off() {
    let (served, api) = served(3);
    let request = api.unsigned("GetFunctionLogs", json!({ "FunctionName": "f" })).request(Form::JSON);
    let cut = Connection::open(served.address).exchange(&request).expect_err("an answer without its end");
    assert_eq!(cut.kind(), ErrorKind::UnexpectedEof, "{cut}");
}

#[test]
fn rows_in_many_parts_are_one_answer() {
    let (_served, mut api) = served(usize::MAX);
    let answer = api.logs(json!({ "FunctionName": "f" }));
    assert_eq!((answer.total(), answer.rows().len()), (20, 20));
    assert!(answer.rows().iter().all(|row| row["Log"].as_str().is_some_and(|log| log.len() == LOG_BYTES)));
    assert!(answer.text.ends_with("\"}}"), "the end of the envelope");
}
