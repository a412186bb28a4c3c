//! `runlog restore`: turns a backup into a data folder.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use runlog_server::keys::KeyFile;
use runlog_store::operate::restore;

use crate::cli::common::place::Place;
use crate::cli::common::progress::Bar;

/// Arguments of `runlog restore`.
#[derive(clap::Args)]
pub(crate) struct RestoreArgs {
    /// The backup.
    from: PathBuf,
    #[command(flatten)]
    place: Place,
}

/// Restores and verifies; exits with 1 if the backup is damaged.
pub(crate) fn run(args: RestoreArgs) -> anyhow::Result<ExitCode> {
    let data = args.place.data()?;
    let bar = Bar::bytes("restore");
    let found = restore(&args.from, &data, &mut |progress| bar.show(progress));
    drop(bar);
    let found = found.with_context(|| format!("cannot restore {} into {}", args.from.display(), data.display()))?;
    KeyFile::copy(&args.from, &data)?;
    super::verify::report(&data, &found)
}
