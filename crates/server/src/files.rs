//! The server's own files: keys, certificates, options. The store's data go through its `Disk` instead.
//!
//! A file that holds a secret is readable by its owner only, and is replaced as a whole or not at all.
#![allow(clippy::disallowed_methods, reason = "this is the server's one place for file access")]

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt, fchown};
use std::path::Path;
use std::time::SystemTime;

use anyhow::Context;

/// Reads a text file that must be there.
pub fn read(path: &Path) -> anyhow::Result<String> {
    fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

/// Reads a text file; `None` when there is no such file.
pub fn read_if_present(path: &Path) -> anyhow::Result<Option<String>> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
    }
}

/// Bytes that are free for this process where a path is; `None` when the system does not say.
pub fn free_bytes(path: &Path) -> Option<u64> {
    let found = rustix::fs::statvfs(path).ok()?;
    found.f_bavail.checked_mul(found.f_frsize)
}

/// When a file was last changed; `None` when there is no such file.
pub fn modified(path: &Path) -> Option<SystemTime> {
    fs::metadata(path).and_then(|meta| meta.modified()).ok()
}

/// Whether others than a file's owner can read or change it.
pub fn is_open_to_others(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|meta| meta.permissions().mode() & 0o077 != 0)
}

/// Whether there is anything at a path.
pub fn exists(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok()
}

/// Makes a folder (and its parents) that only its owner can enter.
pub fn private_dir(path: &Path) -> anyhow::Result<()> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .with_context(|| format!("cannot create {}", path.display()))
}

/// Replaces a file that holds a secret: the old text or the new one survives a crash, never a mixture. Owner and mode
/// stay as they were, since a server reads the file as a user of its own while root changes it. A new file is for its
/// owner alone; one that root makes belongs to the owner of the folder.
///
/// # Errors
/// When the folder cannot be written to, or this user cannot give the file its former owner.
pub fn write_private(path: &Path, text: &str) -> anyhow::Result<()> {
    let replace = || -> io::Result<()> {
        let folder = folder_of(path);
        // Under a name that nobody can have put a link at.
        let mut file = tempfile::Builder::new().prefix(".").suffix(".next").tempfile_in(folder)?;
        file.write_all(text.as_bytes())?;
        match fs::symlink_metadata(path).ok().filter(fs::Metadata::is_file) {
            Some(former) => {
                give_to(file.as_file(), &former)?;
                file.as_file().set_permissions(Permissions::from_mode(former.mode() & 0o777))?;
            }
            None => give_to_owner_of(folder, file.as_file())?,
        }
        file.as_file().sync_all()?;
        file.persist(path).map_err(|error| error.error)?;
        File::open(folder)?.sync_all()
    };
    replace().with_context(|| format!("cannot write {}", path.display()))
}

/// Takes the lock that serialises changes of a file by several processes, for as long as the result lives.
pub fn lock_beside(path: &Path) -> anyhow::Result<File> {
    let lock = path.with_extension("lock");
    let take = || -> io::Result<File> {
        let no_link = rustix::fs::OFlags::NOFOLLOW.bits().cast_signed();
        let mut options = OpenOptions::new();
        options.write(true).mode(0o600).custom_flags(no_link);
        let file = match options.clone().create_new(true).open(&lock) {
            Ok(file) => {
                // The folder's owner must be able to take it, too.
                give_to_owner_of(folder_of(&lock), &file)?;
                file
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => options.open(&lock)?,
            Err(error) => return Err(error),
        };
        file.lock()?;
        Ok(file)
    };
    take().with_context(|| format!("cannot lock {}", lock.display()))
}

/// Gives a file the owner and group that another one has.
fn give_to(file: &File, other: &fs::Metadata) -> io::Result<()> {
    let own = file.metadata()?;
    if (own.uid(), own.gid()) == (other.uid(), other.gid()) {
        return Ok(());
    }
    fchown(file, Some(other.uid()), Some(other.gid()))
}

/// Gives a file that root has made to the owner of its folder. Other users keep what they make.
fn give_to_owner_of(folder: &Path, file: &File) -> io::Result<()> {
    if rustix::process::geteuid().is_root() { give_to(file, &fs::metadata(folder)?) } else { Ok(()) }
}

/// The folder that a file is in.
fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}
