//! The actions that list functions, versions and namespaces, and the one that says how an invocation ended.

use std::sync::Arc;

use runlog_core::{Answer, Order, Row, Run, Stream, StreamSummary, Window, Zone};
use runlog_wire::actions::{
    Context, RowsWriter, RunsCall, get_function, get_request_status, list_functions, list_namespaces,
    list_version_by_function,
};
use runlog_wire::{ApiError, ParamTree, envelope};
use serde::Serialize;
use serde_json::{Value, json};

const NOW_MS: i64 = 1_528_714_605_000;

fn context() -> Context<'static> {
    Context { zone: Zone::UTC8, now_ms: NOW_MS, account: "1001", region: "ap-guangzhou", billing_step_ms: 100 }
}

fn tree(value: &Value) -> ParamTree {
    match value {
        Value::Null => ParamTree::Null,
        Value::Bool(value) => ParamTree::Bool(*value),
        Value::Number(number) => ParamTree::Number(number.to_string()),
        Value::String(text) => ParamTree::Text(text.clone()),
        Value::Array(items) => ParamTree::List(items.iter().map(tree).collect()),
        Value::Object(members) => {
            ParamTree::Struct(members.iter().map(|(name, value)| (name.clone(), tree(value))).collect())
        }
    }
}

fn summary(namespace: &str, function: &str, qualifier: &str, first_start_ms: i64, last_start_ms: i64) -> StreamSummary {
    let stream = Stream {
        account: "1001".into(),
        region: "ap-guangzhou".into(),
        namespace: namespace.into(),
        function: function.into(),
        qualifier: qualifier.into(),
    };
    StreamSummary { stream, first_start_ms, last_start_ms }
}

fn streams() -> Vec<StreamSummary> {
    vec![
        summary("default", "beta", "$LATEST", 3_000, 9_000),
        summary("default", "beta", "1", 1_000, 20_000),
        summary("default", "Alpha", "", 5_000, 6_000),
        summary("default", "gamma", "2", 2_000, 7_000),
        summary("prod", "beta", "$LATEST", 4_000, 4_000),
    ]
}

fn answer(body: &impl Serialize) -> Value {
    let text = envelope::success(body, "id");
    serde_json::from_slice::<Value>(&text).unwrap()["Response"].clone()
}

fn functions(params: &Value) -> Result<Value, ApiError> {
    let request = list_functions::Request::parse(&tree(params), &context())?;
    list_functions::response(&request, &streams(), &context()).map(|body| answer(&body))
}

fn names<'v>(answer: &'v Value, list: &str, name: &str) -> Vec<&'v str> {
    answer[list].as_array().unwrap().iter().map(|row| row[name].as_str().unwrap()).collect()
}

#[test]
fn functions_are_listed() {
    for (params, total, expected) in [
        (json!({}), 3, &["Alpha", "beta", "gamma"][..]),
        (json!({"Order": "DESC"}), 3, &["gamma", "beta", "Alpha"]),
        (json!({"Orderby": "AddTime"}), 3, &["beta", "gamma", "Alpha"]),
        (json!({"Orderby": "ModTime", "Order": "desc"}), 3, &["beta", "gamma", "Alpha"]),
        (json!({"Offset": 1, "Limit": 1}), 3, &["beta"]),
        (json!({"Limit": 0}), 3, &[]),
        (json!({"Offset": 7}), 3, &[]),
        (json!({"SearchKey": "ALPH"}), 1, &["Alpha"]),
        (json!({"SearchKey": "nothing"}), 0, &[]),
        (json!({"Namespace": "prod"}), 1, &["beta"]),
        (
            json!({"Filters": [{"Name": "Status", "Values": ["CreateFailed", "Active"]}]}),
            3,
            &["Alpha", "beta", "gamma"],
        ),
        (json!({"Filters": [{"Name": "Type", "Values": ["HTTP"]}]}), 0, &[]),
        (json!({"Description": "", "Filters": []}), 3, &["Alpha", "beta", "gamma"]),
    ] {
        let found = functions(&params).unwrap();
        assert_eq!(found["TotalCount"], total, "{params}");
        assert_eq!(names(&found, "Functions", "FunctionName"), expected, "{params}");
    }
}

#[test]
fn what_lists_cannot_honour_is_refused() {
    for (params, expected) in [
        (json!({"Description": "test"}), "UnsupportedOperation"),
        (json!({"Filters": [{"Name": "Runtime", "Values": ["Go1"]}]}), "UnsupportedOperation"),
        (json!({"Filters": [{"Name": "tag-env", "Values": ["prod"]}]}), "UnsupportedOperation"),
        (json!({"Filters": [{"Name": "Colour", "Values": ["red"]}]}), "InvalidParameterValue.Filters"),
        (json!({"Filters": [{"Name": "Status"}]}), "MissingParameter"),
        (json!({"Filters": [{"Name": "Status", "Values": "Active"}]}), "InvalidParameter"),
        (json!({"Filters": [{"Name": "Status", "Values": ["Active"], "Not": true}]}), "UnknownParameter"),
        (json!({"Filters": ["Status"]}), "InvalidParameter"),
        (json!({"Order": "up"}), "InvalidParameterValue.Order"),
        (json!({"Orderby": "Name"}), "InvalidParameterValue.Orderby"),
        (json!({"OrderBy": "AddTime"}), "UnknownParameter"),
        (json!({"Offset": -1}), "InvalidParameterValue.Offset"),
        (json!({"Limit": 10_001}), "LimitExceeded.Offset"),
        (json!({"Namespace": "none"}), "ResourceNotFound.Namespace"),
    ] {
        assert_eq!(functions(&params).unwrap_err().code(), expected, "{params}");
    }
    let nested = functions(&json!({"Filters": [{"Name": "Status", "Values": ["Active"], "Not": true}]}));
    assert_eq!(nested.unwrap_err().arg("name"), Some("Filters.0.Not"));
}

#[test]
fn a_listed_function_is_as_the_sample() {
    let streams = [summary("default", "APITest", "$LATEST", 1_527_811_200_000, 1_528_714_005_000)];
    let request = list_functions::Request::parse(&ParamTree::Null, &context()).unwrap();
    let context = context();
    let body = list_functions::response(&request, &streams, &context).unwrap();
    let sample: Value = serde_json::from_str(list_functions::TABLE.sample_response).unwrap();
    assert_eq!(answer(&body)["Functions"], sample["Response"]["Functions"]);
}

#[test]
fn one_function() {
    let get = |params: &Value| -> Result<Value, ApiError> {
        let request = get_function::Request::parse(&tree(params), &context())?;
        get_function::response(&request, &streams(), &context()).map(|body| answer(&body))
    };
    let times = |value: &Value| [value["AddTime"].clone(), value["ModTime"].clone(), value["Qualifier"].clone()];
    let latest = get(&json!({"FunctionName": "beta"})).unwrap();
    assert_eq!(times(&latest), ["1970-01-01 08:00:01", "1970-01-01 08:00:20", "$LATEST"]);
    let first = get(&json!({"FunctionName": "beta", "Qualifier": "1"})).unwrap();
    assert_eq!(times(&first), ["1970-01-01 08:00:01", "1970-01-01 08:00:20", "1"]);
    let never_latest = get(&json!({"FunctionName": "gamma", "ShowCode": "false"})).unwrap();
    assert_eq!(times(&never_latest), ["1970-01-01 08:00:02", "1970-01-01 08:00:07", "2"]);
    let no_version = get(&json!({"FunctionName": "Alpha"})).unwrap();
    assert_eq!(times(&no_version), ["1970-01-01 08:00:05", "1970-01-01 08:00:06", ""]);
    assert_eq!(no_version["VpcConfig"], json!({"VpcId": "", "SubnetId": ""}));
    assert_eq!((&no_version["Triggers"], &no_version["ImageConfig"]), (&json!([]), &Value::Null));
    assert_eq!((&no_version["MemorySize"], &no_version["UseGpu"]), (&json!(0), &json!("FALSE")));
    for (params, expected) in [
        (json!({}), "MissingParameter"),
        (json!({"FunctionName": "none"}), "ResourceNotFound.FunctionName"),
        (json!({"FunctionName": "alpha"}), "ResourceNotFound.FunctionName"),
        (json!({"FunctionName": "gamma", "Namespace": "prod"}), "ResourceNotFound.FunctionName"),
        (json!({"FunctionName": "beta", "Namespace": "none"}), "ResourceNotFound.Namespace"),
        (json!({"FunctionName": "beta", "Qualifier": "9"}), "ResourceNotFound.Qualifier"),
        (json!({"FunctionName": "beta", "ShowCode": "TRUE"}), "UnsupportedOperation"),
        (json!({"FunctionName": "beta", "ShowCode": "yes"}), "InvalidParameterValue"),
    ] {
        assert_eq!(get(&params).unwrap_err().code(), expected, "{params}");
    }
    let sample: Value = serde_json::from_str(get_function::TABLE.sample_response).unwrap();
    let streams = [summary("default", "APITest", "$LATEST", 1_527_811_200_000, 1_528_714_005_000)];
    let request = get_function::Request::parse(&tree(&json!({"FunctionName": "APITest"})), &context()).unwrap();
    let mut body = answer(&get_function::response(&request, &streams, &context()).unwrap());
    body["RequestId"] = sample["Response"]["RequestId"].clone();
    assert_eq!(body, sample["Response"]);
}

#[test]
fn namespaces_are_listed() {
    let list = |params: &Value, streams: &[StreamSummary]| -> Result<Value, ApiError> {
        let request = list_namespaces::Request::parse(&tree(params), &context())?;
        Ok(answer(&list_namespaces::response(&request, streams, &context())))
    };
    let search = |key: &str, value: &str| json!({"SearchKey": [{"Key": key, "Value": value}]});
    for (params, expected) in [
        (json!({}), &["default", "prod"][..]),
        (json!({"Order": "DESC"}), &["prod", "default"]),
        (json!({"Orderby": "Updatetime"}), &["prod", "default"]),
        (json!({"Limit": 1}), &["default"]),
        (search("Namespace", "PRO"), &["prod"]),
    ] {
        assert_eq!(names(&list(&params, &streams()).unwrap(), "Namespaces", "Name"), expected, "{params}");
    }
    let empty = list(&json!({}), &[]).unwrap();
    assert_eq!((&empty["TotalCount"], &empty["Namespaces"][0]["AddTime"]), (&json!(1), &json!("")));
    for (params, expected) in [
        (search("Description", "x"), "UnsupportedOperation"),
        (search("Name", "x"), "InvalidParameterValue.SearchKey"),
        (json!({"SearchKey": "x"}), "InvalidParameter"),
        (json!({"Namespace": "x"}), "UnknownParameter"),
    ] {
        assert_eq!(list(&params, &[]).unwrap_err().code(), expected, "{params}");
    }
}

#[test]
fn versions_are_listed() {
    let list = |params: &Value| -> Result<Value, ApiError> {
        let request = list_version_by_function::Request::parse(&tree(params), &context())?;
        list_version_by_function::response(&request, &streams(), &context()).map(|body| answer(&body))
    };
    let found = list(&json!({"FunctionName": "beta"})).unwrap();
    assert_eq!((&found["FunctionVersion"], &found["TotalCount"]), (&json!(["1", "$LATEST"]), &json!(2)));
    assert_eq!(
        found["Versions"][1],
        json!({"Version": "$LATEST", "Description": "", "AddTime": "1970-01-01 08:00:03",
               "ModTime": "1970-01-01 08:00:09", "Status": "Active"})
    );
    let newest = list(&json!({"FunctionName": "beta", "OrderBy": "ModTime", "Order": "DESC", "Limit": 1})).unwrap();
    assert_eq!((&newest["FunctionVersion"], &newest["TotalCount"]), (&json!(["1"]), &json!(2)));
    assert_eq!(list(&json!({"FunctionName": "Alpha"})).unwrap()["FunctionVersion"], json!([]));
    for (params, expected) in [
        (json!({}), "MissingParameter"),
        (json!({"FunctionName": "none"}), "ResourceNotFound.FunctionName"),
        (json!({"FunctionName": "beta", "Namespace": "none"}), "ResourceNotFound.Namespace"),
        (json!({"FunctionName": "beta", "Offset": -1}), "InvalidParameterValue.Offset"),
        (json!({"FunctionName": "beta", "OrderBy": "Version"}), "InvalidParameterValue.OrderBy"),
    ] {
        assert_eq!(list(&params).unwrap_err().code(), expected, "{params}");
    }
}

fn status(params: &Value) -> Result<get_request_status::Request, ApiError> {
    let mut all = json!({"FunctionName": "function-demo", "FunctionRequestId": "96d91886"});
    all.as_object_mut().unwrap().extend(params.as_object().unwrap().clone());
    get_request_status::Request::parse(&tree(&all), &context())
}

#[test]
fn request_status_windows() {
    let quarter = 15 * 60 * 1000;
    let s = 1_528_714_005_000;
    let (start, end) = ("2018-06-11 18:46:45", "2018-06-13 18:46:45");
    for (params, start_ms, end_ms) in [
        (json!({}), NOW_MS - quarter + 1, NOW_MS + 1),
        (json!({"StartTime": start, "EndTime": end}), s, s + 2 * 86_400_000 + 1000),
        (json!({"EndTime": end}), NOW_MS - quarter + 1, s + 2 * 86_400_000 + 1000),
    ] {
        assert_eq!(status(&params).unwrap().window, Window { start_ms, end_ms }, "{params}");
    }
    for (params, expected) in [
        (json!({"StartTime": start}), "InvalidParameterValue.StartTimeOrEndTime"),
        (json!({"StartTime": start, "EndTime": start}), "InvalidParameterValue.DateTime"),
        (json!({"StartTime": end, "EndTime": start}), "InvalidParameterValue.DateTime"),
        (json!({"EndTime": "2001-01-01 00:00:00"}), "InvalidParameterValue.DateTime"),
        (json!({"StartTime": "x", "EndTime": start}), "InvalidParameterValue.DateTime"),
        (json!({"FunctionRequestId": ""}), "MissingParameter"),
        (json!({"FunctionName": null}), "MissingParameter"),
        (json!({"Limit": 1}), "UnknownParameter"),
    ] {
        assert_eq!(status(&params).unwrap_err().code(), expected, "{params}");
    }
    let query = status(&json!({"Namespace": "prod"})).unwrap().query();
    assert_eq!(query.scope.namespace.as_deref(), Some("prod"));
    assert_eq!(query.scope.function.as_deref(), Some("function-demo"));
    assert_eq!((query.request_id.as_deref(), query.order), (Some("96d91886"), Order::NEWEST_FIRST));
}

#[test]
fn request_status_has_its_own_codes_and_units() {
    let run = |ret_code| Run {
        stream: Arc::new(summary("default", "function-demo", "", 0, 0).stream),
        request_id: "96d91886-f49b-4962-825e-1b4b8a2585f7".into(),
        retry_num: 0,
        start_ms: 1_735_127_407_000,
        duration_us: 1_500,
        bill_ms: None,
        mem_bytes: 3 << 19,
        ret_code,
        invoke_finished: 1,
        exit_code: None,
        ret_msg: "Hello".into(),
        log: "not shown".into(),
        level: String::new(),
        source: String::new(),
    };
    let rows = [0, 2, 3, 430].map(|code| Row { seq: 1, run: run(code) }).to_vec();
    let found = Answer { rows, total: 4, ..Answer::default() };
    let (request, context) = (status(&json!({})).unwrap(), context());
    let call = RunsCall::GetRequestStatus(request);
    let found: Value = serde_json::from_slice(&RowsWriter::new(call, &context, "id").whole(&found)).unwrap();
    let found = &found["Response"];
    assert_eq!(found["TotalCount"], 4);
    let codes: Vec<_> = (0..4).map(|at| found["Data"][at]["RetCode"].as_i64().unwrap()).collect();
    assert_eq!(codes, [0, 1, -1, -1]);
    assert_eq!(
        found["Data"][0],
        json!({"FunctionName": "function-demo", "RetMsg": "Hello", "RequestId": "96d91886-f49b-4962-825e-1b4b8a2585f7",
               "StartTime": "2024-12-25 19:50:07", "RetCode": 0, "Duration": 1.5, "MemUsage": 1.5, "RetryNum": 0})
    );
}
