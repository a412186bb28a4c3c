//! Histories of several lives of a store, each of which ends by a fault of its disk, a cut between two operations, or
//! not at all; faults strike while the store is opened, too. Between lives, files rot.
//!
//! Everything follows from a seed: options, lengths, what is done, what strikes and when.

use std::collections::BTreeMap;

use runlog_core::{FacetKey, Growth, Query, Run, Window};
use runlog_store::Options;
use runlog_store::disk::sim::{Fault, Operation, SimDisk};

use super::rotten::Rotten;
use super::world::{Doubt, Said, World};
use super::{Random, Step, facets, growth_of, histogram, query, run, tiny};

/// A kind of fault: its name, where it strikes, what happens there, and whether the power goes with it.
struct Kind {
    name: &'static str,
    operations: &'static [Operation],
    fault: fn(&mut Random) -> Fault,
    power_goes: Option<bool>,
}

const NAMES: &[Operation] =
    &[Operation::Create, Operation::Rename, Operation::Remove, Operation::MakeFolder, Operation::RemoveFolder];
const NOT_WRITES: &[Operation] =
    &[Operation::Sync, Operation::SyncFolder, Operation::Create, Operation::Rename, Operation::Remove];

const CUT: fn(&mut Random) -> Fault = |_| Fault::Cut;
const ERROR: fn(&mut Random) -> Fault = |_| Fault::Error;

const KINDS: &[Kind] = &[
    kind("power cut at a write", &[Operation::Write], CUT, Some(true)),
    kind("power cut at the sync of a file", &[Operation::Sync], CUT, Some(true)),
    kind("power cut at the sync of a folder", &[Operation::SyncFolder], CUT, Some(true)),
    kind("power cut at a new, moved or removed name", NAMES, CUT, Some(true)),
    kind("process death at a write", &[Operation::Write], CUT, Some(false)),
    kind("process death at another operation", NOT_WRITES, CUT, Some(false)),
    kind("short write", &[Operation::Write], ERROR, None),
    kind("failed sync of a file", &[Operation::Sync], ERROR, None),
    kind("failed sync of a folder", &[Operation::SyncFolder], ERROR, None),
    kind("failed new file or folder", &[Operation::Create, Operation::MakeFolder], ERROR, None),
    kind("failed rename", &[Operation::Rename], ERROR, None),
    kind("failed removal", &[Operation::Remove, Operation::RemoveFolder], ERROR, None),
    kind(
        "full disk",
        &[Operation::Write, Operation::Create, Operation::MakeFolder],
        |random| Fault::Full { many: random.pick(&[0, 1, 3, 30]) },
        None,
    ),
];

/// Faults that are no operation's.
const POWER_CUT: &str = "power cut between operations";
const PROCESS_DEATH: &str = "process death between operations";
const TORN: &str = "file with a torn page after a power cut";
const ROT: [(Rotten, &str); 3] = [
    (Rotten::Segment, "bit rot in a segment"),
    (Rotten::Log, "bit rot in a log"),
    (Rotten::Manifest, "bit rot in a manifest"),
];

const fn kind(
    name: &'static str,
    operations: &'static [Operation],
    fault: fn(&mut Random) -> Fault,
    power_goes: Option<bool>,
) -> Kind {
    Kind { name, operations, fault, power_goes }
}

/// What was done and what struck, in any number of histories.
#[derive(Clone, Debug)]
pub struct Ledger {
    pub histories: u64,
    pub lives: u64,
    pub steps: u64,
    /// Of the disk: what changed anything, or made anything durable.
    pub operations: u64,
    pub repairs: u64,
    pub faults: BTreeMap<&'static str, u64>,
    /// Whether to tell of every step.
    pub is_loud: bool,
}

impl Ledger {
    pub fn new(is_loud: bool) -> Self {
        let names = KINDS.iter().map(|kind| kind.name).chain([POWER_CUT, PROCESS_DEATH, TORN]);
        let faults = names.chain(ROT.map(|(_, name)| name)).map(|name| (name, 0)).collect();
        Self { histories: 0, lives: 0, steps: 0, operations: 0, repairs: 0, faults, is_loud }
    }

    pub fn add(&mut self, other: &Ledger) {
        self.histories += other.histories;
        self.lives += other.lives;
        self.steps += other.steps;
        self.operations += other.operations;
        self.repairs += other.repairs;
        other.faults.iter().for_each(|(name, count)| *self.faults.entry(name).or_default() += count);
    }

    fn count(&mut self, name: &'static str, more: u64, what: &str) {
        *self.faults.entry(name).or_default() += more;
        self.tell(|| format!("  ! {name}: {what}"));
    }

    fn tell(&self, what: impl FnOnce() -> String) {
        if self.is_loud {
            eprintln!("{}", what());
        }
    }
}

impl std::fmt::Display for Ledger {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { histories, lives, steps, operations, repairs, faults, .. } = self;
        writeln!(
            f,
            "{histories} histories, {lives} lives, {steps} steps, {operations} disk operations, {repairs} repairs"
        )?;
        writeln!(f, "faults that struck:")?;
        faults.iter().try_for_each(|(name, count)| writeln!(f, "{count:>10}  {name}"))?;
        write!(f, "{:>10}  in all", faults.values().sum::<u64>())
    }
}

/// What is done next.
#[derive(Debug)]
enum Act {
    Step(Step),
    /// Reports of runs that are known, or of one from its start to its finish.
    Story(u64),
    /// What is added to runs that are known.
    Tale(u64),
    Follow(u64),
    Read(u64),
}

struct History<'a> {
    random: Random,
    world: World,
    ledger: &'a mut Ledger,
    /// The fault that is planned, and whether the power goes with it.
    planned: Option<(&'static str, bool)>,
    /// Faults and torn files that are counted already.
    struck: u64,
    torn: u64,
}

/// One history.
pub fn history(seed: u64, ledger: &mut Ledger) {
    let mut random = Random(seed);
    let options = Options {
        memtable_max_rows: random.pick(&[3, 12, 40]),
        sealed_max: random.pick(&[1, 2, 3]),
        segment_max_rows: random.pick(&[10, 60, 10_000]),
        ..tiny()
    };
    ledger.histories += 1;
    let world = World::new(SimDisk::new(random.next()), &options);
    let mut history = History { random, world, ledger, planned: None, struck: 0, torn: 0 };
    history.run();
    history.ledger.operations += history.world.disk.operations();
}

impl History<'_> {
    fn run(&mut self) {
        self.world.open().unwrap();
        for _ in 0..self.random.pick(&[1, 2, 2, 3, 4]) {
            self.ledger.lives += 1;
            let doubt = self.live();
            self.world.check_reads_go_on();
            let struck = self.count_strike();
            self.end_life(struck, &doubt.unwrap_or_default());
        }
        self.world.disk.fail_no_more();
        self.world.check();
        if self.world.has_latent_damage {
            // Opening may meet it, and then it is news.
            self.repair();
        }
        self.world.restart(true);
        self.world.settle(&[]);
        self.count_torn();
    }

    /// One life, up to what ends it.
    fn live(&mut self) -> Option<Doubt> {
        if self.planned.is_none() && !self.world.has_latent_damage && !self.random.chance(6) {
            self.plan();
        }
        let steps = self.random.pick(&[6, 25, 60, 140]);
        self.ledger.tell(|| format!("a life of {steps} steps"));
        for _ in 0..steps {
            self.ledger.steps += 1;
            let act = self.act();
            self.ledger.tell(|| brief(&act));
            if let Err(doubt) = self.take(act) {
                return Some(doubt);
            }
        }
        None
    }

    fn act(&mut self) -> Act {
        let number = self.random.next();
        match self.random.below(12) {
            0 => Act::Follow(number),
            1 => Act::Read(number),
            2..=3 => Act::Story(number),
            4 => Act::Tale(number),
            5 => Act::Step(Step::Query(Box::new(summary(&mut Random(number))))),
            _ => Act::Step(Step::of(number)),
        }
    }

    fn take(&mut self, act: Act) -> Result<(), Doubt> {
        let world = &mut self.world;
        match act {
            Act::Step(step) => world.step(&step),
            Act::Story(number) => world.append(&story(world, &mut Random(number))),
            Act::Tale(number) => world.grow(&tale(world, &mut Random(number))),
            Act::Follow(number) if world.followers.len() < 6 => {
                world.follow(&mut Random(number));
                Ok(())
            }
            Act::Follow(number) | Act::Read(number) => {
                world.read_on(&mut Random(number));
                Ok(())
            }
        }
    }

    fn plan(&mut self) {
        let kind = &KINDS[self.random.below(KINDS.len() as u64) as usize];
        let skip_max = self.random.pick(&[1, 4, 20, 80]);
        let fault = (kind.fault)(&mut self.random);
        self.world.disk.fail_among(kind.operations, self.random.below(skip_max), fault);
        self.planned = Some((kind.name, kind.power_goes.unwrap_or(self.random.chance(2))));
    }

    /// Counts the planned fault if it struck; says whether the power goes with it.
    fn count_strike(&mut self) -> Option<bool> {
        let strikes = self.world.disk.strikes();
        let strike = strikes.get(self.struck as usize..)?.first()?;
        self.struck = strikes.len() as u64;
        let (name, power_goes) = self.planned.take()?;
        self.ledger.count(name, 1, &format!("{:?} {} (operation {})", strike.operation, strike.path, strike.number));
        Some(power_goes)
    }

    fn count_torn(&mut self) {
        let torn = self.world.disk.torn_files();
        if torn > self.torn {
            self.ledger.count(TORN, torn - self.torn, "");
            self.torn = torn;
        }
    }

    /// Ends a life, and opens the store again for the next.
    fn end_life(&mut self, struck: Option<bool>, doubt: &[Said]) {
        if self.world.has_latent_damage {
            self.repair();
        }
        let mut power_goes = struck.unwrap_or_else(|| {
            let power_goes = self.random.chance(2);
            self.ledger.count(if power_goes { POWER_CUT } else { PROCESS_DEATH }, 1, "");
            power_goes
        });
        let mut tries = 0;
        loop {
            assert!(tries < 200, "there is never room again");
            self.world.end(power_goes);
            self.count_torn();
            self.world.disk.fail_no_more();
            self.planned = None;
            // The next fault may come while the store is opened.
            if tries < 3 && self.random.chance(4) {
                self.plan();
            }
            let was_full = self.world.disk.is_full();
            let opened = self.world.open();
            let struck = self.count_strike();
            let Err(error) = opened else { break };
            assert!(struck.is_some() || was_full, "{error}");
            power_goes = struck.unwrap_or_else(|| self.random.chance(2));
            tries += 1;
        }
        match tries {
            0 => self.world.settle(doubt),
            _ => self.world.settle_any(doubt),
        }
        if self.planned.is_none() && !self.world.disk.is_cut() && self.random.chance(3) {
            self.rot();
        }
    }

    fn rot(&mut self) {
        if let Some((kind, what)) = self.world.rot(&mut self.random)
            && let Some((_, name)) = ROT.iter().find(|(of, _)| *of == kind)
        {
            self.ledger.count(name, 1, &what);
        }
        self.count_torn();
        if self.random.chance(3) {
            self.repair();
        }
    }

    fn repair(&mut self) {
        self.ledger.repairs += 1;
        self.ledger.tell(|| "  repair".to_owned());
        self.world.repair();
    }
}

/// What senders say of runs that are known: the same again, or something else, or how they go on.
fn story(world: &World, random: &mut Random) -> Vec<Run> {
    let fresh = Run { request_id: format!("s{}", random.below(10_000)), ..run(random) };
    let newest = world.accepted.len().min(60) as u64;
    let known = world.accepted.values().rev().nth(random.below(newest.max(1)) as usize);
    let Some((known, _)) = known.filter(|_| !random.chance(4)) else {
        let start = Run { ret_code: 2, ..fresh.clone() };
        let update = Run { log: format!("{}half", start.log), ..start.clone() };
        let finish = Run { ret_code: random.pick(&[0, 0, 1, 3]), ..fresh };
        let all = [start, update, finish.clone(), finish];
        return all.into_iter().take(1 + random.below(4) as usize).collect();
    };
    let known = known.clone();
    let more = match random.below(6) {
        0 => Run { duration_us: known.duration_us + 1, ..known.clone() },
        1 => Run { ret_code: 2, log: format!("{}on", known.log), ..known.clone() },
        2 => Run { ret_code: random.pick(&[0, 0, 1]), duration_us: random.below(900), ..known.clone() },
        // Late: of a day long ago, or of one that is not kept.
        3 => Run { start_ms: known.start_ms - random.pick(&[1, 3, 30]) * 86_400_000, ..fresh },
        _ => known.clone(),
    };
    if random.chance(2) { vec![more] } else { vec![known, more.clone(), more] }
}

/// What is added to runs that are known, in flight or not.
fn tale(world: &World, random: &mut Random) -> Vec<Growth> {
    let open = world.accepted.values().rev().filter(|(run, _)| run.is_running()).take(20);
    let open: Vec<&Run> = open.map(|(run, _)| run).collect();
    if open.is_empty() {
        return Vec::new();
    }
    let run = random.pick(&open);
    (0..1 + random.below(4))
        .map(|_| growth_of(if random.chance(3) { random.pick(&open) } else { run }, random))
        .collect()
}

/// A query that sums up.
fn summary(random: &mut Random) -> Query {
    let query = query(random);
    let spec = (0..20).find_map(|_| histogram(random, query.window)).or(histogram(random, Window::ALL));
    let by = facets(random);
    let facets = runlog_core::FacetSpec { by: [vec![FacetKey::State], by.by].concat(), ..by };
    Query {
        histogram: spec.filter(|_| query.histogram.is_none()).or(query.histogram),
        facets: Some(facets),
        percentiles: true,
        bucket_percentiles: true,
        ..query
    }
}

/// A step in a line.
fn brief(act: &Act) -> String {
    match act {
        Act::Step(Step::Append(runs)) => format!("  append {} runs", runs.len()),
        Act::Step(Step::Query(query)) => {
            let text = format!("{query:?}");
            format!("  query {}", &text[..text.floor_char_boundary(100)])
        }
        other => format!("  {other:?}"),
    }
}
