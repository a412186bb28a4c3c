//! `GetFunctionLogs`: every rule about its parameters, and the published sample answer.

use std::sync::Arc;

use runlog_core::{
    Answer, Cursor, Direction, Order, ResultFilter, Row, Run, SortKey, SortValue, Start, Stream, Window, Zone,
};
use runlog_wire::actions::{COMMON_ERRORS, Context, RowsWriter, RunsCall, get_function_logs};
use runlog_wire::{ApiError, Language, ParamTree, RawRequest};
use serde_json::{Value, json};

/// 2026-11-24 10:50:00 in UTC+8.
const NOW_MS: i64 = 1_795_488_600_000;
const DAY_MS: i64 = 86_400_000;

fn context() -> Context<'static> {
    Context { zone: Zone::UTC8, now_ms: NOW_MS, account: "1001", region: "ap-guangzhou", billing_step_ms: 100 }
}

/// The tree that a JSON body leads to.
fn tree(body: &str) -> Result<ParamTree, ApiError> {
    let authorization = format!(
        "TC3-HMAC-SHA256 Credential=id/1970-01-01/scf/tc3_request, SignedHeaders=content-type;host, Signature={}",
        "0".repeat(64)
    );
    let headers = [
        ("Authorization", authorization.as_bytes()),
        ("Content-Type", b"application/json"),
        ("X-TC-Action", b"GetFunctionLogs"),
        ("X-TC-Version", b"2018-04-16"),
        ("X-TC-Timestamp", b"0"),
    ];
    let headers = headers.into_iter().collect();
    Ok(RawRequest { method: "POST", path: "/", query: "", headers, body: body.as_bytes() }.parse()?.params)
}

fn parse(params: &Value) -> Result<get_function_logs::Request, ApiError> {
    get_function_logs::Request::parse(&tree(&params.to_string())?, &context())
}

/// The code, and the arguments `name` and `value` if there are any.
fn refusal(params: &Value) -> String {
    let error = parse(params).map(|request| panic!("{params} is {request:?}")).unwrap_err();
    let known = get_function_logs::TABLE.errors.contains(&error.error_code());
    assert!(known || COMMON_ERRORS.contains(&error.error_code()), "{error}");
    for language in [Language::English, Language::Chinese] {
        let message = error.message(language);
        assert!(!message.contains(['{', '}']) && !message.contains("`-`"), "{message}");
    }
    [Some(error.code()), error.arg("name"), error.arg("value")].into_iter().flatten().collect::<Vec<_>>().join(" ")
}

fn cursor(order: Order) -> String {
    let value = match order.by {
        SortKey::StartTime => SortValue::Start,
        _ => SortValue::Number(7),
    };
    Cursor { order, value, start_ms: 1, seq: 2 }.encode()
}

#[test]
fn defaults() {
    for params in [json!({}), json!(null)] {
        let request = parse(&params).unwrap();
        let query = request.query();
        assert_eq!(query.scope.account, "1001");
        assert_eq!(query.scope.region.as_deref(), Some("ap-guangzhou"));
        assert_eq!(query.scope.namespace.as_deref(), Some("default"));
        assert_eq!((query.scope.function, query.scope.qualifier), (None, None));
        assert_eq!((query.start, query.limit), (Start::Offset(0), 20));
        assert_eq!(query.order, Order::NEWEST_FIRST);
        assert_eq!((query.result, query.request_id, query.keyword), (ResultFilter::All, None, None));
        assert_eq!(query.as_of, None);
        assert_eq!(request.search, None);
        assert_eq!(request.window, Window { start_ms: NOW_MS - DAY_MS + 1, end_ms: NOW_MS + 1 });
    }
}

#[test]
fn empty_means_absent() {
    let empty = json!({
        "FunctionName": "", "Offset": null, "Limit": "", "Order": "", "OrderBy": null, "Filter": {"RetCode": ""},
        "Namespace": "", "Qualifier": "", "FunctionRequestId": "", "StartTime": "", "EndTime": "",
        "SearchContext": {"Offset": "", "Limit": 0, "Keyword": "", "Type": ""},
    });
    assert_eq!(parse(&empty), parse(&json!({})));
    assert_eq!(parse(&json!({"Filter": {}, "SearchContext": []})), parse(&json!({})));
    let only_end = json!({"StartTime": "", "EndTime": "2026-11-24 00:00:00"});
    assert_eq!(refusal(&only_end), "InvalidParameterValue.StartTimeOrEndTime");
}

#[test]
fn windows() {
    let window = |start: &str, end: &str| parse(&json!({"StartTime": start, "EndTime": end})).map(|r| r.window);
    let at = |start_ms, end_ms| Ok(Window { start_ms, end_ms });
    // 2018-06-11 18:46:45 +08:00
    let s = 1_528_714_005_000;
    for (start, end, expected) in [
        ("2018-06-11 18:46:45", "2018-06-11 18:46:45", at(s, s + 1000)),
        ("2018-06-11 18:46:45", "2018-06-11 18:46:46", at(s, s + 2000)),
        ("2018-06-11 18:46:45", "2018-06-12 18:46:45", at(s, s + DAY_MS + 1000)),
        ("2018-06-11T18:46:45", "2018-06-11T10:46:45Z", at(s, s + 1000)),
        ("2018-06-11 18:46:45.250", "2018-06-11 18:46:45.500", at(s + 250, s + 501)),
        ("2018-06-11T18:46:45+08:00", "2018-06-11T12:46:45+02:00", at(s, s + 1000)),
        // A window may end in the future.
        ("2099-01-01 00:00:00", "2099-01-02 00:00:00", at(4_070_880_000_000, 4_070_966_401_000)),
    ] {
        assert_eq!(window(start, end), expected, "{start} {end}");
    }
    let bad = |start: &str, end: &str| refusal(&json!({"StartTime": start, "EndTime": end}));
    let code = "InvalidParameterValue.DateTime";
    assert_eq!(bad("2018-06-11 18:46:45", "2018-06-11 18:46:44"), code);
    assert_eq!(bad("2018-06-11 18:46:45", "2018-06-12 18:46:46"), code);
    assert_eq!(bad("2018-06-11 18:46:45", "2018-06-12 18:46:45.001"), code);
    assert_eq!(bad("0001-01-01 00:00:00", "9999-12-30 00:00:00"), code);
    assert_eq!(bad("yesterday", "2018-06-11 18:46:44"), format!("{code} StartTime yesterday"));
    assert_eq!(bad("2018-06-11 18:46:45", "2018-13-01 00:00:00"), format!("{code} EndTime 2018-13-01 00:00:00"));
    assert_eq!(bad("2018-06-11", "2018-06-11"), format!("{code} StartTime 2018-06-11"));
    assert_eq!(bad("1528714005", "1528714005"), format!("{code} StartTime 1528714005"));
    let message = |start: &str, end: &str| {
        parse(&json!({"StartTime": start, "EndTime": end})).unwrap_err().message(Language::English)
    };
    assert!(message("2018-06-11 18:46:45", "2018-06-11 18:46:44").contains("is before StartTime"));
    assert!(message("2018-06-11 18:46:45", "2018-06-13 18:46:45").contains("one day apart"));
    for one in ["StartTime", "EndTime"] {
        assert_eq!(refusal(&json!({one: "2018-06-11 18:46:45"})), "InvalidParameterValue.StartTimeOrEndTime");
    }
    assert_eq!(refusal(&json!({"StartTime": 1_528_714_005})), "InvalidParameter StartTime");
}

#[test]
fn a_request_id_needs_no_window() {
    let id = "bc309eaa-6d64-11e8-a7fe-5254000b4175";
    let request = parse(&json!({"FunctionRequestId": id})).unwrap();
    assert_eq!((request.window, request.query().request_id.as_deref()), (Window::ALL, Some(id)));
    let both = json!({"FunctionRequestId": id, "StartTime": "2018-06-11 18:46:45", "EndTime": "2018-06-11 18:46:45"});
    assert_eq!(parse(&both).unwrap().window.start_ms, 1_528_714_005_000);
}

#[test]
fn pages() {
    let page = |offset: Value, limit: Value| {
        parse(&json!({"Offset": offset, "Limit": limit})).map(|request| (request.start, request.limit))
    };
    assert_eq!(page(json!(0), json!(0)), Ok((Start::Offset(0), 0)));
    assert_eq!(page(json!(9999), json!(1)), Ok((Start::Offset(9999), 1)));
    assert_eq!(page(json!(10_000), json!(0)), Ok((Start::Offset(10_000), 0)));
    assert_eq!(page(json!("3"), json!("7")), Ok((Start::Offset(3), 7)), "numbers as text");
    for (offset, limit, expected) in [
        (json!(9999), json!(2), "LimitExceeded.Offset"),
        (json!(0), json!(10_001), "LimitExceeded.Offset"),
        (json!(i64::MAX), json!(i64::MAX), "LimitExceeded.Offset"),
        (json!(-1), json!(1), "InvalidParameterValue.Offset Offset -1"),
        (json!(1), json!(-1), "InvalidParameterValue Limit -1"),
        (json!(1.5), json!(1), "InvalidParameterValue.Offset Offset 1.5"),
        (json!("x"), json!(1), "InvalidParameterValue.Offset Offset x"),
        (json!("+1"), json!(1), "InvalidParameterValue.Offset Offset +1"),
        (json!("0x10"), json!(1), "InvalidParameterValue.Offset Offset 0x10"),
        (json!("1 "), json!(1), "InvalidParameterValue.Offset Offset 1 "),
        (json!(u64::MAX), json!(1), "InvalidParameterValue.Offset Offset 18446744073709551615"),
        (json!(1), json!(true), "InvalidParameter Limit"),
        (json!({"A": 1}), json!(1), "InvalidParameter Offset"),
        (json!([1]), json!(1), "InvalidParameter Offset"),
    ] {
        assert_eq!(refusal(&json!({"Offset": offset, "Limit": limit})), expected, "{offset} {limit}");
    }
    let absurd = tree("{\"Offset\": 123456789012345678901234567890}").unwrap();
    let error = get_function_logs::Request::parse(&absurd, &context()).unwrap_err();
    assert_eq!(error.arg("value"), Some("123456789012345678901234567890"));
    let absurd = tree("{\"Limit\": 1e400}").unwrap();
    let error = get_function_logs::Request::parse(&absurd, &context()).unwrap_err();
    assert_eq!(error.arg("value"), Some("1e400"));
}

#[test]
fn orders() {
    for (text, direction) in
        [("desc", Direction::Desc), ("DESC", Direction::Desc), ("Asc", Direction::Asc), ("asc", Direction::Asc)]
    {
        assert_eq!(parse(&json!({"Order": text})).unwrap().order.direction, direction, "{text}");
    }
    for (text, by) in [
        ("function_name", SortKey::FunctionName),
        ("duration", SortKey::Duration),
        ("mem_usage", SortKey::MemUsage),
        ("start_time", SortKey::StartTime),
    ] {
        assert_eq!(parse(&json!({"OrderBy": text})).unwrap().order.by, by, "{text}");
    }
    assert_eq!(refusal(&json!({"Order": "up"})), "InvalidParameterValue.Order Order up");
    assert_eq!(refusal(&json!({"OrderBy": "Duration"})), "InvalidParameterValue.OrderBy OrderBy Duration");
    assert_eq!(refusal(&json!({"OrderBy": "request_id"})), "InvalidParameterValue.OrderBy OrderBy request_id");
    assert_eq!(refusal(&json!({"Order": 1})), "InvalidParameter Order");
}

#[test]
fn filters() {
    for (text, matched, not) in [
        ("is0", &[0][..], &[1, 2, 3, 430][..]),
        ("not0", &[1, 3, 430, 433, -1], &[0, 2]),
        ("TimeLimitExceeded", &[433], &[0, 2, 432, 434, 430]),
        ("ResourceLimitExceeded", &[432, 434], &[0, 2, 433, 430]),
        ("UserCodeException", &[430], &[0, 2, 432, 433, 434]),
    ] {
        let result = parse(&json!({"Filter": {"RetCode": text}})).unwrap().query().result;
        assert!(matched.iter().all(|code| result.matches(*code)), "{text}");
        assert!(!not.iter().any(|code| result.matches(*code)), "{text}");
    }
    for text in ["NOT0", "0", "timeout"] {
        let expected = format!("InvalidParameterValue.RetCode Filter.RetCode {text}");
        assert_eq!(refusal(&json!({"Filter": {"RetCode": text}})), expected);
    }
    assert_eq!(refusal(&json!({"Filter": {"EtCode": "not0"}})), "UnknownParameter Filter.EtCode");
    assert_eq!(refusal(&json!({"Filter": "not0"})), "InvalidParameter Filter");
    assert_eq!(refusal(&json!({"Filter": {"RetCode": 0}})), "InvalidParameter Filter.RetCode");
}

#[test]
fn search_contexts() {
    let newest = cursor(Order::NEWEST_FIRST);
    let with = |search: Value| parse(&json!({"Limit": 20, "SearchContext": search})).unwrap();
    let keyword = with(json!({"Keyword": "a b&c", "Type": "Platform", "Limit": 10}));
    assert_eq!(keyword.query().keyword.as_deref(), Some("a b&c"));
    assert_eq!((keyword.start.clone(), keyword.limit), (Start::Offset(0), 20), "the inner limit needs a cursor");
    let after = with(json!({"Offset": newest, "Limit": 10}));
    assert_eq!(after.limit, 10);
    assert!(matches!(after.start, Start::After(cursor) if cursor.seq == 2));
    assert_eq!(with(json!({"Offset": newest})).limit, 20);

    let oldest = Order { by: SortKey::StartTime, direction: Direction::Asc };
    let slowest = Order { by: SortKey::Duration, direction: Direction::Desc };
    for (params, expected) in [
        (json!({"SearchContext": {"Offset": "20"}}), "InvalidParameterValue SearchContext.Offset"),
        (json!({"SearchContext": {"Offset": cursor(oldest)}}), "InvalidParameterValue SearchContext.Offset"),
        (json!({"SearchContext": {"Offset": cursor(slowest)}}), "InvalidParameterValue SearchContext.Offset"),
        (json!({"Offset": 1, "SearchContext": {"Offset": newest}}), "InvalidParameterValue SearchContext.Offset"),
        (json!({"SearchContext": {"Offset": newest, "Limit": 10_001}}), "LimitExceeded.Offset"),
        (json!({"SearchContext": {"Limit": -1}}), "InvalidParameterValue SearchContext.Limit -1"),
        (json!({"SearchContext": {"Type": "Other"}}), "InvalidParameterValue SearchContext.Type Other"),
        (json!({"SearchContext": {"Cursor": ""}}), "UnknownParameter SearchContext.Cursor"),
        (json!({"SearchContext": {"Keyword": "x".repeat(1025)}}), "InvalidParameterValue SearchContext.Keyword"),
    ] {
        assert_eq!(refusal(&params), expected, "{params}");
    }
    let slow = json!({"OrderBy": "duration", "SearchContext": {"Offset": cursor(slowest)}});
    assert!(matches!(parse(&slow).unwrap().start, Start::After(_)));
}

#[test]
fn names() {
    let names = json!({"FunctionName": "hello-中文 x", "Namespace": "prod", "Qualifier": "$LATEST"});
    let scope = parse(&names).unwrap().query().scope;
    assert_eq!(scope.function.as_deref(), Some("hello-中文 x"));
    assert_eq!((scope.namespace.as_deref(), scope.qualifier.as_deref()), (Some("prod"), Some("$LATEST")));
    for name in ["FunctionName", "Namespace", "Qualifier"] {
        assert_eq!(refusal(&json!({name: "x".repeat(1 << 20)})), format!("InvalidParameterValue {name}"));
        assert_eq!(refusal(&json!({name: 12})), format!("InvalidParameter {name}"));
    }
    assert_eq!(refusal(&json!({"FunctionRequestId": "x".repeat(129)})), "InvalidParameterValue FunctionRequestId");
    for name in ["functionname", "$schema", "Action", "Region", "Nonce", ""] {
        assert_eq!(refusal(&json!({name: "x"})).trim(), format!("UnknownParameter {name}").trim());
    }
}

fn sample_run() -> Run {
    Run {
        stream: Arc::new(Stream {
            account: "1001".into(),
            region: "ap-guangzhou".into(),
            namespace: "default".into(),
            function: "APITest".into(),
            qualifier: "$LATEST".into(),
        }),
        request_id: "bc309eaa-6d64-11e8-a7fe-5254000b4175".into(),
        retry_num: 1,
        start_ms: 1_528_714_005_999,
        duration_us: 532,
        bill_ms: None,
        mem_bytes: 3_174_400,
        ret_code: 1,
        invoke_finished: 1,
        exit_code: None,
        ret_msg: "Success".into(),
        log: String::new(),
        level: String::new(),
        source: String::new(),
    }
}

fn answered(params: &Value, answer: &Answer, ctx: &Context<'_>) -> String {
    let request = parse(params).unwrap();
    let call = RunsCall::GetFunctionLogs(request);
    let body = RowsWriter::new(call, ctx, "e2571ff3-da04-4c53-8438-f58bf057ce4a").whole(answer);
    String::from_utf8(body).unwrap()
}

#[test]
fn the_published_sample_answer() {
    let answer = Answer { rows: vec![Row { seq: 1, run: sample_run() }], total: 1, ..Answer::default() };
    assert_eq!(answered(&json!({}), &answer, &context()), get_function_logs::TABLE.sample_response);
}

#[test]
fn answers() {
    let mut run = sample_run();
    (run.bill_ms, run.duration_us) = (Some(8), 8000);
    (run.log, run.ret_msg) = ("START\n\"中\"\u{1b}[0m".into(), "\"Hello World\"".into());
    (run.level, run.source) = ("INFO".into(), "stdout".into());
    let next = Cursor { order: Order::NEWEST_FIRST, value: SortValue::Start, start_ms: 1, seq: 2 };
    let answer = Answer {
        rows: vec![Row { seq: 2, run }, Row { seq: 1, run: sample_run() }],
        total: 12_345,
        next: Some(next.clone()),
        ..Answer::default()
    };
    let search = json!({"SearchContext": {"Keyword": "a", "Limit": 10, "Type": "Application"}});
    let ctx = Context { zone: Zone::UTC, billing_step_ms: 1, ..context() };
    let value: Value = serde_json::from_str(&answered(&search, &answer, &ctx)).unwrap();
    let response = &value["Response"];
    assert_eq!(response["TotalCount"], 12_345);
    assert_eq!(
        response["SearchContext"],
        json!({"Offset": next.encode(), "Limit": 10, "Keyword": "a", "Type": "Application"})
    );
    assert_eq!(
        response["Data"][0],
        json!({
            "FunctionName": "APITest", "RetMsg": "\"Hello World\"", "RequestId": "bc309eaa-6d64-11e8-a7fe-5254000b4175",
            "StartTime": "2018-06-11 10:46:45", "RetCode": 1, "InvokeFinished": 1, "Duration": 8, "BillDuration": 8,
            "MemUsage": 3_174_400, "Log": "START\n\"中\"\u{1b}[0m", "Level": "INFO", "Source": "stdout", "RetryNum": 1,
        })
    );
    assert_eq!(response["Data"][1]["BillDuration"], 1, "0.532 ms in steps of 1 ms");

    let plain: Value = serde_json::from_str(&answered(&json!({}), &answer, &ctx)).unwrap();
    assert_eq!(plain["Response"]["SearchContext"]["Offset"], "", "no cursor for who does not use them");
    let last = Answer { next: None, ..answer };
    let value: Value = serde_json::from_str(&answered(&search, &last, &ctx)).unwrap();
    assert_eq!(value["Response"]["SearchContext"]["Offset"], "", "nothing follows");
}

#[test]
fn the_cursor_of_an_answer_continues_the_call() {
    let next = Cursor { order: Order::NEWEST_FIRST, value: SortValue::Start, start_ms: 1, seq: 2 };
    let answer = Answer { next: Some(next.clone()), ..Answer::default() };
    let first = json!({"Limit": 5, "SearchContext": {"Keyword": "a", "Limit": 5}});
    let value: Value = serde_json::from_str(&answered(&first, &answer, &context())).unwrap();
    let second = json!({"Limit": 5, "SearchContext": value["Response"]["SearchContext"]});
    let request = parse(&second).unwrap();
    assert_eq!((request.start.clone(), request.limit), (Start::After(next), 5));
    assert_eq!(request.query().keyword.as_deref(), Some("a"));
}
