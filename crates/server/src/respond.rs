//! Responses of both APIs.

use std::io::Write;
use std::sync::Arc;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use hyper::header::{
    ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderValue, RETRY_AFTER, VARY, WWW_AUTHENTICATE,
};
use hyper::{Response, StatusCode};

use super::answer_body::AnswerBody;
use super::answer_bytes::AnswerBytes;

/// How long a client that came at a busy moment should wait, in seconds.
pub(crate) const RETRY_AFTER_S: u32 = 1;

/// Answers shorter than this go out as they are.
const GZIP_MIN_BYTES: usize = 1024;

/// An answer of any route.
pub(crate) type Answer = Response<AnswerBody>;

/// A text of a content type.
pub(crate) fn text(status: StatusCode, content_type: &'static str, body: impl Into<Bytes>) -> Answer {
    stream(status, content_type, body.into().into())
}

/// An answer that is sent while it is made.
pub(crate) fn stream(status: StatusCode, content_type: &'static str, body: AnswerBody) -> Answer {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

/// A JSON text as it is sent. To compress one takes its time, so it is made off the reactor unless it is short.
pub(crate) struct Packed {
    body: Bytes,
    is_gzip: bool,
    text_bytes: usize,
}

impl Packed {
    /// The same, counted among the bytes that wait for their readers.
    pub(crate) fn counted(self, ledger: &Arc<AnswerBytes>) -> Self {
        Self { body: ledger.count(self.body), ..self }
    }

    /// A text, compressed when the caller takes gzip and it is worth it.
    pub(crate) fn new(text: Vec<u8>, takes_gzip: bool) -> Self {
        if text.len() <= GZIP_MIN_BYTES || !takes_gzip {
            return Self::plain(text);
        }
        let mut encoder = GzEncoder::new(Vec::with_capacity(text.len() / 4), Compression::fast());
        let packed = encoder.write_all(&text).and_then(|()| encoder.finish()).expect("a Vec takes every byte");
        Self { body: packed.into(), is_gzip: true, text_bytes: text.len() }
    }

    /// A text as it is.
    pub(crate) fn plain(text: Vec<u8>) -> Self {
        Self { text_bytes: text.len(), body: text.into(), is_gzip: false }
    }

    /// Bytes of the text before it was compressed.
    pub(crate) fn text_bytes(&self) -> usize {
        self.text_bytes
    }
}

/// A JSON answer.
///
/// The content type is exactly `application/json`: with a charset after it the Python SDK takes an error for an
/// answer with every field empty.
pub(crate) fn packed(status: StatusCode, packed: Packed) -> Answer {
    json(status, packed.body.into(), packed.is_gzip)
}

/// A JSON answer with any body.
pub(crate) fn json(status: StatusCode, body: AnswerBody, is_gzip: bool) -> Answer {
    let mut response = stream(status, "application/json", body);
    if is_gzip {
        response.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        response.headers_mut().insert(VARY, HeaderValue::from_static("accept-encoding"));
    }
    response
}

/// The media type of tails.
pub(crate) const EVENT_STREAM: &str = "text/event-stream";

/// Whether an answer has no end of its own, so that its reader may pause for as long as it likes.
pub(crate) fn is_tail(answer: &Answer) -> bool {
    answer.headers().get(CONTENT_TYPE).is_some_and(|value| value == EVENT_STREAM)
}

/// An error of the native API.
pub(crate) fn error(status: StatusCode, code: &str, message: &str) -> Answer {
    let body = serde_json::json!({ "code": code, "message": message });
    text(status, "application/json", body.to_string())
}

/// Too much at this moment.
pub(crate) fn busy(message: &str) -> Answer {
    retry_after(error(StatusCode::SERVICE_UNAVAILABLE, "Busy", message), RETRY_AFTER_S)
}

/// Asks for credentials.
pub(crate) fn unauthorized(message: &str) -> Answer {
    let mut response = error(StatusCode::UNAUTHORIZED, "Unauthorized", message);
    response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"runlog\""));
    response
}

/// The same answer, with advice to come back.
pub(crate) fn retry_after(mut response: Answer, seconds: u32) -> Answer {
    response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
    response
}

/// Whether a client takes a content coding.
pub(crate) fn takes(asked: &HeaderMap, coding: &str) -> bool {
    let values = asked.get_all(ACCEPT_ENCODING).into_iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|item| {
        let (name, quality) = item.split_once(';').unwrap_or((item, ""));
        let refused = quality.trim().strip_prefix("q=").is_some_and(|q| q.trim().parse() == Ok(0.0));
        name.trim().eq_ignore_ascii_case(coding) && !refused
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gzip_only_for_those_who_take_it() {
        for (header, taken) in [
            ("gzip, deflate", true),
            ("deflate;q=1, GZIP;q=0.5", true),
            ("identity", false),
            ("gzip;q=0", false),
            ("*;q=0", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT_ENCODING, HeaderValue::from_static(header));
            assert_eq!(takes(&headers, "gzip"), taken, "{header}");
        }
        assert!(!takes(&HeaderMap::new(), "gzip"));
    }
}
