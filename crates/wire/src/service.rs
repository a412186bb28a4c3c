//! The service that this dialect belongs to.

/// The service's name, as a TC3 credential spells it.
pub const SERVICE: &str = "scf";

/// The API version of every action.
pub const VERSION: &str = "2018-04-16";

/// The namespace when none is named (published for the sibling actions, ours for `GetFunctionLogs`).
pub const DEFAULT_NAMESPACE: &str = "default";
