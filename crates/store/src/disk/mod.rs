//! The only file access of the crate, as a trait: so that a crash can be simulated at every write and every sync.
//!
//! Paths are relative to the data folder, written with `/`. Files are written once, from front to back, and never
//! changed afterwards. A new file or a rename is durable when the file *and* its folder were synced.

mod map;
mod real;
pub mod sim;

use std::io;

pub use map::Map;
pub use real::RealDisk;

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
