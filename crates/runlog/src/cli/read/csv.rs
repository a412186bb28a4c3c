//! Runs as lines of CSV, with the columns of a server's export.

use runlog_client::RunRow;
use runlog_core::csv::{self, Line};
use runlog_server::export::field_names;

/// The names of the columns.
pub(super) fn head() -> String {
    csv::line(field_names())
}

/// A run as one line.
pub(super) fn line(run: &RunRow) -> String {
    let mut line = Line::default();
    line.number(Some(run.seq));
    for text in [&run.region, &run.namespace, &run.function_name, &run.qualifier, &run.request_id] {
        line.text(text);
    }
    line.number(Some(run.retry_num));
    line.number(Some(run.start_time));
    line.text(&run.start_time_text);
    line.number(Some(run.duration));
    line.number(Some(run.bill_duration));
    line.number(Some(run.mem_usage));
    line.number(Some(run.ret_code));
    line.number(Some(run.invoke_finished));
    line.number(run.exit_code);
    for text in [&run.ret_msg, &run.level, &run.source, &run.log] {
        line.text(text);
    }
    line.end()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_every_column_and_quotes_where_needed() {
        let run = RunRow {
            seq: 7,
            function_name: "f, \"g\"".to_owned(),
            duration: 12.5,
            log: "a\nb".to_owned(),
            ..RunRow::default()
        };
        let line = line(&run);
        assert_eq!(line, "7,,,\"f, \"\"g\"\"\",,,0,0,,12.5,0,0,0,0,,,,,\"a\nb\"\r\n");
        let commas_in_texts = 1;
        assert_eq!(head().matches(',').count() + commas_in_texts, line.matches(',').count());
    }
}
