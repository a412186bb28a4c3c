//! Restoring a backup: its files are copied into an empty folder, and the copy is verified from the disk.

use std::path::Path;
use std::sync::Arc;

use super::copy::Target;
use super::{Meter, Progress, Verified, data_files, name_of, verify};
use crate::disk::{Disk, RealDisk};
use crate::error::{Doing, Error, Result};
use crate::unfinished::is_unfinished;

/// Copies the backup in `from` into the folder `to`, which is empty or does not exist, and verifies the copy. Nothing
/// is linked, so the backup stays what it is whatever becomes of the copy.
///
/// Damage of the backup does not stop the restore: it is in the report, and [`super::repair`] saves what can be saved.
///
/// # Errors
/// [`Error::NoData`] when there is no backup in `from`, [`Error::Unfinished`] when that was cut short,
/// [`Error::NotEmpty`] when `to` has something in it; [`Error::Locked`], and [`Error::Io`] when a disk does not work.
pub fn restore(from: &Path, to: &Path, progress: &mut dyn FnMut(Progress)) -> Result<Verified> {
    let from = RealDisk::open_existing(from)?;
    restore_on(&from, &(Arc::new(RealDisk::open(to)?) as _), progress)
}

/// As [`restore`], on any disks.
///
/// # Errors
/// As [`restore`].
pub fn restore_on(from: &dyn Disk, to: &Arc<dyn Disk>, progress: &mut dyn FnMut(Progress)) -> Result<Verified> {
    if is_unfinished(from)? {
        return Err(Error::Unfinished);
    }
    let files = data_files(from)?;
    if files.is_empty() {
        return Err(Error::NoData { folder: name_of(from) });
    }
    let mut meter = Meter::new(progress);
    // Each byte is read twice: to be copied, and to be verified.
    meter.expect(2 * files.iter().map(|(_, bytes)| bytes).sum::<u64>());
    let mut target = Target::begin(&**to)?;
    for (path, _) in &files {
        let bytes = from.map(path).doing(|| format!("read {path}"))?;
        target.copy(path, &bytes, &mut meter)?;
    }
    target.finish()?;
    verify::verify_with(to, &mut meter)
}
