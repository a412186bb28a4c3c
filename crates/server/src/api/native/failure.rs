//! Why a request of the native API is not answered.

use hyper::StatusCode;
use runlog_core::{EngineError, Fault};

use super::params::BadParam;
use crate::access::{Refusal, Refused};
use crate::caller::Denied;
use crate::respond::{self, Answer};

/// Why a request is not answered.
pub(super) enum Failure {
    Denied(Denied),
    Bad(BadParam),
    /// What the caller's policies do not allow.
    Forbidden(Refused),
    NotFound(String),
    Busy(&'static str),
    Engine(EngineError),
}

impl From<EngineError> for Failure {
    fn from(error: EngineError) -> Self {
        Self::Engine(error)
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Refused(refused) => Self::Forbidden(refused),
            Refusal::Engine(error) => Self::Engine(error),
        }
    }
}

impl Failure {
    /// The code of the answer.
    pub(super) fn code(&self) -> &'static str {
        match self {
            Self::Denied(Denied::Unauthorized(_)) => "Unauthorized",
            Self::Denied(Denied::Forbidden(_)) => "Forbidden",
            Self::Bad(bad) => bad.code,
            Self::Forbidden(_) => "UnauthorizedOperation.CAM",
            Self::NotFound(_) => "NotFound",
            Self::Busy(_) => "Busy",
            Self::Engine(error) => match error.fault {
                Fault::Caller => "InvalidParameter",
                Fault::Busy => "Busy",
                Fault::Engine => "InternalError",
            },
        }
    }

    /// The answer.
    pub(super) fn answer(&self) -> Answer {
        let error = |status, message: &str| respond::error(status, self.code(), message);
        match self {
            Self::Denied(denied) => denied.answer(),
            Self::Bad(bad) => error(StatusCode::BAD_REQUEST, &bad.message),
            Self::Forbidden(refused) => error(StatusCode::FORBIDDEN, &refused.message()),
            Self::NotFound(message) => error(StatusCode::NOT_FOUND, message),
            Self::Busy(message) => respond::busy(message),
            Self::Engine(failed) => match failed.fault {
                Fault::Caller => error(StatusCode::BAD_REQUEST, &failed.message),
                Fault::Busy => respond::busy(&failed.message),
                Fault::Engine => {
                    tracing::error!(error = failed.message, "the engine failed");
                    error(StatusCode::INTERNAL_SERVER_ERROR, "the store failed; the server's log says why")
                }
            },
        }
    }
}
