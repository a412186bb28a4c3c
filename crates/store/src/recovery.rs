//! Opening a store: from whatever a crash, or rot, left in the folder.
//!
//! 1. The manifest names the segments; when no copy is readable, the segments themselves do.
//! 2. Segments are opened; what is damaged or missing is set aside.
//! 3. Log files that segments do not cover are replayed into memtables, sealed at once.
//! 4. A new log file begins with the runs in flight, and with the last group of each log file that was not closed: if
//!    its sync failed or never happened, it may be in memory only, and from now on it counts.
//! 5. A new manifest is published, and files that it does not name are removed.
//!
//! Every step can be cut by another crash, and then repeated.

use std::collections::BTreeSet;
use std::io;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, OnceLock};

use crate::clock::{Clock, millis};
use crate::commit::Commit;
use crate::disk::Disk;
use crate::engine::{Engine, Work};
use crate::error::{Doing, Error, Result};
use crate::health::SetAside;
use crate::locks::{Mutex, Rank, RwLock};
use crate::manifest::{Manifest, Recovered};
use crate::options::Options;
use crate::partition::{self, SegmentName};
use crate::publish::{SET_ASIDE, move_aside};
use crate::replay::{Replay, replay};
use crate::segment::{Segment, SharedTexts};
use crate::signal::Signal;
use crate::state::State;
use crate::unfinished::is_unfinished;
use crate::wal;
use crate::wal::writer::WalWriter;
use crate::wall::{Reading, WallClock};

/// Opens the store on a disk.
pub(crate) fn open(disk: Arc<dyn Disk>, clock: Arc<dyn Clock>, options: Options) -> Result<Engine> {
    if is_unfinished(&*disk)? {
        return Err(Error::Unfinished);
    }
    for folder in [wal::DIR, partition::DIR, SET_ASIDE] {
        disk.create_dir(folder).doing(|| format!("make the folder {folder}"))?;
    }
    disk.sync_dir("").doing(|| "sync the data folder".into())?;
    let files = segment_files(&*disk)?;
    let (mut manifest, is_rebuilt) = read_manifest(&*disk, &files)?;
    let known_damage = manifest.set_aside.len();
    let texts = Arc::new(SharedTexts::new(options.text_cache_bytes, options.shape.text_block_bytes));
    let mut segments = open_segments(&disk, &mut manifest, &texts)?;
    if is_rebuilt {
        leave_out_replaced(&mut segments, &mut manifest);
    }
    let mut state = State {
        last_seq: manifest.last_seq,
        catalog: manifest.catalog.clone(),
        watermarks: manifest.watermarks,
        ..State::default()
    };
    for segment in &segments {
        state.last_seq = state.last_seq.max(segment.seq.max);
        for rows in segment.footer.streams.iter().filter(|_| is_rebuilt) {
            state.catalog.include(&rows.stream, (rows.first_start_ms, rows.last_start_ms));
        }
    }
    state.segments = Arc::new(segments);
    let (now_ms, elapsed) = (clock.now_ms(), clock.elapsed());
    manifest.retained = options.retention.without_future(&manifest.retained, now_ms);
    (state.retained, state.accepted) = (manifest.retained.clone(), manifest.retained.clone());
    let Replay { last_file, carried, torn_bytes, is_damaged } = replay(&*disk, &mut manifest, &mut state, is_rebuilt)?;
    state.newest_ms = state.catalog.newest_ms();
    let reading = Reading { now_ms, elapsed, newest_ms: state.newest_ms };
    let mut wall = WallClock::new(manifest.seen_ms, reading);
    let is_believed = wall.look(reading).is_none();
    state.in_flight.begin_life(millis(elapsed), is_believed.then_some(now_ms));
    if is_rebuilt || is_damaged || manifest.set_aside.len() > known_damage {
        // What was in files that cannot be read is not known, nor what an older manifest knew to be gone. A damaged log
        // may have lost more since it was noted.
        state.watermarks.by_damage = state.last_seq;
    }
    let wal_number = last_file.max(manifest.wal_start) + 1;
    let wal = WalWriter::create(&*disk, wal_number, carried)?;
    manifest.wal_start = state.sealed.first().map_or(wal_number, |sealed| sealed.wal_number);
    let next_file = files.iter().map(|name| name.number + 1).max().unwrap_or(1).max(manifest.next_file);
    let engine = Engine {
        commit: Commit::new(wal, state.last_seq, state.in_flight.len()),
        signal: Arc::new(Signal::after(state.last_seq)),
        disk,
        clock,
        options,
        texts,
        flushing: Mutex::new(Rank::Flushing, ()),
        merging: Mutex::new(Rank::Merging, ()),
        set_aside: Mutex::new(Rank::SetAside, std::mem::take(&mut manifest.set_aside)),
        wall: Mutex::new(Rank::Wall, wall),
        manifest: Mutex::new(Rank::Manifest, manifest),
        next_file: AtomicU64::new(next_file),
        state: RwLock::new(Rank::State, state),
        poison: OnceLock::new(),
        torn_bytes,
        work: Work::default(),
    };
    engine.publish(|_| (), |_| ())?;
    remove_unnamed(&engine, &files)?;
    engine.work.tell(|flags| (flags.flush, flags.merge) = (true, true));
    Ok(engine)
}

/// Every segment file of the folder, named by a manifest or not.
pub(crate) fn segment_files(disk: &dyn Disk) -> Result<Vec<SegmentName>> {
    let mut names = Vec::new();
    let folders = disk.list(partition::DIR).doing(|| format!("list {}", partition::DIR))?;
    for day in folders.iter().filter_map(|entry| partition::day_of_folder(&entry.name)) {
        let folder = partition::folder(day);
        for entry in disk.list(&folder).doing(|| format!("list {folder}"))? {
            let number = entry.name.strip_suffix(".seg").and_then(|number| number.parse().ok());
            names.extend(number.map(|number| SegmentName { day, number }));
        }
    }
    Ok(names)
}

/// The manifest, or one that names every segment file; and whether it is that.
fn read_manifest(disk: &dyn Disk, files: &[SegmentName]) -> Result<(Manifest, bool)> {
    let mut rebuilt = Manifest { segments: files.to_vec(), ..Manifest::default() };
    match Manifest::read(disk)? {
        Recovered::Found(manifest) => return Ok((manifest, false)),
        // A store that crashed while it was made has no manifest, and no segments.
        Recovered::Absent if files.is_empty() => return Ok((Manifest::default(), false)),
        Recovered::Absent => rebuilt.note_set_aside("manifest", "it is missing"),
        Recovered::Rotten(what) => rebuilt.note_set_aside("manifest", what),
    }
    Ok((rebuilt, true))
}

/// Opens what the manifest names; takes from it, and sets aside, what cannot be read.
fn open_segments(disk: &Arc<dyn Disk>, manifest: &mut Manifest, texts: &Arc<SharedTexts>) -> Result<Vec<Arc<Segment>>> {
    let mut segments = Vec::new();
    for name in std::mem::take(&mut manifest.segments) {
        let path = partition::path(name);
        match Segment::open(disk, name, texts) {
            Ok(segment) => {
                manifest.segments.push(name);
                segments.push(Arc::new(segment));
            }
            Err(Error::Damaged { what, .. }) => {
                move_aside(&**disk, &path)?;
                manifest.note_set_aside(&path, what);
            }
            Err(Error::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
                manifest.note_set_aside(&path, "it is missing, or was set aside before");
            }
            Err(error) => return Err(error),
        }
    }
    Ok(segments)
}

/// Without a manifest, segments that were merged into others may still lie beside them.
fn leave_out_replaced(segments: &mut Vec<Arc<Segment>>, manifest: &mut Manifest) {
    let replaced: BTreeSet<u64> = segments.iter().flat_map(|segment| segment.footer.replaces.clone()).collect();
    segments.retain(|segment| !replaced.contains(&segment.name.number));
    manifest.segments.retain(|name| !replaced.contains(&name.number));
}

/// Removes files that the published manifest does not name: of flushes and merges that were cut short, of merges whose
/// inputs were not removed yet, and log files that segments cover.
fn remove_unnamed(engine: &Engine, files: &[SegmentName]) -> Result<()> {
    let manifest = engine.manifest();
    let named: BTreeSet<SegmentName> = manifest.segments.iter().copied().collect();
    for name in files.iter().filter(|name| !named.contains(name)) {
        match engine.disk.remove(&partition::path(*name)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            done => done.doing(|| format!("remove {}", partition::path(*name)))?,
        }
    }
    engine.remove_logs(manifest.wal_start.saturating_sub(1));
    Ok(())
}

impl Manifest {
    /// Notes a damaged file, once.
    pub(crate) fn note_set_aside(&mut self, file: &str, reason: &str) {
        if !self.set_aside.iter().any(|known| known.file == file) {
            self.set_aside.push(SetAside { file: file.to_owned(), reason: reason.to_owned() });
        }
    }
}
