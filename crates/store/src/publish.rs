//! Changing which files make up the store: the manifest first, then memory, then the files that are no longer named.

use std::sync::atomic::Ordering;

use crate::engine::Engine;
use crate::error::{Doing, Error, Result};
use crate::health::SetAside;
use crate::locks::MutexGuard;
use crate::manifest::Manifest;
use crate::partition::{self, SegmentName};
use crate::segment::Segment;
use crate::state::State;
use crate::watermarks::Watermarks;

/// The folder of damaged files.
pub(crate) const SET_ASIDE: &str = "set-aside";

/// How often one call may meet a damaged segment before it gives up; each is set aside, so they run out.
const DAMAGE_MAX: usize = 10_000;

impl Engine {
    /// Publishes a changed manifest and then changes memory alike. A failure poisons the store.
    pub(crate) fn publish(&self, change: impl FnOnce(&mut Manifest), apply: impl FnOnce(&mut State)) -> Result<()> {
        self.publish_locked(&mut self.manifest(), change, apply)
    }

    pub(crate) fn publish_locked(
        &self,
        manifest: &mut MutexGuard<'_, Manifest>,
        change: impl FnOnce(&mut Manifest),
        apply: impl FnOnce(&mut State),
    ) -> Result<()> {
        self.check_poison()?;
        self.look_at_clock();
        let mut new = Manifest::clone(manifest);
        change(&mut new);
        new.segments.sort_unstable();
        new.generation += 1;
        new.next_file = self.next_file.load(Ordering::SeqCst);
        new.set_aside.clone_from(&self.set_aside());
        new.seen_ms = self.wall().last_seen_ms();
        {
            let state = self.state();
            new.last_seq = state.last_seq;
            new.catalog.clone_from(&state.catalog);
            new.watermarks.include(state.watermarks);
        }
        new.write(&*self.disk).inspect_err(|error| self.poison(error))?;
        apply(&mut self.state_mut());
        **manifest = new;
        Ok(())
    }

    /// A number that no segment file had before.
    pub(crate) fn next_name(&self, day: i64) -> SegmentName {
        SegmentName { day, number: self.next_file.fetch_add(1, Ordering::SeqCst) }
    }

    /// Makes a partition's folder, durable.
    pub(crate) fn make_folder(&self, day: i64) -> Result<()> {
        let folder = partition::folder(day);
        self.disk.create_dir(&folder).doing(|| format!("make the folder {folder}"))?;
        self.disk.sync_dir(partition::DIR).doing(|| format!("sync {}", partition::DIR))
    }

    /// Does `work`; each time that it meets a damaged segment, sets that aside and does it again.
    pub(crate) fn retry_without_damaged<T>(&self, mut work: impl FnMut(&Engine) -> Result<T>) -> Result<T> {
        for _ in 0..DAMAGE_MAX {
            match work(self) {
                Err(Error::Damaged { file, what }) => self.set_segment_aside(&file, what),
                done => return done,
            }
        }
        work(self)
    }

    /// Takes a damaged segment out of service. One that is not in service any more needs nothing.
    pub(crate) fn set_segment_aside(&self, path: &str, what: &str) {
        let mut manifest = self.manifest();
        let is_it = |segment: &Segment| segment.path == path;
        let found = self.state().segments.iter().find(|segment| is_it(segment)).map(|it| (it.name, it.seq.max));
        let Some((name, last_seq)) = found else { return };
        let watermarks = Watermarks { by_damage: last_seq, ..Watermarks::default() };
        let remove = |state: &mut State| {
            let rest = state.segments.iter().filter(|segment| !is_it(segment)).cloned().collect();
            state.segments = std::sync::Arc::new(rest);
            state.watermarks.include(watermarks);
        };
        remove(&mut self.state_mut());
        self.set_aside().push(SetAside { file: path.to_owned(), reason: what.to_owned() });
        if self.check_poison().is_err() {
            return;
        }
        let moved = move_aside(&*self.disk, path).inspect_err(|error| self.poison(error));
        let forget = |manifest: &mut Manifest| manifest.segments.retain(|other| *other != name);
        if moved.is_ok() {
            // A failure poisons the store, which says more than this call could.
            self.publish_locked(&mut manifest, forget, |_| ()).ok();
        }
    }
}

/// Where a damaged file goes: file numbers are never used twice, so its name is free.
pub(crate) fn aside_path(path: &str) -> String {
    format!("{SET_ASIDE}/{}", path.trim_start_matches("data/").replace('/', "-"))
}

/// Moves a damaged file to the folder for such files.
pub(crate) fn move_aside(disk: &dyn crate::disk::Disk, path: &str) -> Result<()> {
    let (folder, _) = path.rsplit_once('/').unwrap_or(("", path));
    let aside = aside_path(path);
    disk.create_dir(SET_ASIDE).doing(|| format!("make the folder {SET_ASIDE}"))?;
    disk.rename(path, &aside).doing(|| format!("move {path} to {aside}"))?;
    for folder in ["", SET_ASIDE, folder] {
        disk.sync_dir(folder).doing(|| format!("sync {folder}"))?;
    }
    Ok(())
}
