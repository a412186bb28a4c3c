//! `runlog completions`: completions for a shell.

use std::io::Write;
use std::process::ExitCode;

use clap::Command;
use clap_complete::Shell;

/// Arguments of `runlog completions`.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  runlog completions bash > ~/.local/share/bash-completion/completions/runlog
  runlog completions zsh > ~/.zfunc/_runlog
  runlog completions fish > ~/.config/fish/completions/runlog.fish")]
pub(crate) struct CompletionsArgs {
    /// The shell, such as bash, zsh or fish.
    shell: Shell,
}

/// Prints the completions of the program.
pub(crate) fn run(args: &CompletionsArgs, mut program: Command) -> anyhow::Result<ExitCode> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut program, "runlog", &mut script);
    std::io::stdout().write_all(&script)?;
    Ok(ExitCode::SUCCESS)
}
