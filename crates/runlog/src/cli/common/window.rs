//! Moments and spans that flags give.

use runlog_core::Zone;
use runlog_core::moment::{UNITS, civil_ms, sum_ms};

/// A moment that a flag gives, in Unix milliseconds.
///
/// # Errors
/// A sentence for the user, which names the flag.
pub(in crate::cli) fn flag_ms(
    flag: &str,
    text: Option<&String>,
    zone: Zone,
    now_ms: i64,
) -> Result<Option<i64>, String> {
    let ms = text.map(|text| civil_ms(text, zone, now_ms)).transpose();
    ms.map_err(|error| format!("{flag}: {error}"))
}

/// Reads `1h30m` or `30d` as milliseconds.
pub(in crate::cli) fn long_span_ms(text: &str) -> Result<i64, String> {
    sum_ms(text, &UNITS[..4]).ok_or_else(|| "write it as 90s, 15m, 1h30m or 1d".to_owned())
}
