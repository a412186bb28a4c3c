//! Runs as lines of CSV (RFC 4180), with the columns that an export of the server has.

use std::io::{self, Write};

use runlog_client::RunRow;
use runlog_core::csv;

/// The names of the columns.
pub(super) const HEAD: &str = "Seq,Region,Namespace,FunctionName,Qualifier,RequestId,RetryNum,StartTime,StartTimeText,\
                               Duration,BillDuration,MemUsage,RetCode,InvokeFinished,ExitCode,RetMsg,Level,Source,\
                               Log\r\n";

/// Writes a run as one line. Texts that a spreadsheet would take for formulas stay as they are: this is data.
pub(super) fn write(run: &RunRow, to: &mut impl Write) -> io::Result<()> {
    let RunRow { seq, retry_num, start_time, duration, bill_duration, mem_usage, ret_code, invoke_finished, .. } = run;
    write!(to, "{seq},")?;
    for text in [&run.region, &run.namespace, &run.function_name, &run.qualifier, &run.request_id] {
        to.write_all(csv::quoted(text).as_bytes())?;
        to.write_all(b",")?;
    }
    write!(to, "{retry_num},{start_time},{},{duration},{bill_duration},", run.start_time_text)?;
    write!(to, "{mem_usage},{ret_code},{invoke_finished},")?;
    if let Some(exit_code) = run.exit_code {
        write!(to, "{exit_code}")?;
    }
    for text in [&run.ret_msg, &run.level, &run.source, &run.log] {
        to.write_all(b",")?;
        to.write_all(csv::quoted(text).as_bytes())?;
    }
    to.write_all(b"\r\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_every_column_and_quotes_what_must_be() {
        let run = RunRow {
            seq: 7,
            function_name: "f, \"g\"".to_owned(),
            duration: 12.5,
            log: "a\nb".to_owned(),
            ..RunRow::default()
        };
        let mut line = Vec::new();
        write(&run, &mut line).unwrap();
        let line = String::from_utf8(line).unwrap();
        assert_eq!(line, "7,,,\"f, \"\"g\"\"\",,,0,0,,12.5,0,0,0,0,,,,,\"a\nb\"\r\n");
        let commas_in_texts = 1;
        assert_eq!(HEAD.matches(',').count() + commas_in_texts, line.matches(',').count());
    }
}
