//! A multipart body as a [`ParamTree`].
//!
//! ```text
//! --BOUNDARY CRLF  Content-Disposition: form-data; name="Limit" CRLF  CRLF  20 CRLF
//! --BOUNDARY CRLF  Content-Disposition: form-data; name="Filter" CRLF  Content-Type: application/json CRLF  CRLF  {...} CRLF
//! --BOUNDARY--
//! ```
//!
//! Names are flat as in a form; a part that says it is JSON carries a nested value, as the Python SDK writes it.

use memchr::memmem;

use super::json;
use super::names::from_pairs;
use super::tree::ParamTree;
use crate::error::{ApiError, Detail, ErrorCode};
use crate::limits::{MULTIPART_MAX_PARTS, PART_HEAD_MAX_BYTES};
use crate::text::invalid;

/// Reads a whole body under its `Content-Type`.
///
/// # Errors
/// `InvalidRequest` for a body that is not well formed; what [`from_pairs`] and JSON parts can raise.
pub(crate) fn from_multipart(content_type: &str, body: &[u8]) -> Result<ParamTree, ApiError> {
    let boundary = boundary(content_type).ok_or_else(|| broken("no boundary in Content-Type"))?;
    let delimiter = format!("--{boundary}");
    let mut rest = body.strip_prefix(delimiter.as_bytes()).ok_or_else(|| broken("no opening boundary"))?;
    let separator = format!("\r\n{delimiter}");
    let separator = memmem::Finder::new(separator.as_bytes());
    let mut parts = Vec::new();
    while !rest.starts_with(b"--") {
        if parts.len() == MULTIPART_MAX_PARTS {
            return Err(invalid(Detail::TooMany).with("max", MULTIPART_MAX_PARTS));
        }
        let part = rest.strip_prefix(b"\r\n").ok_or_else(|| broken("no line end after a boundary"))?;
        let end = separator.find(part).ok_or_else(|| broken("no closing boundary"))?;
        let (part, tail) = part.split_at_checked(end).expect("the separator was found there");
        parts.push(read_part(part)?);
        rest = tail.strip_prefix(separator.needle()).expect("the separator was found there");
    }
    from_pairs(parts.iter().map(|(name, value)| (name.as_str(), value.clone())))
}

fn read_part(part: &[u8]) -> Result<(String, ParamTree), ApiError> {
    let head_end = memmem::find(part, b"\r\n\r\n").filter(|end| *end <= PART_HEAD_MAX_BYTES);
    let (head, value) =
        head_end.and_then(|end| part.split_at_checked(end)).ok_or_else(|| broken("a part has no head"))?;
    let head = std::str::from_utf8(head).map_err(|_| broken("the head of a part is not UTF-8"))?;
    let value = value.strip_prefix(b"\r\n\r\n").expect("the empty line was found there");
    let header = |wanted: &str| {
        head.split("\r\n")
            .filter_map(|line| line.split_once(':'))
            .find_map(|(name, value)| name.trim().eq_ignore_ascii_case(wanted).then_some(value.trim()))
    };
    let disposition = header("content-disposition").ok_or_else(|| broken("a part has no Content-Disposition"))?;
    let name = parameter(disposition, "name").ok_or_else(|| broken("a part has no name"))?;
    let value = std::str::from_utf8(value).map_err(|_| invalid(Detail::NotUtf8).with("value", &name))?;
    let is_json = header("content-type").is_some_and(|kind| media_type(kind).eq_ignore_ascii_case("application/json"));
    let value = if is_json { json::read(value)? } else { ParamTree::Text(value.to_owned()) };
    Ok((name, value))
}

/// The media type of a `Content-Type`, without its parameters.
pub(crate) fn media_type(content_type: &str) -> &str {
    content_type.split(';').next().unwrap_or("").trim()
}

fn boundary(content_type: &str) -> Option<String> {
    parameter(content_type, "boundary").filter(|boundary| (1..=70).contains(&boundary.len()))
}

/// The value of `; name=value` or `; name="value"`. A quoted value ends at the next quote; escapes in it are not
/// known to any client.
fn parameter(header: &str, wanted: &str) -> Option<String> {
    header.split(';').skip(1).find_map(|piece| {
        let (name, value) = piece.split_once('=')?;
        let value = value.trim();
        let value = value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap_or(value);
        (name.trim().eq_ignore_ascii_case(wanted) && !value.is_empty() && !value.contains('"'))
            .then(|| value.to_owned())
    })
}

fn broken(reason: &'static str) -> ApiError {
    ApiError::new(ErrorCode::InvalidRequest).detail(Detail::MultipartBroken).with("reason", reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TYPE: &str = "multipart/form-data; boundary=XyZ";

    #[test]
    fn parts_are_fields() {
        let body = "--XyZ\r\nContent-Disposition: form-data; name=\"FunctionName\"\r\n\r\nhello 中\r\nx\r\n\
                    --XyZ\r\ncontent-disposition: form-data; name=\"Filters.0.Name\"; filename=\"f\"\r\n\r\n\r\n\
                    --XyZ\r\nContent-Disposition: form-data; name=Filter\r\nContent-Type: application/json\r\n\r\n\
                    {\"RetCode\": \"not0\"}\r\n--XyZ--\r\n";
        let tree = from_multipart(TYPE, body.as_bytes()).unwrap();
        assert_eq!(tree.get("FunctionName"), Some(&ParamTree::Text("hello 中\r\nx".into())));
        assert_eq!(tree.get("Filter").and_then(|filter| filter.get("RetCode")), Some(&ParamTree::Text("not0".into())));
        assert!(matches!(tree.get("Filters"), Some(ParamTree::List(items)) if items.len() == 1));
        assert_eq!(from_multipart(TYPE, b"--XyZ--\r\n"), Ok(ParamTree::empty()));
        assert_eq!(from_multipart("multipart/form-data; boundary=\"XyZ\"", b"--XyZ--"), Ok(ParamTree::empty()));
    }

    #[test]
    fn broken_bodies_are_errors() {
        let head = "Content-Disposition: form-data; name=\"A\"\r\n";
        let long = format!("--XyZ\r\nX: {}\r\n{head}\r\nv\r\n--XyZ--", "x".repeat(PART_HEAD_MAX_BYTES));
        let many = format!("{}--XyZ--", format!("--XyZ\r\n{head}\r\nv\r\n").repeat(MULTIPART_MAX_PARTS + 1));
        let twice = format!("--XyZ\r\n{head}\r\nv\r\n--XyZ\r\n{head}\r\nv\r\n--XyZ--");
        for (kind, body) in [
            ("multipart/form-data", "--XyZ--"),
            ("multipart/form-data; boundary=", "--XyZ--"),
            (TYPE, ""),
            (TYPE, "--Xy"),
            (TYPE, "--XyZ"),
            (TYPE, "--XyZ\r\n"),
            (TYPE, "--XyZ\r\nContent-Disposition: form-data; name=\"A\"\r\n\r\nv"),
            (TYPE, "--XyZ\r\nContent-Disposition: form-data\r\n\r\nv\r\n--XyZ--"),
            (TYPE, "--XyZ\r\nno head\r\n--XyZ--"),
            (TYPE, long.as_str()),
            (TYPE, many.as_str()),
            (TYPE, twice.as_str()),
        ] {
            assert!(from_multipart(kind, body.as_bytes()).is_err(), "{kind} {body}");
        }
    }
}
