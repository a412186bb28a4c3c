//! Posted bodies: NDJSON or a JSON array of runs.

use std::io::BufReader;
use std::rc::Rc;

use runlog_core::naive::Naive;
use runlog_core::{DraftStart, Outcome, Query, Row, Run, Scope, Zone};
use runlog_ingest::formats::{Hints, Notes, Untimed, parquet};
use runlog_ingest::{Defaults, Report, Sink};
use runlog_server::export::{Encoder, Format, Lines, Selection, Style};

const ACCOUNT: &str = "1";
const NOW_MS: i64 = 1_800_000_000_000;
const DEFAULTS: Defaults<'_> =
    Defaults { account: ACCOUNT, region: "ap-guangzhou", zone: Zone::UTC8, now_ms: NOW_MS, billing_step_ms: 100 };

/// The function whose runs the sender may not store.
const FORBIDDEN: &str = "secret";

/// A posted body: every record is counted once; a bad line never changes its neighbours; how the bytes arrive changes
/// nothing; and exported rows are the same runs when they are posted or imported again.
pub fn ingest(body: &[u8]) {
    let mut engine = Engine::default();
    let (report, is_whole) = take(body, &mut engine);
    assert_eq!(report.refused.len() as u64, report.refused_total.min(1_000));
    assert!(report.refused.iter().all(|refused| refused.line > 0 && refused.message.len() <= 1_024), "{report:?}");
    let counted = report.accepted + report.duplicates + report.refused_total;
    let mut again = Engine::default();
    if body.trim_ascii_start().starts_with(b"[") {
        let text = String::from_utf8_lossy(body);
        let records = serde_json::from_str::<Vec<&serde_json::value::RawValue>>(&text);
        assert_eq!(is_whole.then_some(counted), records.ok().map(|records| records.len() as u64));
    } else {
        assert!(is_whole, "lines never make a body unreadable");
        let lines: Vec<&[u8]> =
            body.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty()).collect();
        assert_eq!(counted, lines.len() as u64);
        let mut apart = Report::default();
        for line in lines {
            // A broken line first, so that a line that begins as an array is still read as a line.
            let (one, _) = take(&[b"x\n", line].concat(), &mut again);
            apart.accepted += one.accepted;
            apart.duplicates += one.duplicates;
            apart.refused_total += one.refused_total - 1;
            apart.cut += one.cut;
            apart.utf8_replaced += one.utf8_replaced;
        }
        let figures = |report: &Report| {
            (report.accepted, report.duplicates, report.refused_total, report.cut, report.utf8_replaced)
        };
        assert_eq!(figures(&apart), figures(&report));
    }
    if body.first().is_some_and(|byte| !byte.is_ascii_whitespace()) {
        let mut slow = BufReader::with_capacity(1, body);
        let (slowly, result) = runlog_ingest::ingest(&mut slow, u64::MAX, &DEFAULTS, &mut Engine::default());
        assert_eq!((&slowly, result.is_ok()), (&report, is_whole));
    }
    exported(&mut engine);
}

/// The rows of an engine, exported and taken in again.
fn exported(engine: &mut Engine) {
    let rows = engine.0.query(&Query { limit: 10_000, ..Query::new(Scope::account(ACCOUNT)) }).rows;
    let running = rows.iter().filter(|row| row.run.is_running()).count() as u64;
    let (report, is_whole) = take(&written(&rows, Format::Ndjson), engine);
    // A report of a run in flight is news each time.
    let expected = (running, rows.len() as u64 - running, true);
    assert_eq!((report.accepted, report.duplicates, is_whole), expected, "{:?}", report.refused);
    let hints = Hints {
        function: None,
        namespace: None,
        qualifier: None,
        zone: Zone::UTC8,
        untimed: Untimed::Refused,
        close_unfinished: false,
    };
    let drafts = parquet(bytes::Bytes::from(written(&rows, Format::Parquet)), hints, &Rc::new(Notes::default()));
    let drafts: Vec<_> = drafts.map(|item| item.unwrap().unwrap().run).collect();
    assert_eq!(drafts.len(), rows.len());
    for (draft, Row { run, .. }) in drafts.iter().zip(&rows) {
        let names = (&*draft.function_name, draft.request_id.as_deref(), draft.log.as_deref());
        assert_eq!(names, (&*run.stream.function, Some(&*run.request_id), Some(&*run.log)));
        assert_eq!(draft.start_time, Some(DraftStart::UnixMs(run.start_ms)));
        let numbers = (draft.ret_code, draft.retry_num, draft.mem_usage, draft.exit_code);
        assert_eq!(numbers, (Some(run.ret_code), Some(run.retry_num), Some(run.mem_bytes), run.exit_code));
    }
}

fn written(rows: &[Row], format: Format) -> Vec<u8> {
    let style = Style { zone: Zone::UTC8, billing_step_ms: DEFAULTS.billing_step_ms };
    let mut lines = Lines::new(format, Selection::new(None, style), Encoder::plain()).unwrap();
    let mut bytes = Vec::new();
    for row in rows {
        lines.row(row).unwrap();
        bytes.extend(lines.take());
    }
    bytes.extend(lines.finish().unwrap());
    bytes
}

fn take(body: &[u8], engine: &mut Engine) -> (Report, bool) {
    let (report, result) = runlog_ingest::ingest(&mut &*body, u64::MAX, &DEFAULTS, engine);
    (report, result.is_ok())
}

/// The reference engine.
#[derive(Default)]
struct Engine(Naive);

impl Sink for Engine {
    type Error = ();

    fn permit(&mut self, run: &Run) -> Result<(), String> {
        if run.stream.function == FORBIDDEN { Err("no".to_owned()) } else { Ok(()) }
    }

    fn append(&mut self, runs: Vec<Run>) -> Result<Vec<Outcome>, ()> {
        Ok(runs.into_iter().map(|run| self.0.append(run, NOW_MS)).collect())
    }
}
