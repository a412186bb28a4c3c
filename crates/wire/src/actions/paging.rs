//! Parameters that several actions share, and the page of a list.

use runlog_core::limits::PAGE_MAX_ROWS;

use crate::error::{ApiError, ErrorCode};
use crate::language::{Source, Text};
use crate::params::{Checked, Param, Type};
use crate::service::DEFAULT_NAMESPACE;

/// The rows of a page when the request names no `Limit`.
const LIMIT_DEFAULT: &str = "20";

/// `Offset` of the listing actions.
pub(super) const OFFSET: Param = Param {
    name: "Offset",
    ty: Type::Integer,
    range: Some((0, i64::MAX)),
    default: Some("0"),
    example: "0",
    doc: Text::new("数据偏移量，默认值为 0", "How many rows to skip; 0 by default."),
    invalid: ErrorCode::InvalidParameterValueOffset,
    ..Param::OPTIONAL
};

/// `Limit` of the listing actions.
pub(super) const LIMIT: Param = Param {
    name: "Limit",
    ty: Type::Integer,
    range: Some((0, i64::MAX)),
    default: Some(LIMIT_DEFAULT),
    example: LIMIT_DEFAULT,
    doc: Text::new("返回数据长度，默认值为 20", "How many rows to return; 20 by default, 0 for the total alone."),
    ..Param::OPTIONAL
};

/// `Order` of the listing actions, ascending by default (ours).
pub(super) const ORDER: Param = Param {
    name: "Order",
    one_of: &["ASC", "DESC"],
    any_case: true,
    default: Some("ASC"),
    example: "ASC",
    doc: Text::new(
        "以升序还是降序的方式返回结果，可选值 ASC 和 DESC",
        "Whether to return the rows in ascending (`ASC`) or descending (`DESC`) order.",
    ),
    invalid: ErrorCode::InvalidParameterValueOrder,
    ..Param::OPTIONAL
};

/// `Namespace`.
pub(super) const NAMESPACE: Param = Param {
    name: "Namespace",
    default: Some(DEFAULT_NAMESPACE),
    example: DEFAULT_NAMESPACE,
    doc: Text::new("函数所属命名空间，默认值：default", "The function's namespace; `default` when absent."),
    source: Source::Published,
    ..Param::OPTIONAL
};

/// `FunctionName`, required.
pub(super) const FUNCTION_NAME: Param = Param {
    name: "FunctionName",
    required: true,
    example: "hello",
    doc: Text::new("函数的名称", "The function's name."),
    ..Param::OPTIONAL
};

/// Which rows of a list a caller wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    /// Rows to skip.
    pub offset: usize,
    /// Rows to return.
    pub limit: usize,
    /// Whether the largest comes first.
    pub descending: bool,
}

impl Page {
    /// Reads `Offset`, `Limit` and `Order`.
    pub(super) fn read(params: &Checked<'_>) -> Result<Self, ApiError> {
        let (offset, limit) = offset_and_limit(params)?;
        Ok(Self { offset, limit, descending: params.text("Order") == Some("DESC") })
    }

    /// The rows of the page, from all rows in ascending order.
    pub(super) fn cut<T>(&self, mut rows: Vec<T>) -> Vec<T> {
        if self.descending {
            rows.reverse();
        }
        rows.into_iter().skip(self.offset).take(self.limit).collect()
    }
}

/// [`PAGE_MAX_ROWS`], as a number of rows in memory.
pub(super) const PAGE_MAX: usize = PAGE_MAX_ROWS as usize;

/// Reads `Offset` and `Limit`, whose sum is bounded (published for `GetFunctionLogs`, kept for the others).
pub(super) fn offset_and_limit(params: &Checked<'_>) -> Result<(usize, usize), ApiError> {
    let (offset, limit) = (params.given_count("Offset"), params.given_count("Limit"));
    within_page_max(offset, limit)
}

/// Offset and limit as numbers of rows.
///
/// # Errors
/// `LimitExceeded.Offset` when a page reaches past the rows that can be paged to.
pub(super) fn within_page_max(offset: u64, limit: u64) -> Result<(usize, usize), ApiError> {
    let sum = offset.saturating_add(limit);
    if sum > PAGE_MAX_ROWS {
        return Err(ApiError::new(ErrorCode::LimitExceededOffset).with("sum", sum).with("max", PAGE_MAX_ROWS));
    }
    let rows = |number: u64| usize::try_from(number).expect("at most PAGE_MAX_ROWS, which fits any usize");
    Ok((rows(offset), rows(limit)))
}
