//! Histogram, facets and percentiles of all matching rows, from the query's own snapshot.
//!
//! Everything is counted by stream and return code first, and by bucket where there is a histogram; so what is shown
//! are sums of the same counts. Percentiles are selected afterwards, for as many groups of streams as are shown.

mod parts;
mod select;
mod tally;
mod values;

use std::collections::BTreeMap;

use runlog_core::{Answer, Facet, FacetSpec, FacetValue, Histogram, Percentiles, Query, Stream};

use super::accumulator::Accumulator;
use super::plan::Plan;
use super::source::Source;
use crate::error::Result;
use crate::state::Snapshot;
use tally::Tally;
use values::Values;

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
    let histogram = plan.query.histogram.map(|spec| Histogram::new(spec, plan.query.window)).transpose()?;
    let wants_values = plan.query.percentiles || plan.query.facets.as_ref().is_some_and(|spec| spec.percentiles);
    let mut tally = Tally::new(histogram, wants_values);
    tally.count_memory(plan, snapshot);
    let parts = parts::parts(plan, sources, listed)?;
    for part in &parts {
        tally.count_part(part, acc)?;
    }
    debug_assert_eq!(tally.total(), answer.total, "two ways of counting agree");
    let values = Values { parts: &parts, in_memory: &tally.values };
    if plan.query.percentiles {
        answer.percentiles = Some(percentiles(&tally, &values, |_| true, acc)?);
    }
    if let Some(spec) = &plan.query.facets {
        answer.facets = Some(facets(spec, &tally, &values, acc)?);
    }
    answer.histogram = tally.histogram.take();
    Ok(())
}

fn facets(spec: &FacetSpec, tally: &Tally, values: &Values<'_>, acc: &mut Accumulator) -> Result<Vec<Facet>> {
    let facet = |by: &runlog_core::FacetKey| {
        let mut counts: BTreeMap<FacetValue, u64> = BTreeMap::new();
        for (stream, codes) in &tally.streams {
            codes.iter().for_each(|(code, runs)| *counts.entry(by.value(stream, *code)).or_default() += runs);
        }
        let mut facet = Facet::new(*by, counts, spec.top);
        for count in facet.values.iter_mut().filter(|_| spec.percentiles && by.is_of_stream()) {
            let is_in = |stream: &Stream| by.value(stream, 0) == count.value;
            count.percentiles = Some(percentiles(tally, values, is_in, acc)?);
        }
        Ok(facet)
    };
    spec.by.iter().map(facet).collect()
}

/// Percentiles of the finished rows of some streams.
fn percentiles(
    tally: &Tally,
    values: &Values<'_>,
    is_in: impl Fn(&Stream) -> bool,
    acc: &mut Accumulator,
) -> Result<Percentiles> {
    let values = values.of(is_in);
    let codes = tally.streams.iter().filter(|(stream, _)| values.is_in(stream)).flat_map(|(_, codes)| codes);
    let (mut finished, mut failed) = (0, 0);
    for (code, runs) in codes.filter(|(code, _)| **code != runlog_core::RET_RUNNING) {
        finished += runs;
        failed += if *code == runlog_core::RET_OK { 0 } else { *runs };
    }
    if finished == 0 {
        return Ok(Percentiles::default());
    }
    let [duration, mem] = select::quantiles(finished, values.bounds(), |want, each| values.visit(want, each, acc))?;
    Ok(Percentiles { finished, failed, duration_us: Some(duration), mem_bytes: Some(mem) })
}
