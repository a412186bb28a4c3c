//! A request out of what people have of it: a curl command, its raw text, the log of `curl -v`, a HAR file, JSON.

use serde::Deserialize;

use crate::sent::{Payload, SentRequest};

/// A request that was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Read {
    /// The request.
    pub request: SentRequest,
    /// When the server answered, by its own clock, where the text tells: the `Date` of its answer, as it stands there.
    pub answered: Option<String>,
}

/// Options of curl that take a value and say nothing about the request.
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

/// Reads a request.
///
/// # Errors
/// A sentence for whoever gave the text.
pub fn read(text: &str) -> Result<Read, String> {
    let text = text.trim_start_matches('\u{feff}').trim_start();
    let of = |request| Ok(Read { request, answered: None });
    if text.starts_with("curl ") || text.starts_with("$ curl ") {
        return of(curl(text.trim_start_matches("$ "))?);
    }
    if text.starts_with(['{', '[']) {
        return json(text);
    }
    if text.lines().any(|line| line.starts_with("> ") && line.contains(" HTTP/")) {
        return verbose(text);
    }
    of(raw(text)?)
}

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
                return Err(format!("{name} lets curl write the body; give the raw request that was sent"));
            }
            name if WITH_VALUE.contains(&name) => drop(value()?),
            name if name.starts_with("-X") && name.len() > 2 => method = name.get(2..).map(str::to_ascii_uppercase),
            name if name.starts_with('-') => {}
            _ => url = Some(word),
        }
    }
    let url = url.ok_or("there is no address in the curl command")?;
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

/// The words of a command, quotes and escapes resolved.
fn words(command: &str) -> Result<Vec<String>, String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut chars = command.chars().peekable();
    while let Some(char) = chars.next() {
        match char {
            '\'' => {
                let word = word.get_or_insert_default();
                loop {
                    match chars.next() {
                        Some('\'') => break,
                        Some(char) => word.push(char),
                        None => return Err("the curl command has a ' without its end".to_owned()),
                    }
                }
            }
            '$' if chars.peek() == Some(&'\'') => {
                chars.next();
                ansi(&mut chars, word.get_or_insert_default())?;
            }
            '"' => {
                let word = word.get_or_insert_default();
                loop {
                    match chars.next() {
                        Some('"') => break,
                        Some('\\') => match chars.next() {
                            Some('\n') => {}
                            Some(char @ ('"' | '\\' | '$' | '`')) => word.push(char),
                            Some(char) => word.extend(['\\', char]),
                            None => return Err("the curl command has a \" without its end".to_owned()),
                        },
                        Some(char) => word.push(char),
                        None => return Err("the curl command has a \" without its end".to_owned()),
                    }
                }
            }
            '\\' => match chars.next() {
                Some('\n') | None => {}
                Some('\r') if chars.peek() == Some(&'\n') => drop(chars.next()),
                Some(char) => word.get_or_insert_default().push(char),
            },
            char if char.is_whitespace() => words.extend(word.take()),
            char => word.get_or_insert_default().push(char),
        }
    }
    words.extend(word);
    Ok(words)
}

/// The rest of a `$'...'`, as browsers write bodies with line ends.
fn ansi(chars: &mut std::iter::Peekable<std::str::Chars<'_>>, word: &mut String) -> Result<(), String> {
    let unended = || "the curl command has a $' without its end".to_owned();
    loop {
        let char = match chars.next().ok_or_else(unended)? {
            '\'' => return Ok(()),
            '\\' => match chars.next().ok_or_else(unended)? {
                'n' => '\n',
                'r' => '\r',
                't' => '\t',
                'u' => {
                    let digits: String = chars.by_ref().take(4).collect();
                    u32::from_str_radix(&digits, 16).ok().and_then(char::from_u32).ok_or("a \\u has no four digits")?
                }
                other => other,
            },
            char => char,
        };
        word.push(char);
    }
}

/// Host, path and query of an address.
fn split_url(url: &str) -> (String, String, String) {
    let (scheme, rest) = url.split_once("://").unwrap_or(("http", url));
    let (authority, target) = rest.find(['/', '?']).map_or((rest, ""), |at| rest.split_at(at));
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let own_port = if scheme == "https" { ":443" } else { ":80" };
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let host = host.strip_suffix(own_port).unwrap_or(host);
    let query = query.split('#').next().unwrap_or_default();
    (host.to_owned(), if path.is_empty() { "/" } else { path }.to_owned(), query.to_owned())
}

/// Reads a request as it went over the wire; also a block of a recording, between `=====` and `---`.
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

/// A body without the line ends that an editor left behind it, by what its length was.
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
            "`{shown}` is no request line; give a curl command, a raw HTTP request, a `curl -v` log, a HAR entry or JSON"
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

/// Reads what `curl -v` prints: the lines after `>` are the request, those after `<` the answer. It holds no body.
fn verbose(text: &str) -> Result<Read, String> {
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

/// Reads a HAR file with one signed request, one entry of it, or a request as [`SentRequest`] is written.
fn json(text: &str) -> Result<Read, String> {
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
