//! Every function at a glance.

use serde::{Deserialize, Serialize};

use super::filter::number;
use super::{Bucket, Buckets, Cost, Percentiles, RunWindow, SummaryQuery, Watermark};
use crate::{Client, Error};

/// Every function that the key may read, at a glance.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Overview {
    /// How many runs of the listed functions are in the window.
    pub total: u64,
    /// The start of the first bucket of each function, in Unix milliseconds.
    pub start_ms: i64,
    /// The width of a bucket, in milliseconds. The last bucket ends with the window, which may be earlier.
    pub width_ms: u64,
    /// The functions, those with the latest runs first.
    pub functions: Vec<FunctionGlance>,
    /// How many functions are not listed.
    pub rest_functions: u64,
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

/// A function at a glance.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct FunctionGlance {
    /// The region.
    pub region: String,
    /// The namespace.
    pub namespace: String,
    /// The function.
    pub function: String,
    /// Its versions and aliases.
    pub qualifiers: Vec<String>,
    /// The earliest start of all runs ever accepted, in Unix milliseconds.
    pub first_start_ms: i64,
    /// The latest start of all runs ever accepted, in Unix milliseconds.
    pub last_start_ms: i64,
    /// How many runs match, in the window.
    pub runs: u64,
    /// How many are in flight now, in any window.
    pub running: u64,
    /// Of the runs in the window.
    pub percentiles: Percentiles,
    /// The largest peak memory in the window, in bytes. Absent without a finished run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mem_max_bytes: Option<u64>,
    /// The runs in the window by their start.
    pub buckets: Vec<Bucket>,
    /// The newest finished run, in any window.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last: Option<LastRun>,
    /// When the newest successful run started, in Unix milliseconds, in any window.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_ok_ms: Option<i64>,
}

/// The newest finished run of a function.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
#[non_exhaustive]
pub struct LastRun {
    /// The run's id in its function.
    pub request_id: String,
    /// When it started, in Unix milliseconds.
    pub start_time: i64,
    /// How long it took, in milliseconds.
    pub duration: f64,
    /// The return code.
    pub ret_code: i32,
    /// The first 200 characters of the return message.
    pub ret_msg: String,
    /// The version or alias.
    pub qualifier: String,
    /// 0 for the first attempt.
    pub retry_num: u8,
    /// The peak memory, in bytes.
    pub mem_usage: u64,
}

impl Client {
    /// Every function that the key may read, at a glance. Absent `buckets`: at most 60 for each. Absent `functions`: at
    /// most 200. The query's filter may have neither a keyword nor a request id.
    ///
    /// # Errors
    /// As [`Client::runs`].
    pub fn overview(
        &self,
        query: &SummaryQuery,
        buckets: Option<Buckets>,
        functions: Option<u64>,
    ) -> Result<Overview, Error> {
        let buckets = buckets.map(|buckets| buckets.to_string());
        self.get(&query.target("overview", &[("buckets", buckets), ("functions", number(functions))]))
    }
}
