//! The flags of a window of starts: `--since`, `--from` and `--to`. Each command has its own limits and defaults.

use runlog_core::Zone;
use runlog_core::limits::DAY_MS;
use runlog_core::moment::{UNITS, civil_ms, moment_ms, span_ms, sum_ms};

#[derive(Clone, Copy, Debug)]
enum Form {
    Civil,
    Any,
}

/// Reads moments in a time zone.
#[derive(Clone, Copy, Debug)]
pub(in crate::cli) struct Moments {
    form: Form,
    zone: Zone,
    now_ms: i64,
}

/// The ends of a window, in Unix milliseconds, as far as they are given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::cli) struct Ends {
    pub(in crate::cli) from_ms: Option<i64>,
    pub(in crate::cli) to_ms: Option<i64>,
}

/// A window of starts of any length: of the last day if nothing is given.
#[derive(Clone, Debug, clap::Args)]
pub(in crate::cli) struct SpanArgs {
    /// How far to look back from --to: 15m, 1h30m, 7d, 4w [default: 1d].
    #[arg(long, value_name = "SPAN", value_parser = span_ms, conflicts_with = "from")]
    pub(in crate::cli) since: Option<i64>,
    /// The first start: 2026-07-01 08:00:00, 2026-07-01, today, yesterday, 2h (ago), or RFC 3339 with its zone.
    #[arg(long, value_name = "TIME")]
    pub(in crate::cli) from: Option<String>,
    /// The first start that is too late [default: now].
    #[arg(long, value_name = "TIME")]
    pub(in crate::cli) to: Option<String>,
    /// The zone of times that are written without one.
    #[arg(long, value_name = "ZONE", default_value = "+08:00")]
    pub(in crate::cli) time_zone: Zone,
}

impl Moments {
    /// Civil times, `now`, `today`, `yesterday` and RFC 3339. `now_ms` is the current time in Unix milliseconds.
    pub(in crate::cli) fn civil(zone: Zone, now_ms: i64) -> Self {
        Self { form: Form::Civil, zone, now_ms }
    }

    /// Also Unix milliseconds, and how long ago a moment was.
    pub(in crate::cli) fn any(zone: Zone, now_ms: i64) -> Self {
        Self { form: Form::Any, zone, now_ms }
    }

    /// The moment that a flag gives.
    ///
    /// # Errors
    /// A sentence for the user, which names the flag.
    pub(in crate::cli) fn read(&self, flag: &str, text: Option<&String>) -> Result<Option<i64>, String> {
        let Some(text) = text else { return Ok(None) };
        let ms = match self.form {
            Form::Civil => civil_ms(text, self.zone, self.now_ms).map_err(|error| error.to_string()),
            Form::Any => moment_ms(text, self.zone, self.now_ms),
        };
        ms.map(Some).map_err(|error| format!("{flag}: {error}"))
    }

    /// The ends that `--from` and `--to` give.
    ///
    /// # Errors
    /// As [`Moments::read`].
    pub(in crate::cli) fn ends(&self, from: Option<&String>, to: Option<&String>) -> Result<Ends, String> {
        Ok(Ends { from_ms: self.read("--from", from)?, to_ms: self.read("--to", to)? })
    }
}

impl Ends {
    /// Both ends, where an open window ends at `open_end_ms`, and one without a start looks back from its end.
    pub(in crate::cli) fn closed(self, open_end_ms: i64, back_ms: i64) -> (i64, i64) {
        let to_ms = self.to_ms.unwrap_or(open_end_ms);
        (self.from_ms.unwrap_or_else(|| to_ms.saturating_sub(back_ms)), to_ms)
    }

    /// Whether it ends before it starts.
    pub(in crate::cli) fn is_reversed(self) -> bool {
        self.from_ms.zip(self.to_ms).is_some_and(|(from_ms, to_ms)| to_ms < from_ms)
    }
}

impl SpanArgs {
    /// The window, in Unix milliseconds: the first start, and the first that is too late.
    ///
    /// # Errors
    /// A sentence for the user: a text that is no time, an end before the start.
    pub(in crate::cli) fn window(&self, now_ms: i64) -> Result<(i64, i64), String> {
        let ends = Moments::any(self.time_zone, now_ms).ends(self.from.as_ref(), self.to.as_ref())?;
        let (from_ms, to_ms) = ends.closed(now_ms, self.since.unwrap_or(DAY_MS));
        if to_ms <= from_ms {
            return Err("the window ends before it starts; --from must be earlier than --to".to_owned());
        }
        Ok((from_ms, to_ms))
    }
}

/// Reads `1h30m` or `30d` as milliseconds.
pub(in crate::cli) fn long_span_ms(text: &str) -> Result<i64, String> {
    sum_ms(text, &UNITS[..4]).ok_or_else(|| "write it as 90s, 15m, 1h30m or 1d".to_owned())
}

/// Reads a span such as `1h30m` and gives it back as it is, for the server to read.
pub(in crate::cli) fn span_text(text: &str) -> Result<String, String> {
    span_ms(text).map(|_| text.to_owned())
}

/// Reads a span such as `1h30m` as milliseconds; also `500ms`.
pub(in crate::cli) fn fine_span_ms(text: &str) -> Result<i64, String> {
    let milliseconds = text.strip_suffix("ms").and_then(|number| number.parse().ok()).filter(|ms| *ms > 0);
    milliseconds.map_or_else(|| span_ms(text).map_err(|error| format!("{error}, or as 500ms")), Ok)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-07-01 12:34:56.789 in UTC+8.
    const NOW_MS: i64 = 1_782_880_496_789;

    #[test]
    fn each_form_of_a_moment_where_it_is_taken() {
        let (civil, any) = (Moments::civil(Zone::UTC8, NOW_MS), Moments::any(Zone::UTC8, NOW_MS));
        let read = |moments: Moments, text: &str| moments.read("--from", Some(&text.to_owned()));
        for moments in [civil, any] {
            assert_eq!(read(moments, "today"), Ok(Some(1_782_835_200_000)));
            assert!(read(moments, "soon").unwrap_err().starts_with("--from: `soon` is not a time"));
            assert_eq!(moments.read("--from", None), Ok(None));
        }
        assert_eq!(read(any, "1h"), Ok(Some(NOW_MS - 3_600_000)));
        assert!(read(civil, "1h").is_err());
    }

    #[test]
    fn open_ends_are_closed_and_reversed_ones_are_seen() {
        let ends = |from_ms, to_ms| Ends { from_ms, to_ms };
        assert_eq!(ends(None, None).closed(100, 30), (70, 100));
        assert_eq!(ends(None, Some(50)).closed(100, 30), (20, 50));
        assert_eq!(ends(Some(5), None).closed(100, 30), (5, 100));
        assert_eq!(ends(None, Some(i64::MIN)).closed(100, 30), (i64::MIN, i64::MIN));
        assert!(ends(Some(2), Some(1)).is_reversed());
        assert!(!ends(Some(1), Some(1)).is_reversed() && !ends(Some(1), None).is_reversed());
    }

    #[test]
    fn spans() {
        for (text, ms) in [("1s", 1_000), ("500ms", 500), ("1h30m", 5_400_000), ("2w", 1_209_600_000)] {
            assert_eq!(fine_span_ms(text), Ok(ms), "{text}");
        }
        for text in ["", "ms", "0ms", "-1ms", "1.5s", "1"] {
            assert!(fine_span_ms(text).unwrap_err().contains("500ms"), "{text}");
        }
        assert_eq!(span_text("90s").as_deref(), Ok("90s"));
        assert!(span_text("90").is_err());
    }
}
