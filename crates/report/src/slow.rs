//! Percentiles of each function version, the slowest runs, and what became slower.

use runlog_core::{RET_OK, Zone};
use serde_json::{Value, json};

use crate::findings::{Findings, p_text, percent, share};
use crate::source::{Run, Source, Version, by_version, window_json};
use crate::stats::{Difference, Ranks, mann_whitney, ranks};
use crate::units;

/// How a difference is judged.
#[derive(Clone, Copy, Debug)]
pub struct Judge {
    /// By how many per cent the median must differ to count.
    pub threshold_percent: f64,
    /// How likely a difference may be by chance alone to count.
    pub alpha: f64,
}

impl Default for Judge {
    /// 5 %, with a chance of 1 %.
    fn default() -> Self {
        Self { threshold_percent: 5.0, alpha: 0.01 }
    }
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
    fn offer(&mut self, us: u64, run: &Run) {
        let is_full = self.runs.len() >= self.max;
        if self.max == 0 || is_full && self.runs.last().is_some_and(|last| last.us >= us) {
            return;
        }
        let at = self.runs.partition_point(|known| known.us >= us);
        let (request_id, start_ms) = (run.request_id.clone(), run.start_ms);
        self.runs
            .insert(at, SlowRun { us, version: run.version.clone(), request_id, start_ms, ret_code: run.ret_code });
        self.runs.truncate(self.max);
    }
}

/// The figures of a version in the window, and compared with the window before.
struct Figures {
    version: Version,
    runs: u64,
    /// Of all finished runs.
    all: Ranks,
    /// Of the runs that succeeded, now and in the window before.
    now: Option<Ranks>,
    before: Option<Ranks>,
    /// By which part the median has grown.
    change: Option<f64>,
    test: Option<Difference>,
    is_slower: bool,
}

impl Figures {
    /// `None` for a version without a finished run in the window.
    fn of(version: Version, mut of: Durations, alpha: f64, threshold_percent: f64) -> Option<Self> {
        [&mut of.all, &mut of.ok, &mut of.ok_before].into_iter().for_each(|values| values.sort_unstable());
        let all = ranks(&of.all)?;
        let (now, before) = (ranks(&of.ok), ranks(&of.ok_before));
        let change = now.zip(before).map(|(now, before)| change(before.p50, now.p50));
        let test = mann_whitney(&of.ok_before, &of.ok);
        let is_slower = change.is_some_and(|change| change * 100.0 >= threshold_percent)
            && test.is_some_and(|test| test.p < alpha && test.superiority > 0.5);
        Some(Self { version, runs: of.all.len() as u64, all, now, before, change, test, is_slower })
    }

    fn row(&self) -> Vec<String> {
        vec![
            self.version.to_string(),
            units::count(self.runs),
            ms(self.all.p50),
            ms(self.all.p95),
            ms(self.all.p99),
            ms(self.all.max),
            self.before.map_or("-".to_owned(), |before| ms(before.p50)),
            self.change.map_or("-".to_owned(), signed),
        ]
    }

    /// The sentence about a version that became slower, with its change.
    fn warning(&self) -> Option<(f64, String)> {
        let (change, test, now, before) = (self.change?, self.test?, self.now?, self.before?);
        let medians = format!("median {} -> {}", ms(before.p50), ms(now.p50));
        let text = format!(
            "{} is slower by {} than in the window before ({medians}, {}): look at what changed",
            self.version,
            percent(change),
            p_text(test.p)
        );
        self.is_slower.then_some((change, text))
    }

    fn json(&self) -> Value {
        json!({
            "version": self.version, "runs": self.runs, "duration_us": self.all, "ok_us": self.now,
            "ok_before_us": self.before, "change": self.change, "p": self.test.map(|test| test.p),
            "is_slower": self.is_slower,
        })
    }
}

impl SlowRun {
    fn row(&self, zone: Zone) -> Vec<String> {
        let start = zone.format(self.start_ms);
        vec![self.version.to_string(), ms(self.us), start, self.ret_code.to_string(), self.request_id.clone()]
    }

    fn json(&self) -> Value {
        json!({ "version": self.version, "request_id": self.request_id, "start_ms": self.start_ms,
                "duration_us": self.us, "ret_code": self.ret_code })
    }
}

/// A duration in microseconds, for people.
pub(crate) fn ms(us: u64) -> String {
    units::duration(us as f64 / 1000.0)
}

/// Percentiles of each version, the slowest runs, at most `slowest_max` of them, and what became slower than in the
/// window before. The starts of the slowest runs are shown in `zone`.
///
/// # Errors
/// Those of the source.
pub fn slow<S: Source>(source: &S, judge: &Judge, slowest_max: usize, zone: Zone) -> Result<Findings, S::Error> {
    let (from_ms, to_ms) = source.window();
    let before = (from_ms.saturating_sub(to_ms.saturating_sub(from_ms)), from_ms);
    let mut slowest = Slowest { runs: Vec::new(), max: slowest_max };
    let versions = by_version(source, (before.0, to_ms), |durations: &mut Durations, run| {
        let us = run.duration_us;
        let is_before = run.start_ms < from_ms;
        if !is_before {
            slowest.offer(us, run);
            durations.all.push(us);
        }
        if run.ret_code == RET_OK {
            if is_before { &mut durations.ok_before } else { &mut durations.ok }.push(us);
        }
    })?;
    // With many versions one will seem slower by chance, so each must be the more unlikely (Bonferroni).
    let tests = versions.values().filter(|of| !of.ok.is_empty() && !of.ok_before.is_empty()).count().max(1);
    let alpha = judge.alpha / tests as f64;
    let figures: Vec<Figures> = versions
        .into_iter()
        .filter_map(|(version, of)| Figures::of(version, of, alpha, judge.threshold_percent))
        .collect();
    let mut found = findings(judge, &figures, &slowest.runs, zone);
    if source.kept_from_ms()?.is_some_and(|first| first > before.0) {
        found
            .notes
            .push("retention has removed a part of the preceding window, so the comparison covers the rest".to_owned());
    }
    found.json.insert("window".to_owned(), window_json(source.window()));
    found.json.insert("before".to_owned(), window_json(before));
    Ok(found)
}

fn findings(judge: &Judge, figures: &[Figures], slowest: &[SlowRun], zone: Zone) -> Findings {
    let mut worse: Vec<_> = figures.iter().filter_map(Figures::warning).collect();
    worse.sort_by(|a, b| b.0.total_cmp(&a.0));
    let mut found = Findings {
        head: vec!["FUNCTION", ">RUNS", ">P50", ">P95", ">P99", ">MAX", ">P50 BEFORE", ">CHANGE"],
        rows: figures.iter().map(Figures::row).collect(),
        more: Some((
            vec!["SLOWEST", ">DURATION", "START", ">CODE", "REQUEST ID"],
            slowest.iter().map(|run| run.row(zone)).collect(),
        )),
        is_regression: !worse.is_empty(),
        decisions: worse.into_iter().map(|(_, text)| text).collect(),
        ..Findings::default()
    };
    if found.decisions.is_empty() {
        let threshold = judge.threshold_percent;
        found.decisions.push(if figures.is_empty() {
            "no run finished in this window: nothing to decide".to_owned()
        } else {
            format!("no version is slower than in the window before by {threshold} % or more: nothing to do")
        });
    }
    found.json.insert("versions".to_owned(), figures.iter().map(Figures::json).collect());
    found.json.insert("slowest".to_owned(), slowest.iter().map(SlowRun::json).collect());
    found.json.insert("is_regression".to_owned(), found.is_regression.into());
    found
}

/// By which part a figure has grown.
pub(crate) fn change(before: u64, now: u64) -> f64 {
    if before == 0 { if now == 0 { 0.0 } else { 1.0 } } else { share(now, before) - 1.0 }
}

/// A change with its sign.
pub(crate) fn signed(change: f64) -> String {
    format!("{}{}", if change < 0.0 { "-" } else { "+" }, percent(change.abs()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_slowest_are_few_and_in_order() {
        let mut slowest = Slowest { runs: Vec::new(), max: 3 };
        for (us, id) in [(5, "a"), (9, "b"), (1, "c"), (9, "d"), (7, "e"), (2, "f")] {
            slowest.offer(us, &Run { request_id: id.into(), ..Run::default() });
        }
        let found: Vec<_> = slowest.runs.iter().map(|run| (run.us, run.request_id.as_str())).collect();
        assert_eq!(found, [(9, "b"), (9, "d"), (7, "e")]);
        let mut none = Slowest { runs: Vec::new(), max: 0 };
        none.offer(1, &Run::default());
        assert!(none.runs.is_empty());
    }

    #[test]
    fn changes() {
        assert_eq!((change(100, 112), change(0, 0), change(0, 5)), (1.12 - 1.0, 0.0, 1.0));
        assert_eq!((signed(0.12), signed(-0.5)), ("+12.0 %".to_owned(), "-50.0 %".to_owned()));
    }
}
