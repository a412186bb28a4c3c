//! The time that a line begins with, where it begins with one.

use runlog_core::Zone;

/// Splits `2026-07-01T08:00:00.123Z text` and `2026-07-01 08:00:00 text` into Unix milliseconds and the text; one
/// blank or tab between them belongs to neither.
pub(super) fn leading(line: &str, zone: Zone) -> Option<(i64, &str)> {
    let is_blank = |char: char| matches!(char, ' ' | '\t');
    // Cheap for the many lines that begin otherwise.
    if !line.starts_with(|char: char| char.is_ascii_digit()) {
        return None;
    }
    let (day, rest) = (line.get(..10)?, line.get(10..)?);
    let clock_len = |rest: &str| rest.find(is_blank).unwrap_or(rest.len());
    let len = match rest.as_bytes().first()? {
        b'T' | b't' => clock_len(rest),
        b' ' => 1 + clock_len(rest.get(1..)?),
        _ => return None,
    };
    let time = line.get(..day.len() + len)?;
    let ms = zone.parse(time).ok()?.ms;
    let text = line.get(time.len()..)?;
    Some((ms, text.strip_prefix(is_blank).unwrap_or(text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_with_a_time_and_without() {
        let at = 1_528_714_005_000;
        for (line, expected) in [
            ("2018-06-11T10:46:45Z START", Some((at, "START"))),
            ("2018-06-11T10:46:45.250Z\tSTART", Some((at + 250, "START"))),
            ("2018-06-11T18:46:45+08:00  two", Some((at, " two"))),
            ("2018-06-11 18:46:45 START", Some((at, "START"))),
            ("2018-06-11 18:46:45.250 a b", Some((at + 250, "a b"))),
            ("2018-06-11T10:46:45Z", Some((at, ""))),
            ("2018-06-11 18:46:45", Some((at, ""))),
            ("2018-06-11", None),
            ("2018-06-11 ", None),
            ("2018-13-11 18:46:45 x", None),
            ("2018/06/11 18:46:45 x", None),
            ("2018-06-11日18:46:45 x", None),
            ("START", None),
            ("", None),
        ] {
            assert_eq!(leading(line, Zone::UTC8), expected, "{line}");
        }
    }
}
