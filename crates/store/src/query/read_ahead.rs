//! The rows at some places, read a few at a time in the order of their files, and given in the order of the places.
//!
//! Neighbours in a file share blocks, and memory that is near. So a window of places is sorted, read, and put in order
//! again. What is read ahead is bounded: when it weighs too much, the rows that come last are dropped, to be read
//! again in their turn, and the next window is of another size. The text block read last is kept for each stream,
//! since the next window often goes on there.

use std::sync::Arc;

use runlog_core::{Columns, Row, Stream};

use super::accumulator::Location;
use super::stream_texts::StreamTexts;
use crate::codec::Malformed;
use crate::error::{Error, Result};
use crate::in_flight::InFlightRun;
use crate::memtable::OwnReport;
use crate::options::PAGE_TEXTS_MAX_BYTES;
use crate::record::Record;
use crate::segment::Segment;
use crate::state::Snapshot;

/// Places of the first window: those of a page on a screen.
const WINDOW_FIRST: usize = 32;

/// Places of the largest window.
const WINDOW_MAX: usize = 4096;

/// What rows that are read ahead may weigh, but for one row.
const WINDOW_MAX_BYTES: usize = 4 << 20;

/// The rows that are still to be given. It holds on to what they are read from: the segments, and of memory only the
/// groups of the log that these rows are in.
pub(crate) struct ReadAhead {
    segments: Arc<Vec<Arc<Segment>>>,
    columns: Columns,
    places: Vec<Place>,
    /// Places that were read.
    at: usize,
    /// Rows read ahead, and how many of them were given.
    ready: Vec<Option<Row>>,
    given: usize,
    window: usize,
    texts: StreamTexts,
}

/// What a row is read from.
enum Place {
    /// The row of the segment of this number.
    Segment(usize, u32),
    /// A report of a memtable.
    Report(OwnReport),
    Flight(Arc<InFlightRun>),
}

impl ReadAhead {
    pub(crate) fn new(
        snapshot: &Snapshot,
        columns: Columns,
        places: impl ExactSizeIterator<Item = Location>,
    ) -> Result<Self> {
        let places = places.map(|at| place(snapshot, at)).collect::<std::result::Result<Vec<_>, _>>();
        Ok(Self {
            segments: Arc::clone(&snapshot.segments),
            columns,
            places: places.map_err(Error::damaged("memory"))?,
            at: 0,
            ready: Vec::new(),
            given: 0,
            window: WINDOW_FIRST,
            texts: StreamTexts::keeping(PAGE_TEXTS_MAX_BYTES),
        })
    }

    /// The next row. Reads ahead no more than weighs `max_bytes`, but for one row. An error is that of the next row;
    /// those before it were given.
    pub(crate) fn next(&mut self, max_bytes: usize) -> Result<Option<Row>> {
        if self.given == self.ready.len() && self.at < self.places.len() {
            self.fill(max_bytes.min(WINDOW_MAX_BYTES))?;
        }
        let Some(slot) = self.ready.get_mut(self.given) else { return Ok(None) };
        self.given += 1;
        Ok(slot.take())
    }

    /// Takes back the row that was given last.
    pub(crate) fn give_back(&mut self, row: Row) {
        self.given -= 1;
        self.ready[self.given] = Some(row);
    }

    /// Rows that are left.
    pub(crate) fn len(&self) -> usize {
        self.ready.len() - self.given + self.places.len() - self.at
    }

    /// Blocks and bytes of text that were decompressed.
    pub(crate) fn read_texts(&self) -> (u64, u64) {
        self.texts.read()
    }

    fn fill(&mut self, max_bytes: usize) -> Result<()> {
        let first = self.at;
        let here = self.places.get(first..).unwrap_or_default();
        let here = here.get(..self.window).unwrap_or(here);
        let order = in_file_order(here);
        let mut rows = Window::new(std::mem::take(&mut self.ready), order.len());
        for index in order {
            if index >= rows.end {
                continue;
            }
            match self.read(first + index) {
                Ok(row) => rows.put(index, row),
                Err(error) if index == 0 => return Err(error),
                Err(_) => rows.cut(index),
            }
            rows.shrink(max_bytes);
        }
        // As many as would fit of rows like these, and an eighth more: what is read and dropped is read twice.
        let fit = rows.end.saturating_mul(max_bytes) / rows.bytes.max(1);
        self.window = (fit + fit / 8 + 1).min(2 * self.window).min(WINDOW_MAX);
        self.at += rows.end;
        rows.slots.truncate(rows.end);
        (self.ready, self.given) = (rows.slots, 0);
        Ok(())
    }

    fn read(&mut self, at: usize) -> Result<Row> {
        let columns = self.columns;
        let in_memory = |record: std::result::Result<Record<'_>, Malformed>, stream: &Arc<Stream>| {
            record.and_then(|record| wanted(record, columns).to_row(stream)).map_err(Error::damaged("memory"))
        };
        match self.places.get(at) {
            Some(Place::Segment(number, row)) => {
                let segment = self.segments.get(*number).ok_or(Malformed("no such segment"));
                let segment = segment.map_err(Error::damaged("memory"))?;
                if !columns.has_texts() {
                    return segment.row_without_texts(*row);
                }
                self.texts.with((*number, segment), *row, |texts| segment.row(*row, columns, texts))
            }
            Some(Place::Report(report)) => in_memory(report.record(), &report.stream),
            Some(Place::Flight(flight)) if columns.log => in_memory(Ok(flight.whole()), &flight.stream),
            Some(Place::Flight(flight)) => in_memory(Ok(flight.head()), &flight.stream),
            None => Err(Malformed("no such place")).map_err(Error::damaged("memory")),
        }
    }
}

/// The rows of a window, by their numbers there.
struct Window {
    slots: Vec<Option<Row>>,
    /// All rows before this are read, or will be.
    end: usize,
    rows: usize,
    bytes: usize,
}

impl Window {
    /// An empty one of `count` rows, in the memory of another.
    fn new(mut slots: Vec<Option<Row>>, count: usize) -> Self {
        slots.clear();
        slots.resize_with(count, || None);
        Self { slots, end: count, rows: 0, bytes: 0 }
    }

    fn put(&mut self, index: usize, row: Row) {
        self.rows += 1;
        self.bytes += row.weight_bytes();
        self.slots[index] = Some(row);
    }

    /// Drops the rows from a number on.
    fn cut(&mut self, end: usize) {
        for row in self.slots.drain(end..).flatten() {
            self.rows -= 1;
            self.bytes -= row.weight_bytes();
        }
        self.end = end;
    }

    /// Drops the last rows until the others weigh no more than `max_bytes`, or one is left.
    fn shrink(&mut self, max_bytes: usize) {
        while self.bytes > max_bytes && self.rows > 1 {
            let last = self.slots.iter().rposition(Option::is_some).expect("rows are counted");
            self.cut(last);
        }
    }
}

/// The numbers of some places in the order of their files, from the end that the first place is nearer to.
fn in_file_order(places: &[Place]) -> Vec<usize> {
    let key = |place: &Place| match place {
        Place::Segment(number, row) => (*number, *row),
        Place::Report(_) | Place::Flight(_) => (usize::MAX, 0),
    };
    let mut numbers: Vec<(usize, u32, usize)> =
        places.iter().map(key).zip(0..).map(|((segment, row), number)| (segment, row, number)).collect();
    numbers.sort_unstable();
    if places.first().map(key) > places.last().map(key) {
        numbers.reverse();
    }
    numbers.into_iter().map(|(.., number)| number).collect()
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
