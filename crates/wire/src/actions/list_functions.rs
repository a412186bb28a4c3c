//! `ListFunctions`: the functions of a namespace that have ever run.

use runlog_core::StreamSummary;
use serde::Serialize;

use super::context::Context;
use super::filled::Filled;
use super::functions::{Life, functions};
use super::paging::{LIMIT, NAMESPACE, OFFSET, ORDER, Page};
use crate::error::{ApiError, ErrorCode};
use crate::language::Text;
use crate::limits::ACTION_MAX_PER_S;
use crate::params::{
    ActionTable, Checked, Field, Param, ParamTree, ResourceLevel, Struct, Type, Value, check, not_kept,
};
use crate::service::VERSION;

/// `Status` of every function here.
pub(super) const STATUS: &str = "Active";
/// `Type` of every function here.
pub(super) const KIND: &str = "Event";

/// The action's row.
pub const TABLE: ActionTable = ActionTable {
    name: "ListFunctions",
    version: VERSION,
    title: Text::new("获取函数列表", "List functions"),
    doc: Text::new(
        "该接口根据传入的查询参数返回相关函数信息。",
        "Returns the functions of a namespace. A function is listed once a run of it was accepted.",
    ),
    params: PARAMS,
    response: RESPONSE,
    errors: &[
        ErrorCode::InvalidParameterValueFilters,
        ErrorCode::InvalidParameterValueOffset,
        ErrorCode::InvalidParameterValueOrder,
        ErrorCode::InvalidParameterValueLowerOrderby,
        ErrorCode::LimitExceededOffset,
        ErrorCode::ResourceNotFoundNamespace,
        ErrorCode::UnsupportedOperation,
    ],
    max_per_s: ACTION_MAX_PER_S,
    level: ResourceLevel::Account,
    sample_request: r#"{"Limit":2,"Order":"ASC"}"#,
    sample_response: r#"{"Response":{"Functions":[{"ModTime":"2018-06-11 18:46:45","AddTime":"2018-06-01 08:00:00","Runtime":null,"FunctionName":"APITest","FunctionId":"","Namespace":"default","Status":"Active","StatusDesc":"","Description":"","Tags":[],"Type":"Event","StatusReasons":[],"TotalProvisionedConcurrencyMem":null,"ReservedConcurrencyMem":null,"AsyncRunEnable":"FALSE","TraceEnable":"FALSE"}],"TotalCount":1,"RequestId":"e2571ff3-da04-4c53-8438-f58bf057ce4a"}}"#,
    sources: &["https://cloud.tencent.com/document/api/583/18582"],
};

/// Attributes that functions of the service can be filtered by and that are not known here (published).
const UNKNOWN_ATTRIBUTES: [&str; 13] = [
    "VpcId",
    "SubnetId",
    "ClsTopicId",
    "ClsLogsetId",
    "Role",
    "CfsId",
    "CfsMountInsId",
    "Eip",
    "Runtime",
    "PublicNetStatus",
    "AsyncRunEnable",
    "TraceEnable",
    "Stamp",
];

const PARAMS: &[Param] = &[
    ORDER,
    Param {
        name: "Orderby",
        one_of: &["AddTime", "ModTime", "FunctionName"],
        default: Some("FunctionName"),
        example: "ModTime",
        doc: Text::new(
            "根据哪个字段进行返回结果排序,支持以下字段：AddTime, ModTime, FunctionName",
            "What to sort by: `AddTime` (the first run), `ModTime` (the last run) or `FunctionName`, the default.",
        ),
        invalid: ErrorCode::InvalidParameterValueLowerOrderby,
        ..Param::OPTIONAL
    },
    OFFSET,
    LIMIT,
    Param {
        name: "SearchKey",
        example: "hello",
        doc: Text::new(
            "支持FunctionName模糊匹配",
            "Only functions whose name contains this text, in any case of letters.",
        ),
        ..Param::OPTIONAL
    },
    NAMESPACE,
    Param {
        name: "Description",
        doc: Text::new(
            "函数描述，支持模糊搜索。此服务没有函数描述，填写时返回 UnsupportedOperation。",
            "Not supported: functions have no description here.",
        ),
        ..Param::OPTIONAL
    },
    Param {
        name: "Filters",
        ty: Type::List(&Type::Struct(&Struct { name: "Filter", members: FILTER })),
        doc: Text::new(
            "过滤特定属性的函数，多个条件之间是与的关系。此服务支持 Status 和 Type。",
            "Only functions that fit every filter. `Status` and `Type` are supported here.",
        ),
        invalid: ErrorCode::InvalidParameterValueFilters,
        ..Param::OPTIONAL
    },
];

const FILTER: &[Param] = &[
    Param {
        name: "Name",
        required: true,
        example: "Status",
        doc: Text::new("需要过滤的字段", "The attribute."),
        ..Param::OPTIONAL
    },
    Param {
        name: "Values",
        ty: Type::List(&Type::String),
        required: true,
        doc: Text::new("字段的过滤值", "The values that it may have."),
        ..Param::OPTIONAL
    },
];

const RESPONSE: &[Field] = &[
    Field::new(
        "Functions",
        Type::List(&Type::Struct(&Struct { name: "Function", members: FUNCTION })),
        "函数列表",
        "The functions of the page.",
    ),
    Field::new("TotalCount", Type::Integer, "总数", "How many functions match, on this page or not."),
];

const FUNCTION: &[Field] = &[
    Field::new("ModTime", Type::String, "修改时间（此服务为最近一次运行的时间）", "When the last run started."),
    Field::new("AddTime", Type::String, "创建时间（此服务为第一次运行的时间）", "When the first run started."),
    Field::null("Runtime", Type::String),
    Field::new("FunctionName", Type::String, "函数名称", "The function's name."),
    Field::empty("FunctionId", Type::String),
    Field::new("Namespace", Type::String, "命名空间", "The namespace."),
    Field::new("Status", Type::String, "函数状态，恒为 Active", "Always `Active`."),
    Field::empty("StatusDesc", Type::String),
    Field::empty("Description", Type::String),
    Field::empty("Tags", Type::List(&Type::Struct(&Struct { name: "Tag", members: TAG }))),
    Field::new("Type", Type::String, "函数类型，恒为 Event", "Always `Event`."),
    Field::empty("StatusReasons", Type::List(&Type::Struct(&Struct { name: "StatusReason", members: STATUS_REASON }))),
    Field::null("TotalProvisionedConcurrencyMem", Type::Unsigned),
    Field::null("ReservedConcurrencyMem", Type::Unsigned),
    Field::new("AsyncRunEnable", Type::String, "是否异步执行，恒为 FALSE", "Always `FALSE`."),
    Field::new("TraceEnable", Type::String, "是否开启事件追踪，恒为 FALSE", "Always `FALSE`."),
];

pub(super) const TAG: &[Field] = &[Field::empty("Key", Type::String), Field::empty("Value", Type::String)];

pub(super) const STATUS_REASON: &[Field] =
    &[Field::empty("ErrorCode", Type::String), Field::empty("ErrorMessage", Type::String)];

/// A call, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The namespace.
    pub namespace: String,
    /// What the name must contain, in lower case.
    pub search_key: Option<String>,
    /// Which rows.
    pub page: Page,
    order_by: OrderBy,
    /// Whether the filters fit the one status and type that functions have here.
    fits_filters: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum OrderBy {
    AddTime,
    ModTime,
    Name,
}

impl Request {
    /// Reads the parameters.
    ///
    /// # Errors
    /// Those of [`check`]; `UnsupportedOperation` for a description or a filter that nothing here can be compared
    /// with; `InvalidParameterValue.Filters` for a filter that does not exist.
    pub fn parse(params: &ParamTree, _ctx: &Context<'_>) -> Result<Self, ApiError> {
        let params = check(params, PARAMS)?;
        if let Some(description) = params.text("Description") {
            return Err(not_kept("Description", description));
        }
        let mut fits_filters = true;
        for filter in params.groups("Filters") {
            fits_filters &= fits(filter)?;
        }
        Ok(Self {
            namespace: params.given("Namespace").to_owned(),
            search_key: params.text("SearchKey").map(str::to_lowercase),
            page: Page::read(&params)?,
            order_by: match params.text("Orderby") {
                Some("AddTime") => OrderBy::AddTime,
                Some("ModTime") => OrderBy::ModTime,
                _ => OrderBy::Name,
            },
            fits_filters,
        })
    }
}

/// Whether every function here fits a filter.
fn fits(filter: &Checked<'_>) -> Result<bool, ApiError> {
    let name = filter.given("Name");
    let wants = |text: &'static str| filter.list("Values").contains(&Value::Text(text));
    match name {
        "Status" => Ok(wants(STATUS)),
        "Type" => Ok(wants(KIND)),
        _ if UNKNOWN_ATTRIBUTES.contains(&name) || name.starts_with("tag") => Err(not_kept("Filters", name)),
        _ => Err(ApiError::new(ErrorCode::InvalidParameterValueFilters).with("value", name)),
    }
}

/// The answer to `request`. `streams` are those of the account and region.
///
/// # Errors
/// `ResourceNotFound.Namespace` for a namespace without runs.
pub fn response<'a>(
    request: &'a Request,
    streams: &'a [StreamSummary],
    ctx: &'a Context<'_>,
) -> Result<impl Serialize + 'a, ApiError> {
    let fits = |name: &str| request.search_key.as_ref().is_none_or(|key| name.to_lowercase().contains(key));
    let mut rows: Vec<(&str, Life)> = functions(streams, &request.namespace)?.into_iter().collect();
    rows.retain(|(name, _)| request.fits_filters && fits(name));
    match request.order_by {
        OrderBy::AddTime => rows.sort_by_key(|(_, life)| life.first_ms),
        OrderBy::ModTime => rows.sort_by_key(|(_, life)| life.last_ms),
        OrderBy::Name => {}
    }
    let total_count = rows.len();
    let functions = request.page.cut(rows).into_iter().map(|(name, life)| Function {
        name,
        namespace: &request.namespace,
        add_time: ctx.zone.format(life.first_ms),
        mod_time: ctx.zone.format(life.last_ms),
    });
    Ok(Response { functions: functions.collect(), total_count })
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Response<'a> {
    functions: Vec<Function<'a>>,
    total_count: usize,
}

struct Function<'a> {
    name: &'a str,
    namespace: &'a str,
    add_time: String,
    mod_time: String,
}

impl Serialize for Function<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let known = vec![
            ("FunctionName", self.name),
            ("Namespace", self.namespace),
            ("AddTime", &self.add_time),
            ("ModTime", &self.mod_time),
            ("Status", STATUS),
            ("Type", KIND),
            ("AsyncRunEnable", "FALSE"),
            ("TraceEnable", "FALSE"),
        ];
        Filled { fields: FUNCTION, known }.serialize(serializer)
    }
}
