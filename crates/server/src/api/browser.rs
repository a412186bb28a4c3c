//! What browsers must not do for other sites, and what they must know of every answer.
//!
//! A browser sends the credentials that it keeps (Basic, or the cookie of a session) with requests of any page. So a
//! method that changes something is refused when another site caused it: by `Sec-Fetch-Site`, which browsers send on
//! https and on localhost, else by `Origin`. Programs send neither, and are not concerned.

use hyper::StatusCode;
use hyper::header::{
    ACCEPT, CACHE_CONTROL, HOST, HeaderMap, HeaderName, HeaderValue, ORIGIN, REFERER, WWW_AUTHENTICATE,
    X_CONTENT_TYPE_OPTIONS,
};
use hyper::http::request::Parts;

use crate::auth;
use crate::respond::{self, Answer};

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
const SEC_FETCH_MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");

/// What every answer needs to know of its request.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asker {
    /// A script of one of our pages, or of any page.
    is_script: bool,
}

/// The answer to a request that another site caused, if it is one that changes something.
pub(super) fn refuse_other_sites(request: &Parts) -> Option<Answer> {
    if auth::is_safe(&request.method) || !is_of_other_site(&request.headers) {
        return None;
    }
    let message = "this request comes from a page of another site; it is refused, because the browser would add your \
                   credentials to it";
    Some(respond::error(StatusCode::FORBIDDEN, "CrossSite", message))
}

fn is_of_other_site(headers: &HeaderMap) -> bool {
    if let Some(site) = headers.get(SEC_FETCH_SITE) {
        return !matches!(site.as_bytes(), b"same-origin" | b"none");
    }
    let Some(origin) = headers.get(ORIGIN) else { return false };
    let origin = origin.to_str().ok().and_then(|origin| origin.split_once("://")).map(|(_, host)| host);
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    // `null` is the origin of a page that hides its own.
    origin.is_none_or(|origin| host.is_none_or(|host| !origin.eq_ignore_ascii_case(host)))
}

impl Asker {
    pub(super) fn of(request: &Parts) -> Self {
        let headers = &request.headers;
        let has =
            |name: HeaderName, start: &[u8]| headers.get(name).is_some_and(|value| value.as_bytes().starts_with(start));
        let mode = headers.get(SEC_FETCH_MODE);
        let is_script = headers.contains_key(auth::SESSION_HEADER)
            || auth::session_cookie(headers).is_some()
            || mode.is_some_and(|mode| mode != "navigate")
            || has(ACCEPT, b"text/event-stream")
            || is_from_own_page(headers);
        Self { is_script }
    }

    /// The answer as it goes out: never taken for another type, never kept unless it says so. A script gets no
    /// challenge, for which the browser would open a dialog of its own in front of the page.
    pub(super) fn finish(self, mut answer: Answer) -> Answer {
        let headers = answer.headers_mut();
        headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
        if self.is_script {
            headers.remove(WWW_AUTHENTICATE);
        }
        answer
    }
}

/// Whether one of our pages sent the request. On plain http by an address nothing else tells a script from a program.
fn is_from_own_page(headers: &HeaderMap) -> bool {
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let page = text(REFERER).and_then(|page| page.split_once("://")).map(|(_, rest)| rest);
    let host = page.and_then(|page| page.split('/').next());
    host.is_some() && host == text(HOST)
}

#[cfg(test)]
mod tests {
    use hyper::Request;

    use super::*;

    fn request(method: &str, headers: &[(&str, &str)]) -> Parts {
        let request = Request::builder().method(method).uri("/api/v1/runs").header("host", "log.example:9160");
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        request.body(()).unwrap().into_parts().0
    }

    #[test]
    fn another_site_changes_nothing() {
        for (headers, is_refused) in [
            (&[][..], false),
            (&[("sec-fetch-site", "same-origin")][..], false),
            (&[("sec-fetch-site", "none")][..], false),
            (&[("sec-fetch-site", "cross-site")][..], true),
            (&[("sec-fetch-site", "same-site")][..], true),
            (&[("sec-fetch-site", "cross-site"), ("origin", "http://log.example:9160")][..], true),
            // A proxy may have changed the host; what the browser says itself counts more.
            (&[("sec-fetch-site", "same-origin"), ("origin", "https://log.example")][..], false),
            (&[("origin", "http://log.example:9160")][..], false),
            (&[("origin", "https://LOG.example:9160")][..], false),
            (&[("origin", "http://log.example:9161")][..], true),
            (&[("origin", "http://evil.example")][..], true),
            (&[("origin", "null")][..], true),
        ] {
            for method in ["POST", "DELETE", "PUT"] {
                assert_eq!(refuse_other_sites(&request(method, headers)).is_some(), is_refused, "{headers:?}");
            }
            assert!(refuse_other_sites(&request("GET", headers)).is_none(), "reading is not concerned: {headers:?}");
        }
    }

    #[test]
    fn only_a_script_goes_without_a_challenge() {
        let has_challenge = |headers: &[(&str, &str)]| {
            let answer = Asker::of(&request("GET", headers)).finish(respond::unauthorized("who are you"));
            answer.headers().contains_key(WWW_AUTHENTICATE)
        };
        assert!(has_challenge(&[]) && has_challenge(&[("sec-fetch-mode", "navigate")]));
        for headers in [
            &[("x-runlog-session", "1")][..],
            &[("cookie", "a=b; runlog_session_9160=gone")][..],
            &[("sec-fetch-mode", "cors")][..],
            &[("accept", "text/event-stream")][..],
            &[("referer", "http://log.example:9160/console/runs")][..],
        ] {
            assert!(!has_challenge(headers), "{headers:?}");
        }
        assert!(has_challenge(&[("referer", "http://other.example/")]));
    }

    #[test]
    fn answers_are_not_kept_unless_they_say_so() {
        let asker = Asker::of(&request("GET", &[]));
        let answer = asker.finish(respond::text(StatusCode::OK, "application/json", "{}"));
        assert_eq!(answer.headers()[CACHE_CONTROL], "no-store");
        assert_eq!(answer.headers()[X_CONTENT_TYPE_OPTIONS], "nosniff");
        let mut kept = respond::text(StatusCode::OK, "text/css", "");
        kept.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("public"));
        assert_eq!(asker.finish(kept).headers()[CACHE_CONTROL], "public");
    }
}
