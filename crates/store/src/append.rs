//! Accepting reports: what is new, what is a duplicate, what is a conflict, before anything is logged.
//!
//! Segments never change, so they are asked before the queue is locked; only those that appeared meanwhile are asked
//! under the lock. A finished run is found in exactly one of: pending, a memtable, a segment.

use std::sync::Arc;

use runlog_core::{
    Growth, IdRef, Identity, Origin, Outcome, RET_INTERRUPTED, RET_RUNNING, Refusal, Report, Retained, Run, limits,
};

use crate::clock::millis;
use crate::commit::{Place, Queue, Ticket};
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::hash::{id_hash, run_hash};
use crate::in_flight::{Grown, InFlightRun};
use crate::options::{BATCH_MAX_BYTES, GROUP_MAX_BYTES};
use crate::record::{GrowthOf, Record, escape, id_of};
use crate::segment::Segment;
use crate::state::State;

/// Offers that are decided under one lock of the queue, and the bytes of their texts at which no more are added.
const PORTION_MAX_OFFERS: usize = 1_000;
const PORTION_MAX_BYTES: usize = 8 << 20;

/// Something that is offered, and what is known of its run so far.
struct Offer {
    what: What,
    hash: u64,
    /// What is wrong with it by itself.
    refused: Option<Outcome>,
    /// What the segments say that were asked.
    stored: Option<Outcome>,
}

/// What is offered; the state that comes with it is escaped already.
enum What {
    Report(Report),
    Growth(Growth),
}

type Segments = Arc<Vec<Arc<Segment>>>;
type Judged = std::result::Result<u64, Refusal>;

impl Engine {
    /// Offers reports; see [`crate::Store::offer`].
    pub(crate) fn offer(&self, reports: Vec<Report>) -> Result<Vec<Outcome>> {
        let bytes = reports.iter().map(|report| report.run.log.len() + report.run.ret_msg.len()).sum();
        self.check_batch(reports.len(), bytes)?;
        let now_ms = self.clock.now_ms();
        let accepted = self.state().accepted.clone();
        self.take(reports.into_iter().map(|report| Offer::of_report(report, now_ms, &accepted)).collect(), now_ms)
    }

    /// Adds to runs in flight; see [`crate::Store::grow`].
    pub(crate) fn grow(&self, growths: Vec<Growth>) -> Result<Vec<Outcome>> {
        let texts = |growth: &Growth| growth.log.len() + growth.ret_msg.as_ref().map_or(0, String::len);
        self.check_batch(growths.len(), growths.iter().map(texts).sum())?;
        let now_ms = self.clock.now_ms();
        self.take(growths.into_iter().map(|growth| Offer::of_growth(growth, now_ms)).collect(), now_ms)
    }

    fn check_batch(&self, runs: usize, bytes: usize) -> Result<()> {
        self.check_poison()?;
        if runs > limits::BATCH_MAX_RUNS {
            return Err(Error::BatchTooLarge { runs, max: limits::BATCH_MAX_RUNS });
        }
        if bytes > BATCH_MAX_BYTES {
            return Err(Error::BatchTooHeavy { bytes, max: BATCH_MAX_BYTES });
        }
        self.make_room()
    }

    fn take(&self, mut offers: Vec<Offer>, now_ms: i64) -> Result<Vec<Outcome>> {
        let (mut outcomes, mut last) = (Vec::with_capacity(offers.len()), None);
        let mut left = &mut offers[..];
        while !left.is_empty() {
            let (portion, rest) = left.split_at_mut(portion_length(left));
            left = rest;
            let (decided, ticket) = self.retry_without_damaged(|engine| {
                // What a segment said that was set aside since does not hold any more.
                portion.iter_mut().for_each(|offer| offer.stored = None);
                let segments = Arc::clone(&engine.state().segments);
                let asking: Vec<&mut Offer> = engine.which_ask(portion);
                ask_segments(asking, &segments, &[])?;
                engine.decide(portion, &segments, now_ms)
            })?;
            outcomes.extend(decided);
            // Groups are committed in order.
            last = ticket.or(last);
        }
        if let Some(ticket) = last {
            self.commit.wait(self, ticket)?;
        }
        Ok(outcomes)
    }

    /// The offers of which a segment may know. A run in flight is in none; when it finishes after this, a new segment
    /// will have it.
    fn which_ask<'a>(&self, offers: &'a mut [Offer]) -> Vec<&'a mut Offer> {
        let state = self.state();
        let may_be_stored = |offer: &&mut Offer| match &offer.what {
            What::Report(_) => true,
            What::Growth(growth) => state.in_flight.find(offer.hash, growth.id.borrowed()).is_none(),
        };
        offers.iter_mut().filter(may_be_stored).collect()
    }

    /// Closes as interrupted the runs in flight that were not heard of for the time to live.
    pub(crate) fn expire_in_flight(&self) -> Result<usize> {
        let now_ms = self.clock.now_ms();
        let mut closed = 0;
        loop {
            let mut queue = self.commit.enter(self)?;
            let silent = self.silent_runs(&queue);
            let before = closed;
            // A group at a time, since any number of them may have fallen silent.
            for flight in &silent {
                if queue.bytes() >= GROUP_MAX_BYTES {
                    break;
                }
                guess(&mut queue, flight, now_ms);
                closed += 1;
            }
            let ticket = queue.ticket();
            drop(queue);
            self.commit.wait(self, ticket)?;
            if closed - before == silent.len() {
                return Ok(closed);
            }
        }
    }

    /// In the order of their latest reports.
    fn silent_runs(&self, queue: &Queue) -> Vec<Arc<InFlightRun>> {
        let ttl_ms = self.options.in_flight_ttl_ms;
        // The wall clock may jump, so it tells nothing of silence.
        let now_ms = millis(self.clock.elapsed());
        let state = self.state();
        let is_silent = |flight: &&Arc<InFlightRun>| {
            if flight.is_guess || flight.heard_at_ms().saturating_add(ttl_ms) > now_ms {
                return false;
            }
            let head = flight.head();
            let id = id_of(&flight.stream, &head);
            // A pending report is news of the run, and what retention is about to remove needs no closing.
            queue.find_record(flight.hash, id).is_none()
                && state.accepted.keeps(&flight.stream.namespace, head.facts.start_ms)
        };
        state.in_flight.after(0).filter(is_silent).cloned().collect()
    }

    fn decide(&self, offers: &mut [Offer], asked: &Segments, now_ms: i64) -> Result<(Vec<Outcome>, Option<Ticket>)> {
        let mut queue = self.commit.enter(self)?;
        let state = self.state();
        if !Arc::ptr_eq(asked, &state.segments) {
            ask_segments(offers.iter_mut().collect(), &state.segments, asked)?;
        }
        let mut outcomes = Vec::with_capacity(offers.len());
        let mut must_wait = false;
        for offer in offers {
            let outcome = offer.refused.as_ref().or(offer.stored.as_ref()).cloned().unwrap_or_else(|| {
                must_wait |= queue.find_record(offer.hash, offer.id()).is_some();
                match &offer.what {
                    What::Report(report) => self.judge_report(&mut queue, &state, report, offer.hash, now_ms),
                    What::Growth(growth) => match self.judge_growth(&mut queue, &state, growth, offer.hash, now_ms) {
                        Ok(seq) => Outcome::Accepted { seq },
                        Err(refusal) => Outcome::Refused(refusal),
                    },
                }
            });
            must_wait |= matches!(outcome, Outcome::Accepted { .. });
            outcomes.push(outcome);
        }
        let ticket = must_wait.then(|| queue.ticket());
        Ok((outcomes, ticket))
    }

    fn judge_report(&self, queue: &mut Queue, state: &State, report: &Report, hash: u64, now_ms: i64) -> Outcome {
        let Report { run, origin, state: blob } = report;
        let pending = queue.find_record(hash, run.id()).map(|(record, _)| record);
        let known = match pending {
            Some(record) => {
                verdict(&record, run).map_or(Ok((record.facts.ret_code == RET_RUNNING, record.origin)), Err)
            }
            None => ask_state(state, hash, run).map_or_else(
                || {
                    Ok(state
                        .in_flight
                        .find(hash, run.id())
                        .map_or((false, *origin), |run| (!run.is_guess, run.head().origin)))
                },
                Err,
            ),
        };
        let (was_running, known_origin) = match known {
            Ok(known) => known,
            Err(verdict) => return verdict,
        };
        let admitted = state.accepted.check(run).and_then(|()| {
            if was_running && (known_origin == Origin::Gathered) != (*origin == Origin::Gathered) {
                return Err(Refusal::OtherOrigin);
            }
            if run.is_running() { self.check_in_flight(queue, state, was_running) } else { Ok(()) }
        });
        if let Err(refusal) = admitted {
            return Outcome::Refused(refusal);
        }
        let mut record = Record::of_run(run, 0, now_ms);
        if run.is_running() {
            (record.origin, record.state) = (*origin, blob);
        }
        Outcome::Accepted { seq: queue.accept(&record, run.id(), (&run.stream, hash), was_running) }
    }

    fn judge_growth(&self, queue: &mut Queue, state: &State, growth: &Growth, hash: u64, now_ms: i64) -> Judged {
        let id = growth.id.borrowed();
        // A copy, since the report may be in the group that the growth goes to.
        let (mut head, mut log_bytes, mut stream) = (Vec::new(), 0, None);
        if let Some((record, of)) = queue.find_record(hash, id) {
            log_bytes = record.growth.map_or(0, |growth| growth.log_bytes) + record.log.len() as u64;
            stream = Some(Arc::clone(of));
            Record { log: &[], ..record }.put(&mut head);
        } else if let Some(flight) = state.in_flight.find(hash, id) {
            log_bytes = flight.log_bytes() as u64;
            stream = Some(Arc::clone(&flight.stream));
            flight.head().put(&mut head);
        }
        let Some(stream) = stream else {
            let is_finished = state.tables().any(|table| table.read().find(hash, id).is_some());
            return Err(if is_finished { Refusal::Conflict } else { Refusal::UnknownRun });
        };
        let before = Record::decode(&head).expect("it was written just now");
        if before.is_final() {
            return Err(Refusal::Conflict);
        }
        let log_before = usize::try_from(log_bytes).expect("a log in memory has a length");
        growth.check_room(log_before)?;
        let record = grown(&before, log_bytes, growth, now_ms);
        state.accepted.check_start(&stream.namespace, record.facts.start_ms)?;
        let was_running = before.facts.ret_code == RET_RUNNING;
        self.check_in_flight(queue, state, was_running)?;
        Ok(queue.accept(&record, id, (&stream, hash), was_running))
    }

    /// Whether there is room for another report of a run in flight.
    fn check_in_flight(&self, queue: &Queue, state: &State, was_running: bool) -> std::result::Result<(), Refusal> {
        let (max_runs, max_bytes) = (self.options.in_flight_max_runs, self.options.in_flight_max_bytes);
        let is_full = (!was_running && queue.in_flight >= max_runs) || state.in_flight.bytes() >= max_bytes;
        if is_full { Err(Refusal::InFlightLimit { max_runs, max_bytes }) } else { Ok(()) }
    }

    /// The latest report of a run in flight; see [`crate::Store::open_run`].
    pub(crate) fn open_run(&self, id: &Identity) -> Option<Report> {
        let hash = id_hash(&id.account, &id.request_id);
        let found = self.state().in_flight.find(hash, id.borrowed()).filter(|flight| !flight.is_guess).cloned();
        found.map(|flight| flight.report())
    }

    /// Makes a durable group visible. What cannot be applied is never skipped: the reports of this store say what it
    /// never wrote.
    pub(crate) fn apply_group(&self, bytes: &Arc<Vec<u8>>, reports: &[Place]) -> Result<()> {
        let heard_at_ms = millis(self.clock.elapsed());
        let mut guard = self.state_mut();
        let state = &mut *guard;
        let mut table = state.active.write();
        let group = table.add_group(Arc::clone(bytes));
        for Place { stream, hash, range } in reports {
            let encoded =
                bytes.get(range.clone()).ok_or(Error::Inconsistent { what: "a report is outside its group" })?;
            let record = Record::decode(encoded).map_err(|what| Error::Inconsistent { what: what.0 })?;
            if record.facts.seq <= state.last_seq {
                return Err(Error::Inconsistent { what: "sequence numbers do not rise" });
            }
            state.last_seq = record.facts.seq;
            state.newest_ms = state.newest_ms.max(Some(record.facts.start_ms));
            if record.is_final() {
                let id = id_of(stream, &record);
                table.insert(stream, (*hash, run_hash(*hash, id)), record.facts, group, range);
                state.in_flight.remove(*hash, id);
            } else if record.growth.is_some() {
                table.note(stream, record.facts.start_ms);
                if state.in_flight.grow(*hash, stream, &record, heard_at_ms) != Grown::Yes {
                    return Err(Error::Inconsistent { what: "a growth is of no run in flight" });
                }
            } else {
                table.hear(stream, record.facts, group, range);
                state.in_flight.upsert(InFlightRun::new(stream, &record, heard_at_ms));
            }
        }
        let last_seq = state.last_seq;
        drop(table);
        drop(guard);
        self.signal.tell(last_seq);
        Ok(())
    }
}

impl Offer {
    fn of_report(mut report: Report, now_ms: i64, accepted: &Retained) -> Self {
        let checked = report.check(now_ms).and_then(|()| accepted.check(&report.run));
        report.state = escape(&report.state);
        let hash = id_hash(&report.run.stream.account, &report.run.request_id);
        Self { what: What::Report(report), hash, refused: checked.err().map(Outcome::Refused), stored: None }
    }

    fn of_growth(mut growth: Growth, now_ms: i64) -> Self {
        let refused = growth.check(now_ms).err().map(Outcome::Refused);
        growth.state = escape(&growth.state);
        let hash = id_hash(&growth.id.account, &growth.id.request_id);
        Self { what: What::Growth(growth), hash, refused, stored: None }
    }

    fn id(&self) -> IdRef<'_> {
        match &self.what {
            What::Report(report) => report.run.id(),
            What::Growth(growth) => growth.id.borrowed(),
        }
    }
}

/// How many of these offers are decided under one lock of the queue, for which all other writers wait.
fn portion_length(offers: &[Offer]) -> usize {
    let mut bytes = 0;
    let fits = |offer: &&Offer| {
        let fits = bytes < PORTION_MAX_BYTES;
        bytes += match &offer.what {
            What::Report(report) => report.run.log.len() + report.run.ret_msg.len(),
            What::Growth(growth) => growth.log.len(),
        };
        fits
    };
    offers.iter().take(PORTION_MAX_OFFERS).take_while(fits).count()
}

/// The report of a growth. `before` is the run's latest report, and `log_bytes` the length of its whole log.
fn grown<'a>(before: &Record<'a>, log_bytes: u64, growth: &'a Growth, now_ms: i64) -> Record<'a> {
    let mut facts = before.facts;
    facts.start_ms = growth.start_ms.map_or(facts.start_ms, |start_ms| start_ms.min(facts.start_ms));
    facts.duration_us = growth.duration_us.unwrap_or(facts.duration_us);
    facts.mem_bytes = growth.mem_bytes.unwrap_or(facts.mem_bytes);
    facts.ret_code = RET_RUNNING;
    let keeps_message = growth.ret_msg.is_none();
    Record {
        facts,
        heard_ms: now_ms,
        level: growth.level.as_ref().map_or(before.level, |level| level.as_bytes()),
        ret_msg: growth.ret_msg.as_ref().map_or(&[], |ret_msg| ret_msg.as_bytes()),
        log: growth.log.as_bytes(),
        state: &growth.state,
        is_guess: false,
        growth: Some(GrowthOf { after_seq: before.facts.seq, log_bytes, keeps_message }),
        ..*before
    }
}

/// Closes a run that has fallen silent.
fn guess(queue: &mut Queue, flight: &InFlightRun, now_ms: i64) {
    let head = flight.head();
    let growth = GrowthOf { after_seq: flight.seq, log_bytes: flight.log_bytes() as u64, keeps_message: true };
    let mut record = Record { heard_ms: now_ms, ret_msg: &[], is_guess: true, growth: Some(growth), ..head };
    record.facts.ret_code = RET_INTERRUPTED;
    queue.accept(&record, id_of(&flight.stream, &head), (&flight.stream, flight.hash), true);
}

/// Compares with the rows of segments, except those in `asked`.
fn ask_segments(mut offers: Vec<&mut Offer>, segments: &[Arc<Segment>], asked: &[Arc<Segment>]) -> Result<()> {
    for segment in segments.iter().filter(|segment| !asked.iter().any(|other| Arc::ptr_eq(other, segment))) {
        for offer in offers.iter_mut().filter(|offer| offer.refused.is_none() && offer.stored.is_none()) {
            if let Some(stored) = segment.find(offer.hash, offer.id())? {
                let says_nothing_new = match &offer.what {
                    What::Report(Report { run, .. }) => run.is_running() || stored.run == *run,
                    What::Growth(_) => false,
                };
                offer.stored =
                    Some(if says_nothing_new { Outcome::Duplicate } else { Outcome::Refused(Refusal::Conflict) });
            }
        }
    }
    Ok(())
}

/// Compares with the finished runs in memory.
fn ask_state(state: &State, hash: u64, run: &Run) -> Option<Outcome> {
    state.tables().find_map(|table| {
        let table = table.read();
        let record = table.find(hash, run.id())?;
        verdict(&record, run)
    })
}

/// What a known report means for a new one; `None` when the new one replaces it.
fn verdict(known: &Record<'_>, run: &Run) -> Option<Outcome> {
    if !known.is_final() {
        return None;
    }
    // A start that arrives after its own finish says nothing new.
    let stale = run.is_running() || known.says(run);
    Some(if stale { Outcome::Duplicate } else { Outcome::Refused(Refusal::Conflict) })
}

#[cfg(test)]
mod tests {
    use runlog_core::Stream;

    use super::*;
    use crate::clock::ManualClock;
    use crate::disk::sim::SimDisk;
    use crate::hash::comparisons;
    use crate::options::Options;
    use crate::recovery;
    use crate::testing::finished;

    fn engine() -> Engine {
        let options = Options { background: false, ..Options::default() };
        recovery::open(Arc::new(SimDisk::new(1)), Arc::new(ManualClock::at(10)), options).unwrap()
    }

    #[test]
    fn a_segment_that_appears_after_the_segments_were_asked_is_asked_too() {
        let engine = engine();
        engine.offer(vec![finished().into()]).unwrap();
        let mut offers = vec![Offer::of_report(finished().into(), 10, &Retained::default())];
        let asked = Arc::clone(&engine.state().segments);
        ask_segments(offers.iter_mut().collect(), &asked, &[]).unwrap();
        engine.flush().unwrap();
        let (outcomes, _) = engine.decide(&mut offers, &asked, 10).unwrap();
        assert_eq!(outcomes, [Outcome::Duplicate]);
    }

    #[test]
    fn a_run_is_compared_with_its_own_reports_only_however_many_functions_have_its_id() {
        const FUNCTIONS: u64 = 20_000;
        let engine = engine();
        let run = |number: u64, ret_code| {
            let stream = Stream { function: format!("f{number}"), ..(*finished().stream).clone() };
            Report::from(Run { stream: Arc::new(stream), request_id: "one".to_owned(), ret_code, ..finished() })
        };
        let offer = |numbers: std::ops::Range<u64>, ret_code| {
            let before = comparisons::count();
            let mut outcomes = Vec::new();
            let numbers: Vec<u64> = numbers.collect();
            for part in numbers.chunks(limits::BATCH_MAX_RUNS) {
                outcomes.extend(engine.offer(part.iter().map(|number| run(*number, ret_code)).collect()).unwrap());
            }
            let most = 10 * numbers.len() as u64;
            let made = comparisons::count() - before;
            assert!(made <= most, "{made} comparisons for {} runs", numbers.len());
            outcomes
        };
        let accepted = |outcomes: &[Outcome]| {
            outcomes.iter().filter(|outcome| matches!(outcome, Outcome::Accepted { .. })).count() as u64
        };
        assert_eq!(accepted(&offer(0..FUNCTIONS, RET_RUNNING)), FUNCTIONS, "in flight");
        assert_eq!(accepted(&offer(0..FUNCTIONS, 0)), FUNCTIONS, "finished");
        assert_eq!(offer(0..FUNCTIONS, 0), vec![Outcome::Duplicate; FUNCTIONS as usize], "in the memtable");
        engine.flush().unwrap();
        assert_eq!(offer(0..100, 0), vec![Outcome::Duplicate; 100], "in a segment");
        assert_eq!(accepted(&offer(FUNCTIONS..FUNCTIONS + 100, 0)), 100);
    }

    #[test]
    fn a_batch_is_decided_in_portions() {
        let offers = |count: usize, log_bytes: usize| -> Vec<Offer> {
            let report = || Report::from(Run { log: "x".repeat(log_bytes), ..finished() });
            (0..count).map(|_| Offer::of_report(report(), 10, &Retained::default())).collect()
        };
        assert_eq!(portion_length(&offers(3, 10)), 3);
        assert_eq!(portion_length(&offers(PORTION_MAX_OFFERS + 3, 0)), PORTION_MAX_OFFERS);
        assert_eq!(portion_length(&offers(9, 3 << 20)), 3);
        assert_eq!(portion_length(&offers(2, limits::LOG_MAX_BYTES)), 2);
    }

    #[test]
    fn an_acknowledged_report_that_does_not_decode_poisons_the_store() {
        let run = finished();
        let mut good = Vec::new();
        Record::of_run(&run, 1, 0).put(&mut good);
        let growth = GrowthOf { after_seq: 1, log_bytes: 0, keeps_message: false };
        let mut of_nothing = Vec::new();
        Record { growth: Some(growth), ..Record::of_run(&Run { ret_code: RET_RUNNING, ..finished() }, 1, 0) }
            .put(&mut of_nothing);
        let cut = good.len() - 1;
        for (bytes, range) in [(good.clone(), 0..cut), (good, 0..cut + 9), (of_nothing.clone(), 0..of_nothing.len())] {
            let engine = engine();
            let place = Place { stream: Arc::clone(&run.stream), hash: 7, range };
            let error = engine.apply_group(&Arc::new(bytes), &[place]).unwrap_err();
            engine.poison(&error);
            let refused = engine.offer(vec![finished().into()]).unwrap_err();
            assert!(matches!(refused, Error::Poisoned(_)), "{refused}");
            assert!(engine.health().poisoned.is_some());
        }
    }
}
