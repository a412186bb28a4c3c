//! `POST /api/v1/admin/retain`: a server removes expired runs on the word that its clock is right.

use serde::Deserialize;

use crate::{Client, Error};

/// What a server removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct RemovedRuns {
    /// Finished runs.
    pub runs: u64,
    /// Runs in flight.
    pub in_flight: u64,
    /// Bytes of files.
    pub bytes: u64,
}

impl Client {
    /// Has the server believe its clock, and remove the runs that its options no longer keep. What is removed is lost.
    /// The key must be a root key.
    ///
    /// # Errors
    /// [`Error::Refused`] if the key may not do this or the removal failed; [`Error::Http`] and [`Error::Tls`] if the
    /// server cannot be reached.
    pub fn retain_trusting_clock(&self) -> Result<RemovedRuns, Error> {
        self.post_json("/api/v1/admin/retain", r#"{"trust_clock":true}"#, "report of a removal")
    }
}
