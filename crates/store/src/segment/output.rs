//! A segment's file while it is written.

use super::extent::Extent;
use crate::disk::DiskFile;
use crate::error::{Doing, Result};
use crate::options::WRITE_BUFFER_BYTES;

/// The file, written in large pieces.
pub(super) struct Output {
    file: Box<dyn DiskFile>,
    path: String,
    buffer: Vec<u8>,
    /// Bytes put so far.
    pub(super) written: u64,
}

impl Output {
    pub(super) fn new(file: Box<dyn DiskFile>, path: String) -> Self {
        Self { file, path, buffer: Vec::new(), written: 0 }
    }

    /// Adds a part.
    pub(super) fn put(&mut self, bytes: &[u8]) -> Result<Extent> {
        let extent = Extent { offset: self.written, bytes: bytes.len() as u64 };
        self.written += bytes.len() as u64;
        self.buffer.extend_from_slice(bytes);
        if self.buffer.len() >= WRITE_BUFFER_BYTES {
            self.write()?;
        }
        Ok(extent)
    }

    fn write(&mut self) -> Result<()> {
        self.file.append(&self.buffer).doing(|| format!("write {}", self.path))?;
        self.buffer.clear();
        Ok(())
    }

    /// Writes the rest and makes the bytes durable.
    pub(super) fn finish(mut self) -> Result<()> {
        self.write()?;
        self.file.sync().doing(|| format!("sync {}", self.path))
    }
}
