//! A history that meets one fault of its disk, the restart after it, and what must hold then:
//! everything acknowledged is there, once; nothing is there that was not offered; of what was being written when the
//! fault struck, a prefix of whole records; and the store goes on working, through another power cut.

use std::sync::Arc;

use runlog_core::naive::Naive;
use runlog_core::{Outcome, Query, RET_INTERRUPTED, Run, Start};
use runlog_store::disk::sim::{Fault, SimDisk};
use runlog_store::{Error, ManualClock, Options, Store};

use super::{IN_FLIGHT_MAX, NOW_MS, Random, Step, TTL_MS, backup, check_backup, compare, everything, open, retained};

/// What strikes, and when.
#[derive(Clone, Copy, Debug)]
pub struct Accident {
    pub operation: u64,
    pub fault: Fault,
    /// Whether the power goes at the restart; otherwise only the process ends.
    pub power_goes: bool,
}

struct World {
    disk: SimDisk,
    clock: Arc<ManualClock>,
    now_ms: i64,
    options: Options,
    store: Option<Store>,
    /// What was acknowledged.
    naive: Naive,
}

/// Reports that may or may not have been accepted, in order.
type Doubt = Vec<Run>;

/// Runs a history on a disk that has the accident, and checks what must hold. Gives the number of operations and of
/// faults that struck.
pub fn survive(seed: u64, steps: &[Step], accident: Option<Accident>, options: &Options) -> (u64, u64) {
    let disk = SimDisk::new(seed);
    if let Some(accident) = accident {
        disk.fail_at(accident.operation, accident.fault);
    }
    let clock = Arc::new(ManualClock::at(NOW_MS));
    let mut world = World {
        disk,
        clock,
        now_ms: NOW_MS,
        options: options.clone(),
        store: None,
        naive: Naive::with_in_flight_max(IN_FLIGHT_MAX),
    };
    let mut rest = steps.iter();
    let mut doubt = world.open().err().map(|_| Doubt::new());
    while doubt.is_none() {
        let Some(step) = rest.next() else { break };
        doubt = world.step(step).err();
    }
    let (operations, faults) = (world.disk.operations(), world.disk.faults());
    if let Some(doubt) = doubt {
        world.check_reads_go_on();
        world.restart(accident.is_none_or(|accident| accident.power_goes));
        world.settle(&doubt);
        for step in rest.take(12) {
            world.step(step).unwrap_or_else(|_| panic!("the second life fails at {step:?}"));
        }
    }
    world.check();
    world.restart(true);
    world.settle(&[]);
    (operations, faults)
}

impl World {
    fn store(&self) -> &Store {
        self.store.as_ref().unwrap()
    }

    fn open(&mut self) -> Result<(), Error> {
        self.store = Some(open(&self.disk, &self.clock, &self.options)?);
        Ok(())
    }

    fn step(&mut self, step: &Step) -> Result<(), Doubt> {
        let nothing = |_| Doubt::new();
        match step {
            Step::Append(runs) => {
                let outcomes = self.store().append(runs.clone()).map_err(|_| runs.clone())?;
                let expected: Vec<Outcome> =
                    runs.iter().map(|run| self.naive.append(run.clone(), self.now_ms)).collect();
                assert_eq!(outcomes, expected);
            }
            Step::Wait(ms) => {
                self.now_ms += ms;
                self.clock.set(self.now_ms);
            }
            Step::Expire => {
                let mut after = self.naive.clone();
                after.expire(TTL_MS, self.now_ms);
                self.store().expire_in_flight().map_err(|_| self.closings(&after))?;
                self.naive = after;
            }
            Step::Retain => {
                self.store().retain().map_err(nothing)?;
                self.naive.retain(&retained(self.now_ms));
            }
            Step::Backup => check_backup(&backup(self.store()).map_err(nothing)?, &self.naive, self.now_ms),
            Step::Flush => self.store().flush().map_err(nothing)?,
            Step::Merge => self.store().merge().map_err(nothing)?,
            Step::Reopen(in_order) => {
                let old = self.store.take().unwrap();
                let closed = if *in_order { old.close() } else { Ok(()) };
                if closed.is_ok() {
                    self.disk = self.disk.process_death();
                    self.open().map_err(nothing)?;
                } else {
                    return Err(Doubt::new());
                }
            }
            Step::Query(query) => {
                if !self.disk.is_cut() {
                    compare(self.store(), &self.naive, query);
                }
            }
        }
        Ok(())
    }

    /// The reports that closing silent runs makes.
    fn closings(&self, after: &Naive) -> Doubt {
        let last = self.naive.query(&everything("1")).watermark.seq;
        let mut rows: Vec<_> =
            ["1", "2"].into_iter().flat_map(|account| after.query(&everything(account)).rows).collect();
        rows.retain(|row| row.seq > last);
        rows.sort_by_key(|row| row.seq);
        assert!(rows.iter().all(|row| row.run.ret_code == RET_INTERRUPTED));
        rows.into_iter().map(|row| row.run).collect()
    }

    /// A poisoned store still answers, with what was acknowledged and nothing else.
    fn check_reads_go_on(&self) {
        if let Some(store) = self.store.as_ref().filter(|store| store.health().poisoned.is_some()) {
            let memory_only = store.stats().segments == 0;
            if memory_only || !self.disk.is_cut() {
                self.check();
            }
            assert!(matches!(store.append(Vec::new()), Err(Error::Poisoned(_))));
        }
    }

    fn restart(&mut self, power_goes: bool) {
        // The old store is still there, as a process that is killed is; its disk is gone.
        let after = if power_goes { self.disk.power_cut() } else { self.disk.process_death() };
        self.store = None;
        self.disk = after;
        self.open().unwrap();
        assert_eq!(self.store().health().set_aside, []);
    }

    /// Finds the prefix of the doubtful reports that is there, and goes on from it.
    fn settle(&mut self, doubt: &[Run]) {
        let seq = self.store().stats().last_seq;
        let mut naive = self.naive.clone();
        // Where the fault struck in a removal, it happened or it did not.
        naive.retain(&self.store().retained());
        for run in doubt {
            if naive.query(&everything("1")).watermark.seq < seq {
                naive.append(run.clone(), self.now_ms);
            }
        }
        self.naive = naive;
        self.check();
    }

    fn check(&self) {
        for account in ["1", "2"] {
            compare(self.store(), &self.naive, &everything(account));
            assert_eq!(self.store().streams(account), self.naive.streams(account));
        }
        let query = Query { start: Start::Offset(1), limit: 3, ..everything("1") };
        compare(self.store(), &self.naive, &query);
    }
}

/// The accident of a seed, at one of `operations`.
pub fn accident(random: &mut Random, operations: u64) -> Accident {
    Accident {
        operation: random.below(operations.max(1)),
        fault: random.pick(&[Fault::Cut, Fault::Cut, Fault::Error, Fault::Full]),
        power_goes: random.chance(2),
    }
}
