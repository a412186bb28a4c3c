//! `cargo xtask fuzz`: every target of the `fuzz` folder in turn, the time shared evenly.

use std::process::ExitCode;

use anyhow::{Context, Result, bail};

use crate::tools::{cargo, no_more, root, run, succeeds, take_option};

pub(crate) fn task(arguments: &[String]) -> Result<ExitCode> {
    let mut arguments = arguments.to_vec();
    let minutes = take_option(&mut arguments, "--minutes")?.unwrap_or_else(|| "5".to_owned());
    let minutes: u64 = minutes.parse().with_context(|| format!("--minutes needs a whole number, not `{minutes}`"))?;
    no_more(&arguments)?;
    let targets = targets()?;
    if !succeeds(cargo().args(["fuzz", "--version"])) {
        bail!("cargo-fuzz is not installed: `cargo install cargo-fuzz` (it needs a nightly toolchain to run)");
    }
    let seconds = minutes * 60 / targets.len() as u64;
    for target in targets {
        // Not the cargo that started us: cargo-fuzz needs nightly, and rustup chooses it by the first argument.
        let mut fuzz = crate::tools::command("cargo");
        fuzz.args(["+nightly", "fuzz", "run", &target, "--", &format!("-max_total_time={seconds}")]);
        run(&mut fuzz)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The names of the targets: the files of `fuzz/fuzz_targets`.
fn targets() -> Result<Vec<String>> {
    let folder = root().join("fuzz/fuzz_targets");
    let entries =
        std::fs::read_dir(&folder).context("there are no fuzz targets: the folder fuzz/ does not exist yet")?;
    let paths = entries.map(|entry| Ok(entry?.path())).collect::<std::io::Result<Vec<_>>>()?;
    let is_target = |path: &&std::path::PathBuf| path.extension().is_some_and(|extension| extension == "rs");
    let mut names: Vec<String> = paths
        .iter()
        .filter(is_target)
        .filter_map(|path| Some(path.file_stem()?.to_string_lossy().into_owned()))
        .collect();
    names.sort();
    if names.is_empty() {
        bail!("there are no fuzz targets in fuzz/fuzz_targets");
    }
    Ok(names)
}
