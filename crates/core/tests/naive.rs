//! The reference engine by example, and the laws that hold for every query on it.

use std::sync::Arc;

use proptest::prelude::*;
use runlog_core::naive::Naive;
use runlog_core::{
    Bucket, Columns, Direction, FacetKey, FacetSpec, HistogramSpec, Order, Outcome, Quantiles, Query, QueryError,
    Refusal, ResultFilter, Row, Run, Scope, SortKey, Start, Stream, TailFilter, Window, limits,
};

const NOW_MS: i64 = 1_800_000_000_000;

fn run(function: &str, request_id: &str, start_ms: i64, ret_code: i32) -> Run {
    Run {
        stream: Arc::new(Stream {
            account: "1".into(),
            region: "ap-guangzhou".into(),
            namespace: "default".into(),
            function: function.into(),
            qualifier: "$LATEST".into(),
        }),
        request_id: request_id.into(),
        retry_num: 0,
        start_ms,
        duration_us: 0,
        bill_ms: None,
        mem_bytes: 0,
        ret_code,
        invoke_finished: i32::from(ret_code != 2),
        exit_code: None,
        ret_msg: String::new(),
        log: String::new(),
        level: String::new(),
        source: String::new(),
    }
}

fn everything(order: Order) -> Query {
    Query { order, limit: usize::MAX, ..Query::new(Scope::account("1")) }
}

fn ids(rows: &[Row]) -> Vec<&str> {
    rows.iter().map(|row| row.run.request_id.as_str()).collect()
}

#[test]
fn a_finish_replaces_its_start_and_never_changes() {
    let mut engine = Naive::default();
    assert_eq!(engine.append(run("f", "a", 5, 2), NOW_MS), Outcome::Accepted { seq: 1 });
    assert_eq!(engine.append(run("f", "a", 5, 2), NOW_MS), Outcome::Accepted { seq: 2 });
    assert_eq!(engine.append(run("f", "a", 5, 0), NOW_MS), Outcome::Accepted { seq: 3 });
    assert_eq!(engine.append(run("f", "a", 5, 0), NOW_MS), Outcome::Duplicate);
    assert_eq!(engine.append(run("f", "a", 5, 2), NOW_MS), Outcome::Duplicate);
    assert_eq!(engine.append(run("f", "a", 5, 1), NOW_MS), Outcome::Refused(Refusal::Conflict));
    let answer = engine.query(&everything(Order::NEWEST_FIRST));
    assert_eq!((answer.total, answer.rows[0].seq, answer.rows[0].run.ret_code), (1, 3, 0));
}

#[test]
fn silence_closes_a_run_as_interrupted() {
    let mut engine = Naive::default();
    engine.append(run("f", "a", 5, 2), NOW_MS);
    engine.append(run("f", "b", 5, 2), NOW_MS + 1);
    engine.expire(1000, NOW_MS + 1000);
    let answer = engine.query(&Query { result: ResultFilter::Failed, ..everything(Order::NEWEST_FIRST) });
    assert_eq!((ids(&answer.rows), answer.rows[0].run.ret_code), (vec!["a"], 3));
}

#[test]
fn as_of_hides_what_came_later_and_what_is_in_flight() {
    let mut engine = Naive::default();
    for (id, ret_code) in [("a", 0), ("b", 2), ("c", 1)] {
        engine.append(run("f", id, 5, ret_code), NOW_MS);
    }
    let answer = engine.query(&Query { as_of: Some(2), ..everything(Order::NEWEST_FIRST) });
    assert_eq!(ids(&answer.rows), ["a"]);
}

#[test]
fn a_text_that_is_not_wanted_is_empty() {
    let mut engine = Naive::default();
    let text = str::to_owned;
    let texts = Run {
        ret_msg: text("done"),
        log: text("a log"),
        level: text("info"),
        source: text("s"),
        ..run("f", "a", 5, 0)
    };
    engine.append(texts, NOW_MS);
    let read = |columns| {
        let query = Query { columns, keyword: Some("log".into()), ..everything(Order::NEWEST_FIRST) };
        let row = engine.query(&query).rows.remove(0);
        let weight = row.weight_bytes() - limits::ROW_OVERHEAD_BYTES;
        (row.run.ret_msg, row.run.log, row.run.level, row.run.source, weight)
    };
    assert_eq!(read(Columns::ALL), (text("done"), text("a log"), text("info"), text("s"), 14));
    assert_eq!(read(Columns { log: true, ..Columns::NO_TEXTS }), (text(""), text("a log"), text(""), text(""), 5));
    assert_eq!(read(Columns::NO_TEXTS), (text(""), text(""), text(""), text(""), 0));
}

#[test]
fn a_run_outside_its_limits_is_refused_by_name() {
    let mut engine = Naive::default();
    let refusals = [
        (run("f", "", 5, 0), "Empty"),
        (run("", "a", 5, 0), "Empty"),
        (run("f", &"x".repeat(limits::REQUEST_ID_MAX_BYTES + 1), 5, 0), "TooLong"),
        (run(&"x".repeat(limits::NAME_MAX_BYTES + 1), "a", 5, 0), "TooLong"),
        (run("f", "a", NOW_MS + limits::FUTURE_START_MAX_MS + 1, 0), "StartInFuture"),
        (run("f", "a", -1, 0), "StartTooEarly"),
        (Run { mem_bytes: u64::MAX, ..run("f", "a", 5, 0) }, "NumberTooLarge"),
    ];
    for (run, code) in refusals {
        match engine.append(run, NOW_MS) {
            Outcome::Refused(refusal) => assert_eq!(refusal.code(), code),
            other => panic!("{other:?}, not {code}"),
        }
    }
    assert_eq!(
        engine.append(run("f", "a", NOW_MS + limits::FUTURE_START_MAX_MS, 0), NOW_MS),
        Outcome::Accepted { seq: 1 }
    );
}

#[test]
fn buckets_cut_the_window() {
    let mut engine = Naive::default();
    for (id, start_ms, ret_code) in [("a", 9, 0), ("b", 10, 0), ("c", 14, 2), ("d", 15, 1), ("e", 21, 0), ("f", 22, 0)]
    {
        engine.append(run("f", id, start_ms, ret_code), NOW_MS);
    }
    let window = Window { start_ms: 10, end_ms: 22 };
    for spec in [HistogramSpec::Width(5), HistogramSpec::Buckets(3)] {
        let answer = engine.query(&Query { window, histogram: Some(spec), ..everything(Order::NEWEST_FIRST) });
        let histogram = answer.histogram.unwrap();
        let width_ms = if spec == HistogramSpec::Width(5) { 5 } else { 4 };
        assert_eq!((histogram.start_ms, histogram.width_ms), (10, width_ms));
        let one = |ok, failed, running| Bucket { ok, failed, running, quantiles: None };
        let expected = [[one(1, 0, 1), one(0, 1, 0), one(1, 0, 0)], [one(1, 0, 0), one(0, 1, 1), one(1, 0, 0)]];
        assert_eq!(histogram.buckets, expected[usize::from(width_ms == 4)]);
    }
}

#[test]
fn what_is_over_a_limit_is_refused_with_the_limit() {
    let check = |histogram, top| {
        let facets = Some(FacetSpec { by: vec![FacetKey::Function], top, percentiles: false });
        Query { histogram: Some(histogram), facets, ..everything(Order::NEWEST_FIRST) }.check()
    };
    assert_eq!(check(HistogramSpec::Buckets(limits::HISTOGRAM_MAX_BUCKETS), limits::FACET_MAX_VALUES), Ok(()));
    assert_eq!(check(HistogramSpec::Width(0), 1), Err(QueryError::NoBuckets));
    assert!(matches!(check(HistogramSpec::Width(1000), 1), Err(QueryError::TooManyBuckets { .. })));
    assert!(matches!(check(HistogramSpec::Buckets(5), 1001), Err(QueryError::TooManyFacetValues { .. })));
}

#[test]
fn percentiles_are_values_that_occur() {
    let mut engine = Naive::default();
    for number in 1..=10 {
        let run = run("f", &format!("{number}"), 5, if number == 10 { 1 } else { 0 });
        engine.append(Run { duration_us: 100 * number, mem_bytes: 7, ..run }, NOW_MS);
    }
    engine.append(Run { duration_us: 5000, ..run("f", "running", 5, 2) }, NOW_MS);
    let answer = engine.query(&Query { percentiles: true, ..everything(Order::NEWEST_FIRST) });
    let percentiles = answer.percentiles.unwrap();
    assert_eq!((percentiles.finished, percentiles.failed, percentiles.error_rate()), (10, 1, 0.1));
    assert_eq!(percentiles.duration_us, Some(Quantiles { p50: 500, p90: 900, p95: 1000, p99: 1000 }));
    assert_eq!(percentiles.mem_bytes, Some(Quantiles { p50: 7, p90: 7, p95: 7, p99: 7 }));
}

#[test]
fn a_tail_gives_what_is_kept_in_the_order_of_acceptance() {
    let mut engine = Naive::default();
    for (id, start_ms, ret_code) in [("a", 5, 2), ("b", 9, 0), ("a", 5, 0), ("late", 1, 1)] {
        engine.append(run("f", id, start_ms, ret_code), NOW_MS);
    }
    let events = engine.since(0, &TailFilter::new(Scope::account("1")));
    let brief: Vec<_> = events.iter().map(|event| (event.prev_matching_seq, event.row.seq)).collect();
    assert_eq!(brief, [(0, 2), (2, 3), (3, 4)]);
    assert_eq!(engine.since(3, &TailFilter::new(Scope::account("1")))[0], events[2]);
}

fn orders() -> impl Strategy<Value = Order> {
    let by = prop_oneof![
        Just(SortKey::StartTime),
        Just(SortKey::Duration),
        Just(SortKey::MemUsage),
        Just(SortKey::FunctionName)
    ];
    (by, prop_oneof![Just(Direction::Asc), Just(Direction::Desc)]).prop_map(|(by, direction)| Order { by, direction })
}

fn engines() -> impl Strategy<Value = Naive> {
    prop::collection::vec((0u8..3, 0u8..40, 0i64..6, 0u64..4, 0u64..4, 0i32..5), 0..60).prop_map(|reports| {
        let mut engine = Naive::default();
        for (function, id, start_ms, duration_us, mem_bytes, ret_code) in reports {
            let run = run(&format!("f{function}"), &format!("r{id}"), start_ms, ret_code);
            engine.append(Run { duration_us, mem_bytes, ..run }, NOW_MS);
        }
        engine
    })
}

proptest! {
    #[test]
    fn ascending_is_the_reverse_of_descending(engine in engines(), by in orders()) {
        let asc = engine.query(&everything(Order { direction: Direction::Asc, ..by }));
        let desc = engine.query(&everything(Order { direction: Direction::Desc, ..by }));
        prop_assert_eq!(asc.rows, desc.rows.into_iter().rev().collect::<Vec<_>>());
    }

    #[test]
    fn pages_join_up_to_the_whole(engine in engines(), order in orders(), limit in 1usize..7) {
        let whole = engine.query(&everything(order)).rows;
        let mut by_offset = Vec::new();
        for offset in (0..=whole.len()).step_by(limit) {
            let start = Start::Offset(offset as u64);
            by_offset.extend(engine.query(&Query { start, limit, ..everything(order) }).rows);
        }
        prop_assert_eq!(&by_offset, &whole);

        let mut by_cursor = Vec::new();
        let mut start = Start::Offset(0);
        loop {
            let answer = engine.query(&Query { start, limit, ..everything(order) });
            by_cursor.extend(answer.rows);
            match answer.next {
                Some(next) => start = Start::After(next),
                None => break,
            }
        }
        prop_assert_eq!(&by_cursor, &whole);
    }
    #[test]
    fn pages_by_bytes_join_up_to_the_whole(engine in engines(), order in orders(), max_bytes in 1usize..1200) {
        let whole = engine.query(&everything(order));
        let mut joined = Vec::new();
        let mut start = Start::Offset(0);
        loop {
            let query = Query { start, page_max_bytes: Some(max_bytes), columns: Columns::ALL, ..everything(order) };
            let page = engine.query(&query);
            prop_assert_eq!(page.total, whole.total);
            let bytes: usize = page.rows.iter().map(Row::weight_bytes).sum();
            prop_assert!(bytes <= max_bytes || page.rows.len() == 1);
            joined.extend(page.rows);
            let Some(next) = page.next else { break };
            prop_assert!(bytes + whole.rows[joined.len()].weight_bytes() > max_bytes);
            start = Start::After(next);
        }
        prop_assert_eq!(joined, whole.rows);
    }

    #[test]
    fn buckets_and_facets_sum_up_to_the_total(engine in engines(), start_ms in 0i64..6, top in 0usize..4) {
        use FacetKey::{Function, Namespace, Qualifier, RetCode, State, Version};
        let by = vec![Namespace, Function, Version, Qualifier, State, RetCode];
        let answer = engine.query(&Query {
            window: Window { start_ms, end_ms: 7 },
            histogram: Some(HistogramSpec::Width(2)),
            facets: Some(FacetSpec { by, top, percentiles: false }),
            ..everything(Order::NEWEST_FIRST)
        });
        prop_assert_eq!(answer.rows.len() as u64, answer.total);
        prop_assert_eq!(answer.histogram.unwrap().total(), answer.total);
        for facet in answer.facets.unwrap() {
            prop_assert!(facet.values.len() <= top);
            prop_assert_eq!(facet.total(), answer.total);
        }
    }
}
