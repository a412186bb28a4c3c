//! The envelope of every answer: `{"Response":{...,"RequestId":"..."}}`.
//!
//! Answers of the dialect are sent with HTTP status 200 and exactly [`CONTENT_TYPE`], errors too. With anything else
//! an SDK takes an error for a success or loses its code (observed).

use serde::Serialize;

use crate::error::{ApiError, ErrorCode};
use crate::language::Language;

/// The one content type of answers. A `charset` after it makes the Python SDK miss errors (observed).
pub const CONTENT_TYPE: &str = "application/json";

#[derive(Serialize)]
struct Envelope<T> {
    #[serde(rename = "Response")]
    response: T,
}

#[derive(Serialize)]
struct Success<'a, T> {
    #[serde(flatten)]
    body: &'a T,
    #[serde(rename = "RequestId")]
    request_id: &'a str,
}

#[derive(Serialize)]
struct Failure<'a> {
    #[serde(rename = "Error")]
    error: ErrorBody<'a>,
    #[serde(rename = "RequestId")]
    request_id: &'a str,
}

#[derive(Serialize)]
struct ErrorBody<'a> {
    #[serde(rename = "Code")]
    code: &'a str,
    #[serde(rename = "Message")]
    message: &'a str,
}

/// A successful answer. `body` must serialize as a struct or map; `request_id` is a lower-case UUID.
///
/// A body that cannot be written is answered as `InternalError`; no response of this crate is such a body.
pub fn success(body: &impl Serialize, request_id: &str) -> Vec<u8> {
    serde_json::to_vec(&Envelope { response: Success { body, request_id } })
        .unwrap_or_else(|_| failure(&ApiError::new(ErrorCode::InternalError), Language::English, request_id))
}

/// An error answer in the caller's language.
pub fn failure(error: &ApiError, language: Language, request_id: &str) -> Vec<u8> {
    let error = error.clone().with("request_id", request_id);
    let body = ErrorBody { code: error.code(), message: &error.message(language) };
    serde_json::to_vec(&Envelope { response: Failure { error: body, request_id } })
        .expect("texts always have a JSON form")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_shapes() {
        #[derive(Serialize)]
        #[allow(non_snake_case)]
        struct Body {
            TotalCount: u64,
        }
        let id = "ed93f3cb-f35e-473f-b9f3-0d451b8b79c6";
        assert_eq!(
            String::from_utf8(success(&Body { TotalCount: 1 }, id)).unwrap(),
            r#"{"Response":{"TotalCount":1,"RequestId":"ed93f3cb-f35e-473f-b9f3-0d451b8b79c6"}}"#
        );
        let error = ApiError::new(ErrorCode::AuthFailureSignatureFailure);
        assert_eq!(
            String::from_utf8(failure(&error, Language::English, id)).unwrap(),
            "{\"Response\":{\"Error\":{\"Code\":\"AuthFailure.SignatureFailure\",\"Message\":\"The provided credentials \
             could not be validated. Please check your signature is correct.\"},\
             \"RequestId\":\"ed93f3cb-f35e-473f-b9f3-0d451b8b79c6\"}}"
        );
    }

    #[test]
    fn a_policy_refusal_names_the_request() {
        let error =
            ApiError::cam_refused("GetFunctionLogs", "qcs::scf:ap-guangzhou:uin/1:namespace/default/function/f");
        let text = String::from_utf8(failure(&error, Language::English, "the-id")).unwrap();
        assert!(text.contains(
            "[request id:the-id]you are not authorized to perform operation (scf:GetFunctionLogs)\\nresource \
             (qcs::scf:ap-guangzhou:uin/1:namespace/default/function/f) has no permission\\n"
        ));
    }

    #[test]
    fn a_body_that_cannot_be_written_is_an_internal_error() {
        let text = String::from_utf8(success(&[1], "id")).unwrap();
        assert!(text.contains("\"InternalError\""), "{text}");
    }
}
