//! Whether to colour, and how wide the screen is.

use std::env;
use std::io::{self, IsTerminal};

use clap::ColorChoice;

use crate::cli::common::server::setting;

/// Whether standard output is to be coloured: as the flag says; left to us, never with `NO_COLOR`, always with
/// `CLICOLOR_FORCE`, and otherwise on a terminal that can do it.
pub(in crate::cli) fn is_coloured(choice: ColorChoice) -> bool {
    match choice {
        ColorChoice::Always => true,
        ColorChoice::Never => false,
        ColorChoice::Auto => {
            let is_dumb = env::var_os("TERM").is_some_and(|term| term == "dumb");
            let is_forced = setting(None, &["CLICOLOR_FORCE"]).is_some_and(|value| value != "0");
            let is_refused = setting(None, &["NO_COLOR"]).is_some();
            !is_refused && (is_forced || io::stdout().is_terminal() && !is_dumb)
        }
    }
}

/// How many columns there are: `COLUMNS`, or those of the terminal; `None` where nobody says, as in a pipe.
pub(in crate::cli) fn columns() -> Option<usize> {
    let told = setting(None, &["COLUMNS"]).and_then(|text| text.trim().parse().ok());
    let asked = || Some(usize::from(rustix::termios::tcgetwinsize(io::stdout()).ok()?.ws_col));
    told.or_else(asked).filter(|columns| *columns > 0)
}

/// Colours of a terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::cli) enum Colour {
    Bold = 1,
    Red = 31,
    Yellow = 33,
    Cyan = 36,
}

/// A text in a colour, if it is wanted in one.
pub(in crate::cli) fn paint(text: &str, colour: Option<Colour>) -> String {
    match colour {
        Some(colour) if !text.is_empty() => format!("\x1b[{}m{text}\x1b[0m", colour as u8),
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_flag_says_holds() {
        assert!(is_coloured(ColorChoice::Always));
        assert!(!is_coloured(ColorChoice::Never));
    }

    #[test]
    fn colours_end_where_the_text_ends() {
        assert_eq!(paint("a", Some(Colour::Red)), "\x1b[31ma\x1b[0m");
        assert_eq!(paint("a", None), "a");
        assert_eq!(paint("", Some(Colour::Red)), "");
    }
}
