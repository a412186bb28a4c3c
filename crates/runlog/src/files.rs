//! The program's own files: keys, certificates, configuration. The store's data go through its `Disk` instead.
//!
//! A file that holds a secret is readable by its owner only, and is replaced as a whole or not at all.
#![allow(clippy::disallowed_methods, reason = "this is the program's one place for file access")]

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, BufWriter, IntoInnerError, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::Context;
use tempfile::NamedTempFile;

/// Reads a text file that must be there.
pub(crate) fn read(path: &Path) -> anyhow::Result<String> {
    fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

/// Reads a text file; `None` when there is no such file.
pub(crate) fn read_if_present(path: &Path) -> anyhow::Result<Option<String>> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
    }
}

/// Opens a file to read it.
pub(crate) fn open(path: &Path) -> anyhow::Result<File> {
    File::open(path).with_context(|| format!("cannot read {}", path.display()))
}

/// Makes a file, or empties the one that is there.
pub(crate) fn create(path: &Path) -> anyhow::Result<File> {
    File::create(path).with_context(|| format!("cannot write {}", path.display()))
}

/// Opens a file to write on at its end. A last line without an end, as a crash leaves it, is cut off first.
pub(crate) fn append_lines(path: &Path) -> anyhow::Result<File> {
    let open = || -> io::Result<File> {
        let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
        let mut end = file.seek(SeekFrom::End(0))?;
        let mut block = vec![0; 64 << 10];
        while end > 0 {
            let start = end.saturating_sub(block.len() as u64);
            let part = &mut block[..(end - start) as usize];
            file.seek(SeekFrom::Start(start))?;
            file.read_exact(part)?;
            if let Some(at) = part.iter().rposition(|&byte| byte == b'\n') {
                end = start + at as u64 + 1;
                break;
            }
            end = start;
        }
        file.set_len(end)?;
        file.seek(SeekFrom::End(0))?;
        Ok(file)
    };
    open().with_context(|| format!("cannot write {}", path.display()))
}

/// The files in a folder, by name; hidden ones and folders are left out.
pub(crate) fn files_in(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let list = || -> io::Result<Vec<PathBuf>> {
        let mut files = Vec::new();
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            if !entry.file_name().as_encoded_bytes().starts_with(b".") && entry.path().is_file() {
                files.push(entry.path());
            }
        }
        files.sort();
        Ok(files)
    };
    list().with_context(|| format!("cannot read the folder {}", folder.display()))
}

/// Reads at most `max_bytes` of a text file from its start, without white space at its end; `None` when that cannot be
/// done. Bytes that are no text are replaced.
pub(crate) fn read_start(path: &Path, max_bytes: usize) -> Option<String> {
    let mut bytes = Vec::new();
    File::open(path).ok()?.take(max_bytes as u64).read_to_end(&mut bytes).ok()?;
    let mut text = String::from_utf8_lossy(&bytes).into_owned();
    text.truncate(text.floor_char_boundary(max_bytes));
    text.truncate(text.trim_ascii_end().len());
    Some(text)
}

/// Bytes that are free for this process where a path is; `None` when the system does not say.
pub(crate) fn free_bytes(path: &Path) -> Option<u64> {
    let found = rustix::fs::statvfs(path).ok()?;
    found.f_bavail.checked_mul(found.f_frsize)
}

/// When a file was last changed; `None` when there is no such file.
pub(crate) fn modified(path: &Path) -> Option<SystemTime> {
    fs::metadata(path).and_then(|meta| meta.modified()).ok()
}

/// Whether others than a file's owner can read or change it.
pub(crate) fn is_open_to_others(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|meta| meta.permissions().mode() & 0o077 != 0)
}

/// Whether there is anything at a path.
pub(crate) fn exists(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok()
}

/// Makes a folder (and its parents) for files that anybody may read.
pub(crate) fn open_dir(path: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(path).with_context(|| format!("cannot make the folder {}", path.display()))
}

/// Makes a folder (and its parents) that only its owner can enter.
pub(crate) fn private_dir(path: &Path) -> anyhow::Result<()> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .with_context(|| format!("cannot make {}", path.display()))
}

/// Replaces a file that holds a secret: the old text or the new one survives a crash, never a mixture. Owner and mode
/// stay as they were, since a server reads the file as a user of its own while root changes it. A new file is for its
/// owner alone; one that root makes belongs to the owner of the folder.
///
/// # Errors
/// When the folder cannot be written to, or this user cannot give the file its former owner.
pub(crate) fn write_private(path: &Path, text: &str) -> anyhow::Result<()> {
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

/// Whether there is something at a path that is no file, such as a pipe or a device: it is not to be replaced.
pub(crate) fn is_special(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|meta| !meta.is_file() && !meta.is_dir())
}

/// A file in the making: it lies beside the one it is to replace, hidden, and goes away when it is not committed.
pub(crate) struct Replacement {
    file: BufWriter<NamedTempFile>,
    path: PathBuf,
}

impl Replacement {
    /// Begins a file that is to be at `path`.
    ///
    /// # Errors
    /// When the folder cannot be written to, or the path is a folder's.
    pub(crate) fn of(path: &Path) -> anyhow::Result<Self> {
        let make = || -> io::Result<Self> {
            if path.is_dir() {
                return Err(io::ErrorKind::IsADirectory.into());
            }
            let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?.to_string_lossy();
            let mut builder = tempfile::Builder::new();
            // As any other file: less what the umask takes away.
            builder.permissions(Permissions::from_mode(0o666));
            let file = builder.prefix(&format!(".{name}.")).suffix(".part").tempfile_in(folder_of(path))?;
            Ok(Self { file: BufWriter::new(file), path: path.to_owned() })
        };
        make().with_context(|| format!("cannot write {}", path.display()))
    }

    /// Gives the file its name, once it is on disk.
    ///
    /// # Errors
    /// When the disk does not take it; what was there before is there still.
    pub(crate) fn commit(self) -> anyhow::Result<()> {
        let Self { file, path } = self;
        let put = || -> io::Result<()> {
            let file = file.into_inner().map_err(IntoInnerError::into_error)?;
            file.as_file().sync_all()?;
            file.persist(&path).map_err(|error| error.error)?;
            File::open(folder_of(&path))?.sync_all()
        };
        put().with_context(|| format!("cannot write {}", path.display()))
    }
}

impl Write for Replacement {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// The folder that a file is in.
fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Takes the lock that serialises changes of a file by several processes, for as long as the result lives.
pub(crate) fn lock_beside(path: &Path) -> anyhow::Result<File> {
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
