//! Reports of runs on their way to the store, a bounded number of bytes at a time.

use runlog_core::{Engine, EngineError, Growth, Identity, Outcome, Refusal, Report};

use super::gathered::{Added, Finish, LINES_MAX_BYTES, News};
use super::open_table::{OpenTable, State, has_finished};
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
    runs: &'a OpenTable,
    /// Runs with a first report or a finish, and their reports.
    reported: Vec<Item<'s>>,
    reports: Vec<Report>,
    /// Runs that grow, and by what.
    grown: Vec<Item<'s>>,
    growths: Vec<Growth>,
    bytes: usize,
}

struct Item<'s> {
    identity: Identity,
    state: &'s mut State,
    added: Added,
}

impl<'a, 's> Pending<'a, 's> {
    pub(super) fn new(runs: &'a OpenTable, engine: &'a dyn Engine, taken: &'a mut Taken) -> Self {
        let (reported, reports, grown, growths) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Self { engine, taken, runs, reported, reports, grown, growths, bytes: 0 }
    }

    /// Takes the news of a run.
    pub(super) fn push(
        &mut self,
        identity: Identity,
        mut added: Added,
        state: &'s mut State,
    ) -> Result<(), EngineError> {
        let Some(run) = &state.run else { return Ok(()) };
        match run.news(&mut added) {
            News::Report(report) => {
                self.bytes += report.run.log.len() + report.run.ret_msg.len();
                self.reports.push(report);
                self.reported.push(Item { identity, state, added });
            }
            News::Growth(growth) => {
                self.bytes += growth.log.len() + growth.ret_msg.as_ref().map_or(0, String::len);
                self.growths.push(growth);
                self.grown.push(Item { identity, state, added });
            }
        }
        let items = self.reported.len() + self.grown.len();
        if self.bytes >= OFFER_BYTES || items >= OFFER_RUNS { self.offer() } else { Ok(()) }
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
        // Until they are settled the items stay where they are, to be forgotten if the store fails.
        if !self.reports.is_empty() {
            let outcomes = self.engine.offer(std::mem::take(&mut self.reports))?;
            for (item, outcome) in std::mem::take(&mut self.reported).into_iter().zip(outcomes) {
                self.settle(item, outcome);
            }
        }
        if !self.growths.is_empty() {
            let outcomes = self.engine.grow(std::mem::take(&mut self.growths))?;
            for (item, outcome) in std::mem::take(&mut self.grown).into_iter().zip(outcomes) {
                self.settle(item, outcome);
            }
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
                if let Some(run) = &mut state.run {
                    run.is_told();
                }
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
                    // Removed meanwhile by retention: the lines begin it anew when they come again.
                    Refusal::UnknownRun => self.taken.defer(not_stored, refusal.to_string()),
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
        self.reported.iter_mut().chain(&mut self.grown).for_each(|item| item.state.run = None);
    }
}

fn is_full(identity: &Identity) -> String {
    let Identity { request_id, function, .. } = identity;
    format!("run {request_id} of {function} is full: one run keeps {LINES_MAX_BYTES} bytes of lines; log less in a run")
}
