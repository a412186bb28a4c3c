//! Places in an order as three numbers, so that rows, blocks and cursors are compared alike.
//!
//! A key is (value, start, sequence number), turned so that *larger comes first*: as it is for descending order, each
//! number complemented for ascending. The value is a duration, a memory size, the rank of a function's name, or 0.

use std::collections::BTreeSet;

use runlog_core::{Cursor, Direction, Order, SortKey, SortValue, Stream};

use crate::record::Facts;

/// A place in an order; the largest comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key([u64; 3]);

impl Key {
    /// A key from its numbers in ascending sense.
    pub(crate) fn new(direction: Direction, value: u64, start_ms: u64, seq: u64) -> Self {
        match direction {
            Direction::Desc => Self([value, start_ms, seq]),
            Direction::Asc => Self([!value, !start_ms, !seq]),
        }
    }

    /// The first key that a row with this value can have.
    pub(crate) fn best(direction: Direction, value: u64) -> Self {
        match direction {
            Direction::Desc => Self([value, u64::MAX, u64::MAX]),
            Direction::Asc => Self([!value, u64::MAX, u64::MAX]),
        }
    }

    /// The least and the greatest value of the rows that can have this key or a larger one.
    pub(crate) fn values(self, direction: Direction) -> (u64, u64) {
        let Self([value, ..]) = self;
        match direction {
            Direction::Desc => (value, u64::MAX),
            Direction::Asc => (0, !value),
        }
    }

    /// The key of a row; `rank` is the rank of its function's name.
    pub(crate) fn of(order: Order, facts: &Facts, rank: u64) -> Self {
        let value = match order.by {
            SortKey::StartTime => 0,
            SortKey::Duration => facts.duration_us,
            SortKey::MemUsage => facts.mem_bytes,
            SortKey::FunctionName => rank,
        };
        Self::new(order.direction, value, start(facts.start_ms), facts.seq)
    }

    /// The key of the row that a cursor names.
    pub(crate) fn of_cursor(cursor: &Cursor, names: &Names) -> Self {
        let value = match &cursor.value {
            SortValue::Start => 0,
            SortValue::Number(number) => *number,
            SortValue::Name(namespace, function) => names.rank(namespace, function),
        };
        Self::new(cursor.order.direction, value, start(cursor.start_ms), cursor.seq)
    }
}

/// A start as a number that sorts alike. Accepted starts are never negative; cursors may say anything.
pub(crate) fn start(start_ms: i64) -> u64 {
    start_ms.cast_unsigned() ^ (1 << 63)
}

/// The function names that a query can meet, in order.
#[derive(Debug, Default)]
pub(crate) struct Names(Vec<(String, String)>);

impl Names {
    pub(crate) fn of<'a>(streams: impl Iterator<Item = &'a Stream>) -> Self {
        let names: BTreeSet<(&str, &str)> =
            streams.map(|stream| (stream.namespace.as_str(), stream.function.as_str())).collect();
        Self(names.into_iter().map(|(namespace, function)| (namespace.to_owned(), function.to_owned())).collect())
    }

    /// Odd for a known name, even for the gap where an unknown one would stand.
    pub(crate) fn rank(&self, namespace: &str, function: &str) -> u64 {
        let place = |(known_namespace, known_function): &(String, String)| {
            (known_namespace.as_str(), known_function.as_str()).cmp(&(namespace, function))
        };
        match self.0.binary_search_by(place) {
            Ok(at) => 2 * at as u64 + 1,
            Err(at) => 2 * at as u64,
        }
    }
}
