//! Filling an empty folder with files of another, so that a cut is noticed and a whole copy is durable.

use std::collections::BTreeSet;

use super::{Meter, name_of};
use crate::disk::{Disk, write_file};
use crate::error::{Doing, Error, Result};
use crate::unfinished::UNFINISHED;
use crate::{partition, wal};

/// Bytes that are copied between two reports of progress.
const PIECE_BYTES: usize = 1 << 20;

/// A folder that is being filled.
pub(super) struct Target<'a> {
    pub(super) disk: &'a dyn Disk,
    /// Folders whose names must be made durable.
    folders: BTreeSet<String>,
}

impl<'a> Target<'a> {
    /// Begins to fill a folder.
    ///
    /// # Errors
    /// [`Error::NotEmpty`] when it has something in it.
    pub(super) fn begin(disk: &'a dyn Disk) -> Result<Self> {
        let entries = disk.list("").doing(|| "list the target".into())?;
        // An open folder has a lock file.
        if entries.iter().any(|entry| entry.name != "LOCK") {
            return Err(Error::NotEmpty { folder: name_of(disk) });
        }
        write_file(disk, UNFINISHED, &[])?;
        disk.sync_dir("").doing(|| "sync the target".into())?;
        let mut target = Self { disk, folders: BTreeSet::new() };
        for folder in [wal::DIR, partition::DIR] {
            target.make_folder(folder)?;
        }
        Ok(target)
    }

    /// Copies a finished file to the same path.
    pub(super) fn copy(&mut self, path: &str, bytes: &[u8], meter: &mut Meter<'_>) -> Result<()> {
        self.make_parent(path)?;
        let mut file = self.disk.create(path).doing(|| format!("create {path} in the target"))?;
        for piece in bytes.chunks(PIECE_BYTES) {
            file.append(piece).doing(|| format!("write {path} in the target"))?;
            meter.did(piece.len() as u64);
        }
        file.sync().doing(|| format!("sync {path} in the target"))
    }

    /// Gives a finished file a second name here, of the same path; false where that cannot be.
    pub(super) fn link(&mut self, from: &dyn Disk, path: &str) -> Result<bool> {
        self.make_parent(path)?;
        Ok(self.disk.link(from, path))
    }

    /// Makes the whole folder durable, then takes the marker away.
    pub(super) fn finish(self) -> Result<()> {
        for folder in self.folders.iter().map(String::as_str).chain([""]) {
            self.disk.sync_dir(folder).doing(|| format!("sync {folder} in the target"))?;
        }
        self.disk.remove(UNFINISHED).doing(|| format!("remove {UNFINISHED} from the target"))?;
        self.disk.sync_dir("").doing(|| "sync the target".into())
    }

    fn make_parent(&mut self, path: &str) -> Result<()> {
        match path.rsplit_once('/') {
            Some((folder, _)) => self.make_folder(folder),
            None => Ok(()),
        }
    }

    fn make_folder(&mut self, folder: &str) -> Result<()> {
        if self.folders.insert(folder.to_owned()) {
            self.disk.create_dir(folder).doing(|| format!("make the folder {folder} in the target"))?;
        }
        Ok(())
    }
}
