//! A bar on standard error for what takes long; nothing unless that is a terminal.

use std::time::Duration;

use indicatif::{HumanBytes, ProgressBar, ProgressStyle};
use runlog_store::operate::Progress;

use super::say::say;
use super::text::plain;

/// How often a wait of unknown length shows that it goes on.
const TICK: Duration = Duration::from_millis(200);

/// A bar that is there until this is dropped.
pub(in crate::cli) struct Bar(ProgressBar);

impl Bar {
    /// A bar of bytes; `doing` says what is being done.
    pub(in crate::cli) fn bytes(doing: &'static str) -> Self {
        let style = ProgressStyle::with_template("{msg} {wide_bar} {bytes}/{total_bytes} {bytes_per_sec} {eta}");
        Self::new(ProgressBar::new(0), doing, style)
    }

    /// A bar of steps, each of which is one of many.
    pub(in crate::cli) fn steps(doing: &'static str) -> Self {
        let style = ProgressStyle::with_template("{msg} {wide_bar} {pos}/{len} {eta}");
        Self::new(ProgressBar::new(0), doing, style)
    }

    /// A sign of life, for work of which nothing else is known.
    pub(in crate::cli) fn wait(doing: &'static str) -> Self {
        let bar =
            Self::new(ProgressBar::new_spinner(), doing, ProgressStyle::with_template("{spinner} {msg} {elapsed}"));
        bar.0.enable_steady_tick(TICK);
        bar
    }

    fn new<E>(bar: ProgressBar, doing: &'static str, style: Result<ProgressStyle, E>) -> Self {
        // The templates are right; a wrong one would only look plain.
        if let Ok(style) = style {
            bar.set_style(style);
        }
        Self(bar.with_message(doing))
    }

    pub(in crate::cli) fn show(&self, progress: Progress) {
        self.0.set_length(progress.total);
        self.0.set_position(progress.done);
    }

    /// Changes the words before the bar.
    pub(in crate::cli) fn say(&self, doing: &str) {
        self.0.set_message(plain(doing).into_owned());
    }

    /// Prints a line on standard error, above the bar.
    pub(in crate::cli) fn print(&self, line: &str) {
        self.0.suspend(|| say!("{line}"));
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

/// Bytes as people read them, such as `1.50 MiB`.
pub(in crate::cli) fn human(bytes: u64) -> HumanBytes {
    HumanBytes(bytes)
}
