//! Calls: every action leads to one, it says what it is about, and its answer is the same whole and row by row.

use std::sync::Arc;

use proptest::prelude::*;
use runlog_core::{Answer, Cursor, Order, Row, Run, SortValue, Stream, StreamSummary, Zone};
use runlog_wire::actions::{Context, RowsWriter, RunsCall, StreamsCall, Subject};
use runlog_wire::{Action, Call, ParamTree};
use serde_json::{Value, json};

const REQUEST_ID: &str = "e2571ff3-da04-4c53-8438-f58bf057ce4a";

fn context() -> Context<'static> {
    Context { zone: Zone::UTC8, now_ms: 1_795_488_600_000, account: "1", region: "r", billing_step_ms: 100 }
}

fn texts(members: &[(&str, &str)]) -> ParamTree {
    let members = members.iter().map(|(name, value)| ((*name).to_owned(), ParamTree::Text((*value).to_owned())));
    ParamTree::Struct(members.collect())
}

fn parse(action: Action, members: &[(&str, &str)]) -> Call {
    Call::parse(action, &texts(members), &context()).unwrap()
}

fn runs_call(action: Action, params: &ParamTree) -> RunsCall {
    match Call::parse(action, params, &context()).unwrap() {
        Call::Runs(call) => call,
        Call::Streams(call) => panic!("{call:?}"),
    }
}

#[test]
fn every_action_is_a_call_that_says_what_it_is_about() {
    let function = Subject::Function { namespace: "default", function: "f" };
    for (action, params, subject) in [
        (Action::GetFunction, &[("FunctionName", "f")][..], function),
        (Action::GetFunctionLogs, &[("FunctionName", "f")], function),
        (Action::GetFunctionLogs, &[("Namespace", "n")], Subject::Namespace { namespace: "n" }),
        (Action::GetRequestStatus, &[("FunctionName", "f"), ("FunctionRequestId", "r")], function),
        (Action::ListFunctions, &[("Namespace", "n")], Subject::Account),
        (Action::ListNamespaces, &[], Subject::Account),
        (Action::ListVersionByFunction, &[("FunctionName", "f")], function),
    ] {
        let call = parse(action, params);
        assert_eq!((call.action(), call.subject()), (action, subject), "{params:?}");
        if let Call::Runs(call) = call {
            let query = call.query();
            assert_eq!((query.scope.account.as_str(), query.scope.region.as_deref()), ("1", Some("r")));
            assert_eq!(query.scope.function.as_deref(), call.function());
        }
    }
}

#[test]
fn a_call_about_streams_is_answered_or_refused() {
    let stream = Stream {
        account: "1".into(),
        region: "r".into(),
        namespace: "default".into(),
        function: "f".into(),
        qualifier: "7".into(),
    };
    let streams = [StreamSummary { stream, first_start_ms: 0, last_start_ms: 1 }];
    let answer = |action, function: &str| match parse(action, &[("FunctionName", function)]) {
        Call::Streams(call) => call.answer(&streams, &context(), REQUEST_ID),
        Call::Runs(call) => panic!("{call:?}"),
    };
    let found: Value = serde_json::from_slice(&answer(Action::ListVersionByFunction, "f").unwrap()).unwrap();
    assert_eq!(found["Response"]["FunctionVersion"], serde_json::json!(["7"]));
    assert_eq!(found["Response"]["RequestId"], REQUEST_ID);
    for action in [Action::GetFunction, Action::ListVersionByFunction] {
        assert_eq!(answer(action, "g").unwrap_err().code(), "ResourceNotFound.FunctionName");
    }
    let Call::Streams(StreamsCall::ListNamespaces(_)) = parse(Action::ListNamespaces, &[]) else { panic!("streams") };
}

/// The writer that is closed before it has a row writes an empty list.
#[test]
fn an_answer_without_rows_is_written() {
    let call = runs_call(Action::GetRequestStatus, &texts(&[("FunctionName", "f"), ("FunctionRequestId", "r")]));
    let whole = RowsWriter::new(call, &context(), REQUEST_ID).whole(&Answer::default());
    let expected = format!(r#"{{"Response":{{"TotalCount":0,"Data":[],"RequestId":"{REQUEST_ID}"}}}}"#);
    assert_eq!(String::from_utf8(whole).unwrap(), expected);
}

/// A sink that takes no more bytes than it is told to.
struct Full(usize);

impl std::io::Write for Full {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        if bytes.len() > self.0 {
            return Err(std::io::ErrorKind::StorageFull.into());
        }
        self.0 -= bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn an_error_of_the_sink_comes_back_from_each_piece() {
    let answer = Answer { rows: vec![Row { seq: 1, run: run("f", "log") }], total: 1, ..Answer::default() };
    let call = runs_call(Action::GetFunctionLogs, &texts(&[]));
    let bytes = RowsWriter::new(call.clone(), &context(), REQUEST_ID).whole(&answer).len();
    let write = |room: usize| {
        let mut sink = Full(room);
        let mut rows = RowsWriter::new(call.clone(), &context(), REQUEST_ID).head(answer.total, &mut sink)?;
        rows.row(&answer.rows[0].run, &mut sink)?;
        rows.tail(None, &mut sink)
    };
    assert!(write(bytes).is_ok());
    for room in 0..bytes {
        assert_eq!(write(room).unwrap_err().kind(), std::io::ErrorKind::StorageFull, "{room} of {bytes} bytes");
    }
}

fn run(function: &str, log: &str) -> Run {
    Run {
        stream: Arc::new(Stream {
            account: "1".into(),
            region: "r".into(),
            namespace: "default".into(),
            function: function.into(),
            qualifier: "$LATEST".into(),
        }),
        request_id: "id".into(),
        retry_num: 1,
        start_ms: 1_528_714_005_999,
        duration_us: 532,
        bill_ms: None,
        mem_bytes: 3_174_400,
        ret_code: 1,
        invoke_finished: 1,
        exit_code: None,
        ret_msg: "Success".into(),
        log: log.into(),
        level: String::new(),
        source: String::new(),
    }
}

fn runs() -> impl Strategy<Value = Run> {
    let numbers = (any::<u32>(), any::<i32>(), any::<u8>(), proptest::option::of(any::<u32>()));
    (any::<String>(), any::<String>(), "\\PC{0,9}", numbers).prop_map(|(log, ret_msg, function, numbers)| {
        let (duration_us, ret_code, retry_num, bill_ms) = numbers;
        let duration_us = u64::from(duration_us);
        Run { duration_us, ret_code, retry_num, bill_ms: bill_ms.map(u64::from), ret_msg, ..run(&function, &log) }
    })
}

proptest! {
    #[test]
    fn rows_one_by_one_are_one_answer_with_every_row(
        rows in prop::collection::vec(runs(), 0..5),
        total in any::<u64>(),
        has_next in any::<bool>(),
        keyword in proptest::option::of("\\PC{1,9}"),
    ) {
        let next = Cursor { order: Order::NEWEST_FIRST, value: SortValue::Start, start_ms: 1, seq: 2 };
        let wanted = rows.clone();
        let rows = rows.into_iter().enumerate().map(|(at, run)| Row { seq: at as u64, run }).collect();
        let answer = Answer { rows, total, next: has_next.then_some(next), ..Answer::default() };
        let search = keyword.as_ref().map(|keyword| ("SearchContext".to_owned(), texts(&[("Keyword", keyword)])));
        let logs = runs_call(Action::GetFunctionLogs, &ParamTree::Struct(search.into_iter().collect()));
        let status = runs_call(Action::GetRequestStatus, &texts(&[("FunctionName", "f"), ("FunctionRequestId", "r")]));
        for (call, is_logs) in [(logs, true), (status, false)] {
            let written = RowsWriter::new(call, &context(), REQUEST_ID).whole(&answer);
            let written: Value = serde_json::from_slice(&written).unwrap();
            let found = &written["Response"];
            prop_assert_eq!(&found["TotalCount"], &json!(total));
            prop_assert_eq!(&found["RequestId"], &json!(REQUEST_ID));
            let found_rows = found["Data"].as_array().unwrap();
            prop_assert_eq!(found_rows.len(), wanted.len());
            for (found, run) in found_rows.iter().zip(&wanted) {
                prop_assert_eq!(&found["RetMsg"], &json!(run.ret_msg));
                prop_assert_eq!(&found["FunctionName"], &json!(run.stream.function));
                prop_assert!(!is_logs || found["Log"] == json!(run.log));
            }
            let goes_on = found["SearchContext"]["Offset"].as_str().is_some_and(|offset| !offset.is_empty());
            prop_assert_eq!(goes_on, is_logs && has_next && keyword.is_some());
        }
    }
}
