//! `ListVersionByFunction`: the versions of a function that have ever run.

use runlog_core::StreamSummary;
use serde::Serialize;

use super::context::Context;
use super::functions::{Life, versions};
use super::list_functions::STATUS;
use super::paging::{FUNCTION_NAME, LIMIT, NAMESPACE, OFFSET, ORDER, Page};
use crate::error::{ApiError, ErrorCode};
use crate::language::Text;
use crate::limits::ACTION_MAX_PER_S;
use crate::params::{ActionTable, Field, Param, ParamTree, ResourceLevel, Struct, Type, check};
use crate::service::VERSION;

/// The action's row.
pub const TABLE: ActionTable = ActionTable {
    name: "ListVersionByFunction",
    version: VERSION,
    title: Text::new("查询函数版本", "List the versions of a function"),
    doc: Text::new(
        "该接口根据传入的参数查询函数的版本。",
        "Returns the versions of a function that runs name. Runs that name no version are in none of them.",
    ),
    params: PARAMS,
    response: RESPONSE,
    errors: &[
        ErrorCode::InvalidParameterValueOffset,
        ErrorCode::InvalidParameterValueOrder,
        ErrorCode::InvalidParameterValueOrderBy,
        ErrorCode::LimitExceededOffset,
        ErrorCode::ResourceNotFoundFunctionName,
        ErrorCode::ResourceNotFoundNamespace,
    ],
    max_per_s: ACTION_MAX_PER_S,
    level: ResourceLevel::Function,
    sample_request: r#"{"FunctionName":"APITest"}"#,
    sample_response: r#"{"Response":{"FunctionVersion":["$LATEST"],"Versions":[{"Version":"$LATEST","Description":"","AddTime":"2018-06-01 08:00:00","ModTime":"2018-06-11 18:46:45","Status":"Active"}],"TotalCount":1,"RequestId":"e2571ff3-da04-4c53-8438-f58bf057ce4a"}}"#,
    sources: &["https://www.tencentcloud.com/document/product/583/34416"],
};

const PARAMS: &[Param] = &[
    FUNCTION_NAME,
    NAMESPACE,
    Param { ty: Type::Unsigned, ..OFFSET },
    Param { ty: Type::Unsigned, ..LIMIT },
    ORDER,
    Param {
        name: "OrderBy",
        one_of: &["AddTime", "ModTime"],
        default: Some("AddTime"),
        example: "ModTime",
        doc: Text::new(
            "根据哪个字段进行返回结果排序,支持以下字段：AddTime, ModTime",
            "What to sort by: `AddTime` (the first run), the default, or `ModTime` (the last run).",
        ),
        invalid: ErrorCode::InvalidParameterValueOrderBy,
        ..Param::OPTIONAL
    },
];

const RESPONSE: &[Field] = &[
    Field::new("FunctionVersion", Type::List(&Type::String), "函数版本", "The names of the versions of the page."),
    Field::new(
        "Versions",
        Type::List(&Type::Struct(&Struct { name: "FunctionVersion", members: FUNCTION_VERSION })),
        "函数版本列表",
        "The versions of the page.",
    ),
    Field::new("TotalCount", Type::Unsigned, "函数版本总数", "How many versions there are."),
];

const FUNCTION_VERSION: &[Field] = &[
    Field::new("Version", Type::String, "函数版本名称", "The version."),
    Field::empty("Description", Type::String),
    Field::new("AddTime", Type::Timestamp, "创建时间（此服务为第一次运行的时间）", "When its first run started."),
    Field::new("ModTime", Type::Timestamp, "更新时间（此服务为最近一次运行的时间）", "When its last run started."),
    Field::new("Status", Type::String, "版本状态，恒为 Active", "Always `Active`."),
];

/// A call, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The namespace.
    pub namespace: String,
    /// The function.
    pub function: String,
    /// Which rows.
    pub page: Page,
    by_last_run: bool,
}

impl Request {
    /// Reads the parameters.
    ///
    /// # Errors
    /// Those of [`check`].
    pub fn parse(params: &ParamTree, _ctx: &Context<'_>) -> Result<Self, ApiError> {
        let params = check(params, PARAMS)?;
        Ok(Self {
            namespace: params.given("Namespace").to_owned(),
            function: params.given("FunctionName").to_owned(),
            page: Page::read(&params)?,
            by_last_run: params.text("OrderBy") == Some("ModTime"),
        })
    }
}

/// The answer to `request`. `streams` are those of the account and region.
///
/// # Errors
/// `ResourceNotFound.Namespace` and `ResourceNotFound.FunctionName`.
pub fn response<'a>(
    request: &Request,
    streams: &'a [StreamSummary],
    ctx: &Context<'_>,
) -> Result<impl Serialize + use<'a>, ApiError> {
    let mut rows: Vec<(&str, Life)> = versions(streams, &request.namespace, &request.function)?.into_iter().collect();
    rows.sort_by_key(|(_, life)| if request.by_last_run { life.last_ms } else { life.first_ms });
    let total_count = rows.len();
    let rows = request.page.cut(rows);
    Ok(Response {
        function_version: rows.iter().map(|(version, _)| *version).collect(),
        versions: rows.iter().map(|(version, life)| FunctionVersion::new(version, *life, ctx)).collect(),
        total_count,
    })
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Response<'a> {
    function_version: Vec<&'a str>,
    versions: Vec<FunctionVersion<'a>>,
    total_count: usize,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct FunctionVersion<'a> {
    version: &'a str,
    description: &'static str,
    add_time: String,
    mod_time: String,
    status: &'static str,
}

impl<'a> FunctionVersion<'a> {
    fn new(version: &'a str, life: Life, ctx: &Context<'_>) -> Self {
        let (add_time, mod_time) = (ctx.zone.format(life.first_ms), ctx.zone.format(life.last_ms));
        Self { version, description: "", add_time, mod_time, status: STATUS }
    }
}
