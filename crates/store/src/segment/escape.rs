//! How texts are written in text blocks.
//!
//! A run's own request id, which platforms write into its log, does not compress; so in a row's texts it is written as
//! `1a 01`, and a byte `1a` as `1a 02`. Escaped text is still UTF-8.

use memchr::memmem::Finder;

pub(crate) const ESCAPE: u8 = 0x1a;
pub(crate) const OWN_ID: u8 = 1;
pub(crate) const LITERAL: u8 = 2;

/// Shorter ids are left as they are: writing them as two bytes gains nothing, and they are met by chance.
pub(crate) const OWN_ID_MIN_BYTES: usize = 8;

pub(crate) const UUID_TEXT_BYTES: usize = 36;

/// Looks for an id by its first bytes: a finder is made for each row, and that of a long needle takes longer to make
/// than to use.
pub(super) struct IdFinder<'a> {
    start: Finder<'a>,
    rest: &'a [u8],
}

impl<'a> IdFinder<'a> {
    /// The longest needle that is looked for by comparing vectors alone.
    const START_BYTES: usize = 16;

    pub(super) fn new(id: &'a [u8]) -> Self {
        let (start, rest) = id.split_at_checked(Self::START_BYTES).unwrap_or((id, &[]));
        Self { start: Finder::new(start), rest }
    }

    /// The text before the id's first occurrence, and the text after it.
    fn split<'t>(&self, text: &'t [u8]) -> Option<(&'t [u8], &'t [u8])> {
        let mut from = 0;
        loop {
            let at = from + self.start.find(text.get(from..)?)?;
            let (before, found) = text.split_at_checked(at)?;
            let after = found.get(self.start.needle().len()..).and_then(|after| after.strip_prefix(self.rest));
            if let Some(after) = after {
                return Some((before, after));
            }
            from = at + 1;
        }
    }
}

/// Writes a text escaped.
pub(super) fn escape(out: &mut Vec<u8>, text: &[u8], id: Option<&IdFinder<'_>>) {
    let mut rest = text;
    while let Some((before, after)) = id.and_then(|id| id.split(rest)) {
        escape_literal(out, before);
        out.extend([ESCAPE, OWN_ID]);
        rest = after;
    }
    escape_literal(out, rest);
}

fn escape_literal(out: &mut Vec<u8>, text: &[u8]) {
    let mut from = 0;
    for at in memchr::memchr_iter(ESCAPE, text) {
        out.extend_from_slice(text.get(from..at).unwrap_or_default());
        out.extend([ESCAPE, LITERAL]);
        from = at + 1;
    }
    out.extend_from_slice(text.get(from..).unwrap_or_default());
}

/// Writes an escaped text as it was.
pub(super) fn unescape(out: &mut Vec<u8>, escaped: &[u8], id: &[u8]) {
    let mut rest = escaped;
    while let Some((before, after)) = memchr::memchr(ESCAPE, rest).and_then(|at| rest.split_at_checked(at)) {
        out.extend_from_slice(before);
        match after.get(1) {
            Some(&OWN_ID) => out.extend_from_slice(id),
            _ => out.push(ESCAPE),
        }
        rest = after.get(2..).unwrap_or_default();
    }
    out.extend_from_slice(rest);
}
