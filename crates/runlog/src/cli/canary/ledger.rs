//! What the canary has written, what came back of it, and what is wrong with that. Nothing here asks or waits.

use std::collections::{BTreeMap, HashSet, VecDeque};
use std::time::{Duration, Instant};

use runlog_client::TailBreak;

use crate::cli::common::say::say;

/// Number of latencies to keep; percentiles cover the last ones.
const LATENCIES_MAX: usize = 100_000;

/// Faults that are told in words; all are counted.
const EXAMPLES_MAX: usize = 20;

/// What may be wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Fault {
    /// Acknowledged, and not there.
    Missing,
    /// There more than once.
    Duplicate,
    /// Before one that it comes after.
    OutOfOrder,
    /// Not as it was written.
    Changed,
}

/// Where it was looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Via {
    Tail,
    /// The native API.
    Native,
    /// The signed API.
    Signed,
}

/// A latency, and its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Step {
    Acknowledged,
    Tailed,
    Queried,
}

/// A run that is not settled yet.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) start_ms: i64,
    /// Its sequence number, once the server has told it.
    pub(super) seq: Option<u64>,
    acknowledged: Option<Instant>,
    tailed: Option<Instant>,
    is_listed: bool,
}

/// A row of an answer that lists the canary's runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Listed {
    pub(super) request_id: String,
    /// What the rows are sorted by, ascending.
    pub(super) place: i64,
}

/// The books.
#[derive(Debug)]
pub(super) struct Ledger {
    session: String,
    open: BTreeMap<u64, Entry>,
    pub(super) written: u64,
    pub(super) acknowledged: u64,
    /// Runs that a first query did not have and a later one had.
    pub(super) late: u64,
    /// Calls that failed and were made again.
    pub(super) failed_calls: u64,
    pub(super) faults: BTreeMap<(Fault, Via), u64>,
    pub(super) examples: Vec<String>,
    latencies: BTreeMap<Step, VecDeque<Duration>>,
    gaps: HashSet<(u64, u64)>,
    /// The last run that a tail gave, of this session.
    last_tailed: u64,
}

impl Fault {
    pub(super) fn name(self) -> &'static str {
        match self {
            Fault::Missing => "missing",
            Fault::Duplicate => "duplicate",
            Fault::OutOfOrder => "out_of_order",
            Fault::Changed => "changed",
        }
    }
}

impl Via {
    pub(super) fn name(self) -> &'static str {
        match self {
            Via::Tail => "tail",
            Via::Native => "native",
            Via::Signed => "signed",
        }
    }
}

impl Step {
    pub(super) const ALL: [Step; 3] = [Step::Acknowledged, Step::Tailed, Step::Queried];

    pub(super) fn name(self) -> &'static str {
        match self {
            Step::Acknowledged => "write_to_acknowledged",
            Step::Tailed => "acknowledged_to_tail",
            Step::Queried => "acknowledged_to_query",
        }
    }
}

impl Ledger {
    pub(super) fn new(session: &str) -> Self {
        Self {
            session: session.to_owned(),
            open: BTreeMap::new(),
            written: 0,
            acknowledged: 0,
            late: 0,
            failed_calls: 0,
            faults: BTreeMap::new(),
            examples: Vec::new(),
            latencies: BTreeMap::new(),
            gaps: HashSet::new(),
            last_tailed: 0,
        }
    }

    /// The request id of a run.
    pub(super) fn id(&self, number: u64) -> String {
        format!("{}-{number}", self.session)
    }

    fn number(&self, request_id: &str) -> Option<u64> {
        request_id.strip_prefix(&self.session)?.strip_prefix('-')?.parse().ok()
    }

    /// A run is about to be written.
    pub(super) fn write(&mut self, number: u64, start_ms: i64) {
        self.written += 1;
        let entry = Entry { start_ms, seq: None, acknowledged: None, tailed: None, is_listed: false };
        self.open.insert(number, entry);
    }

    /// A run was acknowledged, so long after the call that was answered began.
    pub(super) fn acknowledge(&mut self, number: u64, seq: Option<u64>, took: Duration, now: Instant) {
        self.acknowledged += 1;
        self.measure(Step::Acknowledged, took);
        let Some(entry) = self.open.get_mut(&number) else { return };
        (entry.acknowledged, entry.seq) = (Some(now), seq);
        // The tail may have been faster than the acknowledgement.
        if let Some(tailed) = entry.tailed {
            self.measure(Step::Tailed, tailed.saturating_duration_since(now));
        }
    }

    /// A run was not acknowledged in time: it may be there or not.
    pub(super) fn give_up(&mut self, number: u64) {
        self.open.remove(&number);
    }

    /// A run came by the tail.
    pub(super) fn tail(&mut self, request_id: &str, seq: u64, now: Instant) {
        let Some(number) = self.number(request_id) else { return };
        let is_early = number < self.last_tailed;
        self.last_tailed = self.last_tailed.max(number);
        // A run that was given up may be stored at any time, or never.
        let Some(entry) = self.open.get_mut(&number) else { return };
        if entry.tailed.is_some() {
            self.fault(Fault::Duplicate, Via::Tail, &format!("{request_id} came twice"));
            return;
        }
        (entry.tailed, entry.seq) = (Some(now), Some(seq));
        if let Some(acknowledged) = entry.acknowledged {
            self.measure(Step::Tailed, now.saturating_duration_since(acknowledged));
        }
        if is_early {
            self.fault(Fault::OutOfOrder, Via::Tail, &format!("{request_id} came after a later run"));
        }
    }

    /// An event of the tail did not follow the one before it.
    pub(super) fn gap(&mut self, gap: TailBreak) {
        // The same gap comes again with each connection that it breaks.
        if !self.gaps.insert((gap.expected, gap.seq)) {
            return;
        }
        let fault = match gap {
            TailBreak { expected, seq, .. } if seq <= expected => Fault::Duplicate,
            TailBreak { expected, prev_seq, .. } if prev_seq > expected => Fault::Missing,
            _ => Fault::OutOfOrder,
        };
        let TailBreak { expected, prev_seq, seq } = gap;
        let text = format!("event {seq} says that it follows {prev_seq}, and the event before it was {expected}");
        self.fault(fault, Via::Tail, &text);
    }

    /// The first query that had the run was answered, so long after its acknowledgement.
    pub(super) fn queried(&mut self, number: u64, seq: Option<u64>, now: Instant) {
        let Some(entry) = self.open.get_mut(&number) else { return };
        entry.seq = entry.seq.or(seq);
        if let Some(acknowledged) = entry.acknowledged {
            self.measure(Step::Queried, now.saturating_duration_since(acknowledged));
        }
    }

    /// The acknowledged runs that no list was compared with yet: from the first to the last, and their starts.
    pub(super) fn unlisted(&self) -> Option<(u64, u64, i64, i64)> {
        let open = || self.open.iter().filter(|(_, entry)| entry.acknowledged.is_some() && !entry.is_listed);
        let starts = || open().map(|(_, entry)| entry.start_ms);
        Some((*open().next()?.0, *open().next_back()?.0, starts().min()?, starts().max()?))
    }

    /// Compares a list of all runs of a window, ascending, with the acknowledged runs `first` to `last`.
    pub(super) fn compare(&mut self, (first, last): (u64, u64), via: Via, rows: &[Listed]) {
        let mut seen = BTreeMap::new();
        let mut before: Option<&Listed> = None;
        for row in rows {
            if before.is_some_and(|before| before.place > row.place) {
                self.fault(Fault::OutOfOrder, via, &format!("{} is listed after a later run", row.request_id));
            }
            before = Some(row);
            if let Some(number) = self.number(&row.request_id) {
                *seen.entry(number).or_insert(0_u64) += 1;
            }
        }
        for (number, times) in &seen {
            if *times > 1 {
                self.fault(Fault::Duplicate, via, &format!("{} is listed {times} times", self.id(*number)));
            }
        }
        let acknowledged = self.open.range(first..=last).filter(|(_, entry)| entry.acknowledged.is_some());
        let missing: Vec<u64> =
            acknowledged.map(|(number, _)| *number).filter(|number| !seen.contains_key(number)).collect();
        for number in missing {
            self.fault(Fault::Missing, via, &format!("{} is not listed", self.id(number)));
        }
    }

    /// The runs `first` to `last` were compared with every list.
    pub(super) fn listed(&mut self, (first, last): (u64, u64)) {
        for (_, entry) in self.open.range_mut(first..=last) {
            entry.is_listed = entry.acknowledged.is_some();
        }
        self.settle(None);
    }

    /// Forgets runs that everything was seen of. A tail at `place` has passed all up to it: what it did not give is
    /// missing.
    pub(super) fn settle(&mut self, place: Option<u64>) {
        let passed = |entry: &Entry| entry.seq.zip(place).is_some_and(|(seq, place)| place >= seq);
        let is_missing = |entry: &Entry| entry.acknowledged.is_some() && entry.tailed.is_none() && passed(entry);
        let missing: Vec<u64> = self.open.iter().filter(|(_, entry)| is_missing(entry)).map(|(n, _)| *n).collect();
        for number in missing {
            self.fault(Fault::Missing, Via::Tail, &format!("{} was passed over", self.id(number)));
            if let Some(entry) = self.open.get_mut(&number) {
                // Told once; the lists have their own say.
                entry.tailed = entry.acknowledged;
            }
        }
        self.open.retain(|_, entry| !(entry.is_listed && entry.tailed.is_some()));
    }

    /// How many runs are not settled.
    pub(super) fn open(&self) -> usize {
        self.open.len()
    }

    /// Whether the tail has given every acknowledged run.
    pub(super) fn is_tailed(&self) -> bool {
        self.open.values().all(|entry| entry.tailed.is_some() || entry.acknowledged.is_none())
    }

    /// Nothing more will come by the tail.
    pub(super) fn end_of_tail(&mut self) {
        self.settle(Some(u64::MAX));
    }

    pub(super) fn fault(&mut self, fault: Fault, via: Via, what: &str) {
        *self.faults.entry((fault, via)).or_default() += 1;
        if self.examples.len() < EXAMPLES_MAX {
            let text = format!("{} ({}): {what}", fault.name(), via.name());
            say!("{text}");
            self.examples.push(text);
        }
    }

    fn measure(&mut self, step: Step, took: Duration) {
        let latencies = self.latencies.entry(step).or_default();
        if latencies.len() == LATENCIES_MAX {
            latencies.pop_front();
        }
        latencies.push_back(took);
    }

    /// The latest latency of a step, for a histogram.
    pub(super) fn latest(&self, step: Step) -> Option<Duration> {
        self.latencies.get(&step)?.back().copied()
    }

    /// p50 and p99 of a step, by nearest rank.
    pub(super) fn percentiles(&self, step: Step) -> Option<(Duration, Duration)> {
        let mut sorted: Vec<Duration> = self.latencies.get(&step)?.iter().copied().collect();
        sorted.sort_unstable();
        let at = |p: usize| sorted.get((p * sorted.len()).div_ceil(100).max(1) - 1).copied();
        Some((at(50)?, at(99)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use runlog_server::clock;

    /// A ledger with acknowledged runs, of sequence numbers 11, 12, ...
    fn ledger(runs: u64) -> Ledger {
        let mut ledger = Ledger::new("s");
        for number in 1..=runs {
            ledger.write(number, 1_000 + number as i64);
            ledger.acknowledge(number, Some(10 + number), Duration::from_millis(number), clock::monotonic());
        }
        ledger
    }

    fn row(number: u64) -> Listed {
        Listed { request_id: format!("s-{number}"), place: 1_000 + number as i64 }
    }

    fn faults(ledger: &Ledger) -> Vec<(Fault, Via, u64)> {
        ledger.faults.iter().map(|((fault, via), count)| (*fault, *via, *count)).collect()
    }

    #[test]
    fn a_good_server_leaves_nothing_open() {
        let mut ledger = ledger(3);
        (1..=3).for_each(|number| ledger.tail(&format!("s-{number}"), 10 + number, clock::monotonic()));
        ledger.tail("another-4", 99, clock::monotonic());
        assert_eq!(ledger.unlisted(), Some((1, 3, 1_001, 1_003)));
        let rows = [row(1), Listed { request_id: "other-1".into(), place: 1_001 }, row(2), row(3)];
        ledger.compare((1, 3), Via::Native, &rows);
        ledger.listed((1, 3));
        ledger.end_of_tail();
        assert_eq!((ledger.open(), faults(&ledger)), (0, vec![]));
        assert_eq!(ledger.percentiles(Step::Acknowledged), Some((Duration::from_millis(2), Duration::from_millis(3))));
    }

    #[test]
    fn each_fault_of_a_list_is_found() {
        let mut ledger = ledger(4);
        ledger.compare((1, 4), Via::Signed, &[row(1), row(3), row(3), row(4), row(2)]);
        assert_eq!(faults(&ledger), [(Fault::Duplicate, Via::Signed, 1), (Fault::OutOfOrder, Via::Signed, 1)]);
        ledger.compare((1, 4), Via::Native, &[row(1), row(2), row(4)]);
        assert_eq!(ledger.faults[&(Fault::Missing, Via::Native)], 1);
    }

    #[test]
    fn a_run_that_was_never_acknowledged_may_be_there_or_not() {
        let mut ledger = ledger(1);
        ledger.write(2, 1_002);
        ledger.compare((1, 2), Via::Native, &[row(1)]);
        ledger.compare((1, 2), Via::Signed, &[row(1), row(2)]);
        ledger.end_of_tail();
        assert_eq!(faults(&ledger), [(Fault::Missing, Via::Tail, 1)], "of the first run alone");
    }

    #[test]
    fn each_fault_of_a_tail_is_found_once() {
        let mut ledger = ledger(5);
        let gap = |expected, prev_seq, seq| TailBreak { expected, prev_seq, seq };
        ledger.gap(gap(11, 12, 13));
        ledger.gap(gap(11, 12, 13));
        assert_eq!(faults(&ledger), [(Fault::Missing, Via::Tail, 1)]);
        ledger.gap(gap(13, 12, 13));
        ledger.gap(gap(13, 12, 14));
        ledger.tail("s-1", 11, clock::monotonic());
        ledger.tail("s-1", 11, clock::monotonic());
        ledger.tail("s-3", 13, clock::monotonic());
        ledger.tail("s-2", 12, clock::monotonic());
        ledger.settle(Some(14));
        assert_eq!(
            faults(&ledger),
            [(Fault::Missing, Via::Tail, 2), (Fault::Duplicate, Via::Tail, 2), (Fault::OutOfOrder, Via::Tail, 2)],
            "run 4 was passed over"
        );
    }
}
