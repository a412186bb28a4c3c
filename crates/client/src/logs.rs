//! `GetFunctionLogs`: the request and the answer as the dialect has them.

use serde::{Deserialize, Serialize};

use crate::words::{Order, OrderBy, RetCode};

/// Which runs are wanted. Everything is optional; what is absent is left to the server.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetFunctionLogs {
    /// The function. Absent: every function of the namespace.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub function_name: Option<String>,
    /// Rows to pass over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offset: Option<u64>,
    /// The most rows to answer; 0 asks for the total alone. `offset + limit` is at most 10,000.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u64>,
    /// The direction.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order: Option<Order>,
    /// The key of the order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order_by: Option<OrderBy>,
    /// Which results.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filter: Option<LogFilter>,
    /// The namespace.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// The version or alias. Absent: every version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub qualifier: Option<String>,
    /// Only runs with this request id; the times may then be absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub function_request_id: Option<String>,
    /// The first start, `YYYY-MM-DD HH:MM:SS` in the server's zone. Give both times or none; at most a day apart.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_time: Option<String>,
    /// The last start, written like `start_time` and inclusive.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_time: Option<String>,
    /// A search in the logs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub search_context: Option<SearchContext>,
}

/// Which results are wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct LogFilter {
    /// The class of results.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ret_code: Option<RetCode>,
}

/// A search in the logs, and the position that it has reached.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct SearchContext {
    /// Empty for the first page, then what the answer gave.
    pub offset: String,
    /// The most rows of a page.
    pub limit: u64,
    /// The text that the log or the return message contains.
    pub keyword: String,
    /// `Application` or `Platform`.
    #[serde(rename = "Type")]
    pub log_type: String,
}

/// One page of runs.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct FunctionLogs {
    /// How many runs match, on all pages.
    pub total_count: u64,
    /// The rows of this page.
    pub data: Vec<FunctionLog>,
    /// The position of a search.
    pub search_context: Option<SearchContext>,
    /// The id of this request.
    pub request_id: String,
}

/// One run. Written as JSON it is a row of the dialect, which `POST /api/v1/runs` takes as it is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct FunctionLog {
    /// The function.
    pub function_name: String,
    /// The run's id.
    pub request_id: String,
    /// When it started, `YYYY-MM-DD HH:MM:SS` in the server's zone.
    pub start_time: String,
    /// How long it took, in milliseconds.
    pub duration: f64,
    /// Billed time, in milliseconds.
    pub bill_duration: u64,
    /// Peak memory, in bytes.
    pub mem_usage: u64,
    /// 0 ok, 2 running, 3 interrupted, anything else failed.
    pub ret_code: i64,
    /// What the function returned, or why it failed.
    pub ret_msg: String,
    /// 1 when the run ended by itself.
    pub invoke_finished: i64,
    /// The whole output.
    pub log: String,
    /// 0 for the first attempt.
    pub retry_num: u64,
    /// Log level, mostly empty.
    pub level: String,
    /// Log source, mostly empty.
    pub source: String,
}
