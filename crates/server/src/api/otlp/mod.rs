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
use runlog_ingest::otlp::{self, Form};
use tokio::sync::OwnedSemaphorePermit;
use tonic::Status;

use crate::app::App;
use crate::body;
use crate::caller::{Caller, Denied};
use crate::clock;
use crate::otlp::Taken;
use crate::unpack::BodyError;

/// The largest request, as it is sent and as it is unpacked. Its records take several times that in memory; SDKs and
/// collectors send far less at a time.
const REQUEST_MAX_BYTES: usize = 16 << 20;

/// Leave to work on a request, which is held from before its body arrives.
fn turn(app: &App) -> Result<OwnedSemaphorePermit, Status> {
    let turn = Arc::clone(&app.ingests).try_acquire_owned();
    turn.map_err(|_| Status::unavailable("too many concurrent ingest requests; retry in a moment"))
}

/// Takes in a request of `caller`. `unpack` gives the message, on a blocking thread.
async fn take(
    app: &App,
    caller: Caller,
    turn: OwnedSemaphorePermit,
    form: Form,
    unpack: impl FnOnce() -> Result<Bytes, Status> + Send + 'static,
) -> Result<ExportLogsServiceResponse, Status> {
    let (settings, intake) = (Arc::clone(&app.settings), Arc::clone(&app.otlp));
    let work = app.engine.begin(move |engine| {
        // Until the work is done, though the sender may have gone.
        let _turn = turn;
        let request = otlp::decode(&unpack()?, form).map_err(Status::invalid_argument)?;
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

/// The whole body of a request.
async fn collect(app: &App, body: Incoming, max_bytes: usize) -> Result<Bytes, Status> {
    body::collect(body, max_bytes as u64, app.settings.client_timeout()).await.map_err(|error| match error {
        BodyError::TooLarge { .. } => too_large(max_bytes),
        BodyError::Disconnected => Status::unavailable(error.to_string()),
    })
}
