//! JSON: a HAR file, an entry of one, or a request as [`SentRequest`] serializes.

use serde::Deserialize;

use super::answered::Read;
use super::url::split_url;
use crate::sent::{Payload, SentRequest};

#[derive(Deserialize)]
struct Har {
    log: HarLog,
}

#[derive(Deserialize)]
struct HarLog {
    entries: Vec<HarEntry>,
}

#[derive(Deserialize)]
struct HarEntry {
    request: HarRequest,
    response: Option<HarResponse>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct HarRequest {
    method: String,
    url: String,
    headers: Vec<HarHeader>,
    post_data: Option<HarBody>,
}

#[derive(Deserialize)]
struct HarResponse {
    #[serde(default)]
    headers: Vec<HarHeader>,
}

#[derive(Deserialize)]
struct HarHeader {
    name: String,
    value: String,
}

#[derive(Deserialize)]
struct HarBody {
    #[serde(default)]
    text: String,
}

/// Reads a HAR file with one signed request, one entry of such a file, or a request as [`SentRequest`] serializes.
pub(super) fn json(text: &str) -> Result<Read, String> {
    let wrong = |error: serde_json::Error| {
        format!("the JSON is neither a HAR file or entry nor a request with method, path and headers: {error}")
    };
    let value: serde_json::Value = serde_json::from_str(text).map_err(wrong)?;
    let entry = if value.get("log").is_some() {
        let har: Har = serde_json::from_value(value).map_err(wrong)?;
        let is_signed = |entry: &HarEntry| {
            let is_authorization = |header: &HarHeader| header.name.eq_ignore_ascii_case("Authorization");
            entry.request.headers.iter().any(is_authorization) || entry.request.url.contains("Signature=")
        };
        let mut signed = har.log.entries.into_iter().filter(is_signed);
        let first = signed.next().ok_or("no request of the HAR file is signed")?;
        if signed.next().is_some() {
            return Err("the HAR file has several signed requests; give the entry of the one that failed".to_owned());
        }
        first
    } else if value.get("request").is_some_and(|request| request.get("url").is_some()) {
        serde_json::from_value(value).map_err(wrong)?
    } else {
        let request = value.get("request").cloned().unwrap_or(value);
        return Ok(Read { request: serde_json::from_value(request).map_err(wrong)?, answered: None });
    };
    let (host, path, query) = split_url(&entry.request.url);
    // Browsers of HTTP/2 write pseudo headers; the host is in one of them.
    let mut headers: Vec<(String, String)> = entry
        .request
        .headers
        .into_iter()
        .filter(|header| !header.name.starts_with(':'))
        .map(|header| (header.name, header.value))
        .collect();
    if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("Host")) {
        headers.insert(0, ("Host".to_owned(), host));
    }
    let body = entry.request.post_data.map(|body| body.text).unwrap_or_default();
    let answered = entry.response.into_iter().flat_map(|response| response.headers);
    let answered =
        answered.into_iter().find(|header| header.name.eq_ignore_ascii_case("date")).map(|header| header.value);
    let method = entry.request.method.to_ascii_uppercase();
    let request = SentRequest { method, path, query, headers, body: Payload::Text(body.into_bytes()) };
    Ok(Read { request, answered })
}
