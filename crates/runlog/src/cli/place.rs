//! Which data folder a command works on.

use std::path::PathBuf;

use crate::config::Flags;

/// Which data folder.
#[derive(clap::Args)]
pub(super) struct Place {
    /// Folder that holds the data [env: RUNLOG_DATA] [default: runlog-data]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
}

impl Place {
    pub(super) fn data(self) -> anyhow::Result<PathBuf> {
        match self.data {
            Some(data) => Ok(data),
            None => Ok(Flags::default().settings()?.data),
        }
    }
}
