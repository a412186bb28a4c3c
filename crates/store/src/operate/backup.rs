//! Backing up an open store: the files of one moment, without stopping writers or readers.
//!
//! 1. Memory becomes segments, so that little of the log is needed, and nothing of a log that a crash has torn.
//! 2. The log goes on in a new file. From then on every file that the backup needs is finished.
//! 3. With flushes held back, so that no log file goes, the list of segments is taken and the log is linked or copied.
//! 4. Segments are linked or copied. Merges go on: a merged segment's file stays until nobody holds it.
//! 5. A manifest of that list is written.

use std::path::Path;
use std::sync::Arc;

use runlog_core::Backup;

use super::copy::Target;
use super::{Meter, Progress};
use crate::disk::{Disk, RealDisk};
use crate::engine::Engine;
use crate::error::{Doing, Result};
use crate::manifest::Manifest;
use crate::segment::Segment;
use crate::wal;

/// What the store was made of at one moment.
struct Moment {
    manifest: Manifest,
    segments: Arc<Vec<Arc<Segment>>>,
    last_log: u64,
}

impl Engine {
    pub(crate) fn backup(&self, to: &Path, progress: &mut dyn FnMut(Progress)) -> Result<Backup> {
        self.backup_on(&RealDisk::open(to)?, progress)
    }

    pub(crate) fn backup_on(&self, to: &dyn Disk, progress: &mut dyn FnMut(Progress)) -> Result<Backup> {
        let mut target = Target::begin(to)?;
        let mut meter = Meter::new(progress);
        let no_flush = self.flushing.lock();
        self.commit.exclusive(self, |wal| self.rotate(wal))?;
        self.flush_holding(&no_flush)?;
        let moment = self.moment()?;
        let mut backup = Backup { seq: moment.manifest.last_seq, ..Backup::default() };
        meter.expect(moment.segments.iter().map(|segment| segment.bytes()).sum());
        for number in moment.manifest.wal_start..=moment.last_log {
            let path = wal::path(number);
            let bytes = self.disk.map(&path).doing(|| format!("read {path}"))?;
            take(&mut backup, &*self.disk, &mut target, (&path, &bytes), &mut meter)?;
        }
        drop(no_flush);
        for segment in moment.segments.iter() {
            take(&mut backup, &*self.disk, &mut target, (&segment.path, segment.file_bytes()), &mut meter)?;
        }
        moment.manifest.write(to)?;
        target.finish()?;
        Ok(backup)
    }

    /// Begins a new log file, and notes what holds all that was accepted before it.
    fn moment(&self) -> Result<Moment> {
        self.commit.exclusive(self, |wal| {
            let last_log = wal.number();
            self.rotate(wal)?;
            let manifest = self.manifest();
            let state = self.state();
            let manifest = Manifest {
                last_seq: state.last_seq,
                catalog: state.catalog.clone(),
                segments: state.segments.iter().map(|segment| segment.name).collect(),
                set_aside: self.set_aside().clone(),
                watermarks: state.watermarks,
                ..manifest.clone()
            };
            Ok(Moment { manifest, segments: Arc::clone(&state.segments), last_log })
        })
    }
}

/// Links or copies a finished file. Its bytes are at hand, since it may be set aside, and so moved, meanwhile.
fn take(
    backup: &mut Backup,
    from: &dyn Disk,
    target: &mut Target<'_>,
    (path, bytes): (&str, &[u8]),
    meter: &mut Meter<'_>,
) -> Result<()> {
    backup.files += 1;
    backup.bytes += bytes.len() as u64;
    if target.link(from, path)? {
        backup.linked += 1;
        meter.did(bytes.len() as u64);
        return Ok(());
    }
    target.copy(path, bytes, meter)
}
