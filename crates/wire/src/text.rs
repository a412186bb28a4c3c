//! Text on the wire: percent escapes, form fields, hexadecimal digits.
//!
//! Decoding is strict: a broken escape or bytes that are not UTF-8 are an error, since a silently changed name or
//! value would answer a question that nobody asked.

use std::collections::BTreeSet;

use crate::error::{ApiError, Detail, ErrorCode};
use crate::limits::STRUCT_MAX_FIELDS;

/// Name and value of each field of a query string or a form, decoded, in the order as sent.
///
/// # Errors
/// `InvalidParameter` for a broken escape, for text that is not UTF-8, for a field without a name, for a name that is
/// given twice, and for more than [`STRUCT_MAX_FIELDS`] fields.
pub fn form_pairs(text: &str) -> Result<Vec<(String, String)>, ApiError> {
    let mut pairs = Vec::new();
    let mut seen = BTreeSet::new();
    for field in text.split('&').filter(|field| !field.is_empty()) {
        if pairs.len() == STRUCT_MAX_FIELDS {
            return Err(invalid(Detail::TooMany).with("max", STRUCT_MAX_FIELDS));
        }
        let (name, value) = field.split_once('=').unwrap_or((field, ""));
        let name = decode(name)?;
        if name.is_empty() {
            return Err(invalid(Detail::NameMalformed).with("name", field));
        }
        if !seen.insert(name.clone()) {
            return Err(invalid(Detail::GivenTwice).with("name", name));
        }
        pairs.push((name, decode(value)?));
    }
    Ok(pairs)
}

/// The value of one field, without looking at the others; for when the whole may be broken.
pub(crate) fn form_field<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    text.split('&').find_map(|field| field.split_once('=').filter(|(found, _)| *found == name).map(|(_, value)| value))
}

/// Undoes the escapes of one name or value; `+` is a space.
fn decode(text: &str) -> Result<String, ApiError> {
    if memchr::memchr2(b'%', b'+', text.as_bytes()).is_none() {
        return Ok(text.to_owned());
    }
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, tail)) = rest.split_first() {
        rest = tail;
        decoded.push(match byte {
            b'+' => b' ',
            b'%' => {
                let escaped = tail.split_first_chunk::<2>().and_then(|(digits, tail)| {
                    rest = tail;
                    unhex(digits)
                });
                escaped.ok_or_else(|| invalid(Detail::BrokenEscape).with("value", text))?
            }
            other => other,
        });
    }
    String::from_utf8(decoded).map_err(|_| invalid(Detail::NotUtf8).with("value", text))
}

/// Fields as a query string or form.
pub fn encode_form<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let fields: Vec<String> =
        pairs.into_iter().map(|(name, value)| format!("{}={}", percent_encode(name), percent_encode(value))).collect();
    fields.join("&")
}

/// Unix seconds of `Sun, 06 Nov 1994 08:49:37 GMT`, the form that servers write (published: RFC 9110).
pub fn http_date_s(text: &str) -> Option<i64> {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let rest = text.split_once(", ")?.1.strip_suffix(" GMT")?;
    let mut words = rest.split(' ');
    let (day, month, year, time) = (words.next()?, words.next()?, words.next()?, words.next()?);
    let month = 1 + MONTHS.iter().position(|name| *name == month)?;
    let civil = format!("{year}-{month:02}-{day:0>2} {time}");
    runlog_core::Zone::UTC.parse(&civil).ok().map(|time| time.ms.div_euclid(1000))
}

/// Escapes everything but the unreserved characters of RFC 3986, as every official SDK decodes it.
pub fn percent_encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push('%');
            for digit in [byte >> 4, byte & 15] {
                encoded.push(char::from_digit(u32::from(digit), 16).unwrap_or('0').to_ascii_uppercase());
            }
        }
    }
    encoded
}

/// Bytes as lower-case hexadecimal digits.
pub(crate) fn hex(bytes: impl AsRef<[u8]>) -> String {
    let bytes = bytes.as_ref();
    let mut text = String::with_capacity(2 * bytes.len());
    for digit in bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]) {
        text.push(char::from_digit(u32::from(digit), 16).unwrap_or('0'));
    }
    text
}

/// Exactly `N` bytes from hexadecimal digits of either case.
pub(crate) fn hex_bytes<const N: usize>(text: &str) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    let (pairs, []) = text.as_bytes().as_chunks::<2>() else {
        return None;
    };
    if pairs.len() != N {
        return None;
    }
    for (byte, digits) in bytes.iter_mut().zip(pairs) {
        *byte = unhex(digits)?;
    }
    Some(bytes)
}

fn unhex(digits: &[u8; 2]) -> Option<u8> {
    let value = |digit: u8| char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok());
    let [high, low] = *digits;
    Some((value(high)? << 4) | value(low)?)
}

/// `InvalidParameter` with a detail.
pub(crate) fn invalid(detail: Detail) -> ApiError {
    ApiError::new(ErrorCode::InvalidParameter).detail(detail)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn decodes_what_clients_send() {
        let pairs = form_pairs("A=hello-%E4%B8%AD%E6%96%87+x&B=a%20b%26c*~'()!&C=&D&&E=%24LATEST&F=a=b").unwrap();
        let expected =
            [("A", "hello-中文 x"), ("B", "a b&c*~'()!"), ("C", ""), ("D", ""), ("E", "$LATEST"), ("F", "a=b")];
        assert_eq!(pairs, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
        assert_eq!(form_pairs(""), Ok(Vec::new()));
    }

    #[test]
    fn broken_text_is_an_error() {
        for text in ["A=%", "A=%4", "A=%zz", "%FF=1", "A=%C3%28", "=x", "A=1&A=2", "A=1&%41=2"] {
            let error = form_pairs(text).unwrap_err();
            assert_eq!(error.code(), "InvalidParameter", "{text}");
        }
        let many: Vec<String> = (0..=STRUCT_MAX_FIELDS).map(|at| format!("k{at}=v")).collect();
        assert_eq!(form_pairs(&many.join("&")).unwrap_err().arg("max"), Some("256"));
    }

    #[test]
    fn hexadecimal() {
        assert_eq!(hex([0x00, 0x9f, 0xff]), "009fff");
        assert_eq!(hex_bytes::<3>("009FfF"), Some([0x00, 0x9f, 0xff]));
        for text in ["", "00", "0", "009ff", "009fgg", "009fff00", "中中"] {
            assert_eq!(hex_bytes::<3>(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn encoded_and_back(name in "\\PC{1,20}", value in any::<String>()) {
            let text = format!("{}={}", percent_encode(&name), percent_encode(&value));
            prop_assert_eq!(form_pairs(&text), Ok(vec![(name, value)]));
        }
    }

    #[test]
    fn dates_of_http() {
        assert_eq!(http_date_s("Sun, 06 Nov 1994 08:49:37 GMT"), Some(784_111_777));
        for text in ["", "06 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37", "Sun, 31 Feb 1994 08:49:37 GMT"] {
            assert_eq!(http_date_s(text), None, "{text}");
        }
    }
}
