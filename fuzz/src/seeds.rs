//! Inputs to begin with, and the words that inputs consist of.

macro_rules! import {
    ($($name:literal),*) => {
        vec![$(include_bytes!(concat!("../../crates/ingest/tests/data/import/", $name)).to_vec()),*]
    };
}

macro_rules! captures {
    ($($name:literal),*) => {
        [$(include_str!(concat!("../../crates/wire/tests/data/captures/", $name))),*]
    };
}

/// Of records of runs, and of answers.
pub(crate) const RECORD_WORDS: &[&str] = &[
    "{\"FunctionName\":\"f\"",
    "\"RequestId\":\"r\"",
    "\"StartTime\":1",
    "\"StartTime\":\"2026-07-01 08:00:00\"",
    "\"Duration\":12.5",
    "\"BillDuration\":100",
    "\"MemUsage\":5",
    "\"RetCode\":2",
    "\"RetryNum\":1",
    "\"ExitCode\":-1",
    "\"InvokeFinished\":0",
    "\"Log\":\"a\\n\"",
    "\"Namespace\":\"n\"",
    "\"Qualifier\":\"q\"",
    "\"Region\":\"ap-beijing\"",
    "\"Seq\":1",
    "secret",
    "{\"Response\":{",
    "\"TotalCount\":1",
    "\"Data\":[",
    "9007199254740993",
    "1e300",
    "\\ud83d",
    "},",
    "}\n",
    "]",
    "null",
    ",",
];

/// Of logs of functions.
pub(crate) const LOG_WORDS: &[&str] = &[
    "START RequestId:",
    "END RequestId: ",
    "Report RequestId:",
    "REPORT RequestId: ",
    "ERROR RequestId:a Result:",
    "INIT_START ",
    "RequestId: a ",
    "Duration:",
    "Duration: 1.5 ms",
    "Billed Duration: 99999999999999999999 ms",
    "MemUsage:",
    "1e999MB",
    "Version: ",
    "2026-07-01T00:00:00Z ",
    "2026-07-01 08:00:00.5 ",
    "2026/07/01/[$LATEST]a ",
    " Task timed out after ",
    "[ERROR] ",
    "{\"SCF_RequestId\":\"r\",\"SCF_LogTime\":-1e308}",
    "\"SCF_Message\":\"Report RequestId: r Duration:1ms\"",
    "\"SCF_RetMsg\":",
    "{\"type\":\"platform.report\",\"record\":{\"requestId\":\"a\"}}",
    "{\"time\":\"2026-07-01T00:00:00Z\",\"type\":\"platform.start\",",
    "\"AWSRequestId\":\"a\"",
    "\u{feff}",
    "日志",
    "\t",
    "\r\n",
    "\n",
];

/// Of OpenTelemetry logs.
pub(crate) const OTLP_WORDS: &[&str] = &[
    "faas.name",
    "service.name",
    "faas.version",
    "faas.invocation_id",
    "cloud.region",
    "runlog.finished",
    "runlog.ret_code",
    "runlog.duration_ms",
    "faas.duration",
    "runlog.mem_bytes",
    "runlog.ret_msg",
    "faas.coldstart",
    "faas.max_memory",
    "exception.type",
    "exception.message",
    "exception.stacktrace",
    "service.instance.id",
    "\n2023-11-14T22:13:20.123456789Z x",
    "\n[runlog: ",
    "\"intValue\":\"7\"",
    "\"doubleValue\":\"NaN\"",
    "\"bytesValue\":\"AAE=\"",
    "\"kvlistValue\":{\"values\":[]}",
    "\"arrayValue\":{\"values\":[{}]}",
    "\"traceId\":\"000102030405060708090a0b0c0d0e0f\"",
];

/// Of parameters of the signed API.
pub(crate) const PARAM_WORDS: &[&str] = &[
    "FunctionName",
    "Namespace",
    "Qualifier",
    "FunctionRequestId",
    "Offset",
    "Limit",
    "Order",
    "OrderBy",
    "Filter.RetCode",
    "Filters.0.Name",
    "Filters.0.Values.0",
    "SearchContext.Offset",
    "StartTime",
    "EndTime",
    "2018-06-11 18:46:45",
    "9999-12-31 23:59:59.999999",
    "-9223372036854775809",
    "%E4%B8%AD",
    "&",
    "=",
    "--b\r\n",
    "--b--\r\n",
    "\r\n\r\n",
    "Content-Disposition: form-data; name=\"Limit\"",
    "Content-Type: application/json\r\n",
    "{\"RetCode\":\"not0\"}",
    "[{\"Name\":\"a\",\"Values\":[\"b\"]}]",
];

/// Of times and spans.
pub(crate) const TEXT_WORDS: &[&str] =
    &["2026-07-01", "T08:00:00", ".999999999", "+08:00", "-00:30", "Z", "1h30m", "2w", "9999-12-31", "yesterday", ","];

/// Of query strings of the native API.
pub(crate) const QUERY_WORDS: &[&str] = &[
    "function=",
    "namespace=n&",
    "keyword=",
    "result=430,1",
    "sort=duration:asc",
    "limit=1000",
    "offset=10000",
    "since=1h30m",
    "from=2026-07-01",
    "to=now",
    "as_of=1042",
    "cursor=",
    "fields=RequestId,Log",
    "histogram=5m",
    "facets=function,state",
    "top=0",
    "percentiles=true",
    "&",
    "%2B",
];

/// Of policy documents and resources.
pub(crate) const POLICY_WORDS: &[&str] = &[
    "{\"version\":\"2.0\",\"statement\":[",
    "{\"effect\":\"allow\",",
    "{\"effect\":\"deny\",",
    "\"action\":[\"scf:Get*\",\"name/scf:*\"],",
    "\"action\":\"*\",",
    "\"resource\":\"*\"}",
    "\"resource\":[\"qcs::scf:ap-guangzhou:uin/1:namespace/default/function/Test1\"]}",
    "qcs::scf:::function/Test1",
    "uin/",
    "namespace/",
    "/function/",
    "*",
    ",",
    "]}",
];

/// Of pasted requests.
pub(crate) const SENT_WORDS: &[&str] = &[
    "curl -X POST ",
    " -H 'Authorization: TC3-HMAC-SHA256 Credential=AKID/2019-02-25/scf/tc3_request, SignedHeaders=content-type;host, Signature=00'",
    " -H 'X-TC-Action: GetFunctionLogs'",
    " -H 'X-TC-Timestamp: 1551113065'",
    " -H 'X-TC-Version: 2018-04-16'",
    " -H 'Content-Type: application/json'",
    " --data-raw '{}'",
    " $'\\u4e2d\\x41\\'",
    " \\\n",
    "http://127.0.0.1:9160/",
    "POST / HTTP/1.1\r\n",
    "> GET /?Signature=a HTTP/1.1\r\n",
    "Content-Length: 5\r\n",
    "\r\n\r\n",
    "&Signature=",
    "&SecretId=AKID",
    "&SignatureMethod=HmacSHA256",
    "{\"log\":{\"entries\":[",
    "{\"request\":{\"method\":\"GET\",\"url\":\"http://h/\",\"headers\":[]}}",
    "\"postData\":{\"text\":\"{}\"}",
];

pub(crate) fn posted() -> Vec<Vec<u8>> {
    let mut seeds = ndjson();
    seeds.push(b"{\"FunctionName\":\"f\",\"RequestId\":\"a\",\"StartTime\":1}\nnot json\n{\"FunctionName\":\"f\",\"RequestId\":\"a\",\"StartTime\":2}\n{\"FunctionName\":\"secret\"}\n".to_vec());
    seeds.push(b" [{\"FunctionName\":\"f\"}, 7, {\"FunctionName\":\"g\",\"RetCode\":2}]".to_vec());
    seeds
}

pub(crate) fn ndjson() -> Vec<Vec<u8>> {
    import!["runs.ndjson", "runs-broken.ndjson"]
}

pub(crate) fn answer() -> Vec<Vec<u8>> {
    import!["answer.json", "answers.json"]
}

pub(crate) fn platform() -> Vec<Vec<u8>> {
    import!["platform.log", "platform-broken.log", "platform-stamped.log"]
}

pub(crate) fn scf_json() -> Vec<Vec<u8>> {
    import!["scf.jsonl", "scf-broken.jsonl", "scf-newest-first.jsonl"]
}

pub(crate) fn lambda() -> Vec<Vec<u8>> {
    import!["lambda.log", "lambda-json.log", "lambda-reports.log", "lambda-tail.log"]
}

pub(crate) fn parquet() -> Vec<Vec<u8>> {
    import!["snake-case.parquet", "nanoseconds.parquet", "wrong-type.parquet"]
}

pub(crate) fn otlp_json() -> Vec<Vec<u8>> {
    [OTLP, "{\"resourceLogs\":[]}"].map(|text| text.as_bytes().to_vec()).to_vec()
}

pub(crate) fn otlp_protobuf() -> Vec<Vec<u8>> {
    use prost::Message;
    use runlog_ingest::otlp::{Form, decode};

    let request = decode(OTLP.as_bytes(), Form::Json, |_| Ok(())).expect("the seed is a request");
    vec![request.encode_to_vec(), Vec::new()]
}

/// One record of each kind that has a meaning of its own.
const OTLP: &str = r#"{"resourceLogs":[{"resource":{"attributes":[
{"key":"faas.name","value":{"stringValue":"f"}},{"key":"cloud.region","value":{"stringValue":"ap-beijing"}}]},
"scopeLogs":[{"scope":{"name":"s"},"logRecords":[
{"timeUnixNano":"1799000000000000001","severityNumber":9,"body":{"stringValue":"first"},
"traceId":"000102030405060708090a0b0c0d0e0f","attributes":[{"key":"other","value":{"intValue":"7"}}]},
{"timeUnixNano":"1799000000000000002","severityText":"ERROR","body":{"stringValue":"two\nlines"},
"attributes":[{"key":"faas.invocation_id","value":{"stringValue":"i"}},
{"key":"exception.type","value":{"stringValue":"E"}},{"key":"exception.message","value":{"stringValue":"m"}},
{"key":"exception.stacktrace","value":{"stringValue":"at a\n[runlog: "}}]},
{"observedTimeUnixNano":"1799000000000000003","eventName":"end","attributes":[
{"key":"runlog.ret_code","value":{"intValue":"0"}},{"key":"runlog.duration_ms","value":{"doubleValue":1.5}},
{"key":"runlog.mem_bytes","value":{"intValue":"1024"}},{"key":"runlog.finished","value":{"boolValue":true}},
{"key":"kv","value":{"kvlistValue":{"values":[{"key":"a","value":{"arrayValue":{"values":[{"stringValue":"b"}]}}}]}}}]}
]}]}]}"#;

pub(crate) fn requests() -> Vec<Vec<u8>> {
    let query = "Action=GetFunctionLogs&Version=2018-04-16&Timestamp=1551113065&Nonce=1&SecretId=AKID&Signature=c2ln\
                 &SignatureMethod=HmacSHA256&Region=ap-guangzhou&FunctionName=f&Filters.0.Name=a&Filters.0.Values.0=b\
                 &Offset=0&Limit=20&StartTime=2018-06-11+18:46:45&EndTime=2018-06-11+19:46:45";
    let json = r#"{"FunctionName":"f","Limit":10000,"Order":"desc","OrderBy":"duration","Filter":{"RetCode":"not0"},
        "SearchContext":{"Offset":"","Limit":1},"StartTime":"2018-06-11 18:46:45","Namespace":"default"}"#;
    let mut seeds = vec![
        [b"\x80FunctionName=f&Limit=3&Offset=1", &b""[..]].concat(),
        [b"\x00", query.as_bytes()].concat(),
        [b"\x01\n", query.as_bytes()].concat(),
        [b"\x82\n", json.as_bytes()].concat(),
    ];
    seeds.extend(multipart().into_iter().map(|body| [b"\x83\n", &body[..]].concat()));
    seeds
}

pub(crate) fn multipart() -> Vec<Vec<u8>> {
    let body = "--b\r\nContent-Disposition: form-data; name=\"FunctionName\"\r\n\r\nhello 中\r\nx\r\n\
                --b\r\ncontent-disposition: form-data; name=\"Filters.0.Name\"; filename=\"f\"\r\n\r\na\r\n\
                --b\r\nContent-Disposition: form-data; name=Filter\r\nContent-Type: application/json\r\n\r\n\
                {\"RetCode\": \"not0\"}\r\n--b--\r\n";
    vec![body.as_bytes().to_vec(), b"--b--\r\n".to_vec()]
}

pub(crate) fn texts() -> Vec<Vec<u8>> {
    use runlog_core::{Cursor, Order, SortValue};

    let cursor = Cursor { order: Order::NEWEST_FIRST, value: SortValue::Start, start_ms: 3, seq: 4 };
    let cursor = cursor.encode();
    let texts = ["2026-07-01 08:00:00", "2026-07-01T08:00:00.25+05:30", "+08:00", "-05:30", "Z", "1h30m", &cursor];
    texts.map(|text| text.as_bytes().to_vec()).to_vec()
}

pub(crate) fn native_queries() -> Vec<Vec<u8>> {
    let queries = [
        "function=f&namespace=default&result=failed&since=1h30m&limit=100",
        "keyword=time%20out&sort=duration:desc&histogram=60&facets=function,state&top=5&percentiles=true",
        "from=2026-07-01T08:00:00Z&to=2026-07-02&as_of=1042&fields=RequestId,StartTime&sort=function_name:asc",
        "request_id=61fbd1dc&region=ap-guangzhou&qualifier=$LATEST&result=430,433&offset=20",
    ];
    queries.map(|text| text.as_bytes().to_vec()).to_vec()
}

pub(crate) fn policies() -> Vec<Vec<u8>> {
    let policies = [
        r#"{"version":"2.0","statement":[{"effect":"allow","action":["scf:Get*","name/scf:List*"],"resource":"*"}]}"#,
        r#"{"version":"2.0","statement":[{"effect":"allow","action":"*","resource":"qcs::scf:::namespace/default/*"},
           {"effect":"deny","action":"scf:getfunctionlogs",
            "resource":["qcs::scf:ap-guangzhou:uin/1:namespace/default/function/Test1","qcs::scf:::function/*"]}]}"#,
        "qcs::scf:ap-guangzhou:uin/1:namespace/default/function/Test1",
        "qcs::scf:r::function/f",
    ];
    policies.map(|text| text.as_bytes().to_vec()).to_vec()
}

pub(crate) fn sent() -> Vec<Vec<u8>> {
    let curl = "curl -X POST 'http://127.0.0.1:9160/' -H 'Content-Type: application/json' \\\n -H \"X-TC-Action: \
                GetFunctionLogs\" -H 'X-TC-Version: 2018-04-16' -H 'X-TC-Timestamp: 1551113065' -H 'Authorization: \
                TC3-HMAC-SHA256 Credential=AKID/2019-02-25/scf/tc3_request, SignedHeaders=content-type;host, \
                Signature=72e494ea809ad7a8c8f7a4507b9bddcbaa8e581f516e8da2f66e2c5a96525168' --data-raw $'{\"a\":\"\\u4e2d\"}'";
    let har = r#"{"log":{"entries":[{"request":{"method":"GET",
        "url":"http://h/?Action=GetFunctionLogs&SecretId=AKID&Signature=a", "headers":[{"name":":authority","value":"h"}]},
        "response":{"headers":[{"name":"Date","value":"d"}]}}]}}"#;
    let verbose = "* Connected\n> GET /?Action=GetFunctionLogs&Version=2018-04-16&Timestamp=1551113065&Nonce=1\
                   &SecretId=AKID&Signature=c2ln HTTP/1.1\r\n> Host: 127.0.0.1:9160\r\n>\r\n\
                   < HTTP/1.1 200 OK\r\n< Date: now\r\n<\r\n";
    let mut seeds = vec![curl.as_bytes().to_vec(), har.as_bytes().to_vec(), verbose.as_bytes().to_vec()];
    for capture in captures!["go.txt", "python.txt"] {
        seeds.extend(capture.split("\n\n=====").next().map(|block| block.as_bytes().to_vec()));
    }
    seeds
}
