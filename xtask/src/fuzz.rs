//! `cargo xtask fuzz`: runs every target of the `fuzz` folder in turn, each for the same time.

use std::process::ExitCode;

use anyhow::{Context, Result, bail};

use crate::tools::{cargo, command, no_more, root, run, succeeds, take_option};

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
        let mut fuzz = command("cargo");
        fuzz.args(["+nightly", "fuzz", "run", &target, "--", &format!("-max_total_time={seconds}")]);
        run(&mut fuzz)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The names of the targets: the files of `fuzz/fuzz_targets`.
fn targets() -> Result<Vec<String>> {
    let folder = root().join("fuzz/fuzz_targets");
    if !folder.is_dir() {
        bail!("there are no fuzz targets: the folder fuzz/fuzz_targets does not exist");
    }
    let mut names = Vec::new();
    for entry in std::fs::read_dir(&folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "rs") {
            names.extend(path.file_stem().map(|stem| stem.to_string_lossy().into_owned()));
        }
    }
    names.sort();
    if names.is_empty() {
        bail!("there are no fuzz targets in fuzz/fuzz_targets");
    }
    Ok(names)
}
