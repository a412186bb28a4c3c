//! Forwards output of background processes that outlive the wrapped command. `runlog run` starts it; it is not for
//! people.

use std::fs::File;
use std::io;
use std::os::fd::AsFd;
use std::process::ExitCode;

/// Copies standard input to standard output until either is closed.
pub(crate) fn run() -> anyhow::Result<ExitCode> {
    // As files, which nothing buffers.
    let mut input = File::from(io::stdin().as_fd().try_clone_to_owned()?);
    let mut output = File::from(io::stdout().as_fd().try_clone_to_owned()?);
    io::copy(&mut input, &mut output)?;
    Ok(ExitCode::SUCCESS)
}
