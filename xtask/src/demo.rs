//! `cargo xtask demo`: builds the program, with its console where Node is present, and starts it with sample data; then
//! queries it with an official client, installed under the target folder.

use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::ExitCode;
use std::thread;

use anyhow::{Context, Result, anyhow};

use crate::tools::{cargo, command, root, run, target, venv};
use crate::{compat, console};

pub(crate) fn task(arguments: &[String]) -> Result<ExitCode> {
    // The client is downloaded while the program is compiled.
    let client = thread::spawn(official_client);
    console::build()?;
    run(cargo().args(["build", "--profile", "demo", "--package", "runlog"]))?;
    let arguments = arguments.iter().skip_while(|argument| *argument == "--");
    let mut demo = command(target().join("demo/runlog"));
    demo.arg("demo").args(arguments);
    match client.join().unwrap_or_else(|_| Err(anyhow!("its installation failed"))) {
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
