//! `POST /api/v1/doctor`: why a signed request was refused, as `runlog doctor` says it.
//!
//! The server knows the secrets of its keys, so it can compute the signature that a request should have. That signature
//! is shown to the holder of the very secret alone: anybody else could have any request signed here, a token that may
//! only read for one.

use std::sync::Arc;

use bytes::Bytes;
use hyper::body::Body;
use hyper::header::HOST;
use hyper::http::request::Parts;
use hyper::{Request, StatusCode};
use runlog_doctor::{Diagnosis, Known, SentRequest, diagnose, read};
use runlog_wire::Language;
use runlog_wire::text::http_date_s;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::auth;
use crate::caller::Caller;
use crate::clock;
use crate::respond::{self, Answer, Packed};

/// The longest body, in bytes. Mistakes are found by trying, each over the whole request.
const BODY_MAX_BYTES: u64 = 1 << 20;

/// In the place of a signature that the caller could not compute.
const HIDDEN: &str = "(hidden)";

/// What is asked.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Question {
    request: Option<String>,
    request_id: Option<String>,
    received_s: Option<i64>,
    code: Option<String>,
    canonical_request: Option<String>,
    string_to_sign: Option<String>,
}

/// A request, and what is known of its fate.
struct Case {
    sent: SentRequest,
    secret_id: Option<String>,
    code: Option<String>,
    received_s: Option<i64>,
}

/// Why a request was refused.
#[derive(Serialize, JsonSchema)]
pub(crate) struct DiagnosisAnswer {
    /// `TC3-HMAC-SHA256`, `HmacSHA1` or `HmacSHA256`; empty if the request has no signature that can be read.
    scheme: &'static str,
    /// Whether the signature was computed: the server has the secret, and the caller may ask about its key.
    signature_was_computed: bool,
    /// Each step of the signature, as the server computes it, in order.
    steps: Vec<OneStep>,
    /// What is wrong, the first step first; suspicions come last.
    findings: Vec<OneFinding>,
}

/// A step of a signature.
#[derive(Serialize, JsonSchema)]
struct OneStep {
    name: &'static str,
    expected: String,
    /// The sender's own, if known.
    sent: Option<String>,
}

/// Something that is wrong.
#[derive(Serialize, JsonSchema)]
struct OneFinding {
    /// Its short name.
    kind: &'static str,
    /// The step that it belongs to.
    step: &'static str,
    /// What the server expects.
    expected: String,
    /// What the request has.
    found: String,
    /// Whether it is certain, not a suspicion.
    is_proven: bool,
    text: BothLanguages,
}

/// A text in Chinese and English.
#[derive(Serialize, JsonSchema)]
struct BothLanguages {
    zh: String,
    en: String,
}

pub(super) async fn answer<B>(app: &Arc<App>, request: Request<B>) -> Answer
where
    B: Body<Data = Bytes> + Unpin,
{
    let (head, body) = request.into_parts();
    let bad = |message: &str| respond::error(StatusCode::BAD_REQUEST, "InvalidParameter", message);
    let Ok(body) = app.unverified_body(body, BODY_MAX_BYTES).await else {
        return respond::error(StatusCode::PAYLOAD_TOO_LARGE, "TooLarge", "a request to examine has at most 1 MiB");
    };
    let caller = match auth::identify(app, &head, &body) {
        Ok(caller) => caller,
        Err(denied) => return denied.answer(),
    };
    let Ok(question) = serde_json::from_slice::<Question>(&body) else {
        return bad("send {\"request\": TEXT} or {\"request_id\": ID}");
    };
    let case = match (&question.request, &question.request_id) {
        (Some(text), None) => match pasted(text, &question) {
            Ok(case) => case,
            Err(message) => return bad(&message),
        },
        (None, Some(id)) => {
            let found = app.failed.find(id).filter(|failed| caller.may_look_at(failed));
            let Some(failed) = found else {
                let message = "no failed request of this id is remembered, or it is of another key";
                return respond::error(StatusCode::NOT_FOUND, "NoSuchRequest", message);
            };
            Case {
                sent: failed.request.clone(),
                secret_id: Some(failed.secret_id.clone()),
                code: Some(failed.code.clone()),
                received_s: Some(failed.received_s),
            }
        }
        _ => return bad("give either `request` or `request_id`"),
    };
    let (app, host) = (Arc::clone(app), host_of(&head));
    // Many signatures are tried.
    let made = tokio::task::spawn_blocking(move || examine(&app, &caller, &case, &question, host.as_deref())).await;
    match made {
        Ok(diagnosis) => {
            let text = serde_json::to_vec(&diagnosis).expect("texts have a JSON form");
            respond::packed(StatusCode::OK, Packed::plain(text))
        }
        Err(panic) => {
            tracing::error!(%panic, "a request could not be examined");
            respond::error(StatusCode::INTERNAL_SERVER_ERROR, "InternalError", "the server's log says why")
        }
    }
}

/// A request that the caller gives as text.
fn pasted(text: &str, question: &Question) -> Result<Case, String> {
    let read = read(text)?;
    let received_s = question.received_s.or_else(|| read.answered.as_deref().and_then(http_date_s));
    let secret_id = read.request.with_raw(|raw| raw.parse().ok().map(|request| request.secret_id().to_owned()));
    Ok(Case { sent: read.request, secret_id, code: question.code.clone(), received_s })
}

fn host_of(head: &Parts) -> Option<String> {
    head.headers.get(HOST).and_then(|host| host.to_str().ok()).map(str::to_owned)
}

fn examine(app: &App, caller: &Caller, case: &Case, question: &Question, host: Option<&str>) -> DiagnosisAnswer {
    let named = case.secret_id.as_deref();
    let key = named.and_then(|id| app.keyring.get(id)).filter(|key| caller.may_ask_about(key));
    // To a caller of another key, one that it may not ask about and one that is not there look the same.
    let is_unknown = named.is_some_and(|id| app.keyring.get(id).is_none()) && caller.key.root;
    let code = case.code.as_deref().or(is_unknown.then_some("AuthFailure.SecretIdNotFound"));
    let known = Known {
        secret_id: None,
        secret_key: key.as_ref().map(|key| key.secret_key.as_str()),
        received_s: case.received_s,
        now_s: Some(clock::now_ms().div_euclid(1000)),
        max_skew_s: app.settings.signature_max_skew.into(),
        host,
        code,
        canonical_request: question.canonical_request.as_deref(),
        string_to_sign: question.string_to_sign.as_deref(),
    };
    let diagnosis = diagnose(&case.sent, &known);
    let may_see = key.as_ref().is_some_and(|key| caller.has_secret_of(key));
    shown(&diagnosis, key.is_some(), may_see)
}

fn shown(diagnosis: &Diagnosis, signature_was_computed: bool, may_see_signature: bool) -> DiagnosisAnswer {
    let computed = diagnosis.steps.iter().find(|step| step.name == "signature").map(|step| step.expected.as_str());
    let hidden = computed.filter(|computed| !may_see_signature && !computed.is_empty());
    let guard = |text: String| match hidden {
        Some(signature) => text.replace(signature, HIDDEN),
        None => text,
    };
    let steps = diagnosis.steps.iter().map(|step| OneStep {
        name: step.name,
        expected: guard(step.expected.clone()),
        sent: step.sent.clone(),
    });
    let findings = diagnosis.findings.iter().map(|finding| OneFinding {
        kind: finding.kind.row().code,
        step: finding.kind.row().step,
        expected: guard(finding.expected.get(Language::English).to_owned()),
        found: finding.found.get(Language::English).to_owned(),
        is_proven: finding.is_proven,
        text: BothLanguages { zh: guard(finding.text(Language::Chinese)), en: guard(finding.text(Language::English)) },
    });
    DiagnosisAnswer {
        scheme: diagnosis.scheme,
        signature_was_computed,
        steps: steps.collect(),
        findings: findings.collect(),
    }
}
