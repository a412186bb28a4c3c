//! Moments and spans as people write them: `2026-07-01 08:00:00`, `1h30m`, `today`.

use std::borrow::Cow;

use crate::limits::DAY_MS;
use crate::time::{TimeError, Zone};

/// Units of spans, in milliseconds; commands that look back a few days at most take the first four.
pub const UNITS: [(char, i64); 5] = [('s', 1_000), ('m', 60_000), ('h', 3_600_000), ('d', DAY_MS), ('w', 7 * DAY_MS)];

/// A moment in Unix milliseconds, from any of the forms that [`FORMS`] lists.
///
/// # Errors
/// A sentence for the person who wrote it.
pub fn moment_ms(text: &str, zone: Zone, now_ms: i64) -> Result<i64, String> {
    if !text.is_empty() && text.len() <= 15 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return text.parse().map_err(|_| not_a_time(text));
    }
    if let Ok(span_ms) = span_ms(text) {
        return Ok(now_ms.saturating_sub(span_ms));
    }
    // The plus of a zone that came unescaped in a query string has become a space.
    let mended = match text.rsplit_once(' ') {
        Some((time, zone)) if time.len() >= 19 && zone.len() == 5 => Cow::Owned(format!("{time}+{zone}")),
        _ => Cow::Borrowed(text),
    };
    civil_ms(&mended, zone, now_ms).map_err(|_| not_a_time(text))
}

fn not_a_time(text: &str) -> String {
    let shown: String = text.chars().take(64).collect();
    format!("`{shown}` is not a time; it takes {FORMS}")
}

/// A moment in Unix milliseconds: `now`, `today`, `yesterday`, or a civil time as far as it is written, so that a day
/// alone is its midnight.
pub fn civil_ms(text: &str, zone: Zone, now_ms: i64) -> Result<i64, TimeError> {
    let midnight = |ms: i64| {
        let mut day = zone.format(ms);
        day.truncate(day.find(' ').unwrap_or(day.len()));
        zone.parse(&(day + " 00:00:00")).map(|time| time.ms)
    };
    match text {
        "now" => Ok(now_ms),
        "today" => midnight(now_ms),
        "yesterday" => midnight(now_ms.saturating_sub(DAY_MS)),
        _ => {
            let rest = match text.len() {
                10 => " 00:00:00",
                16 => ":00",
                _ => "",
            };
            zone.parse(&format!("{text}{rest}")).map(|time| time.ms).map_err(|_| TimeError::Time(text.to_owned()))
        }
    }
}

/// What [`moment_ms`] takes, for messages and documentation.
pub const FORMS: &str = "2026-07-01 08:00:00, 2026-07-01, RFC 3339 with its zone, Unix milliseconds, now, \
                                today, yesterday, or how long ago it was, such as 1h30m";

/// A span in milliseconds: `90s`, `15m`, `1h30m`, `7d`, `2w`.
///
/// # Errors
/// A sentence for the person who wrote it.
pub fn span_ms(text: &str) -> Result<i64, String> {
    sum_ms(text, &UNITS).ok_or_else(|| "write it as 90s, 15m, 1h30m, 7d or 2w".to_owned())
}

/// The sum of counts, each followed by one of these units; `None` for anything else, and for zero.
pub fn sum_ms(text: &str, units: &[(char, i64)]) -> Option<i64> {
    let mut total_ms: i64 = 0;
    let mut count: Option<i64> = None;
    for char in text.chars() {
        if let Some(digit) = char.to_digit(10) {
            count = Some(count.unwrap_or_default().saturating_mul(10).saturating_add(digit.into()));
            continue;
        }
        let (_, unit_ms) = units.iter().find(|(unit, _)| *unit == char)?;
        total_ms = total_ms.saturating_add(count.take()?.saturating_mul(*unit_ms));
    }
    (count.is_none() && total_ms > 0).then_some(total_ms)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-07-01 12:34:56.789 in UTC+8.
    const NOW_MS: i64 = 1_782_880_496_789;

    #[test]
    fn every_form_of_a_moment() {
        for (text, ms) in [
            ("now", NOW_MS),
            ("1h30m", NOW_MS - 5_400_000),
            ("today", 1_782_835_200_000),
            ("yesterday", 1_782_748_800_000),
            ("2026-07-01", 1_782_835_200_000),
            ("2026-07-01 00:00", 1_782_835_200_000),
            ("2026-07-01 00:00:00", 1_782_835_200_000),
            ("2026-07-01T00:00:00", 1_782_835_200_000),
            ("2026-06-30T16:00:00Z", 1_782_835_200_000),
            ("2026-07-01T00:00:00+08:00", 1_782_835_200_000),
            ("2026-07-01T00:00:00 08:00", 1_782_835_200_000),
            ("1782835200000", 1_782_835_200_000),
            ("0", 0),
        ] {
            assert_eq!(moment_ms(text, Zone::UTC8, NOW_MS), Ok(ms), "{text}");
        }
    }

    #[test]
    fn what_is_no_moment_is_refused() {
        for text in ["", "tomorrow", "1.5h", "-1", "2026-02-30", "9999999999999999", "1x", "2026-07-01T00:00:00 8:00"] {
            let error = moment_ms(text, Zone::UTC8, NOW_MS).unwrap_err();
            assert!(error.contains("is not a time"), "{text}: {error}");
        }
    }

    #[test]
    fn spans() {
        for (text, ms) in [("2w", 14 * DAY_MS), ("24h", DAY_MS), ("1h30m", 5_400_000), ("90s", 90_000)] {
            assert_eq!(span_ms(text), Ok(ms), "{text}");
        }
        for text in ["", "5", "h", "1h30", "1.5h", "-1h", "0s", "1y", "1ｈ"] {
            assert!(span_ms(text).is_err(), "{text}");
        }
    }
}
