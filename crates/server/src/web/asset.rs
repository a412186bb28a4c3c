//! Embedded files of the pages. Their names contain hashes of their content, so browsers keep them for good.

use bytes::Bytes;
use data_encoding::HEXLOWER;
use hyper::StatusCode;
use hyper::header::{CACHE_CONTROL, CONTENT_ENCODING, ETAG, HeaderValue, IF_NONE_MATCH, VARY};
use hyper::http::request::Parts;

use sha2::{Digest, Sha256};

use crate::respond::{self, Answer};

/// An embedded file.
pub(super) struct Asset {
    /// Its path below `web/dist`.
    pub(super) path: &'static str,
    pub(super) content_type: &'static str,
    /// In quotes.
    pub(super) etag: &'static str,
    pub(super) bytes: &'static [u8],
    /// The same, gzipped, where that is smaller.
    pub(super) gzip: Option<&'static [u8]>,
}

/// Every file, by path; none if the pages were not built.
static ASSETS: &[Asset] = include!(concat!(env!("OUT_DIR"), "/web/table.rs"));

/// Finds an embedded file.
pub(super) fn find(path: &str) -> Option<&'static Asset> {
    ASSETS.iter().find(|asset| asset.path == path)
}

pub(super) fn answer(path: &str, request: &Parts) -> Answer {
    match find(path) {
        Some(asset) => serve(asset, request),
        None => respond::error(StatusCode::NOT_FOUND, "NotFound", &format!("this version has no file {path}")),
    }
}

fn serve(asset: &'static Asset, request: &Parts) -> Answer {
    let gzip = asset.gzip.filter(|_| respond::takes(&request.headers, "gzip"));
    let is_known = is_known(request, asset.etag);
    let (status, bytes) = match (is_known, gzip) {
        (true, _) => (StatusCode::NOT_MODIFIED, &b""[..]),
        (false, Some(gzip)) => (StatusCode::OK, gzip),
        (false, None) => (StatusCode::OK, asset.bytes),
    };
    let mut answer = respond::text(status, asset.content_type, Bytes::from_static(bytes));
    let headers = answer.headers_mut();
    headers.insert(ETAG, HeaderValue::from_static(asset.etag));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable"));
    if asset.gzip.is_some() {
        headers.insert(VARY, HeaderValue::from_static("accept-encoding"));
    }
    if gzip.is_some() && !is_known {
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    answer
}

/// The ETag of a text.
pub(crate) fn etag(text: &[u8]) -> String {
    format!("\"{}\"", HEXLOWER.encode(Sha256::digest(text).first_chunk::<12>().expect("a hash of 32 bytes")))
}

/// Whether a browser has the text of an ETag already.
pub(crate) fn is_known(request: &Parts, etag: &str) -> bool {
    let given = request.headers.get_all(IF_NONE_MATCH).into_iter().filter_map(|value| value.to_str().ok());
    given.flat_map(|value| value.split(',')).any(|tag| {
        let tag = tag.trim();
        tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == etag
    })
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;
    use hyper::Request;

    use super::*;

    static SCRIPT: Asset = Asset {
        path: "assets/a-1.js",
        content_type: "text/javascript; charset=utf-8",
        etag: "\"12ab\"",
        bytes: b"the script",
        gzip: Some(b"packed"),
    };

    async fn ask(headers: &[(&str, &str)]) -> (u16, Vec<(String, String)>, String) {
        let request = headers.iter().fold(Request::get("/"), |request, (name, value)| request.header(*name, *value));
        let (head, ()) = request.body(()).unwrap().into_parts();
        let answer = serve(&SCRIPT, &head);
        let (status, found) = (answer.status().as_u16(), answer.headers().clone());
        let found = found.iter().map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned())).collect();
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        (status, found, String::from_utf8(body.to_vec()).unwrap())
    }

    fn header<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
        headers.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }

    #[tokio::test]
    async fn packed_for_those_who_take_it_and_kept_for_good() {
        let (status, headers, body) = ask(&[]).await;
        assert_eq!((status, body.as_str()), (200, "the script"));
        assert_eq!(header(&headers, "content-encoding"), None);
        assert_eq!(header(&headers, "content-type"), Some("text/javascript; charset=utf-8"));
        assert_eq!(header(&headers, "cache-control"), Some("public, max-age=31536000, immutable"));
        let (status, headers, body) = ask(&[("accept-encoding", "gzip, deflate")]).await;
        assert_eq!((status, body.as_str()), (200, "packed"));
        assert_eq!(header(&headers, "content-encoding"), Some("gzip"));
        assert_eq!(header(&headers, "vary"), Some("accept-encoding"));
    }

    #[tokio::test]
    async fn what_a_browser_has_is_not_sent_again() {
        for known in ["\"12ab\"", "\"x\", W/\"12ab\"", "*"] {
            let (status, headers, body) = ask(&[("if-none-match", known), ("accept-encoding", "gzip")]).await;
            assert_eq!((status, body.as_str()), (304, ""), "{known}");
            assert_eq!(header(&headers, "etag"), Some("\"12ab\""));
        }
        assert_eq!(ask(&[("if-none-match", "\"12\"")]).await.0, 200);
    }
}
