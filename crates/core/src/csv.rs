//! Texts of CSV (RFC 4180), for answers of the server and for what commands print.

use std::borrow::Cow;

/// A text, in quotes where it needs them. One that a spreadsheet would take for a formula stays as it is: this is data,
/// to be read back.
pub fn quoted(text: &str) -> Cow<'_, str> {
    if text.contains(['"', ',', '\n', '\r']) {
        Cow::Owned(format!("\"{}\"", text.replace('"', "\"\"")))
    } else {
        Cow::Borrowed(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_needs_quotes_is_quoted() {
        assert_eq!((quoted("a b"), quoted("a,\"b\"")), ("a b".into(), "\"a,\"\"b\"\"\"".into()));
        assert_eq!((quoted("a\nb"), quoted("a\rb"), quoted("")), ("\"a\nb\"".into(), "\"a\rb\"".into(), "".into()));
    }
}
