//! Many senders at once, while runs end under their hands; and records of every kind.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, ArrayValue, KeyValue, KeyValueList};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
use opentelemetry_proto::tonic::resource::v1::Resource;
use proptest::collection::vec;
use proptest::prelude::*;
use runlog_core::{Outcome, Query, Run, Scope, Stream, Zone};
use runlog_ingest::Defaults;
use runlog_ingest::otlp::{Facts, Line, Record, RunName, read_records};
use runlog_store::{Options, Store};

use super::gathered::{Finish, Gathered, News};
use super::open_runs::OpenRuns;
use super::taken::Taken;

const DEFAULTS: Defaults<'_> = Defaults {
    account: "1",
    region: "ap-guangzhou",
    zone: Zone::UTC8,
    now_ms: 1_800_000_000_000,
    billing_step_ms: 100,
};

const SENDERS: u64 = 6;
const BATCHES: u64 = 150;

fn stream() -> Arc<Stream> {
    Arc::new(Stream {
        account: "1".to_owned(),
        region: "r".to_owned(),
        namespace: "default".to_owned(),
        function: "f".to_owned(),
        qualifier: "$LATEST".to_owned(),
    })
}

/// Lines of two processes, and of one invocation that every sender adds to.
fn batch(sender: u64, number: u64) -> Vec<Record> {
    let names = [
        RunName::Instance("one".to_owned()),
        RunName::Instance("two".to_owned()),
        RunName::Id(format!("invocation-{number}")),
    ];
    let record = |(at, run): (u64, RunName)| Record {
        stream: stream(),
        run,
        line: Line::new((1 + (number * SENDERS + sender) * 3 + at) * 1_000_000, &format!("{sender}/{number}/{at}")),
        facts: Facts::default(),
    };
    (0..).zip(names).map(record).collect()
}

#[test]
fn no_line_is_lost_or_doubled_while_runs_end_under_the_hands_of_many_senders() {
    let folder = tempfile::tempdir().unwrap();
    let engine = Store::open(folder.path(), Options::default()).unwrap();
    let runs = OpenRuns::new(1_000_000);
    let is_over = AtomicBool::new(false);
    let (accepted, ended) = thread::scope(|scope| {
        let finisher = scope.spawn(|| {
            let mut ended = 0;
            while !is_over.load(Ordering::SeqCst) {
                // An hour later, so that whatever is not being written right now has been silent for long enough.
                ended += runs.finish_idle(&engine, Duration::from_secs(3600), Duration::from_secs(1)).unwrap();
            }
            ended
        });
        let send = |sender| {
            let mut taken = Taken::default();
            for number in 0..BATCHES {
                runs.take(&engine, batch(sender, number), Duration::ZERO, &mut taken).unwrap();
                // As a retry does.
                runs.take(&engine, batch(sender, number), Duration::ZERO, &mut taken).unwrap();
            }
            taken
        };
        let senders: Vec<_> = (0..SENDERS).map(|sender| scope.spawn(move || send(sender))).collect();
        let taken: Vec<Taken> = senders.into_iter().map(|sender| sender.join().unwrap()).collect();
        is_over.store(true, Ordering::SeqCst);
        (taken.iter().map(|taken| taken.accepted).sum::<u64>(), finisher.join().unwrap())
    });
    assert!(ended > 0, "runs ended meanwhile");
    let answer = engine.query(&Query { limit: 10_000, ..Query::new(Scope::account("1")) }).unwrap();
    let mut stored = BTreeMap::<String, u64>::new();
    for line in answer.rows.iter().flat_map(|row| row.run.log.lines()) {
        *stored.entry(line.rsplit(' ').next().unwrap().to_owned()).or_default() += 1;
    }
    assert_eq!(stored.values().sum::<u64>(), accepted, "what was said to be stored is");
    // A line without an id may come again as a line of another run, when its own has ended before the retry; a
    // line with an id is there once at most, and not at all only when its run had ended before it came.
    for sender in 0..SENDERS {
        for number in 0..BATCHES {
            for at in 0..2 {
                assert!((1..=2).contains(&stored[&format!("{sender}/{number}/{at}")]), "{sender}/{number}/{at}");
            }
            assert!(stored.get(&format!("{sender}/{number}/2")).is_none_or(|count| *count == 1));
        }
    }
}

/// Lines of one run, by their number.
fn line_of_one_run(number: u64, bytes: usize) -> Record {
    Record {
        stream: stream(),
        run: RunName::Id("long".to_owned()),
        line: Line::new(1_700_000_000_000_000_000 + number, &format!("{number} {}", "x".repeat(bytes))),
        facts: Facts::default(),
    }
}

fn file_bytes(folder: &std::path::Path) -> u64 {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    entries
        .map(|entry| if entry.path().is_dir() { file_bytes(&entry.path()) } else { entry.metadata().unwrap().len() })
        .sum()
}

#[test]
fn a_run_of_many_batches_costs_what_its_lines_cost() {
    let folder = tempfile::tempdir().unwrap();
    let engine = Store::open(folder.path(), Options { background: false, ..Options::default() }).unwrap();
    let runs = OpenRuns::new(10);
    let mut taken = Taken::default();
    // 1 MB in 500 batches: written again with each batch, it would be 250 MB.
    for number in 0..500 {
        runs.take(&engine, vec![line_of_one_run(number, 2_000)], Duration::ZERO, &mut taken).unwrap();
    }
    assert_eq!(taken.accepted, 500);
    let written = file_bytes(folder.path());
    assert!(written < 2_500_000, "{written} bytes");
    runs.finish_idle(&engine, Duration::from_secs(3600), Duration::from_secs(1)).unwrap();
    let rows = engine.query(&Query::new(Scope::account("1"))).unwrap().rows;
    assert_eq!((rows.len(), rows[0].run.ret_code, rows[0].run.log.lines().count()), (1, 0, 500));
}

#[test]
fn a_sender_cannot_pass_its_run_off_as_gathered() {
    let folder = tempfile::tempdir().unwrap();
    let engine = Store::open(folder.path(), Options::default()).unwrap();
    let mut gathered = Gathered::new(stream(), "id".to_owned(), None);
    gathered.add(vec![(Line::new(1_700_000_000_000_000_000, "x"), Facts::default())]);
    let posted = gathered.running();
    assert_eq!(posted.source, "otlp");
    engine.append(vec![posted.clone()]).unwrap();
    // A server that starts takes up what is gathered, and finishes what stays silent.
    let runs = OpenRuns::new(10);
    runs.resume(&engine, Duration::ZERO).unwrap();
    assert_eq!(runs.finish_idle(&engine, Duration::from_secs(3600), Duration::from_secs(1)).unwrap(), 0);
    let end = Run { ret_code: 430, invoke_finished: 1, ..posted };
    let outcomes = engine.append(vec![end]).unwrap();
    assert!(matches!(outcomes[..], [Outcome::Accepted { .. }]), "{outcomes:?}");
}

#[test]
fn an_open_run_belongs_to_its_lines() {
    let folder = tempfile::tempdir().unwrap();
    let engine = Store::open(folder.path(), Options::default()).unwrap();
    let runs = OpenRuns::new(10);
    runs.take(&engine, vec![line_of_one_run(0, 1)], Duration::ZERO, &mut Taken::default()).unwrap();
    let mut posted = engine.query(&Query::new(Scope::account("1"))).unwrap().rows[0].run.clone();
    posted.log = "overwritten".to_owned();
    let outcomes = engine.append(vec![posted]).unwrap();
    assert!(matches!(outcomes[..], [Outcome::Refused(_)]), "{outcomes:?}");
}

/// Texts that are hard to read back from a log.
fn texts() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "",
        "a",
        " ",
        "\n",
        "\r\n",
        "=",
        "\"",
        "日",
        "[runlog: ",
        "[runlog: left out 3 lines of 9 bytes: x]",
        "\u{1}",
        "2023-11-14T22:13:20.123456789Z ",
        "failed=true",
        "7",
        "true",
        "-1.5e3",
        "99999999999999999999",
    ]);
    vec(piece, 0..6).prop_map(|pieces| pieces.concat())
}

fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        texts().prop_map(Value::StringValue),
        any::<bool>().prop_map(Value::BoolValue),
        any::<i64>().prop_map(Value::IntValue),
        any::<f64>().prop_map(Value::DoubleValue),
        vec(any::<u8>(), 0..9).prop_map(Value::BytesValue),
        any::<i32>().prop_map(Value::StringValueStrindex),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        let any_value = |value: Option<Value>| AnyValue { value };
        let inner = prop::option::of(inner).prop_map(any_value);
        let pair = (texts(), prop::option::of(inner.clone()));
        let pair = pair.prop_map(|(key, value)| KeyValue { key, value, ..KeyValue::default() });
        prop_oneof![
            vec(inner, 0..3).prop_map(|values| Value::ArrayValue(ArrayValue { values })),
            vec(pair, 0..3).prop_map(|values| Value::KvlistValue(KeyValueList { values })),
        ]
    })
}

fn attributes() -> impl Strategy<Value = Vec<KeyValue>> {
    let name = prop::sample::select(vec![
        "faas.name",
        "service.name",
        "faas.version",
        "faas.invocation_id",
        "cloud.region",
        "runlog.finished",
        "runlog.ret_code",
        "runlog.duration_ms",
        "faas.duration",
        "runlog.mem_bytes",
        "runlog.ret_msg",
        "faas.coldstart",
        "faas.max_memory",
        "exception.type",
        "exception.message",
        "exception.stacktrace",
        "service.instance.id",
        "other",
    ]);
    let pair = |(name, value): (&str, Value)| KeyValue {
        key: name.to_owned(),
        value: Some(AnyValue { value: Some(value) }),
        ..KeyValue::default()
    };
    vec((name, values()).prop_map(pair), 0..8)
}

prop_compose! {
    fn records()(
        time_unix_nano in prop_oneof![Just(0), any::<u64>(), 1_799_000_000_000_000_000..1_799_000_000_000_000_004_u64],
        observed_time_unix_nano in any::<u64>(),
        severity_number in prop_oneof![0..26, any::<i32>()],
        severity_text in texts(),
        body in prop::option::of(values()),
        attributes in attributes(),
        trace_id in vec(any::<u8>(), 0..18),
        event_name in texts(),
    ) -> LogRecord {
        let body = body.map(|value| AnyValue { value: Some(value) });
        LogRecord {
            time_unix_nano, observed_time_unix_nano, severity_number, severity_text, body, attributes, trace_id,
            event_name, ..LogRecord::default()
        }
    }
}

proptest! {
    #[test]
    fn whatever_is_gathered_is_read_back_and_known_again(batch in vec(records(), 1..6), resource in attributes()) {
        let name = AnyValue { value: Some(Value::StringValue("f".to_owned())) };
        let name = KeyValue { key: "faas.name".to_owned(), value: Some(name), ..KeyValue::default() };
        let scope = ScopeLogs { log_records: batch, ..ScopeLogs::default() };
        let resource = Resource { attributes: [vec![name], resource].concat(), ..Resource::default() };
        let resource = ResourceLogs { resource: Some(resource), scope_logs: vec![scope], ..ResourceLogs::default() };
        let request = ExportLogsServiceRequest { resource_logs: vec![resource] };
        let read = || -> Vec<(Line, Facts)> {
            let mut lines = Vec::new();
            read_records(&request, &DEFAULTS, |_| Ok(()), |read| {
                lines.extend(read.ok().map(|record| (record.line, record.facts)));
            });
            lines
        };
        let lines = read();
        let count = lines.len() as u64;
        let mut gathered = Gathered::new(stream(), "id".to_owned(), None);
        let mut added = gathered.add(lines);
        prop_assert_eq!(added.new, count);
        added.finish = None;
        let News::Report(stored) = gathered.news(&mut added) else { panic!("the run is not stored yet") };
        let mut again = Gathered::resume(stored.clone()).unwrap();
        prop_assert_eq!(&again.running(), &stored.run);
        prop_assert_eq!(again.finished(Finish::default()), gathered.finished(Finish::default()));
        let (unknown, known) = again.unknown(read());
        prop_assert_eq!((unknown.len(), known), (0, count));
        let repeated = again.add(read());
        prop_assert_eq!((repeated.new, repeated.duplicates), (0, count));
        prop_assert_eq!(&again.running().log, &stored.run.log);
    }
}
