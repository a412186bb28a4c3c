//! Histograms, facets and percentiles of streams that are long beside their blocks, so that whole runs of blocks and
//! whole superblocks are counted without being read: equal to the reference engine's.

mod common;

use std::sync::Arc;

use common::{NOW_MS, Pair, Random, Step, compare, query, run, tiny};
use proptest::prelude::*;
use runlog_core::{FacetKey, FacetSpec, HistogramSpec, Query, ResultFilter, Run, Scope, Stream, Window};
use runlog_store::Options;

const SPAN_MS: u64 = 4000;

/// One of two streams, mostly the first; few return codes, so that all are counted, unless one is rare.
fn one(random: &mut Random, number: u64, codes: &[i32]) -> Run {
    let function = random.pick(&["f", "f", "f", "g"]).to_owned();
    let name = || "a".to_owned();
    let stream = Stream { account: "1".into(), region: name(), namespace: name(), function, qualifier: name() };
    // Now and then many start at once.
    let start = if random.chance(3) { 1000 } else { random.below(SPAN_MS) };
    Run {
        stream: Arc::new(stream),
        request_id: format!("{number}"),
        start_ms: NOW_MS - SPAN_MS as i64 + start as i64,
        duration_us: random.below(300),
        mem_bytes: random.below(4) << 20,
        ret_code: random.pick(codes),
        ..run(random)
    }
}

fn ask(random: &mut Random, rows: u64) -> Query {
    let from = NOW_MS - SPAN_MS as i64;
    let (a, b) = (from + random.below(SPAN_MS) as i64, from + random.below(SPAN_MS) as i64);
    let window = random.pick(&[
        Window { start_ms: a.min(b), end_ms: a.max(b) },
        Window { start_ms: from, end_ms: NOW_MS },
        Window { start_ms: from - 1_000_000, end_ms: NOW_MS + 1_000_000 },
    ]);
    let mut scope = Scope::account("1");
    scope.function = random.pick(&[None, None, Some("f".to_owned())]);
    let by = vec![FacetKey::Function, FacetKey::RetCode, FacetKey::State];
    Query {
        window,
        result: random.pick(&[ResultFilter::All, ResultFilter::All, ResultFilter::Ok, ResultFilter::Failed]),
        limit: 1,
        as_of: if random.chance(3) { Some(random.below(rows)) } else { None },
        histogram: Some(HistogramSpec::Buckets(random.pick(&[1, 2, 3, 7, 40, 500]))),
        bucket_percentiles: random.chance(2),
        facets: Some(FacetSpec { by, top: 5, percentiles: random.chance(2) }),
        percentiles: random.chance(2),
        keyword: if random.chance(8) { Some("error".into()) } else { None },
        ..Query { order: query(random).order, ..Query::new(scope) }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn long_streams_are_summed_up_without_being_read(seed in any::<u64>()) {
        let mut random = Random(seed);
        let options = Options { memtable_max_rows: 300, segment_max_rows: 400, ..tiny() };
        let mut pair = Pair::new(options);
        let codes: &[i32] = random.pick(&[&[0, 0, 0, 1, 430][..], &[0][..], &[0, 0, 2, 3, 5, 6, 7, 8][..]]);
        let rows = 200 + random.below(700);
        let runs: Vec<Run> = (0..rows).map(|number| one(&mut random, number, codes)).collect();
        for batch in runs.chunks(150) {
            pair.step(&Step::Append(batch.to_vec()));
        }
        pair.step(&random.pick(&[Step::Flush, Step::Wait(0)]));
        for _ in 0..2 {
            for _ in 0..25 {
                compare(pair.store(), &pair.naive, &ask(&mut random, rows));
            }
            pair.step(&Step::Merge);
        }
    }
}
