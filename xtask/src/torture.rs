//! `cargo xtask torture`: runs random histories of the store with every kind of disk fault, for a given time.
//!
//! `--minutes` tries one seed after another, from `--seed` if that is given too, with `--jobs` in parallel, and ends
//! with a table of the faults that occurred. A failure prints its seed and the steps that led to it. `--seed` alone
//! replays that history. `--mutants` shows that defects of the store are noticed: see `mutants.rs`.

use std::process::ExitCode;

use anyhow::{Context, Result};

use crate::mutants;
use crate::tools::{cargo, no_more, run, take_option};

const OPTIONS: [(&str, &str); 3] =
    [("--seed", "RUNLOG_TORTURE_SEED"), ("--minutes", "RUNLOG_TORTURE_MINUTES"), ("--jobs", "RUNLOG_TORTURE_JOBS")];

pub(crate) fn task(arguments: &[String]) -> Result<ExitCode> {
    if let Some(("--mutants", only)) = arguments.split_first().map(|(first, rest)| (first.as_str(), rest)) {
        return mutants::task(&only.join(" "));
    }
    let mut arguments = arguments.to_vec();
    let mut torture = cargo();
    torture.args(["test", "--release", "--package", "runlog-store", "--test", "torture", "--", "--nocapture"]);
    for (option, variable) in OPTIONS {
        if let Some(value) = take_option(&mut arguments, option)? {
            value.parse::<u64>().with_context(|| format!("{option} needs a whole number, not `{value}`"))?;
            torture.env(variable, value);
        }
    }
    no_more(&arguments)?;
    run(&mut torture)?;
    Ok(ExitCode::SUCCESS)
}
