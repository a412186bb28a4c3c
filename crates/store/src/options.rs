//! What can be chosen when a store is opened, and every limit of the engine by name.

use std::time::Duration;

use crate::retention::Retention;

/// What can be chosen when a store is opened. The default is meant for a machine of two cores and more.
#[derive(Clone, Debug)]
pub struct Options {
    /// A memtable is flushed when its part of the write-ahead log has this many bytes.
    pub memtable_max_bytes: usize,
    /// A memtable is flushed when it has this many rows.
    pub memtable_max_rows: usize,
    /// Full memtables that may wait for their flush; at this number, writers wait.
    pub sealed_max: usize,
    /// How long a writer waits for a flush before it is told that the store is busy, in milliseconds.
    pub busy_wait_ms: u64,
    /// A run in flight that was not heard of for this long is closed as interrupted, in milliseconds.
    pub in_flight_ttl_ms: i64,
    /// Runs in flight that are kept at a time; more are refused.
    pub in_flight_max_runs: usize,
    /// Bytes of their reports; above this, no more reports of runs in flight are taken.
    pub in_flight_max_bytes: usize,
    /// Runs that were closed after silence and may be corrected yet; when there are more, the oldest become final.
    pub guesses_max_runs: usize,
    /// How long runs are kept; see [`crate::Store::retain`].
    pub retention: Retention,
    /// How hard text is compressed: 1 is fast, 19 is small.
    pub zstd_level: i32,
    /// A merge makes no segment with more rows.
    pub segment_max_rows: u64,
    /// Segments of like size in one day that start a merge. With more, rows are rewritten less often, and a day has
    /// more segments meanwhile, which queries by time hardly notice, since segments of like age have their own times.
    /// At 10 million runs merging took 49 s of processor time with 8 and 76 with 4.
    pub merge_min_segments: usize,
    /// Events that a tail reads at once.
    pub tail_batch_max_rows: usize,
    /// Whether flushing and merging happen on threads of their own. Without, they happen inside the calls that
    /// ask for them or need them, so that a test is repeatable.
    pub background: bool,
    /// Decompressed text that is kept in memory, so that rows which are asked for often cost less, in bytes.
    pub text_cache_bytes: u64,
    /// How new segments are cut into blocks.
    pub shape: Shape,
}

/// How a segment is cut into blocks. Kept in each segment, so it can change from one to the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Rows of a column block: the unit that is decoded at once.
    pub block_rows: u32,
    /// Blocks of a superblock: the unit whose zone maps stay in memory.
    pub super_blocks: u32,
    /// A text block is closed when it has this many bytes before compression. Larger ones compress better; but a page
    /// of 20 scattered rows decompresses 20 of them, and at 32 KiB that alone takes 0.3 ms.
    pub text_block_bytes: u32,
    /// Rows whose words are indexed together; while a segment is written, this many are in memory.
    pub stripe_rows: u32,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            memtable_max_bytes: 64 << 20,
            memtable_max_rows: 100_000,
            sealed_max: 2,
            busy_wait_ms: 10_000,
            in_flight_ttl_ms: 24 * 60 * 60 * 1000,
            in_flight_max_runs: 100_000,
            in_flight_max_bytes: 256 << 20,
            guesses_max_runs: 10_000,
            retention: Retention::default(),
            zstd_level: 1,
            segment_max_rows: 8_000_000,
            merge_min_segments: 8,
            tail_batch_max_rows: 256,
            background: true,
            text_cache_bytes: 64 << 20,
            shape: Shape::default(),
        }
    }
}

impl Default for Shape {
    fn default() -> Self {
        Self { block_rows: 128, super_blocks: 64, text_block_bytes: 16 << 10, stripe_rows: 1 << 18 }
    }
}

/// Bytes of one group of batches that wait for the same sync; more writers wait for the next group.
pub(crate) const GROUP_MAX_BYTES: usize = 32 << 20;

/// Bytes of runs that were closed after silence and may be corrected yet; each new log file begins with them.
pub(crate) const GUESSES_MAX_BYTES: usize = 16 << 20;

/// Bytes of text in one batch; what is queued and being written stays within a few times that.
pub(crate) const BATCH_MAX_BYTES: usize = 256 << 20;

/// Rows found by their texts of which a histogram, facets or percentiles are made: 128 MiB of row numbers.
pub(crate) const LISTED_MAX_ROWS: usize = 16 << 20;

/// Tails that may be open at once. Each holds at most [`TAIL_BATCH_MAX_BYTES`] between two calls.
pub(crate) const TAIL_SUBSCRIBERS_MAX: u32 = 2_000;

/// Bytes of events that a tail reads at once; an event that alone is larger comes alone.
pub(crate) const TAIL_BATCH_MAX_BYTES: usize = 64 << 10;

/// Bytes of decompressed text that a page holds on to while its rows are read.
pub(crate) const PAGE_TEXTS_MAX_BYTES: usize = 4 << 20;

/// Bytes of decompressed text that a tail holds on to while it reads.
pub(crate) const TAIL_TEXTS_MAX_BYTES: usize = 1 << 20;

/// How long a tail that was woken gathers before it reads, for each tail there is: a thousand tails read ten times a
/// second each, however often something is accepted.
pub(crate) const TAIL_PACE: Duration = Duration::from_micros(100);

/// Segments that one merge reads.
pub(crate) const MERGE_MAX_SEGMENTS: usize = 16;

/// How much larger the largest segment of a tier may be than its smallest, when both are not tiny.
pub(crate) const TIER_RATIO: u64 = 4;

/// Segments up to this many rows are of one tier.
pub(crate) const TIER_FLOOR_ROWS: u64 = 10_000;

/// Bytes that a file's writer gathers before it hands them to the disk.
pub(crate) const WRITE_BUFFER_BYTES: usize = 1 << 20;

/// Return codes that get running counts of their own in a segment; rarer ones are counted by reading.
pub(crate) const COUNTED_CODES_MAX: usize = 16;
