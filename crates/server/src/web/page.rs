//! The HTML pages. Each is one file; which view it shows follows from its address.

use hyper::StatusCode;
use hyper::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, ETAG, HeaderValue, REFERRER_POLICY, VARY, X_CONTENT_TYPE_OPTIONS,
};
use hyper::http::request::Parts;
use serde_json::json;

use super::asset;
use crate::respond::{self, Answer};
use crate::settings::Settings;

/// Scripts, styles and calls of this server alone, nothing inline, no frame around it, no text taken for HTML.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src \
                      'self'; worker-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; \
                      require-trusted-types-for 'script'";

/// What the server fills in with what the page should know from the start.
const PLACE: &str = r#"<meta name="runlog" content="{}" />"#;

/// In the place of pages that were not built.
const NOT_BUILT: &str = include_str!("not_built.html");

/// The page of a path.
pub(super) fn of_path(path: &str) -> Option<&'static str> {
    let first = path.strip_prefix('/')?.split('/').next()?;
    match first {
        "" if path == "/" => Some("index.html"),
        "console" => Some("console.html"),
        "explorer" => Some("explorer.html"),
        "docs" => Some("docs.html"),
        _ => None,
    }
}

pub(super) fn answer(name: &str, settings: &Settings, request: &Parts) -> Answer {
    let built = asset::find(name).and_then(|asset| std::str::from_utf8(asset.bytes).ok());
    let page = built.unwrap_or(NOT_BUILT).replacen(PLACE, &filled(settings), 1);
    let etag = asset::etag(page.as_bytes());
    let mut answer = if asset::is_known(request, &etag) {
        respond::text(StatusCode::NOT_MODIFIED, "text/html; charset=utf-8", "")
    } else {
        respond::text(StatusCode::OK, "text/html; charset=utf-8", page)
    };
    let headers = answer.headers_mut();
    headers.insert(ETAG, HeaderValue::from_str(&etag).expect("hexadecimal digits in quotes"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    if name == "index.html" {
        // The address is also that of the signed API.
        headers.insert(VARY, HeaderValue::from_static("accept"));
    }
    answer
}

/// The installation, as an attribute of the page.
fn filled(settings: &Settings) -> String {
    let known = json!({ "version": env!("CARGO_PKG_VERSION"), "zone": settings.time_zone.to_string() });
    format!(r#"<meta name="runlog" content="{}" />"#, escaped(&known.to_string()))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_installation_breaks_out_of_its_attribute() {
        let text = escaped(r#"{"name":"\"><script>alert(1)</script>&"}"#);
        assert!(!text.contains(['<', '>', '"']), "{text}");
        assert!(text.contains("&amp;"));
    }

    #[test]
    fn the_page_knows_zone_and_version() {
        let settings = Settings::with(&[("time_zone", "+01:00")]).unwrap();
        let meta = filled(&settings);
        assert!(meta.contains("&quot;zone&quot;:&quot;+01:00&quot;"), "{meta}");
        assert!(meta.contains(env!("CARGO_PKG_VERSION")), "{meta}");
        assert!(NOT_BUILT.contains(PLACE), "every page has the place");
    }
}
