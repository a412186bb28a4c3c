//! The only file access of the crate, as a trait: so that a crash can be simulated at every write and every sync.
//!
//! Paths are relative to the data folder, written with `/`. Files are written once, from front to back, and never
//! changed afterwards. A new file or a rename is durable when the file *and* its folder were synced.

mod map;
mod real;
pub mod sim;

use std::io;
use std::path::Path;

pub use map::Map;
pub use real::RealDisk;

use crate::error::{Doing, Result};

/// A folder tree.
pub trait Disk: Send + Sync + 'static {
    /// A new, empty file; an old one of that name is cut to nothing.
    fn create(&self, path: &str) -> io::Result<Box<dyn DiskFile>>;
    /// All bytes of a file that no longer changes.
    fn map(&self, path: &str) -> io::Result<Map>;
    /// Makes the names of a folder's entries durable; `""` is the data folder itself.
    fn sync_dir(&self, path: &str) -> io::Result<()>;
    /// Moves a file, over an older one if there is one.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;
    /// Removes a file.
    fn remove(&self, path: &str) -> io::Result<()>;
    /// Makes a folder unless it exists.
    fn create_dir(&self, path: &str) -> io::Result<()>;
    /// Removes an empty folder.
    fn remove_dir(&self, path: &str) -> io::Result<()>;
    /// The entries of a folder, in the order of their names; empty when there is no such folder.
    fn list(&self, path: &str) -> io::Result<Vec<Entry>>;
    /// The folder of the machine that this is; none for a disk that is simulated.
    fn folder(&self) -> Option<&Path> {
        None
    }
    /// Gives a finished file of another disk a second name at the same path of this one, without copying its bytes.
    /// False when that cannot be, as between file systems; it can be copied then.
    fn link(&self, from: &dyn Disk, path: &str) -> bool {
        let _ = (from, path);
        false
    }
}

/// Writes a whole file and makes its bytes durable; its name is when its folder is synced.
pub(crate) fn write_file(disk: &dyn Disk, path: &str, bytes: &[u8]) -> Result<()> {
    let mut file = disk.create(path).doing(|| format!("create {path}"))?;
    file.append(bytes).doing(|| format!("write {path}"))?;
    file.sync().doing(|| format!("sync {path}"))
}

/// A file that is being written.
pub trait DiskFile: Send {
    /// Adds bytes at the end. After an error, an unknown part of them is there.
    fn append(&mut self, bytes: &[u8]) -> io::Result<()>;
    /// Makes the bytes durable. After an error, nothing is known and nothing may be assumed of a second try.
    fn sync(&mut self) -> io::Result<()>;
}

/// An entry of a folder.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    /// The name, without the folder.
    pub name: String,
    /// Whether it is a folder.
    pub is_dir: bool,
    /// Its length in bytes.
    pub len: u64,
}
