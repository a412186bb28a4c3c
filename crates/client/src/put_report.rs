//! What became of runs that were put.

/// What became of runs that were put.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PutReport {
    /// Stored, and on the server's disk.
    pub accepted: u64,
    /// Stored already, for example by an earlier try whose answer was lost.
    pub duplicates: u64,
    /// Not stored.
    pub refused: Vec<RefusedRun>,
    /// Texts that were over their limit and were cut.
    pub cut: u64,
    /// The last sequence number that was given to one of the runs; 0 when none was accepted.
    pub seq: u64,
}

/// A run that was not stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusedRun {
    /// Its place in the input, from 0.
    pub index: u64,
    /// A short stable name, such as `Conflict`.
    pub code: String,
    /// What is wrong and what to do.
    pub message: String,
}
