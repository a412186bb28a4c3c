//! The rows of a page, read in its order and only as far as they are wanted.
//!
//! A page holds on to what its rows are read from: the segments, and of memory only the groups of the log that its own
//! rows are in. Rows of one stream are neighbours in its text blocks, so the block read last is kept for each
//! stream; rows that are read one by one do not decompress it again.

use std::sync::Arc;

use runlog_core::{Columns, Cost, Cursor, Order, Query, Row, Stream};

use super::accumulator::{Found, Location};
use super::stream_texts::StreamTexts;
use crate::codec::Malformed;
use crate::error::{Error, Result};
use crate::in_flight::InFlightRun;
use crate::memtable::OwnReport;
use crate::options::PAGE_TEXTS_MAX_BYTES;
use crate::record::Record;
use crate::segment::Segment;
use crate::state::Snapshot;

/// A page whose rows are found, and not read yet.
pub(crate) struct Page {
    segments: Arc<Vec<Arc<Segment>>>,
    /// Rows not read yet.
    places: std::vec::IntoIter<Place>,
    order: Order,
    columns: Columns,
    max_bytes: Option<usize>,
    /// What the rows given so far weigh; `None` before the first.
    given_bytes: Option<usize>,
    /// A row that was read and did not fit.
    spare: Option<Row>,
    /// Whether rows match after those of the page.
    is_followed: bool,
    /// Continues after the last row given.
    given: Option<Cursor>,
    texts: StreamTexts,
    failed: Option<Error>,
}

/// What a row is read from.
enum Place {
    /// The row of the segment of this number.
    Segment(usize, u32),
    /// A report of a memtable.
    Report(OwnReport),
    Flight(Arc<InFlightRun>),
}

impl Page {
    /// The rows at `found`, which match the query; `is_followed` if others match after them.
    pub(crate) fn new(snapshot: &Snapshot, query: &Query, found: &[Found], is_followed: bool) -> Result<Self> {
        let places = found.iter().map(|found| place(snapshot, found.at)).collect::<std::result::Result<Vec<_>, _>>();
        Ok(Self {
            segments: Arc::clone(&snapshot.segments),
            places: places.map_err(Error::damaged("memory"))?.into_iter(),
            order: query.order,
            columns: query.columns,
            max_bytes: query.page_max_bytes,
            given_bytes: None,
            spare: None,
            is_followed,
            given: None,
            texts: StreamTexts::keeping(PAGE_TEXTS_MAX_BYTES),
            failed: None,
        })
    }

    /// The next rows that weigh no more than `max_bytes` together, but at least one; none at the page's end. After an
    /// error, only that error.
    pub(crate) fn next_batch(&mut self, max_bytes: usize) -> Result<Vec<Row>> {
        self.failed.clone().map_or(Ok(()), Err)?;
        let mut rows: Vec<Row> = Vec::new();
        let mut bytes: usize = 0;
        while let Some(row) = self.next_row().inspect_err(|error| self.failed = Some(error.clone()))? {
            let weight = row.weight_bytes();
            let on_page = self.given_bytes.map_or(0, |given| given.saturating_add(weight));
            if self.max_bytes.is_some_and(|max_bytes| on_page > max_bytes) {
                self.places = Vec::new().into_iter();
                self.is_followed = true;
                break;
            }
            if !rows.is_empty() && bytes.saturating_add(weight) > max_bytes {
                self.spare = Some(row);
                break;
            }
            bytes = bytes.saturating_add(weight);
            self.given_bytes = Some(self.given_bytes.unwrap_or(0).saturating_add(weight));
            rows.push(row);
        }
        if let Some(last) = rows.last() {
            self.given = Some(Cursor::after(last, self.order));
        }
        Ok(rows)
    }

    /// Continues after the last row given; `None` if no row follows it.
    pub(crate) fn cursor(&self) -> Option<Cursor> {
        let has_more = self.is_followed || self.spare.is_some() || self.places.len() > 0;
        self.given.clone().filter(|_| has_more)
    }

    /// What reading texts took.
    pub(crate) fn cost(&self) -> Cost {
        let (blocks_read, bytes_read) = self.texts.read();
        Cost { blocks_read, bytes_read, ..Cost::default() }
    }

    fn next_row(&mut self) -> Result<Option<Row>> {
        if let Some(row) = self.spare.take() {
            return Ok(Some(row));
        }
        let Some(place) = self.places.next() else { return Ok(None) };
        let columns = self.columns;
        let in_memory = |record: std::result::Result<Record<'_>, Malformed>, stream: &Arc<Stream>| {
            record.and_then(|record| wanted(record, columns).to_row(stream)).map_err(Error::damaged("memory"))
        };
        let row = match place {
            Place::Segment(number, row) => self.stored(number, row),
            Place::Report(report) => in_memory(report.record(), &report.stream),
            Place::Flight(flight) if columns.log => in_memory(Ok(flight.whole()), &flight.stream),
            Place::Flight(flight) => in_memory(Ok(flight.head()), &flight.stream),
        };
        row.map(Some)
    }

    fn stored(&mut self, number: usize, row: u32) -> Result<Row> {
        let segment = self.segments.get(number).ok_or(Malformed("no such segment"));
        let segment = segment.map_err(Error::damaged("memory"))?;
        if !self.columns.has_texts() {
            return segment.row_without_texts(row);
        }
        let (_, stream_end) = segment.stream_of(row)?;
        let columns = self.columns;
        self.texts.with((number, stream_end), |texts| segment.row(row, columns, texts))
    }
}

fn place(snapshot: &Snapshot, at: Location) -> std::result::Result<Place, Malformed> {
    Ok(match at {
        Location::Segment(number, row) => Place::Segment(number as usize, row),
        Location::Memtable(number, place) => {
            let table = snapshot.tables.get(number as usize).ok_or(Malformed("no such memtable"))?.read();
            Place::Report(table.own_report(place)?)
        }
        Location::Flight(number) => {
            let flight = snapshot.flights.get(number as usize).ok_or(Malformed("no such run in flight"))?;
            Place::Flight(Arc::clone(flight))
        }
    })
}

/// The record with the wanted texts alone.
fn wanted(record: Record<'_>, columns: Columns) -> Record<'_> {
    let text = |is_wanted, text| if is_wanted { text } else { Default::default() };
    Record {
        ret_msg: text(columns.ret_msg, record.ret_msg),
        log: text(columns.log, record.log),
        level: text(columns.level, record.level),
        source: text(columns.source, record.source),
        ..record
    }
}
