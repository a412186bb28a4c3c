//! One connection: tell TLS from plain text by its first byte, then serve HTTP/1.1 on it, or HTTP/2 where it is gRPC.

use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::graceful::Watcher;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;

use super::api::{self, otlp};
use super::app::App;
use super::paced::{Paced, Patience};
use super::peer::Connection;
use super::slots::Full;
use super::{respond, tls};

/// Calls that one gRPC connection may make at a time.
const GRPC_STREAMS_MAX: u32 = 64;

/// What is spoken on a listener.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Protocol {
    /// Everything but gRPC.
    Api,
    /// OpenTelemetry logs over HTTP.
    OtlpHttp,
    /// OpenTelemetry logs over gRPC.
    OtlpGrpc,
}

/// Serves a connection until it closes. Its errors are the client's: they go to the debug log. If there is no place for
/// it, it is `full`, and gets one short answer.
///
/// A client that has not said a word by the time the server stops, when `stopping` closes, is not waited for.
pub(super) async fn serve(
    app: Arc<App>,
    tls: Option<TlsAcceptor>,
    stream: TcpStream,
    watcher: Watcher,
    mut stopping: watch::Receiver<()>,
    (protocol, full): (Protocol, Option<Full>),
) {
    // There is nothing short to answer over gRPC; its senders connect again by themselves.
    if full.is_some() && protocol == Protocol::OtlpGrpc {
        return;
    }
    let first = tokio::select! {
        first = tokio::time::timeout(app.settings.client_timeout(), first_byte(&stream)) => first,
        _ = stopping.changed() => return,
    };
    // A connection that is closed already has no peer; nothing will be read from it.
    let peer = stream.peer_addr().map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.ip());
    let connection = |is_tls| Connection { peer, is_tls };
    match (first, tls) {
        (Ok(Some(tls::FIRST_BYTE)), Some(acceptor)) => {
            match tokio::time::timeout(app.settings.client_timeout(), acceptor.accept(stream)).await {
                Ok(Ok(stream)) => http(app, stream, watcher, (protocol, full), connection(true)).await,
                Ok(Err(error)) => tracing::debug!(%error, "TLS handshake failed"),
                Err(_) => tracing::debug!("TLS handshake timed out"),
            }
        }
        // Without a certificate: closed at once, or a client that tries TLS waits for an answer until it times out.
        (Ok(Some(tls::FIRST_BYTE)), None) => tracing::debug!("TLS on a server without a certificate"),
        (Ok(Some(_)), _) => http(app, stream, watcher, (protocol, full), connection(false)).await,
        (Ok(None) | Err(_), _) => {}
    }
}

async fn first_byte(stream: &TcpStream) -> Option<u8> {
    let mut first = [0];
    let peeked = stream.peek(&mut first).await.ok()?;
    first.get(..peeked)?.first().copied()
}

async fn http(
    app: Arc<App>,
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    watcher: Watcher,
    (protocol, full): (Protocol, Option<Full>),
    connection: Connection,
) {
    if protocol == Protocol::OtlpGrpc {
        return grpc(app, stream, watcher).await;
    }
    let timeout = app.settings.client_timeout();
    let patience = Patience::default();
    let stream = Paced::new(stream, timeout, patience.clone());
    let service = service_fn(move |mut request: Request<Incoming>| {
        let (app, patience) = (Arc::clone(&app), patience.clone());
        request.extensions_mut().insert(connection);
        async move {
            let answer = match (protocol, full) {
                (Protocol::OtlpHttp, Some(full)) => respond::busy(full.message()),
                (Protocol::OtlpHttp, None) => otlp::http::route(&app, request).await,
                (Protocol::Api | Protocol::OtlpGrpc, Some(full)) => {
                    api::route_without_place(&app, &request, full).await
                }
                (Protocol::Api | Protocol::OtlpGrpc, None) => api::route(&app, request).await,
            };
            patience.set(respond::is_tail(&answer));
            Ok::<Response<_>, Infallible>(answer)
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(timeout)
        .keep_alive(full.is_none())
        .serve_connection(TokioIo::new(stream), service);
    if let Err(error) = watcher.watch(connection).await {
        tracing::debug!(%error, "connection closed early");
    }
}

async fn grpc(app: Arc<App>, stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, watcher: Watcher) {
    let timeout = app.settings.client_timeout();
    let service = service_fn(move |request: Request<Incoming>| {
        let app = Arc::clone(&app);
        async move { Ok::<Response<_>, Infallible>(otlp::grpc::route(&app, request).await) }
    });
    // Senders keep their connection, and are silent for as long as nothing is logged: they are asked whether they live.
    let connection = http2::Builder::new(TokioExecutor::new())
        .timer(TokioTimer::new())
        .max_concurrent_streams(GRPC_STREAMS_MAX)
        .keep_alive_interval(timeout)
        .keep_alive_timeout(timeout)
        .serve_connection(TokioIo::new(stream), service);
    if let Err(error) = watcher.watch(connection).await {
        tracing::debug!(%error, "gRPC connection closed early");
    }
}
