//! Latency of single queries by shape: signed, over HTTP, one client, after a restart.

use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use serde_json::{Value, json};

use crate::http::{Connection, signed_query};
use crate::server::Server;

/// Times each shape is asked, after a tenth as many to warm up, unless its time is up before.
const REPEATS: usize = 200;

/// The most time for one shape.
const TIME_MAX: Duration = Duration::from_secs(4);

/// The day's window in the server's zone (UTC+8): a day exactly.
const WINDOW: [(&str, &str); 2] = [("StartTime", "2026-07-01 08:00:00"), ("EndTime", "2026-07-02 08:00:00")];

/// Measures every shape.
pub(crate) async fn measure(server: &Server) -> anyhow::Result<Vec<Value>> {
    let mut connection = Connection::open(server.address).await?;
    let host = server.address.to_string();
    let mut results = Vec::new();
    for (name, parameters) in shapes(&mut connection, &host).await? {
        let total =
            ask(&mut connection, &host, parameters.clone()).await?["TotalCount"].as_u64().context("no total")?;
        let mut micros = Vec::with_capacity(REPEATS);
        let began = Instant::now();
        for repeat in 0..REPEATS + REPEATS / 10 {
            // Signed outside the measured time: clients sign on their own machines.
            let request = signed_query(&host, &parameters)?;
            let started = Instant::now();
            connection.send(&request).await?;
            let is_late = began.elapsed() > TIME_MAX;
            if repeat >= REPEATS / 10 || is_late {
                micros.push(started.elapsed().as_micros() as u64);
            }
            if is_late {
                break;
            }
        }
        micros.sort_unstable();
        let at = |share: f64| micros[((micros.len() - 1) as f64 * share) as usize];
        results
            .push(json!({ "shape": name, "total": total, "p50_us": at(0.5), "p99_us": at(0.99), "max_us": at(1.0) }));
    }
    Ok(results)
}

/// The query shapes, with names and ids that the data has.
async fn shapes(connection: &mut Connection, host: &str) -> anyhow::Result<Vec<(&'static str, Value)>> {
    let sample = ask(connection, host, query(&[("Limit", json!(10_000))])).await?;
    let rows = sample["Data"].as_array().context("no rows")?;
    let mut by_function = std::collections::BTreeMap::<&str, usize>::new();
    for row in rows {
        *by_function.entry(row["FunctionName"].as_str().context("no name")?).or_default() += 1;
    }
    let most = by_function.iter().max_by_key(|(_, count)| **count).context("no function")?.0;
    let fewest = by_function.iter().min_by_key(|(_, count)| **count).context("no function")?.0;
    let id = rows[rows.len() / 2]["RequestId"].as_str().context("no id")?;
    let failed = json!({ "RetCode": "not0" });
    let of = |name: &str| ("FunctionName", json!(name));
    let keyword = |word: &str| ("SearchContext", json!({ "Offset": "", "Limit": 20, "Keyword": word }));
    let by = |key: &str| ("OrderBy", json!(key));
    Ok(vec![
        ("newest of all", query(&[])),
        ("newest of the top function", query(&[of(most)])),
        ("newest of a rare function", query(&[of(fewest)])),
        ("failed, newest", query(&[("Filter", failed.clone())])),
        ("failed of the top function", query(&[of(most), ("Filter", failed)])),
        ("slowest of all", query(&[by("duration")])),
        ("slowest of the top function", query(&[by("duration"), of(most)])),
        ("most memory of all", query(&[by("mem_usage")])),
        ("by function name", query(&[by("function_name")])),
        ("newest at offset 9,900", query(&[("Offset", json!(9900))])),
        ("slowest at offset 9,900", query(&[by("duration"), ("Offset", json!(9900))])),
        ("total alone", query(&[("Limit", json!(0))])),
        ("one request id, a day", query(&[("FunctionRequestId", json!(id))])),
        ("one request id, no window", json!({ "FunctionRequestId": id })),
        ("rare word", query(&[keyword("orders.py\", line 4321")])),
        ("common word", query(&[keyword("cache hit ratio")])),
    ])
}

fn query(parameters: &[(&str, Value)]) -> Value {
    let window = WINDOW.map(|(name, time)| (name, json!(time)));
    let defaults = [("Limit", json!(20)), ("Namespace", json!("default"))];
    window
        .into_iter()
        .chain(defaults)
        .chain(parameters.iter().cloned())
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

async fn ask(connection: &mut Connection, host: &str, parameters: Value) -> anyhow::Result<Value> {
    let request = signed_query(host, &parameters)?;
    response(connection.send(&request).await?)
}

fn response(body: &[u8]) -> anyhow::Result<Value> {
    let mut answer: Value = serde_json::from_slice(body)?;
    let response = answer["Response"].take();
    if response["Error"].is_null() { Ok(response) } else { bail!("{}", response["Error"]) }
}
