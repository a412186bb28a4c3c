//! Makes texts of runs harmless: output of a run must not control the reader's terminal.

use std::borrow::Cow;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// A text on one line, without what would steer a terminal, and without blanks around it.
pub(in crate::cli) fn one_line(text: &str) -> String {
    plain(text.trim_matches(|char: char| char.is_whitespace() || is_steering(char))).into_owned()
}

/// A text on one line, with a blank in place of each character that would steer a terminal.
pub(in crate::cli) fn plain(text: &str) -> Cow<'_, str> {
    if text.contains(is_steering) {
        Cow::Owned(text.chars().map(|char| if is_steering(char) { ' ' } else { char }).collect())
    } else {
        Cow::Borrowed(text)
    }
}

/// The part of a text that fits into a number of terminal columns, with `…` if something is left out.
pub(in crate::cli) fn cut(text: &str, columns: usize) -> Cow<'_, str> {
    if text.width() <= columns {
        return Cow::Borrowed(text);
    }
    let mut used = 0;
    let fits = |char: &char| {
        used += char.width().unwrap_or_default();
        used < columns
    };
    let mut kept: String = text.chars().take_while(fits).collect();
    kept.push('…');
    Cow::Owned(kept)
}

/// A log for people: whole, with its lines and tabs. Colours stay where they are wanted and go where not; other control
/// characters are shown as what they are, such as `␛`.
pub(in crate::cli) fn harmless(text: &str, keeps_colours: bool) -> Cow<'_, str> {
    if !text.contains(|char: char| char != '\n' && char != '\t' && is_steering(char)) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(char) = rest.chars().next() {
        let colour_bytes = colour_bytes(rest);
        if colour_bytes > 0 {
            shown.push_str(if keeps_colours { &rest[..colour_bytes] } else { "" });
            rest = &rest[colour_bytes..];
            continue;
        }
        match char {
            '\n' | '\t' => shown.push(char),
            // The end of a line of another system.
            '\r' if rest.starts_with("\r\n") => {}
            '\0'..='\x1f' => shown.push(char::from_u32(0x2400 + u32::from(char)).unwrap_or(' ')),
            '\x7f' => shown.push('␡'),
            char if is_steering(char) => shown.push('\u{fffd}'),
            char => shown.push(char),
        }
        rest = &rest[char.len_utf8()..];
    }
    Cow::Owned(shown)
}

/// The length of the colour sequence (`ESC [ 1 ; 31 m`) that a text begins with; 0 if it begins with none.
fn colour_bytes(text: &str) -> usize {
    let Some(numbers) = text.strip_prefix("\x1b[") else { return 0 };
    let end = numbers.find(|char: char| !matches!(char, '0'..='9' | ';' | ':')).unwrap_or(numbers.len());
    if numbers[end..].starts_with('m') { "\x1b[".len() + end + 1 } else { 0 }
}

/// Control characters (C0, DEL and C1), separators of lines and paragraphs, and what turns the direction of writing.
fn is_steering(char: char) -> bool {
    char.is_control()
        || matches!(
            char,
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_of_anything() {
        assert_eq!(one_line("\n a\tb\x1b[2J\u{202e}c\r\n"), "a b [2J c");
        assert_eq!(one_line("\0\n"), "");
        assert_eq!(one_line("a\u{61c}b\u{2028}c\u{2029}d\u{9d}e\u{2066}f"), "a b c d e f");
        assert_eq!(plain(" a\tb\n"), " a b ");
    }

    #[test]
    fn a_long_text_is_cut_where_it_says_so() {
        for (text, columns, shown) in [
            ("一二三四五", 10, "一二三四五"),
            ("一二三四五", 9, "一二三四…"),
            ("一二三四五", 8, "一二三…"),
            ("abc", 3, "abc"),
            ("abcd", 3, "ab…"),
            ("abcd", 1, "…"),
        ] {
            assert_eq!(cut(text, columns), shown, "{text} {columns}");
            assert!(cut(text, columns).width() <= columns);
        }
    }

    #[test]
    fn a_log_keeps_its_lines_and_loses_its_power() {
        let log = "a\r\n\x1b[1;31mred\x1b[0m\x1b[2J\x1b]0;title\x07\tb\u{202e}\x7f\n";
        assert_eq!(harmless(log, true), "a\n\x1b[1;31mred\x1b[0m␛[2J␛]0;title␇\tb\u{fffd}␡\n");
        assert_eq!(harmless(log, false), "a\nred␛[2J␛]0;title␇\tb\u{fffd}␡\n");
        assert!(matches!(harmless("plain\n\tText 你好\n", false), Cow::Borrowed(_)));
        assert_eq!(harmless("\x1b[31", true), "␛[31");
    }
}
