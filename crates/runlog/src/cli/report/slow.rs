//! `runlog report slow`: percentiles of each function version, the slowest runs, and what became slower.

use clap::Args;
use runlog_client::RunRow;
use runlog_core::RET_OK;
use runlog_server::clock;
use serde_json::json;

use super::source::{SourceArgs, Version, micros, window_json};
use super::stats::{mann_whitney, ranks};
use super::{Failure, Findings, p_text, percent, share};
use crate::cli::common::units;

/// How a difference is judged.
#[derive(Clone, Copy, Debug, Args)]
pub(super) struct JudgeArgs {
    /// By how many per cent the median must differ to count.
    #[arg(long, value_name = "PERCENT", default_value_t = 5.0)]
    pub(super) threshold: f64,
    /// How likely a difference may be by chance alone to count.
    #[arg(long, value_name = "P", default_value_t = 0.01)]
    pub(super) alpha: f64,
    /// Exit with 1 when something became slower, or fails more.
    #[arg(long)]
    pub(super) fail_on_regression: bool,
}

/// Arguments of `runlog report slow`.
#[derive(Args)]
pub(super) struct SlowArgs {
    /// How many of the slowest runs to list.
    #[arg(long, value_name = "N", default_value_t = 10)]
    slowest: usize,
    #[command(flatten)]
    judge: JudgeArgs,
    #[command(flatten)]
    source: SourceArgs,
}

/// How long the runs of a version took, in microseconds, in the window and in the one before.
#[derive(Debug, Default)]
struct Durations {
    all: Vec<u64>,
    ok: Vec<u64>,
    ok_before: Vec<u64>,
}

/// A slow run.
struct SlowRun {
    us: u64,
    version: Version,
    request_id: String,
    start_ms: i64,
    ret_code: i32,
}

/// The slowest runs, a bounded number of them.
struct Slowest {
    runs: Vec<SlowRun>,
    max: usize,
}

impl Slowest {
    fn offer(&mut self, us: u64, run: &RunRow) {
        let is_full = self.runs.len() >= self.max;
        if self.max == 0 || is_full && self.runs.last().is_some_and(|last| last.us >= us) {
            return;
        }
        let at = self.runs.partition_point(|known| known.us >= us);
        let (request_id, start_ms) = (run.request_id.clone(), run.start_time);
        self.runs.insert(at, SlowRun { us, version: Version::of(run), request_id, start_ms, ret_code: run.ret_code });
        self.runs.truncate(self.max);
    }
}

pub(super) fn run(args: &SlowArgs) -> Result<u8, Failure> {
    let source = args.source.open()?;
    let (from_ms, to_ms) = source.window;
    let before_ms = from_ms.saturating_sub(to_ms - from_ms);
    let mut slowest = Slowest { runs: Vec::new(), max: args.slowest };
    let versions = source.by_version((before_ms, to_ms), |durations: &mut Durations, run| {
        let us = micros(run.duration);
        let is_before = run.start_time < from_ms;
        if !is_before {
            slowest.offer(us, run);
            durations.all.push(us);
        }
        if run.ret_code == RET_OK {
            if is_before { &mut durations.ok_before } else { &mut durations.ok }.push(us);
        }
    })?;
    let mut found = Findings {
        head: vec!["FUNCTION", ">RUNS", ">P50", ">P95", ">P99", ">MAX", ">P50 BEFORE", ">CHANGE"],
        ..Findings::default()
    };
    // With many versions one will seem slower by chance, so each must be the more unlikely (Bonferroni).
    let tests = versions.values().filter(|of| !of.ok.is_empty() && !of.ok_before.is_empty()).count().max(1);
    let alpha = args.judge.alpha / tests as f64;
    let mut figures = Vec::new();
    let mut worse = Vec::new();
    for (version, mut of) in versions {
        [&mut of.all, &mut of.ok, &mut of.ok_before].into_iter().for_each(|values| values.sort_unstable());
        let Some(all) = ranks(&of.all) else { continue };
        let (now, before) = (ranks(&of.ok), ranks(&of.ok_before));
        let change = now.zip(before).map(|(now, before)| change(before.p50, now.p50));
        let test = mann_whitney(&of.ok_before, &of.ok);
        let is_slower = change.is_some_and(|change| change * 100.0 >= args.judge.threshold)
            && test.is_some_and(|test| test.p < alpha && test.superiority > 0.5);
        let ms = |us: u64| units::duration(us as f64 / 1000.0);
        found.rows.push(vec![
            version.to_string(),
            units::count(of.all.len() as u64),
            ms(all.p50),
            ms(all.p95),
            ms(all.p99),
            ms(all.max),
            before.map_or("-".to_owned(), |before| ms(before.p50)),
            change.map_or("-".to_owned(), signed),
        ]);
        if let (true, Some(change), Some(test), Some(now), Some(before)) = (is_slower, change, test, now, before) {
            let medians = format!("median {} -> {}", ms(before.p50), ms(now.p50));
            let text = format!(
                "{version} is slower by {} than in the window before ({medians}, {}): look at what changed",
                percent(change),
                p_text(test.p)
            );
            worse.push((change, text));
        }
        figures.push(json!({
            "version": version, "runs": of.all.len(), "duration_us": all, "ok_us": now, "ok_before_us": before,
            "change": change, "p": test.map(|test| test.p), "is_slower": is_slower,
        }));
    }
    worse.sort_by(|a, b| b.0.total_cmp(&a.0));
    found.is_regression = !worse.is_empty();
    found.decisions = worse.into_iter().map(|(_, text)| text).collect();
    if found.decisions.is_empty() {
        let threshold = args.judge.threshold;
        let nothing = if found.rows.is_empty() {
            "no run finished in this window: nothing to decide".to_owned()
        } else {
            format!("no version is slower than in the window before by {threshold} % or more: nothing to do")
        };
        found.decisions.push(nothing);
    }
    let first_kept = source.total()?.1.retained_from_ms;
    if first_kept.is_some_and(|first| first > before_ms && first <= clock::now_ms()) {
        found
            .notes
            .push("retention has removed a part of the window before, so the comparison is of what is left".to_owned());
    }
    let zone = args.source.span.time_zone;
    let rows = slowest.runs.iter().map(|run| {
        let took = units::duration(run.us as f64 / 1000.0);
        vec![run.version.to_string(), took, zone.format(run.start_ms), run.ret_code.to_string(), run.request_id.clone()]
    });
    found.more = Some((vec!["SLOWEST", ">DURATION", "START", ">CODE", "REQUEST ID"], rows.collect()));
    let runs: Vec<_> = slowest
        .runs
        .iter()
        .map(|run| {
            json!({ "version": run.version, "request_id": run.request_id, "start_ms": run.start_ms,
                    "duration_us": run.us, "ret_code": run.ret_code })
        })
        .collect();
    found.json.insert("window".to_owned(), window_json(source.window));
    found.json.insert("before".to_owned(), window_json((before_ms, from_ms)));
    found.json.insert("versions".to_owned(), figures.into());
    found.json.insert("slowest".to_owned(), runs.into());
    found.json.insert("is_regression".to_owned(), found.is_regression.into());
    found.print(args.source.output, args.judge.fail_on_regression)
}

/// By which part a figure has grown.
pub(super) fn change(before: u64, now: u64) -> f64 {
    if before == 0 { if now == 0 { 0.0 } else { 1.0 } } else { share(now, before) - 1.0 }
}

/// A change with its sign.
pub(super) fn signed(change: f64) -> String {
    format!("{}{}", if change < 0.0 { "-" } else { "+" }, percent(change.abs()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_slowest_are_few_and_in_order() {
        let mut slowest = Slowest { runs: Vec::new(), max: 3 };
        for (us, id) in [(5, "a"), (9, "b"), (1, "c"), (9, "d"), (7, "e"), (2, "f")] {
            slowest.offer(us, &RunRow { request_id: id.into(), ..RunRow::default() });
        }
        let found: Vec<_> = slowest.runs.iter().map(|run| (run.us, run.request_id.as_str())).collect();
        assert_eq!(found, [(9, "b"), (9, "d"), (7, "e")]);
        let mut none = Slowest { runs: Vec::new(), max: 0 };
        none.offer(1, &RunRow::default());
        assert!(none.runs.is_empty());
    }

    #[test]
    fn changes() {
        assert_eq!((change(100, 112), change(0, 0), change(0, 5)), (1.12 - 1.0, 0.0, 1.0));
        assert_eq!((signed(0.12), signed(-0.5)), ("+12.0 %".to_owned(), "-50.0 %".to_owned()));
    }
}
