//! Short texts: cursors, times, zones, spans, and the parameters of the native API.

use runlog_core::{Cursor, Order, SortValue, Start, Zone, limits, moment};
use runlog_server::outside;

const NOW_MS: i64 = 1_782_864_000_000;

/// A cursor, a time, a zone or a span: an error, or a value whose written form reads as the same value.
pub fn texts(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(cursor) = Cursor::decode(text) {
        assert_eq!(cursor.encode(), text);
    }
    if let Some(token) = outside::page_token(text) {
        assert_eq!(token, text);
    }
    if let Ok(time) = Zone::UTC8.parse(text) {
        let written = Zone::UTC8.format_rfc3339(time.ms);
        assert_eq!(Zone::UTC.parse(&written).map(|again| again.ms), Ok(time.ms), "{text} is {written}");
        assert!(text.len() != 19 || moment::moment_ms(text, Zone::UTC8, NOW_MS) == Ok(time.ms), "{text}");
    }
    if let Ok(zone) = text.parse::<Zone>() {
        assert_eq!(zone.to_string().parse(), Ok(zone));
    }
    if let Ok(span_ms) = moment::span_ms(text) {
        assert!(span_ms > 0);
        assert_eq!(moment::moment_ms(text, Zone::UTC8, NOW_MS), Ok(NOW_MS.saturating_sub(span_ms)));
    }
}

/// A query string of `GET /api/v1/runs`: an error, or a query within bounds. An hour later, the cursor of its page and
/// the same filters give the same window.
pub fn native_query(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Ok(query) = outside::query(text, NOW_MS) else { return };
    assert!(query.limit <= 1_000 && query.window.start_ms <= query.window.end_ms);
    assert!(query.keyword.as_ref().is_none_or(|word| (1..=limits::KEYWORD_MAX_BYTES).contains(&word.len())));
    let Start::Offset(offset) = query.start else { return };
    assert!(offset <= 10_000);
    let number = SortValue::Number(7);
    let value = match Order::NEWEST_FIRST.by == query.order.by {
        true => SortValue::Start,
        false if query.order.by == runlog_core::SortKey::FunctionName => {
            SortValue::Name("n".to_owned(), "f".to_owned())
        }
        false => number,
    };
    let after = Cursor { order: query.order, value, start_ms: NOW_MS, seq: 7 };
    let token = outside::page_after(&query, after.clone());
    assert_eq!(outside::page_token(&token), Some(token.clone()));
    if offset == 0 && !text.contains("offset") && !text.contains('%') {
        let later = outside::query(&format!("{text}&cursor={token}"), NOW_MS + 3_600_000).unwrap();
        assert_eq!((later.window, later.as_of, &later.start), (query.window, query.as_of, &Start::After(after)));
        assert_eq!((later.scope, later.result, later.order), (query.scope, query.result, query.order));
    }
}
