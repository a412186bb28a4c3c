//! What an operator does with a data folder: back it up, restore it, verify it, repair it.
//!
//! A backup is a data folder itself: the files of one moment, under their own names, so it can be verified, repaired,
//! and in an emergency served as it is. A copy into a folder first puts the marker `UNFINISHED` there and removes it
//! last; a folder with the marker is not opened.

mod backup;
mod copy;
mod repair;
mod restore;
mod salvage;
mod verify;

use crate::disk::Disk;
use crate::error::{Doing, Result};
use crate::{partition, wal};

pub use repair::{Repair, Repaired, repair, repair_on};
pub use restore::{restore, restore_on};
pub use runlog_core::Backup;
pub use verify::{Problem, Verified, verify, verify_on};

/// How far a long call has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Bytes done.
    pub done: u64,
    /// Bytes in all, as far as is known; it may grow.
    pub total: u64,
}

/// Counts bytes and reports them to the caller.
pub(crate) struct Meter<'a> {
    progress: Progress,
    tell: &'a mut dyn FnMut(Progress),
}

impl<'a> Meter<'a> {
    fn new(tell: &'a mut dyn FnMut(Progress)) -> Self {
        Self { progress: Progress::default(), tell }
    }

    fn expect(&mut self, bytes: u64) {
        self.progress.total += bytes;
        (self.tell)(self.progress);
    }

    pub(crate) fn did(&mut self, bytes: u64) {
        self.progress.done += bytes;
        self.progress.total = self.progress.total.max(self.progress.done);
        (self.tell)(self.progress);
    }
}

/// What a folder is called in messages.
fn name_of(disk: &dyn Disk) -> String {
    disk.folder().map_or_else(|| "the folder".to_owned(), |folder| folder.display().to_string())
}

/// Every file of a data folder that holds data, manifests last, with its length in bytes. Damaged files that were set
/// aside are not among them.
fn data_files(disk: &dyn Disk) -> Result<Vec<(String, u64)>> {
    let mut folders = vec![wal::DIR.to_owned()];
    let days = disk.list(partition::DIR).doing(|| format!("list {}", partition::DIR))?;
    folders.extend(days.iter().filter_map(|entry| partition::day_of_folder(&entry.name)).map(partition::folder));
    let mut files = Vec::new();
    for folder in folders {
        let entries = disk.list(&folder).doing(|| format!("list {folder}"))?;
        let ours = entries.into_iter().filter(|entry| entry.name.ends_with(".wal") || entry.name.ends_with(".seg"));
        files.extend(ours.map(|entry| (format!("{folder}/{}", entry.name), entry.len)));
    }
    let top = disk.list("").doing(|| "list the data folder".into())?;
    let manifests = top.into_iter().filter(|entry| crate::manifest::COPIES.contains(&entry.name.as_str()));
    files.extend(manifests.map(|entry| (entry.name, entry.len)));
    Ok(files)
}
