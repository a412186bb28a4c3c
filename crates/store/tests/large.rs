//! The shape that real segments have: thousands of rows, blocks and superblocks as large as by default, more return
//! codes than are counted, answers equal to the reference engine's.

mod common;

use common::{NOW_MS, Pair, Random, Step, compare, histogram, query, run};
use runlog_core::{Query, ResultFilter, Run, Start, Window};
use runlog_store::{Options, Shape};

fn large(options: &Options) {
    let mut pair = Pair::new(Options { background: false, memtable_max_rows: 4000, ..options.clone() });
    let mut random = Random(5);
    let ids = &mut 0u64;
    let mut make = |random: &mut Random| {
        *ids += 1;
        Run {
            request_id: format!("{:08x}-4f89-41d3-9a0c-0305e82c3301", *ids),
            start_ms: NOW_MS - (random.below(20_000_000) as i64),
            duration_us: random.below(1 << 20),
            mem_bytes: random.below(64) << 20,
            ret_code: if random.chance(12) { random.below(40) as i32 } else { 0 },
            ..run(random)
        }
    };
    for _ in 0..24 {
        // The reference engine looks for duplicates one by one, so the ids of this test are all different.
        let runs: Vec<Run> = (0..500).map(|_| make(&mut random)).collect();
        pair.step(&Step::Append(runs));
    }
    for round in 0..3 {
        for _ in 0..30 {
            compare(pair.store(), &pair.naive, &large_query(&mut random));
        }
        match round {
            0 => pair.step(&Step::Flush),
            _ => pair.step(&Step::Merge),
        }
    }
    pair.compare_all();
}

fn large_query(random: &mut Random) -> Query {
    let query = query(random);
    let (from, to) = (random.below(20_000_000) as i64, random.below(20_000_000) as i64);
    let window = Window { start_ms: NOW_MS - from.max(to), end_ms: NOW_MS - from.min(to) };
    let window = if random.chance(3) { Window::ALL } else { window };
    Query {
        window,
        histogram: histogram(random, window),
        result: if random.chance(4) { ResultFilter::Codes(vec![7, 39]) } else { query.result },
        keyword: None,
        request_id: None,
        start: Start::Offset(random.pick(&[0, 0, 40, 3000])),
        limit: random.pick(&[1, 20, 300]),
        as_of: if random.chance(3) { Some(random.below(12_000)) } else { None },
        ..query
    }
}

#[test]
fn blocks_as_large_as_by_default() {
    large(&Options::default());
}

#[test]
fn many_superblocks() {
    large(&Options {
        shape: Shape { block_rows: 32, super_blocks: 8, text_block_bytes: 4096, stripe_rows: 700 },
        segment_max_rows: 5000,
        ..Options::default()
    });
}
