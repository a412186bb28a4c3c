//! Reading a log file after a restart.
//!
//! A file may end anywhere inside its last group, whose reports were never acknowledged: its whole records are taken,
//! the rest is *torn* and cut off. What is unreadable *before* a readable group was synced once: that is *damage*, and
//! reported. Neither stops the reading. But the carried groups at the front are written with the header at once, so one
//! of them says nothing of the bytes before it: that may be torn, and then the older files have the same reports.

use std::ops::Range;

use super::format::{
    FILE_HEADER_BYTES, GROUP_HEAD_BYTES, GROUP_MAGIC, GroupHead, Kind, RECORD_HEAD_BYTES, VERSION, header_version,
    record_sum,
};
use crate::codec::Reader;
use crate::error::{Error, Result};

/// What a log file holds.
#[derive(Debug, Default)]
pub(crate) struct Scan {
    /// Where its groups' reports lie, in order.
    pub(crate) groups: Vec<ScannedGroup>,
    /// Bytes cut off at the end.
    pub(crate) torn_bytes: u64,
    /// Bytes lost before a readable group.
    pub(crate) damaged_bytes: u64,
}

/// A group that was read, whole or not.
#[derive(Debug)]
pub(crate) struct ScannedGroup {
    pub(crate) kind: Kind,
    pub(crate) reports: Vec<Range<usize>>,
}

/// Reads a whole file.
///
/// # Errors
/// [`Error::Version`] for a file of a later version, and nothing else.
pub(crate) fn scan(file: &str, bytes: &[u8], number: u64) -> Result<Scan> {
    let mut scan = Scan::default();
    let mut at = FILE_HEADER_BYTES.min(bytes.len());
    // Unreadable bytes since the last readable group: torn, unless another readable group follows.
    let mut bad = 0;
    match header_version(bytes) {
        Some(1..=VERSION) => {}
        Some(found) => return Err(Error::Version { file: file.to_owned(), found, known: VERSION }),
        None => (at, bad) = (0, 0),
    }
    while at < bytes.len() {
        let rest = bytes.get(at..).unwrap_or_default();
        let Ok(head) = GroupHead::decode(rest, number) else {
            let skipped = next_magic(rest);
            bad += skipped as u64;
            at += skipped;
            continue;
        };
        if head.kind != Kind::Carried {
            scan.damaged_bytes += std::mem::take(&mut bad);
        }
        let start = at + GROUP_HEAD_BYTES;
        let len = head.bytes as usize;
        let body = bytes.get(start..).unwrap_or_default();
        let (reports, good) = records(body.get(..len).unwrap_or(body), start);
        scan.groups.push(ScannedGroup { kind: head.kind, reports });
        at = start + good;
        bad += if good == len { 0 } else { 1 };
    }
    scan.torn_bytes = bad;
    Ok(scan)
}

/// The whole records at the front of a group's body, and how many bytes they take.
fn records(body: &[u8], start: usize) -> (Vec<Range<usize>>, usize) {
    let mut reports = Vec::new();
    let mut at = 0;
    while let Some(len) = record_len(body.get(at..).unwrap_or_default()) {
        let from = start + at + RECORD_HEAD_BYTES;
        reports.push(from..from + len);
        at += RECORD_HEAD_BYTES + len;
    }
    (reports, at)
}

fn record_len(rest: &[u8]) -> Option<usize> {
    let mut reader = Reader(rest);
    let (len, sum) = (reader.u32().ok()?, reader.u32().ok()?);
    let report = reader.bytes(len as usize).ok()?;
    (record_sum(report, len) == sum).then_some(report.len())
}

/// How far it is to the next place where a group may begin.
fn next_magic(rest: &[u8]) -> usize {
    let after = rest.get(1..).unwrap_or_default();
    memchr::memmem::find(after, &GROUP_MAGIC).map_or(rest.len(), |found| found + 1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::disk::sim::SimDisk;
    use crate::disk::{Disk, Map};
    use crate::wal::writer::{Group, WalWriter};

    fn written(groups: &[Vec<Vec<u8>>], close: bool) -> Map {
        let disk = SimDisk::new(1);
        disk.create_dir("wal").unwrap();
        let mut writer = WalWriter::create(&disk, 7, Vec::new()).unwrap();
        for reports in groups {
            let mut group = Group::default();
            for report in reports {
                group.push(|out| out.extend(report));
            }
            writer.write_group(&group.seal(Kind::Accepted, 7)).unwrap();
        }
        if close {
            writer.close().unwrap();
        }
        disk.map("wal/00000007.wal").unwrap()
    }

    fn reports(scan: &Scan, bytes: &[u8]) -> Vec<Vec<u8>> {
        scan.groups.iter().flat_map(|group| &group.reports).map(|range| bytes[range.clone()].to_vec()).collect()
    }

    fn groups() -> impl Strategy<Value = Vec<Vec<Vec<u8>>>> {
        let report = prop::collection::vec(any::<u8>(), 0..40);
        prop::collection::vec(prop::collection::vec(report, 1..4), 0..5)
    }

    proptest! {
        #[test]
        fn a_cut_file_gives_a_prefix(groups in groups(), cut: prop::sample::Index) {
            let file = written(&groups, false);
            let bytes = &file[..cut.index(file.len() + 1)];
            let scan = scan("f", bytes, 7).unwrap();
            let all: Vec<_> = groups.concat();
            prop_assert!(all.starts_with(&reports(&scan, bytes)));
            prop_assert_eq!(scan.damaged_bytes, 0);
            if bytes.len() == file.len() {
                prop_assert_eq!((reports(&scan, bytes), scan.torn_bytes), (all, 0));
            }
        }

        #[test]
        fn a_flipped_byte_of_a_closed_file_loses_its_own_group_at_most(
            groups in groups(),
            at: prop::sample::Index,
            mask in 1u8..,
        ) {
            let mut bytes = written(&groups, true).to_vec();
            let at = at.index(bytes.len());
            bytes[at] ^= mask;
            let closing = bytes.len() - GROUP_HEAD_BYTES;
            let scan = scan("f", &bytes, 7).unwrap();
            let found = reports(&scan, &bytes);
            let lost = groups.concat().len() - found.len();
            prop_assert!(lost <= groups.iter().map(Vec::len).max().unwrap_or(0));
            if (FILE_HEADER_BYTES..closing).contains(&at) {
                prop_assert!(scan.damaged_bytes > 0, "{:?}", scan);
            } else {
                prop_assert_eq!(lost, 0);
            }
        }
    }

    #[test]
    fn a_torn_beginning_is_damage_only_in_a_file_that_was_used() {
        let disk = SimDisk::new(1);
        disk.create_dir("wal").unwrap();
        let group = || {
            let mut group = Group::default();
            group.push(|out| out.extend([7; 40]));
            group
        };
        let mut writer = WalWriter::create(&disk, 7, vec![group(), group()]).unwrap();
        let carried = disk.map("wal/00000007.wal").unwrap().to_vec();
        writer.write_group(&group().seal(Kind::Accepted, 7)).unwrap();
        let used = disk.map("wal/00000007.wal").unwrap().to_vec();
        let torn = (FILE_HEADER_BYTES + GROUP_HEAD_BYTES + 48) as u64;
        for (mut bytes, expected) in [(carried, (torn, 0)), (used, (0, torn))] {
            bytes[..40].fill(0);
            let scan = scan("f", &bytes, 7).unwrap();
            assert_eq!((scan.torn_bytes, scan.damaged_bytes), expected);
        }
    }
}
