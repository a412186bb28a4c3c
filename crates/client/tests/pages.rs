//! Paging: every row once, and no further than the dialect reaches.

mod server;

use std::sync::Arc;

use runlog_client::GetFunctionLogs;
use serde_json::{Value, json};
use server::{Asked, Server, api_error, ok};

/// A server of `total` rows, whose names are their places.
fn serving(total: u64) -> Server {
    Server::start(move |_, asked: &Asked| {
        let request: Value = serde_json::from_slice(&asked.body).unwrap();
        let number = |name: &str| request[name].as_u64().unwrap();
        let (offset, limit) = (number("Offset"), number("Limit"));
        if offset + limit > 10_000 {
            return api_error("LimitExceeded.Offset", "too far");
        }
        let rows: Vec<Value> =
            (offset..total.min(offset + limit)).map(|at| json!({ "RequestId": at.to_string() })).collect();
        ok(&json!({ "Response": { "TotalCount": total, "Data": rows } }).to_string())
    })
}

/// The places of the rows, the total, and how many requests it took.
fn walk(total: u64, request: GetFunctionLogs) -> (Vec<u64>, Option<u64>, usize) {
    let server = serving(total);
    let client = server.builder(&Arc::default()).build().unwrap();
    let mut pages = client.each_function_log(request);
    let rows = pages.by_ref().map(|row| row.unwrap().request_id.parse().unwrap()).collect();
    (rows, pages.total_count(), server.asked().len())
}

#[test]
fn every_row_once() {
    for (total, limit, requests) in [(0, 3, 1), (2, 3, 1), (3, 3, 2), (7, 3, 3)] {
        let request = GetFunctionLogs { limit: Some(limit), ..GetFunctionLogs::default() };
        assert_eq!(walk(total, request), ((0..total).collect(), Some(total), requests), "{total} rows");
    }
}

#[test]
fn the_ten_thousandth_row_is_the_last() {
    let request = GetFunctionLogs { offset: Some(1_500), ..GetFunctionLogs::default() };
    let (rows, total, requests) = walk(12_345, request);
    assert_eq!((rows.first(), rows.last(), rows.len()), (Some(&1_500), Some(&9_999), 8_500));
    assert_eq!((total, requests), (Some(12_345), 9));
}

#[test]
fn beyond_the_ten_thousandth_there_is_nothing_to_ask() {
    let request = GetFunctionLogs { offset: Some(10_000), ..GetFunctionLogs::default() };
    assert_eq!(walk(12_345, request), (Vec::new(), None, 0));
}

#[test]
fn an_error_is_the_last_item() {
    let server = Server::start(|_, _| api_error("InternalError", "sorry"));
    let client = server.builder(&Arc::default()).build().unwrap();
    let items: Vec<_> = client.each_function_log(GetFunctionLogs::default()).collect();
    assert!(matches!(&items[..], [Err(error)] if error.code() == Some("InternalError")));
}
