//! A curl command.

use super::shell::words;
use super::url::split_url;
use crate::sent::{Payload, SentRequest};

/// Options of curl that take a value and do not change the request.
const WITH_VALUE: &[&str] = &[
    "-o",
    "--output",
    "--cacert",
    "--capath",
    "-m",
    "--max-time",
    "--connect-timeout",
    "--resolve",
    "-w",
    "--write-out",
    "-x",
    "--proxy",
    "--retry",
    "-E",
    "--cert",
    "--key",
    "-c",
    "--cookie-jar",
    "--interface",
    "-D",
    "--dump-header",
    "--connect-to",
    "--stderr",
    "--trace",
    "--trace-ascii",
];

/// Reads a curl command, as a POSIX shell would.
///
/// # Errors
/// A sentence: a quote without its end, no address, an option whose value is in a file.
pub fn curl(command: &str) -> Result<SentRequest, String> {
    let mut words = words(command)?.into_iter().skip(1);
    let (mut method, mut url, mut body, mut headers) = (None, None, None::<String>, Vec::new());
    let mut is_get = false;
    while let Some(word) = words.next() {
        let (name, glued) = match word.split_once('=') {
            Some((name, value)) if name.starts_with("--") => (name.to_owned(), Some(value.to_owned())),
            _ => (word.clone(), None),
        };
        let mut value = || glued.clone().or_else(|| words.next()).ok_or_else(|| format!("{name} has no value"));
        match name.as_str() {
            "-X" | "--request" => method = Some(value()?.to_ascii_uppercase()),
            "-H" | "--header" => {
                let header = value()?;
                let (name, value) = header.split_once(':').ok_or_else(|| format!("`{header}` is not a header"))?;
                headers.push((name.trim().to_owned(), value.trim().to_owned()));
            }
            "-d" | "--data" | "--data-raw" | "--data-binary" | "--data-ascii" | "--json" => {
                let data = value()?;
                if data.starts_with('@') && name != "--data-raw" {
                    return Err(format!(
                        "the body is in the file {data}; give its text with --data-raw, or the file with --body"
                    ));
                }
                if name == "--json" {
                    headers.push(("Content-Type".to_owned(), "application/json".to_owned()));
                }
                body = Some(body.map_or(data.clone(), |before| format!("{before}&{data}")));
            }
            "-G" | "--get" => is_get = true,
            "--url" => url = Some(value()?),
            "-F" | "--form" | "--data-urlencode" => {
                return Err(format!("{name} makes curl write the body; give the raw request that was sent"));
            }
            name if WITH_VALUE.contains(&name) => drop(value()?),
            name if name.starts_with("-X") && name.len() > 2 => method = name.get(2..).map(str::to_ascii_uppercase),
            name if name.starts_with('-') => {}
            _ => url = Some(word),
        }
    }
    let url = url.ok_or("the curl command has no address")?;
    let (host, path, mut query) = split_url(&url);
    if is_get && let Some(data) = body.take() {
        query = if query.is_empty() { data } else { format!("{query}&{data}") };
    }
    let has =
        |headers: &[(String, String)], name: &str| headers.iter().any(|(found, _)| found.eq_ignore_ascii_case(name));
    if !has(&headers, "Host") {
        headers.insert(0, ("Host".to_owned(), host));
    }
    if body.is_some() && !has(&headers, "Content-Type") {
        headers.push(("Content-Type".to_owned(), "application/x-www-form-urlencoded".to_owned()));
    }
    let method = method.unwrap_or_else(|| if body.is_some() { "POST" } else { "GET" }.to_owned());
    Ok(SentRequest { method, path, query, headers, body: Payload::Text(body.unwrap_or_default().into_bytes()) })
}
