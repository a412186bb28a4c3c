//! Wall time in a fixed zone, and back to Unix milliseconds.
//!
//! The dialect writes times without a zone. Which zone they mean is the server's choice: UTC+8 unless told otherwise.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::Offset;

/// A fixed offset from UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Zone(Offset);

/// A moment as it was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WallTime {
    /// Unix milliseconds.
    pub ms: i64,
    /// How exactly it was written.
    pub precision: Precision,
}

/// How exactly a time was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Precision {
    /// To the second.
    Second,
    /// To the millisecond or finer.
    Millisecond,
}

/// Why a text is not a time or a zone.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TimeError {
    /// Not a time.
    #[error("`{0}` is not a time; write it as 2026-07-01 08:00:00, or as RFC 3339 with a zone")]
    Time(String),
    /// Not a zone.
    #[error("`{0}` is not a time zone; write it as +08:00, -05:30 or Z")]
    Zone(String),
}

impl Zone {
    /// UTC+8, in which the dialect's own samples are written.
    pub const UTC8: Zone = Zone(Offset::constant(8));
    /// UTC.
    pub const UTC: Zone = Zone(Offset::UTC);

    /// Reads `2026-07-01 08:00:00`, with `T` instead of the space, with a fraction, or RFC 3339 with its own zone.
    ///
    /// # Errors
    /// [`TimeError::Time`] for any other text, and for a day or hour that does not exist.
    pub fn parse(self, text: &str) -> Result<WallTime, TimeError> {
        let error = || TimeError::Time(text.chars().take(64).collect());
        let bytes = text.as_bytes();
        let separators = [(4, b'-'), (7, b'-'), (13, b':'), (16, b':')];
        let shaped = bytes.len() >= 19
            && matches!(bytes.get(10), Some(b' ' | b'T' | b't'))
            && separators.iter().all(|&(at, separator)| bytes.get(at) == Some(&separator))
            && !bytes.contains(&b'[');
        if !shaped {
            return Err(error());
        }
        let moment = match text.parse::<Timestamp>() {
            Ok(moment) => moment,
            Err(_) => {
                let civil: DateTime = text.parse().map_err(|_| error())?;
                self.0.to_timestamp(civil).map_err(|_| error())?
            }
        };
        let precision = match bytes.get(19) {
            Some(b'.' | b',') => Precision::Millisecond,
            _ => Precision::Second,
        };
        Ok(WallTime { ms: moment.as_millisecond(), precision })
    }

    /// Writes Unix milliseconds as `2026-07-01 08:00:00`, the fraction of a second cut off.
    ///
    /// A moment outside the years -9999 to 9999 is written as its nearest representable one.
    pub fn format(self, ms: i64) -> String {
        let at = self.civil(ms);
        format!(
            "{:04}-{:02}-{:02} {:02}:{:02}:{:02}",
            at.year(),
            at.month(),
            at.day(),
            at.hour(),
            at.minute(),
            at.second()
        )
    }

    /// Writes Unix milliseconds as RFC 3339 with milliseconds and this zone.
    pub fn format_rfc3339(self, ms: i64) -> String {
        let at = self.civil(ms);
        let millis = at.millisecond();
        format!("{}T{}.{millis:03}{self}", at.date(), at.time().strftime("%H:%M:%S"))
    }

    fn civil(self, ms: i64) -> DateTime {
        // At both ends of this range there is room for every offset.
        let ms = ms.clamp(Timestamp::MIN.as_millisecond(), Timestamp::MAX.as_millisecond());
        // Reading milliseconds, the library refuses those of the last second.
        let (second, millis) = (ms.div_euclid(1_000), ms.rem_euclid(1_000) as i32);
        let moment = Timestamp::new(second, millis * 1_000_000).expect("it is in the range");
        self.0.to_datetime(moment)
    }
}

impl FromStr for Zone {
    type Err = TimeError;

    fn from_str(text: &str) -> Result<Self, TimeError> {
        let error = || TimeError::Zone(text.to_owned());
        if text == "Z" {
            return Ok(Zone::UTC);
        }
        let (sign, rest) = match text.split_at_checked(1) {
            Some(("+", rest)) => (1, rest),
            Some(("-", rest)) => (-1, rest),
            _ => return Err(error()),
        };
        let (hours, minutes) = rest.split_once(':').ok_or_else(error)?;
        let digits = |part: &str, max: i32| {
            let written = part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
            let value: Option<i32> = written.then(|| part.parse().ok()).flatten();
            value.filter(|value| *value <= max).ok_or_else(error)
        };
        let seconds = digits(hours, 23)? * 3600 + digits(minutes, 59)? * 60;
        Offset::from_seconds(sign * seconds).map(Zone).map_err(|_| error())
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.seconds();
        let sign = if seconds < 0 { '-' } else { '+' };
        write!(f, "{sign}{:02}:{:02}", seconds.abs() / 3600, seconds.abs() / 60 % 60)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_written_form_of_one_moment() {
        for text in [
            "2018-06-11 18:46:45",
            "2018-06-11T18:46:45",
            "2018-06-11T18:46:45+08:00",
            "2018-06-11 10:46:45Z",
            "2018-06-11T10:46:45.000Z",
            "2018-06-11 18:46:45.000",
        ] {
            assert_eq!(Zone::UTC8.parse(text).unwrap().ms, 1_528_714_005_000, "{text}");
        }
        assert_eq!(Zone::UTC8.format(1_528_714_005_999), "2018-06-11 18:46:45");
        assert_eq!(Zone::UTC8.format_rfc3339(1_528_714_005_007), "2018-06-11T18:46:45.007+08:00");
    }

    #[test]
    fn precision_is_as_written() {
        let of = |text| Zone::UTC.parse(text).map(|time| time.precision);
        assert_eq!(of("2018-06-11 18:46:45"), Ok(Precision::Second));
        assert_eq!(of("2018-06-11T18:46:45Z"), Ok(Precision::Second));
        assert_eq!(of("2018-06-11 18:46:45.5"), Ok(Precision::Millisecond));
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in [
            "",
            "now",
            "2018-06-11",
            "2018-06-11 18:46",
            "2018-6-11 18:46:45",
            "2018-02-30 00:00:00",
            "2018-06-11 25:00:00",
            "2018-06-11 18:46:45 tomorrow",
            "2018-06-11T18:46:45+08:00[Asia/Shanghai]",
            "２０１８-06-11 18:46:45",
            "1528714005",
        ] {
            assert!(Zone::UTC8.parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn zones() {
        for text in ["+08:00", "-05:30", "+00:00"] {
            assert_eq!(text.parse::<Zone>().unwrap().to_string(), text);
        }
        assert_eq!("Z".parse::<Zone>(), Ok(Zone::UTC));
        for text in ["", "8", "+8:00", "+08", "+24:00", "+08:60", "Asia/Shanghai"] {
            assert!(text.parse::<Zone>().is_err(), "{text}");
        }
    }

    #[test]
    fn extreme_moments_are_written_not_a_panic() {
        for ms in [i64::MIN, -1, 0, i64::MAX] {
            for zone in ["-23:59", "+23:59"] {
                assert!(zone.parse::<Zone>().unwrap().format(ms).len() >= 19);
            }
        }
    }

    #[test]
    fn the_last_day_that_can_be_read_is_written_as_it_was() {
        let last = Zone::UTC8.parse("9999-12-31T08:00:00.250+14:30").unwrap().ms;
        assert_eq!(Zone::UTC8.format_rfc3339(last), "9999-12-31T01:30:00.250+08:00");
        let last = Zone::UTC8.parse("9999-12-31T06:00:00.6+08:00").unwrap().ms;
        assert_eq!(Zone::UTC8.format_rfc3339(last), "9999-12-31T06:00:00.600+08:00");
    }
}
