//! The actions: one file each, holding the action's table, its typed request and its typed answer.

mod filled;
mod functions;
pub mod get_function;
pub mod get_function_logs;
pub mod get_request_status;
pub mod list_functions;
pub mod list_namespaces;
pub mod list_version_by_function;
mod paging;
mod window;

pub use paging::Page;
use runlog_core::Zone;

use crate::error::{ApiError, ErrorCode};
use crate::params::Action;

/// The service whose actions these are, as it stands in a TC3 credential.
pub const SERVICE: &str = "scf";

/// The API version of every action.
pub const VERSION: &str = "2018-04-16";

/// The namespace when none is named (published for the sibling actions, ours for `GetFunctionLogs`).
pub const DEFAULT_NAMESPACE: &str = "default";

/// Every action, by name.
pub const ACTIONS: &[&Action] = &[
    &get_function::ACTION,
    &get_function_logs::ACTION,
    &get_request_status::ACTION,
    &list_functions::ACTION,
    &list_namespaces::ACTION,
    &list_version_by_function::ACTION,
];

/// The codes that every action can raise, besides its own.
pub const COMMON_ERRORS: &[ErrorCode] = &[
    ErrorCode::AuthFailureInvalidAuthorization,
    ErrorCode::AuthFailureSecretIdNotFound,
    ErrorCode::AuthFailureSignatureExpire,
    ErrorCode::AuthFailureSignatureFailure,
    ErrorCode::AuthFailureTokenFailure,
    ErrorCode::InternalError,
    ErrorCode::InvalidAction,
    ErrorCode::InvalidParameter,
    ErrorCode::InvalidParameterValue,
    ErrorCode::InvalidRequest,
    ErrorCode::MissingParameter,
    ErrorCode::NoSuchVersion,
    ErrorCode::RequestLimitExceeded,
    ErrorCode::RequestSizeLimitExceeded,
    ErrorCode::ServiceUnavailable,
    ErrorCode::UnauthorizedOperationCam,
    ErrorCode::UnknownParameter,
    ErrorCode::UnsupportedProtocol,
    ErrorCode::UnsupportedRegion,
];

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

/// Finds an action.
///
/// # Errors
/// `InvalidAction` for a name that is not served, `NoSuchVersion` for another version of one that is.
pub fn find(action: &str, version: &str) -> Result<&'static Action, ApiError> {
    let found = ACTIONS.iter().find(|row| row.name == action).ok_or_else(|| ApiError::new(ErrorCode::InvalidAction))?;
    if found.version == version {
        return Ok(found);
    }
    Err(ApiError::new(ErrorCode::NoSuchVersion).with("version", version).with("service", SERVICE))
}
