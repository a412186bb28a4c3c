//! The lines of one run, gathered from any number of batches: in order, each once, within the bounds of a log.
//!
//! While the run goes on, each batch appends its lines to the log in the store, in the order of their arrival, and
//! replaces [`Known`], the state that the engine keeps with the run and shows to nobody. The finish is written whole,
//! with the lines in the order of their times.

use std::collections::HashMap;
use std::fmt::Write;
use std::sync::Arc;

use runlog_core::{
    Growth, Identity, OpenRun, Origin, RET_OK, RET_RUNNING, RET_USER_FAILED, Report, Run, Stream, limits,
};
use runlog_ingest::cut;
use runlog_ingest::otlp::{Facts, Line, NOTE, level_of, parse};
use serde::{Deserialize, Serialize};

/// `Source` of a run whose lines name it. It is for people; what decides is [`Origin`].
const SOURCE: &str = "otlp";
/// `Source` of a run that is made of the lines of one process.
const SOURCE_INSTANCE: &str = "otlp/instance";

/// Bytes of lines in one log. The rest of a log's limit is for the first and the last row.
pub(super) const LINES_MAX_BYTES: usize = limits::LOG_MAX_BYTES - 1024;

/// The last row of a log, where there is something to say; a first one begins with [`NOTE`] too.
const LEFT_OUT: &str = "[runlog: left out ";

/// A run whose lines are being gathered.
#[derive(Debug)]
pub(super) struct Gathered {
    stream: Arc<Stream>,
    request_id: String,
    /// By time; those of one time as they came.
    lines: Vec<Line>,
    /// How often each line is there, by its hash.
    counts: HashMap<u64, u32>,
    line_bytes: usize,
    mem_bytes: u64,
    ret_msg: String,
    known: Known,
    /// Whether the store has a report of it.
    is_stored: bool,
}

/// What is known of a run in flight and not part of its record. The engine keeps it as JSON.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
struct Known {
    /// The process that the run is made of, where its lines name no run.
    instance: Option<String>,
    severity: u8,
    has_failed: bool,
    cold_start: Option<bool>,
    max_memory: Option<u64>,
    left_out: LeftOut,
}

/// What a full log has no room for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct LeftOut {
    lines: u64,
    bytes: u64,
}

/// News of a run for the store.
#[derive(Debug)]
pub(super) enum News {
    /// Its first report, or its finish.
    Report(Report),
    /// What is added to it.
    Growth(Growth),
}

/// What became of the lines of a batch.
#[derive(Debug, Default)]
pub(super) struct Added {
    pub(super) new: u64,
    pub(super) duplicates: u64,
    /// Lines that the log has no room for.
    pub(super) left_out: u64,
    /// How the run ended, if a record said that it did.
    pub(super) finish: Option<Finish>,
    /// Whether there is anything to store.
    pub(super) is_news: bool,
    /// The texts of the new lines, in the order of their arrival.
    pub(super) text: String,
    /// The return message, where a record brought another one.
    pub(super) ret_msg: Option<String>,
}

/// How a run ended, as far as it is said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Finish {
    pub(super) ret_code: Option<i32>,
    pub(super) duration_us: Option<u64>,
}

impl Gathered {
    /// A run without lines.
    pub(super) fn new(stream: Arc<Stream>, request_id: String, instance: Option<String>) -> Self {
        Self {
            stream,
            request_id,
            lines: Vec::new(),
            counts: HashMap::new(),
            line_bytes: 0,
            mem_bytes: 0,
            ret_msg: String::new(),
            known: Known { instance, ..Known::default() },
            is_stored: false,
        }
    }

    /// A run in flight, read back from the store.
    ///
    /// # Errors
    /// When the state is not one that was stored here.
    pub(super) fn resume(report: Report) -> Result<Self, serde_json::Error> {
        let Report { run, state, .. } = report;
        let known = serde_json::from_slice(&state)?;
        let gathered = Self::with_log(&run);
        Ok(Self { mem_bytes: run.mem_bytes, ret_msg: run.ret_msg, known, is_stored: true, ..gathered })
    }

    /// A run that has ended, as far as its lines are concerned.
    pub(super) fn with_log(run: &Run) -> Self {
        let mut lines = parse(&run.log);
        lines.sort_by_key(|line| line.time_ns);
        let mut counts = HashMap::new();
        lines.iter().for_each(|line| *counts.entry(line.hash()).or_default() += 1);
        Self {
            line_bytes: lines.iter().map(|line| line.text.len()).sum(),
            lines,
            counts,
            ..Self::new(Arc::clone(&run.stream), run.request_id.clone(), None)
        }
    }

    /// Takes the lines of a batch, in the order of their arrival. A line that is there already, as often as it is in
    /// this batch, counts as delivered again.
    pub(super) fn add(&mut self, batch: Vec<(Line, Facts)>) -> Added {
        let mut added = Added::default();
        // By a line's hash: how often it was there before this batch, and how often it has come in it so far.
        let mut seen: HashMap<u64, (u32, u32)> = HashMap::new();
        let was_left_out = self.known.left_out.lines > 0;
        for (line, facts) in batch {
            added.is_news |= self.learn(facts, &mut added.finish, &mut added.ret_msg);
            let hash = line.hash();
            let count = self.counts.entry(hash).or_default();
            let (before, in_batch) = seen.entry(hash).or_insert((*count, 0));
            *in_batch += 1;
            if *in_batch <= *before {
                added.duplicates += 1;
            } else if self.line_bytes + line.text.len() > LINES_MAX_BYTES {
                added.left_out += 1;
                self.known.left_out.lines += 1;
                self.known.left_out.bytes += line.text.len() as u64;
            } else {
                *count += 1;
                added.new += 1;
                self.line_bytes += line.text.len();
                added.text.push_str(&line.text);
                self.lines.push(line);
            }
        }
        self.lines.sort_by_key(|line| line.time_ns);
        // That lines were left out is stored once; how many there were, with the finish.
        let tells_of_left_out = added.left_out > 0 && !was_left_out;
        added.is_news |= added.new > 0 || added.finish.is_some() || tells_of_left_out;
        added
    }

    /// The lines of a batch that are not there yet, and how many are; see [`Gathered::add`].
    pub(super) fn unknown(&self, batch: Vec<(Line, Facts)>) -> (Vec<(Line, Facts)>, u64) {
        let count = batch.len();
        let mut left = self.counts.clone();
        let is_unknown = |(line, _): &(Line, Facts)| match left.get_mut(&line.hash()) {
            Some(count) if *count > 0 => {
                *count -= 1;
                false
            }
            _ => true,
        };
        let unknown: Vec<_> = batch.into_iter().filter(is_unknown).collect();
        let known = (count - unknown.len()) as u64;
        (unknown, known)
    }

    /// Takes what a record says of its run; returns whether that is news.
    fn learn(&mut self, facts: Facts, finish: &mut Option<Finish>, ret_msg: &mut Option<String>) -> bool {
        let before = (self.known.clone(), self.mem_bytes);
        if facts.finishes() {
            let finish = finish.get_or_insert_default();
            finish.ret_code = facts.ret_code.or(finish.ret_code);
            finish.duration_us = facts.duration_us.or(finish.duration_us);
        }
        self.known.severity = self.known.severity.max(facts.severity);
        self.mem_bytes = self.mem_bytes.max(facts.mem_bytes.unwrap_or(0));
        self.known.cold_start = facts.cold_start.or(self.known.cold_start);
        self.known.max_memory = facts.max_memory.or(self.known.max_memory);
        self.known.has_failed |= facts.failure.is_some();
        // What the function returned says more than what it failed with.
        if let Some(mut message) = facts.ret_msg.or(facts.failure) {
            cut(&mut message, limits::RET_MSG_MAX_BYTES);
            if self.ret_msg != message {
                *ret_msg = Some(message.clone());
                self.ret_msg = message;
            }
        }
        before != (self.known.clone(), self.mem_bytes) || ret_msg.is_some()
    }

    /// What the store has to be told after a batch.
    pub(super) fn news(&self, added: &mut Added) -> News {
        if let Some(finish) = added.finish {
            return News::Report(Report { run: self.finished(finish), origin: Origin::Gathered, state: Vec::new() });
        }
        if !self.is_stored {
            return News::Report(Report { run: self.running(), origin: Origin::Gathered, state: self.state() });
        }
        News::Growth(Growth {
            id: self.identity(),
            log: std::mem::take(&mut added.text),
            state: self.state(),
            start_ms: Some(self.start_ms()),
            duration_us: Some(self.between_us()),
            mem_bytes: Some(self.mem_bytes),
            level: Some(level_of(self.known.severity).to_owned()),
            ret_msg: added.ret_msg.take(),
        })
    }

    /// The store has the latest news.
    pub(super) fn is_told(&mut self) {
        self.is_stored = true;
    }

    /// The run as it is while it goes on.
    pub(super) fn running(&self) -> Run {
        self.report(RET_RUNNING, None)
    }

    /// The run as it ended.
    pub(super) fn finished(&self, finish: Finish) -> Run {
        let inferred = if self.known.has_failed { RET_USER_FAILED } else { RET_OK };
        self.report(finish.ret_code.unwrap_or(inferred), finish.duration_us)
    }

    fn state(&self) -> Vec<u8> {
        serde_json::to_vec(&self.known).expect("flags, numbers and a text can always be written as JSON")
    }

    fn identity(&self) -> Identity {
        let stream = &self.stream;
        Identity {
            account: stream.account.clone(),
            region: stream.region.clone(),
            namespace: stream.namespace.clone(),
            function: stream.function.clone(),
            request_id: self.request_id.clone(),
            retry_num: 0,
        }
    }

    fn start_ms(&self) -> i64 {
        self.lines.first().map_or(0, Line::time_ms)
    }

    /// From the first line to the last, in microseconds.
    fn between_us(&self) -> u64 {
        let ends = self.lines.first().zip(self.lines.last());
        ends.map_or(0, |(first, last)| (last.time_ns - first.time_ns) / 1000)
    }

    fn report(&self, ret_code: i32, duration_us: Option<u64>) -> Run {
        Run {
            stream: Arc::clone(&self.stream),
            request_id: self.request_id.clone(),
            retry_num: 0,
            start_ms: self.start_ms(),
            duration_us: duration_us.unwrap_or_else(|| self.between_us()),
            bill_ms: None,
            mem_bytes: self.mem_bytes,
            ret_code,
            invoke_finished: i32::from(ret_code != RET_RUNNING),
            exit_code: None,
            ret_msg: self.ret_msg.clone(),
            log: self.log(),
            level: level_of(self.known.severity).to_owned(),
            source: if self.known.instance.is_some() { SOURCE_INSTANCE } else { SOURCE }.to_owned(),
        }
    }

    fn log(&self) -> String {
        let mut log = String::with_capacity(self.line_bytes + 256);
        let mut head = Vec::new();
        head.extend(self.known.cold_start.map(|cold| format!("faas.coldstart={cold}")));
        head.extend(self.known.max_memory.map(|bytes| format!("faas.max_memory={bytes}")));
        if !head.is_empty() {
            writeln!(log, "{NOTE}{}]", head.join(" ")).expect("writing to a String does not fail");
        }
        self.lines.iter().for_each(|line| log.push_str(&line.text));
        let LeftOut { lines, bytes } = self.known.left_out;
        if lines > 0 {
            writeln!(log, "{LEFT_OUT}{lines} lines of {bytes} bytes: one run keeps {LINES_MAX_BYTES} bytes]")
                .expect("writing to a String does not fail");
        }
        log
    }

    /// A line of this run, where it has any.
    pub(super) fn has_lines(&self) -> bool {
        !self.lines.is_empty()
    }
}

/// The instance that a run in flight is made of, if it is made of one; see [`instance_id`]. Also `None` for a state
/// that cannot be read, which [`Gathered::resume`] reports.
pub(super) fn instance_of(open: &OpenRun) -> Option<String> {
    serde_json::from_slice::<Known>(&open.state).ok()?.instance
}

/// The request id of a run that is made of the lines of an instance, by its first line.
pub(super) fn instance_id(instance: &str, first_ms: i64) -> String {
    format!("{instance}-{first_ms}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gathered() -> Gathered {
        let stream = Stream {
            account: "1".to_owned(),
            region: "r".to_owned(),
            namespace: "default".to_owned(),
            function: "f".to_owned(),
            qualifier: "$LATEST".to_owned(),
        };
        Gathered::new(Arc::new(stream), "id".to_owned(), None)
    }

    fn plain(time_ns: u64, text: &str) -> (Line, Facts) {
        (Line::new(time_ns, text), Facts::default())
    }

    #[test]
    fn lines_are_ordered_by_time_then_arrival_and_a_batch_that_comes_again_changes_nothing() {
        let mut run = gathered();
        // Twice the same line in one batch is two lines.
        let batch = || vec![plain(20, "b"), plain(10, "a"), plain(20, "c"), plain(20, "b")];
        assert_eq!(run.add(batch()).new, 4);
        let log = run.running().log;
        let texts: Vec<&str> = log.lines().map(|line| line.rsplit(' ').next().unwrap()).collect();
        assert_eq!(texts, ["a", "b", "c", "b"]);
        let again = run.add(batch());
        assert_eq!((again.new, again.duplicates, again.is_news), (0, 4, false));
        // Part of it with something new, as a collector may send it.
        let more = run.add(vec![plain(20, "b"), plain(15, "between")]);
        assert_eq!((more.new, more.duplicates), (1, 1));
    }

    /// What the store has after the news.
    fn stored(before: Option<Report>, news: News) -> Report {
        match (before, news) {
            (_, News::Report(report)) => report,
            (Some(before), News::Growth(growth)) => {
                let run = growth.grown(&before.run);
                Report { run, origin: Origin::Gathered, state: growth.state }
            }
            (None, News::Growth(growth)) => panic!("a run grows that is not there: {growth:?}"),
        }
    }

    #[test]
    fn what_is_stored_is_read_back() {
        let mut run = gathered();
        let facts = Facts {
            severity: 17,
            failure: Some("ValueError: no".to_owned()),
            cold_start: Some(true),
            max_memory: Some(1 << 27),
            mem_bytes: Some(5000),
            ..Facts::default()
        };
        let mut added = run.add(vec![plain(1_800_000_000_000_000_000, "x")]);
        let first = stored(None, run.news(&mut added));
        run.is_told();
        let mut added = run.add(vec![(Line::new(1_700_000_000_000_000_000, "ERROR no\nTraceback"), facts)]);
        run.known.left_out = LeftOut { lines: 3, bytes: 99 };
        let grown = stored(Some(first), run.news(&mut added));
        assert!(grown.run.log.ends_with("Traceback\n"), "lines are appended as they arrive");
        let mut again = Gathered::resume(grown).unwrap();
        assert_eq!(again.running(), run.running());
        assert_eq!(again.finished(Finish::default()), run.finished(Finish::default()));
        assert_eq!(again.finished(Finish::default()).ret_code, RET_USER_FAILED);
        let known = again.add(vec![plain(1_800_000_000_000_000_000, "x")]);
        assert_eq!((known.new, known.duplicates), (0, 1));
    }

    #[test]
    fn a_growth_has_the_new_lines_alone() {
        let mut run = gathered();
        run.add(vec![plain(1, "first")]);
        run.is_told();
        let mut added = run.add(vec![plain(1, "first"), plain(3, "third"), plain(2, "second")]);
        let News::Growth(growth) = run.news(&mut added) else { panic!("the run is stored already") };
        let texts: Vec<&str> = growth.log.lines().map(|line| line.rsplit(' ').next().unwrap()).collect();
        assert_eq!((texts, growth.ret_msg), (vec!["third", "second"], None));
    }

    #[test]
    fn a_log_has_an_end_and_says_so() {
        let mut run = gathered();
        let line = "x".repeat(1 << 20);
        for time_ns in 0..8 {
            run.add(vec![plain(time_ns, &line)]);
        }
        let report = run.finished(Finish::default());
        report.check(1_000_000_000_000).unwrap();
        assert!(report.log.ends_with("bytes]\n"), "{}", &report.log[report.log.len() - 200..]);
        assert!(report.log.contains("\n[runlog: left out 3 lines of "));
    }

    #[test]
    fn a_finish_is_told_by_any_of_its_marks() {
        let finish = |facts: Facts| gathered().add(vec![(Line::new(1, "x"), facts)]).finish;
        assert_eq!(finish(Facts::default()), None);
        assert_eq!(finish(Facts { failure: Some("E".to_owned()), severity: 17, ..Facts::default() }), None);
        assert_eq!(finish(Facts { finished: Some(true), ..Facts::default() }), Some(Finish::default()));
        assert_eq!(finish(Facts { finished: Some(false), ret_code: Some(0), ..Facts::default() }), None);
        let told = Some(Finish { ret_code: Some(7), duration_us: Some(5) });
        assert_eq!(finish(Facts { ret_code: Some(7), duration_us: Some(5), ..Facts::default() }), told);
    }
}
