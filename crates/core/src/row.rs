//! A run as an engine gives it: with its place in the order of acceptance.

use crate::limits;
use crate::run::Run;

/// One run with its place in the order of acceptance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Strictly increasing over accepted reports. A run in flight carries the number of its latest report.
    pub seq: u64,
    /// The run.
    pub run: Run,
}

impl Row {
    /// What the row counts against the bytes of a page: [`limits::ROW_OVERHEAD_BYTES`] and the texts that it carries.
    pub fn weight_bytes(&self) -> usize {
        let Run { ret_msg, log, level, source, .. } = &self.run;
        limits::ROW_OVERHEAD_BYTES + ret_msg.len() + log.len() + level.len() + source.len()
    }
}
