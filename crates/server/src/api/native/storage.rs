//! `GET /api/v1/storage`: what is stored, and what the disk has left.

use std::sync::Arc;

use hyper::StatusCode;
use hyper::http::request::Parts;
use runlog_core::{Query, Scope, Zone};
use schemars::JsonSchema;
use serde::Serialize;

use super::answers::{Cost, Watermark};
use super::asked::Asked;
use super::failure::Failure;
use super::queries;
use crate::files;
use crate::respond::{self, Answer, Packed};
use crate::settings::Settings;

/// What is stored.
#[derive(Serialize, JsonSchema)]
pub(crate) struct StorageAnswer {
    /// The finished runs of the key's account, by day and namespace.
    days: Vec<Day>,
    /// Segments of the whole server.
    segments: u64,
    /// Bytes on disk, of the whole server.
    disk_bytes: u64,
    /// Bytes that the disk has left for the server; `null` if the system does not say.
    disk_free_bytes: Option<u64>,
    /// Runs in flight, of the whole server.
    in_flight: u64,
    /// Files that could not be read and were set aside.
    set_aside: Vec<SetAside>,
    /// Whether runs are accepted.
    writable: bool,
    /// The options that remove runs, as an options file has them; `null` if everything is kept.
    retention: Option<String>,
    watermark: Watermark,
    cost: Cost,
}

/// The finished runs of one day and namespace.
#[derive(Serialize, JsonSchema)]
struct Day {
    /// The day in UTC, such as `2026-07-01`.
    day: String,
    namespace: String,
    runs: u64,
    /// Their share of the bytes of the files that they are in; an estimate.
    bytes: u64,
}

/// A file that could not be read.
#[derive(Serialize, JsonSchema)]
struct SetAside {
    /// Where it was in the data folder.
    file: String,
    reason: String,
}

pub(super) async fn answer(asked: Asked, request: &Parts) -> Result<Answer, Failure> {
    asked.caller.may_see_storage().map_err(Failure::Denied)?;
    let app = Arc::clone(&asked.app);
    let takes_gzip = respond::takes(&request.headers, "gzip");
    let packed = app.engine.ask(move |engine| {
        let stored = engine.stored(asked.account())?;
        let (gauges, health) = (engine.gauges(), engine.health());
        let found = engine.query(&Query { limit: 0, ..Query::new(Scope::account(asked.account())) })?;
        let day = |stored: runlog_core::Stored| Day {
            day: Zone::UTC.format(stored.day_ms).chars().take_while(|char| *char != ' ').collect(),
            namespace: stored.namespace,
            runs: stored.runs,
            bytes: stored.bytes,
        };
        let set_aside = |text: &String| {
            let (file, reason) = text.split_once(": ").unwrap_or((text, ""));
            SetAside { file: file.to_owned(), reason: reason.to_owned() }
        };
        let storage = StorageAnswer {
            days: stored.into_iter().map(day).collect(),
            segments: gauges.segments,
            disk_bytes: gauges.disk_bytes,
            disk_free_bytes: files::free_bytes(&asked.app.settings.data),
            in_flight: gauges.in_flight,
            set_aside: health.set_aside.iter().map(set_aside).collect(),
            writable: health.poisoned.is_none(),
            retention: retention(&asked.app.settings),
            watermark: Watermark::of(&found),
            cost: Cost::of(&found),
        };
        Ok::<_, Failure>(Packed::new(queries::json(&storage), takes_gzip))
    });
    Ok(respond::packed(StatusCode::OK, packed.await?))
}

/// The options that remove runs.
fn retention(settings: &Settings) -> Option<String> {
    let days = (settings.retention_days > 0).then(|| format!("retention_days = {}", settings.retention_days));
    let bytes = (settings.retention_bytes > 0).then(|| format!("retention_bytes = {}", settings.retention_bytes));
    let rules = settings.retention.to_string();
    let rules = (!rules.is_empty()).then(|| format!("retention = \"{rules}\""));
    let set: Vec<String> = [days, bytes, rules].into_iter().flatten().collect();
    (!set.is_empty()).then(|| set.join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_removes_runs_is_said_as_options_have_it() {
        let text = |given: &[(&str, &str)]| retention(&Settings::with(given).unwrap());
        assert_eq!(text(&[]), None);
        assert_eq!(text(&[("retention_days", "30")]).as_deref(), Some("retention_days = 30"));
        let all = [("retention_days", "30"), ("retention_bytes", "5"), ("retention", "b=7d+10GB,a=forever")];
        assert_eq!(
            text(&all).as_deref(),
            Some("retention_days = 30; retention_bytes = 5; retention = \"a=forever,b=7d+10GB\"")
        );
    }
}
