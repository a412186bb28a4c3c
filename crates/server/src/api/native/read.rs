//! The JSON answers: pages of runs, one run, histogram, facets, statistics, functions.

use std::collections::BTreeMap;

use hyper::StatusCode;
use hyper::http::request::Parts;
use runlog_core::limits::PAGE_MAX_ROWS;
use runlog_core::{
    Answer as Found, Cursor, Direction, HistogramSpec, Order, Query, Row, Scope, SortKey, Start, StreamSummary,
};
use runlog_core::{Engine, EngineError};
use serde::Serialize;

use super::answers::{
    Basis, FacetsAnswer, Function, Functions, HistogramAnswer, Neighbour, OneRun, RunList, Runs, Stats,
};
use super::fields::Selection;
use super::params::{AS_OF, BUCKETS, BY, REQUEST_ID, TOP, bad};
use super::place::Place;
use super::{Asked, Failure, may_read, question};
use crate::api::routes::Handler;
use crate::respond::{self, Answer};

/// Bytes of texts of one page; the run that goes over them is the page's last.
const PAGE_TEXTS_MAX_BYTES: usize = 16 << 20;

/// Default number of buckets of a histogram: as many as a narrow screen shows.
const BUCKETS_DEFAULT: usize = 60;

pub(super) async fn answer(asked: Asked, handler: Handler, request: &Parts) -> Result<Answer, Failure> {
    let body = match handler {
        Handler::Run => one_run(asked).await?,
        Handler::Histogram => histogram(asked).await?,
        Handler::Facets => facets(asked).await?,
        Handler::Stats => stats(asked).await?,
        Handler::Functions => functions(asked).await?,
        _ => runs(asked).await?,
    };
    Ok(respond::json(StatusCode::OK, body, &request.headers))
}

async fn runs(asked: Asked) -> Result<Vec<u8>, Failure> {
    let query = permitted_query(&asked).await?;
    let (query, found) = find(&asked, query).await?;
    Ok(page(&query, found, &asked.fields))
}

fn page(query: &Query, mut found: Found, fields: &Selection) -> Vec<u8> {
    let kept = within_bytes(&found.rows);
    if kept < found.rows.len() {
        found.rows.truncate(kept);
        found.next = found.rows.last().map(|row| Cursor::after(row, query.order));
    }
    json(&Runs {
        total: found.total,
        next: found.next.take().map(|after| Place::after(query, after).encode()),
        histogram: found.histogram.take().map(Into::into),
        facets: found.facets.take().map(|facets| facets.into_iter().map(Into::into).collect()),
        percentiles: found.percentiles.map(Into::into),
        basis: Basis::new(query, &found),
        runs: RunList { rows: &found.rows, fields },
    })
}

/// The number of rows that fit into one page; at least one.
fn within_bytes(rows: &[Row]) -> usize {
    let mut bytes = 0;
    let fits = |row: &&Row| {
        let is_room = bytes < PAGE_TEXTS_MAX_BYTES;
        bytes += row.run.log.len() + row.run.ret_msg.len();
        is_room
    };
    rows.iter().take_while(fits).count()
}

async fn histogram(asked: Asked) -> Result<Vec<u8>, Failure> {
    let mut query = permitted_query(&asked).await?;
    query.limit = 0;
    query.histogram = Some(asked.values.buckets(&BUCKETS).unwrap_or(HistogramSpec::Buckets(BUCKETS_DEFAULT)));
    let (query, mut found) = find(&asked, query).await?;
    let histogram = found.histogram.take().ok_or_else(missing)?;
    let basis = Basis::new(&query, &found);
    Ok(json(&HistogramAnswer { total: found.total, histogram: histogram.into(), basis }))
}

async fn facets(asked: Asked) -> Result<Vec<u8>, Failure> {
    let mut query = permitted_query(&asked).await?;
    query.limit = 0;
    query.facets = Some(question::facets(asked.values.words(&BY), asked.values.number(&TOP)));
    let (query, mut found) = find(&asked, query).await?;
    let facets = found.facets.take().ok_or_else(missing)?.into_iter().map(Into::into).collect();
    let basis = Basis::new(&query, &found);
    Ok(json(&FacetsAnswer { total: found.total, facets, basis }))
}

async fn stats(asked: Asked) -> Result<Vec<u8>, Failure> {
    let mut query = permitted_query(&asked).await?;
    query.limit = 0;
    query.percentiles = true;
    query.facets = Some(question::versions(asked.values.number(&TOP)));
    let (query, mut found) = find(&asked, query).await?;
    let versions = found.facets.take().into_iter().flatten().next().ok_or_else(missing)?.into();
    let all = found.percentiles.ok_or_else(missing)?.into();
    let basis = Basis::new(&query, &found);
    Ok(json(&Stats { total: found.total, all, versions, basis }))
}

async fn functions(asked: Asked) -> Result<Vec<u8>, Failure> {
    let scope = question::scope(&asked.values, asked.account());
    let query = Query { limit: 0, ..Query::new(scope) };
    let asking = query.clone();
    let (streams, found) =
        asked.ask(move |engine| Ok((engine.streams(&asking.scope.account)?, engine.query(&asking)?))).await?;
    let readable = streams
        .into_iter()
        .filter(|summary| query.scope.matches(&summary.stream) && may_read(&asked.caller.key, &summary.stream));
    let functions = by_function(readable);
    let total = functions.len() as u64;
    Ok(json(&Functions { functions, total, basis: Basis::new(&query, &found) }))
}

fn by_function(streams: impl Iterator<Item = StreamSummary>) -> Vec<Function> {
    let mut functions: BTreeMap<(String, String, String), Function> = BTreeMap::new();
    for StreamSummary { stream, first_start_ms, last_start_ms } in streams {
        let name = (stream.region.clone(), stream.namespace.clone(), stream.function.clone());
        let function = functions.entry(name).or_insert_with(|| Function {
            region: stream.region,
            namespace: stream.namespace,
            function: stream.function,
            qualifiers: Vec::new(),
            first_start_ms,
            last_start_ms,
        });
        function.qualifiers.push(stream.qualifier);
        function.first_start_ms = function.first_start_ms.min(first_start_ms);
        function.last_start_ms = function.last_start_ms.max(last_start_ms);
    }
    functions.into_values().collect()
}

/// Every attempt of a run. A caller that may not read a function does not learn that it has a run with this id.
async fn one_run(asked: Asked) -> Result<Vec<u8>, Failure> {
    let request_id = asked.values.text(&REQUEST_ID).unwrap_or_default().to_owned();
    let scope = question::scope(&asked.values, asked.account());
    let query = Query {
        request_id: Some(request_id.clone()),
        order: Order { by: SortKey::StartTime, direction: Direction::Asc },
        limit: usize::try_from(PAGE_MAX_ROWS).unwrap_or(usize::MAX),
        ..Query::new(scope)
    };
    let (key, asking) = (asked.caller.key.clone(), query.clone());
    let (found, around) = asked
        .ask(move |engine| {
            let mut found = engine.query(&asking)?;
            found.rows.retain(|row| may_read(&key, &row.run.stream));
            let around = neighbours(engine, &found.rows)?;
            Ok((found, around))
        })
        .await?;
    if found.rows.is_empty() {
        let message = format!("there is no run `{request_id}`; retention may have removed it");
        return Err(Failure::NotFound(message));
    }
    let (fields, rows) = (&asked.fields, &found.rows);
    let [previous, next] = around.each_ref().map(|row| row.as_ref().map(|row| Neighbour { row, fields }));
    Ok(json(&OneRun {
        runs: RunList { rows: rows.get(..within_bytes(rows)).unwrap_or(rows), fields },
        total: rows.len() as u64,
        previous,
        next,
        basis: Basis::new(&query, &found),
    }))
}

/// The runs of the same function before the first row and after the last.
fn neighbours(engine: &dyn Engine, rows: &[Row]) -> Result<[Option<Row>; 2], EngineError> {
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
        let found = engine.query(&Query { order, start, limit: 1, ..Query::new(scope) })?;
        Ok(found.rows.into_iter().next())
    };
    Ok([beside(rows.first(), Direction::Desc)?, beside(rows.last(), Direction::Asc)?])
}

async fn permitted_query(asked: &Asked) -> Result<Query, Failure> {
    let query = question::query(&asked.values, asked.account(), asked.now_ms).map_err(Failure::Bad)?;
    asked.permit(&query.scope).await?;
    Ok(query)
}

/// Queries the engine. A histogram needs a window with two ends.
async fn find(asked: &Asked, mut query: Query) -> Result<(Query, Found), Failure> {
    let now_ms = asked.now_ms;
    let (query, found) = asked
        .ask(move |engine| {
            if query.histogram.is_some() {
                let streams = engine.streams(&query.scope.account)?;
                query.window = question::close(query.window, &query.scope, &streams, now_ms);
            }
            let found = engine.query(&query)?;
            Ok((query, found))
        })
        .await?;
    check_as_of(&query, found.watermark.seq)?;
    Ok((query, found))
}

/// An answer as of a future moment could not be repeated.
pub(super) fn check_as_of(query: &Query, last: u64) -> Result<(), Failure> {
    match query.as_of {
        Some(as_of) if as_of > last => {
            Err(Failure::Bad(bad(&AS_OF, &format!("the last sequence number so far is {last}"))))
        }
        _ => Ok(()),
    }
}

fn json(answer: &impl Serialize) -> Vec<u8> {
    // Only a map whose keys are not texts cannot be written, and there is none.
    serde_json::to_vec(answer).unwrap_or_default()
}

/// The engine's answer lacks a requested part.
fn missing() -> Failure {
    Failure::Engine(EngineError::engine("an answer lacks the requested counts"))
}
