//! Phases: they run one after the other even if one fails, and are counted and reported in one table.
//!
//! Invariant: nothing is left out silently. What cannot run here is counted as skipped, with its reason.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::Result;

/// What a phase found. A phase without cases of its own counts as one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
    pub(crate) skipped: u64,
    /// Why it failed or was skipped.
    pub(crate) reason: String,
}

impl Outcome {
    pub(crate) fn passed() -> Self {
        Self { passed: 1, ..Self::default() }
    }

    pub(crate) fn failed(reason: impl Into<String>) -> Self {
        Self { failed: 1, reason: reason.into(), ..Self::default() }
    }

    pub(crate) fn skipped(reason: impl Into<String>) -> Self {
        Self { skipped: 1, reason: reason.into(), ..Self::default() }
    }

    /// A runner that fails without counting a failure (it did not compile, it crashed), or runs nothing, has failed.
    pub(crate) fn of_runner(self, success: bool) -> Self {
        if success && self.passed + self.failed > 0 || self.failed > 0 {
            return self;
        }
        let reason = if success { "it ran no test" } else { "the runner itself failed, see above" };
        Self { failed: 1, reason: reason.into(), ..self }
    }

    fn verdict(&self) -> &'static str {
        match self {
            Self { failed: 1.., .. } => "FAILED",
            Self { passed: 0, .. } => "skipped",
            _ => "passed",
        }
    }
}

/// One thing to check.
pub(crate) struct Phase {
    pub(crate) name: String,
    pub(crate) run: Box<dyn FnOnce() -> Result<Outcome>>,
}

/// Runs the phases, prints the table, and returns the exit code: 1 if anything failed.
pub(crate) fn run(phases: Vec<Phase>) -> ExitCode {
    let start = Instant::now();
    let mut done: Vec<(String, Outcome, Duration)> = Vec::new();
    for Phase { name, run } in phases {
        println!("\n=== {name}");
        let start = Instant::now();
        let outcome = run().unwrap_or_else(|error| Outcome::failed(format!("{error:#}")));
        let took = start.elapsed();
        println!("=== {name}: {} in {:.1} s {}", outcome.verdict(), took.as_secs_f64(), outcome.reason);
        done.push((name, outcome, took));
    }
    print!("{}", table(&done, start.elapsed()));
    ExitCode::from(u8::from(done.iter().any(|(_, outcome, _)| outcome.failed > 0)))
}

fn table(done: &[(String, Outcome, Duration)], took: Duration) -> String {
    let head = ("phase", "verdict", "passed", "failed", "skipped", "time");
    let mut text = format!("\n{:<16}{:<9}{:>7}{:>8}{:>9}{:>9}\n", head.0, head.1, head.2, head.3, head.4, head.5);
    let mut sum = Outcome::default();
    for (name, outcome, took) in done {
        let Outcome { passed, failed, skipped, reason } = outcome;
        let verdict = outcome.verdict();
        let line =
            format!("{name:<16}{verdict:<9}{passed:>7}{failed:>8}{skipped:>9}{:>7.1} s  {reason}", took.as_secs_f64());
        text += &format!("{}\n", line.trim_end());
        sum.passed += passed;
        sum.failed += failed;
        sum.skipped += skipped;
    }
    text += &format!("\nIn {:.0} s.\n{} passed, {} failed", took.as_secs_f64(), sum.passed, sum.failed);
    if sum.skipped > 0 {
        text += &format!(", {} skipped", sum.skipped);
    }
    text + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_ends_in_the_sum_alone_on_its_line() {
        let of = |passed, skipped| Outcome { passed, skipped, ..Outcome::default() };
        let done = [("a".to_owned(), of(2, 0), Duration::ZERO), ("b".to_owned(), of(3, 1), Duration::ZERO)];
        assert_eq!(table(&done, Duration::ZERO).lines().last(), Some("5 passed, 0 failed, 1 skipped"));
        assert_eq!(table(&done[..1], Duration::ZERO).lines().last(), Some("2 passed, 0 failed"));
    }

    #[test]
    fn a_runner_that_crashes_or_runs_nothing_has_failed() {
        assert_eq!(Outcome::passed().of_runner(true).verdict(), "passed");
        assert_eq!(Outcome::passed().of_runner(false).verdict(), "FAILED");
        assert_eq!(Outcome::default().of_runner(true).verdict(), "FAILED");
        let skipped = Outcome::skipped("no network");
        assert_eq!(skipped.of_runner(true).verdict(), "FAILED");
    }
}
