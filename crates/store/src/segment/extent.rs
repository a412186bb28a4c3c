//! Where a part of a segment file is.

use crate::codec::{Malformed, Reader, checked, put_varint};

/// A part of the file, its checksum included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Extent {
    pub(crate) offset: u64,
    pub(crate) bytes: u64,
}

impl Extent {
    pub(crate) fn of(self, file: &[u8]) -> Result<&[u8], Malformed> {
        let range = || {
            let start = usize::try_from(self.offset).ok()?;
            file.get(start..start.checked_add(usize::try_from(self.bytes).ok()?)?)
        };
        range().ok_or(Malformed("a part is outside of the file"))
    }

    /// The part's bytes without their checksum, which fits.
    pub(crate) fn checked(self, file: &[u8]) -> Result<&[u8], Malformed> {
        checked(self.of(file)?)
    }

    pub(crate) fn put(self, out: &mut Vec<u8>) {
        put_varint(out, self.offset);
        put_varint(out, self.bytes);
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
        Ok(Self { offset: reader.varint()?, bytes: reader.varint()? })
    }
}
