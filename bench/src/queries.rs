//! Latency of single queries: signed, over HTTP, with one client, after a restart.

use std::time::Instant;

use anyhow::{Context, bail, ensure};
use serde_json::Value;

use crate::engine::Question;
use crate::http::{Connection, signed_query};
use crate::latency::Latencies;
use crate::server::Server;

/// Measures every query, and checks that the server answers as the engine does.
pub(crate) async fn measure(server: &Server, questions: &[Question]) -> anyhow::Result<Vec<Value>> {
    let mut connection = Connection::open(server.address).await?;
    let host = server.address.to_string();
    let mut results = Vec::new();
    for question in questions {
        let (name, parameters) = (question.shape.name, question.shape.parameters());
        let answer = response(connection.send(&signed_query(&host, &parameters)?).await?)?;
        ensure!(is_same(&answer, question)?, "{name}: over HTTP another answer than in process");
        let mut latencies = Latencies::start();
        loop {
            // Signed outside the measured time: clients sign on their own machines.
            let request = signed_query(&host, &parameters)?;
            let started = Instant::now();
            connection.send(&request).await?;
            if !latencies.add(started.elapsed()) {
                break;
            }
        }
        results.push(latencies.summary(name, question.total));
    }
    Ok(results)
}

fn is_same(answer: &Value, question: &Question) -> anyhow::Result<bool> {
    let rows = answer["Data"].as_array().context("no rows")?;
    let ids = rows.iter().map(|row| &row["RequestId"]);
    Ok(answer["TotalCount"] == question.total && ids.eq(question.rows.iter().map(|row| &row[0])))
}

fn response(body: &[u8]) -> anyhow::Result<Value> {
    let mut answer: Value = serde_json::from_slice(body)?;
    let response = answer["Response"].take();
    if response["Error"].is_null() { Ok(response) } else { bail!("{}", response["Error"]) }
}
