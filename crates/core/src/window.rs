//! A window of start times.

/// Starts from `start_ms` (inclusive) to `end_ms` (exclusive), in Unix milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Window {
    /// The first start that belongs to the window.
    pub start_ms: i64,
    /// The first start after the window.
    pub end_ms: i64,
}

impl Window {
    /// Everything.
    pub const ALL: Window = Window { start_ms: i64::MIN, end_ms: i64::MAX };

    /// Whether the window contains a start.
    pub fn contains(self, start_ms: i64) -> bool {
        self.start_ms <= start_ms && start_ms < self.end_ms
    }
}
