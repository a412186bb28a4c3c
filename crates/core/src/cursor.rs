//! A cursor: the place after a row, in one order, as text that a caller can keep.
//!
//! ```text
//! base64url( version 1 | order 1 | value | start_ms 8 | seq 8 | check 4 )       little-endian
//!   order: 2 * key + direction;  value: nothing, or a number in 8, or (length 2, text) twice
//! ```

use std::cmp::Ordering;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::order::{Direction, Order, SortKey, SortValue};
use crate::row::Row;

const VERSION: u8 = 1;

/// The place after a row in an order. It stays right while rows come and go around it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// The order that the row was found in.
    pub order: Order,
    /// The row's value under that order's key.
    pub value: SortValue,
    /// The row's start, in Unix milliseconds.
    pub start_ms: i64,
    /// The row's sequence number.
    pub seq: u64,
}

/// Why a text is not a cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is not a cursor that a query has returned; start again from the first page")]
pub struct CursorError;

impl Cursor {
    /// The place after `row` in `order`.
    pub fn after(row: &Row, order: Order) -> Self {
        Self { order, value: order.value(row), start_ms: row.run.start_ms, seq: row.seq }
    }

    /// How `row` compares with this place: `Greater` means that the row follows.
    pub fn compare(&self, row: &Row) -> Ordering {
        let ascending = self
            .order
            .value(row)
            .cmp(&self.value)
            .then(row.run.start_ms.cmp(&self.start_ms))
            .then(row.seq.cmp(&self.seq));
        self.order.direction.apply(ascending)
    }

    /// The cursor as text of the URL-safe base64 alphabet.
    pub fn encode(&self) -> String {
        let mut bytes = vec![VERSION, order_code(self.order)];
        match &self.value {
            SortValue::Start => {}
            SortValue::Number(number) => bytes.extend(number.to_le_bytes()),
            SortValue::Name(namespace, function) => {
                for name in [namespace, function] {
                    let len = u16::try_from(name.len()).expect("names are at most `limits::NAME_MAX_BYTES` long");
                    bytes.extend(len.to_le_bytes());
                    bytes.extend(name.as_bytes());
                }
            }
        }
        bytes.extend(self.start_ms.to_le_bytes());
        bytes.extend(self.seq.to_le_bytes());
        bytes.extend(check(&bytes).to_le_bytes());
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Reads a cursor from the text that [`Cursor::encode`] made.
    ///
    /// # Errors
    /// [`CursorError`] for any other text.
    pub fn decode(text: &str) -> Result<Self, CursorError> {
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| CursorError)?;
        let (payload, sum) = bytes.split_last_chunk::<4>().ok_or(CursorError)?;
        if check(payload) != u32::from_le_bytes(*sum) {
            return Err(CursorError);
        }
        let mut reader = Reader(payload);
        if reader.array::<1>()? != [VERSION] {
            return Err(CursorError);
        }
        let order = order_from_code(reader.array::<1>()?[0])?;
        let value = match order.by {
            SortKey::StartTime => SortValue::Start,
            SortKey::Duration | SortKey::MemUsage => SortValue::Number(u64::from_le_bytes(reader.array()?)),
            SortKey::FunctionName => SortValue::Name(reader.text()?, reader.text()?),
        };
        let start_ms = i64::from_le_bytes(reader.array()?);
        let seq = u64::from_le_bytes(reader.array()?);
        if reader.0.is_empty() { Ok(Self { order, value, start_ms, seq }) } else { Err(CursorError) }
    }
}

struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn array<const N: usize>(&mut self) -> Result<[u8; N], CursorError> {
        let (head, rest) = self.0.split_first_chunk::<N>().ok_or(CursorError)?;
        self.0 = rest;
        Ok(*head)
    }

    fn text(&mut self) -> Result<String, CursorError> {
        let len = usize::from(u16::from_le_bytes(self.array()?));
        let (head, rest) = self.0.split_at_checked(len).ok_or(CursorError)?;
        self.0 = rest;
        String::from_utf8(head.to_vec()).map_err(|_| CursorError)
    }
}

/// FNV-1a: catches a mistyped cursor; it is no secret, and a forged cursor only moves its owner's own page.
fn check(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193))
}

const KEYS: [SortKey; 4] = [SortKey::StartTime, SortKey::Duration, SortKey::MemUsage, SortKey::FunctionName];

fn order_code(order: Order) -> u8 {
    let key = match order.by {
        SortKey::StartTime => 0,
        SortKey::Duration => 1,
        SortKey::MemUsage => 2,
        SortKey::FunctionName => 3,
    };
    2 * key + u8::from(order.direction == Direction::Desc)
}

fn order_from_code(code: u8) -> Result<Order, CursorError> {
    let by = *KEYS.get(usize::from(code / 2)).ok_or(CursorError)?;
    Ok(Order { by, direction: if code % 2 == 1 { Direction::Desc } else { Direction::Asc } })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn cursors() -> impl Strategy<Value = Cursor> {
        (0u8..8, any::<u64>(), ".{0,20}", ".{0,20}", any::<i64>(), any::<u64>()).prop_map(
            |(code, number, namespace, function, start_ms, seq)| {
                let order = order_from_code(code).unwrap();
                let value = match order.by {
                    SortKey::StartTime => SortValue::Start,
                    SortKey::Duration | SortKey::MemUsage => SortValue::Number(number),
                    SortKey::FunctionName => SortValue::Name(namespace, function),
                };
                Cursor { order, value, start_ms, seq }
            },
        )
    }

    proptest! {
        #[test]
        fn text_and_back(cursor in cursors()) {
            prop_assert_eq!(Cursor::decode(&cursor.encode()), Ok(cursor));
        }

        #[test]
        fn a_changed_letter_is_noticed(cursor in cursors(), at in any::<prop::sample::Index>()) {
            let mut text = cursor.encode().into_bytes();
            let at = at.index(text.len());
            text[at] = if text[at] == b'A' { b'B' } else { b'A' };
            prop_assert_ne!(Cursor::decode(std::str::from_utf8(&text).unwrap()), Ok(cursor));
        }

        #[test]
        fn any_other_text_is_refused(text in "\\PC{0,60}") {
            prop_assert_eq!(Cursor::decode(&text), Err(CursorError));
        }
    }
}
