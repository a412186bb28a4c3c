//! `runlog config`: every option, its value and where the value came from.

use std::io::Write;
use std::process::ExitCode;

use comfy_table::{Table, presets};

use crate::config::{Flags, OPTIONS};

/// Arguments of `runlog config`: the flags of `serve`, to see what they would come to.
#[derive(clap::Args)]
pub(crate) struct ConfigArgs {
    #[command(flatten)]
    flags: Flags,
}

/// Prints the table of options.
pub(crate) fn run(args: &ConfigArgs) -> anyhow::Result<ExitCode> {
    // Read first, so that a value that is wrong is an error here as it would be for `serve`.
    args.flags.settings()?;
    let effective = args.flags.effective()?;
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(["OPTION", "VALUE", "FROM", "MEANING"]);
    for row in OPTIONS {
        if let Some(option) = effective.get(row.name) {
            let is_hidden = row.is_secret && !option.text.is_empty();
            let value = if is_hidden { "***" } else { option.text.as_str() };
            table.add_row([row.name, value, option.origin, row.doc.trim()]);
        }
    }
    writeln!(std::io::stdout(), "{}", table.trim_fmt())?;
    Ok(ExitCode::SUCCESS)
}
