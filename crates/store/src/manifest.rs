//! The manifest: which files make up the store. Publishing one is what makes a flush or a merge happen.
//!
//! ```text
//! "runlogM" 0xff | version 4 | generation | wal_start | next_file | last_seq |
//! segments: count, (day zigzag, number)* | set aside: count, (file, reason)* |
//! streams: count, (account, region, namespace, function, qualifier, first_start, last_start)* |
//! retained from: default zigzag | count, (namespace, zigzag)* | watermarks: by_retention, by_damage |
//! last wall time seen: 0 or 1 | zigzag if 1 | crc 4
//! ```
//!
//! Version 1 ends before `retained from`, version 2 before `watermarks`, version 3 before `last wall time seen`.
//!
//! Numbers are varints, texts follow their length. There are two copies, `manifest` and `manifest.copy`, each written
//! aside, synced, renamed over its predecessor and made durable, one after the other. Files that a new manifest no
//! longer names are removed after both are written, so the older copy, too, only ever names files that exist.

use std::io;
use std::sync::Arc;

use runlog_core::Retained;

use crate::catalog::Catalog;
use crate::codec::{
    Malformed, Reader, checked, put_short_text, put_stream, put_varint, read_stream, seal, unzigzag, zigzag,
};
use crate::disk::{Disk, write_file};
use crate::error::{Doing, Error, Result};
use crate::health::SetAside;
use crate::partition::SegmentName;
use crate::watermarks::Watermarks;

const MAGIC: [u8; 8] = *b"runlogM\xff";
const VERSION: u32 = 4;
const VERSION_WITHOUT_TIME: u32 = 3;
const VERSION_WITHOUT_WATERMARKS: u32 = 2;
const VERSION_WITHOUT_RETENTION: u32 = 1;
/// The two copies, in the order in which they are written.
pub(crate) const COPIES: [&str; 2] = ["manifest", "manifest.copy"];

/// What makes up the store.
#[derive(Clone, Debug, Default)]
pub(crate) struct Manifest {
    /// Rises by one with each publication.
    pub(crate) generation: u64,
    /// The first log file that segments do not cover.
    pub(crate) wal_start: u64,
    /// Segment files from this number on were never published.
    pub(crate) next_file: u64,
    /// The last sequence number that had been accepted.
    pub(crate) last_seq: u64,
    pub(crate) segments: Vec<SegmentName>,
    pub(crate) set_aside: Vec<SetAside>,
    pub(crate) catalog: Catalog,
    /// Nothing earlier counts, wherever it is found.
    pub(crate) retained: Retained,
    /// Up to where reports are missing.
    pub(crate) watermarks: Watermarks,
    /// The last wall time that was believed, in Unix milliseconds; see `wall.rs`.
    pub(crate) seen_ms: Option<i64>,
}

/// What the folder has by way of a manifest.
#[derive(Debug)]
pub(crate) enum Recovered {
    /// No copy.
    Absent,
    /// The latest readable copy.
    Found(Manifest),
    /// Copies, and none of them readable.
    Rotten(&'static str),
}

impl Manifest {
    /// Reads the latest copy that is whole.
    ///
    /// # Errors
    /// [`Error::Version`] for a later version, [`Error::Io`] when the disk does not work.
    pub(crate) fn read(disk: &dyn Disk) -> Result<Recovered> {
        let mut best = Recovered::Absent;
        for copy in COPIES {
            match (Self::read_copy(disk, copy)?, &best) {
                (Recovered::Absent, _) => {}
                (Recovered::Rotten(what), Recovered::Absent) => best = Recovered::Rotten(what),
                (Recovered::Rotten(_), _) => {}
                (Recovered::Found(new), Recovered::Found(old)) if new.generation <= old.generation => {}
                (Recovered::Found(new), _) => best = Recovered::Found(new),
            }
        }
        Ok(best)
    }

    /// Reads one of the two copies.
    ///
    /// # Errors
    /// As [`Manifest::read`].
    pub(crate) fn read_copy(disk: &dyn Disk, copy: &str) -> Result<Recovered> {
        let bytes = match disk.map(copy) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Recovered::Absent),
            bytes => bytes.doing(|| format!("read {copy}"))?,
        };
        match Self::decode(&bytes) {
            Ok(manifest) => Ok(Recovered::Found(manifest)),
            Err(Unreadable::Malformed(Malformed(what))) => Ok(Recovered::Rotten(what)),
            Err(Unreadable::Version(found)) => Err(Error::Version { file: copy.into(), found, known: VERSION }),
        }
    }

    /// Writes both copies; durable when this returns.
    pub(crate) fn write(&self, disk: &dyn Disk) -> Result<()> {
        let bytes = self.encode();
        for copy in COPIES {
            let aside = format!("{copy}.new");
            write_file(disk, &aside, &bytes)?;
            disk.rename(&aside, copy).doing(|| format!("rename {aside} to {copy}"))?;
            disk.sync_dir("").doing(|| "sync the data folder".into())?;
        }
        Ok(())
    }

    fn encode(&self) -> Vec<u8> {
        let mut out = MAGIC.to_vec();
        out.extend(VERSION.to_le_bytes());
        for number in [self.generation, self.wal_start, self.next_file, self.last_seq] {
            put_varint(&mut out, number);
        }
        put_varint(&mut out, self.segments.len() as u64);
        for name in &self.segments {
            put_varint(&mut out, zigzag(name.day));
            put_varint(&mut out, name.number);
        }
        put_varint(&mut out, self.set_aside.len() as u64);
        for SetAside { file, reason } in &self.set_aside {
            put_short_text(&mut out, file);
            put_short_text(&mut out, reason);
        }
        put_varint(&mut out, self.catalog.0.len() as u64);
        for (stream, (first, last)) in &self.catalog.0 {
            put_stream(&mut out, stream);
            put_varint(&mut out, zigzag(*first));
            put_varint(&mut out, zigzag(*last));
        }
        put_varint(&mut out, zigzag(self.retained.default_from_ms));
        put_varint(&mut out, self.retained.namespaces.len() as u64);
        for (namespace, from_ms) in &self.retained.namespaces {
            put_short_text(&mut out, namespace);
            put_varint(&mut out, zigzag(*from_ms));
        }
        self.watermarks.put(&mut out);
        put_varint(&mut out, self.seen_ms.is_some().into());
        if let Some(seen_ms) = self.seen_ms {
            put_varint(&mut out, zigzag(seen_ms));
        }
        seal(&mut out);
        out
    }

    fn decode(bytes: &[u8]) -> std::result::Result<Self, Unreadable> {
        let mut reader = Reader(checked(bytes)?);
        if reader.array::<8>()? != MAGIC {
            return Err(Malformed("it does not begin as a manifest").into());
        }
        let version = reader.u32()?;
        if !(VERSION_WITHOUT_RETENTION..=VERSION).contains(&version) {
            return Err(Unreadable::Version(version));
        }
        let mut manifest = Self {
            generation: reader.varint()?,
            wal_start: reader.varint()?,
            next_file: reader.varint()?,
            last_seq: reader.varint()?,
            ..Self::default()
        };
        for _ in 0..reader.count(2)? {
            manifest.segments.push(SegmentName { day: unzigzag(reader.varint()?), number: reader.varint()? });
        }
        for _ in 0..reader.count(2)? {
            let (file, reason) = (reader.short_text()?.to_owned(), reader.short_text()?.to_owned());
            manifest.set_aside.push(SetAside { file, reason });
        }
        for _ in 0..reader.count(7)? {
            let stream = read_stream(&mut reader)?;
            let starts = (unzigzag(reader.varint()?), unzigzag(reader.varint()?));
            manifest.catalog.0.insert(Arc::new(stream), starts);
        }
        if version > VERSION_WITHOUT_RETENTION {
            manifest.retained.default_from_ms = unzigzag(reader.varint()?);
            for _ in 0..reader.count(2)? {
                let namespace = reader.short_text()?.to_owned();
                manifest.retained.namespaces.insert(namespace, unzigzag(reader.varint()?));
            }
        }
        if version > VERSION_WITHOUT_WATERMARKS {
            manifest.watermarks = Watermarks::read(&mut reader)?;
        }
        if version > VERSION_WITHOUT_TIME && reader.varint()? == 1 {
            manifest.seen_ms = Some(unzigzag(reader.varint()?));
        }
        reader.end()?;
        Ok(manifest)
    }
}

/// Why a copy does not help.
enum Unreadable {
    Version(u32),
    Malformed(Malformed),
}

impl From<Malformed> for Unreadable {
    fn from(malformed: Malformed) -> Self {
        Self::Malformed(malformed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_version_and_no_later_one() {
        let manifest = Manifest {
            generation: 7,
            segments: vec![SegmentName { day: 20_000, number: 3 }],
            retained: Retained { default_from_ms: 86_400_000, namespaces: [("a".to_owned(), 0)].into() },
            watermarks: Watermarks { by_retention: 5, by_damage: 6 },
            seen_ms: Some(40),
            ..Manifest::default()
        };
        let bytes = manifest.encode();
        let read = Manifest::decode(&bytes).ok().unwrap();
        assert_eq!((read.generation, &read.retained, read.watermarks), (7, &manifest.retained, manifest.watermarks));
        assert_eq!(read.seen_ms, Some(40));
        let with_version = |version: u32, cut: usize| {
            let mut bytes = bytes[..bytes.len() - 4 - cut].to_vec();
            bytes[8..12].copy_from_slice(&version.to_le_bytes());
            seal(&mut bytes);
            Manifest::decode(&bytes)
        };
        // What version 4 adds: two small numbers.
        let old = with_version(3, 2).ok().unwrap();
        assert_eq!((old.watermarks, old.seen_ms), (manifest.watermarks, None));
        // What version 3 adds: two small numbers.
        let old = with_version(2, 2 + 2).ok().unwrap();
        assert_eq!((old.retained, old.watermarks), (manifest.retained, Watermarks::default()));
        // What version 2 adds: four bytes of a number, a count, a name of one letter, its moment.
        let old = with_version(1, 2 + 2 + 4 + 1 + 2 + 1).ok().unwrap();
        assert_eq!((old.segments, old.retained), (manifest.segments, Retained::default()));
        assert!(matches!(with_version(5, 0), Err(Unreadable::Version(5))));
        assert!(matches!(with_version(4, 1), Err(Unreadable::Malformed(_))));
    }
}
