//! What an action needs to know besides its parameters.

use runlog_core::Zone;

/// What an action needs to know besides its parameters.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// The zone of times that are written without one, in requests and answers.
    pub zone: Zone,
    /// The server's clock, in Unix milliseconds.
    pub now_ms: i64,
    /// The account of the verified key.
    pub account: &'a str,
    /// The region of the request, or the server's default.
    pub region: &'a str,
    /// Billed time is rounded up to this, in milliseconds, for runs whose source gave none.
    pub billing_step_ms: u64,
}
