//! How a log file is laid out.
//!
//! ```text
//! file   = header, group*
//! header = "runlogW" 0xff | version 4 | file number 8 | crc 4
//! group  = magic 8 | kind 1 | records 4 | bytes 4 | crc 4 | record*      written at once, synced at once
//! record = bytes 4 | crc 4 | report (see `record.rs`)
//! ```
//!
//! Little-endian; each crc is a crc32c over the fields before it and, for a record, its report; the crc of a group's
//! head starts from the file's number, so that a group of another file is none of this one.
//! * A group is *accepted* reports (new), or *carried* ones: said in an older file already, and repeated so that the
//!   older file can go. A *closing* group has no records and tells that everything before it was synced.
//! * The magic has no byte that a UTF-8 text can have, so that the next group can be found after a damaged one.

use crate::codec::{Malformed, Reader};

pub(crate) const FILE_MAGIC: [u8; 8] = *b"runlogW\xff";
/// Version 1 has whole reports only, without origins and guesses; see `record.rs`.
pub(crate) const VERSION: u32 = 2;
pub(crate) const FILE_HEADER_BYTES: usize = 24;
pub(crate) const GROUP_MAGIC: [u8; 8] = [0xff, 0xfe, 0xfd, 0xfc, 0xfb, 0xfa, 0xf9, 0xf8];
pub(crate) const GROUP_HEAD_BYTES: usize = 21;
pub(crate) const RECORD_HEAD_BYTES: usize = 8;

/// What a group's records are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// New reports.
    Accepted,
    /// Reports that an older file has too.
    Carried,
    /// No records: the file was closed in order.
    Closing,
}

impl Kind {
    fn code(self) -> u8 {
        match self {
            Kind::Accepted => 0,
            Kind::Carried => 1,
            Kind::Closing => 2,
        }
    }

    fn from_code(code: u8) -> Result<Self, Malformed> {
        [Kind::Accepted, Kind::Carried, Kind::Closing]
            .into_iter()
            .find(|kind| kind.code() == code)
            .ok_or(Malformed("a group is of an unknown kind"))
    }
}

/// The head of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct GroupHead {
    pub(crate) kind: Kind,
    pub(crate) records: u32,
    pub(crate) bytes: u32,
}

impl GroupHead {
    pub(crate) fn encode(self, file_number: u64) -> [u8; GROUP_HEAD_BYTES] {
        let mut head = [0; GROUP_HEAD_BYTES];
        let fields = GROUP_MAGIC
            .into_iter()
            .chain([self.kind.code()])
            .chain(self.records.to_le_bytes())
            .chain(self.bytes.to_le_bytes());
        head.iter_mut().zip(fields).for_each(|(to, from)| *to = from);
        if let Some((fields, sum)) = head.split_last_chunk_mut::<4>() {
            *sum = head_sum(file_number, fields).to_le_bytes();
        }
        head
    }

    pub(crate) fn decode(bytes: &[u8], file_number: u64) -> Result<Self, Malformed> {
        let head = bytes.first_chunk::<GROUP_HEAD_BYTES>().ok_or(Malformed("a group ends too early"))?;
        let (fields, sum) = head.split_last_chunk::<4>().ok_or(Malformed("a group ends too early"))?;
        if head_sum(file_number, fields) != u32::from_le_bytes(*sum) {
            return Err(Malformed("a group's checksum differs"));
        }
        let mut reader = Reader(fields);
        if reader.array::<8>()? != GROUP_MAGIC {
            return Err(Malformed("a group does not begin as one"));
        }
        Ok(Self { kind: Kind::from_code(reader.u8()?)?, records: reader.u32()?, bytes: reader.u32()? })
    }
}

fn head_sum(file_number: u64, fields: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(&file_number.to_le_bytes()), fields)
}

/// The checksum of a record: over its length and its report.
pub(crate) fn record_sum(report: &[u8], len: u32) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(&len.to_le_bytes()), report)
}

pub(crate) fn file_header(number: u64) -> Vec<u8> {
    let mut header = FILE_MAGIC.to_vec();
    header.extend(VERSION.to_le_bytes());
    header.extend(number.to_le_bytes());
    crate::codec::seal(&mut header);
    header
}

/// The version in a file's header, when its checksum says that the header is whole.
pub(crate) fn header_version(bytes: &[u8]) -> Option<u32> {
    let header = crate::codec::checked(bytes.get(..FILE_HEADER_BYTES)?).ok()?;
    let mut reader = Reader(header);
    let magic = reader.array::<8>().ok()?;
    (magic == FILE_MAGIC).then(|| reader.u32().ok())?
}
