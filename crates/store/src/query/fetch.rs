//! Fetching the rows of a page, each text block once.

use runlog_core::Row;

use super::accumulator::{Accumulator, Found, Location};
use crate::codec::Malformed;
use crate::error::{Error, Result};
use crate::segment::TextCache;
use crate::state::Snapshot;

/// The rows, in the order of `page`.
pub(crate) fn fetch(snapshot: &Snapshot, page: &[Found], acc: &mut Accumulator) -> Result<Vec<Row>> {
    let mut rows: Vec<(usize, Row)> = Vec::with_capacity(page.len());
    let mut stored: Vec<(u32, u32, usize)> = Vec::new();
    for (place, found) in page.iter().enumerate() {
        match found.at {
            Location::Segment(segment, row) => stored.push((segment, row, place)),
            _ => rows.push((place, in_memory(snapshot, found.at).map_err(Error::damaged("memory"))?)),
        }
    }
    stored.sort_unstable();
    for of_segment in stored.chunk_by(|a, b| a.0 == b.0) {
        let mut texts = TextCache::keeping();
        for (segment, row, place) in of_segment {
            let segment = snapshot.segments.get(*segment as usize).ok_or(Malformed("no such segment"));
            rows.push((*place, segment.map_err(Error::damaged("memory"))?.row(*row, &mut texts)?));
        }
        acc.read_texts(&texts);
    }
    rows.sort_unstable_by_key(|(place, _)| *place);
    Ok(rows.into_iter().map(|(_, row)| row).collect())
}

fn in_memory(snapshot: &Snapshot, at: Location) -> std::result::Result<Row, Malformed> {
    match at {
        Location::Memtable(number, place) => {
            let table = snapshot.tables.get(number as usize).ok_or(Malformed("no such memtable"))?;
            table.read().row(place)
        }
        Location::Flight(number) => {
            let flight = snapshot.flights.get(number as usize).ok_or(Malformed("no such run in flight"))?;
            flight.record().ok_or(Malformed("no report"))?.to_row(&flight.stream)
        }
        Location::Segment(..) => Err(Malformed("no such row in memory")),
    }
}
