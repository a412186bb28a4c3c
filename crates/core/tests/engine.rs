//! The reference engine through the trait that every engine implements.

use std::sync::Arc;
use std::time::Duration;

use runlog_core::{
    Cursor, Engine, Fault, NaiveEngine, Order, Outcome, Query, Removed, ResultFilter, Retained, Run, Scope, SortKey,
    Start, Stream, TailFilter, limits,
};

const NOW_MS: i64 = 1_800_000_000_000;

fn run(request_id: &str, start_ms: i64, ret_code: i32) -> Run {
    let text = str::to_owned;
    let stream = Stream {
        account: text("1"),
        region: text("ap-guangzhou"),
        namespace: text("default"),
        function: text("f"),
        qualifier: text("$LATEST"),
    };
    Run {
        stream: Arc::new(stream),
        request_id: text(request_id),
        retry_num: 0,
        start_ms,
        duration_us: 0,
        bill_ms: None,
        mem_bytes: 0,
        ret_code,
        invoke_finished: 1,
        exit_code: None,
        ret_msg: String::new(),
        log: format!("log of {request_id}"),
        level: String::new(),
        source: String::new(),
    }
}

fn engine() -> Box<dyn Engine> {
    Box::new(NaiveEngine::new(|| NOW_MS).with_in_flight_ttl_ms(0))
}

#[test]
fn runs_are_appended_counted_and_found() {
    let engine = engine();
    let outcomes = engine.append(vec![run("a", 5, 0), run("b", 6, 2), run("a", 5, 0)]).unwrap();
    assert_eq!(outcomes, [Outcome::Accepted { seq: 1 }, Outcome::Accepted { seq: 2 }, Outcome::Duplicate]);
    let gauges = engine.gauges();
    assert_eq!((gauges.runs, gauges.in_flight, gauges.last_seq), (2, 1, 2));
    assert_eq!(engine.query(&Query::new(Scope::account("1"))).unwrap().total, 2);
    assert_eq!(engine.streams("1").unwrap().len(), 1);
    assert_eq!(engine.expire_in_flight().unwrap(), 1);
    assert_eq!(engine.gauges().in_flight, 0);
}

#[test]
fn a_callers_mistake_is_the_callers() {
    let engine = engine();
    let by_name = Order { by: SortKey::FunctionName, ..Order::NEWEST_FIRST };
    let row = runlog_core::Row { seq: 1, run: run("a", 5, 0) };
    let foreign = Query { start: Start::After(Cursor::after(&row, by_name)), ..Query::new(Scope::account("1")) };
    assert_eq!(engine.query(&foreign).unwrap_err().fault, Fault::Caller);
    assert_eq!(engine.subscribe(Some(1), TailFilter::new(Scope::account("1"))).err().unwrap().fault, Fault::Caller);
    let too_many = vec![run("a", 5, 0); limits::BATCH_MAX_RUNS + 1];
    assert_eq!(engine.append(too_many).unwrap_err().fault, Fault::Caller);
    assert_eq!(engine.gauges().last_seq, 0);
}

#[test]
fn a_tail_chains_its_events_and_reports_a_gap_once() {
    let engine = NaiveEngine::new(|| NOW_MS);
    let filter = TailFilter { result: ResultFilter::Ok, ..TailFilter::new(Scope::account("1")) };
    let mut tail = engine.subscribe(None, filter).unwrap();
    engine.append(vec![run("a", 5, 0), run("b", NOW_MS, 1), run("c", NOW_MS, 0)]).unwrap();
    let retained = Retained { default_from_ms: limits::DAY_MS, ..Retained::default() };
    assert_eq!(engine.keep(&retained), Removed { runs: 1, ..Removed::default() });
    let events = tail.next_batch().unwrap();
    let chain: Vec<_> = events.iter().map(|event| (event.prev_matching_seq, event.row.seq)).collect();
    assert_eq!(chain, [(0, 3)]);
    assert_eq!(events[0].gap.map(|gap| gap.to_seq), Some(1));
    engine.append(vec![run("d", NOW_MS, 1), run("e", NOW_MS, 0)]).unwrap();
    let events = tail.next_batch().unwrap();
    assert_eq!((events.len(), events[0].prev_matching_seq, events[0].gap), (1, 3, None));
    assert_eq!((tail.position(), tail.gap()), (5, None));
}

#[test]
fn a_waiter_is_woken_by_what_is_accepted() {
    let engine = NaiveEngine::new(|| NOW_MS);
    assert_eq!(engine.wait_past(0, Duration::ZERO).unwrap(), 0);
    std::thread::scope(|scope| {
        let waiter = scope.spawn(|| engine.wait_past(0, Duration::from_secs(60)).unwrap());
        engine.append(vec![run("a", 5, 0)]).unwrap();
        assert_eq!(waiter.join().unwrap(), 1);
    });
}

#[test]
fn rows_that_are_read_bit_by_bit_are_those_of_the_query() {
    let engine = engine();
    engine.append((0..5).map(|number| run(&number.to_string(), number, 0)).collect()).unwrap();
    let query = Query { limit: 4, ..Query::new(Scope::account("1")) };
    let whole = engine.query(&query).unwrap();
    let (head, mut rows) = engine.open_query(&query).unwrap();
    assert_eq!((head.total, head.rows.len(), head.next, rows.cursor()), (5, 0, None, None));
    let two = 2 * whole.rows[0].weight_bytes();
    let mut found = rows.next_batch(two).unwrap();
    assert_eq!((found.len(), rows.cursor()), (2, Some(Cursor::after(&found[1], query.order))));
    found.extend(rows.next_batch(1).unwrap());
    found.extend(rows.next_batch(usize::MAX).unwrap());
    assert_eq!(rows.next_batch(usize::MAX).unwrap(), []);
    assert_eq!((&found, rows.cursor()), (&whole.rows, whole.next));
}
