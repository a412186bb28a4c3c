//! A JSON body serialised again, as libraries do between signing and sending.

/// The same JSON with other white space between its tokens: none, or one space after each comma and colon.
pub(crate) fn respaced(body: &str, has_blanks: bool) -> String {
    let mut text = String::with_capacity(body.len());
    let (mut is_string, mut is_escaped) = (false, false);
    for char in body.chars() {
        if is_string {
            text.push(char);
            is_string = is_escaped || char != '"';
            is_escaped = !is_escaped && char == '\\';
            continue;
        }
        match char {
            ' ' | '\t' | '\r' | '\n' => continue,
            '"' => is_string = true,
            _ => {}
        }
        text.push(char);
        if has_blanks && matches!(char, ',' | ':') {
            text.push(' ');
        }
    }
    text
}

/// The same JSON with every character beyond ASCII escaped, as `\uXXXX`.
pub(crate) fn escaped(body: &str) -> String {
    let mut text = String::with_capacity(body.len());
    for char in body.chars() {
        if char.is_ascii() {
            text.push(char);
            continue;
        }
        let mut units = [0; 2];
        for unit in char.encode_utf16(&mut units) {
            text.push_str(&format!("\\u{unit:04x}"));
        }
    }
    text
}

/// The same JSON with the names of each object in alphabetical order, without white space.
pub(crate) fn sorted(body: &str) -> Option<String> {
    let value: serde_json::Value = serde_json::from_str(body).ok()?;
    Some(value.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_json_in_other_spellings() {
        let body = "{ \"b\": [1,2],\n \"a\":\"x: \\\", 中\" }";
        assert_eq!(respaced(body, false), "{\"b\":[1,2],\"a\":\"x: \\\", 中\"}");
        assert_eq!(respaced(body, true), "{\"b\": [1, 2], \"a\": \"x: \\\", 中\"}");
        assert_eq!(escaped("\"中😀\""), "\"\\u4e2d\\ud83d\\ude00\"");
        assert_eq!(sorted(body).as_deref(), Some("{\"a\":\"x: \\\", 中\",\"b\":[1,2]}"));
        assert_eq!(sorted("{"), None);
    }
}
