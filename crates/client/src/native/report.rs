//! Reports: figures of finished runs that end in a decision.

use serde_json::{Map, Value};

use super::RunFilter;
use super::filter::{number, target};
use crate::{Client, Error};

/// What a report is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReportKind {
    /// The configured memory of each version against what its runs used.
    Memory,
    /// How many runs were cold starts.
    Cold,
    /// GB-seconds and money.
    Cost,
    /// Percentiles, the slowest runs, and what became slower.
    Slow,
    /// Whether B is slower, or fails more, than A.
    Compare,
}

/// Which runs a report is about, and how it judges them. A report takes only the fields that it names.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ReportQuery {
    /// Which runs: function, namespace, qualifier, region and window; nothing else.
    pub filter: RunFilter,
    /// The sequence number to answer as of. Absent: now.
    pub as_of: Option<u64>,
    /// Memory, cost: the configured memory, in MB, where no log says it.
    pub limit_mb: Option<u64>,
    /// Memory, cost: the step of sizes, in MB.
    pub step_mb: Option<u64>,
    /// Memory, cost: the runs that a version needs before less memory is advised.
    pub min_runs: Option<u64>,
    /// Cost: the price of a GB-second.
    pub price_gbs: Option<f64>,
    /// Cost: the price of a million requests.
    pub price_request: Option<f64>,
    /// Slow, compare: by how many per cent the median must differ.
    pub threshold: Option<f64>,
    /// Slow, compare: how likely a difference may be by chance alone.
    pub alpha: Option<f64>,
    /// Slow: how many of the slowest runs to list.
    pub slowest: Option<u64>,
    /// Compare: the baseline, such as `version=1`.
    pub a: Option<String>,
    /// Compare: the candidate.
    pub b: Option<String>,
}

impl Client {
    /// A report, as `runlog report KIND -o json` prints it, with `watermark` and `cli`.
    ///
    /// # Errors
    /// As [`Client::runs`].
    pub fn report(&self, kind: ReportKind, query: &ReportQuery) -> Result<Map<String, Value>, Error> {
        let path = match kind {
            ReportKind::Memory => "reports/memory",
            ReportKind::Cold => "reports/cold",
            ReportKind::Cost => "reports/cost",
            ReportKind::Slow => "reports/slow",
            ReportKind::Compare => "reports/compare",
        };
        let decimal = |number: Option<f64>| number.map(|number| number.to_string());
        let given = [
            ("as_of", number(query.as_of)),
            ("limit_mb", number(query.limit_mb)),
            ("step_mb", number(query.step_mb)),
            ("min_runs", number(query.min_runs)),
            ("price_gbs", decimal(query.price_gbs)),
            ("price_request", decimal(query.price_request)),
            ("threshold", decimal(query.threshold)),
            ("alpha", decimal(query.alpha)),
            ("slowest", number(query.slowest)),
            ("a", query.a.clone()),
            ("b", query.b.clone()),
        ];
        let own: Vec<_> = given.iter().map(|(name, value)| (*name, value.as_deref())).collect();
        self.get(&target(path, &query.filter, &own))
    }
}
