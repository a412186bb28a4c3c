//! The diagnosis: what is wrong before the signature, the signature itself, and what the server checks after it.

use runlog_wire::actions::{Action, VERSION};
use runlog_wire::{ApiError, ApiRequest, Auth, ErrorCode, RawRequest};

use crate::finding::{Diagnosis, Finding};
use crate::kind::Kind;
use crate::known::Known;
use crate::sent::{Payload, SentRequest};
use crate::{tc3, v1};

/// Finds out why a request is refused. There is at least one finding.
pub fn diagnose(sent: &SentRequest, known: &Known<'_>) -> Diagnosis {
    let mut diagnosis = Diagnosis::default();
    sent.with_raw(|raw| examine(sent, raw, known, &mut diagnosis));
    // Neither makes this server refuse: an old request was once fresh, and any service is accepted.
    let is_harmless = |finding: &Finding| !finding.is_proven && matches!(finding.kind, Kind::Old | Kind::Service);
    if diagnosis.findings.iter().all(is_harmless) {
        match of_code(known.code) {
            Some(finding) => diagnosis.findings.push(finding),
            None if diagnosis.findings.iter().any(|finding| finding.kind == Kind::Old) => {}
            None => diagnosis.findings.push(Finding::new(Kind::Fine, "", "")),
        }
    }
    diagnosis.findings.sort_by_key(|finding| (!finding.is_proven, finding.kind));
    diagnosis
}

fn examine(sent: &SentRequest, raw: &RawRequest<'_>, known: &Known<'_>, diagnosis: &mut Diagnosis) {
    let findings = &mut diagnosis.findings;
    if let Some(finding) = family(sent) {
        findings.push(finding);
        return;
    }
    if sent.body_is_missing() {
        findings.push(Finding::new(Kind::BodyMissing, sent.header("Content-Length").unwrap_or_default(), "0"));
        return;
    }
    let request = match parse(sent, raw) {
        Ok(request) => request,
        Err(error) => {
            findings.push(Finding::of_error(&error));
            return;
        }
    };
    if let Some(wanted) = known.secret_id.filter(|wanted| *wanted != request.secret_id()) {
        findings.push(Finding::new(Kind::KeyUnknown, wanted, request.secret_id()));
    } else if known.code == Some(ErrorCode::AuthFailureSecretIdNotFound.as_str()) {
        findings.push(Finding::new(Kind::KeyUnknown, "", request.secret_id()));
    }
    let timestamp_s = request.common.timestamp_s;
    let is_far = |clock_s: &i64| clock_s.abs_diff(timestamp_s) > known.max_skew_s.max(0).unsigned_abs();
    let apart = |kind, clock_s: i64| Finding::new(kind, clock_s.to_string(), timestamp_s.to_string());
    match (known.received_s, known.now_s) {
        (Some(received_s), _) => findings.extend(Some(received_s).filter(is_far).map(|s| apart(Kind::Skew, s))),
        (None, now_s) => findings.extend(now_s.filter(is_far).map(|s| apart(Kind::Old, s).suspected())),
    }
    match &request.auth {
        Auth::V1(auth) => v1::examine(auth, &request, sent, raw, known, diagnosis),
        Auth::V3(auth) => tc3::examine(auth, &request, sent, raw, known, diagnosis),
    }
    let common = &request.common;
    match Action::parse(&common.action, &common.version).map_err(|error| error.error_code()) {
        Err(ErrorCode::NoSuchVersion) => {
            diagnosis.findings.push(Finding::new(Kind::Version, VERSION, &common.version));
        }
        Err(_) => {
            let names: Vec<&str> = Action::ALL.iter().map(|action| action.name()).collect();
            diagnosis.findings.push(Finding::new(Kind::Action, names.join(", "), &common.action));
        }
        Ok(_) => {}
    }
    if known.code == Some(ErrorCode::UnsupportedRegion.as_str()) {
        diagnosis.findings.push(Finding::new(Kind::Region, "", common.region.clone().unwrap_or_default()));
    }
}

/// Parses the request. If only the hash of its body is known, its parameters are not checked.
fn parse(sent: &SentRequest, raw: &RawRequest<'_>) -> Result<ApiRequest, ApiError> {
    match &sent.body {
        Payload::Hash { .. } if raw.method == "POST" => {
            let mut json = raw.clone();
            json.body = b"{}";
            let is_multipart = raw.headers.get("Content-Type").is_some_and(|value| value.starts_with(b"multipart/"));
            if is_multipart {
                json.headers = sent
                    .headers
                    .iter()
                    .filter(|(name, _)| !name.eq_ignore_ascii_case("Content-Type"))
                    .map(|(name, value)| (name.as_str(), value.as_bytes()))
                    .chain([("Content-Type", &b"application/json"[..])])
                    .collect();
            }
            json.parse()
        }
        _ => raw.parse(),
    }
}

/// A finding if the request has no signature, or not one of the API.
fn family(sent: &SentRequest) -> Option<Finding> {
    let has_field = sent.text().contains("Signature=");
    let Some(authorization) = sent.header("Authorization") else {
        let is_json = sent.header("Content-Type").is_some_and(|value| value.to_ascii_lowercase().contains("json"));
        return match (has_field, is_json && sent.method == "POST") {
            (true, true) => Some(Finding::new(Kind::WrongFamily, "TC3-HMAC-SHA256", "v1")),
            (true, false) => None,
            (false, _) => Some(Finding::new(Kind::NotSigned, "", "")),
        };
    };
    let authorization = authorization.trim();
    if authorization.starts_with("TC3-HMAC-SHA256") {
        return None;
    }
    let word = authorization.split([' ', '=']).next().unwrap_or_default();
    let found = if word == "q-sign-algorithm" { "COS (q-sign-algorithm)" } else { word };
    Some(Finding::new(Kind::WrongFamily, "TC3-HMAC-SHA256", found))
}

/// The finding that follows from the server's code alone.
fn of_code(code: Option<&str>) -> Option<Finding> {
    let code = code?;
    let kind = match code {
        "UnauthorizedOperation" | "UnauthorizedOperation.CAM" => Kind::Permission,
        "RequestLimitExceeded" => Kind::RateLimit,
        _ => Kind::Other,
    };
    Some(Finding::new(kind, "", code))
}
