//! What all formats share: fixtures, and that no bytes make a parser panic.

use proptest::prelude::*;
use runlog_core::{DraftStart, RunDraft, Zone};

use super::*;

macro_rules! fixture {
    ($name:literal) => {
        include_bytes!(concat!("../../tests/data/import/", $name))
    };
}

/// 2026-07-01 08:00:00 in UTC+8.
const EIGHT_MS: i64 = 1_782_864_000_000;

pub(crate) fn hints() -> Hints {
    Hints {
        function: None,
        namespace: None,
        qualifier: None,
        zone: Zone::UTC8,
        untimed: Untimed::Refused,
        close_unfinished: false,
    }
}

fn of_function() -> Hints {
    Hints { function: Some("f".to_owned()), untimed: Untimed::StartsAt(EIGHT_MS), ..hints() }
}

/// The runs of a text, whose format must be found out, and line and code of each refusal.
fn read(format: Format, bytes: &[u8], hints: Hints) -> (Vec<RunDraft>, Vec<(u64, String)>) {
    assert_eq!(sniff(bytes, true), Some(format));
    let (mut runs, mut refusals) = (Vec::new(), Vec::new());
    for item in parse(format, bytes, hints, Rc::default()) {
        match item.unwrap() {
            Ok(found) => runs.push(found.run),
            Err(refused) => refusals.push((refused.line, refused.code)),
        }
    }
    (runs, refusals)
}

fn whole(format: Format, bytes: &[u8], hints: Hints) -> Vec<RunDraft> {
    let (runs, refusals) = read(format, bytes, hints);
    assert_eq!(refusals, []);
    runs
}

/// Start after eight o'clock and duration in milliseconds, memory in bytes, code, and whether the run finished.
type Figures = (i64, f64, u64, i32, i32);

fn figures(run: &RunDraft) -> Figures {
    let Some(DraftStart::UnixMs(start_ms)) = run.start_time else { panic!("no start in {run:?}") };
    (
        start_ms - EIGHT_MS,
        run.duration.unwrap_or_default(),
        run.mem_usage.unwrap_or_default(),
        run.ret_code.unwrap_or_default(),
        run.invoke_finished.unwrap_or(-1),
    )
}

fn log(run: &RunDraft) -> &str {
    run.log.as_deref().unwrap()
}

#[test]
fn the_text_of_runs_that_came_one_after_the_other() {
    let text = fixture!("platform.log");
    let runs = whole(Format::Platform, text, of_function());
    // The first has a line with a time of its own; the second has none.
    let expected = [(785, 812.0, 31_178_752, 0, 1), (0, 0.0, 65_536, 0, 1)];
    assert_eq!(runs.iter().map(figures).collect::<Vec<_>>(), expected);
    assert_eq!(runs[0].ret_msg.as_deref(), Some("\"Hello World\""));
    assert_eq!(runs.iter().map(log).collect::<String>(), String::from_utf8_lossy(text));
}

#[test]
fn the_text_of_runs_that_interleave_and_one_without_an_end() {
    let text = fixture!("platform-stamped.log");
    let runs = whole(Format::Platform, text, of_function());
    let mib = 1 << 20;
    let expected = [(100, 500.0, 13 * mib, 0, 1), (300, 200.5, 25 * mib / 2, 433, 1), (1000, 3250.0, 0, 2, 0)];
    let by_start = |run: &RunDraft| figures(run).0;
    let mut sorted = runs.clone();
    sorted.sort_by_key(by_start);
    assert_eq!(sorted.iter().map(figures).collect::<Vec<_>>(), expected);
    assert!(log(&sorted[0]).contains("first of one\n2026-07-01T00:00:00.400Z 1111"), "{}", log(&sorted[0]));
    assert!(log(&sorted[1]).contains("first of two\nsecond of two\nERROR"), "{}", log(&sorted[1]));
    assert!(sorted[1].ret_msg.as_ref().unwrap().contains("timed out"));

    let closed = whole(Format::Platform, text, Hints { close_unfinished: true, ..of_function() });
    assert_eq!(closed.iter().filter(|run| run.ret_code == Some(3)).count(), 1);
}

#[test]
fn a_broken_text_says_what_is_wrong_and_where() {
    let (runs, refusals) = read(Format::Platform, fixture!("platform-broken.log"), of_function());
    assert_eq!(refusals, [(1, "NoRun".to_owned()), (3, "Malformed".to_owned())]);
    // An id that starts again is a retry.
    let attempts: Vec<_> = runs.iter().map(|run| (run.retry_num.unwrap(), figures(run))).collect();
    assert_eq!(attempts, [(0, (2_000, 5.0, 5 << 20, 430, 1)), (1, (62_000, 6.0, 5 << 20, 0, 1))]);
    let (_, refusals) = read(Format::Platform, fixture!("platform.log"), hints());
    assert_eq!(refusals, [(1, "NoFunction".to_owned()), (8, "NoFunction".to_owned())]);
}

#[test]
fn lambda_text_with_its_ways_to_fail() {
    let runs = whole(Format::Lambda, fixture!("lambda.log"), of_function());
    let mib = 1 << 20;
    let expected = [
        (180, 102.25, 45 * mib, 0, 1),
        (5_000, 12.5, 46 * mib, 430, 1),
        (10_000, 3003.17, 46 * mib, 433, 1),
        (20_000, 100.0, 128 * mib, 434, 1),
    ];
    assert_eq!(runs.iter().map(figures).collect::<Vec<_>>(), expected);
    let messages: Vec<_> = runs.iter().map(|run| run.ret_msg.as_deref().unwrap_or_default()).collect();
    let killed = "Error: Runtime exited with error: signal: killed";
    assert_eq!(messages, ["", "ZeroDivisionError: division by zero", "Task timed out after 3.00 seconds", killed]);
    assert_eq!((runs[0].bill_duration, runs[0].qualifier.as_deref()), (Some(103), Some("7")));
    assert!(log(&runs[0]).starts_with("INIT_START") && log(&runs[0]).ends_with("Sampled: true\n"), "{}", log(&runs[0]));
}

#[test]
fn lambda_instances_that_print_at_the_same_time() {
    let runs = whole(Format::Lambda, fixture!("lambda-tail.log"), of_function());
    let texts: Vec<_> = runs.iter().map(|run| (log(run).lines().nth(1).unwrap(), run.ret_code)).collect();
    assert_eq!(texts, [("from instance a", Some(0)), ("from instance b", Some(433))]);
}

#[test]
fn lambda_json_names_its_function() {
    let runs = whole(Format::Lambda, fixture!("lambda-json.log"), hints());
    let expected = [(200, 101.25, 64 << 20, 0, 1), (5_000, 200.0, 65 << 20, 430, 1)];
    assert_eq!(runs.iter().map(figures).collect::<Vec<_>>(), expected);
    assert!(runs.iter().all(|run| run.function_name == "resize" && run.qualifier.as_deref() == Some("$LATEST")));
    assert!(log(&runs[1]).contains("not a function") && log(&runs[1]).contains("a line"));
}

#[test]
fn lambda_reports_alone_are_runs() {
    let (runs, refusals) = read(Format::Lambda, fixture!("lambda-reports.log"), of_function());
    let expected = [(0, 102.25, 45 << 20, 0, 1), (103, 7.0, 45 << 20, 0, 1)];
    assert_eq!(runs.iter().map(figures).collect::<Vec<_>>(), expected);
    assert_eq!(refusals, [(3, "Malformed".to_owned())]);
}

#[test]
fn scf_json_in_either_order() {
    let mut both = [&fixture!("scf.jsonl")[..], &fixture!("scf-newest-first.jsonl")[..]].map(|text| {
        let mut runs = whole(Format::ScfJson, text, hints());
        runs.sort_by_key(|run| run.request_id.clone());
        runs
    });
    let runs = std::mem::take(&mut both[0]);
    let expected = [(0, 812.5, 31_178_752, 0, 1), (500, 500.0, 1 << 20, 430, 1), (2_000, 0.0, 0, 2, 0)];
    assert_eq!(runs.iter().map(figures).collect::<Vec<_>>(), expected);
    assert_eq!(log(&runs[0]).lines().nth(1), Some("3 orders"));
    let facts: Vec<_> =
        runs.iter().map(|run| (run.retry_num, run.qualifier.as_deref(), run.level.as_deref())).collect();
    let expected =
        [(Some(0), Some("3"), Some("WARN")), (Some(1), Some("$DEFAULT"), Some("ERROR")), (Some(0), None, None)];
    assert_eq!(facts, expected);
    assert_eq!(both[1], runs);
}

#[test]
fn broken_scf_json_says_which_lines() {
    let (runs, refusals) = read(Format::ScfJson, fixture!("scf-broken.jsonl"), hints());
    assert_eq!(refusals, [2, 3, 4, 5].map(|line| (line, "Malformed".to_owned())));
    assert_eq!(runs.iter().map(figures).collect::<Vec<_>>(), [(2_000, 100.0, 1 << 20, 0, 1)]);
}

#[test]
fn saved_answers_as_they_are_printed() {
    let runs = whole(Format::Answer, fixture!("answer.json"), hints());
    assert_eq!((runs[0].function_name.as_str(), runs[0].retry_num), ("APITest", Some(1)));
    assert_eq!(runs[0].start_time, Some(DraftStart::UnixMs(1_528_714_005_000)));
    let (runs, refusals) = read(Format::Answer, fixture!("answers.json"), hints());
    assert_eq!(runs.len(), 3);
    assert!(log(&runs[0]).contains("你好") && runs[1].ret_code == Some(430));
    let codes: Vec<_> = refusals.iter().map(|(line, code)| (*line, code.as_str())).collect();
    assert_eq!(codes, [(3, "ErrorAnswer"), (5, "Malformed"), (6, "Malformed")]);
}

#[test]
fn ndjson_with_and_without_ids() {
    let text = fixture!("runs.ndjson");
    let runs = whole(Format::Ndjson, text, hints());
    assert_eq!(runs.len(), 3);
    assert_eq!(runs, whole(Format::Ndjson, text, hints()));
    assert_eq!(runs[1].request_id.as_ref().unwrap().len(), 36);
    let (runs, refusals) = read(Format::Ndjson, fixture!("runs-broken.ndjson"), hints());
    assert_eq!(
        (runs.len(), refusals.iter().map(|(line, _)| *line).collect::<Vec<_>>()),
        (1, vec![2, 3, 4, 5, 6, 7, 8])
    );
    assert_eq!(refusals[3].1, "NoStart");
}

#[test]
fn bytes_that_are_not_utf8_are_replaced_and_counted() {
    let notes = Rc::new(Notes::default());
    let text = b"START RequestId:r\n\xff\xfe\nReport RequestId:r Duration:1ms\n";
    let runs: Vec<_> = parse(Format::Platform, &text[..], of_function(), Rc::clone(&notes)).collect();
    assert_eq!((runs.len(), notes.utf8_replaced.get()), (1, 1));
}

#[test]
fn too_many_open_runs_are_closed_and_counted() {
    let notes = Rc::new(Notes::default());
    let text: String = (0..open_runs::OPEN_MAX_RUNS + 5).map(|at| format!("START RequestId:{at}\n")).collect();
    let runs: Vec<_> = parse(Format::Platform, text.as_bytes(), of_function(), Rc::clone(&notes)).collect();
    let codes: Vec<_> = runs.into_iter().map(|run| run.unwrap().unwrap().run.ret_code.unwrap()).collect();
    assert_eq!((codes.len(), notes.closed_early.get()), (open_runs::OPEN_MAX_RUNS + 5, 5));
    assert_eq!((codes[..5].iter().sum::<i32>(), codes[5]), (15, 2));
}

/// Every format but Parquet, which is tested where it is read.
const TEXTS: [Format; 5] = [Format::Ndjson, Format::Answer, Format::Platform, Format::ScfJson, Format::Lambda];

fn survives(bytes: &[u8]) {
    if let Some(format) = sniff(bytes, false) {
        assert_ne!(format, Format::Parquet, "a text is not Parquet");
    }
    for format in TEXTS {
        let twice = [(); 2].map(|()| parse(format, bytes, of_function(), Rc::default()).flatten().collect::<Vec<_>>());
        assert_eq!(twice[0], twice[1], "{format:?}");
    }
}

/// Pieces of real logs, so that what is made of them reaches far into the parsers.
fn pieces() -> impl Strategy<Value = Vec<u8>> {
    let words = prop::sample::select(vec![
        "START RequestId:",
        "END RequestId: ",
        "Report RequestId:",
        "REPORT RequestId: ",
        "ERROR RequestId:a Result:",
        "a",
        "b",
        " ",
        "\t",
        "\n",
        "Duration:",
        "Duration: 1.5 ms",
        "Billed Duration: 99999999999999999999 ms",
        "MemUsage:",
        "1e999MB",
        "Version: ",
        "2026-07-01T00:00:00Z ",
        "2026-07-01 08:00:00.5 ",
        "2026/07/01/[$LATEST]a ",
        "日志",
        "{\"Response\":",
        "{\"Data\":[",
        "{\"FunctionName\":\"f\",",
        "\"StartTime\":1",
        "]",
        "}",
        "{",
        "[",
        ":",
        "\"",
        "null",
        "{\"SCF_RequestId\":\"r\",\"SCF_LogTime\":-1e308}",
        "{\"type\":\"platform.report\",\"record\":{\"requestId\":\"a\"}}",
        " Task timed out after ",
        "[ERROR] ",
        "RequestId: a ",
        "\u{0}",
        "\r",
    ]);
    prop::collection::vec(words, 0..60).prop_map(|words| words.concat().into_bytes())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_make_a_parser_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        survives(&bytes);
    }

    #[test]
    fn no_pieces_of_logs_make_a_parser_panic_or_waver(bytes in pieces()) {
        survives(&bytes);
    }
}
