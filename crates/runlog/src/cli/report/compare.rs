//! `runlog report compare`: whether B is slower, or fails more, than A.
//!
//! Durations are compared of runs that succeeded, since a run that fails at once is not a fast one, by Mann-Whitney's
//! test, which asks nothing of their distribution; error rates by Fisher's exact test. A difference counts when it is
//! unlikely by chance (`--alpha`) and, for durations, as large as `--threshold`.

use clap::Args;
use runlog_client::RunRow;
use runlog_core::RET_OK;
use serde_json::{Value, json};

use super::findings::{Findings, p_text, percent, share};
use super::slow::{JudgeArgs, change, ms, signed};
use super::source::{SourceArgs, micros, window_json};
use super::stats::{Difference, SAMPLE_MIN, fisher, mann_whitney, ranks};
use crate::cli::common::failure::Failure;
use crate::cli::common::units;

/// Arguments of `runlog report compare`.
#[derive(Args)]
pub(super) struct CompareArgs {
    /// The baseline: a version, or function=, namespace=, version=, since=, from=, to= separated by commas. Anything
    /// omitted comes from the other flags.
    #[arg(long, value_name = "WHAT")]
    a: String,
    /// The candidate, in the same form: --function f --a 1 --b 2; --a function=f --b function=g; --a
    /// from=2026-06-30,to=2026-07-01 --b from=2026-07-01,to=2026-07-02.
    #[arg(long, value_name = "WHAT")]
    b: String,
    #[command(flatten)]
    judge: JudgeArgs,
    #[command(flatten)]
    source: SourceArgs,
}

/// One side of the comparison, durations in microseconds, ascending.
#[derive(Debug, Default)]
struct Side {
    ok: Vec<u64>,
    runs: u64,
    failed: u64,
}

/// What came out.
#[derive(Debug)]
struct Verdict {
    sentences: Vec<String>,
    is_slower: bool,
    fails_more: bool,
    json: Value,
}

/// The flags with what one side says in their place.
fn side_args(text: &str, common: &SourceArgs) -> Result<SourceArgs, Failure> {
    let mut args = common.clone();
    for part in text.split(',') {
        let (name, value) = part.split_once('=').unwrap_or(("version", part));
        if value.is_empty() {
            return Err(Failure::Usage(format!("`{part}` has no value; write it as version=2 or function=NAME")));
        }
        let value = value.to_owned();
        match name.trim() {
            "function" => args.function = Some(value),
            "namespace" => args.namespace = Some(value),
            "version" | "qualifier" => args.qualifier = Some(value),
            "from" => (args.span.from, args.span.since) = (Some(value), None),
            "to" => args.span.to = Some(value),
            "since" => {
                let since =
                    runlog_core::moment::span_ms(&value).map_err(|error| Failure::Usage(format!("since: {error}")))?;
                (args.span.since, args.span.from) = (Some(since), None);
            }
            name => {
                let known = "function, namespace, version, since, from, to";
                return Err(Failure::Usage(format!("`{name}` cannot be compared; there is {known}")));
            }
        }
    }
    Ok(args)
}

impl Side {
    fn add(&mut self, run: &RunRow) {
        self.runs += 1;
        if run.ret_code == RET_OK {
            self.ok.push(micros(run.duration));
        } else {
            self.failed += 1;
        }
    }

    fn read(args: &SourceArgs) -> Result<(Self, Value), Failure> {
        let source = args.open()?;
        let mut side = Self::default();
        source.each(source.window, |run| side.add(&run))?;
        side.ok.sort_unstable();
        Ok((side, window_json(source.window)))
    }

    fn row(&self, name: &str) -> Vec<String> {
        let of = ranks(&self.ok).unwrap_or_default();
        let ms = |us: u64| if self.ok.is_empty() { "-".to_owned() } else { ms(us) };
        let failed = format!("{} ({})", units::count(self.failed), percent(share(self.failed, self.runs)));
        vec![name.to_owned(), units::count(self.runs), failed, ms(of.p50), ms(of.p95), ms(of.p99), ms(of.max)]
    }
}

/// How the durations of B compare with those of A.
struct Speed {
    /// In microseconds, of A and of B.
    medians_us: Option<(u64, u64)>,
    /// By which part the median has grown.
    grown: Option<f64>,
    test: Option<Difference>,
    /// Unlikely by chance.
    is_sure: bool,
    /// As large as the threshold.
    is_large: bool,
}

/// How the error rates compare.
struct Failures {
    rate_a: f64,
    rate_b: f64,
    p: f64,
    is_sure: bool,
}

impl Speed {
    fn of(a: &Side, b: &Side, args: &JudgeArgs) -> Self {
        let medians_us = ranks(&a.ok).zip(ranks(&b.ok)).map(|(a, b)| (a.p50, b.p50));
        let test = mann_whitney(&a.ok, &b.ok);
        let grown = medians_us.map(|(a, b)| change(a, b));
        Self {
            medians_us,
            grown,
            test,
            is_sure: test.is_some_and(|test| test.p < args.alpha),
            is_large: grown.is_some_and(|grown| grown.abs() * 100.0 >= args.threshold),
        }
    }

    fn is_slower(&self) -> bool {
        self.is_sure && self.is_large && self.grown.is_some_and(|grown| grown > 0.0)
    }

    fn sentence(&self, a: &Side, b: &Side, threshold_percent: f64) -> String {
        let (Some(test), Some(grown), Some((from, to))) = (self.test, self.grown, self.medians_us) else {
            let (of_a, of_b) = (a.ok.len(), b.ok.len());
            return format!(
                "too few successful runs to compare durations (A {of_a}, B {of_b}; {SAMPLE_MIN} of each are needed)"
            );
        };
        let figures = format!("median {} -> {}, {}", ms(from), ms(to), p_text(test.p));
        match (self.is_sure && self.is_large, grown > 0.0) {
            (true, true) => format!("B is slower by {} ({figures}): do not roll out", percent(grown)),
            (true, false) => format!("B is faster by {} ({figures})", percent(-grown)),
            (false, _) if self.is_sure => {
                format!("B differs by {}, less than the {threshold_percent} % that count ({figures})", signed(grown))
            }
            (false, _) => format!("no difference in speed can be shown ({figures})"),
        }
    }
}

impl Failures {
    fn of(a: &Side, b: &Side, alpha: f64) -> Self {
        let p = fisher((a.failed, a.runs), (b.failed, b.runs));
        let (rate_a, rate_b) = (share(a.failed, a.runs), share(b.failed, b.runs));
        Self { rate_a, rate_b, p, is_sure: p < alpha }
    }

    fn are_more(&self) -> bool {
        self.is_sure && self.rate_b > self.rate_a
    }

    fn sentence(&self) -> String {
        let rates = format!("{} -> {}, {}", percent(self.rate_a), percent(self.rate_b), p_text(self.p));
        match (self.is_sure, self.are_more()) {
            (true, true) => format!("B fails more ({rates}): do not roll out"),
            (true, false) => format!("B fails less ({rates})"),
            (false, _) => format!("no difference in error rates can be shown ({rates})"),
        }
    }
}

/// Judges B against A.
fn judge(a: &Side, b: &Side, args: &JudgeArgs) -> Verdict {
    let (speed, failures) = (Speed::of(a, b, args), Failures::of(a, b, args.alpha));
    let (is_slower, fails_more) = (speed.is_slower(), failures.are_more());
    let empty = [("A", a), ("B", b)].into_iter().filter(|(_, side)| side.runs == 0);
    let mut sentences: Vec<String> =
        empty.map(|(name, _)| format!("{name} has no finished run: is its name or its window right?")).collect();
    sentences.extend([speed.sentence(a, b, args.threshold), failures.sentence()]);
    if !is_slower && !fails_more && speed.test.is_some() {
        sentences.push("nothing here speaks against B".to_owned());
    }
    let json = json!({
        "median_us": speed.medians_us, "change": speed.grown, "p": speed.test.map(|test| test.p),
        "superiority": speed.test.map(|test| test.superiority), "is_slower": is_slower,
        "error_rate": [failures.rate_a, failures.rate_b], "error_p": failures.p, "fails_more": fails_more,
    });
    Verdict { sentences, is_slower, fails_more, json }
}

pub(super) fn run(args: &CompareArgs) -> Result<u8, Failure> {
    let (args_a, args_b) = (side_args(&args.a, &args.source)?, side_args(&args.b, &args.source)?);
    let ((a, window_a), (b, window_b)) = (Side::read(&args_a)?, Side::read(&args_b)?);
    let verdict = judge(&a, &b, &args.judge);
    let mut found = Findings {
        head: vec!["", ">RUNS", ">FAILED", ">P50", ">P95", ">P99", ">MAX"],
        rows: vec![a.row(&format!("A  {}", args.a)), b.row(&format!("B  {}", args.b))],
        decisions: verdict.sentences,
        is_regression: verdict.is_slower || verdict.fails_more,
        ..Findings::default()
    };
    let side = |side: &Side, what: &str, window: Value| json!({ "what": what, "window": window, "runs": side.runs, "failed": side.failed, "ok_us": ranks(&side.ok) });
    found.json.insert("a".to_owned(), side(&a, &args.a, window_a));
    found.json.insert("b".to_owned(), side(&b, &args.b, window_b));
    found.json.insert("difference".to_owned(), verdict.json);
    found.json.insert("is_regression".to_owned(), found.is_regression.into());
    found.print(args.source.output, args.judge.fail_on_regression)
}

#[cfg(test)]
mod tests {
    use super::*;

    const JUDGE: JudgeArgs = JudgeArgs { threshold: 5.0, alpha: 0.01, fail_on_regression: false };

    fn side(ok: impl Iterator<Item = u64>, failed: u64) -> Side {
        let ok: Vec<u64> = ok.collect();
        Side { runs: ok.len() as u64 + failed, ok, failed }
    }

    #[test]
    fn a_slower_version_is_not_rolled_out() {
        let (a, b) = (side((0..100).map(|n| 100_000 + n), 1), side((0..100).map(|n| 112_000 + n), 1));
        let verdict = judge(&a, &b, &JUDGE);
        assert!(verdict.is_slower && !verdict.fails_more);
        assert!(
            verdict.sentences[0]
                .starts_with("B is slower by 12.0 % (median 100 ms -> 112 ms, p<0.001): do not roll out"),
            "{verdict:?}"
        );
        let back = judge(&b, &a, &JUDGE);
        assert!(!back.is_slower && back.sentences[0].starts_with("B is faster by 10.7 %"), "{back:?}");
    }

    #[test]
    fn small_and_uncertain_differences_do_not_count() {
        let (a, b) = (side((0..100).map(|n| 100_000 + n), 0), side((0..100).map(|n| 101_000 + n), 0));
        assert!(judge(&a, &b, &JUDGE).sentences[0].contains("less than the 5 % that count"));
        let noisy = |shift: u64| side((0..10).map(move |n| 100_000 + 50_000 * n + shift), 0);
        assert!(judge(&noisy(0), &noisy(20_000), &JUDGE).sentences[0].starts_with("no difference in speed"));
        assert!(judge(&side(0..9, 0), &Side::default(), &JUDGE).sentences[0].starts_with("B has no finished run"));
        let few = judge(&side(0..7, 0), &side(0..100, 0), &JUDGE);
        assert!(few.sentences[0].starts_with("too few") && !few.is_slower);
    }

    #[test]
    fn more_failures_are_a_regression_too() {
        let verdict = judge(&side((0..1_000).map(|_| 5), 10), &side((0..1_000).map(|_| 5), 60), &JUDGE);
        assert!(verdict.fails_more && !verdict.is_slower, "{verdict:?}");
    }
}
