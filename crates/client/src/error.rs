//! Everything that can go wrong, in one enum.
//!
//! Each message is whole: it tells the cause too, so `source()` does not give it a second time.

use std::path::PathBuf;

use crate::PutReport;

/// The error that caused another one.
pub(crate) type Cause = Box<dyn std::error::Error + Send + Sync>;

/// Why a call failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The API answered with an error of its own.
    #[error("{code}: {} (request id {request_id})", message.trim_end())]
    Api {
        /// The dialect's code, such as `InvalidParameterValue.DateTime`. Never translated.
        code: String,
        /// What is wrong, in the language that the client asked for.
        message: String,
        /// The id of this request, for the operators of the server.
        request_id: String,
    },
    /// The server refused the request as a whole, with an HTTP status.
    #[error("the server refused the request with status {status}: {}", message.trim_end())]
    Refused {
        /// The HTTP status.
        status: u16,
        /// A short stable name such as `TooLarge`; empty when the answer had none.
        code: String,
        /// The server's explanation.
        message: String,
    },
    /// No connection, or one that broke.
    #[error("no answer from {endpoint}: {cause}; check the address, http or https, and that the server runs")]
    Http {
        /// The server.
        endpoint: String,
        /// What happened.
        cause: Cause,
    },
    /// No trusted connection.
    #[error(
        "no trusted connection to {endpoint}: {cause}; for a private certificate give its CA, for plain http an http:// endpoint"
    )]
    Tls {
        /// The server.
        endpoint: String,
        /// What happened.
        cause: Cause,
    },
    /// An answer that is not one of this API.
    #[error("{endpoint} does not answer as a server of this API: {reason}")]
    BadAnswer {
        /// The server.
        endpoint: String,
        /// What was wrong with its answer.
        reason: String,
    },
    /// A stream that the server could not bring to its end. What came before is right, and is not all.
    #[error("the server ended the stream too early: {message}")]
    CutShort {
        /// A short stable name such as `RunsRemoved`.
        code: String,
        /// The server's explanation.
        message: String,
    },
    /// The client was built with a value that cannot work.
    #[error("{0}")]
    Config(String),
    /// The request's own `Serialize` failed.
    #[error("the request cannot be written as JSON: {0}")]
    Request(serde_json::Error),
    /// A folder of spooled runs cannot be used.
    #[error("the spool {}: cannot {doing}: {cause}", dir.display())]
    Spool {
        /// The folder.
        dir: PathBuf,
        /// What was tried.
        doing: &'static str,
        /// What happened.
        cause: std::io::Error,
    },
    /// Other users can reach into a spool's folder, so that it is not used.
    #[error("the spool {} is not used: {reason}", dir.display())]
    SpoolUnsafe {
        /// The folder.
        dir: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A spool has reached one of its bounds, so that a run was not kept.
    #[error(
        "the spool {} is full with {runs} runs of {bytes} bytes; ship or drop them (`runlog spool`), or raise its bounds",
        dir.display()
    )]
    SpoolFull {
        /// The folder.
        dir: PathBuf,
        /// How many runs wait in it.
        runs: usize,
        /// Their bytes.
        bytes: u64,
    },
    /// [`Client::put_runs`](crate::Client::put_runs) stopped before its end. Runs before `index` have been answered
    /// for; those of the batch that begins there may have been stored: sent again under the same request ids they
    /// count as duplicates.
    #[error("stopped at run {index}: {cause}")]
    Stopped {
        /// The place in the input, from 0, from which runs are to be sent again.
        index: u64,
        /// What became of the runs before it.
        report: Box<PutReport>,
        /// What happened.
        cause: Box<Error>,
    },
}

impl Error {
    /// The code of an error that the server answered with.
    pub fn code(&self) -> Option<&str> {
        match self {
            Error::Api { code, .. } | Error::Refused { code, .. } | Error::CutShort { code, .. } => Some(code),
            Error::Stopped { cause, .. } => cause.code(),
            _ => None,
        }
    }

    /// Whether the server did not accept the credential, or the credential may not do this.
    pub fn is_unauthorized(&self) -> bool {
        match self {
            Error::Api { code, .. } => matches!(family(code), "AuthFailure" | "UnauthorizedOperation"),
            Error::Refused { status, .. } => matches!(status, 401 | 403),
            Error::Stopped { cause, .. } => cause.is_unauthorized(),
            _ => false,
        }
    }

    /// Whether the same call may succeed a little later without having done anything yet.
    pub(crate) fn is_rate_limit(&self) -> bool {
        matches!(self, Error::Api { code, .. } if family(code) == "RequestLimitExceeded")
    }

    /// Whether a call that may be repeated is worth repeating.
    pub(crate) fn is_passing(&self) -> bool {
        match self {
            Error::Refused { status, .. } => matches!(status, 429 | 502..=504),
            Error::Http { .. } => true,
            _ => false,
        }
    }
}

/// The part of a code before the first dot.
fn family(code: &str) -> &str {
    code.split_once('.').map_or(code, |(family, _)| family)
}
