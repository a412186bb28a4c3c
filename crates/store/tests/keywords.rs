//! Keywords of every kind, on enough rows for several stripes and for more matches than are offered one by one.

mod common;

use std::sync::Arc;

use common::{NOW_MS, Random, everything, stream, tiny};
use runlog_core::{Order, Query, ResultFilter, Run, Scope, SortKey, Start, Stream, limits};
use runlog_store::disk::sim::SimDisk;
use runlog_store::{ManualClock, Options, Shape, Store};

fn uuid(random: &mut Random) -> String {
    let (a, b) = (random.next(), random.next());
    format!("{:08x}-{:04x}-4{:03x}-8{:03x}-{:012x}", a >> 32, a & 0xffff, b & 0xfff, b >> 12 & 0xfff, b >> 16)
}

fn log(random: &mut Random, id: &str) -> String {
    let mut log = if random.chance(3) { String::new() } else { format!("START RequestId: {id}\n") };
    for _ in 0..random.below(5) {
        let bound = random.pick(&[5000, 90_000, 1_000_000]);
        let number = random.below(bound);
        log += &match random.below(9) {
            0 => format!("INFO  handled order {number} in {} ms\n", random.below(900)),
            1 => format!("cache miss key=user:{number}00000{number} shard={}\n", random.below(16)),
            2 => format!("trace {:016x}{:016x} span={:08X}\n", random.next(), random.next(), random.next() as u32),
            3 => format!("id={id}x bad{id}, {id}{id}\n"),
            4 => format!("user{} has {number}个 words of {:x}z\n", random.below(3000), random.next()),
            5 => "ERROR connection refused\r\n".into(),
            6 => format!("函数超时 {number}ms\tdead beef\n"),
            7 => format!(
                "name {}\n",
                "abcdefghijkl".chars().cycle().skip(number as usize % 12).take(9).collect::<String>()
            ),
            _ => "\n".into(),
        };
    }
    log + "END"
}

fn runs(random: &mut Random, count: usize, has_odd_ids: bool) -> Vec<Run> {
    let run = |_| {
        let id =
            if has_odd_ids && random.chance(9) { format!("order {}", random.below(1 << 40)) } else { uuid(random) };
        Run {
            stream: Arc::new(Stream { account: "1".into(), ..stream(random) }),
            start_ms: NOW_MS - random.below(limits::DAY_MS as u64) as i64,
            duration_us: random.below(1 << 20),
            ret_code: random.pick(&[0, 0, 0, 1]),
            ret_msg: random.pick(&["", "{\"statusCode\":200}", "refused"]).into(),
            log: log(random, &id),
            request_id: id,
            ..common::run(random)
        }
    };
    (0..count).map(run).collect()
}

/// What may be looked for: parts of the texts, and near misses.
fn keyword(random: &mut Random, runs: &[Run]) -> String {
    let run = &runs[random.below(runs.len() as u64) as usize];
    let text = if random.chance(12) { &run.ret_msg } else { &run.log };
    let from = text.floor_char_boundary(random.below(text.len() as u64 + 1) as usize);
    let length = random.pick(&[1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 16, 24, 36, 40, 70]);
    let part = text[from..text.floor_char_boundary(from + length)].to_owned();
    if random.chance(4) {
        // A part of a run with digits, or the run and the text beside it.
        let runs = run.log.split(|letter: char| !letter.is_ascii_alphanumeric());
        let with_digits: Vec<&str> = runs.filter(|run| run.contains(|letter: char| letter.is_ascii_digit())).collect();
        if !with_digits.is_empty() {
            let run_text = random.pick(&with_digits);
            if random.chance(2) {
                let at = run.log.find(run_text).unwrap();
                if random.chance(2) {
                    // Cut within the run, with the text on the other side of it.
                    let cut = at + random.pick(&[3, 4, 5]).min(run_text.len());
                    let end = at + run_text.len();
                    let (from, to) = if random.chance(2) {
                        (at.saturating_sub(random.pick(&[1, 4, 9])), cut)
                    } else {
                        (end - (cut - at), end + random.pick(&[1, 2, 6]))
                    };
                    let to = run.log.floor_char_boundary(to.min(run.log.len()));
                    return run.log[run.log.floor_char_boundary(from)..to].to_owned();
                }
                let (from, to) = (run.log.floor_char_boundary(at.saturating_sub(1)), at + run_text.len() + 1);
                return run.log[from..run.log.floor_char_boundary(to)].to_owned();
            }
            let from = random.below(run_text.len() as u64) as usize;
            let length: usize = random.pick(&[4, 4, 5, 5, 6, 6, 7, 7, 8, 9, 12]);
            let to = run_text.len().min(from + length);
            return run_text[from..to].to_owned();
        }
    }
    match random.below(12) {
        0 => part.replace('1', "2"),
        1 => part.to_uppercase(),
        2 => part + random.pick(&[" ", "x", "0", "\n", "超"]),
        3 => {
            random.pick(&["e", "dead", "bad", "refused", "slow", "miss key", "order ", "b\u{1a}", "-4", "超时"]).into()
        }
        _ => part,
    }
}

fn check(seed: u64, options: &Options, count: usize, has_odd_ids: bool) {
    let random = &mut Random(seed);
    let store =
        Store::open_with(Arc::new(SimDisk::new(1)), Arc::new(ManualClock::at(NOW_MS)), options.clone()).unwrap();
    let runs = runs(random, count, has_odd_ids);
    runs.chunks(500).for_each(|runs| drop(store.append(runs.to_vec()).unwrap()));
    store.flush().unwrap();
    store.merge().unwrap();
    let mut found = 0;
    for _ in 0..250 {
        let keyword = keyword(random, &runs);
        let query = Query {
            keyword: Some(keyword.clone()),
            scope: Scope { function: random.pick(&[None, None, Some("f".into())]), ..Scope::account("1") },
            result: random.pick(&[ResultFilter::All, ResultFilter::All, ResultFilter::Failed]),
            order: Order { by: random.pick(&[SortKey::StartTime, SortKey::Duration]), ..Order::NEWEST_FIRST },
            start: Start::Offset(random.pick(&[0, 0, 5])),
            limit: 7,
            ..everything("1")
        };
        let answer = store.query(&query).unwrap();
        let mut expected: Vec<&Run> = runs.iter().filter(|run| query.matches(run, 0)).collect();
        assert_eq!(answer.total, expected.len() as u64, "seed {seed}: {keyword:?}");
        let by = |run: &Run| if query.order.by == SortKey::Duration { run.duration_us } else { 0 };
        expected.sort_by_key(|run| std::cmp::Reverse((by(run), run.start_ms)));
        let Start::Offset(offset) = query.start else { unreachable!() };
        for (row, run) in answer.rows.iter().zip(expected.iter().skip(offset as usize)) {
            assert_eq!((by(&row.run), row.run.start_ms), (by(run), run.start_ms), "seed {seed}: {keyword:?}");
            assert!(query.matches(&row.run, 0), "seed {seed}: {keyword:?}");
        }
        assert_eq!(answer.rows.len(), expected.len().saturating_sub(offset as usize).min(7));
        found += usize::from(!expected.is_empty());
    }
    assert!(found > 60, "only {found} keywords were found");
}

#[test]
fn keywords_in_small_stripes() {
    for seed in 0..4 {
        check(seed, &Options { memtable_max_rows: 300, segment_max_rows: 900, ..tiny() }, 900, seed == 0);
    }
}

#[test]
fn keywords_in_stripes_as_large_as_by_default() {
    let options = Options { background: false, ..Options::default() };
    check(7, &options, 3000, false);
    check(8, &Options { shape: Shape { stripe_rows: 900, ..Shape::default() }, ..options }, 2000, true);
}

/// Found by torture: a keyword with bytes of escaping matched across the place of a run's own id.
#[test]
fn bytes_of_escaping_do_not_match_across_an_id() {
    let mut random = Random(1);
    let store = Store::open_with(
        Arc::new(SimDisk::new(1)),
        Arc::new(ManualClock::at(NOW_MS)),
        Options { background: false, ..Options::default() },
    );
    let store = store.unwrap();
    let template = runs(&mut random, 1, false).remove(0);
    let id = template.request_id.clone();
    let log = format!("\u{1a}\u{2}{id}\u{1}error");
    store.append(vec![Run { log, ..template }]).unwrap();
    store.flush().unwrap();
    let total = |keyword: &str| {
        let query = Query { keyword: Some(keyword.to_owned()), ..Query::new(Scope::account("1")) };
        store.query(&query).unwrap().total
    };
    assert_eq!(total("\u{1a}\u{2}\u{1}error"), 0, "the id is between");
    assert_eq!(total(&format!("\u{1a}\u{2}{id}\u{1}error")), 1);
    assert_eq!(total("\u{1}error"), 1);
}

/// Texts with few numbers, so that the blocks that a cut number may lie in are told from the others.
#[test]
fn cut_numbers_are_found_without_reading_all_texts() {
    let random = &mut Random(5);
    let shape = Shape { text_block_bytes: 256, ..Shape::default() };
    let store = Store::open_with(
        Arc::new(SimDisk::new(1)),
        Arc::new(ManualClock::at(NOW_MS)),
        Options { background: false, shape, text_cache_bytes: 0, ..Options::default() },
    )
    .unwrap();
    let mut runs = runs(random, 1500, false);
    for run in &mut runs {
        let number = random.next() >> random.pick(&[40, 44, 48, 50]);
        let number = match random.below(8) {
            0 => format!("{number:x}"),
            1 => format!("{number:X}"),
            2 => format!("{number}ms"),
            3 => format!("v{number}"),
            4 => format!("{number:x}Z{}", number % 89),
            5 if random.chance(4) => format!("{number}{number:07}"),
            _ => number.to_string(),
        };
        run.log = format!("{}\nitems/{number} of orders\n", "all is well ".repeat(25));
    }
    store.append(runs.clone()).unwrap();
    store.flush().unwrap();
    let bytes = runs.iter().map(|run| run.log.len() as u64).sum::<u64>();
    let (mut read, mut unindexed) = (0, 0);
    for _ in 0..500 {
        let log = &random.pick(&runs).log;
        let (from, to) = (log.find("items/").unwrap() + "items/".len(), log.find(" of").unwrap());
        let length = random.pick(&[4, 5, 5, 6]).min(to - from);
        let keyword = match random.below(4) {
            0 => &log[from - 1..from + length],
            1 => &log[to - length..to + 2],
            2 => &log[from..from + length],
            _ => &log[to - length..to],
        };
        let query = Query { keyword: Some(keyword.to_owned()), ..everything("1") };
        let answer = store.query(&query).unwrap();
        let expected = runs.iter().filter(|run| query.matches(run, 0)).count();
        assert_eq!(answer.total, expected as u64, "{keyword:?}");
        // Such a number can be a part of many, but no id can have it.
        if keyword.strip_prefix('/').is_some_and(|number| number.bytes().all(|byte| byte.is_ascii_digit())) {
            read += answer.cost.bytes_read;
            unindexed += bytes;
        }
    }
    assert!(read < unindexed / 2, "{read} bytes were read, where without the index it would be {unindexed}");
}
