//! What commands say to people on standard error. Names, notes and messages from elsewhere pass through here, so that
//! none of them steers a terminal; nothing else of the command line writes there.

use std::fmt::Display;

use super::text::{harmless, plain};

/// Writes a line to standard error, as `eprintln!` does, but one line of harmless text.
macro_rules! say {
    ($($words:tt)*) => { $crate::cli::common::say::line(::std::format_args!($($words)*)) };
}
pub(in crate::cli) use say;

/// Writes a line to standard error.
#[expect(clippy::print_stderr, reason = "the one place that does")]
pub(in crate::cli) fn line(words: impl Display) {
    eprintln!("{}", plain(&words.to_string()));
}

/// Writes an error of this program to standard error. It keeps its lines, such as those of a file that it shows.
#[expect(clippy::print_stderr, reason = "the one place that does")]
pub(in crate::cli) fn error(error: &anyhow::Error) {
    eprintln!("error: {}", harmless(&format!("{error:#}"), false));
}

/// Asks for a line of input on standard error.
#[expect(clippy::print_stderr, reason = "the one place that does")]
pub(in crate::cli) fn prompt(name: &str) {
    eprint!("{}: ", plain(name));
}
