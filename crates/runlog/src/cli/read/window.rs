//! The window of starts that is asked for, of any length, and how an answer's window is told.

use runlog_client::{RunFilter, RunWindow};
use runlog_core::Zone;
use runlog_core::moment::span_ms;

use crate::cli::common::failure::Failure;
use crate::cli::common::window::{Ends, Moments, span_text};

/// The flags of a window. Without any of these it is everything retained.
#[derive(clap::Args)]
#[command(next_help_heading = "Window")]
pub(in crate::cli) struct WindowArgs {
    /// How far to look back from now, or from --to: 90s, 15m, 1h30m, 7d, 2w.
    #[arg(long, value_name = "SPAN", value_parser = span_text, conflicts_with = "from")]
    since: Option<String>,
    /// The earliest start, inclusive: 2026-07-01 08:00:00, 2026-07-01, today, yesterday, RFC 3339 with a zone, Unix
    /// milliseconds, or an age such as 2h.
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// The latest start, exclusive.
    #[arg(long, value_name = "TIME")]
    to: Option<String>,
}

impl WindowArgs {
    /// Adds the window to a filter. Times are read here, in the zone of the command; a span from now is left to the
    /// server's clock. `now_ms` is the current time in Unix milliseconds.
    ///
    /// # Errors
    /// [`Failure::Usage`] for a text that is no time, and for an end before the start.
    pub(in crate::cli) fn restrict(&self, filter: &mut RunFilter, zone: Zone, now_ms: i64) -> Result<(), Failure> {
        let ends = Moments::any(zone, now_ms).ends(self.from.as_ref(), self.to.as_ref());
        let Ends { mut from_ms, to_ms } = ends.map_err(Failure::Usage)?;
        if let (Some(span), Some(to_ms)) = (&self.since, to_ms) {
            from_ms = Some(to_ms.saturating_sub(span_ms(span).map_err(Failure::Usage)?));
        } else {
            filter.since.clone_from(&self.since);
        }
        if let Some((from_ms, to_ms)) = from_ms.zip(to_ms).filter(|(from_ms, to_ms)| to_ms < from_ms) {
            let (from, to) = (zone.format(from_ms), zone.format(to_ms));
            return Err(Failure::Usage(format!("the window ends ({to}) before it starts ({from})")));
        }
        filter.from = from_ms.map(|ms| ms.to_string());
        filter.to = to_ms.map(|ms| ms.to_string());
        Ok(())
    }
}

/// A window in words.
pub(in crate::cli) fn told(window: RunWindow, zone: Zone) -> String {
    let text = |ms| zone.format(ms);
    match (window.from_ms, window.to_ms) {
        (Some(from), Some(to)) => format!("{} .. {} (UTC{zone})", text(from), text(to)),
        (Some(from), None) => format!("{} .. (UTC{zone})", text(from)),
        (None, Some(to)) => format!(".. {} (UTC{zone})", text(to)),
        (None, None) => "all time".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-07-01 12:34:56.789 in UTC+8.
    const NOW_MS: i64 = 1_782_880_496_789;

    fn window(since: Option<&str>, from: Option<&str>, to: Option<&str>) -> Result<[Option<String>; 3], String> {
        let [since, from, to] = [since, from, to].map(|text| text.map(str::to_owned));
        let mut filter = RunFilter::default();
        WindowArgs { since, from, to }
            .restrict(&mut filter, Zone::UTC8, NOW_MS)
            .map_err(|failure| failure.to_string())?;
        Ok([filter.since, filter.from, filter.to])
    }

    #[test]
    fn windows_as_they_are_asked_for() {
        let day = 1_782_835_200_000_i64;
        for (since, from, to, expected) in [
            (None, None, None, [None, None, None]),
            (Some("3w"), None, None, [Some("3w".to_owned()), None, None]),
            (None, Some("today"), None, [None, Some(day.to_string()), None]),
            (
                None,
                Some("2026-06-01"),
                Some("now"),
                [None, Some((day - 30 * 86_400_000).to_string()), Some(NOW_MS.to_string())],
            ),
            (Some("1h"), None, Some("today"), [None, Some((day - 3_600_000).to_string()), Some(day.to_string())]),
        ] {
            assert_eq!(window(since, from, to), Ok(expected));
        }
        assert!(window(None, Some("someday"), None).unwrap_err().contains("--from: `someday` is not a time"));
        assert!(window(None, Some("today"), Some("yesterday")).unwrap_err().contains("before it starts"));
    }

    #[test]
    fn windows_in_words() {
        let (from_ms, to_ms) = (Some(NOW_MS), Some(NOW_MS + 1000));
        for (from_ms, to_ms, words) in [
            (from_ms, to_ms, "2026-07-01 12:34:56 .. 2026-07-01 12:34:57 (UTC+08:00)"),
            (from_ms, None, "2026-07-01 12:34:56 .. (UTC+08:00)"),
            (None, to_ms, ".. 2026-07-01 12:34:57 (UTC+08:00)"),
            (None, None, "all time"),
        ] {
            assert_eq!(told(RunWindow { from_ms, to_ms }, Zone::UTC8), words);
        }
    }
}
