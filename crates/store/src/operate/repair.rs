//! Repairing a folder that no process has open. Nothing is deleted: what is damaged goes to the folder `set-aside`.
//!
//! 1. The folder is verified. Damaged log files and manifests are copied aside as they are.
//! 2. The store is opened, which rebuilds the manifest, cuts torn logs and reads what it can of the rest; everything in
//!    memory becomes segments, so that no damaged log is needed any more.
//! 3. Damaged segments are set aside, and what can be read of them is stored anew (`salvage.rs`).
//! 4. The list of the files set aside is cleared: the loss is known, and reported here.
//!
//! Repeating a repair that was cut short does the rest of it.

use std::path::Path;
use std::sync::Arc;

use super::salvage::{Salvage, salvage, segment_of};
use super::{Problem, Progress, Verified, verify_on};
use crate::clock::{Clock, SystemClock};
use crate::disk::{Disk, RealDisk, write_file};
use crate::engine::Engine;
use crate::error::{Doing, Result};
use crate::options::Options;
use crate::publish::{SET_ASIDE, aside_path};
use crate::recovery;
use crate::unfinished::UNFINISHED;
use crate::wal::writer::WalWriter;

/// What [`repair`] did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Repair {
    /// Each problem that there was, and what became of it. Nothing was touched when there was none.
    pub repaired: Vec<Repaired>,
    /// Runs of damaged segments that were saved.
    pub saved: u64,
    /// Runs that are lost, as far as they can be counted: what a rotten log or directory held is not known.
    pub lost: u64,
    /// How the folder is now.
    pub after: Verified,
}

/// A problem and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repaired {
    /// What was wrong.
    pub problem: Problem,
    /// What was done, and what it cost.
    pub outcome: String,
}

/// Does what can be done for a damaged data folder or backup.
///
/// # Errors
/// As [`super::verify`]; [`crate::Error::Io`] when the disk does not work, after which the repair can be repeated.
pub fn repair(folder: &Path, progress: &mut dyn FnMut(Progress)) -> Result<Repair> {
    let disk = Arc::new(RealDisk::open_existing(folder)?);
    repair_on(&(disk as _), Arc::new(SystemClock::default()), progress)
}

/// As [`repair`], on any disk and clock.
///
/// # Errors
/// As [`repair`].
pub fn repair_on(disk: &Arc<dyn Disk>, clock: Arc<dyn Clock>, progress: &mut dyn FnMut(Progress)) -> Result<Repair> {
    let before = verify_on(disk, progress)?;
    if before.problems.is_empty() {
        return Ok(Repair { after: before, ..Repair::default() });
    }
    set_aside_as_they_are(&**disk, &before.problems)?;
    let options = Options { background: false, ..Options::default() };
    let engine = recovery::open(Arc::clone(disk), clock, options)?;
    // A new log file, even where memory has no rows: the old ones may be what is damaged.
    engine.commit.exclusive(&engine, |wal| engine.rotate(wal))?;
    engine.flush_sealed()?;
    let mut repair = Repair::default();
    for problem in before.problems {
        let outcome = repair.settle(&engine, &problem)?;
        repair.repaired.push(Repaired { problem, outcome });
    }
    engine.flush()?;
    engine.set_aside().clear();
    engine.publish(|_| (), |_| ())?;
    engine.commit.exclusive(&engine, WalWriter::close)?;
    drop(engine);
    repair.after = verify_on(disk, progress)?;
    Ok(repair)
}

/// Copies aside what opening the store will remove or write anew.
fn set_aside_as_they_are(disk: &dyn Disk, problems: &[Problem]) -> Result<()> {
    disk.create_dir(SET_ASIDE).doing(|| format!("make the folder {SET_ASIDE}"))?;
    for file in problems.iter().map(|problem| problem.file.as_str()).filter(|file| segment_of(file).is_none()) {
        // What is missing, or was set aside before, is not there to be copied.
        let Ok(bytes) = disk.map(file) else { continue };
        let taken: Vec<String> =
            disk.list(SET_ASIDE).doing(|| format!("list {SET_ASIDE}"))?.into_iter().map(|entry| entry.name).collect();
        let name = aside_path(file);
        let mut tries = std::iter::once(name.clone()).chain((2..).map(|number| format!("{name}.{number}")));
        let is_free = |path: &String| !taken.iter().any(|name| path.ends_with(&format!("/{name}")));
        if let Some(path) = tries.find(is_free) {
            write_file(disk, &path, &bytes)?;
        }
    }
    disk.sync_dir(SET_ASIDE).doing(|| format!("sync {SET_ASIDE}"))?;
    disk.sync_dir("").doing(|| "sync the data folder".into())?;
    match disk.remove(UNFINISHED) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        done => done.doing(|| format!("remove {UNFINISHED}")),
    }
}

impl Repair {
    /// Does what is left to do about a problem, now that the store is open.
    fn settle(&mut self, engine: &Engine, problem: &Problem) -> Result<String> {
        let file = problem.file.as_str();
        let Some(name) = segment_of(file) else {
            let outcome = match file {
                UNFINISHED => "opened with the files that are there",
                "manifest" | "manifest.copy" => "written anew",
                _ => "everything readable was kept, the file as it was is set aside",
            };
            return Ok(outcome.to_owned());
        };
        engine.set_segment_aside(file, &problem.what);
        engine.check_poison()?;
        let Salvage { rows, saved, known } = salvage(engine, file, name)?;
        self.saved += saved;
        let Some(rows) = rows else { return Ok("set aside; nothing of it can be read".to_owned()) };
        let lost = rows - saved - known;
        self.lost += lost;
        Ok(format!(
            "set aside; of its {rows} runs {saved} were saved, {known} were there again or are no longer kept, {lost} are lost"
        ))
    }
}
