//! `cargo xtask console`: builds the pages that are embedded in the program. Without Node the program is built without
//! them, and says on each page how to build them.

use std::process::ExitCode;

use anyhow::Result;

use crate::tools::{command, has, no_more, root, run};

pub(crate) fn task(arguments: &[String]) -> Result<ExitCode> {
    no_more(arguments)?;
    build()?;
    Ok(ExitCode::SUCCESS)
}

/// Builds the pages, where Node is present.
pub(crate) fn build() -> Result<()> {
    if !has("npm") {
        println!("Node is not installed: the program is built with the pages as they are, or without them");
        return Ok(());
    }
    install()?;
    run(command("npm").args(["run", "build"]).current_dir(root().join("web")))
}

/// Installs the packages of the pages and of their tests, when their list has changed.
pub(crate) fn install() -> Result<()> {
    let web = root().join("web");
    let (list, installed) = (web.join("package-lock.json"), web.join("node_modules/.installed.json"));
    let wanted = std::fs::read_to_string(&list)?;
    if std::fs::read_to_string(&installed).is_ok_and(|found| found == wanted) {
        return Ok(());
    }
    run(command("npm").args(["ci", "--no-audit", "--no-fund", "--loglevel=error"]).current_dir(&web))?;
    Ok(std::fs::write(&installed, &wanted)?)
}
