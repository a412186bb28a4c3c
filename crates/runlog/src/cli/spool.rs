//! `runlog spool`: runs that could not be delivered yet.

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use runlog_client::{Error, Shipped, Spool, SpooledRun};

use crate::cli::common::deliver::{NO_SPOOL, Put, SpoolArgs, Way};
use crate::cli::common::say::say;
use crate::cli::common::server::ServerArgs;
use crate::cli::common::text::plain;

/// Exit code if the server does not accept the key.
const EXIT_UNAUTHORIZED: u8 = 4;

/// How long one delivery may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// How often `--watch` looks for new runs.
const WATCH_INTERVAL: Duration = Duration::from_secs(5);

/// The longest wait of `--watch` after failures; the first is a second, each next one twice as long.
const BACKOFF_MAX: Duration = Duration::from_secs(60);

/// Arguments of `runlog spool`.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  runlog spool list                                    what waits, what was refused and why
  runlog spool ship --watch                            deliver it, and go on doing so")]
pub(crate) struct SpoolCommand {
    #[command(subcommand)]
    action: Action,
}

#[derive(clap::Subcommand)]
enum Action {
    /// List waiting runs, and those that a server refused.
    List {
        #[command(flatten)]
        spool: SpoolArgs,
    },
    /// Deliver the waiting runs.
    Ship(Box<Ship>),
    /// Delete runs.
    Drop {
        /// The request ids of the runs.
        #[arg(value_name = "REQUEST_ID", required_unless_present_any = ["refused", "all"])]
        request_ids: Vec<String>,
        /// Delete all runs that a server refused.
        #[arg(long)]
        refused: bool,
        /// Delete all runs.
        #[arg(long)]
        all: bool,
        #[command(flatten)]
        spool: SpoolArgs,
    },
}

#[derive(clap::Args)]
struct Ship {
    /// Keep delivering new runs, and retry with growing pauses while the server is unreachable.
    #[arg(long)]
    watch: bool,
    /// Also deliver runs that a server refused before.
    #[arg(long)]
    refused: bool,
    /// Deliver to this data folder, if no server has it open.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    #[command(flatten)]
    spool: SpoolArgs,
    #[command(flatten)]
    server: ServerArgs,
}

/// Lists, ships or drops.
pub(crate) fn run(args: SpoolCommand) -> anyhow::Result<ExitCode> {
    match args.action {
        Action::List { spool } => list(&existing(&spool)?),
        Action::Ship(ship) => ship.run(),
        Action::Drop { request_ids, refused, all, spool } => {
            let spool = existing(&spool)?;
            drop_runs(&spool, |run, id| all || (refused && run.refusal.is_some()) || request_ids.contains(id))
        }
    }
}

fn existing(args: &SpoolArgs) -> anyhow::Result<Spool> {
    args.spool().context(NO_SPOOL)
}

fn list(spool: &Spool) -> anyhow::Result<ExitCode> {
    let (waiting, refused) = (spool.waiting()?, spool.refused()?);
    let mut out = io::stdout().lock();
    for file in waiting.iter().chain(&refused) {
        let (function, id) = match spool.read(file) {
            Ok(run) => (run.function_name, run.request_id.unwrap_or_default()),
            Err(_) => ("(damaged)".to_owned(), file.path.display().to_string()),
        };
        let state = file.refusal.as_ref().map_or("waits".to_owned(), |why| format!("refused: {why}"));
        writeln!(out, "{}", plain(&format!("{id}  {function}  {} bytes  {state}", file.bytes)))?;
    }
    say!("{} waiting, {} refused, in {}", waiting.len(), refused.len(), spool.dir().display());
    Ok(ExitCode::SUCCESS)
}

fn drop_runs(spool: &Spool, is_meant: impl Fn(&SpooledRun, &String) -> bool) -> anyhow::Result<ExitCode> {
    let mut dropped = 0;
    for file in spool.waiting()?.iter().chain(&spool.refused()?) {
        let id = spool.read(file).ok().and_then(|run| run.request_id).unwrap_or_default();
        if is_meant(file, &id) {
            spool.remove(file)?;
            dropped += 1;
        }
    }
    say!("dropped {dropped}");
    Ok(if dropped > 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

impl Ship {
    fn run(&self) -> anyhow::Result<ExitCode> {
        let spool = existing(&self.spool)?;
        if self.refused {
            for run in spool.refused()? {
                spool.retry(&run)?;
            }
        }
        let mut way = Way::open(&self.server, self.data.as_deref(), PATIENCE).map_err(anyhow::Error::msg)?;
        let mut wait = Duration::from_secs(1);
        loop {
            match spool.ship(usize::MAX, true, |runs| way.put(runs)) {
                Ok(shipped) => {
                    wait = Duration::from_secs(1);
                    tell(&shipped, self.watch);
                    if !self.watch {
                        return Ok(if shipped.refused.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE });
                    }
                    std::thread::sleep(WATCH_INTERVAL);
                }
                Err(error) if self.watch && !matches!(error, Error::Spool { .. } | Error::SpoolUnsafe { .. }) => {
                    say!("{error}; again in {} s", wait.as_secs());
                    std::thread::sleep(wait);
                    wait = (wait * 2).min(BACKOFF_MAX);
                }
                Err(error) if error.is_unauthorized() => {
                    say!("error: {error}");
                    return Ok(ExitCode::from(EXIT_UNAUTHORIZED));
                }
                Err(error) => return Err(error.into()),
            }
        }
    }
}

fn tell(shipped: &Shipped, is_watching: bool) {
    for run in &shipped.refused {
        say!("refused: {} ({})", run.path.display(), run.refusal.as_deref().unwrap_or_default());
    }
    if !is_watching || shipped.accepted + shipped.duplicates > 0 {
        say!("shipped {}, {} of them were stored already", shipped.accepted + shipped.duplicates, shipped.duplicates);
    }
}
