//! Periodic background work of a server.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinHandle;

use super::app::App;
use super::followers;

/// How often to check whether the file of keys has changed.
const KEYS_REFRESH: Duration = Duration::from_secs(1);

/// How often silent runs are looked for.
const EXPIRE_EVERY: Duration = Duration::from_secs(30);

/// How often retention is applied. Whole days are removed, so there is rarely anything to do.
const RETAIN_EVERY: Duration = Duration::from_secs(10 * 60);

/// How often silent runs of OpenTelemetry lines are looked for.
const OTLP_IDLE_CHECK_EVERY: Duration = Duration::from_millis(500);

/// Starts all of it; it goes on until it is aborted.
pub(super) fn spawn(app: &Arc<App>) -> [JoinHandle<()>; 5] {
    [
        tokio::spawn(refresh_keys(Arc::clone(app))),
        tokio::spawn(expire_in_flight(Arc::clone(app))),
        tokio::spawn(retain(Arc::clone(app))),
        tokio::spawn(finish_idle_otlp(Arc::clone(app))),
        tokio::spawn(followers::wake(Arc::clone(&app.followers), app.engine.clone())),
    ]
}

async fn refresh_keys(app: Arc<App>) {
    loop {
        tokio::time::sleep(KEYS_REFRESH).await;
        let keyring = Arc::clone(&app.keyring);
        let refreshed = tokio::task::spawn_blocking(move || keyring.refresh()).await;
        if let Err(error) = refreshed.map_err(anyhow::Error::from).flatten() {
            tracing::error!(error = format!("{error:#}"), "the keys could not be read; the previous ones stay in use");
        }
    }
}

async fn expire_in_flight(app: Arc<App>) {
    // At once, too: their senders may have ended while the server was away.
    loop {
        match app.engine.ask(|engine| engine.expire_in_flight()).await {
            Ok(0) => {}
            Ok(count) => tracing::info!(count, "runs that had gone silent were closed as interrupted"),
            Err(error) => tracing::error!(%error, "silent runs could not be closed"),
        }
        tokio::time::sleep(EXPIRE_EVERY).await;
    }
}

async fn retain(app: Arc<App>) {
    loop {
        // Not in the slot of a query: days that several namespaces share are rewritten, which takes a while.
        match app.engine.begin(|engine| engine.retain()).await {
            Ok(Ok(removed)) if removed.runs + removed.in_flight > 0 => {
                let (runs, in_flight, bytes) = (removed.runs, removed.in_flight, removed.bytes);
                tracing::info!(runs, in_flight, bytes, "runs that are no longer kept were removed");
            }
            Ok(Ok(_)) => {}
            Ok(Err(error)) => tracing::error!(%error, "runs that are no longer kept could not be removed"),
            Err(panic) => tracing::error!(%panic, "runs that are no longer kept could not be removed"),
        }
        tokio::time::sleep(RETAIN_EVERY).await;
    }
}

/// Takes up the runs of OpenTelemetry lines again that were open when the server stopped.
pub(super) async fn resume_otlp(app: &Arc<App>) {
    let intake = Arc::clone(&app.otlp);
    match app.engine.begin(move |engine| intake.resume(engine)).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::error!(%error, "runs of OpenTelemetry lines could not be taken up again"),
        Err(panic) => tracing::error!(%panic, "runs of OpenTelemetry lines could not be taken up again"),
    }
}

async fn finish_idle_otlp(app: Arc<App>) {
    let idle = Duration::from_secs(app.settings.otlp_idle.into());
    loop {
        tokio::time::sleep(OTLP_IDLE_CHECK_EVERY).await;
        let intake = Arc::clone(&app.otlp);
        match app.engine.begin(move |engine| intake.finish_idle(engine, idle)).await {
            Ok(Ok(finished)) => app.metrics.otlp_idle(finished),
            Ok(Err(error)) => tracing::error!(%error, "silent runs of OpenTelemetry lines could not be finished"),
            Err(panic) => tracing::error!(%panic, "silent runs of OpenTelemetry lines could not be finished"),
        }
    }
}
