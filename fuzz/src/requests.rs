//! Requests of the signed API, in every form.

use runlog_core::{Start, Zone, limits};
use runlog_wire::actions::{Call, Context};
use runlog_wire::text::encode_form;
use runlog_wire::{Action, ApiRequest, ParamTree, RawRequest};

const NOW_S: i64 = 1_551_113_065;
const BOUNDARY: &str = "b";
const FORMS: [(&str, &str); 4] = [
    ("GET", "application/x-www-form-urlencoded"),
    ("POST", "application/x-www-form-urlencoded"),
    ("POST", "application/json"),
    ("POST", "multipart/form-data; boundary=b"),
];
const SIGNATURE: &str = "TC3-HMAC-SHA256 Credential=AKID/2019-02-25/scf/tc3_request, SignedHeaders=content-type;host, \
                         Signature=72e494ea809ad7a8c8f7a4507b9bddcbaa8e581f516e8da2f66e2c5a96525168";

/// A request: the first byte chooses the form and whether it is signed, the first line is the query, the rest the body.
/// An error has a code of the table; a request passes no check of its signature; and the call that its parameters give
/// asks for a page within bounds.
pub fn request(input: &[u8]) {
    let Some((&choice, input)) = input.split_first() else { return };
    let (method, content_type) = FORMS[usize::from(choice) % FORMS.len()];
    let (query, body) = input.split_at(input.iter().position(|byte| *byte == b'\n').unwrap_or(input.len()));
    let query = String::from_utf8_lossy(query);
    let (query, body) = if method == "GET" { (&*query, &[][..]) } else { ("", body.get(1..).unwrap_or_default()) };
    let raw = raw(method, content_type, query, body, choice & 0x80 != 0);
    let parsed = match raw.parse() {
        Ok(parsed) => parsed,
        Err(error) => {
            assert!(!error.code().is_empty());
            return;
        }
    };
    assert!(parsed.verify(&raw, "secret", NOW_S, 300).is_err(), "nobody signs with this key");
    check_calls(&parsed.params);
}

/// A multipart body. Its fields, written as another multipart body and as a form, are the same fields.
pub fn multipart(body: &[u8]) {
    let Some(params) = multipart_params(BOUNDARY, body) else { return };
    check_calls(&params);
    let mut fields = params.flatten();
    fields.sort();
    if fields.iter().any(|(name, _)| name.contains(['[', ']'])) {
        // The JSON of a field may have such a name; in the name of a field, brackets separate parts.
        return;
    }
    let boundary = "other-boundary";
    let is_plain = |(name, value): &(String, String)| {
        name.trim() == name && !name.contains(['"', ';', '\r', '\n']) && !value.contains(boundary)
    };
    if fields.iter().all(is_plain) {
        let part = |(name, value): &(String, String)| {
            format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
        };
        let written = format!("{}--{boundary}--\r\n", fields.iter().map(part).collect::<String>());
        if let Some(again) = multipart_params(boundary, written.as_bytes()) {
            check_fields(&again, &fields);
        }
    }
    let query = encode_form(fields.iter().map(|(name, value)| (name.as_str(), value.as_str())));
    if let Ok(again) = raw("GET", FORMS[0].1, &query, b"", true).parse() {
        check_fields(&again.params, &fields);
    }
}

fn multipart_params(boundary: &str, body: &[u8]) -> Option<ParamTree> {
    let content_type = format!("multipart/form-data; boundary={boundary}");
    raw("POST", &content_type, "", body, true).parse().ok().map(|request: ApiRequest| request.params)
}

fn check_fields(tree: &ParamTree, expected: &[(String, String)]) {
    let mut fields = tree.flatten();
    fields.sort();
    assert_eq!(fields, expected);
}

fn raw<'a>(method: &'a str, content_type: &'a str, query: &'a str, body: &'a [u8], is_signed: bool) -> RawRequest<'a> {
    let mut headers = vec![("host", &b"localhost"[..]), ("content-type", content_type.as_bytes())];
    if is_signed {
        headers.extend([
            ("authorization", SIGNATURE.as_bytes()),
            ("x-tc-action", &b"GetFunctionLogs"[..]),
            ("x-tc-version", b"2018-04-16"),
            ("x-tc-timestamp", b"1551113065"),
        ]);
    }
    RawRequest { method, path: "/", query, headers: headers.into_iter().collect(), body }
}

/// Reads parameters by the table of every action.
fn check_calls(params: &ParamTree) {
    let context = Context { zone: Zone::UTC8, now_ms: NOW_S * 1_000, account: "1", region: "r", billing_step_ms: 100 };
    for action in Action::ALL {
        let Ok(call) = Call::parse(*action, params, &context) else { continue };
        assert_eq!(call.action(), *action);
        if let Call::Runs(call) = call {
            let query = call.query();
            let offset = if let Start::Offset(offset) = query.start { offset } else { 0 };
            assert!(offset + query.limit as u64 <= limits::PAGE_MAX_ROWS);
            assert!(query.window.start_ms <= query.window.end_ms);
            assert_eq!(query.scope.account, "1");
        }
    }
}
