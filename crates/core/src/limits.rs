//! Every limit by name, with its reason.

/// Longest function, namespace, region, qualifier or account name, in bytes. Clients use up to 60 characters.
pub const NAME_MAX_BYTES: usize = 256;

/// Longest region id, in bytes. Those in use have up to 20.
pub const REGION_MAX_BYTES: usize = 64;

/// Longest request id, in bytes. Ids are UUIDs in practice; other systems use up to 100 characters.
pub const REQUEST_ID_MAX_BYTES: usize = 128;

/// Longest output kept of one run, in bytes: the 6 MiB that a function's answer may have.
pub const LOG_MAX_BYTES: usize = 6 << 20;

/// Longest return message kept of one run, in bytes: the same, since it is the function's answer.
pub const RET_MSG_MAX_BYTES: usize = 6 << 20;

/// Largest state that an engine keeps for the reporter of a run in flight, in bytes: facts, not texts.
pub const STATE_MAX_BYTES: usize = 64 << 10;

/// How far ahead of the engine's clock a run may start, in milliseconds: one day, so that a wrong time zone is
/// noticed and a slow clock is not.
pub const FUTURE_START_MAX_MS: i64 = 24 * 60 * 60 * 1000;

/// The earliest start that is accepted, in Unix milliseconds.
pub const START_MIN_MS: i64 = 0;

/// The largest duration, memory or billed time: integers up to 2^53 survive any JSON reader.
pub const NUMBER_MAX: u64 = 1 << 53;

/// The most rows that one page can hold. The dialect's own contract; the native API pages by cursor.
pub const PAGE_MAX_ROWS: u64 = 10_000;

/// What a row counts against the bytes of a page beside its texts: about what it takes in memory without them.
pub const ROW_OVERHEAD_BYTES: usize = 256;

/// The rows of a page when nobody said how many: what the dialect's clients are used to.
pub const PAGE_DEFAULT_ROWS: usize = 20;

/// The most buckets of a histogram: more than a screen has columns.
pub const HISTOGRAM_MAX_BUCKETS: usize = 5_000;

/// The most values that one facet lists; the others are counted as its rest.
pub const FACET_MAX_VALUES: usize = 1_000;

/// Longest keyword, in bytes.
pub const KEYWORD_MAX_BYTES: usize = 1024;

/// The dialect's longest window, in milliseconds: one day.
pub const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// The most runs in one append.
pub const BATCH_MAX_RUNS: usize = 10_000;

/// The most log records in one OpenTelemetry request. Collectors send up to 8,192 at a time. A record takes two bytes
/// at least as it is sent, and some 600 in memory.
pub const OTLP_MAX_RECORDS: usize = 100_000;

/// The most resources, scopes, records, attributes and values in one OpenTelemetry request, counted together.
pub const OTLP_MAX_PARTS: usize = 1_000_000;
