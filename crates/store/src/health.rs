//! What a store says about itself.

/// Whether a store is well.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Health {
    /// Why the store refuses writes; `None` while it takes them.
    pub poisoned: Option<String>,
    /// Damaged files whose rows are missing from answers.
    pub set_aside: Vec<SetAside>,
    /// Bytes of log files that were passed over when the store was opened: torn ends, and torn beginnings of files that
    /// were never used. They were never acknowledged, unless they rotted after a crash: what was written last, or runs
    /// in flight that a file without anything new begins with.
    pub torn_bytes: u64,
    /// How far the wall clock is past everything that the store has seen, in milliseconds, where that is more than a
    /// day. Until it is not, or the store is told to trust the clock, retention removes nothing.
    pub clock_ahead_ms: Option<u64>,
}

/// A damaged file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetAside {
    /// The file, relative to the data folder as it was; it is now in the folder `set-aside`.
    pub file: String,
    /// What is wrong with it.
    pub reason: String,
}

/// How much a store holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Finished runs.
    pub rows: u64,
    /// Runs in flight.
    pub in_flight: u64,
    /// Segment files.
    pub segments: u64,
    /// Bytes of segment files.
    pub segment_bytes: u64,
    /// Bytes of the write-ahead log that is still needed.
    pub wal_bytes: u64,
    /// Bytes of all files.
    pub disk_bytes: u64,
    /// Bytes of rows in memory: memtables and runs in flight.
    pub memtable_bytes: u64,
    /// Streams that ever had a run.
    pub streams: u64,
    /// The last accepted sequence number.
    pub last_seq: u64,
}
