//! A request as bytes on the wire, and the log of `curl -v`.

use super::answered::Read;
use super::url::split_url;
use crate::sent::{Payload, SentRequest};

/// Reads a request as sent; also a block of a recording, between `=====` and `---`.
///
/// # Errors
/// A sentence: no request line, a header without a colon.
pub fn raw(text: &str) -> Result<SentRequest, String> {
    let text = match text.strip_prefix("=====") {
        Some(rest) => {
            let rest = rest.split_once('\n').map_or("", |(_, rest)| rest);
            rest.split_once("\n--- ").map_or(rest, |(block, _)| block)
        }
        None => text,
    };
    let (first, mut rest) = text.split_once('\n').unwrap_or((text, ""));
    let mut request = request_line(first)?;
    let body = loop {
        let (line, after) = rest.split_once('\n').unwrap_or((rest, ""));
        rest = after;
        let line = line.trim_end_matches('\r');
        if line.is_empty() {
            break after;
        }
        let (name, value) = line.split_once(':').ok_or_else(|| format!("`{line}` is not a header"))?;
        request.headers.push((name.trim().to_owned(), value.trim().to_owned()));
    };
    request.body = Payload::Text(cut_to_length(&request, body).as_bytes().to_vec());
    Ok(request)
}

/// The body up to its Content-Length, if only white space follows: an editor adds line ends after it.
fn cut_to_length<'b>(request: &SentRequest, body: &'b str) -> &'b str {
    let length = request.header("Content-Length").and_then(|text| text.trim().parse::<usize>().ok());
    match length {
        Some(length) if body.get(length..).is_some_and(|rest| rest.trim().is_empty()) => {
            body.get(..length).unwrap_or(body)
        }
        Some(_) => body,
        None if request.method == "GET" => "",
        None => body.trim_end_matches(['\r', '\n']),
    }
}

fn request_line(line: &str) -> Result<SentRequest, String> {
    let mut words = line.split_whitespace();
    let (method, target, version) = (words.next(), words.next(), words.next());
    let (Some(method), Some(target)) = (method, target.filter(|_| version.is_none_or(|v| v.starts_with("HTTP/"))))
    else {
        let shown: String = line.chars().take(60).collect();
        return Err(format!(
            "`{shown}` is not a request line; give a curl command, a raw HTTP request, a `curl -v` log, a HAR entry or JSON"
        ));
    };
    let path_only = if target.starts_with('/') {
        target.to_owned()
    } else {
        let (_, path, query) = split_url(target);
        if query.is_empty() { path } else { format!("{path}?{query}") }
    };
    let (path, query) = path_only.split_once('?').unwrap_or((&path_only, ""));
    let (path, query) = (path.to_owned(), query.to_owned());
    Ok(SentRequest { method: method.to_ascii_uppercase(), path, query, ..SentRequest::default() })
}

/// Reads what `curl -v` prints: lines after `>` are the request, lines after `<` the answer. It does not have the body.
pub(super) fn verbose(text: &str) -> Result<Read, String> {
    let marked = |mark: &str| -> Vec<&str> {
        text.lines()
            .filter_map(|line| line.strip_prefix(mark))
            .map(|line| line.trim_end_matches('\r').trim_start())
            .collect()
    };
    let (sent, answer) = (marked(">"), marked("<"));
    let request = sent.iter().skip_while(|line| !line.contains(" HTTP/")).take_while(|line| !line.is_empty());
    let request: Vec<&str> = request.copied().collect();
    let answered = answer.iter().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("date").then(|| value.trim().to_owned())
    });
    Ok(Read { request: raw(&request.join("\n"))?, answered })
}
