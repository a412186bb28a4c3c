//! Saving the rows of a damaged segment that can still be read.
//!
//! They are offered to the store anew, as any sender would: so a run that was sent again meanwhile stays once, a start
//! that was reported again is replaced by its finish, and being cut and repeated does no harm. Saved runs get new
//! sequence numbers, since they come back after having been away.

use std::sync::Arc;

use runlog_core::{Columns, Outcome, Refusal, Report, Run};

use crate::disk::Disk;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::partition::{self, SegmentName};
use crate::publish::aside_path;
use crate::segment::{Segment, TextCache};

/// Runs and bytes of text that are offered at once.
const BATCH_RUNS: usize = 1_000;
const BATCH_BYTES: usize = 16 << 20;

/// What became of a damaged segment's rows.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Salvage {
    /// Rows that the segment had; unknown when its directory is gone.
    pub(super) rows: Option<u64>,
    /// Runs that are in the store again.
    pub(super) saved: u64,
    /// Runs that had been sent again before, or are no longer retained.
    pub(super) known: u64,
}

/// The segment that a path in the data folder names.
pub(super) fn segment_of(path: &str) -> Option<SegmentName> {
    let (day, file) = path.strip_prefix(partition::DIR)?.strip_prefix('/')?.split_once('/')?;
    Some(SegmentName { day: partition::day_of_folder(day)?, number: file.strip_suffix(".seg")?.parse().ok()? })
}

/// Saves what can be read of the segment that once was at `path` and now is set aside.
pub(super) fn salvage(engine: &Engine, path: &str, name: SegmentName) -> Result<Salvage> {
    let disk: &Arc<dyn Disk> = &engine.disk;
    let segment = match Segment::open_damaged(disk, name, aside_path(path)) {
        Err(Error::Damaged { .. }) => return Ok(Salvage::default()),
        Err(Error::Io { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => return Ok(Salvage::default()),
        segment => segment?,
    };
    let mut salvage = Salvage { rows: Some(segment.rows()), ..Salvage::default() };
    let mut texts = TextCache::default();
    let (mut batch, mut bytes) = (Vec::new(), 0);
    for row in 0..segment.footer.rows {
        match segment.row(row, Columns::ALL, &mut texts) {
            Ok(row) => {
                bytes += row.run.log.len() + row.run.ret_msg.len();
                batch.push(row.run);
            }
            Err(Error::Damaged { .. }) => {}
            Err(error) => return Err(error),
        }
        if batch.len() >= BATCH_RUNS || bytes >= BATCH_BYTES {
            salvage.offer(engine, std::mem::take(&mut batch))?;
            bytes = 0;
        }
    }
    salvage.offer(engine, batch)?;
    Ok(salvage)
}

impl Salvage {
    fn offer(&mut self, engine: &Engine, batch: Vec<Run>) -> Result<()> {
        for outcome in engine.offer(batch.into_iter().map(Report::from).collect())? {
            match outcome {
                Outcome::Accepted { .. } => self.saved += 1,
                // Of a run that finished twice, differently, the report that came later holds.
                Outcome::Duplicate | Outcome::Refused(Refusal::Conflict | Refusal::StartNotRetained { .. }) => {
                    self.known += 1;
                }
                // Such as by a clock that was set back: it counts as lost.
                Outcome::Refused(_) => {}
            }
        }
        Ok(())
    }
}
