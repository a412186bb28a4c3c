//! Counts beside the page: a histogram over time, facets, percentiles. All are of the matching runs, on the page or
//! not, from the same snapshot as rows and total; so the buckets, and each facet with its rest, sum up to the total.

use crate::limits;
use crate::run::{RET_OK, RET_RUNNING};
use crate::stream::Stream;
use crate::window::Window;

/// The state of a run, by its return code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RunState {
    /// Finished well.
    Ok,
    /// Finished, and not well.
    Failed,
    /// Started and not finished.
    Running,
}

/// Into which buckets a query's window is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HistogramSpec {
    /// Buckets of this many milliseconds, from the window's start on; the last one ends with the window.
    Width(u64),
    /// At most this many buckets, all of the same whole number of milliseconds.
    Buckets(usize),
}

/// The matching runs by their start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Histogram {
    /// Where the first bucket begins: the window's start, in Unix milliseconds.
    pub start_ms: i64,
    /// The width of a bucket in milliseconds; the last one may end earlier, with the window.
    pub width_ms: u64,
    /// Every bucket of the window, empty ones too.
    pub buckets: Vec<Bucket>,
}

/// The runs that started in one part of the window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bucket {
    /// Those that finished well.
    pub ok: u64,
    /// Those that finished, and not well.
    pub failed: u64,
    /// Those that are in flight.
    pub running: u64,
    /// Of those that finished, where the query asks for it; `None` when none has.
    pub quantiles: Option<BucketQuantiles>,
}

/// How long the finished runs of a bucket took, and how much memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BucketQuantiles {
    /// Of the durations, in microseconds.
    pub duration_us: Quantiles,
    /// Of the peak memory, in bytes.
    pub mem_bytes: Quantiles,
}

/// What runs are counted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FacetKey {
    /// The namespace.
    Namespace,
    /// Namespace and function.
    Function,
    /// Namespace, function and qualifier.
    Version,
    /// The qualifier, of whichever function.
    Qualifier,
    /// Ok, failed or running.
    State,
    /// The return code.
    RetCode,
}

/// Which facets are wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FacetSpec {
    /// What to count by; one facet for each.
    pub by: Vec<FacetKey>,
    /// How many values of each to list.
    pub top: usize,
    /// Whether each listed value gets percentiles of its own, where the facet is by names.
    pub percentiles: bool,
}

/// The matching runs by one key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facet {
    /// What was counted by.
    pub by: FacetKey,
    /// The most frequent values, most frequent first; equally frequent ones in the order of the values.
    pub values: Vec<FacetCount>,
    /// How many values are not listed.
    pub rest_values: u64,
    /// How many runs have one of those.
    pub rest_runs: u64,
}

/// A value, and the runs that have it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FacetCount {
    /// The value.
    pub value: FacetValue,
    /// How many runs have it.
    pub runs: u64,
    /// Of those runs, where it was asked for.
    pub percentiles: Option<Percentiles>,
}

/// A value of a facet.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FacetValue {
    /// By [`FacetKey::Namespace`] and [`FacetKey::Qualifier`].
    Name(String),
    /// Namespace and function.
    Function(String, String),
    /// Namespace, function and qualifier.
    Version(String, String, String),
    /// By [`FacetKey::State`].
    State(RunState),
    /// By [`FacetKey::RetCode`].
    Code(i32),
}

/// How long the matching runs took and how much memory, those in flight aside: they have not finished.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Percentiles {
    /// Runs that have finished.
    pub finished: u64,
    /// Those of them that did not finish well.
    pub failed: u64,
    /// Of the durations, in microseconds; `None` when nothing has finished.
    pub duration_us: Option<Quantiles>,
    /// Of the peak memory, in bytes; `None` when nothing has finished.
    pub mem_bytes: Option<Quantiles>,
}

/// Percentiles by the nearest-rank definition: of `n` values in ascending order, the `p`th percentile is the one at
/// place `ceil(p * n / 100)`, counted from 1. So each is a value that occurs, and none is an estimate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Quantiles {
    /// Half of the values are no larger.
    pub p50: u64,
    /// 90 % of the values are no larger.
    pub p90: u64,
    /// 95 % of the values are no larger.
    pub p95: u64,
    /// 99 % of the values are no larger.
    pub p99: u64,
}

/// Why a query cannot be answered as it is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum QueryError {
    /// The window has more buckets than a histogram may have.
    #[error("a histogram of {buckets} buckets is over the limit of {max}; make buckets wider or the window shorter")]
    TooManyBuckets {
        /// How many there would be.
        buckets: u64,
        /// [`limits::HISTOGRAM_MAX_BUCKETS`].
        max: usize,
    },
    /// A histogram without buckets, or with buckets of no width.
    #[error("a histogram needs a width of at least 1 ms, or at least one bucket")]
    NoBuckets,
    /// More values of a facet than may be listed.
    #[error("a facet of {values} values is over the limit of {max}; ask for fewer, the rest is counted")]
    TooManyFacetValues {
        /// How many were asked for.
        values: usize,
        /// [`limits::FACET_MAX_VALUES`].
        max: usize,
    },
}

impl RunState {
    /// The state that a return code means.
    pub fn of(ret_code: i32) -> Self {
        match ret_code {
            RET_OK => RunState::Ok,
            RET_RUNNING => RunState::Running,
            _ => RunState::Failed,
        }
    }
}

impl Histogram {
    /// The buckets of a window, all empty. A window that ends before it begins has none.
    ///
    /// # Errors
    /// [`QueryError::NoBuckets`], [`QueryError::TooManyBuckets`].
    pub fn new(spec: HistogramSpec, window: Window) -> Result<Self, QueryError> {
        let span = if window.start_ms < window.end_ms { window.end_ms.abs_diff(window.start_ms) } else { 0 };
        let width_ms = match spec {
            HistogramSpec::Width(0) | HistogramSpec::Buckets(0) => return Err(QueryError::NoBuckets),
            HistogramSpec::Width(width_ms) => width_ms,
            HistogramSpec::Buckets(buckets) => span.div_ceil(buckets as u64).max(1),
        };
        let buckets = span.div_ceil(width_ms);
        let max = limits::HISTOGRAM_MAX_BUCKETS;
        match usize::try_from(buckets) {
            Ok(count) if count <= max => {
                Ok(Self { start_ms: window.start_ms, width_ms, buckets: vec![Bucket::default(); count] })
            }
            _ => Err(QueryError::TooManyBuckets { buckets, max }),
        }
    }

    /// The number of the bucket of a start in the window.
    pub fn bucket_of(&self, start_ms: i64) -> usize {
        let bucket = start_ms.abs_diff(self.start_ms) / self.width_ms;
        usize::try_from(bucket).expect("buckets are in memory")
    }

    /// Counts runs in the bucket of this number.
    pub fn count(&mut self, bucket: usize, state: RunState, runs: u64) {
        let Some(bucket) = self.buckets.get_mut(bucket) else { return };
        *match state {
            RunState::Ok => &mut bucket.ok,
            RunState::Failed => &mut bucket.failed,
            RunState::Running => &mut bucket.running,
        } += runs;
    }

    /// The runs of all buckets.
    pub fn total(&self) -> u64 {
        self.buckets.iter().map(|bucket| bucket.ok + bucket.failed + bucket.running).sum()
    }
}

impl FacetSpec {
    /// Whether the facets may be asked for.
    ///
    /// # Errors
    /// [`QueryError::TooManyFacetValues`].
    pub fn check(&self) -> Result<(), QueryError> {
        let (values, max) = (self.top, limits::FACET_MAX_VALUES);
        if values > max { Err(QueryError::TooManyFacetValues { values, max }) } else { Ok(()) }
    }
}

impl FacetKey {
    /// The value that a run of this stream, with this return code, is counted under.
    pub fn value(self, stream: &Stream, ret_code: i32) -> FacetValue {
        let (namespace, function) = (&stream.namespace, &stream.function);
        match self {
            FacetKey::Namespace => FacetValue::Name(namespace.clone()),
            FacetKey::Function => FacetValue::Function(namespace.clone(), function.clone()),
            FacetKey::Version => FacetValue::Version(namespace.clone(), function.clone(), stream.qualifier.clone()),
            FacetKey::Qualifier => FacetValue::Name(stream.qualifier.clone()),
            FacetKey::State => FacetValue::State(RunState::of(ret_code)),
            FacetKey::RetCode => FacetValue::Code(ret_code),
        }
    }

    /// Whether the values are names, which all runs of a stream share. Only such values get percentiles.
    pub fn is_of_stream(self) -> bool {
        !matches!(self, FacetKey::State | FacetKey::RetCode)
    }
}

impl Facet {
    /// A facet from all its values: sorted, and cut to the most frequent ones.
    pub fn new(by: FacetKey, counts: impl IntoIterator<Item = (FacetValue, u64)>, top: usize) -> Self {
        let mut counts: Vec<(FacetValue, u64)> = counts.into_iter().collect();
        counts.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        let rest = counts.split_off(counts.len().min(top));
        let listed = counts.into_iter().map(|(value, runs)| FacetCount { value, runs, percentiles: None });
        Self {
            by,
            values: listed.collect(),
            rest_values: rest.len() as u64,
            rest_runs: rest.iter().map(|(_, runs)| runs).sum(),
        }
    }

    /// The runs of all values, listed or not.
    pub fn total(&self) -> u64 {
        self.values.iter().map(|value| value.runs).sum::<u64>() + self.rest_runs
    }
}

impl Percentiles {
    /// The part of the finished runs that failed, from 0 to 1; 0 when nothing has finished.
    pub fn error_rate(&self) -> f64 {
        if self.finished == 0 { 0.0 } else { self.failed as f64 / self.finished as f64 }
    }
}

impl Quantiles {
    /// The places, counted from 1, of the four percentiles among `count` values; there is at least one.
    pub fn ranks(values: u64) -> [u64; 4] {
        let rank = |percent: u64| {
            // As u128, since a hundred times any count must fit.
            let rank = (u128::from(values) * u128::from(percent)).div_ceil(100);
            u64::try_from(rank).expect("a rank is at most the number of values")
        };
        [50, 90, 95, 99].map(rank)
    }

    /// The percentiles from the values at those places.
    pub fn at_ranks([p50, p90, p95, p99]: [u64; 4]) -> Self {
        Self { p50, p90, p95, p99 }
    }
}
