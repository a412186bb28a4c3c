//! Segments: immutable files of finished runs, each of one day.

pub(crate) mod cache;
pub(crate) mod columns;
mod failed;
pub(crate) mod format;
pub(crate) mod ids;
pub(crate) mod keyword;
pub(crate) mod lookup;
mod output;
mod reader;
pub(crate) mod scan;
pub(crate) mod text;
mod texts;
pub(crate) mod transfer;
pub(crate) mod verified;
mod verify;
pub(crate) mod words;
pub(crate) mod writer;
pub(crate) mod zones;

pub(crate) use cache::SharedTexts;
pub(crate) use reader::{Block, Segment};
pub(crate) use texts::TextCache;

use runlog_core::{Zone as TimeZone, limits};

use crate::manifest::SegmentName;

/// The folder of the partitions.
pub(crate) const DIR: &str = "data";

/// The partition of a start: days since 1970, UTC.
pub(crate) fn day_of(start_ms: i64) -> i64 {
    start_ms.div_euclid(limits::DAY_MS)
}

/// The folder of a partition, such as `data/2026-07-01`.
pub(crate) fn folder(day: i64) -> String {
    let text = TimeZone::UTC.format(day.saturating_mul(limits::DAY_MS));
    format!("{DIR}/{}", text.split(' ').next().unwrap_or_default())
}

/// The partition of a folder's name, if it is one's.
pub(crate) fn day_of_folder(name: &str) -> Option<i64> {
    let day = day_of(TimeZone::UTC.parse(&format!("{name} 00:00:00")).ok()?.ms);
    (folder(day).strip_prefix(DIR)?.strip_prefix('/')? == name).then_some(day)
}

/// The path of a segment's file.
pub(crate) fn path(name: SegmentName) -> String {
    format!("{}/{:08}.seg", folder(name.day), name.number)
}
