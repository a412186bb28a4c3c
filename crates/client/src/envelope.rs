//! What a reply means: the dialect's `{"Response": ...}`, or a status that says no.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use crate::Error;
use crate::reply::Reply;

/// How much of an answer that is not understood is shown, in characters.
const SHOWN_CHARS: usize = 120;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Envelope<'a> {
    #[serde(borrow)]
    response: &'a RawValue,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Head {
    error: Option<ApiError>,
    #[serde(default)]
    request_id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ApiError {
    code: String,
    #[serde(default)]
    message: String,
}

/// An error of the native API.
#[derive(Deserialize)]
struct NativeError {
    code: String,
    message: String,
}

/// Reads an answer of the dialect.
///
/// # Errors
/// [`Error::Api`] for its errors, with any status; [`Error::Refused`] for another status than 200;
/// [`Error::BadAnswer`] for everything else.
pub(crate) fn read<T: DeserializeOwned>(endpoint: &str, reply: &Reply) -> Result<T, Error> {
    let bad = |reason: String| Error::BadAnswer { endpoint: endpoint.to_owned(), reason };
    let Ok(Envelope { response }) = serde_json::from_slice(&reply.body) else {
        return Err(if reply.status == 200 {
            bad(format!("not its JSON: {}", shown(&reply.body)))
        } else {
            refused(reply)
        });
    };
    let head: Head = serde_json::from_str(response.get()).map_err(|error| bad(error.to_string()))?;
    if let Some(ApiError { code, message }) = head.error {
        return Err(Error::Api { code, message, request_id: head.request_id });
    }
    if reply.status != 200 {
        return Err(refused(reply));
    }
    serde_json::from_str(response.get()).map_err(|error| bad(format!("{error} (request id {})", head.request_id)))
}

/// The error that a reply means whose status is not 200.
pub(crate) fn refused(reply: &Reply) -> Error {
    let status = reply.status;
    match serde_json::from_slice(&reply.body) {
        Ok(NativeError { code, message }) => Error::Refused { status, code, message },
        Err(_) => Error::Refused { status, code: String::new(), message: shown(&reply.body) },
    }
}

/// The start of a body, fit for one line of an error message.
pub(crate) fn shown(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(&body[..body.len().min(4 * SHOWN_CHARS)]);
    let line: String =
        text.trim().chars().map(|char| if char.is_control() { ' ' } else { char }).take(SHOWN_CHARS).collect();
    if line.is_empty() { "an empty body".to_owned() } else { format!("`{line}`") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Total {
        total_count: u64,
    }

    fn answer(status: u16, body: &str) -> Result<Total, Error> {
        read("http://host", &Reply { status, retry_after: None, date: None, body: body.into() })
    }

    #[test]
    fn an_answer() {
        let body = r#"{"Response":{"TotalCount":7,"RequestId":"r","New":[{}]}}"#;
        assert_eq!(answer(200, body).unwrap(), Total { total_count: 7 });
    }

    #[test]
    fn an_error_of_the_api_with_any_status() {
        let body = r#"{"Response":{"Error":{"Code":"UnauthorizedOperation.CAM","Message":"no\n"},"RequestId":"r"}}"#;
        for status in [200, 400] {
            let error = answer(status, body).unwrap_err();
            assert_eq!(error.to_string(), "UnauthorizedOperation.CAM: no (request id r)");
            assert!(error.is_unauthorized());
        }
    }

    #[test]
    fn a_status_that_says_no() {
        let error = answer(413, r#"{"code":"TooLarge","message":"too large"}"#).unwrap_err();
        assert_eq!((error.code(), error.to_string().contains("status 413: too large")), (Some("TooLarge"), true));
        let error = answer(502, "<html>\nBad Gateway</html>").unwrap_err();
        assert!(error.to_string().ends_with("502: `<html> Bad Gateway</html>`"), "{error}");
        assert!(answer(404, "").unwrap_err().to_string().contains("an empty body"));
    }

    #[test]
    fn what_is_no_answer() {
        for body in ["", "<html>", "{}", r#"{"Response":7}"#, r#"{"Response":{"TotalCount":-1}}"#, r#"{"Response":{"#] {
            assert!(matches!(answer(200, body), Err(Error::BadAnswer { .. })), "{body}");
        }
    }
}
