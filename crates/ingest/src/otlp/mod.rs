//! OpenTelemetry logs: what a record means as a line of a run. docs/otlp.md has the rules.
//!
//! Nothing is kept here between requests: the lines of one run are gathered by the server.

mod attributes;
mod line;
mod measure;
mod record;

use std::collections::HashMap;
use std::sync::Arc;

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use prost::Message;
use runlog_core::Stream;

use crate::record::{Defaults, Streams};
use attributes::Attributes;

pub use line::{Line, NOTE, ms_of, parse};
pub use measure::Size;
pub use record::{Facts, Record, RunName, level_of, severity_of};

/// How a request is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Protobuf.
    Protobuf,
    /// JSON, as the protocol writes it.
    Json,
}

/// Why a request is not read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It is no request; a sentence for the sender.
    Malformed(String),
    /// It has more parts than a request may have; a sentence for the sender.
    TooMuch(String),
    /// There is no room for it at the moment; a sentence for the sender.
    NoRoom(String),
}

/// Reads a request. `room` is asked before anything is made, with about how many bytes that will take.
///
/// # Errors
/// [`Refusal`].
pub fn decode(
    body: &[u8],
    form: Form,
    room: impl FnOnce(usize) -> Result<(), String>,
) -> Result<ExportLogsServiceRequest, Refusal> {
    let no_json = |error: serde_json::Error| {
        Refusal::Malformed(format!("the body is not an ExportLogsServiceRequest in JSON: {error}"))
    };
    let size = match form {
        Form::Protobuf => measure::protobuf(body),
        Form::Json => measure::json(body).map_err(no_json)?,
    };
    size.check().map_err(Refusal::TooMuch)?;
    room(size.memory_bytes(body.len())).map_err(Refusal::NoRoom)?;
    match form {
        Form::Protobuf => ExportLogsServiceRequest::decode(body).map_err(|error| {
            Refusal::Malformed(format!("the body is not an ExportLogsServiceRequest in Protobuf: {error}"))
        }),
        Form::Json => serde_json::from_slice(body).map_err(no_json),
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
