//! Any bytes as a request of the signed API: they give an error or a request, never a panic. The table of its action
//! checks each valid request, which then asks the engine for a page within bounds.
#![no_main]

use libfuzzer_sys::fuzz_target;
use runlog_core::{Start, Zone, limits};
use runlog_wire::actions::{Call, Context};
use runlog_wire::{Action, RawRequest};

const FORMS: [(&str, &str); 4] = [
    ("GET", "application/x-www-form-urlencoded"),
    ("POST", "application/x-www-form-urlencoded"),
    ("POST", "application/json"),
    ("POST", "multipart/form-data; boundary=b"),
];
const SIGNATURE: &str = "TC3-HMAC-SHA256 Credential=AKID/2019-02-25/scf/tc3_request, SignedHeaders=content-type;host, \
                         Signature=72e494ea809ad7a8c8f7a4507b9bddcbaa8e581f516e8da2f66e2c5a96525168";

fuzz_target!(|input: (u8, bool, &str, &[u8])| {
    let (form, is_signed, query, body) = input;
    let (method, content_type) = FORMS[usize::from(form) % FORMS.len()];
    let mut headers = vec![("host", &b"localhost"[..]), ("content-type", content_type.as_bytes())];
    if is_signed {
        headers.extend([
            ("authorization", SIGNATURE.as_bytes()),
            ("x-tc-action", &b"GetFunctionLogs"[..]),
            ("x-tc-version", b"2018-04-16"),
            ("x-tc-timestamp", b"1551113065"),
        ]);
    }
    let raw = RawRequest { method, path: "/", query, headers: headers.into_iter().collect(), body };
    let Ok(request) = raw.parse() else { return };
    let _ = request.verify(&raw, "secret", 1_551_113_065, 300);
    let context =
        Context { zone: Zone::UTC8, now_ms: 1_551_113_065_000, account: "1", region: "r", billing_step_ms: 100 };
    for action in Action::ALL {
        let Ok(call) = Call::parse(*action, &request.params, &context) else { continue };
        assert_eq!(call.action(), *action);
        if let Call::Runs(call) = call {
            let query = call.query();
            let offset = if let Start::Offset(offset) = query.start { offset } else { 0 };
            assert!(offset + query.limit as u64 <= limits::PAGE_MAX_ROWS);
            assert!(query.window.start_ms <= query.window.end_ms);
        }
    }
});
