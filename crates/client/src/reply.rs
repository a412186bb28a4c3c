//! The answer to one request.

use std::time::Duration;

/// The answer to one request, before anybody looks at what its body means.
pub(crate) struct Reply {
    pub(crate) status: u16,
    /// How long the server asks to wait before another try.
    pub(crate) retry_after: Option<Duration>,
    /// The server's clock, as it wrote it.
    pub(crate) date: Option<String>,
    pub(crate) body: Vec<u8>,
}
