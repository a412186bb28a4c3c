//! `ListNamespaces`: the namespaces of runs, and the default one.

use runlog_core::StreamSummary;
use serde::Serialize;

use super::context::Context;
use super::functions::{Life, namespaces};
use super::paging::{LIMIT, OFFSET, ORDER, Page};
use crate::error::{ApiError, ErrorCode};
use crate::language::Text;
use crate::limits::ACTION_MAX_PER_S;
use crate::params::{ActionTable, Field, Param, ParamTree, ResourceLevel, Struct, Type, check, not_kept};
use crate::service::VERSION;

/// The action's row.
pub const TABLE: ActionTable = ActionTable {
    name: "ListNamespaces",
    version: VERSION,
    title: Text::new("列出命名空间列表", "List namespaces"),
    doc: Text::new("列出命名空间列表", "Returns the namespaces of all runs, and always `default`."),
    params: PARAMS,
    response: RESPONSE,
    errors: &[
        ErrorCode::InvalidParameterValueOffset,
        ErrorCode::InvalidParameterValueOrder,
        ErrorCode::InvalidParameterValueLowerOrderby,
        ErrorCode::InvalidParameterValueSearchKey,
        ErrorCode::LimitExceededOffset,
        ErrorCode::UnsupportedOperation,
    ],
    max_per_s: ACTION_MAX_PER_S,
    level: ResourceLevel::Account,
    sample_request: r#"{"SearchKey":[{"Key":"Namespace","Value":"default"}]}"#,
    sample_response: r#"{"Response":{"Namespaces":[{"ModTime":"2018-06-11 18:46:45","AddTime":"2018-06-01 08:00:00","Description":"","Name":"default","Type":"default"}],"TotalCount":1,"RequestId":"e2571ff3-da04-4c53-8438-f58bf057ce4a"}}"#,
    sources: &["https://cloud.tencent.com/document/api/583/37158"],
};

const PARAMS: &[Param] = &[
    LIMIT,
    OFFSET,
    Param {
        name: "Orderby",
        one_of: &["Name", "Updatetime"],
        default: Some("Name"),
        example: "Name",
        doc: Text::new(
            "根据哪个字段进行返回结果排序,支持以下字段：Name,Updatetime",
            "What to sort by: `Name`, the default, or `Updatetime` (the last run).",
        ),
        invalid: ErrorCode::InvalidParameterValueLowerOrderby,
        ..Param::OPTIONAL
    },
    ORDER,
    Param {
        name: "SearchKey",
        ty: Type::List(&Type::Struct(&Struct { name: "SearchKey", members: SEARCH_KEY })),
        doc: Text::new(
            "关键字匹配搜索，Key 可选值为 Namespace 和 Description，多个搜索条件之间是与的关系。此服务没有命名空间描述，只支持 Namespace。",
            "Only namespaces that fit every condition. The key `Namespace` is supported; there are no descriptions here.",
        ),
        invalid: ErrorCode::InvalidParameterValueSearchKey,
        ..Param::OPTIONAL
    },
];

const SEARCH_KEY: &[Param] = &[
    Param {
        name: "Key",
        required: true,
        example: "Namespace",
        doc: Text::new("搜索关键字", "The attribute."),
        ..Param::OPTIONAL
    },
    Param {
        name: "Value",
        required: true,
        example: "default",
        doc: Text::new("搜索内容", "What it must contain, in any case of letters."),
        ..Param::OPTIONAL
    },
];

const RESPONSE: &[Field] = &[
    Field::new(
        "Namespaces",
        Type::List(&Type::Struct(&Struct { name: "Namespace", members: NAMESPACE })),
        "namespace详情",
        "The namespaces of the page.",
    ),
    Field::new("TotalCount", Type::Integer, "返回的namespace数量", "How many namespaces match, on this page or not."),
];

const NAMESPACE: &[Field] = &[
    Field::new(
        "ModTime",
        Type::Timestamp,
        "命名空间修改时间（此服务为最近一次运行的时间，没有运行时为空）",
        "When the last run started; empty when there was none.",
    ),
    Field::new(
        "AddTime",
        Type::Timestamp,
        "命名空间创建时间（此服务为第一次运行的时间，没有运行时为空）",
        "When the first run started; empty when there was none.",
    ),
    Field::empty("Description", Type::String),
    Field::new("Name", Type::String, "命名空间名称", "The name."),
    Field::new(
        "Type",
        Type::String,
        "默认default，TCB表示是小程序云开发创建的。此服务恒为 default。",
        "Always `default`.",
    ),
];

/// A call, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Which rows.
    pub page: Page,
    /// What the name must contain, each in lower case.
    pub keywords: Vec<String>,
    by_last_run: bool,
}

impl Request {
    /// Reads the parameters.
    ///
    /// # Errors
    /// Those of [`check`]; `UnsupportedOperation` for a search by description, `InvalidParameterValue.SearchKey` for
    /// a key that does not exist.
    pub fn parse(params: &ParamTree, _ctx: &Context<'_>) -> Result<Self, ApiError> {
        let params = check(params, PARAMS)?;
        let mut keywords = Vec::new();
        for condition in params.groups("SearchKey") {
            match condition.given("Key") {
                "Namespace" => keywords.push(condition.given("Value").to_lowercase()),
                "Description" => return Err(not_kept("SearchKey", "Description")),
                key => return Err(ApiError::new(ErrorCode::InvalidParameterValueSearchKey).with("value", key)),
            }
        }
        Ok(Self { page: Page::read(&params)?, keywords, by_last_run: params.text("Orderby") == Some("Updatetime") })
    }
}

/// The answer to `request`. `streams` are those of the account and region.
pub fn response<'a>(request: &Request, streams: &'a [StreamSummary], ctx: &Context<'_>) -> impl Serialize + use<'a> {
    let mut rows: Vec<(&str, Option<Life>)> = namespaces(streams).into_iter().collect();
    rows.retain(|(name, _)| request.keywords.iter().all(|keyword| name.to_lowercase().contains(keyword)));
    if request.by_last_run {
        rows.sort_by_key(|(_, life)| life.map(|life| life.last_ms));
    }
    let total_count = rows.len();
    let time = |ms: Option<i64>| ms.map(|ms| ctx.zone.format(ms)).unwrap_or_default();
    let namespaces = request.page.cut(rows).into_iter().map(|(name, life)| Namespace {
        mod_time: time(life.map(|life| life.last_ms)),
        add_time: time(life.map(|life| life.first_ms)),
        description: "",
        name,
        kind: "default",
    });
    Response { namespaces: namespaces.collect(), total_count }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Response<'a> {
    namespaces: Vec<Namespace<'a>>,
    total_count: usize,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Namespace<'a> {
    mod_time: String,
    add_time: String,
    description: &'static str,
    name: &'a str,
    #[serde(rename = "Type")]
    kind: &'static str,
}
