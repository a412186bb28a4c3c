//! A folder that is this user's own and closed to others, and the files in it.
//!
//! A spool may be below a folder that others can write to, such as `/tmp`, or in a home that is not this user's. Its
//! files are sent with this user's key, so a folder is used only after a look at what was opened: a real folder of this
//! user, which nobody else can write to. Every file is then opened relative to that folder and never through a link, so
//! that replacing the path later changes nothing.

use std::ffi::{OsStr, OsString};
use std::fs::{DirBuilder, File, TryLockError};
use std::io::{self, Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags, Stat};
use rustix::io::Errno;
use rustix::process::geteuid;

/// For the owner alone, folder and file.
const FOLDER_MODE: Mode = Mode::RWXU;
const FILE_MODE: Mode = Mode::RUSR.union(Mode::WUSR);

/// Which bits let another user write.
const WRITABLE_BY_OTHERS: Mode = Mode::WGRP.union(Mode::WOTH);

/// Why a folder cannot be used.
pub(super) enum Trouble {
    /// It is not this user's own, or open to others.
    Unsafe(String),
    /// The system failed.
    Failed(io::Error),
}

/// A folder that was looked at.
pub(super) struct Folder {
    file: File,
}

/// A file in a folder.
pub(super) struct Entry {
    pub(super) name: OsString,
    pub(super) bytes: u64,
    pub(super) modified: SystemTime,
}

impl From<Errno> for Trouble {
    fn from(error: Errno) -> Self {
        Self::Failed(error.into())
    }
}

impl From<io::Error> for Trouble {
    fn from(error: io::Error) -> Self {
        Self::Failed(error)
    }
}

impl Folder {
    /// Opens the folder at a path; `None` when there is none.
    pub(super) fn open(path: &Path) -> Result<Option<Self>, Trouble> {
        // Without a slash at its end, which would follow a link in spite of NOFOLLOW.
        let path: PathBuf = path.components().collect();
        Self::checked(rustix::fs::openat(rustix::fs::CWD, &path, folder_flags(), Mode::empty()), || {
            rustix::fs::lstat(&path)
        })
    }

    /// Opens the folder at a path, which is made where there is none; folders above it, too.
    pub(super) fn make(path: &Path) -> Result<Self, Trouble> {
        let path: PathBuf = path.components().collect();
        if let Some(parent) = path.parent() {
            DirBuilder::new().recursive(true).mode(FOLDER_MODE.bits()).create(parent)?;
        }
        made(rustix::fs::mkdirat(rustix::fs::CWD, &path, FOLDER_MODE))?;
        Self::open(&path)?.ok_or_else(|| io::Error::from(io::ErrorKind::NotFound).into())
    }

    /// Opens a folder in this one; `None` when there is none.
    pub(super) fn open_inside(&self, name: &str) -> Result<Option<Self>, Trouble> {
        Self::checked(rustix::fs::openat(&self.file, name, folder_flags(), Mode::empty()), || {
            rustix::fs::statat(&self.file, name, AtFlags::SYMLINK_NOFOLLOW)
        })
    }

    /// Opens a folder in this one, which is made where there is none.
    pub(super) fn make_inside(&self, name: &str) -> Result<Self, Trouble> {
        made(rustix::fs::mkdirat(&self.file, name, FOLDER_MODE))?;
        self.open_inside(name)?.ok_or_else(|| io::Error::from(io::ErrorKind::NotFound).into())
    }

    fn checked(
        opened: rustix::io::Result<rustix::fd::OwnedFd>,
        unopened: impl FnOnce() -> rustix::io::Result<Stat>,
    ) -> Result<Option<Self>, Trouble> {
        let file = match opened {
            Ok(file) => file,
            Err(Errno::NOENT) => return Ok(None),
            Err(error) => {
                // What it is says more than the error of opening it.
                return match unopened().ok().and_then(|stat| objection(&stat)) {
                    Some(objection) => Err(Trouble::Unsafe(objection)),
                    None => Err(error.into()),
                };
            }
        };
        match objection(&rustix::fs::fstat(&file)?) {
            Some(objection) => Err(Trouble::Unsafe(objection)),
            None => Ok(Some(Self { file: file.into() })),
        }
    }

    /// The files of this user whose names end so, in the order of their names. Links and all else are passed over.
    pub(super) fn files(&self, extension: &str) -> io::Result<Vec<Entry>> {
        let mut entries = Vec::new();
        for entry in Dir::read_from(&self.file)? {
            let entry = entry?;
            let name = OsStr::from_bytes(entry.file_name().to_bytes());
            if Path::new(name).extension().is_none_or(|found| found != extension) {
                continue;
            }
            // One that is gone by now was shipped.
            let Ok(stat) = rustix::fs::statat(&self.file, name, AtFlags::SYMLINK_NOFOLLOW) else { continue };
            if is_own_file(&stat) {
                let bytes = u64::try_from(stat.st_size).map_err(io::Error::other)?;
                entries.push(Entry { name: name.to_owned(), bytes, modified: modified(&stat) });
            }
        }
        entries.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(entries)
    }

    /// Reads a file.
    pub(super) fn read(&self, name: &OsStr) -> io::Result<Vec<u8>> {
        // A pipe in the place of a file must not be waited for.
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let mut file = self.open_file(name, flags)?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// Makes a file that must not be there yet, and brings it to the disk.
    pub(super) fn create(&self, name: &OsStr, bytes: &[u8]) -> io::Result<()> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mut file = self.open_file(name, flags)?;
        file.write_all(bytes)?;
        file.sync_all()
    }

    /// Gives a file a name in `to`, in the place of a file that had it.
    pub(super) fn rename(&self, name: &OsStr, to: &Self, new_name: &OsStr) -> io::Result<()> {
        Ok(rustix::fs::renameat(&self.file, name, &to.file, new_name)?)
    }

    /// Deletes a file, or a link itself. One that is not there is fine.
    pub(super) fn remove(&self, name: &OsStr) -> io::Result<()> {
        match rustix::fs::unlinkat(&self.file, name, AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Brings the names in this folder to the disk.
    pub(super) fn sync(&self) -> io::Result<()> {
        self.file.sync_all()
    }

    /// Takes the lock that is a file of this name; `None` when another process has it and `wait` is false.
    pub(super) fn lock(&self, name: &str, wait: bool) -> io::Result<Option<File>> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = self.open_file(OsStr::new(name), flags)?;
        let taken = if wait { file.lock().map_err(TryLockError::Error) } else { file.try_lock() };
        match taken {
            Ok(()) => Ok(Some(file)),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    fn open_file(&self, name: &OsStr, flags: OFlags) -> io::Result<File> {
        let file = rustix::fs::openat(&self.file, name, flags, FILE_MODE)?;
        if !is_own_file(&rustix::fs::fstat(&file)?) {
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, "it is not a file of this user"));
        }
        Ok(file.into())
    }
}

fn folder_flags() -> OFlags {
    OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC
}

/// A folder that was there before is as good as one that was made; it is looked at when it is opened.
fn made(result: rustix::io::Result<()>) -> io::Result<()> {
    match result {
        Ok(()) | Err(Errno::EXIST) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// What keeps a folder from being used.
fn objection(stat: &Stat) -> Option<String> {
    let user = geteuid().as_raw();
    match FileType::from_raw_mode(stat.st_mode) {
        FileType::Symlink => return Some("it is a symbolic link".to_owned()),
        FileType::Directory => {}
        _ => return Some("it is not a folder".to_owned()),
    }
    if stat.st_uid != user {
        return Some(format!("it belongs to user {}, not to user {user} who runs this", stat.st_uid));
    }
    let mode = Mode::from_raw_mode(stat.st_mode);
    mode.intersects(WRITABLE_BY_OTHERS)
        .then(|| format!("other users can write to it (mode {:03o}); `chmod go-w` closes it", mode.bits() & 0o777))
}

fn is_own_file(stat: &Stat) -> bool {
    FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile && stat.st_uid == geteuid().as_raw()
}

/// A file from before 1970 counts as from 1970.
fn modified(stat: &Stat) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(u64::try_from(stat.st_mtime).unwrap_or(0))
}
