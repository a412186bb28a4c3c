//! The way of reports to the log: they queue up, one thread writes and syncs all that wait, and every batch of the
//! group is acknowledged together.
//!
//! There is no writer thread: the first batch that finds nobody writing becomes the *leader* of its group. While it
//! syncs, the next group gathers. What is queued is *pending*: not durable, not visible, but already compared with, so
//! that a run offered twice at once is accepted once; and the second offer waits for the first one's sync.
//!
//! The log belongs to this module, and so does the order: written, synced, visible, acknowledged. What becomes of a
//! durable group is the [`Sink`]'s business.

use std::ops::Range;
use std::sync::{Arc, Condvar};

use hashbrown::HashTable;
use runlog_core::{IdRef, RET_RUNNING, Stream};

use crate::error::{Error, Result};
use crate::hash::run_hash;
use crate::locks::{Mutex, MutexGuard, Rank};
use crate::options::GROUP_MAX_BYTES;
use crate::record::Record;
use crate::wal::format::Kind;
use crate::wal::writer::{Group, WalWriter};

/// What the way to the log needs of the store.
pub(crate) trait Sink {
    /// Makes a durable group visible.
    fn apply(&self, bytes: &Arc<Vec<u8>>, reports: &[Place]) -> Result<()>;

    /// Begins a new log file, if the one has enough. The group before counts, whatever becomes of this.
    fn rotate_if_full(&self, log: &mut WalWriter) -> Result<()>;

    /// Refuses writes from now on.
    fn poison(&self, error: &Error);

    /// An error when writes are refused.
    fn check_poison(&self) -> Result<()>;
}

/// The queue and the log.
pub(crate) struct Commit {
    queue: Mutex<Queue>,
    changed: Condvar,
    log: Mutex<WalWriter>,
}

/// What is accepted and not durable yet.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    /// The last sequence number that was given.
    pub(crate) last_seq: u64,
    open: Batch,
    /// The group being written and its number.
    writing: Option<(u64, Arc<Vec<u8>>)>,
    /// Groups have consecutive numbers; this is the open one's.
    open_number: u64,
    committed_number: u64,
    /// Somebody writes to the log.
    busy: bool,
    /// Runs in flight, as far as everything accepted says.
    pub(crate) in_flight: usize,
    /// Latest pending report of each run.
    pending: HashTable<Pending>,
}

/// A group's reports.
#[derive(Debug, Default)]
struct Batch {
    group: Group,
    reports: Vec<Place>,
}

/// Where a report is in its group.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) stream: Arc<Stream>,
    pub(crate) hash: u64,
    pub(crate) range: Range<usize>,
}

#[derive(Debug)]
struct Pending {
    stream: Arc<Stream>,
    /// Of the whole identity.
    run_hash: u64,
    group_number: u64,
    range: Range<usize>,
}

/// A group's number, to wait for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ticket(u64);

impl Queue {
    /// Starts counting after what is on disk.
    pub(crate) fn after(last_seq: u64, in_flight: usize) -> Self {
        Self { last_seq, in_flight, open_number: 1, ..Self::default() }
    }

    /// Accepts a report: gives it the next sequence number and puts it in the open group. `was_running`: whether its
    /// run was in flight before.
    pub(crate) fn accept(
        &mut self,
        record: &Record<'_>,
        id: IdRef<'_>,
        (stream, hash): (&Arc<Stream>, u64),
        was_running: bool,
    ) -> u64 {
        let is_running = record.facts.ret_code == RET_RUNNING;
        self.in_flight += usize::from(is_running);
        self.in_flight = self.in_flight.checked_sub(usize::from(was_running)).expect("a run in flight was counted");
        self.last_seq += 1;
        let mut record = *record;
        record.facts.seq = self.last_seq;
        let range = self.open.group.push(|out| record.put(out));
        self.open.reports.push(Place { stream: Arc::clone(stream), hash, range: range.clone() });
        let run_hash = run_hash(hash, id);
        let pending = Pending { stream: Arc::clone(stream), run_hash, group_number: self.open_number, range };
        let known = self.find(hash, id).map(|known| (known.group_number, known.range.clone()));
        let is_known = |other: &Pending| Some((other.group_number, other.range.clone())) == known;
        match self.pending.find_mut(run_hash, is_known) {
            Some(known) => *known = pending,
            None => drop(self.pending.insert_unique(run_hash, pending, |entry| entry.run_hash)),
        }
        self.last_seq
    }

    /// The latest pending report of a run.
    pub(crate) fn find_record(&self, hash: u64, id: IdRef<'_>) -> Option<(Record<'_>, &Arc<Stream>)> {
        self.find(hash, id).map(|pending| (self.record(pending), &pending.stream))
    }

    /// Bytes of the open group.
    pub(crate) fn bytes(&self) -> usize {
        self.open.group.bytes().len()
    }

    /// What to wait for, so that all that is pending now is durable.
    pub(crate) fn ticket(&self) -> Ticket {
        Ticket(if self.open.group.is_empty() { self.open_number - 1 } else { self.open_number })
    }

    fn find(&self, hash: u64, id: IdRef<'_>) -> Option<&Pending> {
        let run_hash = run_hash(hash, id);
        self.pending.find(run_hash, |other| other.run_hash == run_hash && self.record(other).is_of(id))
    }

    fn record(&self, pending: &Pending) -> Record<'_> {
        let bytes = match &self.writing {
            Some((number, bytes)) if *number == pending.group_number => bytes.as_slice(),
            _ => self.open.group.bytes(),
        };
        let record = bytes.get(pending.range.clone()).and_then(|bytes| Record::decode(bytes).ok());
        record.expect("a pending report was put into its group by `accept`")
    }
}

/// Held by who works on the log. Its end lets the next one in; by a panic, it poisons the store first.
struct Lead<'a, S: Sink> {
    commit: &'a Commit,
    sink: &'a S,
}

impl<S: Sink> Drop for Lead<'_, S> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.sink.poison(&Error::Inconsistent { what: "a thread has failed while it wrote" });
        }
        self.commit.lock().busy = false;
        self.commit.changed.notify_all();
    }
}

impl Commit {
    pub(crate) fn new(log: WalWriter, last_seq: u64, in_flight: usize) -> Self {
        let queue = Mutex::new(Rank::Queue, Queue::after(last_seq, in_flight));
        Self { queue, changed: Condvar::new(), log: Mutex::new(Rank::Log, log) }
    }

    /// The queue, with room for another batch.
    pub(crate) fn enter(&self, sink: &impl Sink) -> Result<MutexGuard<'_, Queue>> {
        let mut queue = self.lock();
        while queue.bytes() >= GROUP_MAX_BYTES {
            sink.check_poison()?;
            queue = self.lead_or_wait(sink, queue);
        }
        sink.check_poison()?;
        Ok(queue)
    }

    /// Returns when the group is durable and visible.
    pub(crate) fn wait(&self, sink: &impl Sink, ticket: Ticket) -> Result<()> {
        let mut queue = self.lock();
        while queue.committed_number < ticket.0 {
            sink.check_poison()?;
            queue = self.lead_or_wait(sink, queue);
        }
        Ok(())
    }

    /// Works on the log while nobody writes to it. A failure poisons the store.
    pub(crate) fn exclusive<T>(&self, sink: &impl Sink, work: impl FnOnce(&mut WalWriter) -> Result<T>) -> Result<T> {
        let mut queue = self.lock();
        while queue.busy {
            queue = queue.wait(&self.changed);
        }
        sink.check_poison()?;
        queue.busy = true;
        drop(queue);
        let _lead = Lead { commit: self, sink };
        work(&mut self.lock_log()).inspect_err(|error| sink.poison(error))
    }

    /// The queue, for as short as may be.
    pub(crate) fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock()
    }

    fn lock_log(&self) -> MutexGuard<'_, WalWriter> {
        self.log.lock()
    }

    fn lead_or_wait<'a>(&'a self, sink: &impl Sink, queue: MutexGuard<'a, Queue>) -> MutexGuard<'a, Queue> {
        if queue.busy {
            return queue.wait(&self.changed);
        }
        let lead = Lead { commit: self, sink };
        let done = self.write_group(sink, queue).inspect_err(|error| sink.poison(error));
        let mut queue = self.lock();
        queue.writing = None;
        if let Ok(number) = done {
            assert_eq!(queue.committed_number + 1, number, "groups are committed in order");
            queue.committed_number = number;
            queue.pending.retain(|pending| pending.group_number > number);
        }
        drop(queue);
        drop(lead);
        self.lock()
    }

    /// Takes the open group, writes it and makes it visible.
    fn write_group(&self, sink: &impl Sink, mut queue: MutexGuard<'_, Queue>) -> Result<u64> {
        let mut log = self.lock_log();
        queue.busy = true;
        let number = queue.open_number;
        queue.open_number += 1;
        let Batch { group, reports } = std::mem::take(&mut queue.open);
        let bytes = Arc::new(group.seal(Kind::Accepted, log.number()));
        queue.writing = Some((number, Arc::clone(&bytes)));
        drop(queue);
        log.write_group(&bytes)?;
        sink.apply(&bytes, &reports)?;
        // From here on the group counts, whatever becomes of the next log file.
        sink.rotate_if_full(&mut log).map_err(|error| sink.poison(&error)).ok();
        Ok(number)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use runlog_core::Run;

    use super::*;
    use crate::disk::Disk;
    use crate::disk::sim::{Fault, SimDisk};
    use crate::hash::id_hash;
    use crate::testing::finished;
    use crate::wal::reader::scan;

    /// Remembers the sequence numbers that became visible, and how many were on the disk then.
    #[derive(Default)]
    struct Seen {
        disk: Option<SimDisk>,
        seqs: Mutex<Vec<u64>>,
        rotations: AtomicUsize,
        poison: Mutex<Option<String>>,
        refuses: bool,
        panics: bool,
    }

    impl Sink for Seen {
        fn apply(&self, bytes: &Arc<Vec<u8>>, reports: &[Place]) -> Result<()> {
            if self.refuses {
                return Err(Error::Inconsistent { what: "a test" });
            }
            assert!(!self.panics, "as a mistake may");
            let on_disk = self.disk.as_ref().map(|disk| written(&disk.power_cut()));
            for report in reports {
                let seq = Record::decode(&bytes[report.range.clone()]).unwrap().facts.seq;
                assert!(on_disk.as_ref().is_none_or(|on_disk| on_disk.contains(&seq)), "{seq} is visible too early");
                self.seqs.lock().unwrap().push(seq);
            }
            Ok(())
        }

        fn rotate_if_full(&self, _log: &mut WalWriter) -> Result<()> {
            self.rotations.fetch_add(1, Ordering::SeqCst);
            Ok(())
        }

        fn poison(&self, error: &Error) {
            self.poison.lock().unwrap().get_or_insert(error.to_string());
        }

        fn check_poison(&self) -> Result<()> {
            self.poison.lock().unwrap().as_ref().map_or(Ok(()), |why| Err(Error::Poisoned(why.clone())))
        }
    }

    fn commit(disk: &SimDisk) -> Commit {
        disk.create_dir("wal").unwrap();
        disk.sync_dir("").unwrap();
        Commit::new(WalWriter::create(disk, 1, Vec::new()).unwrap(), 0, 0)
    }

    fn accept(commit: &Commit, sink: &Seen, id: &str) -> Result<(u64, Ticket)> {
        let run = Run { request_id: id.to_owned(), ..finished() };
        let hash = id_hash(&run.stream.account, id);
        let mut queue = commit.enter(sink)?;
        let seq = queue.accept(&Record::of_run(&run, 0, 0), run.id(), (&run.stream, hash), false);
        assert_eq!(queue.find_record(hash, run.id()).unwrap().0.facts.seq, seq, "what is pending is compared with");
        Ok((seq, queue.ticket()))
    }

    fn written(disk: &SimDisk) -> Vec<u64> {
        let bytes = disk.map("wal/00000001.wal").unwrap();
        let groups = scan("f", &bytes, 1).unwrap().groups;
        let reports = groups.iter().flat_map(|group| &group.reports);
        reports.map(|range| Record::decode(&bytes[range.clone()]).unwrap().facts.seq).collect()
    }

    #[test]
    fn what_is_acknowledged_is_on_disk_and_visible_and_what_waits_goes_together() {
        let disk = SimDisk::new(1);
        // The power goes as soon as the group is visible.
        let sink = Seen { disk: Some(disk.clone()), ..Seen::default() };
        let commit = commit(&disk);
        let syncs = disk.operations();
        let tickets: Vec<Ticket> = ["a", "b", "c"].map(|id| accept(&commit, &sink, id).unwrap().1).into();
        assert_eq!(*sink.seqs.lock().unwrap(), [0; 0], "nothing is visible before it is on disk");
        tickets.into_iter().for_each(|ticket| commit.wait(&sink, ticket).unwrap());
        assert_eq!(*sink.seqs.lock().unwrap(), [1, 2, 3]);
        assert_eq!(disk.operations() - syncs, 2, "one write and one sync for all");
        assert_eq!(sink.rotations.load(Ordering::SeqCst), 1);
    }

    #[test]
    fn threads_are_acknowledged_in_groups_in_the_order_of_their_numbers() {
        let disk = SimDisk::new(1);
        let (sink, commit) = (Seen::default(), commit(&disk));
        std::thread::scope(|scope| {
            for thread in 0..4 {
                let (sink, commit) = (&sink, &commit);
                scope.spawn(move || {
                    for number in 0..30 {
                        let (seq, ticket) = accept(commit, sink, &format!("{thread}-{number}")).unwrap();
                        commit.wait(sink, ticket).unwrap();
                        assert!(sink.seqs.lock().unwrap().contains(&seq));
                    }
                });
            }
        });
        let all: Vec<u64> = (1..=120).collect();
        assert_eq!((sink.seqs.into_inner().unwrap(), written(&disk)), (all.clone(), all));
    }

    #[test]
    fn a_failed_write_or_sync_is_not_visible_and_poisons() {
        for operation in 0..2 {
            let disk = SimDisk::new(1);
            let (sink, commit) = (Seen::default(), commit(&disk));
            let (_, first) = accept(&commit, &sink, "a").unwrap();
            disk.fail_at(disk.operations() + operation, Fault::Error);
            assert!(matches!(commit.wait(&sink, first), Err(Error::Poisoned(_))));
            assert_eq!(*sink.seqs.lock().unwrap(), [0; 0]);
            assert!(matches!(accept(&commit, &sink, "b").map(drop), Err(Error::Poisoned(_))));
            assert!(matches!(commit.exclusive(&sink, WalWriter::close), Err(Error::Poisoned(_))));
        }
    }

    #[test]
    fn a_panic_while_a_group_is_written_poisons_and_lets_nobody_wait_for_ever() {
        let (disk, sink) = (SimDisk::new(1), Seen { panics: true, ..Seen::default() });
        let commit = commit(&disk);
        let (_, ticket) = accept(&commit, &sink, "a").unwrap();
        std::thread::scope(|scope| {
            let threads: Vec<_> = (0..3).map(|_| scope.spawn(|| commit.wait(&sink, ticket))).collect();
            let ended: Vec<_> = threads.into_iter().map(std::thread::ScopedJoinHandle::join).collect();
            assert_eq!(ended.iter().filter(|ended| ended.is_err()).count(), 1, "one has led");
            assert_eq!(ended.iter().filter(|ended| matches!(ended, Ok(Err(Error::Poisoned(_))))).count(), 2);
        });
    }

    #[test]
    fn a_group_that_cannot_be_made_visible_is_not_acknowledged_and_poisons() {
        let (disk, sink) = (SimDisk::new(1), Seen { refuses: true, ..Seen::default() });
        let commit = commit(&disk);
        let (_, ticket) = accept(&commit, &sink, "a").unwrap();
        assert!(matches!(commit.wait(&sink, ticket), Err(Error::Poisoned(_))));
        assert!(matches!(commit.enter(&sink).map(drop), Err(Error::Poisoned(_))));
    }
}
