//! The cursor of the native API: where the next page begins, as text. It has the engine's cursor and the parameters of
//! the pages before, so that a relative window does not move and a frozen answer stays frozen.
//!
//! ```text
//! base64url( version 1 | window start 8 | window end 8 | as_of 8, or all ones | question 8 ) . cursor of the engine
//! ```
//!
//! `question` is a hash of the filters: a cursor under other filters would point into another result.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use runlog_core::{Cursor, Query, Window};

const VERSION: u8 = 1;
const NO_AS_OF: u64 = u64::MAX;

/// A token in a result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PageToken {
    /// The window of the pages before.
    pub(crate) window: Window,
    /// Their `as_of`.
    pub(crate) as_of: Option<u64>,
    /// The row after which the page begins.
    pub(crate) after: Cursor,
    question: u64,
}

impl PageToken {
    /// The token after a row of a query's answer.
    pub(crate) fn after(query: &Query, after: Cursor) -> Self {
        Self { window: query.window, as_of: query.as_of, after, question: question(query) }
    }

    /// Whether the token belongs to a query with these filters and this order.
    pub(crate) fn fits(&self, query: &Query) -> bool {
        self.question == question(query) && self.after.order == query.order
    }

    /// The token as text of letters, digits, `-`, `_` and one dot.
    pub(crate) fn encode(&self) -> String {
        let mut bytes = vec![VERSION];
        bytes.extend(self.window.start_ms.to_le_bytes());
        bytes.extend(self.window.end_ms.to_le_bytes());
        bytes.extend(self.as_of.unwrap_or(NO_AS_OF).to_le_bytes());
        bytes.extend(self.question.to_le_bytes());
        format!("{}.{}", URL_SAFE_NO_PAD.encode(bytes), self.after.encode())
    }

    /// Reads a text made by [`PageToken::encode`]; `None` for any other.
    pub(crate) fn decode(text: &str) -> Option<Self> {
        let (asked, after) = text.split_once('.')?;
        let bytes = URL_SAFE_NO_PAD.decode(asked).ok()?;
        let (version, numbers) = bytes.split_first()?;
        let ([start, end, as_of, question], []) = numbers.as_chunks::<8>() else { return None };
        let as_of = Some(u64::from_le_bytes(*as_of)).filter(|as_of| *as_of != NO_AS_OF);
        let window = Window { start_ms: i64::from_le_bytes(*start), end_ms: i64::from_le_bytes(*end) };
        let after = Cursor::decode(after).ok()?;
        (*version == VERSION).then_some(Self { window, as_of, after, question: u64::from_le_bytes(*question) })
    }
}

/// FNV-1a of the filters. It is not a secret: a caller that forges one only moves its own page.
fn question(query: &Query) -> u64 {
    let filters = format!("{:?}", (&query.scope, &query.result, &query.request_id, &query.keyword));
    filters.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use runlog_core::{Order, Scope, SortValue};

    use super::*;

    fn token(as_of: Option<u64>) -> (Query, PageToken) {
        let window = Window { start_ms: -5, end_ms: i64::MAX };
        let query = Query { window, as_of, keyword: Some("w".to_owned()), ..Query::new(Scope::account("1")) };
        let after = Cursor { order: Order::NEWEST_FIRST, value: SortValue::Start, start_ms: 3, seq: 4 };
        let token = PageToken::after(&query, after);
        (query, token)
    }

    #[test]
    fn text_and_back() {
        for as_of in [None, Some(0), Some(77)] {
            let (query, token) = token(as_of);
            assert_eq!(PageToken::decode(&token.encode()).as_ref(), Some(&token));
            assert!(token.fits(&query));
            assert!(!token.fits(&Query { keyword: None, ..query.clone() }));
            assert!(token.fits(&Query { window: Window::ALL, as_of: None, limit: 5, ..query }));
        }
    }

    #[test]
    fn any_other_text_is_refused() {
        let (_, token) = token(None);
        let text = token.encode();
        for other in ["", ".", "x.y", &text[1..], &text[..text.len() - 1], &text.replace('.', "")] {
            assert_eq!(PageToken::decode(other), None, "{other}");
        }
    }
}
