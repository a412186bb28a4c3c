//! Numbers of other widths, where only a mistake of the program could make them too large: then it stops, instead of
//! going on with another number. What is read from outside is compared before.

/// A count of things in memory or in one file, or a place among them.
#[track_caller]
pub(crate) fn narrow(number: usize) -> u32 {
    u32::try_from(number).expect("counts of one memtable, group or segment are below 2^32")
}

/// A count or place that memory has room for.
#[track_caller]
pub(crate) fn wide(number: u64) -> usize {
    usize::try_from(number).expect("it counts what is in memory")
}
