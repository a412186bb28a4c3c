//! Answering a query from one snapshot.
//!
//! Every source counts its matching rows and offers the first of them by key; only the rows of the page are fetched.

mod accumulator;
mod by_id;
mod count;
mod filter;
mod key;
mod keyword;
mod memory;
pub(crate) mod page;
pub(crate) mod plan;
mod ranges;
mod read_ahead;
pub(crate) mod since;
mod source;
mod stream_texts;
mod summary;
mod top_k;

use runlog_core::{Answer, Query, SortKey, Stream, Watermark};

use crate::error::Result;
use crate::state::Snapshot;
use accumulator::Accumulator;
use filter::Filter;
use key::Names;
use page::Page;
use plan::Plan;
use source::Source;

/// Answers a query but for the rows, which the page gives. The caller fills in the rest of the watermark and the time.
pub(crate) fn open(snapshot: &Snapshot, query: &Query) -> Result<(Answer, Page)> {
    let plan = Plan::new(query, snapshot, names(snapshot, query))?;
    let mut acc = Accumulator::new(plan.keep, plan.after);
    let sums_up = summary::is_wanted(query);
    acc.listed = (sums_up && plan.needs_texts()).then(Vec::new);
    memory::scan(&plan, snapshot, &mut acc);
    let mut sources = sources(&plan, snapshot)?;
    if query.request_id.is_none() {
        keyword::find(&plan, &mut sources, &mut acc)?;
    }
    scan_segments(&plan, &sources, &mut acc)?;
    let found = acc.take_rows(plan.offset);
    let is_followed = found.len() > query.limit;
    let page = Page::new(snapshot, query, found.get(..query.limit).unwrap_or(&found), is_followed)?;
    let watermark = Watermark { seq: snapshot.seq, ..Watermark::default() };
    let mut answer = Answer { total: acc.total, watermark, ..Answer::default() };
    if sums_up {
        let mut listed = acc.listed.take();
        listed.iter_mut().for_each(|listed| listed.sort_unstable());
        summary::fill(&mut answer, &plan, snapshot, &sources, listed.as_deref(), &mut acc)?;
    }
    answer.cost = acc.cost;
    Ok((answer, page))
}

/// The parts of segments that are in question.
fn sources<'a>(plan: &Plan<'a>, snapshot: &'a Snapshot) -> Result<Vec<Source<'a>>> {
    let mut sources = Vec::new();
    if !plan.wants_finished() {
        return Ok(sources);
    }
    for (number, segment) in (0..).zip(snapshot.segments.iter()) {
        let Some(filter) = Filter::new(plan, segment) else { continue };
        let ranges = ranges::ranges(plan, segment)?;
        if !ranges.is_empty() {
            sources.push(Source { filter, number, ranges, matches: None });
        }
    }
    Ok(sources)
}

fn scan_segments<'a>(plan: &'a Plan<'a>, sources: &'a [Source<'a>], acc: &mut Accumulator) -> Result<()> {
    if let Some(request_id) = &plan.query.request_id {
        return sources.iter().try_for_each(|source| by_id::scan_id(plan, source, request_id, acc));
    }
    if plan.keyword.is_some() {
        return keyword::offer(plan, sources, acc);
    }
    for Source { filter, ranges, .. } in sources {
        ranges.iter().try_for_each(|range| count::count(filter, &range.rows, acc))?;
    }
    top_k::search(plan, sources, acc)
}

/// The function names that matter to the order.
fn names(snapshot: &Snapshot, query: &Query) -> Names {
    if query.order.by != SortKey::FunctionName {
        return Names::default();
    }
    let mut streams: Vec<_> = snapshot.flights.iter().map(|flight| flight.stream.clone()).collect();
    for table in &snapshot.tables {
        streams.extend(table.read().slots().iter().map(|slot| slot.stream.clone()));
    }
    let stored = snapshot.segments.iter().flat_map(|segment| &segment.footer.streams).map(|rows| &*rows.stream);
    let all = streams.iter().map(|stream| &**stream).chain(stored);
    Names::of(all.filter(|stream: &&Stream| query.scope.matches(stream)))
}
