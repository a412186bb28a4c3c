//! Reading and writing little-endian numbers, lengths and texts. Reading never panics: a short or odd input is
//! [`Malformed`].

use runlog_core::Stream;

/// Why bytes are not what they should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Malformed(pub(crate) &'static str);

/// The rest of an input.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reader<'a>(pub(crate) &'a [u8]);

impl<'a> Reader<'a> {
    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        let (head, rest) = self.0.split_first_chunk::<N>().ok_or(Malformed("it ends too early"))?;
        self.0 = rest;
        Ok(*head)
    }

    pub(crate) fn u8(&mut self) -> Result<u8, Malformed> {
        self.array::<1>().map(|[byte]| byte)
    }

    pub(crate) fn u32(&mut self) -> Result<u32, Malformed> {
        self.array().map(u32::from_le_bytes)
    }

    pub(crate) fn u64(&mut self) -> Result<u64, Malformed> {
        self.array().map(u64::from_le_bytes)
    }

    pub(crate) fn i32(&mut self) -> Result<i32, Malformed> {
        self.array().map(i32::from_le_bytes)
    }

    pub(crate) fn i64(&mut self) -> Result<i64, Malformed> {
        self.array().map(i64::from_le_bytes)
    }

    /// A number of 7 bits a byte, lowest first, the top bit set on all but the last.
    pub(crate) fn varint(&mut self) -> Result<u64, Malformed> {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.u8()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(Malformed("a number is too long"))
    }

    /// A number of things that follow, each at least `unit` bytes long: never more than the input can hold.
    pub(crate) fn count(&mut self, unit: usize) -> Result<usize, Malformed> {
        let count = usize::try_from(self.varint()?).map_err(|_| Malformed("a count is too large"))?;
        if count > self.0.len() / unit.max(1) { Err(Malformed("a count is too large")) } else { Ok(count) }
    }

    pub(crate) fn bytes(&mut self, len: usize) -> Result<&'a [u8], Malformed> {
        let (head, rest) = self.0.split_at_checked(len).ok_or(Malformed("it ends too early"))?;
        self.0 = rest;
        Ok(head)
    }

    pub(crate) fn text(&mut self, len: usize) -> Result<&'a str, Malformed> {
        std::str::from_utf8(self.bytes(len)?).map_err(|_| Malformed("a text is not UTF-8"))
    }

    /// A text after its length.
    pub(crate) fn short_text(&mut self) -> Result<&'a str, Malformed> {
        let len = self.count(1)?;
        self.text(len)
    }

    pub(crate) fn end(self) -> Result<(), Malformed> {
        if self.0.is_empty() { Ok(()) } else { Err(Malformed("it has bytes too many")) }
    }
}

pub(crate) fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        // Truncation keeps the low seven bits on purpose.
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

pub(crate) fn put_short_text(out: &mut Vec<u8>, text: &str) {
    put_varint(out, text.len() as u64);
    out.extend_from_slice(text.as_bytes());
}

/// Signed as unsigned, small magnitudes small.
pub(crate) fn zigzag(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)).cast_unsigned()
}

pub(crate) fn unzigzag(value: u64) -> i64 {
    (value >> 1).cast_signed() ^ -(value & 1).cast_signed()
}

/// `payload` followed by its crc32c, as [`checked`] reads it.
pub(crate) fn seal(payload: &mut Vec<u8>) {
    let sum = crc32c::crc32c(payload);
    payload.extend_from_slice(&sum.to_le_bytes());
}

/// The payload before a crc32c that fits it.
pub(crate) fn checked(bytes: &[u8]) -> Result<&[u8], Malformed> {
    let (payload, sum) = bytes.split_last_chunk::<4>().ok_or(Malformed("it ends too early"))?;
    if crc32c::crc32c(payload) == u32::from_le_bytes(*sum) { Ok(payload) } else { Err(Malformed("a checksum differs")) }
}

/// A number of 32 bits.
pub(crate) fn small(reader: &mut Reader<'_>) -> Result<u32, Malformed> {
    u32::try_from(reader.varint()?).map_err(|_| Malformed("a number is too large"))
}

/// Writes a stream's names.
pub(crate) fn put_stream(out: &mut Vec<u8>, stream: &Stream) {
    for name in [&stream.account, &stream.region, &stream.namespace, &stream.function, &stream.qualifier] {
        put_short_text(out, name);
    }
}

/// Reads a stream's names.
pub(crate) fn read_stream(reader: &mut Reader<'_>) -> Result<Stream, Malformed> {
    let mut name = || reader.short_text().map(str::to_owned);
    Ok(Stream { account: name()?, region: name()?, namespace: name()?, function: name()?, qualifier: name()? })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn numbers_and_back(unsigned: u64, signed: i64) {
            let mut out = Vec::new();
            put_varint(&mut out, unsigned);
            let mut reader = Reader(&out);
            prop_assert_eq!(reader.varint(), Ok(unsigned));
            prop_assert_eq!(reader.end(), Ok(()));
            prop_assert_eq!(unzigzag(zigzag(signed)), signed);
        }

        #[test]
        fn any_flipped_bit_is_noticed(
            mut payload in prop::collection::vec(any::<u8>(), 0..99),
            at: prop::sample::Index,
            bit in 0u8..8,
        ) {
            seal(&mut payload);
            prop_assert!(checked(&payload).is_ok());
            let at = at.index(payload.len());
            payload[at] ^= 1 << bit;
            prop_assert!(checked(&payload).is_err());
        }
    }
}
