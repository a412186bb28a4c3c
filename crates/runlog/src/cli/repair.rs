//! `runlog repair`: repairs a damaged data folder as far as possible.

use std::io::Write;
use std::process::ExitCode;

use anyhow::Context;
use runlog_store::operate::repair;

use crate::cli::common::place::Place;
use crate::cli::common::progress::Bar;

/// Arguments of `runlog repair`.
#[derive(clap::Args)]
pub(crate) struct RepairArgs {
    #[command(flatten)]
    place: Place,
}

/// Repairs, prints what was lost, and verifies; exits with 1 if anything is still damaged.
pub(crate) fn run(args: RepairArgs) -> anyhow::Result<ExitCode> {
    let data = args.place.data()?;
    let bar = Bar::bytes("repair");
    let done = repair(&data, &mut |progress| bar.show(progress));
    drop(bar);
    let done = done.with_context(|| format!("cannot repair {}", data.display()))?;
    let mut out = std::io::stdout().lock();
    for repaired in &done.repaired {
        writeln!(out, "{}: {}\n    {}", repaired.problem.file, repaired.problem.what, repaired.outcome)?;
    }
    if !done.repaired.is_empty() {
        let (saved, lost, aside) = (done.saved, done.lost, data.join("set-aside"));
        writeln!(out, "{saved} runs were saved, {lost} are known to be lost; damaged files: {}", aside.display())?;
    }
    drop(out);
    super::verify::report(&data, &done.after)
}
