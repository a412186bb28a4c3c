//! `cargo xtask fuzz`: builds every fuzz target, runs one after the other, and prints what each reached and found.
//!
//! Everything is kept below the target folder: `cargo-fuzz` itself in `tools`; the build, seeds, corpora and inputs
//! that were found in `fuzz`. A run goes on from the corpus of the last one.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, bail};

use crate::tools::{cargo, command, has, no_more, output, root, run, take_option, target, watch};

/// The version that is installed if there is none.
const CARGO_FUZZ: &str = "0.13.2";

/// How long each target runs, in minutes.
const MINUTES: u64 = 1;

pub(crate) fn task(arguments: &[String]) -> Result<ExitCode> {
    let mut arguments = arguments.to_vec();
    let minutes = take_option(&mut arguments, "--minutes")?.unwrap_or_else(|| MINUTES.to_string());
    let minutes: u64 = minutes.parse().with_context(|| format!("--minutes needs a whole number, not `{minutes}`"))?;
    if minutes == 0 {
        bail!("--minutes takes 1 or more");
    }
    let only = take_option(&mut arguments, "--target")?;
    no_more(&arguments)?;
    let mut targets = targets()?;
    if let Some(only) = &only {
        if !targets.contains(only) {
            bail!("there is no target `{only}`; there are {}", targets.join(", "));
        }
        targets = vec![only.clone()];
    }
    let home = target().join("fuzz");
    let programs = build(&home, only.as_deref())?;
    let seeds = home.join("seeds");
    run(cargo().args(["run", "--quiet", "--package", "runlog-fuzz", "--example", "write_seeds", "--"]).arg(&seeds))?;
    let mut reached = Vec::new();
    for name in targets {
        let (corpus, found) = (home.join("corpus").join(&name), home.join("found").join(&name));
        fs::create_dir_all(&corpus)?;
        fs::create_dir_all(&found)?;
        let mut fuzzer = command(programs.join(&name));
        fuzzer.args([format!("-max_total_time={}", minutes * 60), format!("-artifact_prefix={}/", found.display())]);
        let words = seeds.join(format!("{name}.dict"));
        if words.exists() {
            fuzzer.arg(format!("-dict={}", words.display()));
        }
        let (status, text) = watch(fuzzer.arg(&corpus).arg(seeds.join(&name)))?;
        reached.push(Reached { name, is_clean: status.success(), ..Reached::read(&text) });
    }
    print!("{}", table(&reached));
    let is_clean = reached.iter().all(|reached| reached.is_clean);
    if !is_clean {
        println!("the inputs that fail are in {}", home.join("found").display());
    }
    Ok(if is_clean { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// What a target's run reached.
#[derive(Debug, Default, PartialEq, Eq)]
struct Reached {
    name: String,
    executions: u64,
    /// Edges of the control flow.
    coverage: u64,
    /// Edges, told apart by how often they were passed, and values that were compared.
    features: u64,
    is_clean: bool,
}

impl Reached {
    /// Reads what libFuzzer printed: the last line such as `#812 DONE cov: 10 ft: 20 corp: 3/9b ...`.
    fn read(text: &str) -> Self {
        let mut reached = Self::default();
        for line in text.lines().filter(|line| line.starts_with('#')) {
            let words: Vec<&str> = line.split_whitespace().collect();
            let after = |name: &str| {
                let at = words.iter().position(|word| *word == name)?;
                words.get(at + 1)?.parse().ok()
            };
            let executions = words.first().and_then(|word| word.trim_start_matches('#').parse().ok());
            if let (Some(executions), Some(coverage), Some(features)) = (executions, after("cov:"), after("ft:")) {
                reached = Self { executions, coverage, features, ..reached };
            }
        }
        reached
    }
}

fn table(reached: &[Reached]) -> String {
    let mut table =
        format!("{:<16} {:>12} {:>9} {:>9}  {}\n", "target", "executions", "coverage", "features", "result");
    for Reached { name, executions, coverage, features, is_clean } in reached {
        let result = if *is_clean { "clean" } else { "FOUND" };
        table += &format!("{name:<16} {executions:>12} {coverage:>9} {features:>9}  {result}\n");
    }
    table
}

/// Builds all targets or one, and returns the folder of their programs.
fn build(home: &Path, only: Option<&str>) -> Result<PathBuf> {
    let toolchains = output(command("rustup").args(["toolchain", "list"])).unwrap_or_default();
    if !toolchains.lines().any(|line| line.starts_with("nightly")) {
        bail!("fuzzing needs a nightly toolchain: `rustup toolchain install nightly --profile minimal`");
    }
    let tools = target().join("tools");
    let is_here = tools.join("bin/cargo-fuzz").exists();
    if !is_here && !has("cargo-fuzz") {
        let version = format!("cargo-fuzz@{CARGO_FUZZ}");
        run(command("cargo").args(["install", &version, "--locked", "--root"]).arg(&tools))?;
    }
    let build = home.join("build");
    // Not the cargo that started us: rustup chooses nightly by the first argument. Without a sanitizer, since the code
    // is safe but for one module, and a target runs several times as often.
    let mut fuzz = command("cargo");
    fuzz.args(["+nightly", "fuzz", "build", "--features", "libfuzzer", "--sanitizer", "none", "--target-dir"]);
    run(with_tools(fuzz.arg(&build).args(only), &tools)?)?;
    let version = output(command("rustc").arg("-vV")).unwrap_or_default();
    let host = version.lines().find_map(|line| line.strip_prefix("host: ")).context("rustc does not name its host")?;
    Ok(build.join(host).join("release"))
}

/// Lets cargo find the commands of a folder of tools.
fn with_tools<'c>(command: &'c mut Command, tools: &Path) -> Result<&'c mut Command> {
    let path: OsString = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::iter::once(tools.join("bin")).chain(std::env::split_paths(&path));
    Ok(command.env("PATH", std::env::join_paths(folders)?))
}

/// The names of the targets: the files of `fuzz/fuzz_targets`.
fn targets() -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(root().join("fuzz/fuzz_targets"))? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "rs") {
            names.extend(path.file_stem().map(|stem| stem.to_string_lossy().into_owned()));
        }
    }
    names.sort();
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_of_a_run_is_read() {
        let text = "INFO: seed corpus\n#2\tINITED cov: 5 ft: 6 corp: 1/1b\n#77\tREDUCE cov: 9 ft: 12 corp: 2/3b\n\
                    #128\tDONE   cov: 10 ft: 20 corp: 3/9b lim: 9 exec/s: 64 rss: 40Mb\nDone 128 runs in 2 second(s)\n";
        let expected = Reached { executions: 128, coverage: 10, features: 20, ..Reached::default() };
        assert_eq!(Reached::read(text), expected);
        assert_eq!(Reached::read("it did not start\n"), Reached::default());
    }
}
