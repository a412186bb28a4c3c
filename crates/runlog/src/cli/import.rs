//! `runlog import`: reads runs from files of many formats and stores them on a server or in a data folder.
//!
//! A bad record never stops the others; each one is listed with its line. A file can be imported again at any time: its
//! runs then count as duplicates.

mod input;

use std::io::{self, BufWriter, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::rc::Rc;
use std::time::Instant;

use runlog_core::Zone;
use runlog_ingest::Refused;
use runlog_ingest::formats::{Format, Found, Hints, Notes, Untimed};
use runlog_server::clock;
use runlog_store::operate::Progress;

use self::input::{Input, Opened};
use crate::cli::common::choice;
use crate::cli::common::failure::{Failure, end};
use crate::cli::common::progress::Bar;
use crate::cli::common::say::say;
use crate::cli::common::target::{Batch, Target, TargetArgs};
use crate::cli::common::units::count;
use crate::cli::common::window::Moments;
use crate::files;

/// Exit code if a record was refused or a file could not be read.
const EXIT_REFUSED: u8 = 1;

/// How often the bar is redrawn, in runs.
const SHOW_EVERY_RUNS: u64 = 500;

const EXAMPLES: &str = "\
Examples:
  runlog import logs/*.log.gz --function nightly-report    text logs that name no function
  runlog import answers.json runs.parquet                  each file by its own format
  zcat old.gz | runlog import --dry-run | head             see what it would store
  runlog import archive/ --data DIR                        into a data folder, without a server";

/// Arguments of `runlog import`.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ImportArgs {
    /// Files, plain or compressed with gzip or zstd; folders of such files; `-` for standard input.
    #[arg(default_value = "-")]
    files: Vec<PathBuf>,
    /// The format of the files [default: detected from their contents].
    #[arg(long, value_name = "FORMAT", value_parser = choice::format())]
    format: Option<Format>,
    /// The function of runs that do not name one, as in text logs.
    #[arg(long, value_name = "NAME")]
    function: Option<String>,
    /// The namespace of runs that do not name one [default: default].
    #[arg(long, value_name = "NAME")]
    namespace: Option<String>,
    /// The version of runs that do not name one [default: $LATEST].
    #[arg(long, value_name = "VERSION")]
    qualifier: Option<String>,
    /// The start of the first run without a time; each following one starts when the previous one ended [default: all
    /// ended at the file's modification time].
    #[arg(long, value_name = "TIME")]
    start: Option<String>,
    /// The time zone of times without a zone.
    #[arg(long, value_name = "ZONE", default_value = "+08:00")]
    time_zone: Zone,
    /// Close runs whose end is not in the file as interrupted, instead of leaving them in flight until a later import.
    #[arg(long)]
    close_unfinished: bool,
    /// Write every refusal to this file, one JSON object per line.
    #[arg(long, value_name = "FILE")]
    errors: Option<PathBuf>,
    /// How many refusals to print.
    #[arg(long, value_name = "N", default_value_t = 20)]
    errors_shown: u64,
    /// Exit with 0 even if records were refused.
    #[arg(long)]
    keep_going: bool,
    /// Store nothing; print the runs as NDJSON.
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    target: TargetArgs,
}

/// Imports, and prints the result.
pub(crate) fn run(args: &ImportArgs) -> anyhow::Result<ExitCode> {
    end(args.import(), false)
}

impl ImportArgs {
    fn import(&self) -> Result<u8, Failure> {
        let start = Moments::civil(self.time_zone, clock::now_ms()).read("--start", self.start.as_ref());
        let start_ms = start.map_err(Failure::Usage)?;
        let inputs = Input::all(&self.files)?;
        let target = if self.dry_run { None } else { Some(self.target.open(None)?) };
        let errors = self.errors.as_deref().map(files::create).transpose()?.map(BufWriter::new);
        let mut import = Import {
            args: self,
            start_ms,
            target,
            batch: Batch::default(),
            bar: Bar::bytes("import"),
            errors,
            counts: Counts::default(),
            started: clock::monotonic(),
            bytes_before: 0,
            bytes_total: inputs.iter().map(Input::bytes).sum(),
        };
        for input in &inputs {
            import.file(input)?;
        }
        import.finish(inputs.len())
    }

    fn hints(&self, start_ms: Option<i64>, changed_ms: Option<i64>) -> Hints {
        Hints {
            function: self.function.clone(),
            namespace: self.namespace.clone(),
            qualifier: self.qualifier.clone(),
            zone: self.time_zone,
            untimed: match (start_ms, changed_ms) {
                (Some(start_ms), _) => Untimed::StartsAt(start_ms),
                (None, Some(changed_ms)) => Untimed::EndedAt(changed_ms),
                (None, None) => Untimed::Refused,
            },
            close_unfinished: self.close_unfinished,
        }
    }
}

/// Counts of the outcomes of records.
#[derive(Default)]
struct Counts {
    read: u64,
    accepted: u64,
    duplicates: u64,
    refused: u64,
    cut: u64,
    unreadable_files: u64,
}

/// The position of a run in the input.
#[derive(Clone, Default)]
struct Place {
    file: Rc<str>,
    unit: &'static str,
    line: u64,
}

/// A running import.
struct Import<'a> {
    args: &'a ImportArgs,
    start_ms: Option<i64>,
    target: Option<Target>,
    batch: Batch<Place>,
    bar: Bar,
    errors: Option<BufWriter<std::fs::File>>,
    counts: Counts,
    started: Instant,
    bytes_before: u64,
    bytes_total: u64,
}

impl Import<'_> {
    fn file(&mut self, input: &Input) -> Result<(), Failure> {
        let name: Rc<str> = input.name().into();
        let notes = Rc::new(Notes::default());
        let hints = self.args.hints(self.start_ms, input.changed_ms());
        let Opened { format, items, read_bytes } = match input.open(self.args.format, hints, &notes) {
            Ok(opened) => opened,
            Err(error) => return self.unreadable(&name, &format!("{error:#}")),
        };
        if self.args.format.is_none() {
            self.bar.print(&format!("{name}: read as {}", format.name()));
        }
        let place = Place { file: Rc::clone(&name), unit: format.unit(), line: 0 };
        for item in items {
            match item {
                Ok(Ok(found)) => self.run(&place, found)?,
                Ok(Err(refused)) => self.refuse(&place, &refused)?,
                Err(error) => {
                    self.unreadable(&name, &error.to_string())?;
                    break;
                }
            }
            if self.counts.read.is_multiple_of(SHOW_EVERY_RUNS) {
                self.show(self.bytes_before + read_bytes.get());
            }
        }
        // The list of refusals is then in the order of the files.
        self.flush()?;
        self.bytes_before += input.bytes();
        self.say(&name, &notes);
        Ok(())
    }

    fn run(&mut self, place: &Place, found: Found) -> Result<(), Failure> {
        self.counts.read += 1;
        self.batch.push(Place { line: found.line, ..place.clone() }, found.run.into());
        if self.batch.is_full() { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<(), Failure> {
        let (places, runs) = self.batch.take();
        if runs.is_empty() {
            return Ok(());
        }
        let Some(target) = &mut self.target else {
            let mut out = BufWriter::new(io::stdout().lock());
            for run in runs {
                serde_json::to_writer(&mut out, &run).map_err(anyhow::Error::from)?;
                out.write_all(b"\n")?;
            }
            return Ok(out.flush()?);
        };
        let report = target.put(runs)?;
        self.counts.accepted += report.accepted;
        self.counts.duplicates += report.duplicates;
        self.counts.cut += report.cut;
        for refused in report.refused {
            let place = usize::try_from(refused.index).ok().and_then(|at| places.get(at)).cloned().unwrap_or_default();
            let refused = Refused { line: place.line, code: refused.code, message: refused.message };
            // It was counted as read when it was.
            self.counts.read -= 1;
            self.refuse(&place, &refused)?;
        }
        Ok(())
    }

    fn refuse(&mut self, place: &Place, refused: &Refused) -> Result<(), Failure> {
        self.counts.read += 1;
        self.counts.refused += 1;
        let Refused { line, code, message } = refused;
        let (file, unit) = (&*place.file, place.unit);
        if let Some(errors) = &mut self.errors {
            let entry = serde_json::json!({ "file": file, unit: line, "code": code, "message": message.trim_end() });
            writeln!(errors, "{entry}")?;
        }
        if self.counts.refused <= self.args.errors_shown {
            self.bar.print(&format!("{file}: {unit} {line}: {code}: {}", message.trim_end()));
        }
        Ok(())
    }

    /// A file that cannot be read does not stop the others.
    fn unreadable(&mut self, name: &str, reason: &str) -> Result<(), Failure> {
        self.counts.unreadable_files += 1;
        if let Some(errors) = &mut self.errors {
            writeln!(errors, "{}", serde_json::json!({ "file": name, "code": "Unreadable", "message": reason }))?;
        }
        self.bar.print(&format!("{name}: {reason}"));
        Ok(())
    }

    fn show(&self, done_bytes: u64) {
        let seconds = self.started.elapsed().as_secs_f64().max(0.001);
        let rate = (self.counts.read as f64 / seconds) as u64;
        self.bar.say(&format!("import: {} runs, {}/s", count(self.counts.read), count(rate)));
        self.bar.show(Progress { done: done_bytes, total: self.bytes_total });
    }

    fn say(&self, name: &str, notes: &Notes) {
        let said = [
            ("lines with bytes that are not UTF-8, which were replaced", notes.utf8_replaced.get()),
            ("runs closed as interrupted, because too many were open at a time", notes.closed_early.get()),
        ];
        for (what, how_many) in said.into_iter().filter(|(_, how_many)| *how_many > 0) {
            self.bar.print(&format!("{name}: {} {what}", count(how_many)));
        }
        let ignored: Vec<String> = notes.ignored.borrow().iter().cloned().collect();
        if !ignored.is_empty() {
            self.bar.print(&format!("{name}: ignored columns that are not fields of a run: {}", ignored.join(", ")));
        }
    }

    fn finish(mut self, files: usize) -> Result<u8, Failure> {
        self.flush()?;
        if let Some(mut errors) = self.errors.take() {
            errors.flush()?;
        }
        let is_dry = self.target.is_none();
        if let Some(target) = self.target.take() {
            target.close()?;
        }
        let Counts { read, accepted, duplicates, refused, cut, unreadable_files } = self.counts;
        drop(self.bar);
        if refused > self.args.errors_shown {
            let rest = count(refused - self.args.errors_shown);
            let advice = if self.args.errors.is_some() { "" } else { "; --errors FILE writes all of them" };
            say!("{rest} more were refused{advice}");
        }
        let stored = if is_dry {
            format!("{} would be stored", count(read - refused))
        } else {
            format!("{} accepted, {} duplicates", count(accepted), count(duplicates))
        };
        let cut = if cut > 0 { format!(", {} texts cut at their limit", count(cut)) } else { String::new() };
        let unreadable = match unreadable_files {
            0 => String::new(),
            some => format!("; {some} files could not be read to their end"),
        };
        let files = if files == 1 { "1 file".to_owned() } else { format!("{files} files") };
        say!("{files}: {} read, {stored}, {} refused{cut}{unreadable}", count(read), count(refused));
        let is_whole = refused == 0 && unreadable_files == 0;
        Ok(if is_whole || self.args.keep_going { 0 } else { EXIT_REFUSED })
    }
}
