//! Folders that commands work on: the data, and what this user's commands remember.

use std::env;
use std::path::PathBuf;

use crate::config::Flags;

/// The data folder.
#[derive(clap::Args)]
pub(in crate::cli) struct Place {
    /// Data folder [env: RUNLOG_DATA] [default: runlog-data]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
}

impl Place {
    pub(in crate::cli) fn data(self) -> anyhow::Result<PathBuf> {
        match self.data {
            Some(data) => Ok(data),
            None => Ok(Flags::default().settings()?.data),
        }
    }
}

/// The folder for the state of this user's commands (XDG Base Directory Specification); `None` for a user without a
/// home.
pub(in crate::cli) fn state_folder() -> Option<PathBuf> {
    let base = folder_in("XDG_STATE_HOME").or_else(|| Some(folder_in("HOME")?.join(".local/state")));
    Some(base?.join("runlog"))
}

/// The folder that an environment variable names. An empty one counts as not set.
pub(in crate::cli) fn folder_in(variable: &str) -> Option<PathBuf> {
    env::var_os(variable).filter(|value| !value.is_empty()).map(PathBuf::from)
}
