//! The table of `GetFunctionLogs`. Chinese texts are the published ones, with our rules added where there were none.

use runlog_core::limits::{KEYWORD_MAX_BYTES, REQUEST_ID_MAX_BYTES};

use crate::actions::paging::{FUNCTION_NAME, LIMIT, NAMESPACE, OFFSET};
use crate::error::ErrorCode;
use crate::language::{Source, Text};
use crate::limits::ACTION_MAX_PER_S;
use crate::params::{ActionTable, Field, Param, ResourceLevel, Struct, Type};
use crate::service::VERSION;

/// The action's row.
pub const TABLE: ActionTable = ActionTable {
    name: "GetFunctionLogs",
    version: VERSION,
    title: Text::new("获取函数运行日志", "Get the run logs of a function"),
    doc: Text::new(
        "该接口根据指定的日志查询条件返回函数运行日志。",
        "Returns the runs of a function that match, each with its result, duration, memory and whole log.",
    ),
    params: PARAMS,
    response: RESPONSE,
    errors: ERRORS,
    max_per_s: ACTION_MAX_PER_S,
    level: ResourceLevel::Function,
    sample_request: r#"{"FunctionName":"APITest","Offset":0,"Limit":20,"Order":"desc","OrderBy":"start_time","Filter":{"RetCode":"not0"},"StartTime":"2018-06-11 18:00:00","EndTime":"2018-06-11 18:59:59"}"#,
    sample_response: r#"{"Response":{"TotalCount":1,"Data":[{"MemUsage":3174400,"RetCode":1,"RetMsg":"Success","Log":"","BillDuration":100,"InvokeFinished":1,"RequestId":"bc309eaa-6d64-11e8-a7fe-5254000b4175","StartTime":"2018-06-11 18:46:45","Duration":0.532,"FunctionName":"APITest","Level":"","Source":"","RetryNum":1}],"SearchContext":{"Offset":"","Limit":0,"Keyword":"","Type":""},"RequestId":"e2571ff3-da04-4c53-8438-f58bf057ce4a"}}"#,
    sources: &["https://cloud.tencent.com/document/product/583/18583"],
};

const PARAMS: &[Param] = &[
    Param {
        required: false,
        doc: Text::new(
            "函数的名称。不填则查询命名空间内的全部函数。",
            "The function's name. Absent: every function of the namespace.",
        ),
        ..FUNCTION_NAME
    },
    Param {
        doc: Text::new(
            "数据的偏移量，Offset+Limit不能大于10000",
            "How many rows to skip. Offset+Limit cannot be greater than 10000.",
        ),
        ..OFFSET
    },
    Param {
        doc: Text::new(
            "返回数据的长度，Offset+Limit不能大于10000。默认 20；0 表示只返回总数。",
            "How many rows to return. Offset+Limit cannot be greater than 10000. 20 by default; 0 for the total alone.",
        ),
        ..LIMIT
    },
    Param {
        name: "Order",
        one_of: &["desc", "asc"],
        any_case: true,
        default: Some("desc"),
        example: "desc",
        doc: Text::new(
            "以升序还是降序的方式对日志进行排序，可选值 desc和 asc。默认 desc，不区分大小写。",
            "Whether to sort in ascending (`asc`) or descending (`desc`) order; `desc` by default, in any case of letters.",
        ),
        invalid: ErrorCode::InvalidParameterValueOrder,
        ..Param::OPTIONAL
    },
    Param {
        name: "OrderBy",
        one_of: &["function_name", "duration", "mem_usage", "start_time"],
        default: Some("start_time"),
        example: "start_time",
        doc: Text::new(
            "根据某个字段排序日志,支持以下字段：function_name, duration, mem_usage, start_time。默认 start_time。",
            "What to sort by: `function_name`, `duration`, `mem_usage` or `start_time`; `start_time` by default.",
        ),
        invalid: ErrorCode::InvalidParameterValueOrderBy,
        ..Param::OPTIONAL
    },
    Param {
        name: "Filter",
        ty: Type::Struct(&Struct { name: "LogFilter", members: LOG_FILTER }),
        doc: Text::new(
            "日志过滤条件。可用来区分正确和错误日志，filter.RetCode=not0 表示只返回错误日志，filter.RetCode=is0 表示只返回正确日志，不传，则返回所有日志",
            "Which results to return. Absent: all.",
        ),
        ..Param::OPTIONAL
    },
    NAMESPACE,
    Param {
        name: "Qualifier",
        example: "$LATEST",
        doc: Text::new("函数的版本。不填则查询全部版本。", "The function's version. Absent: every version."),
        ..Param::OPTIONAL
    },
    Param {
        name: "FunctionRequestId",
        max_bytes: REQUEST_ID_MAX_BYTES,
        example: "bc309eaa-6d64-11e8-a7fe-5254000b4175",
        doc: Text::new(
            "执行该函数对应的requestId。单独使用时不限时间。",
            "Only the runs with this request id. Needs no window.",
        ),
        ..Param::OPTIONAL
    },
    Param {
        name: "StartTime",
        ty: Type::Timestamp,
        example: "2017-05-16 20:00:00",
        doc: Text::new(
            "查询的具体日期，例如：2017-05-16 20:00:00，只能与endtime相差一天之内。与 EndTime 同时填写或同时不填；都不填时为最近 24 小时。",
            "The first start, such as `2017-05-16 20:00:00`, at most one day before EndTime. Give both or neither; neither means the last 24 hours.",
        ),
        invalid: ErrorCode::InvalidParameterValueDateTime,
        ..Param::OPTIONAL
    },
    Param {
        name: "EndTime",
        ty: Type::Timestamp,
        example: "2017-05-16 20:59:59",
        doc: Text::new(
            "查询的具体日期，例如：2017-05-16 20:59:59，只能与startTime相差一天之内。包含该秒。",
            "The last start, such as `2017-05-16 20:59:59`, at most one day after StartTime. The whole second belongs to the window.",
        ),
        invalid: ErrorCode::InvalidParameterValueDateTime,
        ..Param::OPTIONAL
    },
    Param {
        name: "SearchContext",
        ty: Type::Struct(&Struct { name: "LogSearchContext", members: LOG_SEARCH_CONTEXT }),
        doc: Text::new(
            "服务日志相关参数，第一页日志 Offset 为空字符串，后续分页按响应字段里的SearchContext填写。",
            "Search and paging by cursor. Leave Offset empty for the first page, then send back the SearchContext of the answer before.",
        ),
        ..Param::OPTIONAL
    },
];

const LOG_FILTER: &[Param] = &[Param {
    name: "RetCode",
    one_of: &["not0", "is0", "TimeLimitExceeded", "ResourceLimitExceeded", "UserCodeException"],
    example: "not0",
    doc: Text::new(
        "filter.RetCode的取值有：not0 表示只返回错误日志；is0 表示只返回正确日志；TimeLimitExceeded 返回函数调用发生超时的日志；ResourceLimitExceeded 返回函数调用发生资源超限的日志；UserCodeException 返回函数调用发生用户代码错误的日志；无输入则返回所有日志。",
        "`not0`: failed runs (runs in flight are neither); `is0`: successful runs; `TimeLimitExceeded`, `ResourceLimitExceeded`, `UserCodeException`: runs that failed for that reason. Absent: all.",
    ),
    invalid: ErrorCode::InvalidParameterValueRetCode,
    ..Param::OPTIONAL
}];

const LOG_SEARCH_CONTEXT: &[Param] = &[
    Param {
        name: "Offset",
        max_bytes: 4096,
        doc: Text::new("偏移量，第一页为空字符串", "A cursor from an earlier answer; empty for the first page."),
        ..Param::OPTIONAL
    },
    Param {
        name: "Limit",
        ty: Type::Unsigned,
        example: "10",
        doc: Text::new(
            "日志条数。与 Offset 一起使用时为该页的条数。",
            "With a cursor and greater than 0: how many rows to return, in place of the outer Limit.",
        ),
        ..Param::OPTIONAL
    },
    Param {
        name: "Keyword",
        max_bytes: KEYWORD_MAX_BYTES,
        example: "timeout",
        doc: Text::new("日志关键词，在 Log 和 RetMsg 中查找", "Only runs whose Log or RetMsg contains this text."),
        ..Param::OPTIONAL
    },
    Param {
        name: "Type",
        one_of: &["Application", "Platform"],
        example: "Application",
        doc: Text::new(
            "日志类型，支持Application和Platform，默认为Application。每次运行的 Log 同时包含两种日志，因此不影响结果。",
            "`Application` or `Platform`. The log of a run contains both kinds of lines, so it has no effect.",
        ),
        source: Source::Published,
        ..Param::OPTIONAL
    },
];

const RESPONSE: &[Field] = &[
    Field::new("TotalCount", Type::Integer, "函数日志的总数", "How many runs match, on this page or not."),
    Field::new(
        "Data",
        Type::List(&Type::Struct(&Struct { name: "FunctionLog", members: FUNCTION_LOG })),
        "函数日志信息",
        "The runs of the page.",
    ),
    Field::new(
        "SearchContext",
        Type::Struct(&Struct { name: "LogSearchContext", members: SEARCH_CONTEXT_FIELDS }),
        "日志服务相关参数",
        "The SearchContext of the request with the cursor of the next page; an empty cursor after the last one.",
    ),
];

const FUNCTION_LOG: &[Field] = &[
    Field::new("MemUsage", Type::Integer, "函数运行时使用内存大小，单位为 Byte", "Peak memory, in bytes."),
    Field::new(
        "RetCode",
        Type::Integer,
        "执行结果，其中 0 表示执行成功，2 表示函数运行中，3 表示函数执行中断，其他值表示失败。",
        "0 succeeded, 2 running, 3 interrupted, anything else failed.",
    ),
    Field::new("RetMsg", Type::String, "函数执行完成后的返回值", "What the function returned, or why it failed."),
    Field::new("Log", Type::String, "函数执行过程中的日志输出", "The whole output of the run."),
    Field::new("BillDuration", Type::Integer, "函数的计费时长，单位为 ms", "Billed time, in milliseconds."),
    Field::new(
        "InvokeFinished",
        Type::Integer,
        "函数调用是否结束，如果是 1 表示执行结束，其他值表示调用异常",
        "1 when the run ended by itself.",
    ),
    Field::new("RequestId", Type::String, "执行该函数对应的requestId", "The run's request id."),
    Field::new("StartTime", Type::String, "函数开始执行时的时间点", "When the run started."),
    Field::new("Duration", Type::Float, "函数执行耗时，单位是 ms", "Wall time, in milliseconds."),
    Field::new("FunctionName", Type::String, "函数的名称", "The function's name."),
    Field::new("Level", Type::String, "日志等级", "Log level, mostly empty."),
    Field::new("Source", Type::String, "日志来源", "Log source, mostly empty."),
    Field::new("RetryNum", Type::Unsigned, "重试次数", "0 for the first attempt."),
];

const SEARCH_CONTEXT_FIELDS: &[Field] = &[
    Field::new("Offset", Type::String, "下一页的偏移量", "The cursor of the next page, or empty."),
    Field::new("Limit", Type::Unsigned, "日志条数", "As given."),
    Field::new("Keyword", Type::String, "日志关键词", "As given."),
    Field::new("Type", Type::String, "日志类型", "As given."),
];

/// The codes that the SDKs list for this action.
const ERRORS: &[ErrorCode] = &[
    ErrorCode::FailedOperation,
    ErrorCode::FailedOperationAuthFailure,
    ErrorCode::FailedOperationQueryError,
    ErrorCode::FailedOperationTopicNotExist,
    ErrorCode::InternalError,
    ErrorCode::InternalErrorEs,
    ErrorCode::InternalErrorException,
    ErrorCode::InternalErrorSearchFailed,
    ErrorCode::InternalErrorSystem,
    ErrorCode::InvalidParameterCls,
    ErrorCode::InvalidParameterParamError,
    ErrorCode::InvalidParameterPayload,
    ErrorCode::InvalidParameterRoleCheck,
    ErrorCode::InvalidParameterValue,
    ErrorCode::InvalidParameterValueDateTime,
    ErrorCode::InvalidParameterValueFunctionType,
    ErrorCode::InvalidParameterValueImageType,
    ErrorCode::InvalidParameterValueOffset,
    ErrorCode::InvalidParameterValueOrder,
    ErrorCode::InvalidParameterValueOrderBy,
    ErrorCode::InvalidParameterValueRetCode,
    ErrorCode::InvalidParameterValueStartTimeOrEndTime,
    ErrorCode::LimitExceededOffset,
    ErrorCode::ResourceNotFoundFunction,
    ErrorCode::ResourceNotFoundFunctionName,
    ErrorCode::ResourceNotFoundRoleCheck,
    ErrorCode::UnauthorizedOperationCam,
    ErrorCode::UnsupportedOperation,
    ErrorCode::UnsupportedOperationNotSupportRegion,
];
