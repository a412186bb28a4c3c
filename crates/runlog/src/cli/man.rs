//! `runlog man`: the manual pages, generated from the same definitions as the help.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use clap::Command;
use clap::builder::Resettable;
use clap_mangen::Man;

use crate::files;

/// Arguments of `runlog man`.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  runlog man | man -l -                                the page of runlog itself
  runlog man query | man -l -                          the page of a command
  runlog man --out ~/.local/share/man/man1             every page, for man to find")]
pub(crate) struct ManArgs {
    /// The command whose page to print, such as `query` or `keys create` [default: runlog itself].
    #[arg(value_name = "COMMAND", conflicts_with = "out")]
    command: Vec<String>,
    /// Write every page to this folder, which is created if absent.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

/// Prints or writes the pages of the program.
pub(crate) fn run(args: &ManArgs, program: Command) -> anyhow::Result<ExitCode> {
    let mut command = program.disable_help_subcommand(true);
    command.build();
    if let Some(folder) = &args.out {
        files::open_dir(folder)?;
        write_all(&command, folder)?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut found = &command;
    for name in &args.command {
        let below = found.find_subcommand(name).filter(|below| !below.is_hide_set());
        found = below.with_context(|| format!("there is no command `{name}`; see `runlog --help`"))?;
    }
    std::io::stdout().write_all(&page(found)?)?;
    Ok(ExitCode::SUCCESS)
}

/// Writes the pages of a command and of all its subcommands.
fn write_all(command: &Command, folder: &Path) -> anyhow::Result<()> {
    for below in command.get_subcommands().filter(|below| !below.is_hide_set()) {
        write_all(below, folder)?;
    }
    let path = folder.join(Man::new(command.clone()).get_filename());
    let write = || files::create(&path)?.write_all(&page(command)?).map_err(anyhow::Error::from);
    write().with_context(|| format!("cannot write {}", path.display()))
}

/// The page of a command. Its examples keep their lines, which the generator would run together.
fn page(command: &Command) -> anyhow::Result<Vec<u8>> {
    let examples = command.get_after_help().map(ToString::to_string);
    let bare = command.clone().after_help(Resettable::Reset);
    let mut page = Vec::new();
    Man::new(bare).source(concat!("runlog ", env!("CARGO_PKG_VERSION"))).manual("runlog").render(&mut page)?;
    if let Some(text) = examples {
        page.extend(b".SH EXAMPLES\n");
        for line in text.lines().filter(|line| *line != "Examples:") {
            let escaped = line.replace('\\', "\\e").replace('-', "\\-");
            match line.strip_prefix("  ") {
                Some(_) => writeln!(page, ".br\n.nf\n\\&{escaped}\n.fi")?,
                None if line.is_empty() => writeln!(page, ".PP")?,
                None => writeln!(page, "\\&{escaped}")?,
            }
        }
    }
    Ok(page)
}
