//! A run as its source reports it, before its sender and the server have settled what the source leaves open.

/// A run as a file, a command or a program reports it. Only the function's name is always known.
///
/// The sender chooses a request id, a start and a region where they are absent; the server takes the others from its
/// options.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RunDraft {
    /// The function, cron job or build step.
    pub function_name: String,
    /// The run's id.
    pub request_id: Option<String>,
    /// When it started.
    pub start_time: Option<DraftStart>,
    /// How long it took, in milliseconds.
    pub duration: Option<f64>,
    /// Billed time, in milliseconds.
    pub bill_duration: Option<u64>,
    /// Peak memory, in bytes.
    pub mem_usage: Option<u64>,
    /// 0 ok (also when absent), 2 running, 3 interrupted, anything else failed.
    pub ret_code: Option<i32>,
    /// What the function returned, or why it failed.
    pub ret_msg: Option<String>,
    /// 1 when the run ended by itself.
    pub invoke_finished: Option<i32>,
    /// The whole output.
    pub log: Option<String>,
    /// The namespace.
    pub namespace: Option<String>,
    /// The version or alias.
    pub qualifier: Option<String>,
    /// The region.
    pub region: Option<String>,
    /// Log level.
    pub level: Option<String>,
    /// Log source.
    pub source: Option<String>,
    /// 0 for the first attempt (also when absent).
    pub retry_num: Option<u8>,
    /// The exit code of the process, where there was one.
    pub exit_code: Option<i32>,
}

/// When a run started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DraftStart {
    /// Unix milliseconds.
    UnixMs(i64),
    /// RFC 3339, or a wall time in the server's zone.
    Text(String),
}
