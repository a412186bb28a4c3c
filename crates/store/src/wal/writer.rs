//! Writing a log file: whole groups, each synced before its reports count.

use std::ops::Range;

use super::format::{GROUP_HEAD_BYTES, GroupHead, Kind, RECORD_HEAD_BYTES, file_header, record_sum};
use super::{DIR, path};
use crate::disk::{Disk, DiskFile};
use crate::error::{Doing, Result};
use crate::number::narrow;

/// A group that is being gathered. Reports are found in its bytes by their ranges, before and after it is written.
#[derive(Debug, Default)]
pub(crate) struct Group {
    bytes: Vec<u8>,
    records: u32,
}

impl Group {
    /// Adds a report, written by `encode`; returns its range.
    pub(crate) fn push(&mut self, encode: impl FnOnce(&mut Vec<u8>)) -> Range<usize> {
        if self.bytes.is_empty() {
            self.bytes.resize(GROUP_HEAD_BYTES, 0);
        }
        let head = self.bytes.len();
        let start = head + RECORD_HEAD_BYTES;
        self.bytes.resize(start, 0);
        encode(&mut self.bytes);
        let end = self.bytes.len();
        let report = self.bytes.get(start..).unwrap_or_default();
        // A report is at most two texts of 6 MiB and some names.
        let len = narrow(report.len());
        let sum = record_sum(report, len);
        let fields = len.to_le_bytes().into_iter().chain(sum.to_le_bytes());
        self.bytes.iter_mut().skip(head).zip(fields).for_each(|(to, from)| *to = from);
        self.records += 1;
        start..end
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.records == 0
    }

    /// The bytes to write into the file of that number.
    pub(crate) fn seal(mut self, kind: Kind, file_number: u64) -> Vec<u8> {
        if self.bytes.is_empty() {
            self.bytes.resize(GROUP_HEAD_BYTES, 0);
        }
        let bytes = narrow(self.bytes.len() - GROUP_HEAD_BYTES);
        let head = GroupHead { kind, records: self.records, bytes }.encode(file_number);
        self.bytes.iter_mut().zip(head).for_each(|(to, from)| *to = from);
        // The memtable keeps them; what they grew by in advance may be as much again.
        self.bytes.shrink_to_fit();
        self.bytes
    }
}

/// The log file that takes new groups.
pub(crate) struct WalWriter {
    number: u64,
    file: Box<dyn DiskFile>,
}

impl WalWriter {
    /// Begins a file with `carried` reports; it is durable when this returns.
    pub(crate) fn create(disk: &dyn Disk, number: u64, carried: Vec<Group>) -> Result<Self> {
        let path = path(number);
        let file = disk.create(&path).doing(|| format!("create {path}"))?;
        let mut writer = Self { number, file };
        let mut bytes = file_header(number);
        for group in carried.into_iter().filter(|group| !group.is_empty()) {
            bytes.extend(group.seal(Kind::Carried, number));
        }
        writer.write(&bytes)?;
        disk.sync_dir(DIR).doing(|| format!("sync {DIR}"))?;
        Ok(writer)
    }

    /// Writes and syncs a group that was sealed for this file.
    pub(crate) fn write_group(&mut self, sealed: &[u8]) -> Result<()> {
        self.write(sealed)
    }

    /// Notes that everything so far was synced, so that damage of the last group is never taken for a torn write. The
    /// note itself need not be synced: without it, less is known, nothing is lost.
    pub(crate) fn close(&mut self) -> Result<()> {
        let closing = Group::default().seal(Kind::Closing, self.number);
        self.file.append(&closing).doing(|| format!("write {}", path(self.number)))
    }

    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.file.append(bytes).doing(|| format!("write {}", path(self.number)))?;
        self.file.sync().doing(|| format!("sync {}", path(self.number)))
    }
}
