//! `cargo xtask torture`: random histories of the store, its disk cut at every write and sync, for as long as asked.
//!
//! `--minutes` tries one seed after another, from `--seed` if that is given too; a failure prints its seed, and
//! `--seed` alone replays that history.

use std::process::ExitCode;

use anyhow::{Context, Result};

use crate::tools::{cargo, no_more, run, take_option};

pub(crate) fn task(arguments: &[String]) -> Result<ExitCode> {
    let mut arguments = arguments.to_vec();
    let mut torture = cargo();
    torture.args(["test", "--release", "--package", "runlog-store", "--test", "torture", "--", "--nocapture"]);
    for (option, variable) in [("--seed", "RUNLOG_TORTURE_SEED"), ("--minutes", "RUNLOG_TORTURE_MINUTES")] {
        if let Some(value) = take_option(&mut arguments, option)? {
            value.parse::<u64>().with_context(|| format!("{option} needs a whole number, not `{value}`"))?;
            torture.env(variable, value);
        }
    }
    no_more(&arguments)?;
    run(&mut torture)?;
    Ok(ExitCode::SUCCESS)
}
