//! Text on the wire: percent escapes, form fields, hexadecimal digits, dates of headers.
//!
//! Decoding is strict: a broken escape, or bytes that are not UTF-8, are an error. A name or value that is changed in
//! silence would answer another question than the one that was asked.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::time::UNIX_EPOCH;

use data_encoding::{HEXLOWER, HEXLOWER_PERMISSIVE};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use crate::error::{ApiError, Detail, ErrorCode};
use crate::limits::STRUCT_MAX_FIELDS;

/// Everything but the unreserved characters of RFC 3986.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

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
    let is_escape = |after: &str| after.as_bytes().get(..2).is_some_and(|two| two.iter().all(u8::is_ascii_hexdigit));
    if !text.split('%').skip(1).all(is_escape) {
        return Err(invalid(Detail::BrokenEscape).with("value", text));
    }
    let spaced = text.replace('+', " ");
    let decoded = percent_decode_str(&spaced).decode_utf8();
    decoded.map(Cow::into_owned).map_err(|_| invalid(Detail::NotUtf8).with("value", text))
}

/// Fields as a query string or form.
pub fn encode_form<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let fields: Vec<String> =
        pairs.into_iter().map(|(name, value)| format!("{}={}", percent_encode(name), percent_encode(value))).collect();
    fields.join("&")
}

/// Unix seconds of a date in a header, such as `Sun, 06 Nov 1994 08:49:37 GMT` (published: RFC 9110). `None` for any
/// other text, and for a date before 1970.
pub fn http_date_s(text: &str) -> Option<i64> {
    let since = httpdate::parse_http_date(text).ok()?.duration_since(UNIX_EPOCH).ok()?;
    i64::try_from(since.as_secs()).ok()
}

/// Escapes everything but the unreserved characters of RFC 3986, as every official SDK decodes it.
pub fn percent_encode(text: &str) -> String {
    utf8_percent_encode(text, RESERVED).to_string()
}

/// Bytes as lower-case hexadecimal digits.
pub(crate) fn hex(bytes: impl AsRef<[u8]>) -> String {
    HEXLOWER.encode(bytes.as_ref())
}

/// Exactly `N` bytes from hexadecimal digits of either case.
pub(crate) fn hex_bytes<const N: usize>(text: &str) -> Option<[u8; N]> {
    HEXLOWER_PERMISSIVE.decode(text.as_bytes()).ok()?.try_into().ok()
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
        for text in
            ["A=%", "A=%4", "A=%zz", "A=%%41", "A=%4+", "A=%中", "%FF=1", "A=%C3%28", "=x", "A=1&A=2", "A=1&%41=2"]
        {
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
        for text in [
            "",
            "06 Nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 1994 08:49:37",
            "Sun, 31 Feb 1994 08:49:37 GMT",
            "Mon, 06 Nov 1994 08:49:37 GMT",
        ] {
            assert_eq!(http_date_s(text), None, "{text}");
        }
    }
}
