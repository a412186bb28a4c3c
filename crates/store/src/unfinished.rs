//! The marker of a folder into which files are still being copied.

use std::io;

use crate::disk::Disk;
use crate::error::{Doing, Result};

/// The marker's file name.
pub(crate) const UNFINISHED: &str = "UNFINISHED";

/// Whether a copy into this folder was cut short.
pub(crate) fn is_unfinished(disk: &dyn Disk) -> Result<bool> {
    match disk.map(UNFINISHED) {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error).doing(|| format!("read {UNFINISHED}")),
    }
}
