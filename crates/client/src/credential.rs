//! The key that requests are signed with.

/// A key. It has no `Debug`, so that a secret cannot end up in a log.
pub(crate) struct Credential {
    pub(crate) secret_id: String,
    pub(crate) secret_key: String,
}
