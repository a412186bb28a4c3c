//! The configured memory of each function version against what its runs used.

use runlog_core::RET_MEMORY_LIMIT;
use serde_json::{Value, json};

use crate::findings::{Findings, percent};
use crate::platform::{Limit, limit_of};
use crate::source::{Run, Source, Version, Window, by_version, window_json};
use crate::stats::{Ranks, ranks};
use crate::units;

/// A mebibyte, in bytes: platforms say MB for it.
const MB: u64 = 1 << 20;

/// What is left free above the largest use, as a part of it.
const HEADROOM: f64 = 0.2;

/// From which part of the limit on a run is close to it.
const CLOSE: f64 = 0.95;

/// How memory is configured.
#[derive(Clone, Copy, Debug)]
pub struct Sizing {
    /// The configured memory, in MB, of versions whose logs have no Report line.
    pub limit_mb: Option<u64>,
    /// Memory is configured in steps of this many MB, at least 1; the smallest size is 64 MB.
    pub step_mb: u64,
    /// Runs that a version needs before less memory is advised.
    pub min_runs: u64,
}

impl Default for Sizing {
    /// No limit is known, steps of 128 MB, 30 runs.
    fn default() -> Self {
        Self { limit_mb: None, step_mb: 128, min_runs: 30 }
    }
}

/// What the runs of a version used.
#[derive(Debug, Default)]
pub(crate) struct Use {
    /// Peak memory of each run, in bytes.
    mem_bytes: Vec<u64>,
    /// Runs that were ended for their memory.
    killed: u64,
}

/// What to do about a version's memory.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Advice {
    /// Set less, in MB; this part of the GB-seconds is saved.
    Lower {
        to_mb: u64,
        saves: f64,
    },
    /// Set more, in MB.
    Raise {
        to_mb: u64,
        close: u64,
        killed: u64,
    },
    Keep,
    /// Too few runs to advise less.
    TooFew,
    /// No run says how much it used.
    NoFigures,
    /// Nothing says how much is configured.
    NoLimit,
}

impl Use {
    pub(crate) fn add(&mut self, run: &Run) {
        self.mem_bytes.push(run.mem_bytes);
        self.killed += u64::from(run.ret_code == RET_MEMORY_LIMIT);
    }

    /// Percentiles of the runs that say how much they used.
    fn ranks(&mut self) -> Option<Ranks> {
        self.mem_bytes.sort_unstable();
        let unknown = self.mem_bytes.partition_point(|bytes| *bytes == 0);
        ranks(self.mem_bytes.get(unknown..)?)
    }

    /// What to do under a limit, in bytes.
    pub(crate) fn advice(&mut self, limit_bytes: Option<u64>, sizing: &Sizing) -> Advice {
        let Some(limit) = limit_bytes else { return Advice::NoLimit };
        let step_up = |mb: u64| if mb <= 64 { 64 } else { mb.div_ceil(sizing.step_mb) * sizing.step_mb };
        let limit_mb = limit / MB;
        let used = self.ranks();
        let is_close = |bytes: &&u64| **bytes as f64 >= CLOSE * limit as f64;
        let close = self.mem_bytes.iter().filter(is_close).count() as u64;
        let wanted_mb = used.map(|used| step_up((used.max as f64 * (1.0 + HEADROOM) / MB as f64).ceil() as u64));
        if close > 0 || self.killed > 0 {
            let to_mb = wanted_mb.unwrap_or_default().max(step_up(limit_mb + 1));
            return Advice::Raise { to_mb, close, killed: self.killed };
        }
        let Some(to_mb) = wanted_mb else { return Advice::NoFigures };
        if to_mb >= limit_mb {
            return Advice::Keep;
        }
        if (self.mem_bytes.len() as u64) < sizing.min_runs {
            return Advice::TooFew;
        }
        Advice::Lower { to_mb, saves: 1.0 - to_mb as f64 / limit_mb as f64 }
    }
}

impl Advice {
    /// The sentence.
    pub(crate) fn text(&self, version: &Version, limit_mb: u64) -> String {
        match self {
            Advice::Lower { to_mb, saves } => {
                format!("{version}: set {to_mb} MB (now {limit_mb}): saves {} of its GB-seconds", percent(*saves))
            }
            Advice::Raise { to_mb, close: 0, killed } => format!(
                "{version}: raise to {to_mb} MB (now {limit_mb}): {killed} killed for memory, though no recorded peak \
                 is within 5 % of the limit; a run that allocates at once is killed before its peak is seen"
            ),
            Advice::Raise { to_mb, close, killed } => {
                let close = format!("{close} {} within 5 % of the limit", plural(*close, "run"));
                format!("{version}: raise to {to_mb} MB (now {limit_mb}): {close}, {killed} killed for memory")
            }
            Advice::Keep => format!("{version}: keep {limit_mb} MB"),
            Advice::TooFew => {
                format!("{version}: too few runs to advise less than {limit_mb} MB; look at a longer window")
            }
            Advice::NoFigures => format!("{version}: no run says how much memory it used"),
            Advice::NoLimit => format!("{version}: nothing says how much memory is configured; give --limit MB"),
        }
    }

    fn rank(&self) -> u8 {
        match self {
            Advice::Raise { .. } => 0,
            Advice::Lower { .. } => 1,
            Advice::NoLimit | Advice::NoFigures => 2,
            Advice::TooFew | Advice::Keep => 3,
        }
    }
}

/// A word for one or many.
pub(crate) fn plural(count: u64, word: &str) -> String {
    if count == 1 { word.to_owned() } else { format!("{word}s") }
}

/// The configured memory of a version: as its logs say, else as the flag does.
pub(crate) fn limit<S: Source>(source: &S, version: &Version, sizing: &Sizing) -> Result<Option<Limit>, S::Error> {
    let given = sizing.limit_mb.map(|mb| Limit { bytes: mb * MB, has_changed: false });
    Ok(limit_of(source, version)?.or(given))
}

/// The figures of a version, and what to do.
struct Figures {
    version: Version,
    runs: u64,
    killed: u64,
    used: Option<Ranks>,
    limit: Option<Limit>,
    advice: Advice,
}

impl Figures {
    fn of(version: Version, mut used: Use, limit: Option<Limit>, sizing: &Sizing) -> Self {
        let advice = used.advice(limit.map(|limit| limit.bytes), sizing);
        let (runs, killed, ranks) = (used.mem_bytes.len() as u64, used.killed, used.ranks());
        Self { version, runs, killed, used: ranks, limit, advice }
    }

    fn decision(&self) -> String {
        self.advice.text(&self.version, self.limit.map_or(0, |limit| limit.bytes / MB))
    }

    fn row(&self) -> Vec<String> {
        let size = |bytes: Option<u64>| bytes.map_or("-".to_owned(), units::size);
        vec![
            self.version.to_string(),
            units::count(self.runs),
            size(self.limit.map(|limit| limit.bytes)),
            size(self.used.map(|used| used.p50)),
            size(self.used.map(|used| used.p99)),
            size(self.used.map(|used| used.max)),
            self.killed.to_string(),
        ]
    }

    fn json(&self) -> Value {
        let (set_mb, saves) = match self.advice {
            Advice::Lower { to_mb, saves } => (Some(to_mb), Some(saves)),
            Advice::Raise { to_mb, .. } => (Some(to_mb), None),
            _ => (None, None),
        };
        json!({
            "version": self.version, "runs": self.runs, "limit_bytes": self.limit.map(|limit| limit.bytes),
            "mem_bytes": self.used, "killed": self.killed, "set_mb": set_mb, "saves": saves,
            "decision": self.decision(),
        })
    }
}

/// The configured memory of each version against what its runs used, and what to set.
///
/// # Errors
/// Those of the source.
pub fn memory<S: Source>(source: &S, sizing: &Sizing) -> Result<Findings, S::Error> {
    let mut figures = Vec::new();
    for (version, used) in by_version(source, source.window(), Use::add)? {
        let limit = limit(source, &version, sizing)?;
        figures.push(Figures::of(version, used, limit, sizing));
    }
    Ok(findings(&figures, source.window()))
}

fn findings(figures: &[Figures], window: Window) -> Findings {
    let mut found = Findings {
        head: vec!["FUNCTION", ">RUNS", ">LIMIT", ">P50", ">P99", ">MAX", ">KILLED"],
        rows: figures.iter().map(Figures::row).collect(),
        ..Findings::default()
    };
    let changed = figures.iter().filter(|of| of.limit.is_some_and(|limit| limit.has_changed));
    found
        .notes
        .extend(changed.map(|of| format!("{}: the limit changed within the window; the newest is taken", of.version)));
    let mut decisions: Vec<_> = figures.iter().map(|of| (of.advice.rank(), of.decision())).collect();
    decisions.sort();
    found.decisions = decisions.into_iter().map(|(_, text)| text).collect();
    if figures.is_empty() {
        found.decisions.push("no run finished in this window: nothing to decide".to_owned());
    } else {
        found.notes.push(
            "platforms give more CPU with more memory: after lowering it, `report compare` the durations".to_owned(),
        );
    }
    found.json.insert("window".to_owned(), window_json(window));
    found.json.insert("versions".to_owned(), figures.iter().map(Figures::json).collect());
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZING: Sizing = Sizing { limit_mb: None, step_mb: 128, min_runs: 30 };

    fn advice(mbs: &[u64], killed: u64, limit_mb: Option<u64>) -> Advice {
        let mut used = Use { mem_bytes: mbs.iter().map(|mb| mb * MB).collect(), killed };
        used.advice(limit_mb.map(|mb| mb * MB), &SIZING)
    }

    #[test]
    fn advice_follows_from_the_largest_use() {
        assert_eq!(advice(&[200; 30], 0, Some(512)), Advice::Lower { to_mb: 256, saves: 0.5 });
        assert_eq!(advice(&[40; 30], 0, Some(128)), Advice::Lower { to_mb: 64, saves: 0.5 });
        assert_eq!(advice(&[220; 30], 0, Some(256)), Advice::Keep, "a fifth of headroom");
        assert_eq!(advice(&[200; 29], 0, Some(512)), Advice::TooFew);
        assert_eq!(advice(&[0; 50], 0, Some(512)), Advice::NoFigures);
        assert_eq!(advice(&[10; 50], 0, None), Advice::NoLimit);
    }

    #[test]
    fn a_run_close_to_the_limit_or_killed_asks_for_more() {
        let mut runs = vec![10; 50];
        runs.extend([244, 250, 256]);
        assert_eq!(advice(&runs, 1, Some(256)), Advice::Raise { to_mb: 384, close: 3, killed: 1 });
        assert_eq!(advice(&[10; 5], 2, Some(256)), Advice::Raise { to_mb: 384, close: 0, killed: 2 });
    }
}
