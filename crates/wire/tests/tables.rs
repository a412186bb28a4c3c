//! The tables are complete, which all their readers rely on.

use std::collections::BTreeSet;

use runlog_wire::actions::{Action, COMMON_ERRORS};
use runlog_wire::params::{Field, Param, Type};
use runlog_wire::{ErrorCode, Source, Text};
use serde_json::Value;

fn has_both_languages(text: Text, at: &str) {
    assert!(!text.en.is_empty() && text.en.is_ascii(), "{at}: English");
    assert!(!text.zh.is_empty() && !text.zh.is_ascii(), "{at}: Chinese");
}

fn check_param(param: &Param, at: &str) {
    let at = format!("{at}.{}", param.name);
    has_both_languages(param.doc, &at);
    assert!(param.source != Source::Observed, "{at}: where it comes from");
    assert!(!param.required || param.default.is_none(), "{at}: required and a default");
    if let Some(default) = param.default.filter(|_| !param.one_of.is_empty()) {
        assert!(param.one_of.contains(&default), "{at}: {default}");
    }
    assert!(param.one_of.is_empty() || matches!(param.ty, Type::String), "{at}");
    check_type(&param.ty, &at);
}

fn check_type(ty: &Type<Param>, at: &str) {
    match ty {
        Type::Struct(group) => check_params(group.members, at),
        Type::List(item) => check_type(item, at),
        _ => {}
    }
}

fn check_params(params: &[Param], at: &str) {
    let names: BTreeSet<_> = params.iter().map(|param| param.name).collect();
    assert_eq!(names.len(), params.len(), "{at}: a name twice");
    for param in params {
        check_param(param, at);
    }
}

/// A sample answer has exactly the fields of the table, each of its type.
fn check_sample(fields: &[Field], sample: &Value, at: &str) {
    let sample = sample.as_object().unwrap_or_else(|| panic!("{at}: an object"));
    let found: BTreeSet<_> = sample.keys().map(String::as_str).collect();
    let expected: BTreeSet<_> = fields.iter().map(|field| field.name).collect();
    assert_eq!(found, expected, "{at}");
    assert_eq!(expected.len(), fields.len(), "{at}: a name twice");
    for field in fields {
        let at = format!("{at}.{}", field.name);
        has_both_languages(field.doc, &at);
        let value = &sample[field.name];
        assert!(!value.is_null() || field.nullable, "{at}");
        if !value.is_null() {
            check_value(&field.ty, value, &at);
        }
    }
}

fn check_value(ty: &Type<Field>, value: &Value, at: &str) {
    let fits = match ty {
        Type::String | Type::Timestamp => value.is_string(),
        Type::Integer => value.is_i64(),
        Type::Unsigned => value.is_u64(),
        Type::Float => value.is_number(),
        Type::Bool => value.is_boolean(),
        Type::Struct(group) => {
            check_sample(group.members, value, at);
            true
        }
        Type::List(item) => {
            value.as_array().unwrap().iter().for_each(|value| check_value(item, value, at));
            true
        }
    };
    assert!(fits, "{at}: {value}");
}

#[test]
fn every_action_is_described() {
    assert!(Action::ALL.is_sorted_by_key(|action| action.name()));
    for (served, action) in Action::ALL.iter().map(|served| (*served, served.table())) {
        assert_eq!(served.name(), action.name);
        assert_eq!(served.cam_name(), format!("scf:{}", action.name));
        assert!(served.max_per_s() > 0, "{}", action.name);
        has_both_languages(action.title, action.name);
        has_both_languages(action.doc, action.name);
        check_params(action.params, action.name);
        assert!(!action.sources.is_empty(), "{}", action.name);
        assert_eq!(Action::parse(action.name, action.version), Ok(served));
        let sample: Value = serde_json::from_str(action.sample_response).unwrap();
        let mut response = sample["Response"].clone();
        assert!(response.as_object_mut().unwrap().remove("RequestId").is_some(), "{}", action.name);
        check_sample(action.response, &response, action.name);
        let request: Value = serde_json::from_str(action.sample_request).unwrap();
        for name in request.as_object().unwrap().keys() {
            assert!(action.params.iter().any(|param| param.name == name), "{}: {name}", action.name);
        }
    }
}

#[test]
fn every_code_of_an_action_is_in_the_table_once() {
    for codes in Action::ALL.iter().map(|action| action.table().errors).chain([COMMON_ERRORS]) {
        let unique: BTreeSet<_> = codes.iter().collect();
        assert_eq!(unique.len(), codes.len());
        assert!(codes.iter().all(|code| ErrorCode::find(code.as_str()) == Some(*code)));
    }
}

#[test]
fn actions_that_are_not_served() {
    for (action, version, expected) in [
        ("Invoke", "2018-04-16", "InvalidAction: The request `Action` is invalid or not found."),
        ("getfunctionlogs", "2018-04-16", "InvalidAction: The request `Action` is invalid or not found."),
        ("", "", "InvalidAction: The request `Action` is invalid or not found."),
        (
            "GetFunctionLogs",
            "2019-07-22",
            "NoSuchVersion: The specified api version=`2019-07-22` does not exist in service=`scf`.",
        ),
    ] {
        assert_eq!(Action::parse(action, version).unwrap_err().to_string(), expected);
    }
}
