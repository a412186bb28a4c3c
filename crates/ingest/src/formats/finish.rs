//! The last step of every format: what a run does not say comes from the hints, its request id from its content.

use runlog_core::{DraftStart, RunDraft};
use runlog_core::{RET_INTERRUPTED, RET_RUNNING, limits};
use xxhash_rust::xxh3::xxh3_128;

use super::content::content;
use super::item::refused;
use super::{Found, Hints, Untimed};
use crate::Refused;

/// The longest run, in milliseconds. JSON could not say how long an endless one is.
const DURATION_MAX_MS: f64 = (limits::NUMBER_MAX / 1000) as f64;

/// Completes the runs of one file.
#[derive(Debug)]
pub(super) struct Finish {
    hints: Hints,
}

impl Finish {
    pub(super) fn new(hints: Hints) -> Self {
        Self { hints }
    }

    pub(super) fn hints(&self) -> &Hints {
        &self.hints
    }

    /// The return code of a run whose end is not in the file. `was_cut`: it cannot come any more.
    pub(super) fn unfinished(&self, was_cut: bool) -> i32 {
        if was_cut || self.hints.close_unfinished { RET_INTERRUPTED } else { RET_RUNNING }
    }

    /// Completes a run that was found on this line or row.
    pub(super) fn run(&mut self, line: u64, mut run: RunDraft) -> Result<Found, Refused> {
        if run.request_id.as_deref().is_none_or(str::is_empty) {
            run.request_id = Some(derived_id(&run, line));
        }
        let duration_ms = run.duration.unwrap_or_default();
        if !(0.0..=DURATION_MAX_MS).contains(&duration_ms) {
            let message = format!("Duration is {duration_ms}; it takes milliseconds from 0 to {DURATION_MAX_MS}");
            return Err(refused(line, "Malformed", message));
        }
        let hints = &self.hints;
        let or =
            |own: Option<String>, hint: &Option<String>| own.filter(|own| !own.is_empty()).or_else(|| hint.clone());
        run.namespace = or(run.namespace.take(), &hints.namespace);
        run.qualifier = or(run.qualifier.take(), &hints.qualifier);
        if run.function_name.is_empty() {
            match &hints.function {
                Some(function) => run.function_name.clone_from(function),
                None => {
                    return Err(refused(line, "NoFunction", "the file does not name the function; give --function"));
                }
            }
        }
        if run.start_time.is_none() {
            let Some(start_ms) = self.untimed(duration_ms.ceil() as i64) else {
                let message =
                    "the run has no time; give --start \"2026-07-01 08:00:00\", or one run per line with StartTime";
                return Err(refused(line, "NoStart", message));
            };
            run.start_time = Some(DraftStart::UnixMs(start_ms));
        }
        Ok(Found { line, run })
    }

    fn untimed(&mut self, duration_ms: i64) -> Option<i64> {
        match &mut self.hints.untimed {
            Untimed::StartsAt(next_ms) => {
                let start_ms = *next_ms;
                *next_ms = next_ms.saturating_add(duration_ms);
                Some(start_ms)
            }
            Untimed::EndedAt(end_ms) => Some(end_ms.saturating_sub(duration_ms)),
            Untimed::Refused => None,
        }
    }
}

/// The id of a run whose file gives none: a hash of its content and its position, so that the same file gives the same
/// ids again, even renamed or compressed.
fn derived_id(run: &RunDraft, line: u64) -> String {
    let mut content = content(run);
    content.extend_from_slice(&line.to_le_bytes());
    let hash = xxh3_128(&content);
    // A UUID of version 8: one's own scheme.
    let id = (hash & !(0xF << 76) | 0x8 << 76) & !(0x3 << 62) | 0x2 << 62;
    uuid::Uuid::from_u128(id).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::tests::hints;

    fn run(log: &str) -> RunDraft {
        RunDraft { function_name: "f".into(), log: Some(log.into()), duration: Some(10.5), ..RunDraft::default() }
    }

    #[test]
    fn an_id_follows_from_content_and_place() {
        let id = |log, line| derived_id(&run(log), line);
        assert_eq!(id("a", 1), id("a", 1));
        assert_ne!(id("a", 1), id("a", 2));
        assert_ne!(id("a", 1), id("b", 1));
        let id = uuid::Uuid::parse_str(&id("a", 1)).unwrap();
        assert_eq!((id.get_version_num(), id.get_variant()), (8, uuid::Variant::RFC4122));
    }

    #[test]
    fn runs_without_a_time_are_laid_end_to_end_or_end_with_the_file() {
        let starts = |untimed| {
            let mut finish = Finish::new(Hints { untimed, ..hints() });
            [1, 2].map(|line| finish.run(line, run("")).map(|found| found.run.start_time.unwrap()))
        };
        assert_eq!(starts(Untimed::StartsAt(100)), [100, 111].map(|ms| Ok(DraftStart::UnixMs(ms))));
        assert_eq!(starts(Untimed::EndedAt(100)), [89, 89].map(|ms| Ok(DraftStart::UnixMs(ms))));
        assert!(starts(Untimed::Refused).iter().all(|start| start.as_ref().unwrap_err().code == "NoStart"));
    }
}
