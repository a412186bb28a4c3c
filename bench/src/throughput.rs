//! Signed 20-row queries a second on several connections, beside a bare hyper server under the same load.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::hello;
use crate::http::{Connection, signed_query};
use crate::server::Server;

/// Connections that ask at the same time.
const CONNECTIONS: usize = 16;

/// Different requests that are signed ahead and sent in turn.
const REQUESTS: usize = 512;

/// Measures both, one after the other and again, and keeps the better of each.
pub(crate) async fn measure(server: &Server, seconds: u64) -> anyhow::Result<Value> {
    let duration = Duration::from_secs(seconds);
    let host = server.address.to_string();
    let answer_bytes = Connection::open(server.address).await?.send(&requests(&host)?[0]).await?.len();
    let hello = hello::start(answer_bytes)?;
    let (mut ours, mut bare) = (0.0f64, 0.0f64);
    for _ in 0..2 {
        ours = ours.max(load(server.address, &requests(&host)?, duration).await?);
        bare = bare.max(load(hello, &requests(&hello.to_string())?, duration).await?);
    }
    Ok(json!({
        "connections": CONNECTIONS,
        "answer_bytes": answer_bytes,
        "signed_queries_per_s": ours,
        "bare_hyper_requests_per_s": bare,
        "ratio": ours / bare,
    }))
}

/// Signed queries for 20 rows, each at another offset.
fn requests(host: &str) -> anyhow::Result<Vec<Vec<u8>>> {
    let query = |offset: usize| {
        json!({
            "StartTime": "2026-07-01 08:00:00", "EndTime": "2026-07-02 08:00:00", "Limit": 20, "Offset": offset * 2,
        })
    };
    (0..REQUESTS).map(|offset| signed_query(host, &query(offset))).collect()
}

async fn load(address: SocketAddr, requests: &[Vec<u8>], duration: Duration) -> anyhow::Result<f64> {
    let started = Instant::now();
    let clients = (0..CONNECTIONS).map(|client| async move {
        let mut connection = Connection::open(address).await?;
        let mut answered = 0u64;
        for request in requests.iter().cycle().skip(client * REQUESTS / CONNECTIONS) {
            if started.elapsed() >= duration {
                break;
            }
            connection.send(request).await?;
            answered += 1;
        }
        anyhow::Ok(answered)
    });
    let mut answered = 0;
    for client in join_all(clients).await {
        answered += client?;
    }
    Ok(answered as f64 / started.elapsed().as_secs_f64())
}
