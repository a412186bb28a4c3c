//! `cargo xtask bench`: builds optimised versions of the program and the benchmark suite, and runs the suite. With
//! `--peers`, it compares runlog with ClickHouse, DuckDB, SQLite and Tantivy, which are installed as Python packages
//! into their own environment.

use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, ExitCode};

use anyhow::{Context, Error, Result};

use crate::compat::need_python;
use crate::tools::{cargo, command, root, run, target, venv};

pub(crate) fn task(arguments: &[String]) -> Result<ExitCode> {
    run(cargo().args(["build", "--release", "--package", "runlog", "--package", "runlog-bench"]))?;
    let binaries = target().join("release");
    let (flags, arguments): (Vec<_>, Vec<_>) = arguments.iter().partition(|argument| *argument == "--peers");
    let mut suite = if flags.is_empty() { command(binaries.join("runlog-bench")) } else { peers(&binaries)? };
    Err(suite.args(arguments).exec()).context("cannot start the benchmark suite")
}

fn peers(binaries: &Path) -> Result<Command> {
    need_python().map_err(Error::msg)?;
    let folder = root().join("bench/peers");
    let bin = venv("peers", Path::new("python3"), &folder.join("requirements.txt"))?;
    let mut suite = command(bin.join("python"));
    suite.arg(folder.join("run.py")).arg("--binaries").arg(binaries).arg("--work").arg(target().join("peers"));
    Ok(suite)
}
