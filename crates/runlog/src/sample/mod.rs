//! A generated day of runs: seeded, so the same seed gives the same day to the byte.
//!
//! Function popularity follows Zipf's law (of 200 functions the first has about a quarter of all runs), durations are
//! log-normal around each function's own median, 2 % fail with a stack trace, and texts are English and Chinese.

mod text;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use rand_distr::{Distribution, LogNormal, Zipf};
use runlog_client::{NewRun, StartTime};
use runlog_core::limits::DAY_MS;

use text::{Outcome, log_text, pick};

/// Runs that fail.
const FAILED_SHARE: f64 = 0.02;

/// Zipf's exponent: 1.25 over 200 functions gives the first one about a quarter.
const ZIPF_EXPONENT: f64 = 1.25;

/// What to generate.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    /// The same seed gives the same runs.
    pub(crate) seed: u64,
    /// How many runs.
    pub(crate) runs: u64,
    /// How many functions.
    pub(crate) functions: u32,
    /// The day's first moment, in Unix milliseconds.
    pub(crate) day_start_ms: i64,
    /// Starts spread over this much of the day, in milliseconds.
    pub(crate) span_ms: i64,
}

impl Plan {
    /// A whole day.
    pub(crate) fn day(seed: u64, runs: u64, day_start_ms: i64) -> Self {
        Self { seed, runs, functions: 200, day_start_ms, span_ms: DAY_MS }
    }

    /// The runs, in the order of their starts.
    pub(crate) fn generate(self) -> impl Iterator<Item = NewRun> {
        let mut rng = StdRng::seed_from_u64(self.seed);
        let functions: Vec<Function> = (0..self.functions.max(1)).map(|rank| Function::new(rank, &mut rng)).collect();
        // Both parameters are constants in the distributions' ranges.
        let popularity = Zipf::new(functions.len() as f64, ZIPF_EXPONENT).ok();
        let spread = LogNormal::new(0.0, 0.8).ok();
        (0..self.runs).map(move |index| {
            let rank = popularity.map_or(1.0, |zipf| zipf.sample(&mut rng)) as usize - 1;
            let factor = spread.map_or(1.0, |spread| spread.sample(&mut rng));
            let share = (index as f64 + rng.random::<f64>()) / self.runs as f64;
            let start_ms = self.day_start_ms + (share * self.span_ms as f64) as i64;
            functions[rank.min(functions.len() - 1)].run(start_ms, factor, &mut rng)
        })
    }
}

/// A function with its habits.
struct Function {
    name: String,
    namespace: &'static str,
    median_ms: f64,
    memory_limit_mb: u64,
    memory_mb: f64,
    is_chinese: bool,
    /// About how many lines a run prints.
    lines: f64,
}

impl Function {
    fn new(rank: u32, rng: &mut StdRng) -> Self {
        let verb =
            pick(rng, &["resize", "sync", "send", "import", "charge", "index", "render", "notify", "clean", "audit"]);
        let noun =
            pick(rng, &["images", "orders", "mail", "users", "invoices", "feeds", "reports", "webhooks", "cache"]);
        let memory_limit_mb = *pick(rng, &[128, 128, 256, 512, 1024]);
        Self {
            name: format!("{verb}-{noun}-{rank:03}"),
            namespace: if rank % 10 == 9 { "batch" } else { "default" },
            median_ms: 10f64.powf(rng.random_range(0.3..3.3)),
            memory_limit_mb,
            memory_mb: memory_limit_mb as f64 * rng.random_range(0.1..0.8),
            is_chinese: rng.random_bool(0.3),
            lines: rng.random_range(2.0..14.0),
        }
    }

    fn run(&self, start_ms: i64, factor: f64, rng: &mut StdRng) -> NewRun {
        let outcome = if rng.random_bool(FAILED_SHARE) {
            *pick(rng, &[Outcome::Raised, Outcome::Raised, Outcome::Raised, Outcome::TimedOut, Outcome::OutOfMemory])
        } else {
            Outcome::Ok
        };
        let duration_us = (self.median_ms * factor * 1000.0).clamp(50.0, 9e8).round();
        let memory_mb = (self.memory_mb * rng.random_range(0.9..1.1)).min(self.memory_limit_mb as f64);
        let request_id = uuid::Builder::from_random_bytes(rng.random()).into_uuid().to_string();
        let lines = 1 + (self.lines * rng.random_range(0.3..2.0)) as usize;
        let body = log_text(outcome, self.is_chinese, start_ms, lines, rng);
        let ms = duration_us / 1000.0;
        let log = format!(
            "START RequestId: {request_id}\nEvent RequestId: {request_id}\n{body}END RequestId: {request_id}\n\
             Report RequestId: {request_id} Duration:{ms}ms Memory:{}MB MemUsage:{memory_mb:.6}MB\n",
            self.memory_limit_mb
        );
        NewRun {
            function_name: self.name.clone(),
            request_id: Some(request_id),
            start_time: Some(StartTime::UnixMs(start_ms)),
            duration: Some(ms),
            mem_usage: Some((memory_mb * f64::from(1 << 20)) as u64),
            ret_code: Some(outcome.ret_code()),
            ret_msg: Some(outcome.ret_msg(rng)),
            namespace: Some(self.namespace.to_owned()),
            qualifier: Some("$LATEST".to_owned()),
            log: Some(log),
            ..NewRun::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    #[test]
    fn one_seed_one_day() {
        let plan = Plan::day(7, 50, 1_780_000_000_000);
        let lines = |plan: Plan| plan.generate().map(|run| serde_json::to_string(&run).unwrap()).collect::<Vec<_>>();
        assert_eq!(lines(plan), lines(plan));
        assert_ne!(lines(plan), lines(Plan { seed: 8, ..plan }));
    }

    #[test]
    fn the_day_looks_as_promised() {
        let plan = Plan::day(1, 20_000, 1_780_000_000_000);
        let mut by_function = HashMap::<String, u64>::new();
        let (mut failed, mut bytes, mut last_ms) = (0, 0, i64::MIN);
        for run in plan.generate() {
            *by_function.entry(run.function_name.clone()).or_default() += 1;
            failed += u64::from(run.ret_code != Some(0));
            bytes += serde_json::to_vec(&run).unwrap().len();
            let Some(StartTime::UnixMs(start_ms)) = run.start_time else { panic!("a number") };
            assert!(start_ms >= last_ms && (plan.day_start_ms..plan.day_start_ms + DAY_MS).contains(&start_ms));
            last_ms = start_ms;
        }
        let most = by_function.values().max().copied().unwrap_or_default();
        assert!((4_000..6_500).contains(&most), "the first of 200 functions has about a quarter: {most}");
        assert!((300..500).contains(&failed), "2 % fail: {failed}");
        assert!((700..1_300).contains(&(bytes / 20_000)), "about 1 KB a run: {}", bytes / 20_000);
    }
}
