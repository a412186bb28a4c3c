//! `cargo xtask demo`: builds the program, with its console where Node is present, and starts it with sample data; then
//! queries it with an official client, installed under the target folder.

use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result};

use crate::compat;
use crate::tools::{cargo, command, has, root, run, target, venv};

pub(crate) fn task(arguments: &[String]) -> Result<ExitCode> {
    build_console()?;
    run(cargo().args(["build", "--release", "--package", "runlog"]))?;
    let arguments = arguments.iter().skip_while(|argument| *argument == "--");
    let mut demo = command(target().join("release/runlog"));
    demo.arg("demo").args(arguments);
    match official_client() {
        Ok(client) => drop(demo.arg("--visit").arg(client)),
        Err(reason) => println!("No official client asks this demo: {reason:#}"),
    }
    // Replaces this process, so that Ctrl-C and the exit code are the program's own.
    Err(demo.exec()).context("cannot start the program that was just built")
}

/// The command that queries the demo through Tencent Cloud's own Python SDK.
fn official_client() -> Result<String> {
    let folder = root().join("compat");
    compat::need_python().map_err(anyhow::Error::msg)?;
    let bin = venv("python", Path::new("python3"), &folder.join("python/requirements.txt"))?;
    Ok(format!("'{}' '{}'", bin.join("python").display(), folder.join("demo.py").display()))
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
