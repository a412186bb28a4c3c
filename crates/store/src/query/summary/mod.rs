//! Histogram, facets and percentiles of all matching rows, from the query's own snapshot.
//!
//! Everything is counted by stream and return code first, and by bucket where there is a histogram; so what is shown
//! are sums of the same counts. Percentiles are selected afterwards, for as many groups of streams as are shown.

mod parts;
mod select;
mod tally;
mod values;

use std::collections::{BTreeMap, HashMap};

use runlog_core::{
    Answer, BucketQuantiles, Facet, FacetSpec, FacetValue, Histogram, Percentiles, Quantiles, Query, Stream, Window,
};

use super::accumulator::Accumulator;
use super::plan::Plan;
use super::source::Source;
use crate::error::Result;
use crate::state::Snapshot;
use parts::Part;
use tally::{InMemory, Tally};
use values::{Buckets, Group, Values};

/// Whether a query asks for anything of all matching rows beside their number.
pub(crate) fn is_wanted(query: &Query) -> bool {
    query.histogram.is_some() || query.facets.is_some() || query.percentiles
}

/// Fills in what the query asks for. `listed` are the matching rows of segments, by the segment's number in the
/// snapshot, where texts decided about them; in order.
pub(crate) fn fill(
    answer: &mut Answer,
    plan: &Plan<'_>,
    snapshot: &Snapshot,
    sources: &[Source<'_>],
    listed: Option<&[(u32, u32)]>,
    acc: &mut Accumulator,
) -> Result<()> {
    let query = plan.query;
    let histogram = query.histogram.map(|spec| Histogram::new(spec, query.window)).transpose()?;
    let of_facets = query.facets.as_ref().is_some_and(|spec| spec.percentiles);
    let of_buckets = query.bucket_percentiles && histogram.is_some();
    let mut tally = Tally::new(histogram, query.percentiles || of_facets || of_buckets);
    tally.count_memory(plan, snapshot);
    let parts = parts::parts(plan, sources, listed)?;
    for part in &parts {
        tally.count_part(part, acc)?;
    }
    debug_assert_eq!(tally.total(), answer.total, "two ways of counting agree");
    if query.percentiles {
        let all = [Finished::of(tally.streams.values())];
        answer.percentiles = percentiles(&all, |_| Some(0), &tally, &parts, acc)?.pop();
    }
    if let Some(spec) = &query.facets {
        answer.facets = Some(facets(spec, &tally, &parts, acc)?);
    }
    let quantiles = if of_buckets { bucket_quantiles(&tally, query.window, &parts, acc)? } else { Vec::new() };
    answer.histogram = tally.histogram.take();
    let buckets = answer.histogram.iter_mut().flat_map(|histogram| &mut histogram.buckets);
    buckets.zip(quantiles).for_each(|(bucket, quantiles)| bucket.quantiles = quantiles);
    Ok(())
}

fn facets(spec: &FacetSpec, tally: &Tally, parts: &[Part<'_>], acc: &mut Accumulator) -> Result<Vec<Facet>> {
    let facet = |by: &runlog_core::FacetKey| {
        let mut counts: BTreeMap<FacetValue, u64> = BTreeMap::new();
        for (stream, codes) in &tally.streams {
            codes.iter().for_each(|(code, runs)| *counts.entry(by.value(stream, *code)).or_default() += runs);
        }
        let mut facet = Facet::new(*by, counts, spec.top);
        if spec.percentiles && by.is_of_stream() {
            let numbers = facet.values.iter().map(|count| count.value.clone()).zip(0..);
            let numbers: HashMap<FacetValue, usize> = numbers.collect();
            let group = |stream: &Stream| numbers.get(&by.value(stream, 0)).copied();
            let mut finished = vec![Finished::default(); facet.values.len()];
            for (stream, codes) in &tally.streams {
                let of_group = group(stream).and_then(|group| finished.get_mut(group));
                of_group.into_iter().for_each(|finished| finished.add(codes));
            }
            let found = percentiles(&finished, group, tally, parts, acc)?;
            facet.values.iter_mut().zip(found).for_each(|(count, found)| count.percentiles = Some(found));
        }
        Ok(facet)
    };
    spec.by.iter().map(facet).collect()
}

/// How many runs have finished.
#[derive(Clone, Copy, Debug, Default)]
struct Finished {
    runs: u64,
    failed: u64,
}

impl Finished {
    fn of<'a>(streams: impl Iterator<Item = &'a BTreeMap<i32, u64>>) -> Self {
        let mut all = Self::default();
        streams.for_each(|codes| all.add(codes));
        all
    }

    /// Adds numbers of runs by return code.
    fn add(&mut self, codes: &BTreeMap<i32, u64>) {
        for (code, runs) in codes.iter().filter(|(code, _)| **code != runlog_core::RET_RUNNING) {
            self.runs += runs;
            self.failed += if *code == runlog_core::RET_OK { 0 } else { *runs };
        }
    }
}

/// Percentiles of groups of streams, each of which has as many finished rows as `finished` says. Neighbouring groups
/// are selected together, as many as fit into memory: so most are read once.
fn percentiles<'a>(
    finished: &[Finished],
    group: impl Fn(&Stream) -> Option<usize>,
    tally: &'a Tally,
    parts: &'a [Part<'a>],
    acc: &mut Accumulator,
) -> Result<Vec<Percentiles>> {
    let grouped = |part: &'_ Part<'_>| group(part.stream);
    let of_parts: Vec<Option<usize>> = parts.iter().map(grouped).collect();
    let in_memory: Vec<Option<usize>> = tally.values.iter().map(|(stream, _)| group(stream)).collect();
    let mut found = Vec::new();
    while found.len() < finished.len() {
        let (first, mut values) = (found.len(), 0);
        let fits = |of: &&Finished| {
            // Of each row its duration and its memory.
            values += 2 * of.runs;
            values <= select::GATHER_MAX
        };
        let rest = finished.get(first..).unwrap_or_default();
        let groups = rest.get(..rest.iter().take_while(fits).count().max(1)).unwrap_or_default();
        let place = |group: &Option<usize>| {
            let number = group.and_then(|group| group.checked_sub(first)).filter(|number| *number < groups.len());
            number.map(Group::One)
        };
        let of_part = |(group, part)| Some((place(group)?, part));
        let of_rows = |(group, rows): (_, &'a [InMemory])| Some((place(group)?, rows));
        let rows = tally.values.iter().map(|(_, rows)| rows.as_slice());
        let values = Values {
            parts: of_parts.iter().zip(parts).filter_map(of_part).collect(),
            in_memory: in_memory.iter().zip(rows).filter_map(of_rows).collect(),
        };
        let counts: Vec<u64> = groups.iter().map(|of| of.runs).collect();
        let quantiles = values.quantiles(&counts, acc)?;
        found.extend(groups.iter().zip(quantiles).map(|(finished, quantiles)| Percentiles {
            finished: finished.runs,
            failed: finished.failed,
            duration_us: quantiles.map(|[duration, _]| duration),
            mem_bytes: quantiles.map(|[_, mem]| mem),
        }));
    }
    Ok(found)
}

/// Percentiles of each bucket of the histogram.
fn bucket_quantiles(
    tally: &Tally,
    window: Window,
    parts: &[Part<'_>],
    acc: &mut Accumulator,
) -> Result<Vec<Option<BucketQuantiles>>> {
    let Some(histogram) = &tally.histogram else { return Ok(Vec::new()) };
    let buckets = Buckets { histogram, window };
    let values = Values {
        parts: parts.iter().map(|part| (Group::Buckets(&buckets), part)).collect(),
        in_memory: tally.values.iter().map(|(_, rows)| (Group::Buckets(&buckets), rows.as_slice())).collect(),
    };
    let counts: Vec<u64> = histogram.buckets.iter().map(|bucket| bucket.ok + bucket.failed).collect();
    let of_bucket = |[duration_us, mem_bytes]: [Quantiles; 2]| BucketQuantiles { duration_us, mem_bytes };
    Ok(values.quantiles(&counts, acc)?.into_iter().map(|found| found.map(of_bucket)).collect())
}
