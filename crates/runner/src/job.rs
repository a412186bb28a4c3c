//! What is run, and how it ended.

use std::ffi::OsString;
use std::io::{Error, ErrorKind};
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::ExitStatus;
use std::time::Duration;

use runlog_core::limits::LOG_MAX_BYTES;

use crate::measure::{Means, Memory};

/// A command to run as a function.
#[derive(Clone, Debug)]
pub struct Job {
    /// The function.
    pub function: String,
    /// Its namespace.
    pub namespace: Option<String>,
    /// Its version or alias.
    pub qualifier: Option<String>,
    /// Its region.
    pub region: Option<String>,
    /// Chosen before the first try to report, so that the run is stored once.
    pub request_id: String,
    /// The program and its arguments.
    pub command: Vec<OsString>,
    /// After this the command is told to end.
    pub timeout: Option<Duration>,
    /// How long it gets to end before it is killed.
    pub kill_after: Duration,
    /// What the command and all that it starts may use together.
    pub memory_limit_bytes: Option<u64>,
    /// How memory is to be measured.
    pub means: Means,
    /// How much of the output is kept.
    pub log_max_bytes: usize,
    /// A file whose text becomes the return message.
    pub result_file: Option<PathBuf>,
    /// Whether this process is there for the command alone: output passes through, standard input is the command's,
    /// signals are its own. Otherwise the output is kept and nothing else.
    pub is_wrapper: bool,
}

/// How a command ended, as the caller of this program is to see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// With an exit code; 127 and 126 also when it could not be started.
    Code(i32),
    /// By a signal.
    Signal(i32),
}

/// Why a command was made to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cut {
    Timeout,
    Memory,
}

/// What there is to tell of a command that has ended.
pub(crate) struct Facts {
    pub(crate) end: End,
    /// Why it could not be started, when that is so.
    pub(crate) start_error: Option<String>,
    pub(crate) duration: Duration,
    pub(crate) memory: Memory,
    pub(crate) cut: Option<Cut>,
    /// Whether somebody asked this program, and so the command, to end.
    pub(crate) was_asked_to_end: bool,
}

impl Job {
    /// A command whose output is kept and not shown.
    pub fn quiet(function: &str, command: &[OsString]) -> Self {
        Self {
            function: function.to_owned(),
            namespace: None,
            qualifier: None,
            region: None,
            request_id: uuid::Uuid::new_v4().to_string(),
            command: command.to_vec(),
            timeout: None,
            kill_after: Duration::from_secs(10),
            memory_limit_bytes: None,
            means: Means::Processes,
            log_max_bytes: LOG_MAX_BYTES,
            result_file: None,
            is_wrapper: false,
        }
    }
}

impl End {
    pub(crate) fn of(status: ExitStatus) -> Self {
        match (status.code(), status.signal()) {
            (Some(code), _) => Self::Code(code),
            (None, signal) => Self::Signal(signal.unwrap_or_default()),
        }
    }
}

impl Facts {
    /// A command that cannot be started, with the exit codes of shells.
    pub(crate) fn not_started(job: &Job, error: &Error, duration: Duration) -> Self {
        let program = job.command.first().map(|program| program.to_string_lossy()).unwrap_or_default();
        let (code, reason) = match error.kind() {
            ErrorKind::NotFound => (127, "not found".to_owned()),
            ErrorKind::PermissionDenied => (126, "permission denied".to_owned()),
            _ => (126, error.to_string()),
        };
        Self {
            end: End::Code(code),
            start_error: Some(format!("cannot start {program}: {reason}")),
            duration,
            memory: Memory::default(),
            cut: None,
            was_asked_to_end: false,
        }
    }
}
