//! The actions that are served, and the codes that all of them can raise.

use super::{
    get_function, get_function_logs, get_request_status, list_functions, list_namespaces, list_version_by_function,
};
use crate::error::{ApiError, ErrorCode};
use crate::params::ActionTable;
use crate::service::SERVICE;

macro_rules! actions {
    ($($variant:ident $module:ident;)*) => {
        /// An action that is served. Its table says what it takes and answers.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Action {
            $(#[doc = concat!("`", stringify!($variant), "`, see [`", stringify!($module), "`].")] $variant,)*
        }

        impl Action {
            /// Every action, by name.
            pub const ALL: &'static [Action] = &[$(Action::$variant,)*];

            /// Its name, as in `X-TC-Action`.
            pub fn name(self) -> &'static str {
                match self {
                    $(Action::$variant => stringify!($variant),)*
                }
            }

            /// Its name in policies, such as `scf:GetFunctionLogs`.
            pub fn cam_name(self) -> &'static str {
                match self {
                    $(Action::$variant => concat!("scf:", stringify!($variant)),)*
                }
            }

            /// What it takes and answers.
            pub fn table(self) -> &'static ActionTable {
                match self {
                    $(Action::$variant => &$module::TABLE,)*
                }
            }
        }
    };
}

actions! {
    GetFunction get_function;
    GetFunctionLogs get_function_logs;
    GetRequestStatus get_request_status;
    ListFunctions list_functions;
    ListNamespaces list_namespaces;
    ListVersionByFunction list_version_by_function;
}

impl Action {
    /// Finds an action by its name and version, both exactly as spelled.
    ///
    /// # Errors
    /// `InvalidAction` for a name that is not served, `NoSuchVersion` for another version of one that is.
    pub fn parse(name: &str, version: &str) -> Result<Self, ApiError> {
        let named = Self::ALL.iter().copied().find(|action| action.name() == name);
        let action = named.ok_or_else(|| ApiError::new(ErrorCode::InvalidAction))?;
        if action.table().version != version {
            return Err(ApiError::new(ErrorCode::NoSuchVersion).with("version", version).with("service", SERVICE));
        }
        Ok(action)
    }

    /// How many requests a key may send for it in any second, unless the server says otherwise.
    pub fn max_per_s(self) -> u32 {
        self.table().max_per_s
    }
}

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
