//! The one total order: (key, start, sequence number), all three in the asked direction.
//!
//! Since the sequence number is unique, no two rows are equal, so ascending is the exact reverse of descending and
//! any split of a result into pages joins up to the one big page.

use std::cmp::Ordering;

use crate::row::Row;

/// What rows are sorted by first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SortKey {
    /// The start alone.
    StartTime,
    /// Wall time.
    Duration,
    /// Peak memory.
    MemUsage,
    /// Namespace, then function.
    FunctionName,
}

/// Ascending or descending.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// Smallest first.
    Asc,
    /// Largest first.
    Desc,
}

/// A sort key with its direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Order {
    /// What rows are sorted by first.
    pub by: SortKey,
    /// Which end comes first.
    pub direction: Direction,
}

/// The value of a row under a sort key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SortValue {
    /// Under [`SortKey::StartTime`], where the start that every order ends with says it all.
    Start,
    /// Microseconds or bytes.
    Number(u64),
    /// Namespace and function.
    Name(String, String),
}

impl Order {
    /// Newest first.
    pub const NEWEST_FIRST: Order = Order { by: SortKey::StartTime, direction: Direction::Desc };

    /// The row's value under this order's key.
    pub fn value(self, row: &Row) -> SortValue {
        match self.by {
            SortKey::StartTime => SortValue::Start,
            SortKey::Duration => SortValue::Number(row.run.duration_us),
            SortKey::MemUsage => SortValue::Number(row.run.mem_bytes),
            SortKey::FunctionName => SortValue::Name(row.run.stream.namespace.clone(), row.run.stream.function.clone()),
        }
    }
}

impl Direction {
    /// An ascending comparison, turned into this direction.
    pub fn apply(self, ascending: Ordering) -> Ordering {
        match self {
            Direction::Asc => ascending,
            Direction::Desc => ascending.reverse(),
        }
    }
}

/// Compares two rows in an order. `Less` comes first.
pub fn compare(a: &Row, b: &Row, order: Order) -> Ordering {
    let by_key = match order.by {
        SortKey::StartTime => Ordering::Equal,
        SortKey::Duration => a.run.duration_us.cmp(&b.run.duration_us),
        SortKey::MemUsage => a.run.mem_bytes.cmp(&b.run.mem_bytes),
        SortKey::FunctionName => {
            let (a, b) = (&a.run.stream, &b.run.stream);
            (&a.namespace, &a.function).cmp(&(&b.namespace, &b.function))
        }
    };
    order.direction.apply(by_key.then(a.run.start_ms.cmp(&b.run.start_ms)).then(a.seq.cmp(&b.seq)))
}
