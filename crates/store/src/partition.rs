//! Partitions: the folder of one UTC day of start times, and the names of the segment files in it.

use runlog_core::{Zone, limits};

/// The folder of the partitions.
pub(crate) const DIR: &str = "data";

/// Names a segment's file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct SegmentName {
    /// The partition: days since 1970, UTC.
    pub(crate) day: i64,
    /// Unique in the store.
    pub(crate) number: u64,
}

/// The partition of a start: days since 1970, UTC.
pub(crate) fn day_of(start_ms: i64) -> i64 {
    start_ms.div_euclid(limits::DAY_MS)
}

/// The folder of a partition, such as `data/2026-07-01`.
pub(crate) fn folder(day: i64) -> String {
    let text = Zone::UTC.format(day.saturating_mul(limits::DAY_MS));
    format!("{DIR}/{}", text.split(' ').next().unwrap_or_default())
}

/// The partition that a folder's name denotes, if any.
pub(crate) fn day_of_folder(name: &str) -> Option<i64> {
    let day = day_of(Zone::UTC.parse(&format!("{name} 00:00:00")).ok()?.ms);
    (folder(day).strip_prefix(DIR)?.strip_prefix('/')? == name).then_some(day)
}

/// The path of a segment's file.
pub(crate) fn path(name: SegmentName) -> String {
    format!("{}/{:08}.seg", folder(name.day), name.number)
}
