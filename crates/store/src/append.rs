//! Accepting runs: what is new, what is a duplicate, what is a conflict, before anything is logged.
//!
//! Segments never change, so they are asked before the queue is locked; only those that appeared meanwhile are asked
//! under the lock. A finished run is found in exactly one of: pending, a memtable, a segment.

use std::sync::Arc;

use runlog_core::{Outcome, RET_INTERRUPTED, RET_RUNNING, Refusal, Retained, Run, limits};

use crate::clock::millis;
use crate::commit::{Queue, Report, Ticket};
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::hash::id_hash;
use crate::in_flight::Flight;
use crate::options::{BATCH_MAX_BYTES, GROUP_MAX_BYTES};
use crate::record::Record;
use crate::segment::Segment;
use crate::state::State;

/// An offered run, and what is known of it so far.
struct Offer {
    run: Run,
    hash: u64,
    /// What is wrong with the run by itself.
    refused: Option<Outcome>,
    /// What the segments say that were asked.
    stored: Option<Outcome>,
}

type Segments = Arc<Vec<Arc<Segment>>>;

impl Engine {
    /// Offers runs; see [`crate::Store::append`].
    pub(crate) fn append(&self, runs: Vec<Run>) -> Result<Vec<Outcome>> {
        self.check_poison()?;
        if runs.len() > limits::BATCH_MAX_RUNS {
            return Err(Error::BatchTooLarge { runs: runs.len(), max: limits::BATCH_MAX_RUNS });
        }
        let bytes = runs.iter().map(|run| run.log.len() + run.ret_msg.len()).sum();
        if bytes > BATCH_MAX_BYTES {
            return Err(Error::BatchTooHeavy { bytes, max: BATCH_MAX_BYTES });
        }
        self.make_room()?;
        let now_ms = self.clock.now_ms();
        let accepted = self.state().accepted.clone();
        let mut offers: Vec<Offer> = runs.into_iter().map(|run| offer(run, now_ms, &accepted)).collect();
        let (outcomes, ticket) = self.retry_without_damaged(|engine| {
            // What a segment said that was set aside since does not hold any more.
            offers.iter_mut().for_each(|offer| offer.stored = None);
            let segments = Arc::clone(&engine.state().segments);
            ask_segments(&mut offers, &segments, &[])?;
            engine.decide(&mut offers, &segments, now_ms)
        })?;
        if let Some(ticket) = ticket {
            self.commit.wait(self, ticket)?;
        }
        Ok(outcomes)
    }

    /// Closes as interrupted the runs in flight that were not heard of for the time to live.
    pub(crate) fn expire_in_flight(&self) -> Result<usize> {
        let now_ms = self.clock.now_ms();
        let mut closed = 0;
        loop {
            let mut queue = self.commit.enter(self)?;
            let mut runs = self.silent_runs(&queue);
            runs.sort_by_key(|(seq, ..)| *seq);
            let before = closed;
            // A group at a time, since any number of them may have fallen silent.
            for (_, hash, run) in &runs {
                if queue.bytes() >= GROUP_MAX_BYTES {
                    break;
                }
                queue.accept(run, *hash, now_ms, true);
                closed += 1;
            }
            let ticket = queue.ticket();
            drop(queue);
            self.commit.wait(self, ticket)?;
            if closed - before == runs.len() {
                return Ok(closed);
            }
        }
    }

    fn silent_runs(&self, queue: &Queue) -> Vec<(u64, u64, Run)> {
        let ttl_ms = self.options.in_flight_ttl_ms;
        // The wall clock may jump, so it tells nothing of silence.
        let now_ms = millis(self.clock.elapsed());
        let state = self.state();
        let silent = state.in_flight.iter().filter_map(|flight| {
            let is_silent = flight.heard_at_ms().saturating_add(ttl_ms) <= now_ms;
            let row = is_silent.then(|| flight.record()?.to_row(&flight.stream).ok())??;
            Some((flight.seq, flight.hash, Run { ret_code: RET_INTERRUPTED, ..row.run }))
        });
        // A pending report is news of the run.
        let silent = silent.filter(|(_, hash, run)| queue.find_record(*hash, run).is_none());
        // What retention is about to remove needs no closing.
        silent.filter(|(.., run)| state.accepted.check(run).is_ok()).collect()
    }

    fn decide(&self, offers: &mut [Offer], asked: &Segments, now_ms: i64) -> Result<(Vec<Outcome>, Option<Ticket>)> {
        let mut queue = self.commit.enter(self)?;
        let state = self.state();
        if !Arc::ptr_eq(asked, &state.segments) {
            ask_segments(offers, &state.segments, asked)?;
        }
        let mut outcomes = Vec::with_capacity(offers.len());
        let mut must_wait = false;
        for offer in offers {
            let known = offer.refused.as_ref().or(offer.stored.as_ref()).cloned();
            let outcome = known.or_else(|| {
                let pending = queue.find_record(offer.hash, &offer.run);
                must_wait |= pending.is_some();
                pending.map(|record| verdict(&record, &offer.run)).unwrap_or_else(|| ask_state(&state, offer))
            });
            outcomes.push(outcome.unwrap_or_else(|| match self.admit(&queue, &state, offer) {
                Ok(was_running) => {
                    must_wait = true;
                    Outcome::Accepted { seq: queue.accept(&offer.run, offer.hash, now_ms, was_running) }
                }
                Err(refusal) => Outcome::Refused(refusal),
            }));
        }
        let ticket = must_wait.then(|| queue.ticket());
        Ok((outcomes, ticket))
    }

    /// Whether a new report may be accepted; says whether its run is in flight.
    fn admit(&self, queue: &Queue, state: &State, offer: &Offer) -> std::result::Result<bool, Refusal> {
        let Offer { run, hash, .. } = offer;
        state.accepted.check(run)?;
        let was_running = match queue.find_record(*hash, run) {
            Some(record) => record.facts.ret_code == RET_RUNNING,
            None => state.in_flight.contains(*hash, run),
        };
        let (max_runs, max_bytes) = (self.options.in_flight_max_runs, self.options.in_flight_max_bytes);
        let is_full = (!was_running && queue.in_flight >= max_runs) || state.in_flight.bytes() >= max_bytes;
        if run.is_running() && is_full { Err(Refusal::InFlightLimit { max_runs, max_bytes }) } else { Ok(was_running) }
    }

    /// Makes a durable group visible.
    pub(crate) fn apply(&self, bytes: &Arc<Vec<u8>>, reports: &[Report]) {
        let heard_at_ms = millis(self.clock.elapsed());
        let mut guard = self.state_mut();
        let state = &mut *guard;
        let mut table = state.active.write();
        let group = table.add_group(Arc::clone(bytes));
        for report in reports {
            let Some(encoded) = bytes.get(report.range.clone()) else { continue };
            let Ok(record) = Record::decode(encoded) else { continue };
            debug_assert!(state.last_seq < record.facts.seq, "sequence numbers rise");
            state.last_seq = record.facts.seq;
            state.newest_ms = state.newest_ms.max(Some(record.facts.start_ms));
            if record.facts.ret_code == RET_RUNNING {
                table.hear(&report.stream, record.facts, group, &report.range);
                state.in_flight.upsert(Flight::new(&report.stream, &record, encoded, heard_at_ms));
            } else {
                table.insert(&report.stream, report.hash, record.facts, group, &report.range);
                state.in_flight.remove(report.hash, &report.stream, record.request_id, record.retry_num);
            }
        }
        let last_seq = state.last_seq;
        drop(table);
        drop(guard);
        self.signal.tell(last_seq);
    }
}

fn offer(run: Run, now_ms: i64, accepted: &Retained) -> Offer {
    let refused = run.check(now_ms).and_then(|()| accepted.check(&run)).err().map(Outcome::Refused);
    let hash = id_hash(&run.stream.account, &run.request_id);
    Offer { run, hash, refused, stored: None }
}

/// Compares with the rows of segments, except those in `asked`.
fn ask_segments(offers: &mut [Offer], segments: &[Arc<Segment>], asked: &[Arc<Segment>]) -> Result<()> {
    for segment in segments.iter().filter(|segment| !asked.iter().any(|other| Arc::ptr_eq(other, segment))) {
        for offer in offers.iter_mut().filter(|offer| offer.refused.is_none() && offer.stored.is_none()) {
            if let Some(stored) = segment.find(offer.hash, &offer.run)? {
                let same = offer.run.is_running() || stored.run == offer.run;
                offer.stored = Some(if same { Outcome::Duplicate } else { Outcome::Refused(Refusal::Conflict) });
            }
        }
    }
    Ok(())
}

/// Compares with the finished runs in memory.
fn ask_state(state: &State, offer: &Offer) -> Option<Outcome> {
    state.tables().find_map(|table| {
        let table = table.read();
        let record = table.find(offer.hash, &offer.run)?;
        verdict(&record, &offer.run)
    })
}

/// What a known report means for a new one; `None` when the new one replaces it.
fn verdict(known: &Record<'_>, run: &Run) -> Option<Outcome> {
    if known.facts.ret_code == RET_RUNNING {
        return None;
    }
    // A start that arrives after its own finish says nothing new.
    let stale = run.is_running() || known.says(run);
    Some(if stale { Outcome::Duplicate } else { Outcome::Refused(Refusal::Conflict) })
}

#[cfg(test)]
mod tests {

    use super::*;
    use crate::clock::ManualClock;
    use crate::disk::sim::SimDisk;
    use crate::options::Options;
    use crate::recovery;
    use crate::testing::finished;

    #[test]
    fn a_segment_that_appears_after_the_segments_were_asked_is_asked_too() {
        let options = Options { background: false, ..Options::default() };
        let disk = Arc::new(SimDisk::new(1));
        let engine = recovery::open(disk, Arc::new(ManualClock::at(10)), options).unwrap();
        engine.append(vec![finished()]).unwrap();
        let mut offers = vec![offer(finished(), 10, &Retained::default())];
        let asked = Arc::clone(&engine.state().segments);
        ask_segments(&mut offers, &asked, &[]).unwrap();
        engine.flush().unwrap();
        let (outcomes, _) = engine.decide(&mut offers, &asked, 10).unwrap();
        assert_eq!(outcomes, [Outcome::Duplicate]);
    }
}
