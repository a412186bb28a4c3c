//! Which runs to export, as a request to a server and as a query of a data folder.

use runlog_client::RunFilter;
use runlog_core::{Direction, Order, Query, ResultFilter, Scope, SortKey, Window};

use crate::cli::common::window::Ends;

/// The filter.
pub(super) struct Filter {
    pub(super) function: Option<String>,
    pub(super) namespace: Option<String>,
    pub(super) qualifier: Option<String>,
    pub(super) region: Option<String>,
    pub(super) request_id: Option<String>,
    pub(super) result: ResultFilter,
    pub(super) keyword: Option<String>,
    pub(super) ends: Ends,
    pub(super) oldest_first: bool,
}

impl Filter {
    pub(super) fn as_texts(&self) -> RunFilter {
        let result = match &self.result {
            ResultFilter::All | ResultFilter::Running => None,
            ResultFilter::Ok => Some("ok".to_owned()),
            ResultFilter::Failed => Some("failed".to_owned()),
            ResultFilter::Codes(codes) => Some(codes.iter().map(i32::to_string).collect::<Vec<_>>().join(",")),
        };
        RunFilter {
            function: self.function.clone(),
            namespace: self.namespace.clone(),
            qualifier: self.qualifier.clone(),
            region: self.region.clone(),
            request_id: self.request_id.clone(),
            result,
            keyword: self.keyword.clone(),
            since: None,
            from: self.ends.from_ms.map(|ms| ms.to_string()),
            to: self.ends.to_ms.map(|ms| ms.to_string()),
        }
    }

    pub(super) fn as_query(&self, account: &str) -> Query {
        let scope = Scope {
            region: self.region.clone(),
            namespace: self.namespace.clone(),
            function: self.function.clone(),
            qualifier: self.qualifier.clone(),
            ..Scope::account(account)
        };
        let direction = if self.oldest_first { Direction::Asc } else { Direction::Desc };
        Query {
            window: Window {
                start_ms: self.ends.from_ms.unwrap_or(Window::ALL.start_ms),
                end_ms: self.ends.to_ms.unwrap_or(Window::ALL.end_ms),
            },
            result: self.result.clone(),
            request_id: self.request_id.clone(),
            keyword: self.keyword.clone(),
            order: Order { by: SortKey::StartTime, direction },
            ..Query::new(scope)
        }
    }
}
