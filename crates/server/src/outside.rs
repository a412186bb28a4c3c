//! Readers of texts from outside as plain functions, which the fuzz targets call.

use runlog_core::{Cursor, Query, Zone};

use crate::api::native::filter_params;
use crate::api::native::page_token::PageToken;
use crate::api::native::params::Values;
use crate::api::native::route::Handler;
use crate::api::native::routes::ROUTES;

/// The account whose runs a query looks at.
const ACCOUNT: &str = "1";

/// Reads the cursor of a page and writes it again; `None` for any other text.
pub fn page_token(text: &str) -> Option<String> {
    PageToken::decode(text).map(|token| token.encode())
}

/// The cursor of the page after a row of a query's answer.
pub fn page_after(query: &Query, after: Cursor) -> String {
    PageToken::after(query, after).encode()
}

/// Reads a query string of `GET /api/v1/runs`. `now_ms` is in Unix milliseconds.
///
/// # Errors
/// The sentence for the sender.
pub fn query(text: &str, now_ms: i64) -> Result<Query, String> {
    let params = ROUTES.iter().find(|route| route.handler == Handler::Runs).map_or(&[][..], |route| route.params);
    let values = Values::parse(params, text, None, Zone::UTC8, now_ms).map_err(|error| error.message)?;
    filter_params::query(&values, ACCOUNT, now_ms).map_err(|error| error.message)
}
