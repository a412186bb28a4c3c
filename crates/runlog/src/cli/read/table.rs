//! Runs as a table for people, which fits the screen: all at once, or line by line while they come.
use std::borrow::Cow;

use runlog_client::{FunctionLog, RunRow};
use runlog_core::{RET_INTERRUPTED, RET_MEMORY_LIMIT, RET_OK, RET_RUNNING, RET_TIME_LIMIT, RET_USER_FAILED, Zone};

use crate::cli::common::colour::{Colour, paint};
use crate::cli::common::table::{self, Cell, GAP};
use crate::cli::common::text::{cut, one_line};
use crate::cli::common::units;

/// How much of a message is shown where there is room, in columns. `-o wide` has all of it.
const MESSAGE_MAX: usize = 60;

/// Below this a message says nothing.
const MESSAGE_MIN: usize = 10;

/// The longest function name that is shown whole: the dialect's own limit.
const FUNCTION_MAX: usize = 60;

/// How much of a function name goes before the message and the memory; and how far it is cut at last.
const FUNCTION_FAIR: usize = 20;
const FUNCTION_MIN: usize = 7;

/// A result is not cut further: `failed` and `running` stay whole.
const RESULT_MIN: usize = 7;

/// A request id is cut only on a screen that has no room for anything, and not further.
const REQUEST_ID_MIN: usize = 8;

/// The part of a start that says the year: `2026-`.
const YEAR: usize = 5;

/// The columns of a table.
const HEADS: [&str; 7] = ["START", "FUNCTION", "RESULT", "DURATION", "MEMORY", "REQUEST ID", "MESSAGE"];
const START: usize = 0;
const FUNCTION: usize = 1;
const RESULT: usize = 2;
const DURATION: usize = 3;
const MEMORY: usize = 4;
const REQUEST_ID: usize = 5;
const MESSAGE: usize = 6;

/// The columns of a wide table.
const WIDE_HEADS: [&str; 15] = [
    "SEQ",
    "START",
    "REGION",
    "NAMESPACE",
    "FUNCTION",
    "VERSION",
    "RESULT",
    "CODE",
    "EXIT",
    "DURATION",
    "BILLED",
    "MEMORY",
    "RETRY",
    "REQUEST ID",
    "MESSAGE",
];

/// Heads of columns of numbers.
const NUMBERS: [&str; 7] = ["SEQ", "CODE", "EXIT", "DURATION", "BILLED", "MEMORY", "RETRY"];

/// How wide the columns of a table are that has no rows yet: the longest of each that is usual.
const USUAL: [usize; 7] = [19, 20, 12, 8, 8, 36, MESSAGE_MAX];
const WIDE_USUAL: [usize; 15] = [6, 23, 12, 10, 20, 8, 12, 4, 4, 8, 8, 8, 5, 36, 10];

/// What a table shows of its runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::cli) enum Layout {
    /// The usual columns, fitted to the width of the screen if it is known.
    Fitted(Option<usize>),
    /// Everything but the log, however wide.
    Wide,
}

/// A row: its cells in the order of the heads.
pub(in crate::cli) struct Line {
    cells: Vec<String>,
    colour: Option<Colour>,
}

/// Rows gathered for one table.
pub(in crate::cli) struct RunTable {
    layout: Layout,
    is_coloured: bool,
    lines: Vec<Line>,
}

/// A table whose rows are printed as they come, so that the widths of its columns stand before.
pub(in crate::cli) struct RunStream {
    layout: Layout,
    is_coloured: bool,
    widths: Vec<usize>,
}

impl RunTable {
    pub(in crate::cli) fn new(layout: Layout, is_coloured: bool) -> Self {
        Self { layout, is_coloured, lines: Vec::new() }
    }

    pub(in crate::cli) fn add(&mut self, line: Line) {
        self.lines.push(line);
    }

    /// The lines of the table; none when there are no runs.
    pub(in crate::cli) fn lines(self) -> Vec<String> {
        if self.lines.is_empty() {
            return Vec::new();
        }
        let head = head(self.layout);
        let lines: Vec<&Line> = std::iter::once(&head).chain(&self.lines).collect();
        let mut widths = table::widths(head.cells.len(), lines.iter().map(|line| &line.cells[..]));
        fit(&mut widths, self.layout);
        lines.iter().map(|line| render(line, &widths, self.layout, self.is_coloured)).collect()
    }
}

impl RunStream {
    pub(in crate::cli) fn new(layout: Layout, is_coloured: bool) -> Self {
        let mut widths = match layout {
            Layout::Fitted(_) => USUAL.to_vec(),
            Layout::Wide => WIDE_USUAL.to_vec(),
        };
        fit(&mut widths, layout);
        Self { layout, is_coloured, widths }
    }

    /// The line above the first run.
    pub(in crate::cli) fn head(&self) -> String {
        self.line(&head(self.layout))
    }

    pub(in crate::cli) fn line(&self, line: &Line) -> String {
        render(line, &self.widths, self.layout, self.is_coloured)
    }
}

impl Line {
    /// A run as a table of this layout shows it, with times in this zone.
    pub(in crate::cli) fn of(run: &RunRow, layout: Layout, zone: Zone) -> Self {
        let (result, colour) = result(run.ret_code.into());
        if layout != Layout::Wide {
            let numbers = (run.duration, run.mem_usage);
            return Self::short(
                zone.format(run.start_time),
                &run.function_name,
                run.ret_code.into(),
                numbers,
                &run.request_id,
                &run.ret_msg,
            );
        }
        let cells = vec![
            run.seq.to_string(),
            start_ms(run.start_time, zone),
            one_line(&run.region),
            one_line(&run.namespace),
            one_line(&run.function_name),
            one_line(&run.qualifier),
            result,
            run.ret_code.to_string(),
            run.exit_code.map_or_else(|| "-".to_owned(), |code| code.to_string()),
            units::duration(run.duration),
            format!("{} ms", run.bill_duration),
            units::size(run.mem_usage),
            run.retry_num.to_string(),
            one_line(&run.request_id),
            one_line(&run.ret_msg),
        ];
        Self { cells, colour }
    }

    /// A run as the signed API gives it.
    pub(in crate::cli) fn of_log(run: &FunctionLog) -> Self {
        let numbers = (run.duration, run.mem_usage);
        Self::short(one_line(&run.start_time), &run.function_name, run.ret_code, numbers, &run.request_id, &run.ret_msg)
    }

    fn short(
        start: String,
        function: &str,
        ret_code: i64,
        (duration_ms, mem_bytes): (f64, u64),
        request_id: &str,
        message: &str,
    ) -> Self {
        let (result, colour) = result(ret_code);
        let cells = vec![
            start,
            cut(&one_line(function), FUNCTION_MAX).into_owned(),
            result,
            units::duration(duration_ms),
            units::size(mem_bytes),
            // What one copies: nothing of it is left out unless there is no room at all.
            one_line(request_id),
            cut(&one_line(message), MESSAGE_MAX).into_owned(),
        ];
        Self { cells, colour }
    }
}

/// A start to the millisecond: `2026-07-01 08:00:00.123`.
pub(in crate::cli) fn start_ms(ms: i64, zone: Zone) -> String {
    format!("{}.{:03}", zone.format(ms), ms.rem_euclid(1000))
}

/// A return code in words, and its colour: none for a run that went well.
pub(in crate::cli) fn result(ret_code: i64) -> (String, Option<Colour>) {
    let (word, colour) = match i32::try_from(ret_code) {
        Ok(RET_OK) => ("ok", None),
        Ok(RET_RUNNING) => ("running", Some(Colour::Cyan)),
        Ok(RET_INTERRUPTED) => ("interrupted", Some(Colour::Yellow)),
        Ok(RET_USER_FAILED) => ("failed", Some(Colour::Red)),
        Ok(RET_TIME_LIMIT) => ("time limit", Some(Colour::Red)),
        Ok(RET_MEMORY_LIMIT) => ("memory limit", Some(Colour::Red)),
        _ => return (format!("failed {ret_code}"), Some(Colour::Red)),
    };
    (word.to_owned(), colour)
}

fn heads(layout: Layout) -> &'static [&'static str] {
    match layout {
        Layout::Fitted(_) => &HEADS,
        Layout::Wide => &WIDE_HEADS,
    }
}

fn head(layout: Layout) -> Line {
    Line { cells: heads(layout).iter().map(|head| (*head).to_owned()).collect(), colour: Some(Colour::Bold) }
}

/// Makes columns narrower, and leaves some out (width 0), until they fit the screen: first long names, the message, the
/// memory, the year; and at last the request id. A screen of 80 columns has room for a UUID.
fn fit(widths: &mut [usize], layout: Layout) {
    let Layout::Fitted(Some(screen)) = layout else { return };
    let excess = |widths: &[usize]| {
        let shown = widths.iter().filter(|width| **width > 0);
        shown.map(|width| width + GAP).sum::<usize>().saturating_sub(GAP).saturating_sub(screen)
    };
    let shrink = |widths: &mut [usize], at: usize, min: usize| {
        widths[at] = widths[at].saturating_sub(excess(widths)).max(min.min(widths[at]));
    };
    shrink(widths, MESSAGE, MESSAGE_MIN);
    shrink(widths, FUNCTION, FUNCTION_FAIR);
    for step in [MESSAGE, MEMORY] {
        if excess(widths) > 0 {
            widths[step] = 0;
        }
    }
    if excess(widths) > 0 {
        widths[START] = widths[START].saturating_sub(YEAR);
    }
    shrink(widths, FUNCTION, FUNCTION_MIN);
    shrink(widths, RESULT, RESULT_MIN);
    shrink(widths, REQUEST_ID, REQUEST_ID_MIN);
    if excess(widths) > 0 {
        widths[DURATION] = 0;
    }
}

/// A line with cells of these widths. A cell of a stream that needs more takes more.
fn render(line: &Line, widths: &[usize], layout: Layout, is_coloured: bool) -> String {
    let has_year = widths.first().is_some_and(|width| *width > "07-01 08:00:00".len());
    let heads = heads(layout);
    let mut cells = Vec::with_capacity(heads.len());
    for (at, ((&head, cell), &width)) in heads.iter().zip(&line.cells).zip(widths).enumerate() {
        let text = match (layout, at) {
            (Layout::Wide, _) => Cow::from(cell),
            (_, START) if !has_year && cell != head => cell.get(YEAR..).unwrap_or(cell).into(),
            (_, FUNCTION | RESULT | REQUEST_ID | MESSAGE) => cut(cell, width),
            _ => cell.into(),
        };
        if width > 0 {
            cells.push((text, width, NUMBERS.contains(&head)));
        }
    }
    let cells = cells.iter().map(|(text, width, is_right)| Cell { text, width: *width, is_right: *is_right });
    paint(table::line(cells).trim_end(), line.colour.filter(|_| is_coloured))
}

#[cfg(test)]
mod tests {
    use unicode_width::UnicodeWidthStr;

    use super::*;

    const ID: &str = "bc309eaa-6d64-11e8-a7fe-5254000b4175";

    fn runs() -> [RunRow; 4] {
        let run = |start_s: i64, function: &str, ret_code, duration, mem_usage, message: &str| RunRow {
            start_time: 1_782_864_000_000 + 1000 * start_s,
            function_name: function.to_owned(),
            ret_code,
            duration,
            mem_usage,
            request_id: ID.to_owned(),
            ret_msg: message.to_owned(),
            ..RunRow::default()
        };
        [
            run(0, "APITest", 0, 0.532, 3_174_400, "\"Hello World\""),
            run(1, "夜间任务", 433, 1_234.0, 45 << 20, ""),
            run(2, "f", 2, 95_000.0, 0, "\x1b[2Jsteering\nit"),
            run(3, "a-function-with-a-long-name", 434, 1.0, 0, &"long ".repeat(40)),
        ]
    }

    fn lines(layout: Layout, is_coloured: bool) -> Vec<String> {
        let mut table = RunTable::new(layout, is_coloured);
        runs().iter().for_each(|run| table.add(Line::of(run, layout, Zone::UTC8)));
        table.lines()
    }

    #[test]
    fn a_table() {
        let mut table = RunTable::new(Layout::Fitted(None), false);
        runs()[..3].iter().for_each(|run| table.add(Line::of(run, Layout::Fitted(None), Zone::UTC8)));
        let expected = "\
START                FUNCTION  RESULT      DURATION   MEMORY  REQUEST ID                            MESSAGE
2026-07-01 08:00:00  APITest   ok           0.53 ms  3.0 MiB  bc309eaa-6d64-11e8-a7fe-5254000b4175  \"Hello World\"
2026-07-01 08:00:01  夜间任务  time limit    1.23 s   45 MiB  bc309eaa-6d64-11e8-a7fe-5254000b4175
2026-07-01 08:00:02  f         running       1m 35s      0 B  bc309eaa-6d64-11e8-a7fe-5254000b4175  [2Jsteering it";
        assert_eq!(table.lines().join("\n"), expected);
    }

    #[test]
    fn a_table_fits_every_screen_that_has_some_room() {
        for screen in 42..200 {
            for line in lines(Layout::Fitted(Some(screen)), false) {
                assert!(line.width() <= screen, "{screen}: {line}");
            }
        }
        let at = |screen| lines(Layout::Fitted(Some(screen)), false)[4].clone();
        assert_eq!(at(78), format!("07-01 08:00:03  a-func…  memory…   1.00 ms  {}…", &ID[..33]));
        assert_eq!(at(80), format!("07-01 08:00:03  a-func…  memory…   1.00 ms  {ID}"));
        assert!(at(120).contains("2026-07-01 08:00:03  a-function-with-a-l…  memory limit"), "{}", at(120));
        assert!(at(160).ends_with('…') && at(160).contains(ID), "{}", at(160));
    }

    #[test]
    fn whole_lines_are_coloured_and_colours_take_no_room() {
        let coloured = lines(Layout::Fitted(Some(120)), true);
        let plain = lines(Layout::Fitted(Some(120)), false);
        let expected = [Some(Colour::Bold), None, Some(Colour::Red), Some(Colour::Cyan), Some(Colour::Red)]
            .into_iter()
            .zip(&plain);
        assert_eq!(coloured, expected.map(|(colour, line)| paint(line, colour)).collect::<Vec<_>>());
    }

    #[test]
    fn a_wide_table_leaves_nothing_out() {
        let lines = lines(Layout::Wide, false);
        assert!(lines[0].starts_with("SEQ  START "), "{}", lines[0]);
        assert!(lines[4].ends_with("long long") && lines[4].contains("2026-07-01 08:00:03.000"), "{}", lines[4]);
    }

    #[test]
    fn a_message_may_be_longer_than_any_screen() {
        let run = RunRow { ret_msg: "m".repeat(1 << 17), ..RunRow::default() };
        let mut table = RunTable::new(Layout::Wide, false);
        table.add(Line::of(&run, Layout::Wide, Zone::UTC8));
        let lines = table.lines();
        assert!(lines.len() == 2 && lines[1].ends_with(&run.ret_msg), "{} lines", lines.len());
        let line = RunStream::new(Layout::Wide, false).line(&Line::of(&run, Layout::Wide, Zone::UTC8));
        assert!(line.ends_with(&run.ret_msg) && !line.contains('\n'));
    }

    #[test]
    fn lines_that_come_one_by_one_stand_below_each_other() {
        for (layout, columns) in [(Layout::Fitted(Some(100)), Some(100)), (Layout::Wide, None)] {
            let stream = RunStream::new(layout, false);
            let head = stream.head();
            let at = head.find("REQUEST ID").unwrap();
            for run in runs().iter().filter(|run| run.function_name.is_ascii()) {
                let line = stream.line(&Line::of(run, layout, Zone::UTC8));
                assert!(columns.is_none_or(|columns| line.width() <= columns), "{line}");
                assert!(run.function_name.len() > 20 || line[at..].starts_with(ID), "{head}\n{line}");
            }
        }
    }

    #[test]
    fn no_runs_no_table() {
        assert!(RunTable::new(Layout::Wide, true).lines().is_empty());
    }
}
