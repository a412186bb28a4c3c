//! How a command fails, and the exit codes of all commands.

use std::fmt;
use std::io;
use std::process::ExitCode;

use runlog_client::Error;

use crate::cli::common::say::say;

/// Exit code of a command that has done what it was asked.
pub(in crate::cli) const EXIT_OK: u8 = 0;
/// Exit code of a call that failed.
const EXIT_ERROR: u8 = 1;
/// Exit code of a command line that cannot work.
pub(in crate::cli) const EXIT_USAGE: u8 = 2;
/// Exit code of `--fail-empty` when there is nothing.
pub(in crate::cli) const EXIT_EMPTY: u8 = 3;
/// Exit code of a credential that is not accepted, or may not do this.
const EXIT_UNAUTHORIZED: u8 = 4;
/// Exit code of a tail that was cut, or in which something is missing.
pub(in crate::cli) const EXIT_CUT: u8 = 5;

/// Why a command failed that calls a server.
pub(in crate::cli) enum Failure {
    /// The arguments cannot work.
    Usage(String),
    /// The call failed.
    Call(Error),
    /// What was followed cannot be followed any more.
    Cut(String),
    /// Anything else.
    Other(anyhow::Error),
}

/// The end of a command: its exit code, after a word about what went wrong.
pub(in crate::cli) fn end(result: Result<u8, Failure>, fail_empty: bool) -> anyhow::Result<ExitCode> {
    let (message, code) = match result {
        Ok(code) => return Ok(code.into()),
        Err(Failure::Other(error)) => return Err(error),
        Err(Failure::Usage(message)) => (message, EXIT_USAGE),
        Err(Failure::Cut(message)) => (message, EXIT_CUT),
        Err(Failure::Call(error)) => (error.to_string(), exit_code(&error, fail_empty)),
    };
    say!("error: {message}");
    Ok(code.into())
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Usage(message) | Failure::Cut(message) => f.write_str(message),
            Failure::Call(error) => write!(f, "{error}"),
            Failure::Other(error) => write!(f, "{error:#}"),
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Failure::Call(error)
    }
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Failure::Other(error)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Failure::Other(error.into())
    }
}

fn exit_code(error: &Error, fail_empty: bool) -> u8 {
    match error {
        Error::Config(_) => EXIT_USAGE,
        // A function that never ran is unknown to the server.
        error if fail_empty && error.code() == Some("ResourceNotFound.FunctionName") => EXIT_EMPTY,
        error if error.is_unauthorized() => EXIT_UNAUTHORIZED,
        _ => EXIT_ERROR,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exit_codes() {
        let api = |code: &str| Error::Api { code: code.into(), message: "no".into(), request_id: "r".into() };
        for (error, code) in [
            (api("AuthFailure.SignatureFailure"), 4),
            (api("UnauthorizedOperation.CAM"), 4),
            (api("UnauthorizedOperation"), 4),
            (api("InvalidParameterValue.DateTime"), 1),
            (Error::Config("no endpoint".into()), 2),
            (Error::Http { endpoint: "http://h".into(), cause: "refused".into() }, 1),
        ] {
            assert_eq!(exit_code(&error, false), code, "{error}");
        }
        let unknown = api("ResourceNotFound.FunctionName");
        assert_eq!((exit_code(&unknown, false), exit_code(&unknown, true)), (1, 3));
    }
}
