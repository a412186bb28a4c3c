//! `cargo xtask test`: everything that must hold before a change lands, as phases that do not stop one another.

use std::process::{Command, ExitCode};

use anyhow::{Result, bail};

use crate::report::{self, Outcome, Phase};
use crate::tools::{self, cargo, succeeds};
use crate::{compat, console};

pub(crate) fn task(arguments: &[String]) -> Result<ExitCode> {
    let mut arguments = arguments.to_vec();
    let only = tools::take_option(&mut arguments, "--only")?;
    tools::no_more(&arguments)?;
    let mut phases = phases();
    if let Some(only) = only {
        let named =
            |phase: &Phase, name: &str| phase.name == name || (name == "compat" && phase.name.starts_with(name));
        if let Some(unknown) = only.split(',').find(|name| phases.iter().all(|phase| !named(phase, name))) {
            let names: Vec<_> = phases.iter().map(|phase| phase.name.as_str()).collect();
            bail!("there is no phase `{unknown}`; there are {}, and `compat` for all of those", names.join(", "));
        }
        phases.retain(|phase| only.split(',').any(|name| named(phase, name)));
    }
    Ok(report::run(phases))
}

fn phases() -> Vec<Phase> {
    let mut phases = vec![
        // First, so that the program is tested with its pages.
        phase("console", pages),
        phase("fmt", || check(cargo().args(["fmt", "--all", "--check"]))),
        phase("clippy", || {
            check(cargo().args(["clippy", "--quiet", "--workspace", "--all-targets", "--", "-D", "warnings"]))
        }),
        phase("deny", deny),
        phase("test", cargo_test),
    ];
    // The browser's tests need an idle machine, so they are a task of their own: `cargo xtask compat browser`.
    phases.extend(compat::phases(None).into_iter().filter(|phase| phase.name != "compat-browser"));
    phases
}

fn phase(name: &str, run: fn() -> Result<Outcome>) -> Phase {
    Phase { name: name.to_owned(), run: Box::new(run) }
}

fn check(command: &mut Command) -> Result<Outcome> {
    tools::run(command).map(|()| Outcome::passed())
}

/// The pages: their build, types and unit tests.
fn pages() -> Result<Outcome> {
    if !tools::has("npm") {
        return Ok(Outcome::skipped("Node is not installed: the program is tested without its pages"));
    }
    console::build()?;
    let web = tools::root().join("web");
    tools::run(tools::command("npm").args(["run", "check"]).current_dir(&web))?;
    check(tools::command("npm").arg("test").current_dir(&web))
}

/// Licences, advisories and sources of the dependencies. The advisories need a network, so they are not checked here.
fn deny() -> Result<Outcome> {
    if !succeeds(cargo().args(["deny", "--version"])) {
        return Ok(Outcome::skipped("cargo-deny is not installed: `cargo install cargo-deny`"));
    }
    check(cargo().args(["deny", "check", "bans", "licenses", "sources"]))
}

fn cargo_test() -> Result<Outcome> {
    let mut test = cargo();
    test.args(["test", "--quiet", "--workspace", "--no-fail-fast"]);
    let (status, text) = tools::watch(&mut test)?;
    Ok(cargo_counts(&text).of_runner(status.success()))
}

/// Adds up the lines `test result: ok. 12 passed; 0 failed; 1 ignored; ...`, one a test binary.
fn cargo_counts(text: &str) -> Outcome {
    let mut sum = Outcome::default();
    for line in text.lines().filter_map(|line| line.trim_start().strip_prefix("test result: ")) {
        let words: Vec<&str> = line.split([' ', ';']).collect();
        let before = |name: &str| -> u64 {
            let at = words.iter().position(|word| *word == name);
            at.and_then(|at| words[at - 1].parse().ok()).unwrap_or(0)
        };
        sum.passed += before("passed");
        sum.failed += before("failed");
        sum.skipped += before("ignored");
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn adds_up_the_test_binaries() {
        let text = "running 3 tests\ntest result: ok. 3 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out\n\
                    test result: FAILED. 5 passed; 2 failed; 1 ignored; 0 measured; 0 filtered out; in 0.01s\n";
        let sum = cargo_counts(text);
        assert_eq!((sum.passed, sum.failed, sum.skipped), (8, 2, 1));
    }
}
