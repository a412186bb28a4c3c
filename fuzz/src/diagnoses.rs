//! Requests that are pasted into the doctor.

use runlog_doctor::{Known, diagnose, read};
use runlog_wire::Language;

const SECRET_KEY: &str = "a-secret-key-that-is-in-no-input";

/// A pasted request: it is the same when it is written as JSON and read again; its diagnosis has a finding with a text
/// in each language, says the same twice, and never contains the secret key.
pub fn doctor(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let read_once = match read(&text) {
        Ok(read_once) => read_once,
        Err(error) => {
            assert!(!error.is_empty());
            return;
        }
    };
    let request = read_once.request;
    let written = serde_json::to_string(&request).unwrap();
    assert_eq!(read(&written).map(|again| again.request).as_ref(), Ok(&request), "{written}");
    let known = Known {
        secret_id: Some("AKID"),
        secret_key: Some(SECRET_KEY),
        now_s: Some(1_551_113_065),
        max_skew_s: 300,
        host: Some("127.0.0.1:9160"),
        ..Known::default()
    };
    let diagnosis = diagnose(&request, &known);
    assert!(!diagnosis.findings.is_empty());
    for finding in &diagnosis.findings {
        for language in [Language::English, Language::Chinese] {
            assert!(!finding.text(language).is_empty(), "{finding:?}");
        }
    }
    assert_eq!(diagnose(&request, &known), diagnosis);
    let said = serde_json::to_string(&diagnosis).unwrap();
    assert!(!said.contains(SECRET_KEY), "{said}");
}
