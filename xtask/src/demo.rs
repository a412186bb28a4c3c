//! `cargo xtask demo`: builds the program, with its console where Node is present, and starts it with sample data.

use std::os::unix::process::CommandExt;
use std::process::ExitCode;

use anyhow::{Context, Result};

use crate::tools::{cargo, command, has, root, run, target};

pub(crate) fn task(arguments: &[String]) -> Result<ExitCode> {
    build_console()?;
    run(cargo().args(["build", "--release", "--package", "runlog"]))?;
    let arguments = arguments.iter().skip_while(|argument| *argument == "--");
    // Replaces this process, so that Ctrl-C and the exit code are the program's own.
    let error = command(target().join("release/runlog")).arg("demo").args(arguments).exec();
    Err(error).context("cannot start the program that was just built")
}

/// The console is embedded in the program, so it is built first. Without Node the program is built without it.
fn build_console() -> Result<()> {
    let web = root().join("web");
    if !web.join("package.json").exists() {
        return Ok(());
    }
    if !has("npm") {
        println!("Node is not installed: the program is built with the console as it is, or without one");
        return Ok(());
    }
    if !web.join("node_modules").exists() {
        run(command("npm").args(["ci", "--no-audit", "--no-fund", "--loglevel=error"]).current_dir(&web))?;
    }
    run(command("npm").args(["run", "build"]).current_dir(&web))
}
