//! The window of starts of a query, from `--since`, `--from` and `--to`.

use runlog_core::Zone;
use runlog_core::limits::DAY_MS;

use crate::cli::common::window::{Moments, long_span_ms};

/// The flags of a window.
#[derive(clap::Args)]
pub(super) struct WindowArgs {
    /// How far to look back from --to: 90s, 15m, 1h30m, up to 1d [default: 1d].
    #[arg(long, value_name = "SPAN", value_parser = span_ms, conflicts_with = "from")]
    since: Option<i64>,
    /// The earliest start: 2026-07-01 08:00:00, 2026-07-01, today, yesterday, or RFC 3339 with a zone.
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// The latest start, including its whole second [default: now, or a day after --from].
    #[arg(long, value_name = "TIME")]
    to: Option<String>,
    /// The time zone of the server's times.
    #[arg(long, value_name = "ZONE", default_value = "+08:00")]
    pub(super) time_zone: Zone,
}

/// A window of the API: both ends are inclusive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Window {
    pub(super) start: String,
    pub(super) end: String,
}

impl WindowArgs {
    /// Whether any window was given.
    pub(super) fn is_given(&self) -> bool {
        self.since.is_some() || self.from.is_some() || self.to.is_some()
    }

    /// The window. `now_ms` is the current time in Unix milliseconds.
    ///
    /// # Errors
    /// A sentence for the user: not a time, an end before the start, or more than a day.
    pub(super) fn window(&self, now_ms: i64) -> Result<Window, String> {
        let zone = self.time_zone;
        let ends = Moments::civil(zone, now_ms).ends(self.from.as_ref(), self.to.as_ref())?;
        let open_end_ms = ends.from_ms.map_or(now_ms, |from_ms| now_ms.min(from_ms.saturating_add(DAY_MS)));
        let (start_ms, end_ms) = ends.closed(open_end_ms, self.since.unwrap_or(DAY_MS));
        let window = Window { start: zone.format(start_ms), end: zone.format(end_ms) };
        if end_ms < start_ms {
            return Err(format!("the window ends ({}) before it starts ({})", window.end, window.start));
        }
        if end_ms - start_ms > DAY_MS {
            return Err(format!("the window {} .. {} is longer than {LIMIT}", window.start, window.end));
        }
        Ok(window)
    }
}

const LIMIT: &str = "a day, the maximum of one query of this API; query day by day";

/// Reads `1h30m` as milliseconds; at most a day.
fn span_ms(text: &str) -> Result<i64, String> {
    match long_span_ms(text)? {
        ms if ms > DAY_MS => Err(format!("it is longer than {LIMIT}, with --from and --to")),
        ms => Ok(ms),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-07-01 12:34:56.789 in UTC+8.
    const NOW_MS: i64 = 1_782_880_496_789;

    fn window(since: Option<&str>, from: Option<&str>, to: Option<&str>) -> Result<(String, String), String> {
        let args = WindowArgs {
            since: since.map(span_ms).transpose()?,
            from: from.map(str::to_owned),
            to: to.map(str::to_owned),
            time_zone: Zone::UTC8,
        };
        args.window(NOW_MS).map(|window| (window.start, window.end))
    }

    #[test]
    fn windows_as_they_are_asked_for() {
        for (since, from, to, start, end) in [
            (None, None, None, "2026-06-30 12:34:56", "2026-07-01 12:34:56"),
            (Some("1h30m"), None, None, "2026-07-01 11:04:56", "2026-07-01 12:34:56"),
            (None, Some("today"), None, "2026-07-01 00:00:00", "2026-07-01 12:34:56"),
            (None, Some("yesterday"), Some("today"), "2026-06-30 00:00:00", "2026-07-01 00:00:00"),
            (None, Some("2026-06-01"), None, "2026-06-01 00:00:00", "2026-06-02 00:00:00"),
            (None, Some("2026-07-01 08:00"), Some("now"), "2026-07-01 08:00:00", "2026-07-01 12:34:56"),
            (None, Some("2026-06-30T23:00:00Z"), None, "2026-07-01 07:00:00", "2026-07-01 12:34:56"),
            (Some("90s"), None, Some("2026-06-01 00:01:30"), "2026-06-01 00:00:00", "2026-06-01 00:01:30"),
        ] {
            assert_eq!(window(since, from, to), Ok((start.to_owned(), end.to_owned())));
        }
    }

    #[test]
    fn windows_that_cannot_be_asked_for() {
        for (from, to, says) in [
            (Some("2026-06-01"), Some("2026-06-02 00:00:01"), "longer than a day"),
            (Some("today"), Some("yesterday"), "before it starts"),
            (Some("tomorrow"), None, "--from: `tomorrow` is not a time"),
            (None, Some("2026-02-30"), "--to: `2026-02-30` is not a time"),
        ] {
            let error = window(None, from, to).unwrap_err();
            assert!(error.contains(says), "{error}");
        }
    }

    #[test]
    fn spans() {
        for (text, ms) in [("1d", DAY_MS), ("24h", DAY_MS), ("1h30m", 5_400_000), ("90s", 90_000), ("1m1s", 61_000)] {
            assert_eq!(span_ms(text), Ok(ms), "{text}");
        }
        for text in ["", "5", "h", "1h30", "1.5h", "-1h", "0s", "1w", "1ｈ"] {
            assert!(span_ms(text).unwrap_err().starts_with("write it as"), "{text}");
        }
        for text in ["25h", "1d1s", "99999999999999999999d"] {
            assert!(span_ms(text).unwrap_err().contains("longer than a day"), "{text}");
        }
    }
}
