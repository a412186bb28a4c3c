//! What a file is, from its first bytes.

use serde_json::{Map, Value};

use super::Format;

/// The format of a file that begins like this; `is_whole` says that this is all of it.
pub fn sniff(head: &[u8], is_whole: bool) -> Option<Format> {
    let text = String::from_utf8_lossy(head);
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    match text.trim_start().chars().next()? {
        '[' => return Some(Format::Answer),
        '{' => {
            if let Some(format) = json(text, is_whole) {
                return Some(format);
            }
        }
        _ => {}
    }
    text.lines().find_map(line)
}

fn json(text: &str, is_whole: bool) -> Option<Format> {
    let mut lines = text.lines().filter(|line| !line.trim().is_empty()).peekable();
    let first = *lines.peek()?;
    let is_cut = lines.clone().nth(1).is_none() && !is_whole && !text.ends_with('\n');
    if !is_cut && serde_json::from_str::<Map<String, Value>>(first).is_ok() {
        return lines.find_map(json_line);
    }
    // An object over many lines, or a first line longer than what was looked at: its names tell.
    let has = |name: &str| first_names(text).contains(&name);
    if has("Response") || has("Data") || has("TotalCount") || (has("FunctionName") && !is_cut) {
        return Some(Format::Answer);
    }
    if has("FunctionName") {
        return Some(Format::Ndjson);
    }
    text.contains("\"SCF_RequestId\"").then_some(Format::ScfJson)
}

fn json_line(line: &str) -> Option<Format> {
    let object: Map<String, Value> = serde_json::from_str(line).ok()?;
    let has = |name: &str| object.contains_key(name);
    let is_event = object.get("type").and_then(Value::as_str).is_some_and(|kind| kind.starts_with("platform."));
    if object.keys().any(|name| name.starts_with("SCF_")) || has("LogJson") {
        Some(Format::ScfJson)
    } else if has("Response") || has("Data") || has("TotalCount") {
        Some(Format::Answer)
    } else if has("FunctionName") {
        Some(Format::Ndjson)
    } else if is_event || (has("timestamp") && (has("requestId") || has("AWSRequestId"))) {
        Some(Format::Lambda)
    } else {
        None
    }
}

/// The names that a text of JSON has, of any depth.
fn first_names(text: &str) -> Vec<&str> {
    let parts: Vec<&str> = text.split('"').collect();
    let is_name = |pair: &[&str]| pair.get(1).is_some_and(|next| next.trim_start().starts_with(':'));
    parts.windows(2).filter(|pair| is_name(pair)).filter_map(|pair| pair.first().copied()).collect()
}

fn line(line: &str) -> Option<Format> {
    let has = |text: &str| line.contains(text);
    if has("REPORT RequestId: ") || has("INIT_START ") || (has("START RequestId: ") && has(" Version: ")) {
        Some(Format::Lambda)
    } else if ["START RequestId:", "Report RequestId:", "Event RequestId:"].iter().any(|word| has(word)) {
        Some(Format::Platform)
    } else {
        let from = line.find('{')?;
        json_line(line.get(from..)?).filter(|format| *format == Format::Lambda)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_by_their_beginnings() {
        for (head, format) in [
            ("{\"FunctionName\":\"f\"}\n{\"FunctionName\":\"g\"}", Some(Format::Ndjson)),
            ("\u{feff}{\"FunctionName\":\"f\"}\n", Some(Format::Ndjson)),
            ("[{\"FunctionName\":\"f\"}]", Some(Format::Answer)),
            ("{\"Response\":{\"TotalCount\":0,\"Data\":[]}}", Some(Format::Answer)),
            ("{\n  \"TotalCount\": 1,\n  \"Data\": [\n", Some(Format::Answer)),
            ("{\"TotalCount\": 1, \"Data\": [{\"Log\": \"very long", Some(Format::Answer)),
            ("{\n  \"FunctionName\": \"f\"\n}", Some(Format::Answer)),
            ("{\"SCF_RequestId\":\"r\",\"SCF_Message\":\"START RequestId: r\"}", Some(Format::ScfJson)),
            ("START RequestId: r\nReport RequestId: r Duration:0ms", Some(Format::Platform)),
            ("2026-07-01 08:00:00 START RequestId:r", Some(Format::Platform)),
            ("START RequestId: r Version: $LATEST\n", Some(Format::Lambda)),
            ("2026-07-01T08:00:00Z REPORT RequestId: r\tDuration: 1 ms", Some(Format::Lambda)),
            ("{\"time\":\"\",\"type\":\"platform.start\",\"record\":{}}", Some(Format::Lambda)),
            ("hello\nworld", None),
            ("{\"a\":1}", None),
            ("", None),
        ] {
            assert_eq!(sniff(head.as_bytes(), true), format, "{head}");
        }
        assert_eq!(sniff(b"{\"FunctionName\":\"f\",\"Log\":\"very long", false), Some(Format::Ndjson));
    }
}
