//! OpenTelemetry logs: each record is a line of a run, and the lines of one run are gathered into its record.
//!
//! `record` reads a record, `gathered` keeps a run's lines in order, `open_runs` knows which runs go on. What a batch
//! brought is stored before it is acknowledged: as the run's report in flight, which the next one replaces, and at the
//! run's end as its finish. docs/otlp.md has the rules.

mod attributes;
mod gathered;
mod line;
mod open_runs;
mod pending;
mod record;
mod taken;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use prost::Message;
use runlog_core::Stream;

use super::record::{Defaults, Streams};
use crate::backend::{Backend, BackendError};
use attributes::Attributes;

pub(crate) use open_runs::OpenRuns;
pub(crate) use taken::Taken;

/// How a request is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Protobuf,
    Json,
}

/// Reads a request.
///
/// # Errors
/// A sentence for the sender.
pub(crate) fn decode(body: &[u8], form: Form) -> Result<ExportLogsServiceRequest, String> {
    match form {
        Form::Protobuf => ExportLogsServiceRequest::decode(body)
            .map_err(|error| format!("the body is not an ExportLogsServiceRequest in Protobuf: {error}")),
        Form::Json => serde_json::from_slice(body)
            .map_err(|error| format!("the body is not an ExportLogsServiceRequest in JSON: {error}")),
    }
}

/// Gathers the records of a request into their runs. What is counted as accepted is on disk then. `permit` says what
/// is wrong with writing to a stream; `now` is the monotonic clock's.
///
/// # Errors
/// The engine's. The sender may send the same request again: lines that did get stored are known.
pub(crate) fn take(
    request: ExportLogsServiceRequest,
    defaults: &Defaults<'_>,
    permit: impl Fn(&Stream) -> Result<(), String>,
    runs: &OpenRuns,
    backend: &dyn Backend,
    now: Duration,
) -> Result<Taken, BackendError> {
    let mut taken = Taken::default();
    let mut streams = Streams::default();
    let mut permitted = HashMap::<*const Stream, Result<(), String>>::new();
    let mut records = Vec::new();
    for resource in &request.resource_logs {
        let of_resource = resource.resource.as_ref().map_or(&[][..], |resource| &resource.attributes);
        for scope in &resource.scope_logs {
            let of_scope = scope.scope.as_ref().map_or(&[][..], |scope| &scope.attributes);
            for record in &scope.log_records {
                let attributes = Attributes { record: &record.attributes, scope: of_scope, resource: of_resource };
                let read = record::read(record, attributes, defaults, &mut streams).and_then(|record| {
                    let permitted = permitted.entry(Arc::as_ptr(&record.stream));
                    permitted.or_insert_with(|| permit(&record.stream)).clone().map(|()| record)
                });
                match read {
                    Ok(record) => records.push(record),
                    Err(reason) => taken.reject(1, reason),
                }
            }
        }
    }
    drop(request);
    runs.take(backend, records, now, &mut taken)?;
    Ok(taken)
}
