//! What a server does now and then, without being asked.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinHandle;

use super::app::App;
use super::{followers, otlp};

/// How often the keys are read again when their file changes.
const KEYS_REFRESH: Duration = Duration::from_secs(1);

/// How often silent runs are looked for.
const EXPIRE_EVERY: Duration = Duration::from_secs(30);

/// How often runs are looked for that are no longer kept. Days go as a whole, so there is rarely anything.
const RETAIN_EVERY: Duration = Duration::from_secs(10 * 60);

/// Starts all chores; they go on until they are aborted.
pub(super) fn spawn(app: &Arc<App>) -> [JoinHandle<()>; 5] {
    [
        tokio::spawn(refresh_keys(Arc::clone(app))),
        tokio::spawn(expire_in_flight(Arc::clone(app))),
        tokio::spawn(retain(Arc::clone(app))),
        tokio::spawn(otlp::finish_idle(Arc::clone(app))),
        tokio::spawn(followers::wake(Arc::clone(app))),
    ]
}

async fn refresh_keys(app: Arc<App>) {
    loop {
        tokio::time::sleep(KEYS_REFRESH).await;
        if let Err(error) = app.keyring.refresh() {
            tracing::error!(error = format!("{error:#}"), "the keys could not be read; the former ones hold");
        }
    }
}

async fn expire_in_flight(app: Arc<App>) {
    // At once, too: their senders may have ended while the server was away.
    loop {
        match app.with_engine(|engine| engine.expire_in_flight()).await {
            Ok(0) => {}
            Ok(count) => tracing::info!(count, "runs that had gone silent were closed as interrupted"),
            Err(error) => tracing::error!(%error, "silent runs could not be closed"),
        }
        tokio::time::sleep(EXPIRE_EVERY).await;
    }
}

async fn retain(app: Arc<App>) {
    loop {
        // Not in a query's place: days that several namespaces share are written again, which takes a while.
        let engine = Arc::clone(app.engine());
        match tokio::task::spawn_blocking(move || engine.retain()).await {
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
