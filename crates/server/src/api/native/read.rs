//! The JSON answers: pages of runs, one run, histogram, facets, statistics, functions.

use std::sync::Arc;

use hyper::StatusCode;
use hyper::http::request::Parts;
use runlog_core::{Columns, Cursor, Direction, HistogramSpec, Order, Query, Row, Scope, SortKey, Start};
use runlog_core::{Engine, EngineError};

use super::answers::{Basis, FacetsAnswer, Functions, HistogramAnswer, Neighbour, OneRun, RunList, Runs, Stats};
use super::asked::Asked;
use super::failure::Failure;
use super::page_token::PageToken;
use super::params::{BUCKET_PERCENTILES, BUCKETS, BY, TOP, bad};
use super::queries::{BUCKETS_DEFAULT, attempts, by_function, find, json, missing, no_run};
use super::route::Handler;
use super::{filter_params, overview};
use crate::respond::{self, Answer, Packed};

pub(super) async fn answer(asked: Asked, handler: Handler, request: &Parts) -> Result<Answer, Failure> {
    let query = filter_params::query(&asked.values, asked.account(), asked.now_ms).map_err(Failure::Bad)?;
    // Of one run and of functions, each row is permitted by itself.
    if !matches!(handler, Handler::Run | Handler::Functions | Handler::Overview) {
        asked.permit(&query.scope).await?;
    }
    let (app, takes_gzip) = (Arc::clone(&asked.app), respond::takes(&request.headers, "gzip"));
    let packed = app.answer_bytes.make(&app.engine, move |engine, ledger| {
        let text = match handler {
            Handler::Run => one_run(&asked, query, engine),
            Handler::Histogram => histogram(&asked, query, engine),
            Handler::Facets => facets(&asked, query, engine),
            Handler::Stats => stats(&asked, query, engine),
            Handler::Functions => functions(&asked, query, engine),
            Handler::Overview => overview::overview(&asked, query, engine),
            _ => runs(&asked, query, engine),
        };
        text.map(|text| Packed::new(text, takes_gzip).counted(ledger))
    });
    Ok(respond::packed(StatusCode::OK, packed.await?))
}

fn runs(asked: &Asked, query: Query, engine: &dyn Engine) -> Result<Vec<u8>, Failure> {
    if query.bucket_percentiles && query.histogram.is_none() {
        return Err(Failure::Bad(bad(&BUCKET_PERCENTILES, "it needs `histogram`, which has the buckets")));
    }
    let (page_max_bytes, columns) = (Some(asked.app.answer_bytes.page_max_bytes()), asked.fields.columns());
    let (query, mut found) = find(asked, Query { page_max_bytes, columns, ..query }, engine)?;
    Ok(json(&Runs {
        total: found.total,
        next: found.next.take().map(|after| PageToken::after(&query, after).encode()),
        histogram: found.histogram.take().map(Into::into),
        facets: found.facets.take().map(|facets| facets.into_iter().map(Into::into).collect()),
        percentiles: found.percentiles.map(Into::into),
        basis: Basis::new(&query, &found),
        runs: RunList { rows: &found.rows, fields: &asked.fields },
    }))
}

fn histogram(asked: &Asked, mut query: Query, engine: &dyn Engine) -> Result<Vec<u8>, Failure> {
    query.limit = 0;
    query.histogram = Some(asked.values.buckets(&BUCKETS).unwrap_or(HistogramSpec::Buckets(BUCKETS_DEFAULT)));
    let (query, mut found) = find(asked, query, engine)?;
    let histogram = found.histogram.take().ok_or_else(missing)?;
    let basis = Basis::new(&query, &found);
    Ok(json(&HistogramAnswer { total: found.total, histogram: histogram.into(), basis }))
}

fn facets(asked: &Asked, mut query: Query, engine: &dyn Engine) -> Result<Vec<u8>, Failure> {
    query.limit = 0;
    query.facets = Some(filter_params::facets(asked.values.words(&BY), asked.values.number(&TOP)));
    let (query, mut found) = find(asked, query, engine)?;
    let facets = found.facets.take().ok_or_else(missing)?.into_iter().map(Into::into).collect();
    let basis = Basis::new(&query, &found);
    Ok(json(&FacetsAnswer { total: found.total, facets, basis }))
}

fn stats(asked: &Asked, mut query: Query, engine: &dyn Engine) -> Result<Vec<u8>, Failure> {
    query.limit = 0;
    query.percentiles = true;
    query.facets = Some(filter_params::versions(asked.values.number(&TOP)));
    let (query, mut found) = find(asked, query, engine)?;
    let versions = found.facets.take().into_iter().flatten().next().ok_or_else(missing)?.into();
    let all = found.percentiles.ok_or_else(missing)?.into();
    let basis = Basis::new(&query, &found);
    Ok(json(&Stats { total: found.total, all, versions, basis }))
}

fn functions(asked: &Asked, query: Query, engine: &dyn Engine) -> Result<Vec<u8>, Failure> {
    let query = Query { limit: 0, ..query };
    let (streams, found) = (engine.streams(&query.scope.account)?, engine.query(&query)?);
    let readable = streams
        .into_iter()
        .filter(|summary| query.scope.matches(&summary.stream) && asked.caller.may_read(&summary.stream));
    let functions = by_function(readable);
    let total = functions.len() as u64;
    Ok(json(&Functions { functions, total, basis: Basis::new(&query, &found) }))
}

/// Every attempt of a run. A caller that may not read a function does not learn that it has a run with this id.
fn one_run(asked: &Asked, query: Query, engine: &dyn Engine) -> Result<Vec<u8>, Failure> {
    let request_id = query.request_id.clone().unwrap_or_default();
    let query = Query { columns: Columns::NO_TEXTS, ..attempts(query.scope, &request_id) };
    let mut found = engine.query(&query)?;
    found.rows.retain(|row| asked.caller.may_read(&row.run.stream));
    if found.rows.is_empty() {
        return Err(no_run(&request_id));
    }
    let fields = &asked.fields;
    let around = neighbours(engine, &found.rows, fields.columns())?;
    let total = found.rows.len() as u64;
    if fields.columns().has_texts() {
        found.rows = with_texts(asked, &query, engine)?;
    }
    let [previous, next] = around.each_ref().map(|row| row.as_ref().map(|row| Neighbour { row, fields }));
    Ok(json(&OneRun {
        runs: RunList { rows: &found.rows, fields },
        total,
        previous,
        next,
        basis: Basis::new(&query, &found),
    }))
}

/// The readable rows of a query with their texts, as many as fit into a page; at least one.
fn with_texts(asked: &Asked, query: &Query, engine: &dyn Engine) -> Result<Vec<Row>, EngineError> {
    let query = Query { columns: asked.fields.columns(), ..query.clone() };
    let (mut kept, mut left) = (Vec::new(), asked.app.answer_bytes.page_max_bytes());
    let (_, mut rows) = engine.open_query(&query)?;
    loop {
        let batch = rows.next_batch(left)?;
        if batch.is_empty() {
            return Ok(kept);
        }
        for row in batch.into_iter().filter(|row| asked.caller.may_read(&row.run.stream)) {
            let Some(after) = left.checked_sub(row.weight_bytes()) else {
                if kept.is_empty() {
                    kept.push(row);
                }
                return Ok(kept);
            };
            left = after;
            kept.push(row);
        }
    }
}

/// The runs of the same function before the first row and after the last.
fn neighbours(engine: &dyn Engine, rows: &[Row], columns: Columns) -> Result<[Option<Row>; 2], EngineError> {
    let beside = |row: Option<&Row>, direction| -> Result<Option<Row>, EngineError> {
        let Some(row) = row else { return Ok(None) };
        let (stream, order) = (&row.run.stream, Order { by: SortKey::StartTime, direction });
        let scope = Scope {
            region: Some(stream.region.clone()),
            namespace: Some(stream.namespace.clone()),
            function: Some(stream.function.clone()),
            ..Scope::account(stream.account.clone())
        };
        let start = Start::After(Cursor::after(row, order));
        let found = engine.query(&Query { order, start, limit: 1, columns, ..Query::new(scope) })?;
        Ok(found.rows.into_iter().next())
    };
    Ok([beside(rows.first(), Direction::Desc)?, beside(rows.last(), Direction::Asc)?])
}
