//! Replaying the log after a restart. Replaying twice, or what segments have already, changes nothing.

use std::collections::HashSet;
use std::ops::Range;
use std::sync::Arc;

use runlog_core::{IdRef, Stream};

use crate::disk::{Disk, write_file};
use crate::error::{Doing, Error, Result};
use crate::hash::{id_hash, run_hash};
use crate::in_flight::{Grown, InFlightRun};
use crate::manifest::Manifest;
use crate::memtable::Memtable;
use crate::publish::{SET_ASIDE, aside_path, move_aside};
use crate::record::{Record, id_of};
use crate::state::{Sealed, Shared, State};
use crate::wal;
use crate::wal::format::Kind;
use crate::wal::reader::{Scan, scan};
use crate::wal::writer::Group;

/// What replaying leaves to do.
pub(crate) struct Replay {
    /// The last log file's number; 0 when there is none.
    pub(crate) last_file: u64,
    /// What the next log file begins with.
    pub(crate) carried: Vec<Group>,
    /// Bytes cut off.
    pub(crate) torn_bytes: u64,
    /// Whether some log is damaged, now or again.
    pub(crate) is_damaged: bool,
}

/// Replays the log files that segments do not cover into sealed memtables. `ask_all`: whether segments may have any
/// row of the log, since nobody knows what they cover.
pub(crate) fn replay(disk: &dyn Disk, manifest: &mut Manifest, state: &mut State, ask_all: bool) -> Result<Replay> {
    let (mut torn_bytes, mut is_damaged) = (0, false);
    let mut last_file = 0;
    let mut doubtful = Vec::new();
    let mut brought_back = HashSet::new();
    for entry in disk.list(wal::DIR).doing(|| format!("list {}", wal::DIR))? {
        let Some(number) = wal::number(&entry.name).filter(|number| *number >= manifest.wal_start) else { continue };
        last_file = last_file.max(number);
        let path = wal::path(number);
        let bytes = Arc::new(disk.map(&path).doing(|| format!("read {path}"))?.to_vec());
        let scanned = scan(&path, &bytes, number)?;
        torn_bytes += scanned.torn_bytes;
        if scanned.damaged_bytes > 0 {
            is_damaged = true;
            copy_aside(disk, &path, &bytes)?;
            manifest.note_set_aside(&path, "a checksum differs; the reports around it were lost");
        }
        let table = Memtable::default();
        let path = &*path;
        let mut file = File { disk, path, manifest, state, bytes: &bytes, table, brought_back: &mut brought_back };
        let left_out = file.replay(&scanned, ask_all)?;
        let table = file.table;
        state.catalog.include_table(&table);
        if table.rows() > 0 {
            state.sealed.push(Arc::new(Sealed { table: Arc::new(Shared::new(table)), wal_number: number }));
        }
        // Everything but the last group is known to be durable, and that, too, in a file that was closed.
        let last = scanned.groups.into_iter().next_back().filter(|group| group.kind == Kind::Accepted);
        let taken = |range: &Range<usize>| !left_out.contains(&range.start);
        let reports = last.into_iter().flat_map(|group| group.reports).filter(taken);
        doubtful.push((bytes, reports.collect::<Vec<_>>()));
    }
    state.sealed.retain(|sealed| sealed.table.read().rows() > 0);
    let mut carried = state.in_flight.carried(&[]);
    for (bytes, ranges) in &doubtful {
        let reports = ranges.iter().filter_map(|range| bytes.get(range.clone()));
        let finished = |report: &&[u8]| Record::decode(report).is_ok_and(|record| record.is_final());
        let mut again = Group::default();
        for report in reports.filter(finished) {
            again.push(|out| out.extend_from_slice(report));
        }
        carried.push(again);
    }
    Ok(Replay { last_file, carried, torn_bytes, is_damaged })
}

/// One log file and what it is replayed into.
struct File<'a> {
    disk: &'a dyn Disk,
    path: &'a str,
    manifest: &'a mut Manifest,
    state: &'a mut State,
    bytes: &'a Arc<Vec<u8>>,
    table: Memtable,
    /// By their hashes, the finished runs that a group that was carried has brought, from this file or an earlier one.
    brought_back: &'a mut HashSet<u64>,
}

impl File<'_> {
    /// Takes the reports. Returns where the reports that are left out begin: those that are no
    /// reports, and those that are there again.
    fn replay(&mut self, scanned: &Scan, ask_all: bool) -> Result<HashSet<usize>> {
        let group_number = self.table.add_group(Arc::clone(self.bytes));
        let mut left_out = HashSet::new();
        let mut stream = None;
        for group in &scanned.groups {
            let may_be_known = ask_all || group.kind == Kind::Carried;
            for range in &group.reports {
                let report = self.bytes.get(range.clone()).unwrap_or_default();
                let (record, stream) = match read(report, &mut stream) {
                    Ok(found) => found,
                    Err(error) => {
                        self.manifest.note_set_aside(self.path, error.0);
                        left_out.insert(range.start);
                        continue;
                    }
                };
                let hash = id_hash(&stream.account, record.request_id);
                let facts = record.facts;
                self.state.last_seq = self.state.last_seq.max(facts.seq);
                if !self.manifest.retained.keeps(&stream.namespace, facts.start_ms) {
                    // Retention has removed it; the log is older. An earlier report may have had a start that is kept.
                    self.table.note(&stream, facts.start_ms);
                    self.state.in_flight.remove(hash, id_of(&stream, &record));
                    continue;
                }
                let is_finished = record.is_final();
                if !self.table.is_next(&stream, facts.seq, is_finished) {
                    // A disk that wrote to a wrong place leaves whole groups a second time.
                    self.manifest.note_set_aside(self.path, "a report is there again, or before an earlier one");
                    left_out.insert(range.start);
                    continue;
                }
                if is_finished && group.kind == Kind::Accepted && (ask_all || self.brought_back.contains(&hash)) {
                    self.withdraw_earlier(hash, &record, &stream);
                }
                // An old guess may have become final.
                let may_be_known = may_be_known || record.is_guess;
                if may_be_known && self.is_known(hash, &record, &stream)? {
                    self.state.in_flight.remove(hash, id_of(&stream, &record));
                    continue;
                }
                if record.growth.is_some() {
                    self.table.note(&stream, facts.start_ms);
                    self.grow(hash, &record, &stream, scanned);
                } else if !is_finished {
                    if !record.is_guess {
                        self.table.hear(&stream, facts, group_number, range);
                    }
                    self.table.note(&stream, facts.start_ms);
                    self.state.in_flight.upsert(InFlightRun::new(&stream, &record, 0));
                } else {
                    if group.kind == Kind::Carried {
                        self.brought_back.insert(hash);
                    }
                    self.table.insert(
                        &stream,
                        (hash, run_hash(hash, id_of(&stream, &record))),
                        facts,
                        group_number,
                        range,
                    );
                    self.state.in_flight.remove(hash, id_of(&stream, &record));
                }
            }
        }
        Ok(left_out)
    }

    /// Takes a growth, unless its base was lost. Then it is lost as well, and so is all that was added later.
    fn grow(&mut self, hash: u64, record: &Record<'_>, stream: &Arc<Stream>, scanned: &Scan) {
        let grown = self.state.in_flight.grow(hash, stream, record, 0);
        let is_explained = scanned.damaged_bytes > 0 || !self.manifest.set_aside.is_empty();
        if grown == Grown::Broken && !is_explained {
            self.manifest.note_set_aside(self.path, "a run in flight has grown from a report that is not there");
        }
    }

    /// Takes an earlier finish of a report's run out of the tables. When the report was accepted, its run was not known
    /// any more: the earlier finish lay in a segment that was set aside. Later acknowledgements remain valid.
    fn withdraw_earlier(&mut self, hash: u64, record: &Record<'_>, stream: &Arc<Stream>) {
        let id = id_of(stream, record);
        let withdraw = |table: &mut Memtable| {
            let earlier = table.find_place(hash, id).filter(|(_, earlier)| earlier.facts.seq < record.facts.seq);
            if let Some(place) = earlier.map(|(place, _)| place) {
                table.withdraw(place);
            }
        };
        self.state.sealed.iter().for_each(|sealed| withdraw(&mut sealed.table.write()));
        withdraw(&mut self.table);
    }

    /// Whether a report's run has finished in an earlier file or a segment.
    fn is_known(&mut self, hash: u64, record: &Record<'_>, stream: &Arc<Stream>) -> Result<bool> {
        let id = id_of(stream, record);
        let in_tables = self.state.sealed.iter().any(|sealed| sealed.table.read().find(hash, id).is_some());
        Ok(in_tables || self.table.find(hash, id).is_some() || self.is_in_segments(hash, id)?)
    }

    fn is_in_segments(&mut self, hash: u64, id: IdRef<'_>) -> Result<bool> {
        for segment in Arc::clone(&self.state.segments).iter() {
            match segment.find(hash, id) {
                Ok(Some(_)) => return Ok(true),
                Ok(None) => {}
                Err(Error::Damaged { file, what }) => {
                    move_aside(self.disk, &file)?;
                    self.manifest.note_set_aside(&file, what);
                    self.manifest.segments.retain(|name| *name != segment.name);
                    let rest = self.state.segments.iter().filter(|other| !Arc::ptr_eq(other, segment)).cloned();
                    self.state.segments = Arc::new(rest.collect());
                }
                Err(error) => return Err(error),
            }
        }
        Ok(false)
    }
}

/// Reads a report; its stream is the last one again, as a rule.
fn read<'a>(
    report: &'a [u8],
    last: &mut Option<Arc<Stream>>,
) -> std::result::Result<(Record<'a>, Arc<Stream>), crate::codec::Malformed> {
    let record = Record::decode(report)?;
    record.check_texts()?;
    if let Some(stream) = last.as_ref().filter(|stream| record.is_in(stream)) {
        return Ok((record, Arc::clone(stream)));
    }
    let stream = Arc::new(record.stream()?);
    *last = Some(Arc::clone(&stream));
    Ok((record, stream))
}

/// Keeps a damaged log file for inspection; the file itself goes when its rows are in segments.
pub(crate) fn copy_aside(disk: &dyn Disk, path: &str, bytes: &[u8]) -> Result<()> {
    write_file(disk, &aside_path(path), bytes)?;
    disk.sync_dir(SET_ASIDE).doing(|| format!("sync {SET_ASIDE}"))
}
