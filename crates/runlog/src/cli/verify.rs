//! `runlog verify`: checks that every byte of a data folder or backup is as it was written.

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context;
use runlog_store::operate::{Verified, verify};

use crate::cli::common::place::Place;
use crate::cli::common::progress::{Bar, human};

/// Arguments of `runlog verify`.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  runlog verify --data /var/lib/runlog")]
pub(crate) struct VerifyArgs {
    #[command(flatten)]
    place: Place,
}

/// Verifies; exits with 1 if anything is damaged.
pub(crate) fn run(args: VerifyArgs) -> anyhow::Result<ExitCode> {
    let data = args.place.data()?;
    let bar = Bar::bytes("verify");
    let found = verify(&data, &mut |progress| bar.show(progress));
    drop(bar);
    let found = found.with_context(|| format!("cannot verify {}", data.display()))?;
    report(&data, &found)
}

/// Prints the findings, and returns the exit code.
pub(super) fn report(data: &Path, found: &Verified) -> anyhow::Result<ExitCode> {
    let mut out = std::io::stdout().lock();
    for problem in &found.problems {
        writeln!(out, "{}: {}", problem.file, problem.what)?;
    }
    let Verified { problems, segments, rows, logs, reports, bytes } = found;
    let (data, bytes) = (data.display(), human(*bytes));
    writeln!(out, "{data}: {segments} segments with {rows} runs, {logs} log files with {reports} reports, {bytes}")?;
    match problems.len() {
        0 => writeln!(out, "everything is as it was written")?,
        count => writeln!(out, "{count} problems; `runlog repair --data {data}` repairs as much as possible")?,
    }
    Ok(if problems.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
