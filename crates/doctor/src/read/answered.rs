//! A request that was read, and when it was answered.

use crate::sent::SentRequest;

/// A request that was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Read {
    /// The request.
    pub request: SentRequest,
    /// The `Date` of the server's answer, as in the text; `None` if the text does not have one.
    pub answered: Option<String>,
}
