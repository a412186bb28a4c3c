//! `/actions.json`: the signed API's own tables, for the API Explorer; and `/mock/`, its sample answers.

use std::sync::Arc;

use bytes::Bytes;
use hyper::Request;
use hyper::StatusCode;
use hyper::body::Body;
use hyper::header::{CACHE_CONTROL, ETAG, HeaderValue};
use hyper::http::request::Parts;
use runlog_wire::actions::{COMMON_ERRORS, SERVICE, VERSION};
use runlog_wire::params::{ActionTable, Field, Param, ResourceLevel, Type};
use runlog_wire::text::form_pairs;
use runlog_wire::{Action, ApiError, ErrorCode, Language, Source, Text, envelope};
use serde_json::{Map, Value, json};

use crate::app::App;
use crate::respond::{self, Answer, Packed};
use crate::settings::Settings;
use crate::web::{etag, is_known};

/// The longest request of a mock, in bytes: only its action is read.
const MOCK_MAX_BYTES: u64 = 64 << 10;

/// The tables as JSON.
pub(super) async fn actions(app: &App, request: &Parts) -> Answer {
    let (settings, takes_gzip) = (Arc::clone(&app.settings), respond::takes(&request.headers, "gzip"));
    let made = tokio::task::spawn_blocking(move || {
        let text = document(&settings).to_string();
        (etag(text.as_bytes()), Packed::new(text.into(), takes_gzip))
    });
    let (etag, packed) = match made.await {
        Ok(made) => made,
        Err(panic) => {
            tracing::error!(%panic, "the tables could not be written");
            return respond::error(StatusCode::INTERNAL_SERVER_ERROR, "InternalError", "the server's log says why");
        }
    };
    let mut answer = if is_known(request, &etag) {
        respond::text(StatusCode::NOT_MODIFIED, "application/json", "")
    } else {
        respond::packed(StatusCode::OK, packed)
    };
    let headers = answer.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert(ETAG, HeaderValue::from_str(&etag).expect("hexadecimal digits in quotes"));
    answer
}

/// The sample answer of the action that a path names, or else its request: no credentials, no signature.
pub(super) async fn mock<B>(app: &App, request: Request<B>) -> Answer
where
    B: Body<Data = Bytes> + Unpin,
{
    let (head, body) = request.into_parts();
    let body = app.unverified_body(body, MOCK_MAX_BYTES).await.unwrap_or_default();
    let named = mocked(&head, &body);
    let answer = match Action::ALL.iter().find(|action| action.name() == named) {
        Some(action) => action.table().sample_response.as_bytes().to_vec(),
        None => {
            let error = ApiError::new(ErrorCode::InvalidAction);
            envelope::failure(&error, Language::English, &uuid::Uuid::new_v4().to_string())
        }
    };
    respond::packed(StatusCode::OK, Packed::plain(answer))
}

/// The action that a request of the mock names.
fn mocked(head: &Parts, body: &[u8]) -> String {
    let in_path = head.uri.path().strip_prefix("/mock/").unwrap_or_default().trim_end_matches('/');
    if !in_path.is_empty() {
        return in_path.to_owned();
    }
    if let Some(action) = head.headers.get("x-tc-action").and_then(|value| value.to_str().ok()) {
        return action.to_owned();
    }
    let field = |text: &str| {
        let pairs = form_pairs(text).unwrap_or_default();
        pairs.into_iter().find(|(name, _)| name == "Action").map(|(_, action)| action)
    };
    let in_query = field(head.uri.query().unwrap_or_default());
    in_query.or_else(|| field(std::str::from_utf8(body).unwrap_or_default())).unwrap_or_default()
}

fn document(settings: &Settings) -> Value {
    let errors = ErrorCode::ALL.iter().map(|code| {
        let row = code.row();
        let is_common = COMMON_ERRORS.contains(code);
        json!({ "code": row.code, "message": text(row.message), "source": source(row.source), "common": is_common })
    });
    json!({
        "product": SERVICE,
        "version": VERSION,
        "default_region": settings.default_region,
        "regions": settings.regions.0,
        "zone": settings.time_zone.to_string(),
        "max_skew_s": settings.signature_max_skew,
        "actions": Action::ALL.iter().map(|action| described(*action, settings)).collect::<Vec<_>>(),
        "errors": errors.collect::<Vec<_>>(),
    })
}

fn described(action: Action, settings: &Settings) -> Value {
    let ActionTable { title, doc, params, response, errors, level, sample_request, sample_response, sources, .. } =
        action.table();
    json!({
        "name": action.name(),
        "title": text(*title),
        "doc": text(*doc),
        "level": match level {
            ResourceLevel::Function => "function",
            ResourceLevel::Account => "account",
        },
        "cam": action.cam_name(),
        "rate_limit": settings.rate_limit,
        "sources": sources,
        "sample_request": sample(sample_request),
        "sample_response": sample(sample_response),
        "errors": errors.iter().map(|code| code.row().code).collect::<Vec<_>>(),
        "params": params.iter().map(param).collect::<Vec<_>>(),
        "response": response.iter().map(field).collect::<Vec<_>>(),
    })
}

fn param(param: &Param) -> Value {
    let mut described = shape(&param.ty, param_members);
    let mut set = |name: &str, value: Value| described.insert(name.to_owned(), value);
    set("name", param.name.into());
    set("required", param.required.into());
    set("doc", text(param.doc));
    set("source", source(param.source).into());
    set("invalid", param.invalid.row().code.into());
    if let Some((min, max)) = param.range {
        let end = |value: i64, open: i64| if value == open { Value::Null } else { value.into() };
        set("range", json!([end(min, i64::MIN), end(max, i64::MAX)]));
    }
    if !param.one_of.is_empty() {
        set("one_of", json!(param.one_of));
    }
    if param.any_case {
        set("any_case", true.into());
    }
    if matches!(param.ty, Type::String) {
        set("max_bytes", param.max_bytes.into());
    }
    if let Some(default) = param.default {
        set("default", default.into());
    }
    if !param.example.is_empty() {
        set("example", param.example.into());
    }
    described.into()
}

fn param_members(members: &[Param]) -> Value {
    members.iter().map(param).collect()
}

fn field(field: &Field) -> Value {
    let mut described = shape(&field.ty, field_members);
    described.insert("name".to_owned(), field.name.into());
    described.insert("nullable".to_owned(), field.nullable.into());
    described.insert("doc".to_owned(), text(field.doc));
    described.into()
}

fn field_members(members: &[Field]) -> Value {
    members.iter().map(field).collect()
}

/// A type, with the members of an object and the item of an array.
fn shape<M>(ty: &Type<M>, members: fn(&[M]) -> Value) -> Map<String, Value> {
    let mut shape = Map::new();
    let name = if matches!(ty, Type::Unsigned) { "unsigned" } else { ty.name() };
    shape.insert("type".to_owned(), name.into());
    match ty {
        Type::Struct(group) => {
            shape.insert("struct".to_owned(), group.name.into());
            shape.insert("members".to_owned(), members(group.members));
        }
        Type::List(item) => {
            shape.insert("item".to_owned(), self::shape(item, members).into());
        }
        _ => {}
    }
    shape
}

fn sample(text: &str) -> Value {
    serde_json::from_str(text).expect("the tables' samples are JSON, which a test of theirs checks")
}

fn text(Text { zh, en }: Text) -> Value {
    json!({ "zh": zh, "en": en })
}

fn source(source: Source) -> &'static str {
    match source {
        Source::Published => "published",
        Source::Sdk => "sdk",
        Source::Observed => "observed",
        Source::Ours => "ours",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_action_is_described_with_samples_and_known_codes() {
        let document = document(&Settings::with(&[("rate_limit", "7")]).unwrap());
        let codes: Vec<&str> =
            document["errors"].as_array().unwrap().iter().map(|row| row["code"].as_str().unwrap()).collect();
        let actions = document["actions"].as_array().unwrap();
        assert_eq!(actions.len(), Action::ALL.len());
        for action in actions {
            assert!(action["sample_request"].is_object() && action["sample_response"]["Response"].is_object());
            assert_eq!(action["rate_limit"], 7);
            for code in action["errors"].as_array().unwrap() {
                assert!(codes.contains(&code.as_str().unwrap()), "{code}");
            }
        }
        let logs = actions.iter().find(|action| action["name"] == "GetFunctionLogs").unwrap();
        let find = |name: &str| logs["params"].as_array().unwrap().iter().find(|param| param["name"] == name).unwrap();
        assert_eq!(find("Offset")["range"], json!([0, null]));
        assert_eq!(find("Order")["one_of"], json!(["desc", "asc"]));
        assert_eq!(find("Filter")["struct"], "LogFilter");
        assert_eq!(find("Filter")["members"][0]["invalid"], "InvalidParameterValue.RetCode");
        assert!(find("StartTime")["max_bytes"].is_null() && find("StartTime")["type"] == "timestamp");
        let data = logs["response"].as_array().unwrap().iter().find(|field| field["name"] == "Data").unwrap();
        assert_eq!((&data["type"], &data["item"]["struct"]), (&json!("array"), &json!("FunctionLog")));
    }

    #[test]
    fn a_mock_is_named_by_path_header_query_or_form() {
        let named = |target: &str, headers: &[(&str, &str)], body: &str| {
            let request =
                headers.iter().fold(Request::get(target), |request, (name, value)| request.header(*name, *value));
            mocked(&request.body(()).unwrap().into_parts().0, body.as_bytes())
        };
        assert_eq!(named("/mock/GetFunction", &[("x-tc-action", "Other")], ""), "GetFunction");
        assert_eq!(named("/mock/GetFunction/", &[], ""), "GetFunction");
        assert_eq!(named("/mock/", &[("x-tc-action", "ListFunctions")], "Action=Other"), "ListFunctions");
        assert_eq!(named("/mock/?Action=ListFunctions&Version=x", &[], ""), "ListFunctions");
        assert_eq!(named("/mock/", &[], "Version=x&Action=ListFunctions"), "ListFunctions");
        assert_eq!(named("/mock/", &[], "\u{1}"), "");
    }
}
