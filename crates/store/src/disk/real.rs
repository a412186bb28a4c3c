//! The disk of the machine, under one folder that is locked for one process.
#![allow(clippy::disallowed_methods, reason = "this is the file access that everything else goes through")]

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::{Disk, DiskFile, Entry, Map};
use crate::error::{Doing, Error, Result};

/// A folder of the machine. The lock goes with the process, however it ends.
#[derive(Debug)]
pub struct RealDisk {
    root: PathBuf,
    _lock: File,
}

impl RealDisk {
    /// Opens a folder, made if absent with mode 0700, and locks it.
    ///
    /// # Errors
    /// [`Error::Locked`] when another process has it, [`Error::Io`] when it cannot be made or read.
    pub fn open(root: &Path) -> Result<Self> {
        make_private_dir(root).doing(|| format!("make the folder {}", root.display()))?;
        let path = root.join("LOCK");
        let lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .doing(|| format!("open {}", path.display()))?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { root: root.to_owned(), _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(Error::Locked),
            Err(TryLockError::Error(error)) => Err(error).doing(|| format!("lock {}", path.display())),
        }
    }

    /// Opens a folder that must be there, and locks it.
    ///
    /// # Errors
    /// [`Error::NoData`] when there is no such folder, otherwise as [`RealDisk::open`].
    pub fn open_existing(root: &Path) -> Result<Self> {
        if root.is_dir() { Self::open(root) } else { Err(Error::NoData { folder: root.display().to_string() }) }
    }

    fn at(&self, path: &str) -> PathBuf {
        if path.is_empty() { self.root.clone() } else { self.root.join(path) }
    }
}

fn make_private_dir(path: &Path) -> io::Result<()> {
    if let Some(parent) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        fs::create_dir_all(parent)?;
    }
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    match builder.create(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => Ok(()),
        done => done,
    }
}

impl Disk for RealDisk {
    fn create(&self, path: &str) -> io::Result<Box<dyn DiskFile>> {
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        Ok(Box::new(RealFile(options.open(self.at(path))?)))
    }

    fn map(&self, path: &str) -> io::Result<Map> {
        Map::of_file(&File::open(self.at(path))?)
    }

    fn sync_dir(&self, path: &str) -> io::Result<()> {
        if cfg!(unix) { File::open(self.at(path))?.sync_all() } else { Ok(()) }
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        fs::rename(self.at(from), self.at(to))
    }

    fn remove(&self, path: &str) -> io::Result<()> {
        fs::remove_file(self.at(path))
    }

    fn create_dir(&self, path: &str) -> io::Result<()> {
        make_private_dir(&self.at(path))
    }

    fn remove_dir(&self, path: &str) -> io::Result<()> {
        fs::remove_dir(self.at(path))
    }

    fn list(&self, path: &str) -> io::Result<Vec<Entry>> {
        let dir = match fs::read_dir(self.at(path)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            other => other?,
        };
        let mut entries = Vec::new();
        for entry in dir {
            let entry = entry?;
            let meta = entry.metadata()?;
            // Names that are not UTF-8 are not ours.
            if let Ok(name) = entry.file_name().into_string() {
                entries.push(Entry { name, is_dir: meta.is_dir(), len: meta.len() });
            }
        }
        entries.sort();
        Ok(entries)
    }

    fn folder(&self) -> Option<&Path> {
        Some(&self.root)
    }

    fn link(&self, from: &dyn Disk, path: &str) -> bool {
        from.folder().is_some_and(|folder| fs::hard_link(folder.join(path), self.at(path)).is_ok())
    }
}

struct RealFile(File);

impl DiskFile for RealFile {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.write_all(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        // fdatasync makes the length durable, but not the times.
        self.0.sync_data()
    }
}
