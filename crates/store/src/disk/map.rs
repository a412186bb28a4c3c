//! The bytes of a finished file: mapped from a real disk, or shared memory of a simulated one.
//!
//! This is the only `unsafe` of the crate. Miri cannot run it, since it has no maps of files; everything else of a map
//! is under `Deref`, and is tested with bytes in memory as with files. So the argument is at the call.

use std::fmt;
use std::fs::File;
use std::io;
use std::ops::Deref;
use std::sync::Arc;

/// Read-only bytes of a file that no longer changes.
#[derive(Clone)]
pub struct Map(Source);

#[derive(Clone)]
enum Source {
    Mapped(Arc<memmap2::Mmap>),
    Owned(Arc<[u8]>),
}

impl Map {
    /// Maps an open file. Files of no length are not mapped, since the system refuses to.
    #[allow(unsafe_code, reason = "the crate's one use of it")]
    pub(super) fn of_file(file: &File) -> io::Result<Self> {
        if file.metadata()?.len() == 0 {
            return Ok(Self::owned(Vec::new()));
        }
        // SAFETY: the bytes of a map must not change, and its file must not be truncated, while the map exists.
        // Every file that is mapped is complete: the store writes a file once, maps it only afterwards and never
        // opens it for writing again; it removes files by unlinking, which leaves maps whole; and it holds an
        // exclusive lock on the folder, so no second store does otherwise. An intruder that changes a file under
        // us could at worst make us read other bytes, which the checksums catch, or, by cutting it, end the process.
        let map = unsafe { memmap2::Mmap::map(file)? };
        Ok(Self(Source::Mapped(Arc::new(map))))
    }

    /// Bytes in memory.
    pub(super) fn owned(bytes: impl Into<Arc<[u8]>>) -> Self {
        Self(Source::Owned(bytes.into()))
    }
}

impl Deref for Map {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match &self.0 {
            Source::Mapped(map) => map,
            Source::Owned(bytes) => bytes,
        }
    }
}

impl fmt::Debug for Map {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Map({} bytes)", self.len())
    }
}
