//! Whether B is slower, or fails more, than A.
//!
//! Durations are compared of runs that succeeded, since a run that fails at once is not a fast one, by Mann-Whitney's
//! test, which asks nothing of their distribution; error rates by Fisher's exact test. A difference counts when it is
//! unlikely by chance ([`Judge::alpha`]) and, for durations, as large as [`Judge::threshold_percent`].

use runlog_core::{RET_OK, moment};
use serde_json::{Value, json};

use crate::findings::{Findings, p_text, percent, share};
use crate::slow::{Judge, change, ms, signed};
use crate::source::{Run, Source, window_json};
use crate::stats::{Difference, SAMPLE_MIN, fisher, mann_whitney, ranks};
use crate::units;

/// What one side of a comparison says of itself; anything absent is the same for both.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Side {
    /// The function.
    pub function: Option<String>,
    /// The namespace.
    pub namespace: Option<String>,
    /// The version or alias.
    pub version: Option<String>,
    /// The earliest start, as people write moments.
    pub from: Option<String>,
    /// The first start that is too late.
    pub to: Option<String>,
    /// How far to look back, in milliseconds; instead of `from`.
    pub since_ms: Option<i64>,
}

impl Side {
    /// Reads a version, or `function=`, `namespace=`, `version=`, `since=`, `from=`, `to=` separated by commas.
    ///
    /// # Errors
    /// A sentence for the user.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut side = Self::default();
        for part in text.split(',') {
            let (name, value) = part.split_once('=').unwrap_or(("version", part));
            if value.is_empty() {
                return Err(format!("`{part}` has no value; write it as version=2 or function=NAME"));
            }
            let value = value.to_owned();
            match name.trim() {
                "function" => side.function = Some(value),
                "namespace" => side.namespace = Some(value),
                "version" | "qualifier" => side.version = Some(value),
                "from" => (side.from, side.since_ms) = (Some(value), None),
                "to" => side.to = Some(value),
                "since" => {
                    let since_ms = moment::span_ms(&value).map_err(|error| format!("since: {error}"))?;
                    (side.since_ms, side.from) = (Some(since_ms), None);
                }
                name => {
                    let known = "function, namespace, version, since, from, to";
                    return Err(format!("`{name}` cannot be compared; there is {known}"));
                }
            }
        }
        Ok(side)
    }
}

/// One side of the comparison, durations in microseconds, ascending.
#[derive(Debug, Default)]
struct Sample {
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

impl Sample {
    fn add(&mut self, run: &Run) {
        self.runs += 1;
        if run.ret_code == RET_OK {
            self.ok.push(run.duration_us);
        } else {
            self.failed += 1;
        }
    }

    fn read<S: Source>(source: &S) -> Result<Self, S::Error> {
        let mut side = Self::default();
        source.each(source.window(), None, &mut |run| side.add(&run))?;
        side.ok.sort_unstable();
        Ok(side)
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
    fn of(a: &Sample, b: &Sample, judge: &Judge) -> Self {
        let medians_us = ranks(&a.ok).zip(ranks(&b.ok)).map(|(a, b)| (a.p50, b.p50));
        let test = mann_whitney(&a.ok, &b.ok);
        let grown = medians_us.map(|(a, b)| change(a, b));
        Self {
            medians_us,
            grown,
            test,
            is_sure: test.is_some_and(|test| test.p < judge.alpha),
            is_large: grown.is_some_and(|grown| grown.abs() * 100.0 >= judge.threshold_percent),
        }
    }

    fn is_slower(&self) -> bool {
        self.is_sure && self.is_large && self.grown.is_some_and(|grown| grown > 0.0)
    }

    fn sentence(&self, a: &Sample, b: &Sample, threshold_percent: f64) -> String {
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
    fn of(a: &Sample, b: &Sample, alpha: f64) -> Self {
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
fn judged(a: &Sample, b: &Sample, judge: &Judge) -> Verdict {
    let (speed, failures) = (Speed::of(a, b, judge), Failures::of(a, b, judge.alpha));
    let (is_slower, fails_more) = (speed.is_slower(), failures.are_more());
    let empty = [("A", a), ("B", b)].into_iter().filter(|(_, side)| side.runs == 0);
    let mut sentences: Vec<String> =
        empty.map(|(name, _)| format!("{name} has no finished run: is its name or its window right?")).collect();
    sentences.extend([speed.sentence(a, b, judge.threshold_percent), failures.sentence()]);
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

/// Whether B is slower, or fails more, than A; each is a source and what the user calls it.
///
/// # Errors
/// Those of the sources.
pub fn compare<S: Source>(a: (&S, &str), b: (&S, &str), judge: &Judge) -> Result<Findings, S::Error> {
    let (of_a, of_b) = (Sample::read(a.0)?, Sample::read(b.0)?);
    let verdict = judged(&of_a, &of_b, judge);
    let mut found = Findings {
        head: vec!["", ">RUNS", ">FAILED", ">P50", ">P95", ">P99", ">MAX"],
        rows: vec![of_a.row(&format!("A  {}", a.1)), of_b.row(&format!("B  {}", b.1))],
        decisions: verdict.sentences,
        is_regression: verdict.is_slower || verdict.fails_more,
        ..Findings::default()
    };
    for (name, sample, (source, what)) in [("a", &of_a, a), ("b", &of_b, b)] {
        let side = json!({ "what": what, "window": window_json(source.window()), "runs": sample.runs,
                           "failed": sample.failed, "ok_us": ranks(&sample.ok) });
        found.json.insert(name.to_owned(), side);
    }
    found.json.insert("difference".to_owned(), verdict.json);
    found.json.insert("is_regression".to_owned(), found.is_regression.into());
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    const JUDGE: Judge = Judge { threshold_percent: 5.0, alpha: 0.01 };

    fn side(ok: impl Iterator<Item = u64>, failed: u64) -> Sample {
        let ok: Vec<u64> = ok.collect();
        Sample { runs: ok.len() as u64 + failed, ok, failed }
    }

    #[test]
    fn sides() {
        let side = Side::parse("function=f,version=1,from=2h").unwrap();
        assert_eq!((side.function.as_deref(), side.version.as_deref()), (Some("f"), Some("1")));
        assert_eq!((side.from.as_deref(), side.since_ms), (Some("2h"), None));
        let later = Side::parse("from=2h,since=1h").unwrap();
        assert_eq!((later.from, later.since_ms), (None, Some(3_600_000)));
        for text in ["", "function=", "colour=red", "since=soon"] {
            assert!(Side::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_slower_version_is_not_rolled_out() {
        let (a, b) = (side((0..100).map(|n| 100_000 + n), 1), side((0..100).map(|n| 112_000 + n), 1));
        let verdict = judged(&a, &b, &JUDGE);
        assert!(verdict.is_slower && !verdict.fails_more);
        assert!(
            verdict.sentences[0]
                .starts_with("B is slower by 12.0 % (median 100 ms -> 112 ms, p<0.001): do not roll out"),
            "{verdict:?}"
        );
        let back = judged(&b, &a, &JUDGE);
        assert!(!back.is_slower && back.sentences[0].starts_with("B is faster by 10.7 %"), "{back:?}");
    }

    #[test]
    fn small_and_uncertain_differences_do_not_count() {
        let (a, b) = (side((0..100).map(|n| 100_000 + n), 0), side((0..100).map(|n| 101_000 + n), 0));
        assert!(judged(&a, &b, &JUDGE).sentences[0].contains("less than the 5 % that count"));
        let noisy = |shift: u64| side((0..10).map(move |n| 100_000 + 50_000 * n + shift), 0);
        assert!(judged(&noisy(0), &noisy(20_000), &JUDGE).sentences[0].starts_with("no difference in speed"));
        assert!(judged(&side(0..9, 0), &Sample::default(), &JUDGE).sentences[0].starts_with("B has no finished run"));
        let few = judged(&side(0..7, 0), &side(0..100, 0), &JUDGE);
        assert!(few.sentences[0].starts_with("too few") && !few.is_slower);
    }

    #[test]
    fn more_failures_are_a_regression_too() {
        let verdict = judged(&side((0..1_000).map(|_| 5), 10), &side((0..1_000).map(|_| 5), 60), &JUDGE);
        assert!(verdict.fails_more && !verdict.is_slower, "{verdict:?}");
    }
}
