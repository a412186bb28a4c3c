//! The request ids of a block's rows.
//!
//! ```text
//! id block = 0 | 16 bytes a row | crc 4                                      every id a canonical UUID
//!          | 1 | (0, 16 bytes | length varint, text)* | crc 4                otherwise
//! ```
//!
//! A canonical UUID is lower-case with four dashes; every other spelling is kept as the text it is.

use memchr::memmem::Finder;

use crate::codec::{Malformed, Reader, put_varint, seal};

const UUID_TEXT: usize = 36;
const DASHES: [usize; 4] = [8, 13, 18, 23];

/// Where the digits of each byte begin.
const PAIRS: [usize; 16] = [0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34];

/// A bit that no digit's value has.
const NO_DIGIT: u8 = 0x80;

/// The values of digits: every run brings an id, twice at least.
const VALUES: [u8; 256] = {
    let mut values = [NO_DIGIT; 256];
    let mut byte = 0;
    while byte < 256 {
        if let Some(value) = digit(byte as u8) {
            values[byte] = value;
        }
        byte += 1;
    }
    values
};

/// Gathers the ids of a block.
#[derive(Debug, Default)]
pub(crate) struct IdsBuilder {
    ids: Vec<Id>,
}

#[derive(Debug)]
enum Id {
    Uuid([u8; 16]),
    Text(Box<str>),
}

impl IdsBuilder {
    /// Adds an id; whether it is a canonical UUID.
    pub(crate) fn push(&mut self, id: &str) -> bool {
        let id = parse_uuid(id).map_or_else(|| Id::Text(id.into()), Id::Uuid);
        let is_uuid = matches!(id, Id::Uuid(_));
        self.ids.push(id);
        is_uuid
    }

    /// Writes the block and begins the next.
    pub(crate) fn finish(&mut self, out: &mut Vec<u8>) {
        let all_uuids = self.ids.iter().all(|id| matches!(id, Id::Uuid(_)));
        let mut block = vec![u8::from(!all_uuids)];
        for id in self.ids.drain(..) {
            match id {
                Id::Uuid(bytes) => {
                    if !all_uuids {
                        block.push(0);
                    }
                    block.extend(bytes);
                }
                Id::Text(text) => {
                    put_varint(&mut block, text.len() as u64);
                    block.extend(text.bytes());
                }
            }
        }
        seal(&mut block);
        out.extend(block);
    }
}

/// The id of a row of a block, whose checksum was checked.
pub(crate) fn id_at(block: &[u8], row: usize) -> Result<String, Malformed> {
    let mut reader = Reader(block);
    if reader.u8()? == 0 {
        let uuid = reader.0.get(row * 16..).and_then(|rest| rest.first_chunk::<16>());
        return uuid.map(format_uuid).ok_or(Malformed("an id block ends too early"));
    }
    for _ in 0..row {
        let len = reader.count(1)?;
        reader.bytes(if len == 0 { 16 } else { len })?;
    }
    match reader.count(1)? {
        0 => Ok(format_uuid(&reader.array()?)),
        len => reader.text(len).map(str::to_owned),
    }
}

/// A text that is looked for within canonical UUIDs, or a text that has some within.
#[derive(Debug)]
pub(crate) enum UuidPart {
    /// The places that the text can have: which bits of an id it stands for, and their values.
    Places(Vec<(u128, u128)>),
    /// Bytes of an id that has the text.
    Bytes(Vec<Finder<'static>>),
    /// Any id may do.
    Any,
}

/// Up to this many places of a text are compared one by one; for more, its bytes are searched.
const PLACES_MAX: usize = 4;

impl UuidPart {
    pub(crate) fn new(text: &[u8]) -> Self {
        if text.len() > UUID_TEXT {
            let whole = text.windows(UUID_TEXT).filter_map(|part| place(part, 0));
            return Self::Places(whole.collect());
        }
        let places: Vec<_> = (0..=UUID_TEXT - text.len()).filter_map(|at| place(text, at)).collect();
        if places.len() <= PLACES_MAX {
            return Self::Places(places);
        }
        // The longest part between dashes begins at the first or the second digit of some byte.
        let longest = text.split(|byte| *byte == b'-').max_by_key(|part| part.len()).unwrap_or_default();
        let finder = |from| {
            let (pairs, _) = longest.get(from..)?.as_chunks::<2>();
            let bytes = pairs.iter().map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?));
            let bytes = bytes.collect::<Option<Vec<u8>>>().filter(|bytes| !bytes.is_empty())?;
            Some(Finder::new(&bytes).into_owned())
        };
        [finder(0), finder(1)].into_iter().collect::<Option<_>>().map_or(Self::Any, Self::Bytes)
    }

    /// Calls `each` with the rows of a block whose ids may hold the text or be held by it, maybe more than once.
    pub(crate) fn rows(&self, block: &[u8], rows: u32, mut each: impl FnMut(u32)) {
        match (self, block) {
            (Self::Places(places), [0, ids @ ..]) => {
                for (row, id) in (0..rows).zip(ids.as_chunks::<16>().0) {
                    let id = u128::from_be_bytes(*id);
                    if places.iter().any(|(mask, value)| id & mask == *value) {
                        each(row);
                    }
                }
            }
            (Self::Bytes(finders), [0, ids @ ..]) => {
                let found = finders.iter().flat_map(|finder| finder.find_iter(ids));
                found.for_each(|at| each(u32::try_from(at / 16).unwrap_or(rows)));
            }
            _ => (0..rows).for_each(each),
        }
    }
}

/// What ids have that have the text at a place: which bits, and their values. None where no id does.
fn place(text: &[u8], at: usize) -> Option<(u128, u128)> {
    let (mut mask, mut value) = (0, 0);
    for place in 0..UUID_TEXT {
        let byte = place.checked_sub(at).and_then(|place| text.get(place));
        if DASHES.contains(&place) {
            if byte.is_some_and(|byte| *byte != b'-') {
                return None;
            }
            continue;
        }
        let (known, digit) = match byte {
            Some(byte) => (0xf, digit(*byte)?),
            None => (0, 0),
        };
        mask = mask << 4 | known;
        value = value << 4 | u128::from(digit);
    }
    Some((mask, value))
}

const fn digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    }
}

/// Whether an id is a canonical UUID.
pub(super) fn is_uuid(id: &str) -> bool {
    parse_uuid(id).is_some()
}

/// The bytes of a canonical UUID, and nothing for any other text.
fn parse_uuid(text: &str) -> Option<[u8; 16]> {
    let text: &[u8; UUID_TEXT] = text.as_bytes().try_into().ok()?;
    if DASHES.iter().any(|at| text.get(*at) != Some(&b'-')) {
        return None;
    }
    let value =
        |at: usize| text.get(at).map_or(NO_DIGIT, |byte| VALUES.get(usize::from(*byte)).copied().unwrap_or(NO_DIGIT));
    let (mut bytes, mut seen) = ([0; 16], 0);
    for (byte, at) in bytes.iter_mut().zip(PAIRS) {
        let (high, low) = (value(at), value(at + 1));
        *byte = high << 4 | low & 15;
        seen |= high | low;
    }
    (seen & NO_DIGIT == 0).then_some(bytes)
}

fn format_uuid(bytes: &[u8; 16]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = String::with_capacity(UUID_TEXT);
    for (at, byte) in bytes.iter().enumerate() {
        if matches!(at, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        for digit in [byte >> 4, byte & 15] {
            text.push(char::from(DIGITS.get(usize::from(digit)).copied().unwrap_or(b'?')));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::codec::checked;

    fn ids() -> impl Strategy<Value = String> {
        prop_oneof![
            any::<[u8; 16]>().prop_map(|bytes| format_uuid(&bytes)),
            any::<[u8; 16]>().prop_map(|bytes| format_uuid(&bytes).to_uppercase()),
            "[0-9a-f-]{36}",
            "\\PC{1,40}",
        ]
    }

    proptest! {
        #[test]
        fn ids_and_back(ids in prop::collection::vec(ids(), 1..9)) {
            let mut builder = IdsBuilder::default();
            for id in &ids {
                prop_assert_eq!(builder.push(id), parse_uuid(id).is_some());
            }
            let mut out = Vec::new();
            builder.finish(&mut out);
            let block = checked(&out).unwrap();
            for (row, id) in ids.iter().enumerate() {
                prop_assert_eq!(&id_at(block, row).unwrap(), id);
            }
        }
    }

    proptest! {
        #[test]
        fn parts_of_ids_are_found(
            ids in prop::collection::vec("[0-1a]{8}-[0-1a]{4}-[0-1a]{4}-[0-1a]{4}-[0-1a]{12}", 1..9),
            from in 0usize..40,
            length in 1usize..40,
            other in "[0-1a-]{1,5}",
        ) {
            let mut builder = IdsBuilder::default();
            ids.iter().for_each(|id| assert!(builder.push(id)));
            let mut out = Vec::new();
            builder.finish(&mut out);
            let some = &ids[from % ids.len()];
            let part = some.get(from..).map_or("", |rest| rest.get(..length).unwrap_or(rest));
            let around = format!("{other}{some}{other}");
            for text in [part, &other, &around] {
                let mut found = Vec::new();
                let part = UuidPart::new(text.as_bytes());
                part.rows(checked(&out).unwrap(), ids.len() as u32, |row| found.push(row));
                let wanted = ids.iter().map(|id| id.contains(text) || text.contains(id.as_str()));
                for (row, is_wanted) in (0..).zip(wanted) {
                    prop_assert!(!is_wanted || found.contains(&row), "{} in {}", text, ids[row as usize]);
                }
            }
        }
    }

    #[test]
    fn only_canonical_uuids_are_short() {
        assert!(parse_uuid("3f2504e0-4f89-41d3-9a0c-0305e82c3301").is_some());
        for text in ["3F2504e0-4f89-41d3-9a0c-0305e82c3301", "3f2504e04f8941d39a0c0305e82c3301", ""] {
            assert!(parse_uuid(text).is_none(), "{text}");
        }
    }
}
