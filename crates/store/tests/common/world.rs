//! A store on a simulated disk, beside the reference engine and every report that was ever accepted, through accidents.
//!
//! After each of them: everything acknowledged is there, once; nothing is there that was not offered; of the runs being
//! written when the fault struck, a prefix of whole records.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use runlog_core::naive::Naive;
use runlog_core::{Growth, Identity, Outcome, Query, RET_INTERRUPTED, Report, Row, Run, Start};
use runlog_store::disk::sim::SimDisk;
use runlog_store::operate::verify_on;
use runlog_store::{Error, ManualClock, Options, SetAside, Store};

use super::follower::Follower;
use super::{
    IN_FLIGHT_MAX, NOW_MS, Step, TTL_MS, backup, check_backup, compare, compare_open, everything, open, retained,
};

/// The accounts that histories write to.
pub const ACCOUNTS: [&str; 2] = ["1", "2"];

pub struct World {
    pub disk: SimDisk,
    pub clock: Arc<ManualClock>,
    pub now_ms: i64,
    pub options: Options,
    pub store: Option<Store>,
    /// What was acknowledged, as far as it was not removed or lost to rot.
    pub naive: Naive,
    /// Every report that was accepted and when, by its number.
    pub accepted: BTreeMap<u64, (Run, i64)>,
    /// Those of them by which the store closed runs after silence; a later report may have taken their place.
    pub guesses: BTreeSet<u64>,
    pub followers: Vec<Follower>,
    /// Damage that is known.
    pub set_aside: Vec<SetAside>,
    /// Whether anything ever rotted.
    pub is_rotten: bool,
    /// Whether a file is damaged in a part that nobody has read yet.
    pub has_latent_damage: bool,
}

/// What may or may not have been accepted, in order.
pub type Doubt = Vec<Said>;

/// Something that is said of a run.
#[derive(Clone, Debug)]
pub enum Said {
    Report(Report),
    Growth(Growth),
    /// Nothing was heard of it for too long.
    Silence(Identity),
}

impl Said {
    /// Says it; the number, if it is accepted.
    fn say(&self, naive: &mut Naive, now_ms: i64) -> Option<u64> {
        let outcome = match self {
            Said::Report(report) => naive.offer(report.clone(), now_ms),
            Said::Growth(growth) => naive.grow(growth, now_ms),
            Said::Silence(id) => return naive.close(id, now_ms),
        };
        match outcome {
            Outcome::Accepted { seq } => Some(seq),
            _ => None,
        }
    }
}

impl World {
    /// A world whose store is not open yet.
    pub fn new(disk: SimDisk, options: &Options) -> Self {
        Self {
            disk,
            clock: Arc::new(ManualClock::at(NOW_MS)),
            now_ms: NOW_MS,
            options: options.clone(),
            store: None,
            naive: Naive::with_in_flight_max(IN_FLIGHT_MAX),
            accepted: BTreeMap::new(),
            guesses: BTreeSet::new(),
            followers: Vec::new(),
            set_aside: Vec::new(),
            is_rotten: false,
            has_latent_damage: false,
        }
    }

    pub fn store(&self) -> &Store {
        self.store.as_ref().unwrap()
    }

    pub fn open(&mut self) -> Result<(), Error> {
        self.store = Some(open(&self.disk, &self.clock, &self.options)?);
        self.naive.begin_life(self.store().health().clock_ahead_ms.map(|_| self.now_ms));
        Ok(())
    }

    /// The last number that the reference engine gave.
    pub fn last_seq(&self) -> u64 {
        self.naive.query(&everything("1")).watermark.seq
    }

    /// Takes a step on both sides and compares what they say; gives what is in doubt when the disk fails.
    pub fn step(&mut self, step: &Step) -> Result<(), Doubt> {
        let nothing = |_| Doubt::new();
        match step {
            Step::Append(runs) => self.append(runs)?,
            Step::Offer(reports) => self.offer(reports)?,
            Step::Grow(growths) => self.grow(growths)?,
            Step::Wait(ms) => {
                self.now_ms += ms;
                self.clock.set(self.now_ms);
            }
            Step::Expire => {
                let (mut after, before) = (self.naive.clone(), self.last_seq());
                after.expire(TTL_MS, self.now_ms);
                let closings = closings(&after, before);
                self.store()
                    .expire_in_flight()
                    .map_err(|_| closings.iter().map(|row| Said::Silence(row.run.identity())).collect::<Doubt>())?;
                self.naive = after;
                self.guesses.extend(closings.iter().map(|row| row.seq));
                self.accepted.extend(closings.into_iter().map(|row| (row.seq, (row.run, self.now_ms))));
            }
            Step::Retain => {
                // A clock that is ahead of all that was seen removes nothing.
                let is_believed = self.store().health().clock_ahead_ms.is_none();
                self.store().retain().map_err(nothing)?;
                if is_believed {
                    self.naive.retain(&retained(self.now_ms));
                }
            }
            Step::Backup => {
                let copy = backup(self.store()).map_err(nothing)?;
                self.check_backup(&copy);
            }
            Step::Flush => self.store().flush().map_err(nothing)?,
            Step::Merge => self.store().merge().map_err(nothing)?,
            Step::Reopen(in_order) => self.reopen(*in_order)?,
            Step::Query(query) => self.ask(query),
        }
        self.notice_damage();
        Ok(())
    }

    pub fn append(&mut self, runs: &[Run]) -> Result<(), Doubt> {
        let reports: Vec<Report> = runs.iter().cloned().map(Report::from).collect();
        let said = || reports.iter().cloned().map(Said::Report).collect::<Doubt>();
        let outcomes = self.store().append(runs.to_vec()).map_err(|_| said())?;
        self.compare_outcomes(&said(), outcomes);
        Ok(())
    }

    pub fn offer(&mut self, reports: &[Report]) -> Result<(), Doubt> {
        let said = || reports.iter().cloned().map(Said::Report).collect::<Doubt>();
        let outcomes = self.store().offer(reports.to_vec()).map_err(|_| said())?;
        self.compare_outcomes(&said(), outcomes);
        Ok(())
    }

    pub fn grow(&mut self, growths: &[Growth]) -> Result<(), Doubt> {
        let said = || growths.iter().cloned().map(Said::Growth).collect::<Doubt>();
        let outcomes = self.store().grow(growths.to_vec()).map_err(|_| said())?;
        self.compare_outcomes(&said(), outcomes);
        Ok(())
    }

    fn compare_outcomes(&mut self, said: &[Said], outcomes: Vec<Outcome>) {
        self.notice_damage();
        for (said, outcome) in said.iter().zip(outcomes) {
            let expected = match said {
                Said::Report(report) => self.naive.offer(report.clone(), self.now_ms),
                Said::Growth(growth) => self.naive.grow(growth, self.now_ms),
                Said::Silence(_) => unreachable!("nobody says that to a store"),
            };
            assert_eq!(outcome, expected, "{said:?}");
            if let Outcome::Accepted { seq } = outcome {
                self.note(seq);
            }
        }
    }

    /// Remembers a report that was accepted just now.
    fn note(&mut self, seq: u64) {
        let run = self.naive.report(seq).expect("it is the last").clone();
        self.accepted.insert(seq, (run, self.now_ms));
    }

    pub fn ask(&mut self, query: &Query) {
        if self.disk.is_cut() {
            return;
        }
        // What is damaged is found by asking, and then missing.
        while self.has_latent_damage {
            let mut query = query.clone();
            for _ in 0..4 {
                let Some(next) = self.store().query(&query).unwrap().next else { break };
                query.start = Start::After(next);
            }
            if !self.notice_damage() {
                break;
            }
        }
        compare(self.store(), &self.naive, query);
    }

    fn reopen(&mut self, in_order: bool) -> Result<(), Doubt> {
        let old = self.store.take().unwrap();
        self.followers.iter_mut().for_each(Follower::interrupt);
        let closed = if in_order { old.close() } else { Ok(()) };
        if closed.is_ok() {
            self.disk = self.disk.process_death();
            if self.open().is_ok() {
                self.see_what_came_back();
                return Ok(());
            }
        }
        Err(Doubt::new())
    }

    fn check_backup(&self, copy: &SimDisk) {
        if self.has_latent_damage {
            return;
        }
        if self.set_aside.is_empty() {
            return check_backup(copy, &self.naive, self.now_ms);
        }
        let mut found = verify_on(&(Arc::new(copy.clone()) as _), &mut |_| ()).unwrap();
        found.problems.retain(|problem| !problem.what.starts_with("it was set aside"));
        assert_eq!(found.problems, []);
        let store = open(copy, &Arc::new(ManualClock::at(self.now_ms)), &self.options).unwrap();
        ACCOUNTS.iter().for_each(|account| compare(&store, &self.naive, &everything(account)));
    }

    /// Takes from the reference engine what was set aside since; false when nothing was.
    pub fn notice_damage(&mut self) -> bool {
        let mut noticed = false;
        while self.store.is_some() && self.store().health().set_aside.len() > self.set_aside.len() {
            assert!(self.has_latent_damage, "damage out of nowhere: {:?}", self.store().health());
            noticed = true;
            self.set_aside = self.store().health().set_aside;
            let served: Vec<u64> = self.served().iter().map(|row| row.seq).collect();
            let all = ACCOUNTS.iter().flat_map(|account| self.naive.query(&everything(account)).rows);
            // Runs in flight are in no segment.
            let is_in_memory = |row: &Row| row.run.is_running() || self.guesses.contains(&row.seq);
            let kept: Vec<Row> = all.filter(|row| is_in_memory(row) || served.contains(&row.seq)).collect();
            let (streams, last_seq) = (self.naive_streams(), self.last_seq());
            self.left_with(kept, streams, last_seq);
        }
        noticed
    }

    /// Everything that the store serves, once all damage was met that this meets.
    pub fn served(&self) -> Vec<Row> {
        loop {
            let known = self.store().health().set_aside.len();
            let of = |account: &&str| self.store().query(&everything(account)).unwrap().rows;
            let rows = ACCOUNTS.iter().flat_map(of).collect();
            if self.store().health().set_aside.len() == known {
                return rows;
            }
        }
    }

    pub fn naive_streams(&self) -> Vec<runlog_core::StreamSummary> {
        ACCOUNTS.iter().flat_map(|account| self.naive.streams(account)).collect()
    }

    pub fn left_with(&mut self, rows: Vec<Row>, streams: Vec<runlog_core::StreamSummary>, last_seq: u64) {
        let heard = |row: Row| {
            let heard_ms = self.accepted[&row.seq].1;
            (row, heard_ms)
        };
        self.naive.left_with(rows.into_iter().map(heard), streams, last_seq);
    }

    /// A poisoned store still answers, with what was acknowledged and nothing else.
    pub fn check_reads_go_on(&self) {
        if let Some(store) = self.store.as_ref().filter(|store| store.health().poisoned.is_some()) {
            let memory_only = store.stats().segments == 0;
            if memory_only || !self.disk.is_cut() {
                self.check();
            }
            assert!(matches!(store.append(Vec::new()), Err(Error::Poisoned(_))));
        }
    }

    /// The process ends, and with it the power if that goes; what is left of the disk is there then.
    pub fn end(&mut self, power_goes: bool) {
        // The old store is still there, as a process that is killed is; its disk is gone.
        let after = if power_goes { self.disk.power_cut() } else { self.disk.process_death() };
        self.store = None;
        self.followers.iter_mut().for_each(Follower::interrupt);
        self.disk = after;
    }

    pub fn restart(&mut self, power_goes: bool) {
        self.end(power_goes);
        self.open().unwrap();
    }

    /// Finds the prefix of the doubtful reports that is there, and goes on from it.
    pub fn settle(&mut self, doubt: &[Said]) {
        let seq = self.store().stats().last_seq;
        let mut naive = self.naive.clone();
        // Where the fault struck in a removal, it happened or it did not.
        naive.retain(&self.store().retained());
        let mut accepted = Vec::new();
        for said in doubt {
            if naive.last_seq() < seq
                && let Some(seq) = said.say(&mut naive, self.now_ms)
            {
                let run = naive.report(seq).expect("it is the last").clone();
                accepted.push((seq, (run, self.now_ms)));
                self.guesses.extend(matches!(said, Said::Silence(_)).then_some(seq));
            }
        }
        self.accepted.extend(accepted);
        self.naive = naive;
        self.see_what_came_back();
        self.check();
    }

    /// As [`World::settle`], after faults that struck while the store was opened, too: of the doubtful reports, which
    /// were being carried into a new log, any may be there. Whatever was acknowledged is, unless a later report is.
    pub fn settle_any(&mut self, doubt: &[Said]) {
        assert_eq!(self.store().health().set_aside, self.set_aside);
        let (acknowledged, last_seq) = (self.naive.clone(), self.store().stats().last_seq);
        let before = self.last_seq();
        self.naive.retain(&self.store().retained());
        for said in doubt {
            if let Some(seq) = said.say(&mut self.naive, self.now_ms) {
                self.note(seq);
                self.guesses.extend(matches!(said, Said::Silence(_)).then_some(seq));
            }
        }
        let served = self.served();
        let is_served = |seq: u64| served.iter().any(|row| row.seq == seq);
        // A start that was replaced since is in the log all the same.
        let guesses = &self.guesses;
        let may_be =
            |seq: u64, run: &Run| seq <= last_seq && (run.is_running() || guesses.contains(&seq)) || is_served(seq);
        self.accepted.retain(|seq, (run, _)| *seq <= before || may_be(*seq, run));
        for row in &served {
            assert_eq!(self.accepted.get(&row.seq).map(|(run, _)| run), Some(&row.run), "never offered: {row:?}");
        }
        let retained = self.store().retained();
        for row in ACCOUNTS.iter().flat_map(|account| acknowledged.query(&everything(account)).rows) {
            let mut kept = served.iter().filter(|kept| kept.run.id() == row.run.id());
            let is_kept = retained.keeps(&row.run.stream.namespace, row.run.start_ms);
            assert!(!is_kept || kept.any(|kept| kept.seq == row.seq || kept.seq > before), "lost: {row:?}");
        }
        let streams = self.naive_streams();
        let left = ACCOUNTS.iter().flat_map(|account| self.store().streams(account)).collect::<Vec<_>>();
        assert!(left.iter().all(|left| streams.iter().any(|known| known.stream == left.stream)), "{left:?}");
        self.left_with(served, left, last_seq);
        self.check();
    }

    /// After a restart, no more is damaged than before. But the log may still have a report of a run that a damaged
    /// segment had; then that is valid again.
    fn see_what_came_back(&mut self) {
        assert_eq!(self.store().health().set_aside, self.set_aside);
        if self.set_aside.is_empty() {
            return;
        }
        let mut rows: Vec<Row> =
            ACCOUNTS.iter().flat_map(|account| self.naive.query(&everything(account)).rows).collect();
        for row in self.served() {
            let is_back = !rows.iter().any(|known| known.run.id() == row.run.id());
            if is_back && self.accepted.get(&row.seq).is_some_and(|(run, _)| *run == row.run) {
                rows.push(row);
            }
        }
        self.left_with(rows, self.naive_streams(), self.last_seq());
    }

    pub fn check(&self) {
        for account in ACCOUNTS {
            compare(self.store(), &self.naive, &everything(account));
            assert_eq!(self.store().streams(account), self.naive.streams(account));
        }
        compare_open(self.store(), &self.naive);
        let query = Query { start: Start::Offset(1), limit: 3, ..everything("1") };
        compare(self.store(), &self.naive, &query);
    }
}

/// The reports that closing silent runs makes.
fn closings(after: &Naive, before: u64) -> Vec<Row> {
    let mut rows: Vec<_> = ACCOUNTS.into_iter().flat_map(|account| after.query(&everything(account)).rows).collect();
    rows.retain(|row| row.seq > before);
    rows.sort_by_key(|row| row.seq);
    assert!(rows.iter().all(|row| row.run.ret_code == RET_INTERRUPTED));
    rows
}
