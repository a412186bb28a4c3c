//! Bit rot between two lives of a store: it opens, says what it set aside, serves a part of the accepted runs and
//! nothing else; and goes on from there, as a reference engine does that has only what is left.

use std::collections::BTreeSet;
use std::sync::Arc;

use runlog_core::{Run, StreamSummary};
use runlog_store::Store;
use runlog_store::operate::{repair_on, verify_on};

use super::Random;
use super::world::World;

/// What rotted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rotten {
    Segment,
    Log,
    Manifest,
}

impl World {
    /// Some file rots while no process has the folder open; gives what was done to it, and where.
    pub fn rot(&mut self, random: &mut Random) -> Option<(Rotten, String)> {
        let is_closed = random.chance(2);
        let store = self.store.take().unwrap();
        if is_closed {
            store.close().unwrap();
        } else {
            drop(store);
        }
        self.end(random.chance(2));
        let kind = random.pick(&[Rotten::Segment, Rotten::Segment, Rotten::Log, Rotten::Manifest]);
        let done = self.damage(kind, random);
        self.is_rotten |= done.is_some();
        let found = verify_on(&(Arc::new(self.disk.clone()) as _), &mut |_| ()).unwrap();
        self.open().unwrap();
        assert_eq!(self.store().health().poisoned, None);
        let lost = self.adopt();
        let health = self.store().health();
        // A log that is damaged once more is known already.
        let is_known = done.as_ref().is_some_and(|(path, _)| self.set_aside.iter().any(|aside| aside.file == *path));
        if health.set_aside.len() <= self.set_aside.len() && !is_known {
            assert!(lost.is_empty() || health.torn_bytes > 0, "{lost:?} are missing without a word");
            // The end of a log that was not closed looks torn when it rots: as if it had never been accepted.
            lost.iter().for_each(|seq| drop(self.accepted.remove(seq)));
        }
        let is_met = |file: &str| health.set_aside.iter().any(|aside| aside.file == file);
        self.set_aside.clone_from(&health.set_aside);
        self.has_latent_damage =
            found.problems.iter().any(|problem| problem.file.starts_with("data/") && !is_met(&problem.file));
        self.check();
        done.map(|(_, what)| (kind, what))
    }

    /// Changes a byte or a run of them in a file of this kind; gives its path, and what was done in words.
    fn damage(&mut self, kind: Rotten, random: &mut Random) -> Option<(String, String)> {
        let is_of_kind = |path: &str| match kind {
            Rotten::Segment => path.ends_with(".seg") && path.starts_with("data/"),
            Rotten::Log => path.ends_with(".wal") && path.starts_with("wal/"),
            Rotten::Manifest => path == "manifest" || path == "manifest.copy",
        };
        let files: Vec<_> = self.disk.files().into_iter().filter(|(path, len)| is_of_kind(path) && *len > 0).collect();
        if files.is_empty() {
            return None;
        }
        let (path, len) = random.pick(&files);
        let at = random.below(len as u64) as usize;
        let bytes = random.pick(&[1, 1, 1, 1, 2, 16, 300]).min(len - at);
        for at in at..at + bytes {
            self.disk.flip(&path, at, 1 + random.below(255) as u8);
        }
        let what = format!("{bytes} of {len} bytes of {path} from {at} on");
        Some((path, what))
    }

    /// Does what can be done for a damaged folder, and goes on with what is there then.
    pub fn repair(&mut self) {
        self.store.take().unwrap().close().unwrap();
        self.end(false);
        let repair = repair_on(&(Arc::new(self.disk.clone()) as _), self.clock.clone(), &mut |_| ()).unwrap();
        assert_eq!(repair.after.problems, []);
        self.open().unwrap();
        let saved = self.store().stats().last_seq - self.last_seq();
        self.accept_saved(saved);
        self.adopt();
        let health = self.store().health();
        let well = runlog_store::Health { clock_ahead_ms: health.clock_ahead_ms, ..runlog_store::Health::default() };
        assert_eq!(health, well);
        self.set_aside.clear();
        self.has_latent_damage = false;
        self.check();
    }

    /// Saved runs are accepted anew, under new numbers: each is one that was accepted before.
    fn accept_saved(&mut self, saved: u64) {
        let last_seq = self.last_seq();
        for row in self.served().into_iter().filter(|row| row.seq > last_seq) {
            assert!(row.seq <= last_seq + saved && self.accepted.values().any(|(run, _)| *run == row.run), "{row:?}");
            self.accepted.insert(row.seq, (row.run, self.now_ms));
        }
    }

    /// Takes over what the store serves, each row of it a report that was accepted, no run of it twice. Gives the
    /// numbers of the rows that are lost.
    fn adopt(&mut self) -> Vec<u64> {
        let (rows, last_seq) = (self.served(), self.store().stats().last_seq);
        for row in &rows {
            assert_eq!(self.accepted.get(&row.seq).map(|(run, _)| run), Some(&row.run), "never accepted: {row:?}");
        }
        let seqs: BTreeSet<u64> = rows.iter().map(|row| row.seq).collect();
        let runs: BTreeSet<_> = rows.iter().map(|row| row.run.id()).collect();
        assert_eq!((seqs.len(), runs.len()), (rows.len(), rows.len()), "no number and no run twice");
        let streams = self.streams_left();
        let before: Vec<_> =
            super::world::ACCOUNTS.iter().flat_map(|of| self.naive.query(&super::everything(of)).rows).collect();
        let lost = before.iter().map(|row| row.seq).filter(|seq| !seqs.contains(seq)).collect();
        self.naive.retain(&self.store().retained());
        self.left_with(rows, streams, last_seq);
        self.accepted.retain(|seq, _| *seq <= last_seq);
        lost
    }

    /// The streams that the store knows: those of before, or fewer.
    fn streams_left(&self) -> Vec<StreamSummary> {
        let of = |store: &Store| -> Vec<StreamSummary> {
            super::world::ACCOUNTS.iter().flat_map(|account| store.streams(account)).collect()
        };
        let known: Vec<StreamSummary> = self.naive_streams();
        let left = of(self.store());
        let is_known = |left: &StreamSummary| {
            known.iter().any(|known| known.stream == left.stream)
                || self.accepted.values().any(|(run, _): &(Run, i64)| *run.stream == left.stream)
        };
        assert!(left.iter().all(is_known), "{left:?}");
        left
    }
}
