//! `cargo xtask bench`: builds the program and the benchmark suite optimised, and runs the suite.

use std::os::unix::process::CommandExt;
use std::process::ExitCode;

use anyhow::{Context, Result};

use crate::tools::{cargo, command, run, target};

pub(crate) fn task(arguments: &[String]) -> Result<ExitCode> {
    run(cargo().args(["build", "--release", "--package", "runlog", "--package", "runlog-bench"]))?;
    let error = command(target().join("release/runlog-bench")).args(arguments).exec();
    Err(error).context("cannot start the benchmark suite that was just built")
}
