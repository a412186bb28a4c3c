//! Measures the engine by itself: ingest, size on disk, query latencies.
//!
//! `cargo run --release -p runlog-store --example measure -- [runs, in thousands] [folder] [part of a query's name]`
//!
//! With `TAILS=1` also tails, which add runs to the folder.
#![allow(clippy::disallowed_methods, reason = "measures real time")]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use runlog_core::{
    Columns, Direction, FacetKey, FacetSpec, HistogramSpec, Order, Query, ResultFilter, Run, Scope, SortKey, Start,
    Stream, TailFilter, Window,
};
use runlog_store::{Options, Store};

const DAY_START_MS: i64 = 1_782_864_000_000; // 2026-07-01
const DAY_MS: i64 = 86_400_000;
const FUNCTIONS: usize = 200;
const BATCH: u64 = 1000;

struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    fn normal(&mut self) -> f64 {
        (-2.0 * self.unit().max(1e-12).ln()).sqrt() * (std::f64::consts::TAU * self.unit()).cos()
    }
}

struct Generator {
    random: Random,
    streams: Vec<Arc<Stream>>,
    weights: Vec<f64>,
    total: u64,
    made: u64,
}

impl Generator {
    fn new(total: u64) -> Self {
        let stream = |at: usize| {
            Arc::new(Stream {
                account: "100000000001".into(),
                region: "ap-guangzhou".into(),
                namespace: if at.is_multiple_of(4) { "default".into() } else { format!("team-{}", at % 4) },
                function: format!("function-{at:03}"),
                qualifier: "$LATEST".into(),
            })
        };
        let mut sum = 0.0;
        // The first function gets a quarter of all.
        let weights = (1..=FUNCTIONS).map(|rank| {
            sum += 1.0 / (rank as f64).powf(1.12);
            sum
        });
        let weights = weights.collect();
        Self { random: Random(42), streams: (0..FUNCTIONS).map(stream).collect(), weights, total, made: 0 }
    }

    fn run(&mut self) -> Run {
        let random = &mut self.random;
        let pick = random.unit() * self.weights[FUNCTIONS - 1];
        let at = self.weights.partition_point(|weight| *weight < pick).min(FUNCTIONS - 1);
        let start_ms = DAY_START_MS + (self.made as f64 / self.total as f64 * DAY_MS as f64) as i64;
        let start_ms = (start_ms - random.below(2000) as i64).max(DAY_START_MS);
        self.made += 1;
        let (high, low) = (random.next(), random.next());
        let request_id = format!(
            "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
            high >> 32,
            high >> 16 & 0xffff,
            high & 0xfff,
            (low >> 48 & 0x3fff) | 0x8000,
            low & 0xffff_ffff_ffff
        );
        let duration_us = (11.0 + 1.3 * random.normal()).exp() as u64;
        let mem_bytes = (40 + random.below(80)) << 20;
        let failed = random.below(50) == 0;
        let ret_code = if failed { [1, 1, 430, 433][random.below(4) as usize] } else { 0 };
        let log = self.log(&request_id, duration_us, mem_bytes, failed);
        Run {
            stream: Arc::clone(&self.streams[at]),
            request_id,
            retry_num: 0,
            start_ms,
            duration_us,
            bill_ms: None,
            mem_bytes,
            ret_code,
            invoke_finished: 1,
            exit_code: None,
            ret_msg: if failed { "Error: upstream timed out".into() } else { "{\"statusCode\":200}".into() },
            log,
            level: String::new(),
            source: String::new(),
        }
    }

    fn log(&mut self, id: &str, duration_us: u64, mem_bytes: u64, failed: bool) -> String {
        let random = &mut self.random;
        let mut log = format!("START RequestId: {id}\nEvent RequestId: {id}\n");
        let lines = 1 + (random.unit().powi(3) * 30.0) as u64;
        for _ in 0..lines {
            let number = random.below(1_000_000);
            match random.below(5) {
                0 => log.push_str(&format!("INFO  handled order {number} in {} ms\n", random.below(900))),
                1 => log.push_str(&format!("DEBUG cache miss key=user:{number} shard={}\n", random.below(16))),
                2 => log.push_str(&format!("INFO  GET /api/v2/items/{number} 200 {} bytes\n", random.below(90_000))),
                3 => log.push_str("INFO  connection pool: 8 idle, 2 busy\n"),
                _ => log.push_str(&format!("WARN  slow query took {} ms table=orders\n", random.below(5000))),
            }
        }
        if failed {
            log.push_str("ERROR upstream timed out after 3000 ms\n");
        }
        log.push_str(&format!(
            "END RequestId: {id}\nReport RequestId: {id} Duration:{}ms Memory:128MB MemUsage:{}MB\n",
            duration_us / 1000,
            mem_bytes >> 20
        ));
        log
    }
}

fn percentiles(mut times: Vec<Duration>) -> String {
    times.sort_unstable();
    let at = |part: f64| times[((times.len() - 1) as f64 * part) as usize].as_secs_f64() * 1e3;
    format!("least {:8.3} ms   p50 {:8.3} ms   p99 {:8.3} ms", at(0.0), at(0.5), at(0.99))
}

fn resident_mb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("RssAnon")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|kb| kb.parse::<u64>().ok()).unwrap_or(0) / 1024
}

fn ingest(store: &Store, total: u64) {
    let mut generator = Generator::new(total);
    let (mut bytes, mut spent, mut peak) = (0u64, Duration::ZERO, 0);
    for batch in 0..total / BATCH {
        let runs: Vec<Run> = (0..BATCH).map(|_| generator.run()).collect();
        bytes += runs.iter().map(|run| (run.log.len() + run.ret_msg.len() + 330) as u64).sum::<u64>();
        let began = Instant::now();
        store.append(runs).expect("append");
        spent += began.elapsed();
        if batch.is_multiple_of(64) {
            peak = peak.max(resident_mb());
        }
    }
    let rate = total as f64 / spent.as_secs_f64();
    println!(
        "ingest: {rate:.0} runs/s, {:.0} MB/s of JSON ({} bytes a run), one writer, batches of {BATCH}; anonymous memory {peak} MB",
        bytes as f64 / spent.as_secs_f64() / 1e6,
        bytes / total
    );
}

fn queries() -> Vec<(&'static str, Query, usize)> {
    let of = |namespace: Option<&str>, function: Option<&str>| Scope {
        account: "100000000001".into(),
        region: Some("ap-guangzhou".into()),
        namespace: namespace.map(Into::into),
        function: function.map(Into::into),
        qualifier: None,
    };
    let top = of(Some("default"), Some("function-000"));
    let rare = of(None, Some("function-190"));
    let account = of(None, None);
    let day = Window { start_ms: DAY_START_MS, end_ms: DAY_START_MS + DAY_MS };
    let hours = Window { start_ms: DAY_START_MS + 7 * 3_600_000 + 1234, end_ms: DAY_START_MS + 15 * 3_600_000 + 4321 };
    let desc = |by| Order { by, direction: Direction::Desc };
    let query = |scope: &Scope, window, by| Query { window, order: desc(by), ..Query::new(scope.clone()) };
    let failed = |query: Query| Query { result: ResultFilter::Failed, ..query };
    let deep = |query: Query| Query { start: Start::Offset(9900), ..query };
    let counted = |query: Query, buckets| Query { histogram: Some(HistogramSpec::Buckets(buckets)), ..query };
    let facets = |query: Query, by: &[FacetKey], percentiles| Query {
        facets: Some(FacetSpec { by: by.to_vec(), top: 10, percentiles }),
        ..query
    };
    let percentiles = |query: Query| Query { percentiles: true, ..query };
    let numbers = |query: Query| Query { columns: Columns::NO_TEXTS, ..query };
    let page = |query: Query, limit| Query { limit, ..query };
    let word = |query: Query, word: &str| Query { keyword: Some(word.into()), ..query };
    use FacetKey::{Function, RetCode, State};
    use SortKey::{Duration, FunctionName, MemUsage, StartTime};
    vec![
        ("one function, by time", query(&top, day, StartTime), 2000),
        ("one function, 8 hours, by time", query(&top, hours, StartTime), 2000),
        ("one function, by duration", query(&top, day, Duration), 2000),
        ("one function, 8 hours, by memory", query(&top, hours, MemUsage), 2000),
        ("one function, failed, by time", failed(query(&top, day, StartTime)), 2000),
        ("rare function, by time", query(&rare, day, StartTime), 2000),
        ("account, by time", query(&account, day, StartTime), 1000),
        ("account, 8 hours, by time", query(&account, hours, StartTime), 1000),
        ("account, by duration", query(&account, day, Duration), 1000),
        ("account, 8 hours, by memory", query(&account, hours, MemUsage), 1000),
        ("account, failed, by duration", failed(query(&account, day, Duration)), 1000),
        ("account, 8 hours, failed, by duration", failed(query(&account, hours, Duration)), 1000),
        ("account, by function name", query(&account, day, FunctionName), 1000),
        ("one function, by time, offset 9900", deep(query(&top, day, StartTime)), 200),
        ("one function, by duration, offset 9900", deep(query(&top, day, Duration)), 200),
        ("account, by memory, offset 9900", deep(query(&account, day, MemUsage)), 200),
        ("one function, by time, without texts", numbers(query(&top, day, StartTime)), 2000),
        ("account, 10,000 by time", page(query(&account, day, StartTime), 10_000), 20),
        ("account, 10,000 by time, without texts", numbers(page(query(&account, day, StartTime), 10_000)), 20),
        ("account, 10,000 by duration", page(query(&account, day, Duration), 10_000), 20),
        ("account, 10,000 by duration, no texts", numbers(page(query(&account, day, Duration), 10_000)), 20),
        ("one function, histogram of 60", counted(query(&top, day, StartTime), 60), 200),
        ("one function, histogram of 1440", counted(query(&top, day, StartTime), 1440), 50),
        ("account, histogram of 60", counted(query(&account, day, StartTime), 60), 50),
        ("account, failed, histogram of 60", counted(failed(query(&account, day, StartTime)), 60), 50),
        ("account, facets", facets(query(&account, day, StartTime), &[Function, State, RetCode], false), 50),
        ("one function, percentiles", percentiles(query(&top, day, StartTime)), 10),
        ("account, 8 hours, percentiles", percentiles(query(&account, hours, StartTime)), 5),
        ("account, percentiles of 10 functions", facets(query(&account, day, StartTime), &[Function], true), 3),
        ("common word, one function", word(query(&top, day, StartTime), "slow query"), 200),
        ("common word, account, by duration", word(query(&account, day, Duration), "slow query"), 50),
        ("common word, account, failed", word(failed(query(&account, day, StartTime)), "cache miss"), 20),
        ("rare word, account", word(query(&account, day, StartTime), "order 123456 "), 50),
        ("number alone, account", word(query(&account, day, StartTime), "654321"), 50),
        ("word that is nowhere, account", word(query(&account, day, StartTime), "OutOfMemoryError"), 50),
        ("number that is nowhere, account", word(query(&account, day, StartTime), "user:7777777777"), 50),
        ("part of a request id, account", word(query(&account, day, StartTime), "4f2c81d7-9"), 20),
        ("part of a number, one function", word(query(&top, day, StartTime), "/items/3456"), 5),
        ("part of a number alone, account", word(query(&account, day, StartTime), "65432"), 5),
        ("short part of a number, one function", word(query(&top, day, StartTime), "took 12"), 2),
    ]
}

fn measure(store: &Store, total: u64) {
    let only = std::env::args().nth(3).unwrap_or_default();
    for (name, query, times) in queries().into_iter().filter(|(name, ..)| name.contains(&only)) {
        let mut took = Vec::new();
        let (mut rows, mut found, mut cost) = (0, 0, runlog_core::Cost::default());
        for _ in 0..times {
            let began = Instant::now();
            let answer = store.query(&query).expect("query");
            took.push(began.elapsed());
            (rows, found, cost) = (answer.rows.len(), answer.total, answer.cost);
        }
        let blocks = cost.blocks_read;
        println!("{name:42} {}   {rows:3} of {found:9} rows, {blocks:6} blocks read", percentiles(took));
    }
    // By request id: a new one each time.
    let mut generator = Generator::new(total);
    let mut took = Vec::new();
    for number in 0..total.min(200_000) {
        let run = generator.run();
        if number.is_multiple_of(97) {
            let id = Query { request_id: Some(run.request_id), window: Window::ALL, ..queries()[6].1.clone() };
            let began = Instant::now();
            assert_eq!(store.query(&id).expect("query").total, 1);
            took.push(began.elapsed());
        }
    }
    println!("{:42} {}", "account, by request id, no window", percentiles(took));
}

/// How fast a tail that resumes catches up, and what a thousand of them cost while runs arrive.
fn tails(store: &Store, total: u64) {
    let everything = TailFilter::new(Scope::account("100000000001"));
    let one = Scope { function: Some("function-190".into()), ..Scope::account("100000000001") };
    for (name, scope) in [("account", everything.scope.clone()), ("rare function", one)] {
        let (mut events, began) = (0, Instant::now());
        let mut tail = store.subscribe(Some(0), TailFilter::new(scope)).expect("subscribe");
        while tail.position() < total && began.elapsed() < Duration::from_secs(3) {
            events += tail.next_batch(Duration::ZERO).expect("read").len();
        }
        let (took, at) = (began.elapsed().as_secs_f64(), tail.position());
        println!("tail from the beginning, {name}: {events} events in {took:.2} s, up to {at} of {total}");
    }
    let (before, is_done) = (resident_mb(), AtomicBool::new(false));
    std::thread::scope(|scope| {
        let start = store.stats().last_seq;
        let follow = |number: usize| {
            let function = Some(format!("function-{:03}", number % FUNCTIONS));
            let filter = TailFilter::new(Scope { function, ..Scope::account("100000000001") });
            let mut tail = store.subscribe(Some(start), filter).expect("subscribe");
            let is_done = &is_done;
            scope.spawn(move || {
                let mut events = 0;
                loop {
                    let is_last = is_done.load(Ordering::Relaxed);
                    let batch = tail.next_batch(Duration::from_millis(200)).expect("read");
                    if is_last && batch.is_empty() {
                        return events;
                    }
                    events += batch.len();
                }
            })
        };
        let followers: Vec<_> = (0..1000).map(follow).collect();
        let mut generator = Generator::new(total);
        generator.random = Random(43);
        let (mut runs, mut spent, mut peak) = (0, Duration::ZERO, 0);
        while spent < Duration::from_secs(5) {
            let batch: Vec<Run> = (0..BATCH).map(|_| generator.run()).collect();
            let began = Instant::now();
            store.append(batch).expect("append");
            spent += began.elapsed();
            runs += BATCH;
            peak = peak.max(resident_mb());
        }
        is_done.store(true, Ordering::Relaxed);
        let began = Instant::now();
        let events: usize = followers.into_iter().map(|follower| follower.join().expect("a follower")).sum();
        println!(
            "1,000 tails of a function each: {:.0} runs/s beside them, {events} events of {} expected; caught up \
             {:.2} s after; anonymous memory {before} MB, then up to {peak} MB",
            runs as f64 / spent.as_secs_f64(),
            runs * 5,
            began.elapsed().as_secs_f64()
        );
    });
}

fn main() {
    let thousands: u64 = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(1000);
    let total = thousands * 1000;
    let temporary = tempfile::tempdir().expect("a folder");
    let dir = std::env::args().nth(2).map_or_else(|| temporary.path().to_owned(), Into::into);
    let store = Store::open(&dir, Options::default()).expect("open");
    if store.stats().rows < total {
        ingest(&store, total);
    }
    let began = Instant::now();
    store.flush().expect("flush");
    println!("flush of the rest: {:.2} s; {:?}", began.elapsed().as_secs_f64(), store.stats());
    if std::env::var_os("UNMERGED").is_some() {
        measure(&store, total);
    }
    let began = Instant::now();
    store.merge().expect("merge");
    let stats = store.stats();
    let per_run = stats.segment_bytes as f64 / stats.rows as f64;
    println!("merge: {:.2} s; {} segments, {per_run:.1} bytes a run", began.elapsed().as_secs_f64(), stats.segments);
    measure(&store, total);
    if std::env::var_os("TAILS").is_some() {
        tails(&store, total);
    }
    store.close().expect("close");
    let began = Instant::now();
    let store = Store::open(&dir, Options::default()).expect("open");
    println!("open: {:.3} s; anonymous memory {} MB", began.elapsed().as_secs_f64(), resident_mb());
    drop(store);
}
