//! The server: one listener, http and https on the same port, and a route for each thing it does.
//!
//! The reactor never waits for a disk: every call of the engine runs on a blocking thread, and the number of those
//! that run at a time is bounded.

mod api;
mod app;
mod auth;
mod body;
mod chores;
mod connection;
mod followers;
mod metrics;
mod outgoing;
mod rate;
mod replay;
mod respond;
mod tls;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

use crate::backend::Backend;
use crate::config::Settings;
use crate::keys::{Key, Keyring};
use app::App;

/// A server that listens.
pub(crate) struct Server {
    /// Where it listens; the port is known even when port 0 was asked for.
    pub(crate) address: SocketAddr,
    /// Whether https is served too.
    pub(crate) has_tls: bool,
    /// The root key, when this start has made one.
    pub(crate) made_root: Option<Key>,
    app: Arc<App>,
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
}

impl Server {
    /// Binds the listener and opens the keys; nothing is served before [`Server::run`].
    pub(crate) async fn bind(settings: Settings, backend: Arc<dyn Backend>) -> anyhow::Result<Self> {
        let (keyring, made_root) = Keyring::open(&settings.data, settings.root_key.as_ref())?;
        let tls = tls::acceptor(&settings)?;
        let listener = TcpListener::bind(settings.listen)
            .await
            .with_context(|| format!("cannot listen on {}; is another server running there?", settings.listen))?;
        let address = listener.local_addr()?;
        let app = Arc::new(App::new(settings, backend, keyring));
        Ok(Self { address, has_tls: tls.is_some(), made_root, app, listener, tls })
    }

    /// Serves until `stop` completes; then lets open requests finish.
    pub(crate) async fn run(self, stop: impl Future<Output = ()>) {
        let chores = chores::spawn(&self.app);
        let slots = Arc::new(Semaphore::new(self.app.settings.max_connections as usize));
        let graceful = GracefulShutdown::new();
        // Dropped when the server stops, which those who still wait for a first byte notice.
        let (serving, stopping) = watch::channel(());
        let mut stop = std::pin::pin!(stop);
        loop {
            let accepted = async {
                let slot = Arc::clone(&slots).acquire_owned().await;
                (slot, self.listener.accept().await)
            };
            let (slot, accepted) = tokio::select! {
                () = &mut stop => break,
                accepted = accepted => accepted,
            };
            let stream = match accepted {
                Ok((stream, _)) => stream,
                Err(error) => {
                    // Out of file handles, most likely: wait for some to be closed.
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    continue;
                }
            };
            let (app, tls, watcher) = (Arc::clone(&self.app), self.tls.clone(), graceful.watcher());
            let served = connection::serve(app, tls, prepared(stream), watcher, stopping.clone());
            tokio::spawn(async move {
                served.await;
                drop(slot);
            });
        }
        drop(self.listener);
        drop(serving);
        self.app.stop();
        let grace = Duration::from_secs(self.app.settings.shutdown_grace.into());
        if tokio::time::timeout(grace, graceful.shutdown()).await.is_err() {
            tracing::warn!(seconds = grace.as_secs(), "some requests did not finish in time and were cut off");
        }
        chores.iter().for_each(JoinHandle::abort);
    }
}

fn prepared(stream: TcpStream) -> TcpStream {
    // Answers are written whole, so waiting for more to send only adds delay. Failing to say so costs nothing else.
    let _ = stream.set_nodelay(true);
    stream
}
