//! `GetRequestStatus`: how one invocation ended.
//!
//! Its codes and units are not those of `GetFunctionLogs` (published): `RetCode` is 0 for success, 1 for running and
//! -1 for failed, `MemUsage` is in MB.

use runlog_core::limits::REQUEST_ID_MAX_BYTES;
use runlog_core::{Query, Run, Scope, Window, Zone};
use serde::Serialize;

use super::context::Context;
use super::milliseconds::Milliseconds;
use super::paging::{FUNCTION_NAME, NAMESPACE, PAGE_MAX};
use super::window::{Ends, after, last, read};
use crate::error::{ApiError, Detail, ErrorCode};
use crate::language::Text;
use crate::limits::ACTION_MAX_PER_S;
use crate::params::{ActionTable, Checked, Field, Param, ParamTree, ResourceLevel, Struct, Type, check};
use crate::service::VERSION;

/// How far back the window reaches when no start is given (published): 15 minutes.
const DEFAULT_SPAN_MS: i64 = 15 * 60 * 1000;

/// The most attempts of one invocation in an answer: the rows that a page can have.
const ATTEMPTS_MAX: usize = PAGE_MAX;

/// The action's row.
pub const TABLE: ActionTable = ActionTable {
    name: "GetRequestStatus",
    version: VERSION,
    title: Text::new("获取函数单个请求运行状态", "Get the status of one invocation"),
    doc: Text::new(
        "该接口根据指定的查询条件返回函数单个请求运行状态。",
        "Returns how an invocation ended, without its log. One row for each attempt.",
    ),
    params: PARAMS,
    response: RESPONSE,
    errors: &[
        ErrorCode::InvalidParameterValueDateTime,
        ErrorCode::InvalidParameterValueStartTimeOrEndTime,
        ErrorCode::ResourceNotFoundFunctionName,
    ],
    max_per_s: ACTION_MAX_PER_S,
    level: ResourceLevel::Function,
    sample_request: r#"{"FunctionName":"function-demo","FunctionRequestId":"96d91886-f49b-4962-825e-1b4b8a2585f7"}"#,
    sample_response: r#"{"Response":{"TotalCount":1,"Data":[{"FunctionName":"function-demo","RetMsg":"Hello","RequestId":"96d91886-f49b-4962-825e-1b4b8a2585f7","StartTime":"2024-12-25 19:50:07","RetCode":0,"Duration":0,"MemUsage":0,"RetryNum":0}],"RequestId":"a63607c3-581f-4be9-8c4b-631c75909f07"}}"#,
    sources: &["https://cloud.tencent.com/document/product/583/65348"],
};

const PARAMS: &[Param] = &[
    FUNCTION_NAME,
    Param {
        name: "FunctionRequestId",
        required: true,
        max_bytes: REQUEST_ID_MAX_BYTES,
        example: "96d91886-f49b-4962-825e-1b4b8a2585f7",
        doc: Text::new("需要查询状态的请求 id", "The invocation's request id."),
        ..Param::OPTIONAL
    },
    NAMESPACE,
    Param {
        name: "StartTime",
        example: "2017-05-16 20:00:00",
        doc: Text::new(
            "查询的开始时间，例如：2017-05-16 20:00:00，不填默认为当前时间 - 15min",
            "The first start, such as `2017-05-16 20:00:00`; 15 minutes ago when absent.",
        ),
        invalid: ErrorCode::InvalidParameterValueDateTime,
        ..Param::OPTIONAL
    },
    Param {
        name: "EndTime",
        example: "2017-05-16 20:59:59",
        doc: Text::new(
            "查询的结束时间，例如：2017-05-16 20:59:59，如果 StartTime 没有值，则 EndTime 默认为当前时间。如果 StartTime 有值，需要同时传 EndTime。EndTime 需要晚于 StartTime。",
            "The last start, later than StartTime and required with it; now when both are absent.",
        ),
        invalid: ErrorCode::InvalidParameterValueDateTime,
        ..Param::OPTIONAL
    },
];

const RESPONSE: &[Field] = &[
    Field::new("TotalCount", Type::Integer, "函数运行状态的总数", "How many attempts there are."),
    Field::new(
        "Data",
        Type::List(&Type::Struct(&Struct { name: "RequestStatus", members: REQUEST_STATUS })),
        "函数运行状态数组",
        "The attempts, the newest first.",
    ),
];

const REQUEST_STATUS: &[Field] = &[
    Field::new("FunctionName", Type::String, "函数的名称", "The function's name."),
    Field::new("RetMsg", Type::String, "函数执行完成后的返回值", "What the function returned, or why it failed."),
    Field::new("RequestId", Type::String, "查询的请求 id", "The request id."),
    Field::new("StartTime", Type::String, "请求开始时间", "When the run started."),
    Field::new(
        "RetCode",
        Type::Integer,
        "请求执行结果， 0 表示执行成功，1表示运行中，-1 表示执行异常。",
        "0 succeeded, 1 running, -1 failed.",
    ),
    Field::new("Duration", Type::Float, "请求运行耗时，单位 ms", "Wall time, in milliseconds."),
    Field::new("MemUsage", Type::Float, "请求消耗内存，单位为 MB", "Peak memory, in MB."),
    Field::new("RetryNum", Type::Integer, "重试次数", "0 for the first attempt."),
];

/// A call, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The namespace.
    pub namespace: String,
    /// The function.
    pub function: String,
    /// The invocation.
    pub request_id: String,
    /// Starts, in Unix milliseconds.
    pub window: Window,
    account: String,
    region: String,
}

impl Request {
    /// Reads the parameters.
    ///
    /// # Errors
    /// Those of [`check`]; `InvalidParameterValue.DateTime` and `.StartTimeOrEndTime` for the window.
    pub fn parse(params: &ParamTree, ctx: &Context<'_>) -> Result<Self, ApiError> {
        let params = check(params, PARAMS)?;
        Ok(Self {
            namespace: params.given("Namespace").to_owned(),
            function: params.given("FunctionName").to_owned(),
            request_id: params.given("FunctionRequestId").to_owned(),
            window: read_window(&params, ctx)?,
            account: ctx.account.to_owned(),
            region: ctx.region.to_owned(),
        })
    }

    /// The call as a query of an engine.
    pub fn query(&self) -> Query {
        let scope = Scope {
            account: self.account.clone(),
            region: Some(self.region.clone()),
            namespace: Some(self.namespace.clone()),
            function: Some(self.function.clone()),
            qualifier: None,
        };
        Query {
            window: self.window,
            request_id: Some(self.request_id.clone()),
            limit: ATTEMPTS_MAX,
            ..Query::new(scope)
        }
    }
}

/// An end without a start ends the window that starts 15 minutes ago, as the published default of the start says.
fn read_window(params: &Checked<'_>, ctx: &Context<'_>) -> Result<Window, ApiError> {
    let default = last(DEFAULT_SPAN_MS, ctx);
    let (start, start_ms) = match params.text("StartTime") {
        Some(text) => (text.to_owned(), read(text, "StartTime", ctx)?.ms),
        None => (ctx.zone.format(default.start_ms), default.start_ms),
    };
    let end = match (params.text("StartTime"), params.text("EndTime")) {
        (_, Some(end)) => end,
        (None, None) => return Ok(default),
        (Some(_), None) => return Err(ApiError::new(ErrorCode::InvalidParameterValueStartTimeOrEndTime)),
    };
    let end_time = read(end, "EndTime", ctx)?;
    if end_time.ms <= start_ms {
        return Err(Ends { start: &start, end }.error(Detail::EndNotAfterStart));
    }
    Ok(Window { start_ms, end_ms: after(end_time) })
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct RequestStatus<'a> {
    function_name: &'a str,
    ret_msg: &'a str,
    request_id: &'a str,
    start_time: String,
    ret_code: i32,
    duration: Milliseconds,
    mem_usage: f64,
    retry_num: u8,
}

impl<'a> RequestStatus<'a> {
    pub(super) fn new(run: &'a Run, zone: Zone) -> Self {
        Self {
            function_name: &run.stream.function,
            ret_msg: &run.ret_msg,
            request_id: &run.request_id,
            start_time: zone.format(run.start_ms),
            ret_code: status_code(run),
            duration: Milliseconds(run.duration_us),
            mem_usage: run.mem_bytes as f64 / f64::from(1 << 20),
            retry_num: run.retry_num,
        }
    }
}

fn status_code(run: &Run) -> i32 {
    match run {
        run if run.is_running() => 1,
        run if run.is_failed() => -1,
        _ => 0,
    }
}
