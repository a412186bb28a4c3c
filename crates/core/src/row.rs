//! A run as an engine gives it: with its place in the order of acceptance.

use crate::run::Run;

/// One run with its place in the order of acceptance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Strictly increasing over accepted reports. A run in flight carries the number of its latest report.
    pub seq: u64,
    /// The run.
    pub run: Run,
}
