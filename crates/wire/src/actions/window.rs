//! Time windows of requests.
//!
//! Times are whole seconds and both ends are inclusive, so `20:59:59` includes all of that second (ours; the service
//! does not specify it). A time with a fraction counts to the millisecond.

use runlog_core::{Precision, WallTime, Window};

use super::context::Context;
use crate::error::{ApiError, Detail, ErrorCode};

/// A window's two ends as written.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ends<'a> {
    pub(super) start: &'a str,
    pub(super) end: &'a str,
}

/// Reads a time; `name` is the parameter that it is the value of.
pub(super) fn read(text: &str, name: &'static str, ctx: &Context<'_>) -> Result<WallTime, ApiError> {
    ctx.zone.parse(text).map_err(|_| bad_time(Detail::NotATime).with("name", name).with("value", text))
}

/// The first millisecond after an end that belongs to its window.
pub(super) fn after(end: WallTime) -> i64 {
    match end.precision {
        Precision::Second => end.ms.saturating_add(1000),
        Precision::Millisecond => end.ms.saturating_add(1),
    }
}

/// The window of the last `span_ms` up to now: `(now - span, now]`.
pub(super) fn last(span_ms: i64, ctx: &Context<'_>) -> Window {
    Window { start_ms: ctx.now_ms.saturating_sub(span_ms).saturating_add(1), end_ms: ctx.now_ms.saturating_add(1) }
}

impl Ends<'_> {
    /// The error of a window whose ends do not fit together.
    pub(super) fn error(self, detail: Detail) -> ApiError {
        bad_time(detail).with("start", self.start).with("end", self.end)
    }
}

fn bad_time(detail: Detail) -> ApiError {
    ApiError::new(ErrorCode::InvalidParameterValueDateTime).detail(detail)
}
