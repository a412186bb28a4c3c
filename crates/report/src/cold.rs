//! How many runs waited for an instance to start, and how long.

use std::collections::{BTreeMap, HashSet};

use serde_json::{Value, json};

use crate::findings::{Findings, percent, share};
use crate::memory::plural;
use crate::platform::{COLD, ColdStart, REPORTS, cold_start};
use crate::source::{Name, Source, Version, Window, window_json};
use crate::stats::ranks;
use crate::units;

/// From which share of cold starts on something should be done.
const SHARE_MAX: f64 = 0.05;

/// From which median on, in microseconds, a cold start is felt.
const FELT_US: u64 = 500_000;

/// The cold starts of a version.
#[derive(Debug, Default)]
struct Cold {
    total_us: Vec<u64>,
    /// The sums of the phases, in milliseconds, by name.
    phases_ms: BTreeMap<&'static str, f64>,
}

impl Cold {
    fn add(&mut self, start: &ColdStart) {
        self.total_us.push((start.total_ms * 1000.0).round() as u64);
        for (name, ms) in
            [("PullCode", start.code_ms), ("InitRuntime", start.runtime_ms), ("InitFunction", start.function_ms)]
        {
            if let Some(ms) = ms {
                *self.phases_ms.entry(name).or_default() += ms;
            }
        }
    }

    /// The advice; `runs` is the number of runs with data about cold starts.
    fn decision(&self, version: &Version, runs: u64) -> String {
        let cold = self.total_us.len() as u64;
        let part = share(cold, runs);
        let Some(of) = ranks(&self.total_us).filter(|_| cold > 0) else {
            return format!("{version}: no cold start among {} runs: nothing to do", units::count(runs));
        };
        let median = units::duration(of.p50 as f64 / 1000.0);
        let said = format!("{} of its runs waited {median} (median) for an instance", percent(part));
        if part < SHARE_MAX || of.p50 < FELT_US {
            return format!("{version}: leave it as it is: {said}");
        }
        let phase = self.phases_ms.iter().max_by(|a, b| a.1.total_cmp(b.1));
        let advice = match phase {
            Some((&"PullCode", _)) => "most of it fetches the code: make the package smaller, or keep instances warm",
            Some((&"InitFunction", _)) => {
                "most of it is the function's own initialisation: do less of it at the start, or keep instances warm"
            }
            Some(_) => "most of it starts the runtime: keep instances warm (provisioned concurrency)",
            None => "keep instances warm (provisioned concurrency), or initialise less",
        };
        format!("{version}: {said}: {advice}")
    }
}

/// How many runs of each version tell whether they were cold: those with a platform's report in their log.
fn witnesses<S: Source>(source: &S) -> Result<(BTreeMap<Name, u64>, u64), S::Error> {
    let (mut found, mut rest) = (BTreeMap::new(), 0);
    for text in REPORTS {
        let (versions, unlisted) = source.versions_with(text)?;
        versions.into_iter().for_each(|(name, runs)| *found.entry(name).or_default() += runs);
        rest += unlisted;
    }
    Ok((found, rest))
}

/// The cold starts of each version, by the lines that platforms write.
fn cold_starts<S: Source>(source: &S) -> Result<BTreeMap<Name, (Version, Cold)>, S::Error> {
    let mut cold: BTreeMap<Name, (Version, Cold)> = BTreeMap::new();
    let mut seen = HashSet::new();
    for text in COLD {
        source.each(source.window(), Some(text), &mut |run| {
            let Some(start) = cold_start(&run.log) else { return };
            let version = run.version;
            if seen.insert((version.clone(), run.request_id, run.retry_num)) {
                let name = (version.namespace.clone(), version.function.clone(), version.qualifier.clone());
                cold.entry(name).or_insert_with(|| (version, Cold::default())).1.add(&start);
            }
        })?;
    }
    Ok(cold)
}

/// The figures of a version.
struct Figures {
    version: Version,
    /// Runs with data about cold starts.
    runs: u64,
    cold: Cold,
}

impl Figures {
    fn of(name: Name, runs: u64, cold: Option<(Version, Cold)>) -> Self {
        let (version, mut cold) = cold.unwrap_or_else(|| {
            let (namespace, function, qualifier) = name;
            (Version { region: String::new(), namespace, function, qualifier }, Cold::default())
        });
        cold.total_us.sort_unstable();
        Self { version, runs, cold }
    }

    fn cold(&self) -> u64 {
        self.cold.total_us.len() as u64
    }

    fn waited_us(&self) -> u64 {
        self.cold.total_us.iter().sum()
    }

    fn row(&self) -> Vec<String> {
        let of = ranks(&self.cold.total_us);
        let ms = |us: Option<u64>| us.map_or("-".to_owned(), |us| units::duration(us as f64 / 1000.0));
        vec![
            self.version.to_string(),
            units::count(self.runs),
            units::count(self.cold()),
            percent(share(self.cold(), self.runs)),
            ms(of.map(|of| of.p50)),
            ms(of.map(|of| of.p95)),
            ms(of.map(|of| of.max)),
            ms(Some(self.waited_us())),
        ]
    }

    fn json(&self) -> Value {
        json!({
            "version": self.version, "runs": self.runs, "cold": self.cold(), "share": share(self.cold(), self.runs),
            "cold_us": ranks(&self.cold.total_us), "waited_us": self.waited_us(), "phases_ms": self.cold.phases_ms,
            "decision": self.cold.decision(&self.version, self.runs),
        })
    }
}

/// How many runs were cold starts, and what that cost in time.
///
/// # Errors
/// Those of the source.
pub fn cold<S: Source>(source: &S) -> Result<Findings, S::Error> {
    let (witnesses, unlisted) = witnesses(source)?;
    let mut cold = cold_starts(source)?;
    let figures: Vec<Figures> = witnesses
        .into_iter()
        .map(|(name, runs)| {
            let cold = cold.remove(&name);
            Figures::of(name, runs, cold)
        })
        .collect();
    // The exact number of all runs, to say how many have no data.
    let total = source.total()?;
    let told = figures.iter().map(|of| of.runs).sum::<u64>() + unlisted;
    Ok(findings(&figures, total.saturating_sub(told), source.window()))
}

/// The report; `silent` is the number of runs without data about cold starts.
fn findings(figures: &[Figures], silent: u64, window: Window) -> Findings {
    let mut found = Findings {
        head: vec!["FUNCTION", ">RUNS WITH DATA", ">COLD", ">SHARE", ">P50", ">P95", ">MAX", ">WAITED"],
        rows: figures.iter().map(Figures::row).collect(),
        decisions: figures.iter().map(|of| of.cold.decision(&of.version, of.runs)).collect(),
        ..Findings::default()
    };
    if silent > 0 {
        found.notes.push(format!(
            "{} {} in the window have no data: a cold start shows in a platform's `Init Report` or `REPORT` line, \
             which their logs lack; import platform logs, or have the function print these lines",
            units::count(silent),
            plural(silent, "run")
        ));
    }
    if figures.is_empty() {
        found.decisions.push("no run of this window has data about cold starts: nothing to decide".to_owned());
    }
    found.json.insert("window".to_owned(), window_json(window));
    found.json.insert("versions".to_owned(), figures.iter().map(Figures::json).collect());
    found.json.insert("runs_that_cannot_tell".to_owned(), silent.into());
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version() -> Version {
        Version { region: "r".into(), namespace: "default".into(), function: "f".into(), qualifier: "$LATEST".into() }
    }

    #[test]
    fn decisions_name_the_longest_phase() {
        let mut cold = Cold::default();
        assert!(cold.decision(&version(), 10).contains("nothing to do"));
        cold.add(&ColdStart {
            total_ms: 900.0,
            code_ms: Some(600.0),
            runtime_ms: Some(100.0),
            function_ms: Some(200.0),
        });
        assert!(cold.decision(&version(), 10).contains("package smaller"), "{}", cold.decision(&version(), 10));
        assert!(cold.decision(&version(), 100).contains("leave it as it is"));
    }
}
