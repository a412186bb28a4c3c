//! `cargo xtask release`: the program as it is shipped: optimised, without symbols; they are in a file beside it, which
//! debuggers find by themselves (`.gnu_debuglink`).

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result};

use crate::console;
use crate::tools::{cargo, command, no_more, run, target};

pub(crate) fn task(arguments: &[String]) -> Result<ExitCode> {
    no_more(arguments)?;
    console::build()?;
    run(cargo().args(["build", "--release", "--package", "runlog"]))?;
    let folder = target().join("release");
    let (built, shipped, symbols) =
        (folder.join("runlog"), folder.join("shipped"), folder.join("shipped/runlog.debug"));
    std::fs::create_dir_all(&shipped)?;
    let program = shipped.join("runlog");
    run(command("objcopy").arg("--only-keep-debug").args([&built, &symbols]))?;
    run(command("objcopy").arg("--strip-all").args([&built, &program]))?;
    // The link holds the file's name alone, so it is made where the file is.
    run(command("objcopy").current_dir(&shipped).arg("--add-gnu-debuglink=runlog.debug").arg("runlog"))?;
    println!("{} ({}), symbols in {} ({})", program.display(), size(&program)?, symbols.display(), size(&symbols)?);
    Ok(ExitCode::SUCCESS)
}

fn size(path: &Path) -> Result<String> {
    let bytes = std::fs::metadata(path).with_context(|| path.display().to_string())?.len();
    Ok(format!("{:.1} MB", bytes as f64 / 1e6))
}
