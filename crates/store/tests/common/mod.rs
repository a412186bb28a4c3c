//! What the tests of the engine share: random histories, each step a pure function of one number, so that any of them
//! can be replayed and shrunk; and the comparison of a store with the reference engine.
#![allow(dead_code, unreachable_pub, reason = "each test uses its part")]

pub mod accident;
pub mod follower;
pub mod hooked;
pub mod lives;
pub mod rotten;
pub mod world;

use std::sync::Arc;

use runlog_core::naive::Naive;
use runlog_core::{
    Answer, Columns, Cursor, Direction, FacetKey, FacetSpec, Growth, Histogram, HistogramSpec, Identity, Order, Origin,
    Outcome, Query, RET_RUNNING, Report, ResultFilter, Retained, Row, Rows, Run, Scope, SortKey, Start, Stored, Stream,
    Window,
};
use runlog_store::disk::sim::SimDisk;
use runlog_store::operate::verify_on;
use runlog_store::{Error, Keep, ManualClock, Options, Retention, Shape, Store};

pub const NOW_MS: i64 = 1_800_000_000_000;
pub const TTL_MS: i64 = 1000;
pub const IN_FLIGHT_MAX: usize = 20;
const DAY_MS: i64 = 86_400_000;

/// splitmix64: small, and the same everywhere.
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    pub fn chance(&mut self, one_in: u64) -> bool {
        self.below(one_in) == 0
    }

    pub fn pick<T: Clone>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len() as u64) as usize].clone()
    }
}

/// One step of a history.
#[derive(Clone, Debug)]
pub enum Step {
    Append(Vec<Run>),
    /// Reports of any origin, of a few runs that come back.
    Offer(Vec<Report>),
    Grow(Vec<Growth>),
    Wait(i64),
    Expire,
    Retain,
    Backup,
    Flush,
    Merge,
    /// Closed in order, or just dropped.
    Reopen(bool),
    Query(Box<Query>),
}

impl Step {
    pub fn of(number: u64) -> Self {
        let mut random = Random(number);
        match random.below(32) {
            0 => Step::Flush,
            1 => Step::Merge,
            2 => Step::Reopen(random.chance(2)),
            3 => Step::Expire,
            4 => Step::Wait(random.pick(&[1, TTL_MS / 2, TTL_MS, DAY_MS, 3 * DAY_MS])),
            24 => Step::Retain,
            25 => Step::Backup,
            26..=27 => Step::Offer((0..1 + random.below(3)).map(|_| open_report(&mut random)).collect()),
            28..=31 => Step::Grow((0..1 + random.below(4)).map(|_| growth(&mut random)).collect()),
            5..=14 => Step::Append(batch(&mut random)),
            _ => Step::Query(Box::new(query(&mut random))),
        }
    }
}

pub fn steps(seed: u64, count: usize) -> Vec<Step> {
    let mut random = Random(seed);
    (0..count).map(|_| Step::of(random.next())).collect()
}

const IDS: [&str; 8] = [
    "3f2504e0-4f89-41d3-9a0c-0305e82c3301",
    "3f2504e0-4f89-41d3-9a0c-0305e82c3302",
    "00000000-0000-0000-0000-000000000000",
    "3F2504E0-4F89-41D3-9A0C-0305E82C3301",
    "1",
    "e",
    "运行\u{1a}",
    "\u{1a}\u{1}",
];

pub fn stream(random: &mut Random) -> Stream {
    Stream {
        account: random.pick(&["1", "1", "1", "2"]).into(),
        region: random.pick(&["ap-guangzhou", "ap-guangzhou", "eu"]).into(),
        namespace: random.pick(&["default", "default", "prod"]).into(),
        function: random.pick(&["f", "f", "g", "函数"]).into(),
        qualifier: random.pick(&["$LATEST", "$LATEST", "1", ""]).into(),
    }
}

pub fn run(random: &mut Random) -> Run {
    let request_id = match random.below(3) {
        0 => format!("0f25{:04x}-4f89-41d3-9a0c-0305e82c3301", random.below(40)),
        1 => format!("r{}", random.below(40)),
        _ => random.pick(&IDS).to_owned(),
    };
    let ret_code = random.pick(&[0, 0, 0, 1, RET_RUNNING, RET_RUNNING, 3, 430, -1]);
    let start_ms = NOW_MS - random.pick(&[0, 0, 1, 2, DAY_MS, DAY_MS + 1, 20 * DAY_MS]) - random.below(3) as i64;
    Run {
        stream: Arc::new(stream(random)),
        retry_num: random.pick(&[0, 0, 0, 1, 255]),
        start_ms: if random.chance(60) { random.pick(&[-1, NOW_MS + 2 * DAY_MS]) } else { start_ms },
        duration_us: random.pick(&[0, 1, 1, 2, 500, 1 << 53]),
        bill_ms: random.pick(&[None, None, None, Some(0), Some(100)]),
        mem_bytes: random.pick(&[0, 1, 1, 1 << 20, (1 << 53) - 1]),
        ret_code,
        invoke_finished: random.pick(&[1, 1, 1, 0, i32::MIN]),
        exit_code: random.pick(&[None, None, Some(0), Some(137), Some(-1)]),
        ret_msg: text(random, &request_id),
        log: text(random, &request_id),
        level: random.pick(&["", "", "", "", "warn"]).into(),
        source: random.pick(&["", "", "", "", "来源"]).into(),
        request_id,
    }
}

/// One of a few runs that are started, grow and end again and again.
fn open_run(random: &mut Random) -> Run {
    let of = Stream { region: "eu".into(), function: random.pick(&["f", "g"]).into(), ..stream(random) };
    let stream = Arc::new(Stream { account: "1".into(), namespace: "default".into(), ..of });
    Run { stream, request_id: format!("g{}", random.below(5)), retry_num: 0, ..run(random) }
}

/// A start, as a rule, or an end.
pub fn open_report(random: &mut Random) -> Report {
    let ret_code = random.pick(&[RET_RUNNING, RET_RUNNING, RET_RUNNING, 0, 1]);
    let run = Run { ret_code, ..open_run(random) };
    let origin = random.pick(&[Origin::Posted, Origin::Posted, Origin::Wrapped, Origin::Gathered]);
    Report { run, origin, state: state(random) }
}

/// What is added to one of these runs.
pub fn growth(random: &mut Random) -> Growth {
    let run = open_run(random);
    growth_of(&run, random)
}

/// What is added to a run.
pub fn growth_of(run: &Run, random: &mut Random) -> Growth {
    let log = match random.below(400) {
        0 => "too long".repeat(1 << 20),
        _ => text(random, &run.request_id),
    };
    Growth {
        id: run.identity(),
        log,
        state: state(random),
        start_ms: random.pick(&[None, None, None, Some(run.start_ms), Some(NOW_MS - 12 * DAY_MS), Some(-1)]),
        duration_us: random.pick(&[None, Some(7), Some(7000), Some(u64::MAX)]),
        mem_bytes: random.pick(&[None, Some(1), Some(1 << 21)]),
        level: random.pick(&[None, None, Some("error".to_owned())]),
        ret_msg: random.pick(&[None, None, Some(String::new()), Some("函数超时 so far".to_owned())]),
    }
}

fn state(random: &mut Random) -> Vec<u8> {
    let bytes = [0xff, 0xfe, 0xfd, 0xfc, 0xfb, 0xfa, 0xf9, 0xf8, 0, 1];
    bytes[..random.pick(&[0, 0, 1, 8, 10])].to_vec()
}

/// Runs of all kinds, or one function's of one moment: a merge finds text blocks then that survive whole.
fn batch(random: &mut Random) -> Vec<Run> {
    let mut runs: Vec<Run> = (0..random.below(9)).map(|_| run(random)).collect();
    if random.chance(3) {
        let like = run(random);
        for run in &mut runs {
            (run.stream, run.start_ms) = (Arc::clone(&like.stream), like.start_ms);
        }
    }
    runs
}

fn text(random: &mut Random, request_id: &str) -> String {
    let mut text = String::new();
    for _ in 0..random.pick(&[0, 0, 1, 2, 3, 6]) {
        match random.below(14) {
            0 => text.push_str(request_id),
            1 => text.push('\u{1a}'),
            2 => text.push_str("\u{1a}\u{1}"),
            3 => text.push_str("\u{1a}\u{2}\u{1}"),
            4 => text.push_str("函数超时"),
            5 => text.push_str("3f2504e0-4f89"),
            6 => text.push_str(&format!("START RequestId: {request_id}\n")),
            9 => text.push_str(&line(random)),
            10 => text.push_str(&format!("\n{}\n", line(random))),
            11 => text.push_str(random.pick(&["\n", " ", "0", "a", "B7", "-", "\0"])),
            7 => text.push_str(&"filler ".repeat(random.below(60) as usize)),
            _ => text.push_str("error"),
        }
    }
    text
}

/// A line as programs write them: words that come back, numbers and ids of which some do.
fn line(random: &mut Random) -> String {
    let number = random.pick(&[7, 42, 4321, 56789, 123_456, 9_876_543, 1_800_000_000_123u64]) + random.below(2);
    match random.below(8) {
        0 => format!("INFO  handled order {number} in {} ms", random.below(9)),
        1 => format!("cache miss key=user:{number} shard={}", random.below(3)),
        2 => format!("trace=4bf92f3577b34da6a3ce929d0e0e{:04x} span", number & 0xffff),
        3 => format!("bad face v{number}x 0x{number:X}"),
        4 => format!("函数{number}超时 dead"),
        5 => format!("{number}{}", random.pick(&["", "ab", "MB", "3f25", "-"])),
        6 => format!("word{} of many", random.below(200)),
        _ => "slow query, 2 busy".to_owned(),
    }
}

/// A word to look for: most often a part of a text that a run may print.
fn keyword(random: &mut Random) -> String {
    if random.chance(3) {
        let words = ["error", "e", "超", "3f2504e0", "START RequestId: r1", "\u{1a}", "\u{1}", "", "id: r", "c3301\n"];
        return random.pick(&words).into();
    }
    let said = if random.chance(2) { line(random) } else { run(random).log };
    let from = said.floor_char_boundary(random.below(said.len() as u64 + 1) as usize);
    let to = from + random.pick(&[1, 3, 4, 6, 7, 8, 9, 12, 30, 60]);
    let from = if random.chance(3) { 0 } else { from };
    said[from..said.floor_char_boundary(to)].to_owned()
}

pub fn query(random: &mut Random) -> Query {
    let of = stream(random);
    let any = |random: &mut Random, text: String| if random.chance(2) { Some(text) } else { None };
    let bounds = [i64::MIN, NOW_MS - 21 * DAY_MS, NOW_MS - DAY_MS - 1, NOW_MS - 2, NOW_MS - 1, NOW_MS, i64::MAX];
    let (start_ms, end_ms) = (random.pick(&bounds), random.pick(&bounds));
    let window = if random.chance(2) { Window::ALL } else { Window { start_ms, end_ms } };
    let scope = Scope {
        account: of.account,
        region: any(random, of.region),
        namespace: any(random, of.namespace),
        function: any(random, of.function),
        qualifier: any(random, of.qualifier),
    };
    let [ret_msg, log, level, source] = [(); 4].map(|()| random.chance(2));
    let columns = Columns { ret_msg, log, level, source };
    Query {
        window,
        result: match random.below(8) {
            0 => ResultFilter::Ok,
            1 | 2 => ResultFilter::Failed,
            3 => ResultFilter::Running,
            4 => ResultFilter::Codes(vec![random.pick(&[0, 1, 2, 3, 430, 7])]),
            5 => ResultFilter::Codes(vec![1, random.pick(&[0, 2, 3])]),
            _ => ResultFilter::All,
        },
        request_id: if random.chance(6) { Some(run(random).request_id) } else { None },
        keyword: if random.chance(4) { Some(keyword(random)) } else { None },
        order: Order {
            by: random.pick(&[SortKey::StartTime, SortKey::Duration, SortKey::MemUsage, SortKey::FunctionName]),
            direction: random.pick(&[Direction::Asc, Direction::Desc]),
        },
        start: Start::Offset(random.pick(&[0, 0, 0, 1, 3, 7, 1000])),
        limit: random.pick(&[0, 1, 2, 5, 20, usize::MAX]),
        page_max_bytes: random.pick(&[None, None, Some(1), Some(600), Some(1200), Some(usize::MAX)]),
        columns: random.pick(&[Columns::ALL, Columns::ALL, Columns::NO_TEXTS, columns]),
        as_of: if random.chance(5) { Some(random.below(60)) } else { None },
        histogram: histogram(random, window),
        bucket_percentiles: random.chance(2),
        facets: if random.chance(4) { Some(facets(random)) } else { None },
        percentiles: random.chance(4),
        ..Query::new(scope)
    }
}

/// A histogram that the window allows.
pub fn histogram(random: &mut Random, window: Window) -> Option<HistogramSpec> {
    let spec = match random.below(8) {
        0 => HistogramSpec::Width(random.pick(&[1, 2, 5])),
        1 => HistogramSpec::Width(random.pick(&[1000, DAY_MS as u64 / 2])),
        2 | 3 => HistogramSpec::Buckets(random.pick(&[1, 2, 30, 5000])),
        _ => return None,
    };
    Histogram::new(spec, window).is_ok().then_some(spec)
}

pub fn facets(random: &mut Random) -> FacetSpec {
    use FacetKey::{Function, Namespace, Qualifier, RetCode, State, Version};
    let by = [Namespace, Function, Version, Qualifier, State, RetCode];
    FacetSpec {
        by: by.into_iter().filter(|_| random.chance(2)).collect(),
        top: random.pick(&[0, 1, 2, 1000]),
        percentiles: random.chance(2),
    }
}

/// Everything of an account, in the order of acceptance of equal starts.
pub fn everything(account: &str) -> Query {
    Query { limit: usize::MAX, ..Query::new(Scope::account(account)) }
}

/// Options under which a few rows make several blocks, superblocks and memtables.
pub fn tiny() -> Options {
    let prod = Keep { max_age_days: Some(1), max_bytes: None };
    Options {
        memtable_max_rows: 12,
        sealed_max: 2,
        in_flight_ttl_ms: TTL_MS,
        in_flight_max_runs: IN_FLIGHT_MAX,
        in_flight_max_bytes: usize::MAX,
        retention: Retention {
            max_age_days: Some(10),
            max_bytes: None,
            namespaces: [("prod".to_owned(), prod)].into(),
        },
        segment_max_rows: 60,
        tail_batch_max_rows: 3,
        background: false,
        shape: Shape { block_rows: 4, super_blocks: 3, text_block_bytes: 256, stripe_rows: 20 },
        ..Options::default()
    }
}

/// Where data begins under the rules of [`tiny`].
pub fn retained(now_ms: i64) -> Retained {
    let from = |days: i64| (now_ms / DAY_MS - days) * DAY_MS;
    Retained { default_from_ms: from(10), namespaces: [("prod".to_owned(), from(1))].into() }
}

/// A store beside the reference engine.
pub struct Pair {
    pub disk: SimDisk,
    pub clock: Arc<ManualClock>,
    pub now_ms: i64,
    store: Option<Store>,
    pub naive: Naive,
    pub options: Options,
}

pub fn open(disk: &SimDisk, clock: &Arc<ManualClock>, options: &Options) -> Result<Store, Error> {
    Store::open_with(Arc::new(disk.clone()), Arc::clone(clock) as Arc<dyn runlog_store::Clock>, options.clone())
}

impl Pair {
    pub fn new(options: Options) -> Self {
        let disk = SimDisk::new(1);
        let clock = Arc::new(ManualClock::at(NOW_MS));
        let store = Some(open(&disk, &clock, &options).unwrap());
        let naive = Naive::with_in_flight_max(options.in_flight_max_runs);
        Self { disk, clock, now_ms: NOW_MS, store, naive, options }
    }

    /// Takes a step on both sides and compares what they say.
    pub fn step(&mut self, step: &Step) {
        match step {
            Step::Append(runs) => {
                let expected: Vec<Outcome> =
                    runs.iter().map(|run| self.naive.append(run.clone(), self.now_ms)).collect();
                assert_eq!(self.store().append(runs.clone()).unwrap(), expected);
            }
            Step::Offer(reports) => {
                let expected: Vec<Outcome> =
                    reports.iter().map(|report| self.naive.offer(report.clone(), self.now_ms)).collect();
                assert_eq!(self.store().offer(reports.clone()).unwrap(), expected);
                compare_open(self.store(), &self.naive);
            }
            Step::Grow(growths) => {
                let expected: Vec<Outcome> =
                    growths.iter().map(|growth| self.naive.grow(growth, self.now_ms)).collect();
                assert_eq!(self.store().grow(growths.clone()).unwrap(), expected);
                compare_open(self.store(), &self.naive);
            }
            Step::Wait(ms) => {
                self.now_ms += ms;
                self.clock.set(self.now_ms);
            }
            Step::Expire => {
                self.naive.expire(TTL_MS, self.now_ms);
                self.store().expire_in_flight().unwrap();
            }
            Step::Retain => {
                // A clock that is ahead of all that was seen removes nothing.
                if self.store().health().clock_ahead_ms.is_none() {
                    self.naive.retain(&retained(self.now_ms));
                }
                self.store().retain().unwrap();
                assert_eq!(&self.store().retained(), self.naive.retained());
            }
            Step::Backup => check_backup(&backup(self.store()).unwrap(), &self.naive, self.now_ms),
            Step::Flush => self.store().flush().unwrap(),
            Step::Merge => self.store().merge().unwrap(),
            Step::Reopen(in_order) => self.reopen(*in_order),
            Step::Query(query) => compare(self.store(), &self.naive, query),
        }
    }

    fn reopen(&mut self, in_order: bool) {
        let old = self.store.take().unwrap();
        if in_order {
            old.close().unwrap();
        } else {
            let after = self.disk.process_death();
            drop(old);
            self.disk = after;
        }
        self.open();
        assert_eq!(self.store().health().set_aside, []);
    }

    /// The power goes, and comes back.
    pub fn power_cut(&mut self) {
        let after = self.disk.power_cut();
        self.store = None;
        self.disk = after;
        self.open();
    }

    fn open(&mut self) {
        self.store = Some(open(&self.disk, &self.clock, &self.options).unwrap());
        self.naive.begin_life(self.store().health().clock_ahead_ms.map(|_| self.now_ms));
    }

    /// Closes the store in order; gives its disk.
    pub fn close(&mut self) -> SimDisk {
        self.store.take().unwrap().close().unwrap();
        self.disk.clone()
    }

    pub fn store(&self) -> &Store {
        self.store.as_ref().unwrap()
    }

    /// Compares everything that can be asked for at once.
    pub fn compare_all(&self) {
        for account in ["1", "2", "3"] {
            compare(self.store(), &self.naive, &everything(account));
            assert_eq!(self.store().streams(account), self.naive.streams(account));
            // Bytes are the engine's own; days, namespaces and numbers are not.
            let runs =
                |stored: Vec<Stored>| stored.into_iter().map(|day| Stored { bytes: 0, ..day }).collect::<Vec<_>>();
            assert_eq!(runs(self.store().stored(account)), runs(self.naive.stored(account)));
        }
        compare_open(self.store(), &self.naive);
    }
}

/// Asserts that both know the same of runs in flight.
pub fn compare_open(store: &Store, naive: &Naive) {
    for origin in [Origin::Posted, Origin::Wrapped, Origin::Gathered] {
        let open = naive.open_runs(origin);
        assert_eq!(store.open_runs(origin), open);
        for run in open {
            let Stream { account, region, namespace, function, .. } = (*run.stream).clone();
            let (request_id, retry_num) = (run.request_id, run.retry_num);
            let id = Identity { account, region, namespace, function, request_id, retry_num };
            assert_eq!(store.open_run(&id), naive.open_run(&id));
        }
    }
}

/// Backs a store up onto another disk.
pub fn backup(store: &Store) -> Result<SimDisk, Error> {
    let disk = SimDisk::new(1);
    store.backup_on(&disk, &mut |_| ()).map(|_| disk)
}

/// Asserts that a backup verifies, and answers as the reference engine does.
pub fn check_backup(disk: &SimDisk, naive: &Naive, now_ms: i64) {
    let found = verify_on(&(Arc::new(disk.clone()) as _), &mut |_| ()).unwrap();
    assert_eq!(found.problems, []);
    let store = open(disk, &Arc::new(ManualClock::at(now_ms)), &tiny()).unwrap();
    ["1", "2"].iter().for_each(|account| compare(&store, naive, &everything(account)));
}

/// Asserts that both answer alike, page after page.
pub fn compare(store: &Store, naive: &Naive, query: &Query) {
    let mut query = query.clone();
    for _ in 0..4 {
        let (mine, mut expected) = (store.query(&query).unwrap(), naive.query(&query));
        expected.watermark.set_aside_files = store.health().set_aside.len() as u64;
        assert_eq!((mine.total, &mine.watermark), (expected.total, &expected.watermark), "{query:?}");
        assert_eq!(brief(&mine.rows), brief(&expected.rows), "{query:?}");
        assert_eq!(mine.rows, expected.rows, "{query:?}");
        assert_eq!(mine.next, expected.next, "{query:?}");
        assert_eq!(mine.histogram, expected.histogram, "{query:?}");
        assert_eq!(mine.facets, expected.facets, "{query:?}");
        assert_eq!(mine.percentiles, expected.percentiles, "{query:?}");
        check_batches(store, &query, &mine);
        let Some(next) = mine.next else { return };
        query.start = Start::After(next);
    }
}

/// Asserts that rows which are read bit by bit are those of the whole answer.
fn check_batches(store: &Store, query: &Query, whole: &Answer) {
    let max_bytes = [1, 700, usize::MAX][(whole.total + whole.watermark.seq) as usize % 3];
    let (head, mut rows) = store.open_query(query).unwrap();
    assert_eq!((head.total, head.rows.len(), &head.watermark), (whole.total, 0, &whole.watermark), "{query:?}");
    let mut found: Vec<Row> = Vec::new();
    loop {
        let batch = rows.next_batch(max_bytes).unwrap();
        assert!(batch.len() <= 1 || batch.iter().map(Row::weight_bytes).sum::<usize>() <= max_bytes, "{query:?}");
        let Some(last) = batch.last() else { break };
        let is_last = found.len() + batch.len() == whole.rows.len() && whole.next.is_none();
        assert_eq!(rows.cursor(), (!is_last).then(|| Cursor::after(last, query.order)), "{query:?}");
        found.extend(batch);
    }
    assert_eq!(found, whole.rows, "{query:?}");
}

/// Rows for the eye.
fn brief(rows: &[Row]) -> Vec<(u64, i64, u64, &str)> {
    rows.iter().map(|row| (row.seq, row.run.start_ms, row.run.duration_us, row.run.request_id.as_str())).collect()
}
