//! Verifying a folder that no process has open: every byte of it is read, and nothing is changed.

use std::collections::BTreeSet;
use std::io;
use std::path::Path;
use std::sync::Arc;

use super::{Meter, Progress, data_files, name_of};
use crate::disk::{Disk, RealDisk};
use crate::error::{Doing, Error, Result};
use crate::manifest::{COPIES, Manifest, Recovered};
use crate::partition;
use crate::record::Record;
use crate::recovery::segment_files;
use crate::segment::{Segment, SharedTexts};
use crate::unfinished::{UNFINISHED, is_unfinished};
use crate::wal;
use crate::wal::format::header_version;
use crate::wal::reader::scan;

/// What [`verify`] found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verified {
    /// What is wrong; nothing in a folder that is as it was written.
    pub problems: Vec<Problem>,
    /// Segment files.
    pub segments: u64,
    /// Their rows.
    pub rows: u64,
    /// Log files.
    pub logs: u64,
    /// Their reports.
    pub reports: u64,
    /// Bytes of all these.
    pub bytes: u64,
}

/// Something that is wrong with a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The file, relative to the data folder.
    pub file: String,
    /// What is wrong with it: the first thing, where there are several.
    pub what: String,
}

/// Reads every file of a data folder or backup: checksums of all parts, rows against counts, zone maps and the index of
/// request ids, the log. What was set aside earlier is a problem too, until [`super::repair`] has settled it.
///
/// # Errors
/// [`Error::NoData`] when there is nothing to verify; [`Error::Locked`] while another process has it open;
/// [`Error::Version`]; [`Error::Io`] when the disk does not work.
pub fn verify(folder: &Path, progress: &mut dyn FnMut(Progress)) -> Result<Verified> {
    verify_on(&(Arc::new(RealDisk::open_existing(folder)?) as _), progress)
}

/// As [`verify`], on any disk.
///
/// # Errors
/// As [`verify`].
pub fn verify_on(disk: &Arc<dyn Disk>, progress: &mut dyn FnMut(Progress)) -> Result<Verified> {
    let mut meter = Meter::new(progress);
    let files = data_files(&**disk)?;
    if files.is_empty() {
        return Err(Error::NoData { folder: name_of(&**disk) });
    }
    meter.expect(files.iter().map(|(_, bytes)| bytes).sum());
    verify_with(disk, &mut meter)
}

pub(super) fn verify_with(disk: &Arc<dyn Disk>, meter: &mut Meter<'_>) -> Result<Verified> {
    let mut found = Verified::default();
    if is_unfinished(&**disk)? {
        found.note(UNFINISHED, "a copy into this folder was cut short; files may be missing");
    }
    let manifest = found.manifest(disk)?;
    found.segments(disk, manifest.as_ref(), meter)?;
    found.logs(&**disk, manifest.as_ref(), meter)?;
    Ok(found)
}

impl Verified {
    fn note(&mut self, file: &str, what: impl Into<String>) {
        self.problems.push(Problem { file: file.to_owned(), what: what.into() });
    }

    /// The manifest that counts, if one can be read.
    fn manifest(&mut self, disk: &Arc<dyn Disk>) -> Result<Option<Manifest>> {
        for copy in COPIES {
            match Manifest::read_copy(&**disk, copy)? {
                Recovered::Found(_) => {}
                Recovered::Absent => self.note(copy, "it is missing"),
                Recovered::Rotten(what) => self.note(copy, what),
            }
        }
        let Recovered::Found(manifest) = Manifest::read(&**disk)? else { return Ok(None) };
        for aside in &manifest.set_aside {
            self.note(&aside.file, format!("it was set aside ({})", aside.reason));
        }
        Ok(Some(manifest))
    }

    fn segments(&mut self, disk: &Arc<dyn Disk>, manifest: Option<&Manifest>, meter: &mut Meter<'_>) -> Result<()> {
        let names = match manifest {
            Some(manifest) => manifest.segments.clone(),
            None => segment_files(&**disk)?,
        };
        let mut segments = Vec::new();
        let nothing = SharedTexts::none();
        for name in names {
            match Segment::open(disk, name, &nothing) {
                Ok(segment) => segments.push(segment),
                Err(Error::Damaged { file, what }) => self.note(&file, what),
                Err(Error::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
                    self.note(&partition::path(name), "it is missing");
                }
                Err(error) => return Err(error),
            }
        }
        if manifest.is_none() {
            let replaced: BTreeSet<u64> = segments.iter().flat_map(|segment| segment.footer.replaces.clone()).collect();
            segments.retain(|segment| !replaced.contains(&segment.name.number));
        }
        for segment in segments {
            self.segments += 1;
            self.rows += segment.rows();
            self.bytes += segment.bytes();
            match segment.verify(&mut |bytes| meter.did(bytes)) {
                Err(Error::Damaged { file, what }) => self.note(&file, what),
                done => done?,
            }
        }
        Ok(())
    }

    fn logs(&mut self, disk: &dyn Disk, manifest: Option<&Manifest>, meter: &mut Meter<'_>) -> Result<()> {
        let entries = disk.list(wal::DIR).doing(|| format!("list {}", wal::DIR))?;
        let first = manifest.map_or(0, |manifest| manifest.wal_start);
        let numbers = entries.iter().filter_map(|entry| wal::number(&entry.name)).filter(|number| *number >= first);
        let numbers: BTreeSet<u64> = numbers.collect();
        // Numbers have no gaps, and the first one is there from before the manifest names it.
        let (from, to) = (manifest.map(|_| first).or(numbers.first().copied()), numbers.last().copied());
        for number in from.into_iter().flat_map(|from| from..=to.unwrap_or(from)) {
            let path = wal::path(number);
            if numbers.contains(&number) {
                self.log(disk, &path, number, meter)?;
            } else {
                self.note(&path, "it is missing");
            }
        }
        Ok(())
    }

    fn log(&mut self, disk: &dyn Disk, path: &str, number: u64, meter: &mut Meter<'_>) -> Result<()> {
        let bytes = disk.map(path).doing(|| format!("read {path}"))?;
        let scanned = scan(path, &bytes, number)?;
        let reports = scanned.groups.iter().flat_map(|group| &group.reports);
        let readable = |report: &&std::ops::Range<usize>| {
            bytes.get((*report).clone()).is_some_and(|report| Record::decode(report).is_ok())
        };
        let (good, bad): (Vec<_>, Vec<_>) = reports.partition(readable);
        self.logs += 1;
        self.reports += good.len() as u64;
        self.bytes += bytes.len() as u64;
        meter.did(bytes.len() as u64);
        if header_version(&bytes).is_none() {
            self.note(path, "its header cannot be read");
        } else if scanned.damaged_bytes > 0 {
            self.note(path, format!("{} bytes in the middle cannot be read", scanned.damaged_bytes));
        } else if scanned.torn_bytes > 0 {
            self.note(path, format!("{} bytes at its end cannot be read: torn, or rotten", scanned.torn_bytes));
        } else if !bad.is_empty() {
            self.note(path, format!("{} reports are not what reports should be", bad.len()));
        }
        Ok(())
    }
}
