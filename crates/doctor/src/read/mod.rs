//! Reads a request in the forms that people have it: a curl command, raw HTTP, the log of `curl -v`, a HAR file, JSON.

mod answered;
mod curl;
mod har;
mod raw;
mod shell;
mod url;

pub use answered::Read;
pub use curl::curl;
pub use raw::raw;

/// Reads a request.
///
/// # Errors
/// A sentence for the person who gave the text.
pub fn read(text: &str) -> Result<Read, String> {
    let text = text.trim_start_matches('\u{feff}').trim_start();
    if text.starts_with("curl ") || text.starts_with("$ curl ") {
        return Ok(Read { request: curl(text.trim_start_matches("$ "))?, answered: None });
    }
    if text.starts_with(['{', '[']) {
        return har::json(text);
    }
    if text.lines().any(|line| line.starts_with("> ") && line.contains(" HTTP/")) {
        return raw::verbose(text);
    }
    Ok(Read { request: raw(text)?, answered: None })
}
