//! What several routes ask of the engine, and how they write what it says.

use std::collections::BTreeMap;

use runlog_core::{Answer as Found, Direction, Engine, EngineError, Order, Query, Scope, SortKey, StreamSummary};
use serde::Serialize;

use super::answers::Function;
use super::asked::Asked;
use super::failure::Failure;
use super::filter_params;
use super::params::{AS_OF, bad};

/// Attempts of one run that are shown: retries are numbered by a byte, in each function that has the id.
const ATTEMPTS_MAX: usize = 10_000;

/// Default number of buckets of a histogram: as many as a narrow screen shows.
pub(super) const BUCKETS_DEFAULT: usize = 60;

/// Queries the engine. A histogram needs a window with two ends.
pub(super) fn find(asked: &Asked, mut query: Query, engine: &dyn Engine) -> Result<(Query, Found), Failure> {
    if query.histogram.is_some() {
        let streams = engine.streams(&query.scope.account)?;
        query.window = filter_params::close(query.window, &query.scope, &streams, asked.now_ms);
    }
    let found = engine.query(&query)?;
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

/// An answer as JSON.
pub(super) fn json(answer: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(answer).expect("only a map whose keys are no texts has no JSON form, and there is none")
}

/// The engine's answer lacks a requested part.
pub(super) fn missing() -> Failure {
    Failure::Engine(EngineError::engine("an answer lacks the requested counts"))
}

/// Every attempt of a run in a scope, the earliest first.
pub(super) fn attempts(scope: Scope, request_id: &str) -> Query {
    let order = Order { by: SortKey::StartTime, direction: Direction::Asc };
    Query { request_id: Some(request_id.to_owned()), order, limit: ATTEMPTS_MAX, ..Query::new(scope) }
}

/// No run of an id is there, or none that the caller may read.
pub(super) fn no_run(request_id: &str) -> Failure {
    Failure::NotFound(format!("there is no run `{request_id}`; retention may have removed it"))
}

/// The functions of some streams, by their names.
pub(super) fn by_function(streams: impl Iterator<Item = StreamSummary>) -> Vec<Function> {
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
