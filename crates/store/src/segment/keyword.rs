//! A text that is searched for in rows.

use memchr::memmem::Finder;

use super::escape::{ESCAPE, LITERAL, OWN_ID, UUID_TEXT_BYTES};

/// A text to search for.
#[derive(Debug)]
pub(crate) struct Keyword<'a> {
    text: &'a [u8],
    pub(super) finder: Finder<'a>,
    /// Whether the keyword has bytes that escaping uses, so that escaped text says nothing about it.
    pub(super) is_escape_like: bool,
}

impl<'a> Keyword<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        let text = text.as_bytes();
        let is_escape_like = text.iter().any(|byte| [ESCAPE, OWN_ID, LITERAL].contains(byte));
        Self { text, finder: Finder::new(text), is_escape_like }
    }

    /// Whether plain text has the keyword.
    pub(crate) fn is_in(&self, text: &[u8]) -> bool {
        self.finder.find(text).is_some()
    }

    /// Whether an occurrence can lie across, in or around some canonical UUID. One with bytes of escaping is looked for
    /// in the text as it was, which takes the id to write.
    pub(crate) fn may_touch_uuids(&self) -> bool {
        let is_of_uuids = |byte: Option<&u8>| byte.is_none_or(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f' | b'-'));
        self.is_escape_like
            || is_of_uuids(self.text.first())
            || is_of_uuids(self.text.last())
            || self.text.len() > UUID_TEXT_BYTES
    }

    /// Whether the id contains the keyword, or the keyword the id.
    pub(crate) fn is_within_or_around(&self, id: &[u8]) -> bool {
        self.finder.find(id).is_some() || memchr::memmem::find(self.text, id).is_some()
    }

    /// Whether an occurrence can lie across, in or around the id; never for an empty one, which stands for any that
    /// the keyword has nothing to do with.
    pub(crate) fn may_touch(&self, id: &[u8]) -> bool {
        let word = self.text;
        if id.is_empty() {
            return false;
        }
        (1..word.len()).any(|at| id.ends_with(word.get(..at).unwrap_or_default()))
            || (1..word.len()).any(|at| id.starts_with(word.get(at..).unwrap_or_default()))
            || self.is_within_or_around(id)
    }
}
