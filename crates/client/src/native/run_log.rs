//! What one run printed.

use runlog_wire::text::percent_encode;

use super::RunFilter;
use super::filter::{number, target};
use crate::{Client, Error};

impl Client {
    /// What one run printed, so far if it is in flight: the attempt with this `RetryNum`, or the last one. `within` may
    /// name a function, a namespace and a region, and nothing else.
    ///
    /// # Errors
    /// As [`Client::runs`]; [`Error::Refused`] with status 404 if there is no such run that the key may read.
    pub fn run_log(&self, request_id: &str, within: &RunFilter, attempt: Option<u8>) -> Result<String, Error> {
        let attempt = number(attempt.map(u64::from));
        let path = format!("runs/{}/log", percent_encode(request_id));
        let target = target(&path, within, &[("attempt", attempt.as_deref())]);
        self.get_text(&target, &[("Authorization", self.authorization())])
    }
}
