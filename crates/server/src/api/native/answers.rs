//! The answers of the native API as types, from which their JSON and its description in OpenAPI follow.
//!
//! Times end in `_ms` and are Unix milliseconds. Every answer has a watermark and its cost.

use runlog_core as core;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Serialize, Serializer};

use super::fields::Selection;
use super::params::FACET_KEYS;

/// A page of runs.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Runs<'a> {
    /// The page. It ends early, with a `next`, if its texts are long.
    pub(crate) runs: RunList<'a>,
    /// The number of matching runs, whatever the page.
    pub(crate) total: u64,
    /// The `cursor` of the next page; absent if there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) next: Option<String>,
    /// All matching runs by their start.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) histogram: Option<Histogram>,
    /// All matching runs by each requested key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) facets: Option<Vec<Facet>>,
    /// Durations and memory of all matching runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) percentiles: Option<Percentiles>,
    #[serde(flatten)]
    pub(crate) basis: Basis,
}

/// One run: every attempt of it.
#[derive(Serialize, JsonSchema)]
pub(crate) struct OneRun<'a> {
    /// Every attempt, the earliest first.
    pub(crate) runs: RunList<'a>,
    /// The number of attempts; `runs` omits the last ones if the texts are very long.
    pub(crate) total: u64,
    /// The run of the same function that started before the first attempt.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) previous: Option<Neighbour<'a>>,
    /// The run of the same function that started after the last attempt.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) next: Option<Neighbour<'a>>,
    #[serde(flatten)]
    pub(crate) basis: Basis,
}

/// The matching runs by their start.
#[derive(Serialize, JsonSchema)]
pub(crate) struct HistogramAnswer {
    /// The number of matching runs: the sum of all buckets.
    pub(crate) total: u64,
    pub(crate) histogram: Histogram,
    #[serde(flatten)]
    pub(crate) basis: Basis,
}

/// The matching runs by some keys.
#[derive(Serialize, JsonSchema)]
pub(crate) struct FacetsAnswer {
    /// The number of matching runs: the sum of each facet with its rest.
    pub(crate) total: u64,
    pub(crate) facets: Vec<Facet>,
    #[serde(flatten)]
    pub(crate) basis: Basis,
}

/// Error rate and percentiles, of all matching runs and by function and version.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Stats {
    /// The number of matching runs, including those in flight.
    pub(crate) total: u64,
    /// The figures of all matching runs.
    pub(crate) all: Percentiles,
    /// The figures of each function version, most frequent first.
    pub(crate) versions: Facet,
    #[serde(flatten)]
    pub(crate) basis: Basis,
}

/// The functions that the key may read.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Functions {
    pub(crate) functions: Vec<Function>,
    /// The number of functions in the list.
    pub(crate) total: u64,
    #[serde(flatten)]
    pub(crate) basis: Basis,
}

/// A function. It exists from its first run on, even after its runs are removed.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Function {
    pub(crate) region: String,
    pub(crate) namespace: String,
    pub(crate) function: String,
    /// Its versions and aliases.
    pub(crate) qualifiers: Vec<String>,
    /// The earliest start of any run ever accepted.
    pub(crate) first_start_ms: i64,
    /// The latest start of any run ever accepted.
    pub(crate) last_start_ms: i64,
}

/// The data that an answer covers, and its cost.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Basis {
    /// The window of the query.
    pub(crate) window: Window,
    /// The sequence number that the query gave as `as_of`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) as_of: Option<u64>,
    pub(crate) watermark: Watermark,
    pub(crate) cost: Cost,
}

/// Starts from `from_ms` (inclusive) to `to_ms` (exclusive); an end that is absent is open.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Window {
    #[serde(skip_serializing_if = "Option::is_none")]
    from_ms: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    to_ms: Option<i64>,
}

/// The data that an answer covers, so that a reader knows whether anything may be missing.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Watermark {
    /// The last accepted sequence number that the answer could see.
    seq: u64,
    /// Runs that started earlier may have been removed. Absent: everything is kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    retained_from_ms: Option<i64>,
    /// Files that could not be read. Their runs are missing.
    set_aside_files: u64,
}

/// The cost of an answer.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Cost {
    /// Rows that were examined.
    rows_read: u64,
    /// Blocks that were decoded.
    blocks_read: u64,
    /// Bytes that were decoded.
    bytes_read: u64,
    /// Time spent in the engine, in microseconds.
    elapsed_us: u64,
}

/// The matching runs by their start.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Histogram {
    /// The start of the first bucket.
    start_ms: i64,
    /// The width of a bucket; the last one may end earlier, with the window.
    width_ms: u64,
    /// Every bucket of the window, including empty ones.
    buckets: Vec<Bucket>,
}

/// The runs that started in one part of the window.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Bucket {
    ok: u64,
    failed: u64,
    running: u64,
    /// Percentiles of the durations, with `bucket_percentiles`; absent if no run has finished.
    #[serde(skip_serializing_if = "Option::is_none")]
    duration_ms: Option<DurationQuantiles>,
    /// Percentiles of the peak memory, with `bucket_percentiles`; absent if no run has finished.
    #[serde(skip_serializing_if = "Option::is_none")]
    mem_bytes: Option<MemoryQuantiles>,
}

/// The matching runs by one key.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Facet {
    /// The key.
    by: &'static str,
    /// The most frequent values, in descending order.
    values: Vec<FacetCount>,
    /// The number of values that are not listed.
    rest_values: u64,
    /// The number of runs with one of those values.
    rest_runs: u64,
}

/// A value of a facet: the names that make up its key, or the state or code.
#[derive(Default, Serialize, JsonSchema)]
struct FacetCount {
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    function: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    qualifier: Option<String>,
    /// `ok`, `failed` or `running`.
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ret_code: Option<i32>,
    /// The number of runs with the value.
    runs: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    percentiles: Option<Percentiles>,
}

/// Durations and memory of finished runs.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Percentiles {
    /// Runs that have finished.
    finished: u64,
    /// Finished runs with a return code other than 0.
    failed: u64,
    /// The share of finished runs that failed, from 0 to 1.
    error_rate: f64,
    /// Percentiles of the durations; absent if no run has finished.
    #[serde(skip_serializing_if = "Option::is_none")]
    duration_ms: Option<DurationQuantiles>,
    /// Percentiles of the peak memory; absent if no run has finished.
    #[serde(skip_serializing_if = "Option::is_none")]
    mem_bytes: Option<MemoryQuantiles>,
}

/// Percentiles of durations, in milliseconds. Each is a value that occurs: the `p`th percentile of `n` ascending values
/// has rank `ceil(p * n / 100)`, counted from 1.
#[derive(Serialize, JsonSchema)]
struct DurationQuantiles {
    p50: f64,
    p90: f64,
    p95: f64,
    p99: f64,
}

/// Percentiles of peak memory, in bytes.
#[derive(Serialize, JsonSchema)]
struct MemoryQuantiles {
    p50: u64,
    p90: u64,
    p95: u64,
    p99: u64,
}

/// An error.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Error {
    /// A short stable name.
    code: String,
    /// The problem, and what to do about it.
    message: String,
}

/// Accepted reports that were removed before the tail reached them: the data of a tail's `gap` event. It is not known
/// which of them would have matched.
#[derive(Serialize, JsonSchema)]
#[serde(rename = "Gap", rename_all = "PascalCase")]
pub(crate) struct GapEvent {
    /// Nothing up to this sequence number is missing.
    pub(crate) after_seq: u64,
    /// Nothing after this sequence number is missing.
    pub(crate) to_seq: u64,
    /// Whether retention removed some of them.
    pub(crate) by_retention: bool,
    /// Whether some were in damaged files.
    pub(crate) by_damage: bool,
}

/// Runs with some of their fields.
pub(crate) struct RunList<'a> {
    pub(crate) rows: &'a [core::Row],
    pub(crate) fields: &'a Selection,
}

/// A run beside another one, with some of its fields.
pub(crate) struct Neighbour<'a> {
    pub(crate) row: &'a core::Row,
    pub(crate) fields: &'a Selection,
}

impl Basis {
    pub(crate) fn new(query: &core::Query, answer: &core::Answer) -> Self {
        let core::Window { start_ms, end_ms } = query.window;
        Self {
            window: Window {
                from_ms: Some(start_ms).filter(|ms| *ms != i64::MIN),
                to_ms: Some(end_ms).filter(|ms| *ms != i64::MAX),
            },
            as_of: query.as_of,
            watermark: Watermark::of(answer),
            cost: Cost::of(answer),
        }
    }
}

impl Watermark {
    pub(crate) fn of(answer: &core::Answer) -> Self {
        let core::Watermark { seq, retained_from_ms, set_aside_files, .. } = answer.watermark;
        Self { seq, retained_from_ms, set_aside_files }
    }
}

impl Cost {
    pub(crate) fn of(answer: &core::Answer) -> Self {
        let core::Cost { rows_read, blocks_read, bytes_read, elapsed_us, .. } = answer.cost;
        Self { rows_read, blocks_read, bytes_read, elapsed_us }
    }
}

impl From<core::Histogram> for Histogram {
    fn from(histogram: core::Histogram) -> Self {
        let buckets = histogram.buckets.into_iter().map(Into::into).collect();
        Self { start_ms: histogram.start_ms, width_ms: histogram.width_ms, buckets }
    }
}

impl From<core::Bucket> for Bucket {
    fn from(core::Bucket { ok, failed, running, quantiles }: core::Bucket) -> Self {
        let duration_ms = quantiles.map(|of| DurationQuantiles::of_us(of.duration_us));
        let mem_bytes = quantiles.map(|of| of.mem_bytes.into());
        Self { ok, failed, running, duration_ms, mem_bytes }
    }
}

impl DurationQuantiles {
    /// From percentiles in microseconds.
    fn of_us(core::Quantiles { p50, p90, p95, p99 }: core::Quantiles) -> Self {
        let ms = |us: u64| us as f64 / 1000.0;
        Self { p50: ms(p50), p90: ms(p90), p95: ms(p95), p99: ms(p99) }
    }
}

impl From<core::Quantiles> for MemoryQuantiles {
    fn from(core::Quantiles { p50, p90, p95, p99 }: core::Quantiles) -> Self {
        Self { p50, p90, p95, p99 }
    }
}

impl From<core::Facet> for Facet {
    fn from(facet: core::Facet) -> Self {
        let (by, _) = *FACET_KEYS.iter().find(|(_, key)| *key == facet.by).expect("each key has a name");
        let count = |count: core::FacetCount| {
            let counted =
                FacetCount { runs: count.runs, percentiles: count.percentiles.map(Into::into), ..Default::default() };
            match (count.value, facet.by) {
                (core::FacetValue::Name(name), core::FacetKey::Qualifier) => {
                    FacetCount { qualifier: Some(name), ..counted }
                }
                (core::FacetValue::Name(name), _) => FacetCount { namespace: Some(name), ..counted },
                (core::FacetValue::Function(namespace, function), _) => {
                    FacetCount { namespace: Some(namespace), function: Some(function), ..counted }
                }
                (core::FacetValue::Version(namespace, function, qualifier), _) => FacetCount {
                    namespace: Some(namespace),
                    function: Some(function),
                    qualifier: Some(qualifier),
                    ..counted
                },
                (core::FacetValue::State(state), _) => FacetCount { state: Some(state_name(state)), ..counted },
                (core::FacetValue::Code(code), _) => FacetCount { ret_code: Some(code), ..counted },
            }
        };
        Self {
            by,
            values: facet.values.into_iter().map(count).collect(),
            rest_values: facet.rest_values,
            rest_runs: facet.rest_runs,
        }
    }
}

fn state_name(state: core::RunState) -> &'static str {
    match state {
        core::RunState::Ok => "ok",
        core::RunState::Failed => "failed",
        core::RunState::Running => "running",
    }
}

impl From<core::Percentiles> for Percentiles {
    fn from(found: core::Percentiles) -> Self {
        Self {
            finished: found.finished,
            failed: found.failed,
            error_rate: found.error_rate(),
            duration_ms: found.duration_us.map(DurationQuantiles::of_us),
            mem_bytes: found.mem_bytes.map(Into::into),
        }
    }
}

impl Serialize for RunList<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.rows.iter().map(|row| self.fields.json(row, None)))
    }
}

impl Serialize for Neighbour<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.fields.json(self.row, None).serialize(serializer)
    }
}

/// The reference to the schema of a run, which is generated from the table of fields.
const RUN: &str = "#/components/schemas/Run";

impl JsonSchema for RunList<'_> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "RunList".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "array", "items": { "$ref": RUN } })
    }
}

impl JsonSchema for Neighbour<'_> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Neighbour".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "$ref": RUN })
    }
}
