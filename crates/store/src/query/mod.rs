//! Answering a query from one snapshot.
//!
//! Every source counts its matching rows and offers the best of them by key; only the rows of the page are fetched.

pub(crate) mod gather;
pub(crate) mod key;
pub(crate) mod memory;
pub(crate) mod plan;

use runlog_core::{Answer, Cursor, Query, Row, SortKey, Watermark};

use crate::codec::Malformed;
use crate::error::{Error, Result};
use crate::state::Snapshot;
use gather::{Gather, Location};
use key::Names;
use plan::Plan;

/// Answers a query. The caller fills in what it knows of the watermark and the time.
pub(crate) fn answer(snapshot: &Snapshot, query: &Query) -> Result<Answer> {
    let plan = Plan::new(query, snapshot, names(snapshot, query))?;
    let mut gather = Gather::new(plan.keep, plan.after);
    memory::scan(&plan, snapshot, &mut gather);
    let (total, cost) = (gather.total, gather.cost);
    let found = gather.into_rows();
    let page = found.iter().skip(plan.offset).take(query.limit);
    let mut rows = page.map(|found| fetch(snapshot, found.at)).collect::<Result<Vec<Row>>>()?;
    let more = found.len().saturating_sub(plan.offset) > query.limit;
    rows.shrink_to_fit();
    let next = rows.last().filter(|_| more).map(|row| Cursor::after(row, query.order));
    let watermark = Watermark { seq: snapshot.seq, ..Watermark::default() };
    Ok(Answer { rows, total, next, watermark, cost })
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
    Names::of(streams.iter().map(|stream| &**stream).filter(|stream| query.scope.matches(stream)))
}

fn fetch(snapshot: &Snapshot, at: Location) -> Result<Row> {
    let row = match at {
        Location::Memtable(number, place) => {
            let table = snapshot.tables.get(number as usize).ok_or(Malformed("no such memtable"));
            table.and_then(|table| table.read().row(place))
        }
        Location::Flight(number) => {
            let flight = snapshot.flights.get(number as usize).ok_or(Malformed("no such run in flight"));
            flight.and_then(|flight| flight.record().ok_or(Malformed("no report"))?.to_row(&flight.stream))
        }
        Location::Segment(..) => Err(Malformed("no such segment")),
    };
    row.map_err(Error::damaged("memory"))
}
