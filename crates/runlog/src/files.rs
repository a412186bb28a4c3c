//! Files that commands read and write. Files of the data folder are the server's and the store's.
#![allow(clippy::disallowed_methods, reason = "this is the command line's one place for file access")]

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, BufWriter, IntoInnerError, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use anyhow::Context;
use tempfile::NamedTempFile;

pub(crate) use runlog_server::files::{
    is_open_to_others, lock_beside, modified, private_dir, read, read_if_present, write_private,
};

/// A path that does not depend on the working folder; the path itself if that folder is gone.
pub(crate) fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
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

/// Makes a folder (and its parents) for files that anybody may read.
pub(crate) fn open_dir(path: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(path).with_context(|| format!("cannot create the folder {}", path.display()))
}

/// Whether there is something at a path that is no file, such as a pipe or a device: it is not to be replaced.
pub(crate) fn is_special(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|meta| !meta.is_file() && !meta.is_dir())
}

/// A file that is being written: hidden, in the folder of the file that it replaces, and deleted unless committed.
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
