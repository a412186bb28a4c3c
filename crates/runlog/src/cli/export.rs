//! `runlog export`: every finished run that matches, of one moment, as NDJSON, CSV or Parquet; from a server, or from a
//! data folder that no server has open.
//!
//! A server always sends NDJSON, whatever the format of the file, so the position of the last run is known and an
//! export can continue there after a broken connection. A file is written under a hidden name and gets its own name
//! when it is complete and fsynced.

mod filter;
mod format;
mod output;
mod source;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use runlog_core::moment;
use runlog_core::{ResultFilter, Zone};
use runlog_server::clock;
use runlog_server::export;
use runlog_server::keys::FIRST_ACCOUNT;
use runlog_store::operate::Progress;

use self::filter::Filter;
use self::format::{FileFormat, Packing};
use self::output::Output;
use self::source::Source;
use crate::cli::common::failure::{EXIT_EMPTY, Failure, end};
use crate::cli::common::progress::{Bar, human};
use crate::cli::common::say::say;
use crate::cli::common::server::ServerArgs;
use crate::cli::common::units::count;
use crate::cli::common::window::Moments;

/// Arguments of `runlog export`.
#[derive(clap::Args)]
pub(crate) struct ExportArgs {
    /// Write to this file instead of standard output; it appears when it is complete.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// The format [default: by the file name suffix, or ndjson].
    #[arg(long, value_name = "FORMAT")]
    format: Option<FileFormat>,
    /// Only runs of this function.
    #[arg(short = 'F', long, value_name = "NAME")]
    function: Option<String>,
    /// Only runs of this namespace.
    #[arg(long, value_name = "NAME")]
    namespace: Option<String>,
    /// Only runs of this version or alias.
    #[arg(long, value_name = "VERSION")]
    qualifier: Option<String>,
    /// Only the run with this id.
    #[arg(long, value_name = "ID")]
    request_id: Option<String>,
    /// Only runs that failed.
    #[arg(long, group = "ended")]
    errors: bool,
    /// Only runs that succeeded.
    #[arg(long, group = "ended")]
    ok: bool,
    /// Only runs with these return codes.
    #[arg(long, value_name = "CODES", value_delimiter = ',', group = "ended", allow_negative_numbers = true)]
    ret_code: Vec<i32>,
    /// Only runs whose log or return message contains this text.
    #[arg(short, long, value_name = "TEXT")]
    keyword: Option<String>,
    /// Only runs that started within this span before now: 90s, 1h30m, 30d [default: every run].
    #[arg(long, value_name = "SPAN", value_parser = moment::span_ms, conflicts_with = "from")]
    since: Option<i64>,
    /// The earliest start, inclusive: 2026-07-01 08:00:00, 2026-07-01, today, yesterday, RFC 3339 with a zone, or an
    /// age.
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// The latest start, exclusive.
    #[arg(long, value_name = "TIME")]
    to: Option<String>,
    /// The zone of times without one, and of StartTimeText.
    #[arg(long, value_name = "ZONE", default_value = "+08:00")]
    time_zone: Zone,
    /// Write the oldest run first.
    #[arg(long)]
    oldest_first: bool,
    /// Only these fields, separated by commas.
    #[arg(long, value_name = "FIELDS", value_delimiter = ',', value_parser = export::field_names())]
    fields: Vec<String>,
    /// Exit with 3 when nothing was found.
    #[arg(long)]
    fail_empty: bool,
    /// Read this data folder instead of a server; no server may have it open.
    #[arg(long, value_name = "DIR", conflicts_with = "endpoint")]
    data: Option<PathBuf>,
    /// The account of the runs in the data folder.
    #[arg(long, value_name = "UIN", default_value = FIRST_ACCOUNT, requires = "data")]
    account: String,
    #[command(flatten)]
    server: ServerArgs,
}

/// Exports, and prints what was written.
pub(crate) fn run(args: &ExportArgs) -> anyhow::Result<ExitCode> {
    end(args.export(), false)
}

impl ExportArgs {
    fn export(&self) -> Result<u8, Failure> {
        let (format, packing) = self.form().map_err(Failure::Usage)?;
        let filter = self.filter(clock::now_ms()).map_err(Failure::Usage)?;
        let bar = Bar::steps("export");
        let mut show = |done, total| bar.show(Progress { done, total });
        let names: Vec<&str> = self.fields.iter().map(String::as_str).collect();
        let fields = (!names.is_empty()).then_some(&names[..]);
        // Before the output: a command that cannot begin creates no file.
        let mut client = None;
        let source = match &self.data {
            Some(data) => Source::folder(data, &self.account, &filter, self.time_zone)?,
            None => Source::server(client.insert(self.server.client()?), &filter, self.time_zone)?,
        };
        let mut output = Output::open(self.output.as_deref(), format)?;
        let written = source.write(format.into(), packing, fields, &mut output, &mut show)?;
        let bytes = output.finish()?;
        drop(bar);
        let place = self.output.as_deref().map_or("standard output".to_owned(), |path| path.display().to_string());
        say!("{place}: {} runs, {}", count(written), human(bytes));
        Ok(if self.fail_empty && written == 0 { EXIT_EMPTY } else { 0 })
    }

    fn filter(&self, now_ms: i64) -> Result<Filter, String> {
        let mut ends = Moments::any(self.time_zone, now_ms).ends(self.from.as_ref(), self.to.as_ref())?;
        if let Some(span_ms) = self.since {
            // From now on, also with --to.
            ends.from_ms = Some(now_ms.saturating_sub(span_ms).max(0));
        }
        if ends.is_reversed() {
            return Err("the window ends before it starts".to_owned());
        }
        let result = match (self.errors, self.ok, &self.ret_code[..]) {
            (true, ..) => ResultFilter::Failed,
            (_, true, _) => ResultFilter::Ok,
            (.., []) => ResultFilter::All,
            (.., codes) => ResultFilter::Codes(codes.to_vec()),
        };
        Ok(Filter {
            function: self.function.clone(),
            namespace: self.namespace.clone(),
            qualifier: self.qualifier.clone(),
            region: self.server.region(),
            request_id: self.request_id.clone(),
            result,
            keyword: self.keyword.clone(),
            ends,
            oldest_first: self.oldest_first,
        })
    }

    /// The format and the compression, from the flags and the file name.
    fn form(&self) -> Result<(FileFormat, Packing), String> {
        let name = self.output.as_deref().and_then(Path::file_name).unwrap_or_default().to_string_lossy();
        let (stem, packing) = match name.rsplit_once('.') {
            Some((stem, "gz")) => (stem, Packing::Gzip),
            Some((stem, "zst")) => (stem, Packing::Zstd),
            _ => (&*name, Packing::Plain),
        };
        let named = match stem.rsplit_once('.').map(|(_, ending)| ending) {
            Some("ndjson" | "jsonl") => Some(FileFormat::Ndjson),
            Some("csv") => Some(FileFormat::Csv),
            Some("parquet") => Some(FileFormat::Parquet),
            _ => None,
        };
        let format = match (self.format.or(named), &self.output) {
            (Some(format), _) => format,
            (None, None) => FileFormat::Ndjson,
            (None, Some(path)) => {
                let advice = "does not name a format; let it end in .ndjson, .csv or .parquet, or give --format";
                return Err(format!("{} {advice}", path.display()));
            }
        };
        if format == FileFormat::Parquet && packing != Packing::Plain {
            return Err("a Parquet file is compressed inside; omit .gz or .zst from its name".to_owned());
        }
        Ok((format, packing))
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct CommandLine {
        #[command(flatten)]
        export: ExportArgs,
    }

    fn parse(words: &str) -> ExportArgs {
        CommandLine::try_parse_from(format!("export {words}").split_whitespace()).unwrap().export
    }

    #[test]
    fn the_name_of_a_file_says_what_it_holds() {
        for (words, form) in [
            ("", Ok((FileFormat::Ndjson, Packing::Plain))),
            ("-o a.csv", Ok((FileFormat::Csv, Packing::Plain))),
            ("-o x.y/a.jsonl.zst", Ok((FileFormat::Ndjson, Packing::Zstd))),
            ("-o a.ndjson.gz --format csv", Ok((FileFormat::Csv, Packing::Gzip))),
            ("-o a.parquet", Ok((FileFormat::Parquet, Packing::Plain))),
            ("-o a", Err("a does not name a format")),
            ("-o a.txt", Err("a.txt does not name a format")),
            ("-o a.parquet.gz", Err("compressed inside")),
        ] {
            match (parse(words).form(), form) {
                (Ok(found), Ok(expected)) => assert_eq!(found, expected, "{words}"),
                (Err(found), Err(expected)) => assert!(found.contains(expected), "{words}: {found}"),
                (found, _) => panic!("{words}: {found:?}"),
            }
        }
    }

    #[test]
    fn a_window_is_of_moments_and_not_of_spans() {
        const NOW_MS: i64 = 1_782_878_400_000;
        let window = |words: &str| parse(words).filter(NOW_MS).map(|filter| (filter.ends.from_ms, filter.ends.to_ms));
        assert_eq!(window(""), Ok((None, None)));
        assert_eq!(window("--since 1h"), Ok((Some(NOW_MS - 3_600_000), None)));
        assert_eq!(window("--from 2026-07-01 --to 1h"), Ok((Some(1_782_835_200_000), Some(NOW_MS - 3_600_000))));
        assert!(window("--from 1h --to 2h").unwrap_err().contains("ends before"));
        assert!(window("--from soon").unwrap_err().starts_with("--from: `soon` is not a time"));
    }
}
