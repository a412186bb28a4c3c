//! Reports of runs on their way to the store, a bounded number of bytes at a time.

use runlog_core::{Engine, EngineError};
use runlog_core::{Identity, Outcome, Refusal, Run};

use super::gathered::{Added, Finish, LINES_MAX_BYTES};
use super::open_runs::{OpenRuns, State, has_finished};
use super::taken::Taken;

/// Bytes of texts, and reports, that are offered to the store at once.
const OFFER_BYTES: usize = 32 << 20;
const OFFER_RUNS: usize = 1_000;

/// Reports that are not stored yet, of runs whose locks are held.
///
/// What is in memory of a run counts only once its report is stored. Where that fails, it is forgotten, and read from
/// the store when it is needed.
pub(super) struct Pending<'a, 's> {
    pub(super) engine: &'a dyn Engine,
    pub(super) taken: &'a mut Taken,
    runs: &'a OpenRuns,
    items: Vec<Item<'s>>,
    reports: Vec<Run>,
    bytes: usize,
}

struct Item<'s> {
    identity: Identity,
    state: &'s mut State,
    added: Added,
}

impl<'a, 's> Pending<'a, 's> {
    pub(super) fn new(runs: &'a OpenRuns, engine: &'a dyn Engine, taken: &'a mut Taken) -> Self {
        Self { engine, taken, runs, items: Vec::new(), reports: Vec::new(), bytes: 0 }
    }

    /// Takes the news of a run.
    pub(super) fn push(&mut self, identity: Identity, added: Added, state: &'s mut State) -> Result<(), EngineError> {
        let Some(run) = &state.run else { return Ok(()) };
        let report = added.finish.map_or_else(|| run.running(), |finish| run.finished(finish));
        self.bytes += report.log.len() + report.ret_msg.len();
        self.reports.push(report);
        self.items.push(Item { identity, state, added });
        if self.bytes >= OFFER_BYTES || self.items.len() >= OFFER_RUNS { self.offer() } else { Ok(()) }
    }

    /// Takes the finish of a run that has gone silent.
    pub(super) fn push_idle(&mut self, identity: Identity, state: &'s mut State) -> Result<(), EngineError> {
        self.push(identity, Added { finish: Some(Finish::default()), ..Added::default() }, state)
    }

    /// Counts what needs no storing.
    pub(super) fn count(&mut self, identity: &Identity, added: &Added) {
        self.taken.duplicates += added.duplicates;
        self.taken.reject(added.left_out, is_full(identity));
    }

    /// Stores everything.
    pub(super) fn store(mut self) -> Result<(), EngineError> {
        self.offer()
    }

    fn offer(&mut self) -> Result<(), EngineError> {
        self.bytes = 0;
        if self.reports.is_empty() {
            return Ok(());
        }
        // Until they are settled the items stay where they are, to be forgotten if the store fails.
        let outcomes = self.engine.append(std::mem::take(&mut self.reports))?;
        for (item, outcome) in std::mem::take(&mut self.items).into_iter().zip(outcomes) {
            self.settle(item, outcome);
        }
        Ok(())
    }

    fn settle(&mut self, item: Item<'_>, outcome: Outcome) {
        let Item { identity, state, added } = item;
        let not_stored = added.new + added.left_out;
        match outcome {
            Outcome::Accepted { .. } => {
                self.taken.accepted += added.new;
                self.count(&identity, &added);
                if added.finish.is_some() {
                    self.taken.finished += 1;
                    self.runs.forget(&identity, state);
                }
            }
            // It was finished meanwhile by another way, or was silent for too long in the store's eyes.
            Outcome::Duplicate | Outcome::Refused(Refusal::Conflict) => {
                self.taken.duplicates += added.duplicates;
                self.taken.reject(not_stored, has_finished(&identity));
                self.runs.forget(&identity, state);
            }
            Outcome::Refused(refusal) => {
                self.taken.duplicates += added.duplicates;
                match refusal {
                    // Others end, and then there is room.
                    Refusal::InFlightLimit { .. } => self.taken.defer(not_stored, refusal.to_string()),
                    _ => self.taken.reject(not_stored, refusal.to_string()),
                }
                // Its place stays: there may be an earlier report of it, which is finished when it goes idle.
                state.run = None;
            }
        }
    }
}

impl Drop for Pending<'_, '_> {
    fn drop(&mut self) {
        self.items.iter_mut().for_each(|item| item.state.run = None);
    }
}

fn is_full(identity: &Identity) -> String {
    let Identity { request_id, function, .. } = identity;
    format!("run {request_id} of {function} is full: one run keeps {LINES_MAX_BYTES} bytes of lines; log less in a run")
}
