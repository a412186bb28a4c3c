//! The server: one listener, http and https on the same port, and a route for each thing it does; on request, one more
//! for each way that OpenTelemetry logs come in.
//!
//! The reactor never waits for a disk: every call of the engine runs on a blocking thread, and the number of those
//! that run at a time is bounded.

mod access;
mod answer_body;
mod answer_bytes;
mod answer_stream;
mod api;
mod app;
mod attempts;
mod auth;
mod background;
mod body;
mod budget;
mod caller;
pub mod cam;
pub mod clock;
mod connection;
mod encoder;
mod engine;
mod failed_requests;
pub mod files;
mod followers;
pub mod keys;
mod metrics;
mod option_value;
mod otlp;
pub mod outside;
mod paced;
mod peer;
mod rate;
mod replay;
mod respond;
mod retention;
mod sessions;
mod settings;
mod slots;
mod tls;
mod token;
mod unpack;
mod web;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use hyper_util::server::graceful::GracefulShutdown;
use runlog_core::Engine;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

use crate::keys::{Key, Keyring};
use app::App;
use connection::Protocol;
use slots::{EXTRA_TIME, Extra, Slots};

/// Writing runs as NDJSON, CSV or Parquet: what exports of the server and of the command line share.
pub mod export {
    pub use crate::api::native::encode::{Format, Lines};
    pub use crate::api::native::fields::{Selection, Style, names as field_names};
    pub use crate::api::native::walk::{Walk, freeze};
    pub use crate::encoder::Encoder;
}

pub use option_value::OptionValue;
pub use retention::{Keep, NamespaceRules};
pub use settings::{Effective, LogFormat, LogLevel, Names, OPTIONS, OptionRow, RootKey, Settings};
pub use token::Token;

/// A server that listens.
pub struct Server {
    /// Where it listens; the port is known even when port 0 was asked for.
    pub address: SocketAddr,
    /// Whether https is served too.
    pub has_tls: bool,
    /// The root key, when this start has made one.
    pub made_root: Option<Key>,
    app: Arc<App>,
    listener: TcpListener,
    otlp_grpc: Option<TcpListener>,
    otlp_http: Option<TcpListener>,
    tls: Option<TlsAcceptor>,
}

impl Server {
    /// Binds the listener and opens the keys; nothing is served before [`Server::run`].
    pub async fn bind(settings: Settings, engine: Arc<dyn Engine>) -> anyhow::Result<Self> {
        let (keyring, made_root) = Keyring::open(&settings.data, settings.root_key.as_ref())?;
        let tls = tls::acceptor(&settings)?;
        let listener = listen(settings.listen).await?;
        let otlp_grpc = listen_if(settings.otlp_grpc).await?;
        let otlp_http = listen_if(settings.otlp_http).await?;
        let address = listener.local_addr()?;
        let app = Arc::new(App::new(settings, engine, keyring));
        Ok(Self { address, has_tls: tls.is_some(), made_root, app, listener, otlp_grpc, otlp_http, tls })
    }

    /// Also listens where OpenTelemetry's exporters look by themselves, on ports that are free and for which no option
    /// names another.
    pub async fn take_usual_otlp_ports(&mut self) {
        for (listener, port) in [(&mut self.otlp_grpc, 4317), (&mut self.otlp_http, 4318)] {
            if listener.is_none() {
                // Taken, most likely by a collector: then the main listener is left, which takes them too.
                *listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.ok();
            }
        }
    }

    /// Where OpenTelemetry logs are taken besides, each with the name of its protocol.
    pub fn otlp_addresses(&self) -> Vec<(&'static str, SocketAddr)> {
        let named = [("gRPC", &self.otlp_grpc), ("HTTP", &self.otlp_http)];
        named.into_iter().filter_map(|(name, listener)| Some((name, listener.as_ref()?.local_addr().ok()?))).collect()
    }

    /// Serves until `stop` completes; then lets open requests finish.
    pub async fn run(self, stop: impl Future<Output = ()>) {
        // Before any line comes in, or it would begin a run that goes on already.
        background::resume_otlp(&self.app).await;
        let background = background::spawn(&self.app);
        let tls_http2 = self.tls.as_ref().map(tls::for_http2);
        let settings = &self.app.settings;
        let slots = Slots::new(settings.max_connections, settings.connections_per_address());
        let mut extra = Extra::new(settings.max_connections);
        let graceful = GracefulShutdown::new();
        // Dropped when the server stops, which those who still wait for a first byte notice.
        let (serving, stopping) = watch::channel(());
        let mut stop = std::pin::pin!(stop);
        loop {
            let (protocol, accepted) = tokio::select! {
                () = &mut stop => break,
                accepted = self.listener.accept() => (Protocol::Api, accepted),
                accepted = accept(self.otlp_http.as_ref()) => (Protocol::OtlpHttp, accepted),
                accepted = accept(self.otlp_grpc.as_ref()) => (Protocol::OtlpGrpc, accepted),
            };
            let (stream, from) = match accepted {
                Ok((stream, from)) => (stream, from.ip()),
                Err(error) => {
                    // Out of file handles, most likely: wait for some to be closed.
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    continue;
                }
            };
            let tls = if protocol == Protocol::OtlpGrpc { tls_http2.clone() } else { self.tls.clone() };
            let (app, watcher) = (Arc::clone(&self.app), graceful.watcher());
            let (full, slot) = match slots.take(from) {
                Ok(slot) => (None, Some(slot)),
                Err(full) => (Some(full), None),
            };
            let served = connection::serve(app, tls, prepared(stream), watcher, stopping.clone(), (protocol, full));
            if slot.is_none() {
                let served = tokio::spawn(tokio::time::timeout(EXTRA_TIME, served));
                extra.add(served.abort_handle());
                continue;
            }
            tokio::spawn(async move {
                served.await;
                drop(slot);
            });
        }
        extra.close();
        drop((self.listener, self.otlp_grpc, self.otlp_http));
        drop(serving);
        self.app.stop();
        let grace = Duration::from_secs(self.app.settings.shutdown_grace.into());
        if tokio::time::timeout(grace, graceful.shutdown()).await.is_err() {
            tracing::warn!(seconds = grace.as_secs(), "some requests did not finish in time and were cut off");
        }
        background.iter().for_each(JoinHandle::abort);
    }
}

async fn listen(address: SocketAddr) -> anyhow::Result<TcpListener> {
    let bound = TcpListener::bind(address).await;
    bound.with_context(|| format!("cannot listen on {address}; is another server running there?"))
}

async fn listen_if(address: Option<SocketAddr>) -> anyhow::Result<Option<TcpListener>> {
    match address {
        Some(address) => listen(address).await.map(Some),
        None => Ok(None),
    }
}

/// The next connection of a listener; never one where there is none.
async fn accept(listener: Option<&TcpListener>) -> io::Result<(TcpStream, SocketAddr)> {
    match listener {
        Some(listener) => listener.accept().await,
        None => std::future::pending().await,
    }
}

fn prepared(stream: TcpStream) -> TcpStream {
    // Answers are written whole, so waiting for more to send only adds delay. Failing to say so costs nothing else.
    let _ = stream.set_nodelay(true);
    stream
}
