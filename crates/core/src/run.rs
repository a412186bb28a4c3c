//! A run: one invocation of a function, and the rules that a run must keep to be accepted.

use std::sync::Arc;

use crate::append::Refusal;
use crate::limits;
use crate::stream::Stream;

/// `ret_code` of a run that succeeded.
pub const RET_OK: i32 = 0;
/// `ret_code` of a run that has started and not finished.
pub const RET_RUNNING: i32 = 2;
/// `ret_code` of a run that was cut off before it finished.
pub const RET_INTERRUPTED: i32 = 3;
/// `ret_code` of a run whose own code failed. This and the next two are published statuses of the platform.
pub const RET_USER_FAILED: i32 = 430;
/// `ret_code` of a run that ran into its time limit.
pub const RET_TIME_LIMIT: i32 = 433;
/// `ret_code` of a run that ran into its memory limit.
pub const RET_MEMORY_LIMIT: i32 = 434;

/// One invocation of a function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// The function version that ran.
    pub stream: Arc<Stream>,
    /// The invocation's id: 1 to 128 bytes, unique in its function together with `retry_num`.
    pub request_id: String,
    /// 0 for the first attempt.
    pub retry_num: u8,
    /// When it started, in Unix milliseconds.
    pub start_ms: i64,
    /// How long it took, in microseconds of wall time; so far, for a run in flight.
    pub duration_us: u64,
    /// Billed time in milliseconds where the source gave one; otherwise it follows from `duration_us`
    /// (see [`crate::billed_ms`]).
    pub bill_ms: Option<u64>,
    /// Peak memory, in bytes.
    pub mem_bytes: u64,
    /// 0 ok, 2 running, 3 interrupted, anything else failed.
    pub ret_code: i32,
    /// 1 when the invocation ended by itself.
    pub invoke_finished: i32,
    /// The exit code of the process, where there was a process.
    pub exit_code: Option<i32>,
    /// What the function returned, or why it failed.
    pub ret_msg: String,
    /// The whole output.
    pub log: String,
    /// Log level, mostly empty.
    pub level: String,
    /// Log source, mostly empty.
    pub source: String,
}

/// What makes two reports speak of the same run. The qualifier is a fact about the run, not part of its identity.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Identity {
    /// See [`Stream::account`].
    pub account: String,
    /// See [`Stream::region`].
    pub region: String,
    /// See [`Stream::namespace`].
    pub namespace: String,
    /// See [`Stream::function`].
    pub function: String,
    /// See [`Run::request_id`].
    pub request_id: String,
    /// See [`Run::retry_num`].
    pub retry_num: u8,
}

/// [`Identity`], borrowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct IdRef<'a> {
    /// See [`Stream::account`].
    pub account: &'a str,
    /// See [`Stream::region`].
    pub region: &'a str,
    /// See [`Stream::namespace`].
    pub namespace: &'a str,
    /// See [`Stream::function`].
    pub function: &'a str,
    /// See [`Run::request_id`].
    pub request_id: &'a str,
    /// See [`Run::retry_num`].
    pub retry_num: u8,
}

impl Identity {
    /// The same identity, borrowed.
    pub fn borrowed(&self) -> IdRef<'_> {
        IdRef {
            account: &self.account,
            region: &self.region,
            namespace: &self.namespace,
            function: &self.function,
            request_id: &self.request_id,
            retry_num: self.retry_num,
        }
    }
}

impl IdRef<'_> {
    /// The same identity with its own text.
    pub fn to_identity(self) -> Identity {
        Identity {
            account: self.account.to_owned(),
            region: self.region.to_owned(),
            namespace: self.namespace.to_owned(),
            function: self.function.to_owned(),
            request_id: self.request_id.to_owned(),
            retry_num: self.retry_num,
        }
    }
}

impl Run {
    /// The run's identity, borrowed from it.
    pub fn id(&self) -> IdRef<'_> {
        IdRef {
            account: &self.stream.account,
            region: &self.stream.region,
            namespace: &self.stream.namespace,
            function: &self.stream.function,
            request_id: &self.request_id,
            retry_num: self.retry_num,
        }
    }

    /// The run's identity.
    pub fn identity(&self) -> Identity {
        self.id().to_identity()
    }

    /// Whether the run has started and not finished.
    pub fn is_running(&self) -> bool {
        self.ret_code == RET_RUNNING
    }

    /// Whether the run has finished, and not well.
    pub fn is_failed(&self) -> bool {
        self.ret_code != RET_OK && self.ret_code != RET_RUNNING
    }

    /// Checks what can be checked of a run by itself. `now_ms` is the current time in Unix milliseconds.
    ///
    /// # Errors
    /// The [`Refusal`] that the sender gets: a name, id or text outside its limits, or a start in the future.
    pub fn check(&self, now_ms: i64) -> Result<(), Refusal> {
        let stream = &self.stream;
        for (field, text, required) in [
            ("account", &stream.account, true),
            ("region", &stream.region, true),
            ("namespace", &stream.namespace, true),
            ("function", &stream.function, true),
            ("qualifier", &stream.qualifier, false),
            ("level", &self.level, false),
            ("source", &self.source, false),
        ] {
            check_len(field, text, limits::NAME_MAX_BYTES, required)?;
        }
        check_len("request_id", &self.request_id, limits::REQUEST_ID_MAX_BYTES, true)?;
        check_len("log", &self.log, limits::LOG_MAX_BYTES, false)?;
        check_len("ret_msg", &self.ret_msg, limits::RET_MSG_MAX_BYTES, false)?;
        check_start(self.start_ms, now_ms)?;
        check_number("duration_us", Some(self.duration_us))?;
        check_number("bill_ms", self.bill_ms)?;
        check_number("mem_bytes", Some(self.mem_bytes))
    }
}

pub(crate) fn check_start(start_ms: i64, now_ms: i64) -> Result<(), Refusal> {
    if start_ms < limits::START_MIN_MS {
        return Err(Refusal::StartTooEarly { start_ms });
    }
    if start_ms > now_ms.saturating_add(limits::FUTURE_START_MAX_MS) {
        return Err(Refusal::StartInFuture { start_ms, now_ms });
    }
    Ok(())
}

pub(crate) fn check_number(field: &'static str, value: Option<u64>) -> Result<(), Refusal> {
    if value.is_some_and(|value| value > limits::NUMBER_MAX) {
        return Err(Refusal::NumberTooLarge { field, max: limits::NUMBER_MAX });
    }
    Ok(())
}

pub(crate) fn check_len(field: &'static str, text: &str, max: usize, required: bool) -> Result<(), Refusal> {
    if required && text.is_empty() {
        return Err(Refusal::Empty { field });
    }
    if text.len() > max {
        return Err(Refusal::TooLong { field, bytes: text.len(), max });
    }
    Ok(())
}
