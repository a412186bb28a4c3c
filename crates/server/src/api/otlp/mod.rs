//! OpenTelemetry logs over the network: OTLP/HTTP and OTLP/gRPC.
//!
//! Both protocols end in [`take`], off the reactor. An error is a gRPC status on both: OTLP/HTTP sends it as the body.

pub(crate) mod grpc;
pub(crate) mod http;

use std::sync::Arc;

use bytes::Bytes;
use hyper::body::Incoming;
use opentelemetry_proto::tonic::collector::logs::v1::{ExportLogsPartialSuccess, ExportLogsServiceResponse};
use runlog_ingest::Defaults;
use runlog_ingest::otlp::{self, Form, Refusal};
use tokio::sync::OwnedSemaphorePermit;
use tonic::Status;

use crate::app::App;
use crate::body::{self, Pace};
use crate::budget::{NoRoom, Share};
use crate::caller::{Caller, Denied};
use crate::clock;
use crate::otlp::Taken;
use crate::unpack::BodyError;

/// The largest request, as it is sent and as it is unpacked. Its records take several times that in memory; SDKs and
/// collectors send far less at a time.
const REQUEST_MAX_BYTES: usize = 16 << 20;

/// Leave to work on a request, which is held from before its body arrives.
struct Turn {
    _permit: OwnedSemaphorePermit,
    /// What the request takes.
    memory: Share,
}

fn turn(app: &App) -> Result<Turn, Status> {
    let permit = Arc::clone(&app.ingests).try_acquire_owned().map_err(|_| {
        Status::unavailable("too many concurrent ingest requests (ingest_max_concurrent); retry in a moment")
    })?;
    Ok(Turn { _permit: permit, memory: app.ingest_memory.share() })
}

/// The status of a request for which there is no memory.
fn no_room(full: &NoRoom) -> Status {
    match full {
        NoRoom::Now { .. } => Status::unavailable(full.to_string()),
        NoRoom::Ever { .. } => Status::resource_exhausted(full.to_string()),
    }
}

/// Takes in a request of `caller`. `unpack` gives the message, on a blocking thread.
async fn take(
    app: &App,
    caller: Caller,
    mut turn: Turn,
    form: Form,
    unpack: impl FnOnce(&mut Share) -> Result<Bytes, Status> + Send + 'static,
) -> Result<ExportLogsServiceResponse, Status> {
    let (settings, intake) = (Arc::clone(&app.settings), Arc::clone(&app.otlp));
    let work = app.engine.begin(move |engine| {
        // The turn is held until the work is done, though the sender may have gone.
        let memory = &mut turn.memory;
        let body = unpack(memory)?;
        let mut full = None;
        let room = |bytes| {
            memory.grow_by(bytes as u64).map_err(|error| {
                let message = error.to_string();
                full = Some(no_room(&error));
                message
            })
        };
        let request = otlp::decode(&body, form, room).map_err(|refusal| match refusal {
            Refusal::Malformed(message) => Status::invalid_argument(message),
            Refusal::TooMuch(message) => Status::resource_exhausted(message),
            Refusal::NoRoom(message) => full.unwrap_or_else(|| Status::unavailable(message)),
        })?;
        drop(body);
        let defaults = Defaults {
            account: &caller.key.account,
            region: &settings.default_region,
            zone: settings.time_zone,
            now_ms: clock::now_ms(),
            billing_step_ms: settings.billing_step_ms.into(),
        };
        let permit = |stream: &_| caller.may_put(&settings, stream);
        let mut taken = Taken::default();
        let mut records = Vec::new();
        otlp::read_records(&request, &defaults, permit, |read| match read {
            Ok(record) => records.push(record),
            Err(reason) => taken.reject(1, reason),
        });
        drop(request);
        let stored = intake.take(engine, records, &mut taken);
        stored.map(|()| taken).map_err(|error| {
            tracing::error!(%error, "OpenTelemetry logs could not be stored");
            Status::unavailable("the store does not accept runs at the moment; /readyz says why. Send the same again")
        })
    });
    let taken = work.await.unwrap_or_else(|panic| {
        tracing::error!(%panic, "a request of OpenTelemetry logs failed");
        Err(Status::internal("the request failed; send it again"))
    })?;
    app.metrics.otlp_taken(&taken);
    if let Some(why) = taken.no_room() {
        // Exporters repeat what is unavailable, and drop what is rejected.
        return Err(Status::unavailable(why));
    }
    let partial_success = (taken.rejected > 0).then(|| ExportLogsPartialSuccess {
        rejected_log_records: i64::try_from(taken.rejected).expect("fewer records than bytes of a request"),
        error_message: taken.message(),
    });
    Ok(ExportLogsServiceResponse { partial_success })
}

fn denied(denied: Denied) -> Status {
    match denied {
        Denied::Unauthorized(message) => Status::unauthenticated(message),
        Denied::Forbidden(message) => Status::permission_denied(message),
    }
}

fn too_large(max_bytes: usize) -> Status {
    Status::resource_exhausted(format!("the request is larger than {max_bytes} bytes; send fewer records at a time"))
}

/// The whole body of a request. `memory` grows with it.
async fn collect(body: Incoming, max_bytes: usize, pace: Pace, memory: &mut Share) -> Result<Bytes, Status> {
    body::collect(body, max_bytes as u64, pace, memory).await.map_err(|error| match error {
        BodyError::TooLarge { .. } => too_large(max_bytes),
        BodyError::NoRoom(full) => no_room(&full),
        BodyError::Disconnected | BodyError::Expands => Status::unavailable(error.to_string()),
    })
}
