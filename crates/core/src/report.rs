//! What is reported of a run, where it comes from, and how a run in flight grows.

use std::sync::Arc;

use crate::append::Refusal;
use crate::limits;
use crate::run::{Identity, RET_RUNNING, Run, check_len, check_number, check_start};
use crate::stream::Stream;

/// Where the reports of a run come from. No sender can set it, only the code that calls an engine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Origin {
    /// A sender reported it.
    #[default]
    Posted,
    /// The wrapper of a command reported it.
    Wrapped,
    /// It is made of log lines that arrive one after the other.
    Gathered,
}

/// One report of a run, with what an engine keeps about a run in flight and shows to nobody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The run as it is now.
    pub run: Run,
    /// Where the report comes from.
    pub origin: Origin,
    /// What the reporter wants to have back after a restart, see [`limits::STATE_MAX_BYTES`]. Kept while the run is in
    /// flight; engines do not look into it.
    pub state: Vec<u8>,
}

impl From<Run> for Report {
    fn from(run: Run) -> Self {
        Self { run, origin: Origin::Posted, state: Vec::new() }
    }
}

impl Report {
    /// Checks what can be checked of a report by itself. `now_ms` is the current time in Unix milliseconds.
    ///
    /// # Errors
    /// As [`Run::check`]; and a state over its limit.
    pub fn check(&self, now_ms: i64) -> Result<(), Refusal> {
        self.run.check(now_ms)?;
        check_state(&self.state)
    }
}

/// What is added to a run in flight. It costs its own bytes, not the run's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Growth {
    /// Which run grows.
    pub id: Identity,
    /// Appended to its log.
    pub log: String,
    /// Takes the place of its state; see [`Report::state`].
    pub state: Vec<u8>,
    /// When it started, in Unix milliseconds, if that was earlier than known; a later start changes nothing.
    pub start_ms: Option<i64>,
    /// How long it has taken so far, in microseconds; `None`: as before. The same holds for the others.
    pub duration_us: Option<u64>,
    /// Peak memory so far, in bytes.
    pub mem_bytes: Option<u64>,
    /// Log level.
    pub level: Option<String>,
    /// Takes the place of its return message.
    pub ret_msg: Option<String>,
}

impl Growth {
    /// A growth of a run that changes nothing.
    pub fn of(id: Identity) -> Self {
        Self {
            id,
            log: String::new(),
            state: Vec::new(),
            start_ms: None,
            duration_us: None,
            mem_bytes: None,
            level: None,
            ret_msg: None,
        }
    }

    /// Checks what can be checked of a growth by itself. `now_ms` is the current time in Unix milliseconds.
    ///
    /// # Errors
    /// The [`Refusal`] that the caller gets: a text, number or state over its limit, or a start that cannot be.
    pub fn check(&self, now_ms: i64) -> Result<(), Refusal> {
        check_len("log", &self.log, limits::LOG_MAX_BYTES, false)?;
        check_len("ret_msg", self.ret_msg.as_deref().unwrap_or(""), limits::RET_MSG_MAX_BYTES, false)?;
        check_len("level", self.level.as_deref().unwrap_or(""), limits::NAME_MAX_BYTES, false)?;
        self.start_ms.map_or(Ok(()), |start_ms| check_start(start_ms, now_ms))?;
        check_number("duration_us", self.duration_us)?;
        check_number("mem_bytes", self.mem_bytes)?;
        check_state(&self.state)
    }

    /// Checks that a log of `bytes` has room for what is appended.
    ///
    /// # Errors
    /// [`Refusal::TooLong`] otherwise.
    pub fn check_room(&self, bytes: usize) -> Result<(), Refusal> {
        let (bytes, max) = (bytes.saturating_add(self.log.len()), limits::LOG_MAX_BYTES);
        if bytes > max { Err(Refusal::TooLong { field: "log", bytes, max }) } else { Ok(()) }
    }

    /// The run as it is after the growth: running again, if it was thought to have ended.
    pub fn grown(&self, run: &Run) -> Run {
        Run {
            start_ms: self.start_ms.map_or(run.start_ms, |start_ms| start_ms.min(run.start_ms)),
            duration_us: self.duration_us.unwrap_or(run.duration_us),
            mem_bytes: self.mem_bytes.unwrap_or(run.mem_bytes),
            ret_code: RET_RUNNING,
            level: self.level.clone().unwrap_or_else(|| run.level.clone()),
            ret_msg: self.ret_msg.clone().unwrap_or_else(|| run.ret_msg.clone()),
            log: format!("{}{}", run.log, self.log),
            ..run.clone()
        }
    }
}

/// A run in flight, without its texts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenRun {
    /// See [`Run::stream`].
    pub stream: Arc<Stream>,
    /// See [`Run::request_id`].
    pub request_id: String,
    /// See [`Run::retry_num`].
    pub retry_num: u8,
    /// The sequence number of its latest report.
    pub seq: u64,
    /// See [`Report::state`].
    pub state: Vec<u8>,
}

fn check_state(state: &[u8]) -> Result<(), Refusal> {
    let (bytes, max) = (state.len(), limits::STATE_MAX_BYTES);
    if bytes > max { Err(Refusal::TooLong { field: "state", bytes, max }) } else { Ok(()) }
}
