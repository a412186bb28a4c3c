//! Signed queries per second on several connections: pages of the newest runs, compared with a bare hyper server under
//! the same load, and the everyday queries mixed.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::engine::Question;
use crate::hello;
use crate::http::{Connection, signed_query};
use crate::server::Server;

/// Connections that request pages at the same time.
const CONNECTIONS: usize = 16;

/// Connections that send mixed queries at the same time: as many as the peers have clients.
const MIXED_CONNECTIONS: usize = 4;

/// Number of different requests, which are signed in advance and sent in turn.
const REQUESTS: usize = 512;

/// Measures both in turn, twice, and keeps the better result of each.
pub(crate) async fn measure(server: &Server, seconds: u64) -> anyhow::Result<Value> {
    let duration = Duration::from_secs(seconds);
    let host = server.address.to_string();
    let answer_bytes = Connection::open(server.address).await?.send(&requests(&host)?[0]).await?.len();
    let hello = hello::start(answer_bytes)?;
    let (mut ours, mut bare) = (0.0f64, 0.0f64);
    for _ in 0..2 {
        ours = ours.max(load(server.address, &requests(&host)?, CONNECTIONS, duration).await?);
        bare = bare.max(load(hello, &requests(&hello.to_string())?, CONNECTIONS, duration).await?);
    }
    Ok(json!({
        "connections": CONNECTIONS,
        "answer_bytes": answer_bytes,
        "signed_queries_per_s": ours,
        "bare_hyper_requests_per_s": bare,
        "ratio": ours / bare,
    }))
}

/// Measures the everyday queries, mixed.
pub(crate) async fn measure_mixed(server: &Server, questions: &[Question], seconds: u64) -> anyhow::Result<Value> {
    let host = server.address.to_string();
    let everyday = questions.iter().filter(|question| question.shape.is_everyday());
    let requests: Vec<_> =
        everyday.map(|question| signed_query(&host, &question.shape.parameters())).collect::<Result<_, _>>()?;
    let rate = load(server.address, &requests, MIXED_CONNECTIONS, Duration::from_secs(seconds)).await?;
    Ok(json!({ "clients": MIXED_CONNECTIONS, "queries_per_s": rate }))
}

/// Signed queries for one of the first ten pages of 20 rows, as clients send them when they turn pages.
fn requests(host: &str) -> anyhow::Result<Vec<Vec<u8>>> {
    let query = |page: usize| {
        json!({
            "StartTime": "2026-07-01 08:00:00", "EndTime": "2026-07-02 08:00:00", "Limit": 20, "Offset": page * 20,
        })
    };
    (0..REQUESTS).map(|number| signed_query(host, &query(number % 10))).collect()
}

/// Requests per second of `connections` clients, each starting at another position of the list.
async fn load(
    address: SocketAddr,
    requests: &[Vec<u8>],
    connections: usize,
    duration: Duration,
) -> anyhow::Result<f64> {
    let started = Instant::now();
    let clients = (0..connections).map(|client| async move {
        let mut connection = Connection::open(address).await?;
        let mut answered = 0u64;
        for request in requests.iter().cycle().skip(client * requests.len() / connections) {
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
