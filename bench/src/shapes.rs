//! The list of queries, derived from the loaded data. It is the same for the engine in process, for the server over
//! HTTP, and for the peers, which get it as JSON.

use anyhow::Context;
use runlog_core::limits::DAY_MS;
use runlog_core::{Columns, Direction, Order, Query, ResultFilter, Row, Scope, SortKey, Start, Window, Zone};
use runlog_store::Store;
use serde_json::{Value, json};

use crate::ingest::DAY_START_MS;

/// The account of a server's first root key, and the region of runs that name none.
const ACCOUNT: &str = "100000000001";
const REGION: &str = "ap-guangzhou";

/// Every query is about one namespace, as in the dialect.
const NAMESPACE: &str = "default";

/// Texts that a few runs of a million print, one of them cut in the middle of a number, and one that about half of all
/// runs print.
const RARE_WORD: &str = "orders.py\", line 4321, in";
const RARE_CUT_WORD: &str = "orders.py\", line 4321";
const COMMON_WORD: &str = "cache hit ratio";

/// The generated day, and eight hours of it that begin and end within blocks.
const DAY: Window = Window { start_ms: DAY_START_MS, end_ms: DAY_START_MS + DAY_MS };
const EIGHT_HOURS: Window = Window { start_ms: DAY.start_ms + 5 * HOUR_MS, end_ms: DAY.start_ms + 13 * HOUR_MS };
const HOUR_MS: i64 = DAY_MS / 24;

/// The default zone of a server, which is the zone of times in the dialect.
const ZONE: Zone = Zone::UTC8;

/// A query: which runs of the namespace, in which order (the last first), which page.
#[derive(Clone, Debug)]
pub(crate) struct Shape {
    pub(crate) name: &'static str,
    window: Window,
    function: Option<String>,
    is_failed: bool,
    request_id: Option<String>,
    keyword: Option<&'static str>,
    by: SortKey,
    offset: u64,
    limit: usize,
    columns: Columns,
}

/// The newest 20 runs of the day; each query changes some of its fields.
const NEWEST: Shape = Shape {
    name: "newest of all",
    window: DAY,
    function: None,
    is_failed: false,
    request_id: None,
    keyword: None,
    by: SortKey::StartTime,
    offset: 0,
    limit: 20,
    columns: Columns::ALL,
};

/// The list, with names and an id that the data has.
pub(crate) fn derive(store: &Store) -> anyhow::Result<Vec<Shape>> {
    let newest = store.query(&Shape { limit: 10_000, ..NEWEST }.query())?.rows;
    let mut by_function = std::collections::BTreeMap::<String, usize>::new();
    for row in newest {
        *by_function.entry(row.run.stream.function.clone()).or_default() += 1;
    }
    let top = by_function.iter().max_by_key(|(_, runs)| **runs).context("no function")?.0;
    let rare = by_function.iter().min_by_key(|(_, runs)| **runs).context("no function")?.0;
    let id = store.query(&first_after_noon())?.rows.pop().context("no run after noon")?.run.request_id;
    let top = || Some(top.clone());
    let (duration, memory, name) = (SortKey::Duration, SortKey::MemUsage, SortKey::FunctionName);
    Ok(vec![
        NEWEST,
        Shape { name: "newest of the top function", function: top(), ..NEWEST },
        Shape { name: "newest of a rare function", function: Some(rare.clone()), ..NEWEST },
        Shape { name: "failed, newest", is_failed: true, ..NEWEST },
        Shape { name: "failed of the top function", is_failed: true, function: top(), ..NEWEST },
        Shape { name: "slowest of all", by: duration, ..NEWEST },
        Shape { name: "slowest of the top function", by: duration, function: top(), ..NEWEST },
        Shape { name: "most memory of all", by: memory, ..NEWEST },
        Shape { name: "by function name", by: name, ..NEWEST },
        Shape { name: "newest of eight hours", window: EIGHT_HOURS, ..NEWEST },
        Shape { name: "slowest of eight hours", window: EIGHT_HOURS, by: duration, ..NEWEST },
        Shape { name: "most memory of eight hours", window: EIGHT_HOURS, by: memory, ..NEWEST },
        Shape { name: "failed of eight hours, slowest", window: EIGHT_HOURS, is_failed: true, by: duration, ..NEWEST },
        Shape { name: "newest at offset 9,900", offset: 9900, ..NEWEST },
        Shape { name: "slowest at offset 9,900", by: duration, offset: 9900, ..NEWEST },
        Shape { name: "most memory at offset 9,900", by: memory, offset: 9900, ..NEWEST },
        Shape { name: "total alone", limit: 0, ..NEWEST },
        Shape { name: "one request id, a day", request_id: Some(id.clone()), ..NEWEST },
        Shape { name: "one request id, no window", request_id: Some(id), window: Window::ALL, ..NEWEST },
        Shape { name: "rare word", keyword: Some(RARE_WORD), ..NEWEST },
        Shape { name: "rare word, cut in a number", keyword: Some(RARE_CUT_WORD), ..NEWEST },
        Shape { name: "common word", keyword: Some(COMMON_WORD), ..NEWEST },
    ])
}

/// Pages without texts, beside the same with them: reports and exports of numbers read them. Neither the dialect nor
/// the peers have such pages, so the engine alone is asked.
pub(crate) fn without_texts() -> [Shape; 5] {
    let columns = Columns::NO_TEXTS;
    let thousand = Shape { name: "newest thousand", limit: 1000, ..NEWEST };
    let slowest = Shape { name: "slowest thousand", by: SortKey::Duration, ..thousand.clone() };
    [
        Shape { name: "newest of all, without texts", columns, ..NEWEST },
        Shape { name: "newest thousand, without texts", columns, ..thousand.clone() },
        Shape { name: "slowest thousand, without texts", columns, ..slowest.clone() },
        thousand,
        slowest,
    ]
}

/// The first run of the day's second half: an id in the middle of the data.
fn first_after_noon() -> Query {
    Query {
        window: Window { start_ms: DAY_START_MS + DAY_MS / 2, end_ms: DAY.end_ms },
        order: Order { by: SortKey::StartTime, direction: Direction::Asc },
        limit: 1,
        ..NEWEST.query()
    }
}

impl Shape {
    /// Whether this is an everyday query: neither a text search nor page 496. Everyday queries are mixed for the load
    /// test.
    pub(crate) fn is_everyday(&self) -> bool {
        self.keyword.is_none() && self.offset == 0
    }

    /// The query for the engine.
    pub(crate) fn query(&self) -> Query {
        let scope = Scope {
            region: Some(REGION.to_owned()),
            namespace: Some(NAMESPACE.to_owned()),
            function: self.function.clone(),
            ..Scope::account(ACCOUNT)
        };
        Query {
            window: self.window,
            result: if self.is_failed { ResultFilter::Failed } else { ResultFilter::All },
            request_id: self.request_id.clone(),
            keyword: self.keyword.map(str::to_owned),
            order: Order { by: self.by, direction: Direction::Desc },
            start: Start::Offset(self.offset),
            limit: self.limit,
            columns: self.columns,
            ..Query::new(scope)
        }
    }

    /// The query as parameters of `GetFunctionLogs`.
    pub(crate) fn parameters(&self) -> Value {
        let mut parameters = json!({
            "Namespace": NAMESPACE,
            "FunctionName": self.function.as_deref().unwrap_or_default(),
            "FunctionRequestId": self.request_id.as_deref().unwrap_or_default(),
            "OrderBy": self.order_by(),
            "Offset": self.offset,
            "Limit": self.limit,
        });
        if let Some([first_ms, end_ms]) = self.ends_ms() {
            // Windows of the dialect are in whole seconds and include the last one.
            parameters["StartTime"] = json!(ZONE.format(first_ms));
            parameters["EndTime"] = json!(ZONE.format(end_ms - 1000));
        }
        if self.is_failed {
            parameters["Filter"] = json!({ "RetCode": "not0" });
        }
        if let Some(word) = self.keyword {
            parameters["SearchContext"] = json!({ "Offset": "", "Limit": self.limit, "Keyword": word });
        }
        parameters
    }

    /// The query in the form that the peers read.
    pub(crate) fn json(&self) -> Value {
        json!({
            "name": self.name,
            "everyday": self.is_everyday(),
            "namespace": NAMESPACE,
            "window": self.ends_ms(),
            "function": self.function,
            "failed": self.is_failed,
            "request_id": self.request_id,
            "keyword": self.keyword,
            "order_by": self.order_by(),
            "offset": self.offset,
            "limit": self.limit,
        })
    }

    /// Where the window begins and ends, in Unix milliseconds; none for all time.
    fn ends_ms(&self) -> Option<[i64; 2]> {
        (self.window != Window::ALL).then_some([self.window.start_ms, self.window.end_ms])
    }

    fn order_by(&self) -> &'static str {
        match self.by {
            SortKey::StartTime => "start_time",
            SortKey::Duration => "duration",
            SortKey::MemUsage => "mem_usage",
            SortKey::FunctionName => "function_name",
        }
    }
}

/// A row in the form that every system must return.
pub(crate) fn row(row: &Row) -> Value {
    let run = &row.run;
    json!([
        run.request_id,
        run.stream.function,
        run.stream.qualifier,
        run.start_ms,
        run.duration_us,
        run.mem_bytes,
        run.ret_code,
        run.ret_msg,
        run.log,
    ])
}
