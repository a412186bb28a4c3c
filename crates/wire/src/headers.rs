//! The headers of a request.

use crate::error::{ApiError, Detail};
use crate::text::invalid;

/// Headers in the order they were sent, repeated headers included. Names are compared without regard to case.
#[derive(Clone, Debug, Default)]
pub struct Headers<'a>(Vec<(&'a str, &'a [u8])>);

impl<'a> FromIterator<(&'a str, &'a [u8])> for Headers<'a> {
    fn from_iter<I: IntoIterator<Item = (&'a str, &'a [u8])>>(headers: I) -> Self {
        Self(headers.into_iter().collect())
    }
}

impl<'a> Headers<'a> {
    /// Every header with its value, in the order they were sent.
    pub fn iter(&self) -> impl Iterator<Item = (&'a str, &'a [u8])> {
        self.0.iter().copied()
    }

    /// The first value of a header, as sent.
    pub fn get(&self, name: &str) -> Option<&'a [u8]> {
        self.all(name).next()
    }

    /// Every value of a header, as sent.
    pub fn all(&self, name: &str) -> impl Iterator<Item = &'a [u8]> {
        self.0.iter().filter(move |(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| *value)
    }

    /// The value of a header that must not be repeated.
    pub fn only(&self, name: &str) -> Option<&'a [u8]> {
        let mut values = self.all(name);
        let value = values.next();
        if values.next().is_some() { None } else { value }
    }

    /// A header as text, without the spaces around it; `None` when it is absent or empty.
    ///
    /// # Errors
    /// `InvalidParameter` when it is given more than once or is not UTF-8.
    pub fn text(&self, name: &'static str) -> Result<Option<&'a str>, ApiError> {
        let mut values = self.all(name);
        let value = values.next();
        if values.next().is_some() {
            return Err(invalid(Detail::HeaderTwice).with("name", name));
        }
        let text = value.map(std::str::from_utf8).transpose();
        let text = text.map_err(|_| invalid(Detail::HeaderNotText).with("name", name))?;
        Ok(text.map(str::trim).filter(|text| !text.is_empty()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers() -> Headers<'static> {
        [("Host", &b" h "[..]), ("X-Tc-Action", b"A"), ("x-tc-ACTION", b"B"), ("Empty", b" "), ("Bad", b"\xff")]
            .into_iter()
            .collect()
    }

    #[test]
    fn names_have_no_case() {
        assert_eq!(headers().get("x-tc-action"), Some(&b"A"[..]));
        assert_eq!(headers().get("HOST"), Some(&b" h "[..]));
        assert_eq!(headers().text("host"), Ok(Some("h")));
        assert_eq!(headers().text("Empty"), Ok(None));
        assert_eq!(headers().text("Absent"), Ok(None));
    }

    #[test]
    fn repeated_and_unreadable_headers_are_errors() {
        assert!(headers().text("X-TC-Action").unwrap_err().to_string().contains("more than once"));
        assert!(headers().text("Bad").unwrap_err().to_string().contains("UTF-8"));
        assert_eq!(headers().only("X-TC-Action"), None);
        assert_eq!(headers().all("X-TC-Action").count(), 2);
    }
}
