//! `runlog config`: every option of the server with its value and source; and the profiles of servers.

mod profiles;

use std::process::ExitCode;

use clap::Subcommand;
use runlog_server::OPTIONS;

use self::profiles::SetProfileArgs;
use crate::cli::common::table::Table;
use crate::config::Flags;

const EXAMPLES: &str = "\
Examples:
  runlog config                                        what `runlog serve` would run with
  runlog config --config /etc/runlog.toml              with a file of options
  runlog config set-profile staging --endpoint https://runlog.staging.example --secret-id AKID...
  runlog query --profile staging --errors";

/// Arguments of `runlog config`: the flags of `serve`, to see their effect.
#[derive(clap::Args)]
#[command(args_conflicts_with_subcommands = true, after_help = EXAMPLES)]
pub(crate) struct ConfigArgs {
    #[command(flatten)]
    flags: Flags,
    #[command(subcommand)]
    action: Option<Action>,
}

#[derive(Subcommand)]
enum Action {
    /// List the profiles of servers, and the file that has them.
    Profiles,
    /// Write a profile of a server, for --profile and RUNLOG_PROFILE; the profile `default` needs neither.
    SetProfile(SetProfileArgs),
}

/// Runs the subcommand; by default, prints the table of options.
pub(crate) fn run(args: &ConfigArgs) -> anyhow::Result<ExitCode> {
    match &args.action {
        None => options(&args.flags),
        Some(Action::Profiles) => profiles::list(),
        Some(Action::SetProfile(args)) => profiles::set(args),
    }
}

fn options(flags: &Flags) -> anyhow::Result<ExitCode> {
    // Read first, so that a value that is wrong is an error here as it would be for `serve`.
    flags.settings()?;
    let effective = flags.effective()?;
    let mut table = Table::indented(&["OPTION", "VALUE", "FROM", "MEANING"]);
    for row in OPTIONS {
        if let Some(option) = effective.get(row.name) {
            let is_hidden = row.is_secret && !option.text.is_empty();
            let value = if is_hidden { "***" } else { option.text.as_str() };
            table.row([row.name, value, option.origin, row.doc.trim()]);
        }
    }
    table.print(&mut std::io::stdout())?;
    Ok(ExitCode::SUCCESS)
}
