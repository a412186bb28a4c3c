//! What becomes of a run that is offered to an engine.

/// What an engine did with one offered run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Stored, under this sequence number.
    Accepted {
        /// The run's place in the order of acceptance.
        seq: u64,
    },
    /// Nothing new: the same finished run is stored already, or a start came after its own finish.
    Duplicate,
    /// Not stored; the reason is for the sender.
    Refused(Refusal),
}

/// Why a run was refused. One refused run never affects the others of its batch.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// A different report of a run that has finished.
    #[error("this run has finished already, with other facts; a finished run never changes. Send a new request id")]
    Conflict,
    /// The run is in flight, and another way of reporting it has it.
    #[error("this run is in flight, and reported in another way; give one of the two another request id")]
    OtherOrigin,
    /// Something was added to a run that is not known.
    #[error("there is no such run in flight; report its start first")]
    UnknownRun,
    /// The start is too far in the future.
    #[error("the start time {start_ms} ms is more than a day after now ({now_ms} ms); check the sender's clock")]
    StartInFuture {
        /// The run's start, in Unix milliseconds.
        start_ms: i64,
        /// The engine's clock, in Unix milliseconds.
        now_ms: i64,
    },
    /// The start is before the earliest time that can be stored.
    #[error("the start time {start_ms} ms is before 1970; send Unix milliseconds")]
    StartTooEarly {
        /// The run's start, in Unix milliseconds.
        start_ms: i64,
    },
    /// The start is before the oldest run that is kept.
    #[error("the start time {start_ms} ms is older than what is retained (from {retained_from_ms} ms)")]
    StartNotRetained {
        /// The run's start, in Unix milliseconds.
        start_ms: i64,
        /// The first retained moment, in Unix milliseconds.
        retained_from_ms: i64,
    },
    /// Too many runs are in flight to keep another report of one.
    #[error(
        "too much is in flight (at most {max_runs} runs and {max_bytes} bytes); send it again when some have finished"
    )]
    InFlightLimit {
        /// The most runs in flight.
        max_runs: usize,
        /// The most bytes of their reports.
        max_bytes: usize,
    },
    /// A required text is empty.
    #[error("{field} is empty; give it a value")]
    Empty {
        /// The field's name.
        field: &'static str,
    },
    /// A text is longer than its limit.
    #[error("{field} has {bytes} bytes, over its limit of {max}; shorten it")]
    TooLong {
        /// The field's name.
        field: &'static str,
        /// Its length in bytes.
        bytes: usize,
        /// The limit in bytes.
        max: usize,
    },
    /// A number is larger than can be kept exactly.
    #[error("{field} is over its limit of {max}")]
    NumberTooLarge {
        /// The field's name.
        field: &'static str,
        /// The largest value that is accepted.
        max: u64,
    },
}

impl Refusal {
    /// A short stable name for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Refusal::Conflict | Refusal::OtherOrigin => "Conflict",
            Refusal::UnknownRun => "UnknownRun",
            Refusal::StartInFuture { .. } => "StartInFuture",
            Refusal::StartTooEarly { .. } => "StartTooEarly",
            Refusal::StartNotRetained { .. } => "StartNotRetained",
            Refusal::InFlightLimit { .. } => "InFlightLimit",
            Refusal::Empty { .. } => "Empty",
            Refusal::TooLong { .. } => "TooLong",
            Refusal::NumberTooLarge { .. } => "NumberTooLarge",
        }
    }
}
