//! The command line: one file per command.
//!
//! Data go to standard output, everything else to standard error. Exit codes: 0 ok, 1 error, 2 usage, 3 nothing found
//! (with `--fail-empty`), 4 not authorised, 5 a tail lost its connection or missed something; `run` and `follow` end
//! with the run's own.

#![warn(clippy::print_stderr)]

mod backup;
mod canary;
mod common;
mod completions;
mod config;
mod demo;
mod doctor;
mod export;
mod follow;
mod functions;
mod import;
mod keys;
mod last;
mod logs;
mod man;
mod pass_on;
mod policy;
mod pull;
mod query;
mod read;
mod repair;
mod report;
mod restore;
mod retain;
mod run;
mod sample;
mod serve;
mod show;
mod spool;
mod tail;
mod verify;

use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};

use self::common::say;
use crate::config::Unusable;

/// The exit code for an invalid command line or option.
const USAGE: u8 = 2;

/// The home of function run logs.
#[derive(Parser)]
#[command(name = "runlog", version, about, max_term_width = 100, arg_required_else_help = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Start a server.
    Serve(serve::ServeArgs),
    /// Start a server with a day of sample runs, and print calls to try.
    Demo(demo::DemoArgs),
    /// Run any command as a function: measured, output recorded, exit code unchanged.
    Run(Box<run::RunArgs>),
    /// List, ship and drop runs that could not be delivered yet.
    Spool(spool::SpoolCommand),
    /// Forward the output of background processes that outlive the wrapped command.
    #[command(hide = true)]
    PassOn,
    /// Query runs: any window, exact totals, unlimited paging.
    Query(Box<query::QueryArgs>),
    /// Show one run, with its whole output.
    Show(Box<show::ShowArgs>),
    /// Show the last run, of all functions or of one.
    Last(Box<last::LastArgs>),
    /// Follow runs as they are accepted, without gaps.
    Tail(Box<tail::TailArgs>),
    /// Follow the output of one run until its exit code.
    Follow(Box<follow::FollowArgs>),
    /// Query run logs over the signed API of any server.
    Logs(Box<logs::LogsArgs>),
    /// List the functions that have run, with statistics of their runs.
    Functions(Box<functions::FunctionsArgs>),
    /// Judge the runs of a window: memory, cold starts, cost, speed, one version against another.
    Report(Box<report::ReportArgs>),
    /// Import run logs from files of many formats.
    Import(Box<import::ImportArgs>),
    /// Export run logs as NDJSON, CSV or Parquet.
    Export(Box<export::ExportArgs>),
    /// Mirror run logs from any server of the signed API.
    Pull(Box<pull::PullArgs>),
    /// Send marked runs to a live server, and check that each comes back once and in order.
    Canary(Box<canary::CanaryArgs>),
    /// Find out why a signed request is refused, or check the connection to a server.
    Doctor(Box<doctor::DoctorArgs>),
    /// Create, list and delete keys of a data folder.
    Keys(keys::KeysArgs),
    /// Check, show and set the policies of keys, and explain which statement decides.
    Policy(policy::PolicyArgs),
    /// Back up a data folder, or a running server.
    Backup(backup::BackupArgs),
    /// Restore a backup into a new data folder, and verify it.
    Restore(restore::RestoreArgs),
    /// Read a whole data folder or backup, and report every damage.
    Verify(verify::VerifyArgs),
    /// Repair a damaged data folder as far as possible; nothing is deleted.
    Repair(repair::RepairArgs),
    /// Confirm the clock of a server that waits to remove expired runs.
    Retain(retain::RetainArgs),
    /// Show every option with its value and source; manage profiles of servers.
    Config(config::ConfigArgs),
    /// Print generated runs as NDJSON.
    Sample(sample::SampleArgs),
    /// Print completions for a shell.
    Completions(completions::CompletionsArgs),
    /// Print or write the manual pages.
    Man(man::ManArgs),
}

/// Runs the command that the arguments name.
pub(crate) fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Serve(args) => serve::run(&args),
        Command::Demo(args) => demo::run(args),
        Command::Run(args) => run::run(*args),
        Command::Spool(args) => spool::run(args),
        Command::PassOn => pass_on::run(),
        Command::Query(args) => query::run(&args),
        Command::Show(args) => show::run(&args),
        Command::Last(args) => last::run(&args),
        Command::Tail(args) => tail::run(&args),
        Command::Follow(args) => follow::run(&args),
        Command::Logs(args) => logs::run(*args),
        Command::Functions(args) => functions::run(&args),
        Command::Report(args) => report::run(*args),
        Command::Import(args) => import::run(&args),
        Command::Export(args) => export::run(&args),
        Command::Pull(args) => pull::run(&args),
        Command::Canary(args) => canary::run(&args),
        Command::Doctor(args) => doctor::run(&args),
        Command::Keys(args) => keys::run(args),
        Command::Policy(args) => policy::run(args),
        Command::Backup(args) => backup::run(args, Cli::command()),
        Command::Restore(args) => restore::run(args),
        Command::Verify(args) => verify::run(args),
        Command::Repair(args) => repair::run(args),
        Command::Retain(args) => retain::run(&args),
        Command::Config(args) => config::run(&args),
        Command::Sample(args) => sample::run(&args),
        Command::Completions(args) => completions::run(&args, Cli::command()),
        Command::Man(args) => man::run(&args, Cli::command()),
    };
    match result {
        Ok(code) => code,
        // A reader such as `head` may close the pipe early: that is not an error.
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            say::error(&error);
            if error.is::<Unusable>() { ExitCode::from(USAGE) } else { ExitCode::FAILURE }
        }
    }
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let io_error = error.chain().find_map(|cause| cause.downcast_ref::<std::io::Error>());
    io_error.is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }
}
