//! A simulated disk that tells a test of each change, and each look into a folder, just before it is made, so that the
//! test can hold it up.

use std::io;
use std::sync::Arc;

use runlog_store::Disk;
use runlog_store::disk::sim::SimDisk;
use runlog_store::disk::{DiskFile, Entry, Map};

/// What is about to happen, and to which path; of a rename, the old one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change<'a> {
    Sync(&'a str),
    SyncDir(&'a str),
    Rename(&'a str),
    RemoveDir(&'a str),
    /// No change: a folder is about to be listed.
    List(&'a str),
}

type Hook = Arc<dyn Fn(Change<'_>) + Send + Sync>;

#[derive(Clone)]
pub struct Hooked {
    disk: SimDisk,
    hook: Hook,
}

impl Hooked {
    pub fn new(disk: SimDisk, hook: impl Fn(Change<'_>) + Send + Sync + 'static) -> Self {
        Self { disk, hook: Arc::new(hook) }
    }
}

struct HookedFile {
    file: Box<dyn DiskFile>,
    path: String,
    hook: Hook,
}

impl DiskFile for HookedFile {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.append(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        (self.hook)(Change::Sync(&self.path));
        self.file.sync()
    }
}

impl Disk for Hooked {
    fn create(&self, path: &str) -> io::Result<Box<dyn DiskFile>> {
        Ok(Box::new(HookedFile { file: self.disk.create(path)?, path: path.to_owned(), hook: Arc::clone(&self.hook) }))
    }

    fn map(&self, path: &str) -> io::Result<Map> {
        self.disk.map(path)
    }

    fn sync_dir(&self, path: &str) -> io::Result<()> {
        (self.hook)(Change::SyncDir(path));
        self.disk.sync_dir(path)
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        (self.hook)(Change::Rename(from));
        self.disk.rename(from, to)
    }

    fn remove(&self, path: &str) -> io::Result<()> {
        self.disk.remove(path)
    }

    fn create_dir(&self, path: &str) -> io::Result<()> {
        self.disk.create_dir(path)
    }

    fn remove_dir(&self, path: &str) -> io::Result<()> {
        (self.hook)(Change::RemoveDir(path));
        self.disk.remove_dir(path)
    }

    fn list(&self, path: &str) -> io::Result<Vec<Entry>> {
        (self.hook)(Change::List(path));
        self.disk.list(path)
    }
}
