//! `runlog backup`: backs up a data folder that no server has open, or a running server.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use clap::Command;
use clap::error::ErrorKind;
use runlog_client::BackupReport;
use runlog_server::keys::KeyFile;
use runlog_store::{Options, RealDisk, Store, SystemClock};

use crate::cli::common::place::Place;
use crate::cli::common::progress::{Bar, human};
use crate::cli::common::server::{Access, connect, setting};

/// How long the server may take.
const PATIENCE: Duration = Duration::from_secs(24 * 60 * 60);

/// Arguments of `runlog backup`.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  runlog backup --data /var/lib/runlog /backups/today  of a folder that no server has open
  runlog backup --endpoint https://runlog.example today    of a server, into its `backup_dir`")]
pub(crate) struct BackupArgs {
    /// A new folder; with --endpoint its name, which the server creates inside its `backup_dir`.
    to: PathBuf,
    #[command(flatten)]
    place: Place,
    /// Ask a running server to back itself up, with a root key; without this, no server may have the data folder open.
    #[arg(long, value_name = "URL", conflicts_with = "data")]
    endpoint: Option<String>,
    /// The key's id [env: RUNLOG_SECRET_ID].
    #[arg(long, value_name = "ID", requires = "endpoint")]
    secret_id: Option<String>,
    /// The key's secret; better from the environment, since others can read a command line
    /// [env: RUNLOG_SECRET_KEY].
    #[arg(long, value_name = "KEY", requires = "endpoint")]
    secret_key: Option<String>,
    /// A token of a root key, instead of the key; better from the environment [env: RUNLOG_TOKEN].
    #[arg(long, value_name = "TOKEN", requires = "endpoint", conflicts_with = "secret_id")]
    token: Option<String>,
    /// File with the CA certificate of an https server, as PEM.
    #[arg(long, value_name = "FILE", requires = "endpoint")]
    ca: Option<PathBuf>,
}

/// Makes the backup, and prints what it contains.
pub(crate) fn run(args: BackupArgs, program: Command) -> anyhow::Result<ExitCode> {
    let report = match &args.endpoint {
        Some(endpoint) => of_server(endpoint, &args, program)?,
        None => of_folder(&args.place.data()?, &args.to)?,
    };
    let BackupReport { to, seq, files, linked, bytes } = report;
    let mut out = std::io::stdout().lock();
    writeln!(out, "{to}: {files} files, {}, everything up to sequence number {seq}", human(bytes))?;
    if linked > 0 {
        writeln!(out, "{linked} files are hard links: copy the folder to another disk, or it is lost with this one")?;
    }
    Ok(ExitCode::SUCCESS)
}

fn of_folder(data: &Path, to: &Path) -> anyhow::Result<BackupReport> {
    let advice = || {
        format!(
            "cannot back up {} (if a server has it open, use --endpoint URL; that server needs --backup-dir)",
            data.display()
        )
    };
    let disk = RealDisk::open_existing(data).with_context(advice)?;
    let options = Options { background: false, ..Options::default() };
    let store = Store::open_with(Arc::new(disk), Arc::new(SystemClock::default()), options)?;
    let bar = Bar::bytes("backup");
    let made = store.backup(to, &mut |progress| bar.show(progress))?;
    drop(bar);
    store.close()?;
    KeyFile::copy(data, to)?;
    let to = to.display().to_string();
    Ok(BackupReport { to, seq: made.seq, files: made.files, linked: made.linked, bytes: made.bytes })
}

fn of_server(endpoint: &str, args: &BackupArgs, mut program: Command) -> anyhow::Result<BackupReport> {
    let secret_id = setting(args.secret_id.as_ref(), &["RUNLOG_SECRET_ID"]);
    let secret_key = setting(args.secret_key.as_ref(), &["RUNLOG_SECRET_KEY"]);
    // A key on the command line takes precedence over a token from the environment.
    let variables: &[&str] = if args.secret_id.is_some() { &[] } else { &["RUNLOG_TOKEN"] };
    let token = setting(args.token.as_ref(), variables);
    let key = secret_id.zip(secret_key);
    let Some(name) = args.to.to_str().filter(|_| key.is_some() || token.is_some()) else {
        let message = "a root key is needed: set RUNLOG_SECRET_ID and RUNLOG_SECRET_KEY, or RUNLOG_TOKEN";
        program.error(ErrorKind::MissingRequiredArgument, message).exit()
    };
    let builder = connect(endpoint.to_owned(), Access { key, token }, None, args.ca.as_deref());
    let builder = builder.map_err(|failure| anyhow::anyhow!("{failure}"))?.timeout(PATIENCE);
    let _bar = Bar::wait("the server backs itself up");
    Ok(builder.build()?.backup(name)?)
}
