//! One run for people: what is known of it, and then its whole output.

use runlog_client::RunRow;
use runlog_core::Zone;

use super::table::{result, start_ms};
use crate::cli::common::colour::{Colour, paint};
use crate::cli::common::text::{harmless, one_line};
use crate::cli::common::units;

/// The width of the names, including the space after them.
const NAMES: usize = 12;

/// The run as text, its output last; ends with a line end.
pub(in crate::cli) fn card(run: &RunRow, zone: Zone, is_coloured: bool) -> String {
    let (word, colour) = result(run.ret_code.into());
    let optional = |text: &str| Some(one_line(text)).filter(|text| !text.is_empty());
    let finished = match (run.ret_code, run.exit_code) {
        (0, None | Some(0)) => word,
        (code, None) => format!("{word} (code {code})"),
        (code, Some(exit)) => format!("{word} (code {code}, exit code {exit})"),
    };
    let fields = [
        ("Function", optional(&run.function_name)),
        ("Version", optional(&run.qualifier)),
        ("Namespace", optional(&run.namespace)),
        ("Region", optional(&run.region)),
        ("Request id", optional(&run.request_id)),
        ("Retry", Some(run.retry_num.to_string()).filter(|_| run.retry_num > 0)),
        ("Start", Some(format!("{} (UTC{zone})", start_ms(run.start_time, zone)))),
        ("Duration", Some(format!("{} (billed {} ms)", units::duration(run.duration), run.bill_duration))),
        ("Memory", Some(units::size(run.mem_usage))),
        ("Result", Some(paint(&finished, colour.filter(|_| is_coloured)))),
        ("Message", optional(&run.ret_msg)),
        ("Level", optional(&run.level)),
        ("Source", optional(&run.source)),
        ("Sequence", Some(run.seq.to_string())),
    ];
    let mut text = String::new();
    for (name, value) in fields {
        let Some(value) = value else { continue };
        let padding = " ".repeat(NAMES.saturating_sub(name.len()));
        text += &format!("{}{padding}{value}\n", paint(name, Some(Colour::Bold).filter(|_| is_coloured)));
    }
    if run.log.is_empty() {
        return text + "\nno output\n";
    }
    text += "\n";
    text += harmless(&run.log, is_coloured).trim_end_matches('\n');
    // What the log began, the log's reader should not go on with.
    if is_coloured && run.log.contains('\x1b') {
        text += "\x1b[0m";
    }
    text + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run() -> RunRow {
        RunRow {
            seq: 7,
            function_name: "nightly-report".to_owned(),
            qualifier: "$LATEST".to_owned(),
            namespace: "default".to_owned(),
            request_id: "r\x1b[2J".to_owned(),
            start_time: 1_782_864_000_012,
            duration: 812.4,
            bill_duration: 900,
            mem_usage: 3 << 20,
            ret_code: 430,
            exit_code: Some(7),
            ret_msg: "exit code 7".to_owned(),
            log: "a\x1b[31mb\x1b]0;title\x07".to_owned(),
            ..RunRow::default()
        }
    }

    #[test]
    fn a_run_with_all_that_is_known_of_it() {
        let expected = "\
Function    nightly-report
Version     $LATEST
Namespace   default
Request id  r [2J
Start       2026-07-01 08:00:00.012 (UTC+08:00)
Duration    812 ms (billed 900 ms)
Memory      3.0 MiB
Result      failed (code 430, exit code 7)
Message     exit code 7
Sequence    7

ab␛]0;title␇
";
        assert_eq!(card(&run(), Zone::UTC8, false), expected);
        let coloured = card(&run(), Zone::UTC8, true);
        assert!(coloured.contains("\x1b[31mfailed (code 430, exit code 7)\x1b[0m\n"), "{coloured}");
        assert!(coloured.ends_with("a\x1b[31mb␛]0;title␇\x1b[0m\n"), "{coloured}");
    }

    #[test]
    fn a_run_that_printed_nothing() {
        assert!(card(&RunRow::default(), Zone::UTC8, false).ends_with("Sequence    0\n\nno output\n"));
    }
}
