//! The pages that a person opens in a browser: front door, console, API Explorer, docs, and their assets.
//!
//! They are built from `web/` and embedded. They use the public API only, so nothing here knows a run.

mod asset;
mod page;

pub(crate) use asset::{etag, is_known};

use hyper::Method;
use hyper::header::{ACCEPT, AUTHORIZATION};
use hyper::http::request::Parts;

use crate::respond::Answer;
use crate::settings::Settings;

/// Answers a request for a page or an asset; `None` for everything else.
pub(crate) fn answer(settings: &Settings, request: &Parts) -> Option<Answer> {
    if request.method != Method::GET && request.method != Method::HEAD {
        return None;
    }
    let path = request.uri.path();
    if path == "/" && !is_front_door(request) {
        return None;
    }
    if let Some(name) = page::of_path(path) {
        return Some(page::answer(name, settings, request));
    }
    path.strip_prefix('/').filter(|path| path.starts_with("assets/")).map(|path| asset::answer(path, request))
}

/// Whether a request of `/` is a browser's for the page. Calls of the signed API have a query or are signed.
fn is_front_door(request: &Parts) -> bool {
    let has_query = request.uri.query().is_some_and(|query| !query.is_empty());
    let accepts = request.headers.get_all(ACCEPT).into_iter().filter_map(|value| value.to_str().ok());
    let wants_page = accepts
        .flat_map(|value| value.split(','))
        .any(|item| item.split(';').next().is_some_and(|name| name.trim().eq_ignore_ascii_case("text/html")));
    !has_query && wants_page && !request.headers.contains_key(AUTHORIZATION)
}

#[cfg(test)]
mod tests {
    use hyper::Request;

    use super::*;

    fn is_page(method: &str, target: &str, headers: &[(&str, &str)]) -> bool {
        let request = Request::builder().method(method).uri(target);
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        let (head, ()) = request.body(()).unwrap().into_parts();
        answer(&Settings::with(&[]).unwrap(), &head).is_some()
    }

    #[test]
    fn the_front_door_opens_to_browsers_alone() {
        let html = ("accept", "text/html,application/xhtml+xml,*/*;q=0.8");
        assert!(is_page("GET", "/", &[html]));
        assert!(is_page("HEAD", "/", &[("accept", "application/json, Text/HTML;q=0.9")]));
        assert!(!is_page("GET", "/?Action=GetFunctionLogs&Signature=x", &[html]), "a signed call");
        assert!(!is_page("POST", "/", &[html]), "a signed call");
        assert!(!is_page("GET", "/", &[html, ("authorization", "TC3-HMAC-SHA256 Credential=x")]), "a signed call");
        for accept in ["*/*", "application/json", "text/htmlx", "x;y=text/html"] {
            assert!(!is_page("GET", "/", &[("accept", accept)]), "{accept}");
        }
        assert!(!is_page("GET", "/", &[]));
    }

    #[test]
    fn every_address_of_a_page_leads_to_it() {
        for path in ["/console", "/console/", "/console/runs?since=1h", "/explorer?Action=x", "/docs", "/docs/api"] {
            assert!(is_page("GET", path, &[]), "{path}");
        }
        for path in ["/consoles", "/api/v1/runs", "/openapi.json", "/docs.json", "/mock/GetFunction"] {
            assert!(!is_page("GET", path, &[]), "{path}");
        }
    }
}
