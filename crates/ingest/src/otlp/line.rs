//! A line of a run's log: one record's time, severity, body and attributes. What is stored can be read back, so that
//! a run goes on where it was after a restart.

use runlog_core::Zone;
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// Length of a time such as `2026-07-01T08:00:00.123456789Z`.
const STAMP_BYTES: usize = 30;

/// What every row begins with that is ours, and no record's.
pub const NOTE: &str = "[runlog: ";

const NS_PER_MS: u64 = 1_000_000;

/// One record as a log has it. It may have several lines, as a stack trace has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// When it was logged, in Unix nanoseconds.
    pub time_ns: u64,
    /// The whole text, from its time to its last line feed.
    pub text: Box<str>,
}

impl Line {
    /// The line of a record. `text` is what follows the time.
    pub fn new(time_ns: u64, text: &str) -> Self {
        let text = text.trim_end_matches(['\n', '\r']);
        let mut whole = String::with_capacity(STAMP_BYTES + text.len() + 2);
        whole.push_str(&stamp(time_ns));
        whole.push(' ');
        for (at, row) in text.split_inclusive('\n').enumerate() {
            // A further line that looks like the text between records is indented, so that it is never taken for it.
            if at > 0 && (parse_stamp(row).is_some() || row.starts_with(NOTE)) {
                whole.push(' ');
            }
            whole.push_str(row);
        }
        whole.push('\n');
        Self { time_ns, text: whole.into() }
    }

    /// What makes two records the same: their time and all that is kept of them.
    pub fn hash(&self) -> u64 {
        xxh3_64_with_seed(self.text.as_bytes(), self.time_ns)
    }

    /// When it was logged, in Unix milliseconds.
    pub fn time_ms(&self) -> i64 {
        ms_of(self.time_ns)
    }
}

/// Unix milliseconds of Unix nanoseconds.
pub fn ms_of(time_ns: u64) -> i64 {
    i64::try_from(time_ns / NS_PER_MS).unwrap_or(i64::MAX)
}

/// The lines of a log that was made of them. Text before the first one is left out.
pub fn parse(log: &str) -> Vec<Line> {
    let mut lines: Vec<(u64, usize)> = Vec::new();
    let mut at = 0;
    for row in log.split_inclusive('\n') {
        if let Some(time_ns) = parse_stamp(row) {
            lines.push((time_ns, at));
        }
        at += row.len();
    }
    let ends = lines.iter().skip(1).map(|(_, start)| *start).chain([log.len()]);
    let line = |(&(time_ns, start), end)| Line { time_ns, text: log.get(start..end).unwrap_or_default().into() };
    lines.iter().zip(ends).map(line).collect()
}

fn stamp(time_ns: u64) -> String {
    let seconds = Zone::UTC.format(ms_of(time_ns)).replacen(' ', "T", 1);
    format!("{seconds}.{:09}Z", time_ns % 1_000_000_000)
}

/// The time that a row begins with, if it begins with one as [`stamp`] writes it, and a space.
fn parse_stamp(row: &str) -> Option<u64> {
    let written = row.get(..STAMP_BYTES).filter(|_| row.as_bytes().get(STAMP_BYTES) == Some(&b' '))?;
    let (seconds, fraction) = written.strip_suffix('Z')?.split_once('.').filter(|(seconds, _)| seconds.len() == 19)?;
    let is_digits = fraction.bytes().all(|byte| byte.is_ascii_digit());
    let nanos: u64 = fraction.parse().ok().filter(|_| is_digits)?;
    let ms = u64::try_from(Zone::UTC.parse(seconds).ok()?.ms).ok()?;
    ms.checked_mul(NS_PER_MS)?.checked_add(nanos)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_is_read_back_as_it_was_written() {
        let lines = [
            Line::new(1_700_000_000_123_456_789, "INFO  first"),
            Line::new(1_700_000_000_123_456_789, "ERROR two\nlines\n  2024-01-01 not a time\n"),
            Line::new(0, "INFO "),
            Line::new(u64::MAX / 2, "TRACE 将来"),
        ];
        assert_eq!(&*lines[0].text, "2023-11-14T22:13:20.123456789Z INFO  first\n");
        let log: String = lines.iter().map(|line| &*line.text).collect();
        assert_eq!(parse(&log), lines);
        assert_eq!(parse(&format!("[runlog: a head]\n{log}")), lines);
        assert_eq!(parse("no time\n"), []);
    }

    #[test]
    fn text_that_looks_like_a_log_stays_one_line() {
        let dump = [
            "INFO  what the container wrote:",
            "2023-11-14T22:13:20.123456789Z stdout F x",
            "[runlog: left out 1 lines of",
            "9999-12-31T23:59:59.999999999Z stdout F beyond all times",
            "1969-12-31T23:59:59.000000000Z before them",
        ];
        let line = Line::new(1_700_000_000_000_000_000, &dump.join("\n"));
        assert_eq!(parse(&line.text), std::slice::from_ref(&line));
        for row in ["\n 2023-11-14T22", "\n [runlog: left", "\n9999-", "\n1969-"] {
            assert!(line.text.contains(row), "{row:?} is not in {}", line.text);
        }
    }
}
