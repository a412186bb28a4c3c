//! Turns the parameters of a request into a query of the engine.

use runlog_core::limits::{FACET_MAX_VALUES, PAGE_DEFAULT_ROWS};
use runlog_core::{
    Direction, FacetKey, FacetSpec, Order, Query, ResultFilter, Scope, SortKey, Start, StreamSummary, TailFilter,
    Window,
};

use super::params::{
    AS_OF, BUCKET_PERCENTILES, BadParam, CURSOR, FACET_KEYS, FACETS, FROM, FUNCTION, HISTOGRAM, KEYWORD, LIMIT,
    NAMESPACE, OFFSET, PERCENTILES, Param, QUALIFIER, REGION, REQUEST_ID, SINCE, SORT, TO, TOP, Values, bad,
};

/// Default number of values that a facet lists.
const TOP_DEFAULT: usize = 10;

/// The requested streams of an account.
pub(crate) fn scope(values: &Values, account: &str) -> Scope {
    let text = |param: &Param| values.text(param).map(str::to_owned);
    Scope {
        region: text(&REGION),
        namespace: text(&NAMESPACE),
        function: text(&FUNCTION),
        qualifier: text(&QUALIFIER),
        ..Scope::account(account)
    }
}

/// The request of a tail.
pub(crate) fn tail_filter(values: &Values, account: &str) -> TailFilter {
    TailFilter {
        scope: scope(values, account),
        result: values.result().cloned().unwrap_or(ResultFilter::All),
        keyword: values.text(&KEYWORD).map(str::to_owned),
    }
}

/// The whole query.
///
/// # Errors
/// [`BadParam`] for parameters that contradict each other.
pub(crate) fn query(values: &Values, account: &str, now_ms: i64) -> Result<Query, BadParam> {
    let mut query = Query {
        window: window(values, now_ms)?,
        result: values.result().cloned().unwrap_or(ResultFilter::All),
        request_id: values.text(&REQUEST_ID).map(str::to_owned),
        keyword: values.text(&KEYWORD).map(str::to_owned),
        order: values.word(&SORT).map_or(Order::NEWEST_FIRST, order),
        start: Start::Offset(values.number(&OFFSET).unwrap_or_default()),
        limit: count(values.number(&LIMIT), PAGE_DEFAULT_ROWS),
        as_of: values.number(&AS_OF),
        histogram: values.buckets(&HISTOGRAM),
        bucket_percentiles: values.word(&BUCKET_PERCENTILES) == Some("true"),
        facets: values.words(&FACETS).map(|names| facets(Some(names), values.number(&TOP))),
        percentiles: values.word(&PERCENTILES) == Some("true"),
        ..Query::new(scope(values, account))
    };
    if let Some(place) = values.cursor() {
        if values.has(&OFFSET) {
            return Err(bad(&OFFSET, "a cursor already says where the page begins; omit one of them"));
        }
        if !place.fits(&query) {
            return Err(bad(&CURSOR, "it belongs to other filters or another order; repeat those of its page"));
        }
        query.window = place.window;
        query.as_of = place.as_of;
        query.start = Start::After(place.after.clone());
    }
    Ok(query)
}

/// The requested facets by name; all of them by default.
pub(crate) fn facets(names: Option<&[&'static str]>, top: Option<u64>) -> FacetSpec {
    let by = names.map_or_else(|| FACET_KEYS.iter().map(|(_, key)| *key).collect(), facet_keys);
    FacetSpec { by, top: count(top, TOP_DEFAULT), percentiles: false }
}

/// Every function version with its percentiles.
pub(crate) fn versions(top: Option<u64>) -> FacetSpec {
    FacetSpec { by: vec![FacetKey::Version], top: count(top, FACET_MAX_VALUES), percentiles: true }
}

/// A number of the request, or the default.
pub(super) fn count(given: Option<u64>, otherwise: usize) -> usize {
    given.map_or(otherwise, |count| usize::try_from(count).expect("the table bounds every count"))
}

/// Closes the open ends of a window where the runs of these streams end; an open end is not before now.
pub(crate) fn close(window: Window, scope: &Scope, streams: &[StreamSummary], now_ms: i64) -> Window {
    let (first_ms, last_ms) = starts(scope, streams);
    let end_ms = if window.end_ms == i64::MAX { now_ms.max(last_ms).saturating_add(1) } else { window.end_ms };
    let start_ms = if window.start_ms == i64::MIN { first_ms.min(end_ms) } else { window.start_ms };
    Window { start_ms, end_ms: end_ms.max(start_ms) }
}

/// Cuts a window to where the runs of these streams are.
pub(crate) fn clip(window: Window, scope: &Scope, streams: &[StreamSummary]) -> Window {
    let (first_ms, last_ms) = starts(scope, streams);
    let start_ms = window.start_ms.max(first_ms);
    Window { start_ms, end_ms: window.end_ms.min(last_ms.saturating_add(1)) }
}

/// The first and the last start of any run of a scope; the first is after the last where there was none.
fn starts(scope: &Scope, streams: &[StreamSummary]) -> (i64, i64) {
    let found = streams.iter().filter(|summary| scope.matches(&summary.stream));
    found.fold((i64::MAX, i64::MIN), |(first, last), summary| {
        (first.min(summary.first_start_ms), last.max(summary.last_start_ms))
    })
}

fn window(values: &Values, now_ms: i64) -> Result<Window, BadParam> {
    let (since_ms, from, to) = (values.ms(&SINCE), values.ms(&FROM), values.ms(&TO));
    if since_ms.is_some() && from.is_some() {
        return Err(bad(&SINCE, "`from` already says where the window begins; omit one of them"));
    }
    let start_ms = since_ms.map(|span_ms| now_ms.saturating_sub(span_ms)).or(from).unwrap_or(Window::ALL.start_ms);
    let end_ms = to.unwrap_or(Window::ALL.end_ms);
    if end_ms < start_ms {
        return Err(bad(&TO, "the window ends before it begins"));
    }
    Ok(Window { start_ms, end_ms })
}

fn facet_keys(names: &[&'static str]) -> Vec<FacetKey> {
    names.iter().filter_map(|name| FACET_KEYS.iter().find(|(known, _)| known == name)).map(|(_, key)| *key).collect()
}

/// One of the words that `sort` takes.
pub(crate) fn order(word: &str) -> Order {
    let (key, direction) = word.split_once(':').unwrap_or((word, "desc"));
    let by = match key {
        "duration" => SortKey::Duration,
        "mem_usage" => SortKey::MemUsage,
        "function_name" => SortKey::FunctionName,
        _ => SortKey::StartTime,
    };
    Order { by, direction: if direction == "asc" { Direction::Asc } else { Direction::Desc } }
}
