//! Ingest over HTTP: NDJSON bodies on several connections; each is answered when its runs are on disk.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, ensure};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::http::Connection;
use crate::server::{SECRET_ID, SECRET_KEY, Server, program};

/// The generated day. Fixed, so that results of different days can be compared.
const DAY: &str = "2026-07-01 00:00:00";

/// Its first moment, in Unix milliseconds.
pub(crate) const DAY_START_MS: i64 = 1_782_864_000_000;

/// Runs of one request.
const RUNS_PER_REQUEST: u64 = 5_000;

/// Connections that post at the same time.
const CONNECTIONS: usize = 4;

/// Bytes generated ahead of sending, so that generating is not part of the measurement.
const ROUND_BYTES: usize = 512 << 20;

/// Ingests `runs` generated runs. Only the time between sending and the last answer counts.
pub(crate) async fn measure(server: &Server, runs: u64, seed: u64) -> anyhow::Result<Value> {
    let mut generator = Command::new(program()?)
        .args(["sample", "--runs", &runs.to_string(), "--seed", &seed.to_string(), "--day", DAY])
        .stdout(Stdio::piped())
        .spawn()?;
    let mut lines = BufReader::with_capacity(1 << 20, generator.stdout.take().context("no output")?);
    let (mut seconds, mut bytes, mut accepted) = (0.0, 0, 0);
    loop {
        let bodies = round(&mut lines)?;
        if bodies.is_empty() {
            break;
        }
        bytes += bodies.iter().map(Vec::len).sum::<usize>();
        let started = Instant::now();
        accepted += post_all(server, bodies).await?;
        seconds += started.elapsed().as_secs_f64();
    }
    ensure!(generator.wait()?.success() && accepted == runs, "{accepted} of {runs} runs were accepted");
    Ok(json!({
        "runs": runs,
        "json_bytes": bytes,
        "seconds": seconds,
        "runs_per_s": runs as f64 / seconds,
        "mb_per_s": bytes as f64 / 1e6 / seconds,
        "connections": CONNECTIONS,
        "runs_per_request": RUNS_PER_REQUEST,
    }))
}

/// The next bodies, until there are enough bytes for one round.
fn round(lines: &mut impl BufRead) -> anyhow::Result<Vec<Vec<u8>>> {
    let (mut bodies, mut bytes) = (Vec::new(), 0);
    while bytes < ROUND_BYTES {
        let mut body = Vec::new();
        for _ in 0..RUNS_PER_REQUEST {
            lines.read_until(b'\n', &mut body)?;
        }
        if body.is_empty() {
            break;
        }
        bytes += body.len();
        bodies.push(body);
    }
    Ok(bodies)
}

/// Posts bodies on several connections; says how many runs were accepted.
pub(crate) async fn post_all(server: &Server, bodies: Vec<Vec<u8>>) -> anyhow::Result<u64> {
    let credentials = STANDARD.encode(format!("{SECRET_ID}:{SECRET_KEY}"));
    let host = server.address.to_string();
    let shares = (0..CONNECTIONS).map(|first| bodies.iter().skip(first).step_by(CONNECTIONS));
    let mut accepted = 0;
    let (credentials, host) = (&credentials, &host);
    let posts = shares.map(|share| async move {
        let mut connection = Connection::open(server.address).await?;
        let mut accepted = 0;
        for body in share {
            let head = format!(
                "POST /api/v1/runs HTTP/1.1\r\nHost: {host}\r\nAuthorization: Basic {credentials}\r\n\
                 Content-Length: {}\r\n\r\n",
                body.len()
            );
            connection.write(head.as_bytes()).await?;
            let answer: Value = serde_json::from_slice(connection.send(body).await?)?;
            accepted += answer["accepted"].as_u64().context("no count")?;
        }
        anyhow::Ok(accepted)
    });
    for result in join_all(posts).await {
        accepted += result?;
    }
    Ok(accepted)
}
