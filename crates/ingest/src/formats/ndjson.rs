//! NDJSON: one run a line, in the words of `POST /api/v1/runs`.

use super::Hints;
use super::finish::Finish;
use super::item::refused;
use super::lines::{LineParser, Out};
use crate::record::Record;

pub(super) struct Ndjson {
    finish: Finish,
}

impl Ndjson {
    pub(super) fn new(hints: Hints) -> Self {
        Self { finish: Finish::new(hints) }
    }
}

impl LineParser for Ndjson {
    fn line(&mut self, number: u64, text: &str, out: &mut Out) {
        if text.trim_ascii().is_empty() {
            return;
        }
        let zone = self.finish.hints().zone;
        let run = serde_json::from_str::<Record<'_>>(text)
            .map_err(|error| format!("not a run as one JSON object: {error}"))
            .and_then(|record| record.into_draft(zone));
        out.push_back(match run {
            Ok(run) => self.finish.run(number, run),
            Err(message) => Err(refused(number, "Malformed", message)),
        });
    }

    fn end(&mut self, _: &mut Out) {}
}
