//! Measurements in a platform's report lines: `Duration: 102.25 ms`, `MemUsage:29.734375MB`.

/// Bytes of the units that reports use; platforms mean powers of two.
const BYTES: [(&str, f64); 4] = [("MB", 1_048_576.0), ("KB", 1024.0), ("GB", 1_073_741_824.0), ("B", 1.0)];

/// Milliseconds of `name`, such as `Duration`. `None` when the report does not say.
pub fn millis(report: &str, name: &str) -> Option<f64> {
    let (number, unit) = value(report, name)?;
    match unit {
        "ms" => Some(number),
        "s" => Some(number * 1000.0),
        _ => None,
    }
}

/// Bytes of `name`, such as `Max Memory Used`. `None` when the report does not say.
pub fn bytes(report: &str, name: &str) -> Option<u64> {
    let (number, unit) = value(report, name)?;
    let (_, factor) = BYTES.iter().find(|(known, _)| *known == unit)?;
    // Saturates; what is too large is refused where the run is stored.
    Some((number * factor).round() as u64)
}

/// The text of `name` up to the next tab, such as `timeout` of `Status`.
pub(super) fn word<'a>(report: &'a str, name: &str) -> Option<&'a str> {
    let text = after(report, name)?;
    let text = text.split('\t').next().unwrap_or(text).trim();
    (!text.is_empty()).then_some(text)
}

fn value<'a>(report: &'a str, name: &str) -> Option<(f64, &'a str)> {
    let text = after(report, name)?;
    let digits = text.find(|char: char| !char.is_ascii_digit() && char != '.').unwrap_or(text.len());
    let (number, rest) = text.split_at_checked(digits)?;
    let rest = rest.trim_start();
    let unit_len = rest.find(|char: char| !char.is_ascii_alphabetic()).unwrap_or(rest.len());
    Some((number.parse().ok()?, rest.get(..unit_len)?))
}

/// The text after `name:`, unless that is the end of a longer name (`Billed Duration` is not `Duration`).
fn after<'a>(report: &'a str, name: &str) -> Option<&'a str> {
    let mut places = report.match_indices(name).map(|(at, _)| (at, at + name.len()));
    let (_, end) = places.find(|&(start, end)| {
        let is_named = report.get(end..).is_some_and(|rest| rest.starts_with(':'));
        is_named && report.get(..start).is_some_and(|before| !is_part_of_a_name(before))
    })?;
    Some(report.get(end + 1..)?.trim_start_matches(' '))
}

/// Whether the text before a name is the first word of a longer one: a capitalised word and one blank.
fn is_part_of_a_name(before: &str) -> bool {
    match before.strip_suffix(' ') {
        Some(words) => {
            let word = words.rsplit([' ', '\t']).next().unwrap_or_default();
            ["Billed", "Init", "Restore", "Max", "Phase"].contains(&word)
        }
        None => before.ends_with(|char: char| char.is_alphanumeric()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_whole_names() {
        let tabs = "\tDuration: 102.25 ms\tBilled Duration: 103 ms\tMemory Size: 128 MB\tMax Memory Used: 45 MB\t\
                    Init Duration: 183.37 ms\tStatus: error\tError Type: Runtime.ExitError";
        for report in [tabs.to_owned(), tabs.replace('\t', " "), tabs.replace('\t', "  ")] {
            assert_eq!(millis(&report, "Duration"), Some(102.25), "{report}");
            assert_eq!(millis(&report, "Billed Duration"), Some(103.0));
            assert_eq!(bytes(&report, "Max Memory Used"), Some(45 << 20));
        }
        assert_eq!(word(tabs, "Status"), Some("error"));
        assert_eq!(word(tabs, "Error Type"), Some("Runtime.ExitError"));
        assert_eq!(millis("\tBilled Duration: 103 ms\tDuration: 7 ms", "Duration"), Some(7.0));
    }

    #[test]
    fn units_are_read_with_and_without_a_blank() {
        let report = " Duration:1ms Memory:128MB MemUsage:29.734375MB";
        assert_eq!(millis(report, "Duration"), Some(1.0));
        assert_eq!(bytes(report, "MemUsage"), Some(31_178_752));
        assert_eq!(bytes(report, "Memory"), Some(128 << 20));
    }

    #[test]
    fn what_is_no_measurement() {
        for report in ["", "Duration", "Duration:", "Duration:ms", "Duration:1.2.3ms", "Duration:5", "Duration:5日"] {
            assert_eq!(millis(report, "Duration"), None, "{report}");
        }
    }
}
