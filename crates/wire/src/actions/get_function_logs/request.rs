//! The parameters of `GetFunctionLogs`, and the query that they ask for.

use runlog_core::limits::DAY_MS;
use runlog_core::{Cursor, Direction, Order, Query, ResultFilter, Scope, SortKey, Start, Window};

use super::table::TABLE;
use crate::actions::context::Context;
use crate::actions::paging;
use crate::actions::window::{Ends, after, last, read};
use crate::error::{ApiError, Detail, ErrorCode};
use crate::params::{Checked, ParamTree, check};

/// Return codes of runs over their time (published as status codes of the platform).
const RET_TIME_LIMIT: i32 = 433;
/// Return codes of runs over a resource limit, memory among them (published as status codes).
const RET_RESOURCE_LIMITS: [i32; 2] = [432, 434];
/// Return code of runs that the user's code ended with an exception (published as a status code).
const RET_USER_EXCEPTION: i32 = 430;

/// A call, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The namespace.
    pub namespace: String,
    /// The function; `None` for every function of the namespace.
    pub function: Option<String>,
    /// The version; `None` for every version.
    pub qualifier: Option<String>,
    /// Only the runs with this id.
    pub request_id: Option<String>,
    /// Starts, in Unix milliseconds.
    pub window: Window,
    /// Results.
    pub result: ResultFilter,
    /// Order of the rows.
    pub order: Order,
    /// Where the page starts.
    pub start: Start,
    /// Rows on the page.
    pub limit: usize,
    /// `SearchContext`, when it says anything.
    pub search: Option<SearchContext>,
    account: String,
    region: String,
}

/// `SearchContext` as given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SearchContext {
    /// A cursor of an earlier answer, or empty.
    pub offset: String,
    /// Rows on a page that a cursor starts.
    pub limit: u64,
    /// What log or return message must contain, or empty.
    pub keyword: String,
    /// `Application`, `Platform` or empty.
    pub kind: String,
}

impl Request {
    /// Reads the parameters.
    ///
    /// # Errors
    /// Those of [`check`], `InvalidParameterValue.DateTime` and `.StartTimeOrEndTime` for the window,
    /// `LimitExceeded.Offset` for a page too far, `InvalidParameterValue` for a cursor that does not fit.
    pub fn parse(params: &ParamTree, ctx: &Context<'_>) -> Result<Self, ApiError> {
        let params = check(params, TABLE.params)?;
        let request_id = params.string("FunctionRequestId");
        let window = read_window(&params, request_id.is_some(), ctx)?;
        let order = read_order(&params);
        let search =
            params.group("SearchContext").map(SearchContext::read).filter(|search| *search != Default::default());
        let (offset, limit) = paging::offset_and_limit(&params)?;
        let (start, limit) = read_page(search.as_ref(), order, offset, limit)?;
        Ok(Self {
            namespace: params.given("Namespace").to_owned(),
            function: params.string("FunctionName"),
            qualifier: params.string("Qualifier"),
            request_id,
            window,
            result: read_result(&params),
            order,
            start,
            limit,
            search,
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
            function: self.function.clone(),
            qualifier: self.qualifier.clone(),
        };
        Query {
            window: self.window,
            result: self.result.clone(),
            request_id: self.request_id.clone(),
            keyword: self.search.as_ref().map(|search| search.keyword.clone()).filter(|keyword| !keyword.is_empty()),
            order: self.order,
            start: self.start.clone(),
            limit: self.limit,
            ..Query::new(scope)
        }
    }
}

impl SearchContext {
    fn read(group: &Checked<'_>) -> Self {
        Self {
            offset: group.string("Offset").unwrap_or_default(),
            limit: group.count("Limit").unwrap_or_default(),
            keyword: group.string("Keyword").unwrap_or_default(),
            kind: group.string("Type").unwrap_or_default(),
        }
    }
}

fn read_window(params: &Checked<'_>, by_request_id: bool, ctx: &Context<'_>) -> Result<Window, ApiError> {
    let ends = match (params.text("StartTime"), params.text("EndTime")) {
        (Some(start), Some(end)) => Ends { start, end },
        (None, None) if by_request_id => return Ok(Window::ALL),
        (None, None) => return Ok(last(DAY_MS, ctx)),
        _ => return Err(ApiError::new(ErrorCode::InvalidParameterValueStartTimeOrEndTime)),
    };
    let (start, end) = (read(ends.start, "StartTime", ctx)?, read(ends.end, "EndTime", ctx)?);
    let length_ms = end.ms.saturating_sub(start.ms);
    if length_ms < 0 {
        return Err(ends.error(Detail::EndBeforeStart));
    }
    if length_ms > DAY_MS {
        return Err(ends.error(Detail::OverADay));
    }
    Ok(Window { start_ms: start.ms, end_ms: after(end) })
}

fn read_order(params: &Checked<'_>) -> Order {
    let direction = if params.text("Order") == Some("asc") { Direction::Asc } else { Direction::Desc };
    let by = match params.text("OrderBy") {
        Some("function_name") => SortKey::FunctionName,
        Some("duration") => SortKey::Duration,
        Some("mem_usage") => SortKey::MemUsage,
        _ => SortKey::StartTime,
    };
    Order { by, direction }
}

fn read_result(params: &Checked<'_>) -> ResultFilter {
    match params.group("Filter").and_then(|filter| filter.text("RetCode")) {
        Some("is0") => ResultFilter::Ok,
        Some("not0") => ResultFilter::Failed,
        Some("TimeLimitExceeded") => ResultFilter::Codes(vec![RET_TIME_LIMIT]),
        Some("ResourceLimitExceeded") => ResultFilter::Codes(RET_RESOURCE_LIMITS.to_vec()),
        Some("UserCodeException") => ResultFilter::Codes(vec![RET_USER_EXCEPTION]),
        _ => ResultFilter::All,
    }
}

/// Where the page starts and how long it is.
fn read_page(
    search: Option<&SearchContext>,
    order: Order,
    offset: usize,
    limit: usize,
) -> Result<(Start, usize), ApiError> {
    let Some(search) = search.filter(|search| !search.offset.is_empty()) else {
        return Ok((Start::Offset(offset as u64), limit));
    };
    let name = "SearchContext.Offset";
    let error = |detail| ApiError::new(ErrorCode::InvalidParameterValue).detail(detail).with("name", name);
    let cursor = Cursor::decode(&search.offset).map_err(|_| error(Detail::CursorUnknown))?;
    if cursor.order != order {
        return Err(error(Detail::CursorOfOtherOrder));
    }
    if offset > 0 {
        return Err(error(Detail::CursorAndOffset));
    }
    let limit = if search.limit > 0 { paging::within_page_max(0, search.limit)?.1 } else { limit };
    Ok((Start::After(cursor), limit))
}
