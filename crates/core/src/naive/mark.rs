//! What the reference engine keeps of a report beside its run.

use crate::report::Origin;

/// What is kept of a report beside its run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Mark {
    pub(super) origin: Origin,
    pub(super) state: Vec<u8>,
    /// The engine closed the run after silence. So it may not have ended, and whatever is reported later holds.
    pub(super) is_guess: bool,
}
