//! Runs as a table for people.

use comfy_table::{CellAlignment, Table, presets};
use runlog_client::FunctionLog;
use runlog_core::{RET_INTERRUPTED, RET_MEMORY_LIMIT, RET_OK, RET_RUNNING, RET_TIME_LIMIT, RET_USER_FAILED};

use super::units;

/// How much of a message is shown, in characters. `-o json` has all of it.
const MESSAGE_MAX_CHARS: usize = 60;

/// The longest function name that is shown whole, in characters: the dialect's own limit.
const NAME_MAX_CHARS: usize = 60;

/// The columns DURATION and MEMORY.
const NUMBERS: [usize; 2] = [3, 4];

/// Rows gathered for one table.
pub(super) struct RunTable {
    table: Table,
    is_coloured: bool,
}

/// Colours of the terminal. All are two digits long: cells of one column then have equally many characters that take
/// no room, so that the table, which counts them, still lines up.
#[derive(Clone, Copy)]
enum Colour {
    Red = 31,
    Green = 32,
    Yellow = 33,
    Cyan = 36,
    Usual = 39,
}

impl RunTable {
    pub(super) fn new(is_coloured: bool) -> Self {
        let mut runs = Self { table: Table::new(), is_coloured };
        let result = runs.paint("RESULT", Colour::Usual);
        let table = &mut runs.table;
        table.load_style(presets::NOTHING);
        table.set_header(["START", "FUNCTION", &result, "DURATION", "MEMORY", "REQUEST ID", "MESSAGE"]);
        for (at, column) in table.column_iter_mut().enumerate() {
            column.set_padding((0, 2));
            if NUMBERS.contains(&at) {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        runs
    }

    pub(super) fn add(&mut self, run: &FunctionLog) {
        let (result, colour) = result(run.ret_code);
        self.table.add_row([
            shown(&run.start_time, NAME_MAX_CHARS),
            shown(&run.function_name, NAME_MAX_CHARS),
            self.paint(&result, colour),
            units::duration(run.duration),
            units::size(run.mem_usage),
            // Never cut: it is what one copies.
            shown(&run.request_id, usize::MAX),
            shown(&run.ret_msg, MESSAGE_MAX_CHARS),
        ]);
    }

    /// The lines of the table; none when there are no runs.
    pub(super) fn lines(&self) -> impl Iterator<Item = String> {
        let lines = if self.table.is_empty() { None } else { Some(self.table.lines()) };
        lines.into_iter().flatten().map(|line| line.trim_end().to_owned())
    }

    fn paint(&self, text: &str, colour: Colour) -> String {
        if self.is_coloured { format!("\x1b[{}m{text}\x1b[39m", colour as u8) } else { text.to_owned() }
    }
}

/// A return code in words.
fn result(ret_code: i64) -> (String, Colour) {
    let (word, colour) = match i32::try_from(ret_code) {
        Ok(RET_OK) => ("ok", Colour::Green),
        Ok(RET_RUNNING) => ("running", Colour::Cyan),
        Ok(RET_INTERRUPTED) => ("interrupted", Colour::Yellow),
        Ok(RET_USER_FAILED) => ("failed", Colour::Red),
        Ok(RET_TIME_LIMIT) => ("time limit", Colour::Red),
        Ok(RET_MEMORY_LIMIT) => ("memory limit", Colour::Red),
        _ => return (format!("failed {ret_code}"), Colour::Red),
    };
    (word.to_owned(), colour)
}

/// A text from a run on one line: the first `max_chars`, and nothing that would steer the terminal.
fn shown(text: &str, max_chars: usize) -> String {
    let mut chars = text
        .trim_matches(|char: char| char.is_whitespace() || char.is_control())
        .chars()
        .map(|char| if char.is_control() { ' ' } else { char });
    let mut line: String = chars.by_ref().take(max_chars).collect();
    if chars.next().is_some() {
        line.pop();
        line.push('…');
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    fn runs() -> [FunctionLog; 3] {
        let run = |start: &str, function: &str, ret_code, duration, mem_usage, message: &str| FunctionLog {
            start_time: start.to_owned(),
            function_name: function.to_owned(),
            ret_code,
            duration,
            mem_usage,
            request_id: "bc309eaa-6d64-11e8-a7fe-5254000b4175".to_owned(),
            ret_msg: message.to_owned(),
            ..FunctionLog::default()
        };
        [
            run("2026-07-01 08:00:00", "APITest", 0, 0.532, 3_174_400, "\"Hello World\""),
            run("2026-07-01 08:00:01", "夜间任务", 433, 1_234.0, 45 << 20, ""),
            run("2026-07-01 08:00:02", "f", 2, 95_000.0, 0, "\x1b[2Jsteering\nit"),
        ]
    }

    fn lines(is_coloured: bool) -> Vec<String> {
        let mut table = RunTable::new(is_coloured);
        runs().iter().for_each(|run| table.add(run));
        table.lines().collect()
    }

    #[test]
    fn a_table() {
        let expected = "\
START                FUNCTION  RESULT      DURATION   MEMORY  REQUEST ID                            MESSAGE
2026-07-01 08:00:00  APITest   ok           0.53 ms  3.0 MiB  bc309eaa-6d64-11e8-a7fe-5254000b4175  \"Hello World\"
2026-07-01 08:00:01  夜间任务  time limit    1.23 s   45 MiB  bc309eaa-6d64-11e8-a7fe-5254000b4175
2026-07-01 08:00:02  f         running       1m 35s      0 B  bc309eaa-6d64-11e8-a7fe-5254000b4175  [2Jsteering it";
        assert_eq!(lines(false).join("\n"), expected);
    }

    #[test]
    fn colours_take_no_room() {
        assert!(lines(true)[2].contains("\x1b[31mtime limit\x1b[39m"));
        let bare = |line: &str| {
            ["39", "32", "31", "36"]
                .iter()
                .fold(line.to_owned(), |line, colour| line.replace(&format!("\x1b[{colour}m"), ""))
        };
        let plain: Vec<String> = lines(true).iter().map(|line| bare(line)).collect();
        assert_eq!(plain, lines(false));
    }

    #[test]
    fn no_runs_no_table() {
        assert_eq!(RunTable::new(true).lines().count(), 0);
    }

    #[test]
    fn a_long_text_is_cut_where_it_says_so() {
        assert_eq!(shown("一二三四五", 4), "一二三…");
        assert_eq!(shown("一二三四", 4), "一二三四");
    }
}
