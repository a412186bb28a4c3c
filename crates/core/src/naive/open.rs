//! Runs in flight of the reference engine: their origins, how they grow, and how they are closed by silence.

use super::mark::Mark;
use super::{Entry, Naive};
use crate::append::{Outcome, Refusal};
use crate::report::{Growth, OpenRun, Origin, Report};
use crate::row::Row;
use crate::run::{Identity, RET_INTERRUPTED, Run};

impl Naive {
    /// Offers a report. `now_ms` is the current time in Unix milliseconds.
    pub fn offer(&mut self, report: Report, now_ms: i64) -> Outcome {
        let Report { run, origin, state } = &report;
        if let Err(refusal) = report.check(now_ms).and_then(|()| self.retained.check(run)) {
            return Outcome::Refused(refusal);
        }
        let known = self.position(&run.identity());
        if let Some(at) = known {
            let Entry { row, .. } = &self.entries[at];
            let mark = self.mark(row.seq);
            if row.run.is_running() {
                if (mark.origin == Origin::Gathered) != (*origin == Origin::Gathered) {
                    return Outcome::Refused(Refusal::OtherOrigin);
                }
            } else if !mark.is_guess {
                // A start that arrives after its own finish says nothing new.
                let stale = run.is_running() || row.run == *run;
                return if stale { Outcome::Duplicate } else { Outcome::Refused(Refusal::Conflict) };
            }
        }
        let was_running = known.is_some_and(|at| self.entries[at].row.run.is_running());
        if run.is_running()
            && !was_running
            && let Err(refusal) = self.check_in_flight()
        {
            return Outcome::Refused(refusal);
        }
        known.map(|at| self.entries.remove(at));
        let mark = Mark { origin: *origin, state: state.clone(), is_guess: false };
        Outcome::Accepted { seq: self.accept(report.run, mark, now_ms) }
    }

    /// Adds to a run in flight. `now_ms` is the current time in Unix milliseconds.
    pub fn grow(&mut self, growth: &Growth, now_ms: i64) -> Outcome {
        match self.try_grow(growth, now_ms) {
            Ok(seq) => Outcome::Accepted { seq },
            Err(refusal) => Outcome::Refused(refusal),
        }
    }

    fn try_grow(&mut self, growth: &Growth, now_ms: i64) -> Result<u64, Refusal> {
        growth.check(now_ms)?;
        let at = self.position(&growth.id).ok_or(Refusal::UnknownRun)?;
        let Row { seq, run } = &self.entries[at].row;
        let (was_running, before) = (run.is_running(), self.mark(*seq));
        if !was_running && !before.is_guess {
            return Err(Refusal::Conflict);
        }
        growth.check_room(run.log.len())?;
        let run = growth.grown(run);
        self.retained.check(&run)?;
        if !was_running {
            self.check_in_flight()?;
        }
        self.entries.remove(at);
        let mark = Mark { origin: before.origin, state: growth.state.clone(), is_guess: false };
        Ok(self.accept(run, mark, now_ms))
    }

    /// Closes as interrupted every run in flight that was last heard of `ttl_ms` or longer before `now_ms`, in the
    /// order of their last reports; returns how many. That they have ended is a guess, which any later report corrects.
    pub fn expire(&mut self, ttl_ms: i64, now_ms: i64) -> usize {
        let silent_from_ms = |entry: &Entry| entry.heard_ms.max(self.silence_from_ms);
        let expired =
            |entry: &&Entry| entry.row.run.is_running() && silent_from_ms(entry).saturating_add(ttl_ms) <= now_ms;
        let mut silent: Vec<Row> = self.entries.iter().filter(expired).map(|entry| entry.row.clone()).collect();
        silent.sort_by_key(|row| row.seq);
        silent.iter().filter_map(|row| self.close(&row.run.identity(), now_ms)).count()
    }

    /// Closes a run in flight as interrupted, by a guess.
    pub fn close(&mut self, id: &Identity, now_ms: i64) -> Option<u64> {
        let at = self.position(id).filter(|at| self.entries[*at].row.run.is_running())?;
        let Row { seq, run } = self.entries.remove(at).row;
        let mark = Mark { is_guess: true, ..self.mark(seq) };
        Some(self.accept(Run { ret_code: RET_INTERRUPTED, ..run }, mark, now_ms))
    }

    /// The runs in flight of an origin, in the order of their latest reports.
    pub fn open_runs(&self, origin: Origin) -> Vec<OpenRun> {
        let running = self.entries.iter().map(|entry| &entry.row).filter(|row| row.run.is_running());
        let mut open: Vec<OpenRun> = running
            .map(|Row { seq, run }| (self.mark(*seq), seq, run))
            .filter(|(mark, ..)| mark.origin == origin)
            .map(|(mark, seq, run)| OpenRun {
                stream: run.stream.clone(),
                request_id: run.request_id.clone(),
                retry_num: run.retry_num,
                seq: *seq,
                state: mark.state,
            })
            .collect();
        open.sort_by_key(|open| open.seq);
        open
    }

    /// The latest report of a run in flight.
    pub fn open_run(&self, id: &Identity) -> Option<Report> {
        let Row { seq, run } = &self.entries[self.position(id)?].row;
        let Mark { origin, state, .. } = self.mark(*seq);
        run.is_running().then(|| Report { run: run.clone(), origin, state })
    }

    /// The run of a report that is kept, by its sequence number.
    pub fn report(&self, seq: u64) -> Option<&Run> {
        self.entries.iter().map(|entry| &entry.row).find(|row| row.seq == seq).map(|row| &row.run)
    }

    pub(super) fn mark(&self, seq: u64) -> Mark {
        self.marks.get(&seq).cloned().unwrap_or_default()
    }

    fn position(&self, id: &Identity) -> Option<usize> {
        self.entries.iter().position(|entry| entry.row.run.id() == id.borrowed())
    }

    fn check_in_flight(&self) -> Result<(), Refusal> {
        let in_flight = self.entries.iter().filter(|entry| entry.row.run.is_running()).count();
        match self.in_flight_max {
            Some(max_runs) if in_flight >= max_runs => Err(Refusal::InFlightLimit { max_runs, max_bytes: usize::MAX }),
            _ => Ok(()),
        }
    }
}
