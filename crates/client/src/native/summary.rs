//! Counts and percentiles of all runs that match: histogram, facets and statistics.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::filter::{number, target};
use super::{Cost, RunFilter, RunWindow, Watermark};
use crate::{Client, Error};

/// How a histogram divides the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Buckets {
    /// Into at most this many buckets.
    AtMost(u64),
    /// Into buckets of this many seconds.
    Seconds(u64),
}

/// What runs are counted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FacetKey {
    /// The namespace.
    Namespace,
    /// The function, with its namespace.
    Function,
    /// The version, with its function and namespace.
    Version,
    /// The version or alias, of any function.
    Qualifier,
    /// `ok`, `failed` or `running`.
    State,
    /// The return code.
    RetCode,
}

/// Which runs to count, and as of when.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SummaryQuery {
    /// Which runs.
    pub filter: RunFilter,
    /// The sequence number to answer as of. Absent: now.
    pub as_of: Option<u64>,
}

/// The matching runs by their start.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct HistogramAnswer {
    /// How many runs match: the sum of all buckets.
    pub total: u64,
    /// The buckets.
    pub histogram: Histogram,
    /// The window of starts. An open end became the end of the data, or now.
    pub window: RunWindow,
    /// The sequence number that the answer is as of, if the query gives one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub as_of: Option<u64>,
    /// The data that the answer could see.
    pub watermark: Watermark,
    /// What the answer cost the server.
    pub cost: Cost,
}

/// The matching runs by each of some keys.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct FacetsAnswer {
    /// How many runs match: the sum of each facet with its rest.
    pub total: u64,
    /// One facet for each key.
    pub facets: Vec<Facet>,
    /// The window of starts that was asked for.
    pub window: RunWindow,
    /// The sequence number that the answer is as of, if the query gives one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub as_of: Option<u64>,
    /// The data that the answer could see.
    pub watermark: Watermark,
    /// What the answer cost the server.
    pub cost: Cost,
}

/// Error rate and percentiles.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Stats {
    /// How many runs match, including those in flight.
    pub total: u64,
    /// Of all matching runs.
    pub all: Percentiles,
    /// Of each function version, the most frequent first.
    pub versions: Facet,
    /// The window of starts that was asked for.
    pub window: RunWindow,
    /// The sequence number that the answer is as of, if the query gives one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub as_of: Option<u64>,
    /// The data that the answer could see.
    pub watermark: Watermark,
    /// What the answer cost the server.
    pub cost: Cost,
}

/// Counts of runs by their start.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Histogram {
    /// The start of the first bucket, in Unix milliseconds.
    pub start_ms: i64,
    /// The width of a bucket, in milliseconds. The last bucket ends with the window, which may be earlier.
    pub width_ms: u64,
    /// Every bucket of the window, including empty ones.
    pub buckets: Vec<Bucket>,
}

/// The runs that started in one part of the window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Bucket {
    /// Runs that finished well.
    pub ok: u64,
    /// Runs that finished otherwise.
    pub failed: u64,
    /// Runs in flight.
    pub running: u64,
    /// Percentiles of the durations, in milliseconds, if the query asks for them and a run has finished.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration_ms: Option<Quantiles<f64>>,
    /// Percentiles of the peak memory, in bytes, if the query asks for them and a run has finished.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mem_bytes: Option<Quantiles<u64>>,
}

/// The matching runs by one key.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Facet {
    /// The key, as [`FacetKey`] displays it.
    pub by: String,
    /// The most frequent values, the most frequent first.
    pub values: Vec<FacetCount>,
    /// How many values are not listed.
    pub rest_values: u64,
    /// How many runs have a value that is not listed.
    pub rest_runs: u64,
}

/// A value of a facet, and its runs. The names, state or code that the key consists of are there, the others absent.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct FacetCount {
    /// The namespace.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// The function.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub function: Option<String>,
    /// The version or alias.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub qualifier: Option<String>,
    /// `ok`, `failed` or `running`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// The return code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ret_code: Option<i32>,
    /// How many runs have the value.
    pub runs: u64,
    /// Percentiles of those runs; of the versions of [`Stats`] only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub percentiles: Option<Percentiles>,
}

/// How long finished runs took, and how much memory they used.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Percentiles {
    /// Runs that have finished.
    pub finished: u64,
    /// Finished runs that failed.
    pub failed: u64,
    /// The share of the finished runs that failed, from 0 to 1.
    pub error_rate: f64,
    /// Of the durations, in milliseconds; absent if no run has finished.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration_ms: Option<Quantiles<f64>>,
    /// Of the peak memory, in bytes; absent if no run has finished.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mem_bytes: Option<Quantiles<u64>>,
}

/// Percentiles by nearest rank: each is a value that occurs.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Quantiles<T> {
    /// The median.
    pub p50: T,
    /// The 90th percentile.
    pub p90: T,
    /// The 95th percentile.
    pub p95: T,
    /// The 99th percentile.
    pub p99: T,
}

impl fmt::Display for Buckets {
    /// As the parameters `histogram` and `buckets` take it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AtMost(count) => write!(f, "{count}"),
            Self::Seconds(seconds) => write!(f, "{seconds}s"),
        }
    }
}

impl fmt::Display for FacetKey {
    /// As the parameters `facets` and `by` take it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Namespace => "namespace",
            Self::Function => "function",
            Self::Version => "version",
            Self::Qualifier => "qualifier",
            Self::State => "state",
            Self::RetCode => "ret_code",
        })
    }
}

impl FacetKey {
    /// Some keys as a parameter; `None` for none.
    pub(super) fn list(keys: &[Self]) -> Option<String> {
        let keys: Vec<String> = keys.iter().map(Self::to_string).collect();
        (!keys.is_empty()).then(|| keys.join(","))
    }
}

impl SummaryQuery {
    pub(super) fn target(&self, path: &str, own: &[(&'static str, Option<String>); 2]) -> String {
        let as_of = number(self.as_of);
        let [first, second] = own;
        let own = [("as_of", as_of.as_deref()), (first.0, first.1.as_deref()), (second.0, second.1.as_deref())];
        target(path, &self.filter, &own)
    }
}

impl Client {
    /// The matching runs by their start. Absent `buckets`: at most 60.
    ///
    /// # Errors
    /// As [`Client::runs`].
    pub fn histogram(&self, query: &SummaryQuery, buckets: Option<Buckets>) -> Result<HistogramAnswer, Error> {
        let buckets = buckets.map(|buckets| buckets.to_string());
        self.get(&query.target("histogram", &[("buckets", buckets), ("bucket_percentiles", None)]))
    }

    /// As [`Client::histogram`], with percentiles of each bucket in which a run finished.
    ///
    /// # Errors
    /// As [`Client::runs`].
    pub fn histogram_with_percentiles(
        &self,
        query: &SummaryQuery,
        buckets: Option<Buckets>,
    ) -> Result<HistogramAnswer, Error> {
        let (buckets, yes) = (buckets.map(|buckets| buckets.to_string()), Some("true".to_owned()));
        self.get(&query.target("histogram", &[("buckets", buckets), ("bucket_percentiles", yes)]))
    }

    /// The matching runs by some keys, or by every key if `by` is empty. `top` is how many values of each to list.
    ///
    /// # Errors
    /// As [`Client::runs`].
    pub fn facets(&self, query: &SummaryQuery, by: &[FacetKey], top: Option<u64>) -> Result<FacetsAnswer, Error> {
        self.get(&query.target("facets", &[("by", FacetKey::list(by)), ("top", number(top))]))
    }

    /// Error rate and percentiles of the matching runs, in all and by version. `top` is how many versions to list.
    ///
    /// # Errors
    /// As [`Client::runs`].
    pub fn stats(&self, query: &SummaryQuery, top: Option<u64>) -> Result<Stats, Error> {
        self.get(&query.target("stats", &[("by", None), ("top", number(top))]))
    }
}
