//! OpenTelemetry logs: what a record means as a line of a run. docs/otlp.md has the rules.
//!
//! Nothing is kept here between requests: the lines of one run are gathered by the server.

mod attributes;
mod line;
mod record;

use std::collections::HashMap;
use std::sync::Arc;

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use prost::Message;
use runlog_core::Stream;

use crate::record::{Defaults, Streams};
use attributes::Attributes;

pub use line::{Line, NOTE, ms_of, parse};
pub use record::{Facts, Record, RunName, level_of, severity_of};

/// How a request is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Protobuf.
    Protobuf,
    /// JSON, as the protocol writes it.
    Json,
}

/// Reads a request.
///
/// # Errors
/// A sentence for the sender.
pub fn decode(body: &[u8], form: Form) -> Result<ExportLogsServiceRequest, String> {
    match form {
        Form::Protobuf => ExportLogsServiceRequest::decode(body)
            .map_err(|error| format!("the body is not an ExportLogsServiceRequest in Protobuf: {error}")),
        Form::Json => serde_json::from_slice(body)
            .map_err(|error| format!("the body is not an ExportLogsServiceRequest in JSON: {error}")),
    }
}

/// Reads the records of a request as lines of runs, each record for itself: a line, or why it is none. `permit` says
/// what is wrong with writing to a stream.
pub fn read_records(
    request: &ExportLogsServiceRequest,
    defaults: &Defaults<'_>,
    permit: impl Fn(&Stream) -> Result<(), String>,
    mut take: impl FnMut(Result<Record, String>),
) {
    let mut streams = Streams::default();
    let mut permitted = HashMap::<*const Stream, Result<(), String>>::new();
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
                take(read);
            }
        }
    }
}
