//! The lines of one run, gathered from any number of batches: in order, each once, within the bounds of a log.

use std::collections::HashMap;
use std::fmt::Write;
use std::sync::Arc;

use runlog_core::{RET_OK, RET_RUNNING, RET_USER_FAILED, Run, Stream, limits};
use runlog_ingest::cut;
use runlog_ingest::otlp::{Facts, level_of, severity_of};
use runlog_ingest::otlp::{Line, NOTE, parse};

/// `Source` of a run whose lines name it.
const SOURCE: &str = "otlp";
/// `Source` of a run that is made of what one process logs.
const SOURCE_INSTANCE: &str = "otlp/instance";

/// Bytes of lines in one log. The rest of what a log may have is for what stands before and behind them.
pub(super) const LINES_MAX_BYTES: usize = limits::LOG_MAX_BYTES - 1024;

/// The last row of a log, where there is something to say; a first one begins with [`NOTE`] too.
const LEFT_OUT: &str = "[runlog: left out ";

/// A run whose lines are being gathered.
#[derive(Debug)]
pub(super) struct Gathered {
    stream: Arc<Stream>,
    request_id: String,
    is_instance: bool,
    /// By time; those of one time as they came.
    lines: Vec<Line>,
    /// How often each line is there, by its hash.
    counts: HashMap<u64, u32>,
    line_bytes: usize,
    severity: u8,
    mem_bytes: u64,
    ret_msg: String,
    has_failed: bool,
    cold_start: Option<bool>,
    max_memory: Option<u64>,
    left_out: LeftOut,
}

/// What a full log has no room for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct LeftOut {
    lines: u64,
    bytes: u64,
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
}

/// How a run ended, as far as it is said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Finish {
    pub(super) ret_code: Option<i32>,
    pub(super) duration_us: Option<u64>,
}

impl Gathered {
    /// A run without lines.
    pub(super) fn new(stream: Arc<Stream>, request_id: String, is_instance: bool) -> Self {
        Self {
            stream,
            request_id,
            is_instance,
            lines: Vec::new(),
            counts: HashMap::new(),
            line_bytes: 0,
            severity: 0,
            mem_bytes: 0,
            ret_msg: String::new(),
            has_failed: false,
            cold_start: None,
            max_memory: None,
            left_out: LeftOut::default(),
        }
    }

    /// What is stored of a run, read back.
    pub(super) fn of(run: &Run) -> Self {
        let is_instance = run.source == SOURCE_INSTANCE;
        let (body, left_out) = split_left_out(&run.log);
        let lines = parse(body);
        let mut counts = HashMap::new();
        lines.iter().for_each(|line| *counts.entry(line.hash()).or_default() += 1);
        let mut gathered = Self {
            line_bytes: lines.iter().map(|line| line.text.len()).sum(),
            lines,
            counts,
            severity: severity_of(&run.level),
            mem_bytes: run.mem_bytes,
            ret_msg: run.ret_msg.clone(),
            left_out,
            ..Self::new(Arc::clone(&run.stream), run.request_id.clone(), is_instance)
        };
        let head = run.log.lines().next().and_then(|row| row.strip_prefix(NOTE)?.strip_suffix(']'));
        for (name, value) in head.unwrap_or_default().split(' ').filter_map(|pair| pair.split_once('=')) {
            match name {
                "failed" => gathered.has_failed = value == "true",
                "faas.coldstart" => gathered.cold_start = value.parse().ok(),
                "faas.max_memory" => gathered.max_memory = value.parse().ok(),
                _ => {}
            }
        }
        gathered
    }

    /// Takes the lines of a batch, in the order of their arrival. A line that is there already, as often as it is in
    /// this batch, counts as delivered again.
    pub(super) fn add(&mut self, batch: Vec<(Line, Facts)>) -> Added {
        let mut added = Added::default();
        // By a line's hash: how often it was there before this batch, and how often it has come in it so far.
        let mut seen: HashMap<u64, (u32, u32)> = HashMap::new();
        let was_left_out = self.left_out.lines > 0;
        for (line, facts) in batch {
            added.is_news |= self.learn(facts, &mut added.finish);
            let hash = line.hash();
            let count = self.counts.entry(hash).or_default();
            let (before, in_batch) = seen.entry(hash).or_insert((*count, 0));
            *in_batch += 1;
            if *in_batch <= *before {
                added.duplicates += 1;
            } else if self.line_bytes + line.text.len() > LINES_MAX_BYTES {
                added.left_out += 1;
                self.left_out.lines += 1;
                self.left_out.bytes += line.text.len() as u64;
            } else {
                *count += 1;
                added.new += 1;
                self.line_bytes += line.text.len();
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
    fn learn(&mut self, facts: Facts, finish: &mut Option<Finish>) -> bool {
        let before = (self.severity, self.mem_bytes, self.has_failed, self.cold_start, self.max_memory);
        if facts.finishes() {
            let finish = finish.get_or_insert_default();
            finish.ret_code = facts.ret_code.or(finish.ret_code);
            finish.duration_us = facts.duration_us.or(finish.duration_us);
        }
        self.severity = self.severity.max(facts.severity);
        self.mem_bytes = self.mem_bytes.max(facts.mem_bytes.unwrap_or(0));
        self.cold_start = facts.cold_start.or(self.cold_start);
        self.max_memory = facts.max_memory.or(self.max_memory);
        self.has_failed |= facts.failure.is_some();
        // What the function returned says more than what it failed with.
        if let Some(mut message) = facts.ret_msg.or(facts.failure) {
            cut(&mut message, limits::RET_MSG_MAX_BYTES);
            self.ret_msg = message;
        }
        before != (self.severity, self.mem_bytes, self.has_failed, self.cold_start, self.max_memory)
    }

    /// The run as it is while it goes on.
    pub(super) fn running(&self) -> Run {
        self.report(RET_RUNNING, None)
    }

    /// The run as it ended.
    pub(super) fn finished(&self, finish: Finish) -> Run {
        let inferred = if self.has_failed { RET_USER_FAILED } else { RET_OK };
        self.report(finish.ret_code.unwrap_or(inferred), finish.duration_us)
    }

    fn report(&self, ret_code: i32, duration_us: Option<u64>) -> Run {
        let (first, last) = (self.lines.first(), self.lines.last());
        let between_us = first.zip(last).map_or(0, |(first, last)| (last.time_ns - first.time_ns) / 1000);
        Run {
            stream: Arc::clone(&self.stream),
            request_id: self.request_id.clone(),
            retry_num: 0,
            start_ms: first.map_or(0, Line::time_ms),
            duration_us: duration_us.unwrap_or(between_us),
            bill_ms: None,
            mem_bytes: self.mem_bytes,
            ret_code,
            invoke_finished: i32::from(ret_code != RET_RUNNING),
            exit_code: None,
            ret_msg: self.ret_msg.clone(),
            log: self.log(ret_code == RET_RUNNING),
            level: level_of(self.severity).to_owned(),
            source: if self.is_instance { SOURCE_INSTANCE } else { SOURCE }.to_owned(),
        }
    }

    fn log(&self, is_running: bool) -> String {
        let mut log = String::with_capacity(self.line_bytes + 256);
        let mut head = Vec::new();
        // A finished run says by its return code that it failed; one that goes on must not forget it.
        head.extend((self.has_failed && is_running).then(|| "failed=true".to_owned()));
        head.extend(self.cold_start.map(|cold| format!("faas.coldstart={cold}")));
        head.extend(self.max_memory.map(|bytes| format!("faas.max_memory={bytes}")));
        if !head.is_empty() {
            // Writing to a String does not fail.
            let _ = writeln!(log, "{NOTE}{}]", head.join(" "));
        }
        self.lines.iter().for_each(|line| log.push_str(&line.text));
        if self.left_out.lines > 0 {
            let LeftOut { lines, bytes } = self.left_out;
            let _ = writeln!(log, "{LEFT_OUT}{lines} lines of {bytes} bytes: one run keeps {LINES_MAX_BYTES} bytes]");
        }
        log
    }

    /// A line of this run, where it has any.
    pub(super) fn has_lines(&self) -> bool {
        !self.lines.is_empty()
    }
}

/// Whether a stored run was gathered here.
pub(super) fn is_gathered(run: &Run) -> bool {
    run.source == SOURCE || run.source == SOURCE_INSTANCE
}

/// The instance that a stored run is made of, if it is made of one; see [`instance_id`].
pub(super) fn instance_of(run: &Run) -> Option<&str> {
    let (instance, _) = run.request_id.rsplit_once('-').filter(|_| run.source == SOURCE_INSTANCE)?;
    Some(instance)
}

/// The request id of a run that is made of what an instance logs, by its first line.
pub(super) fn instance_id(instance: &str, first_ms: i64) -> String {
    format!("{instance}-{first_ms}")
}

/// A log without its last line, if that tells of lines that were left out.
fn split_left_out(log: &str) -> (&str, LeftOut) {
    let read = || {
        let start = log.trim_end_matches('\n').rfind('\n').map_or(0, |at| at + 1);
        let (body, last) = log.split_at_checked(start)?;
        let (lines, rest) = last.strip_prefix(LEFT_OUT)?.split_once(" lines of ")?;
        let bytes = rest.split_once(' ')?.0;
        Some((body, LeftOut { lines: lines.parse().ok()?, bytes: bytes.parse().ok()? }))
    };
    read().unwrap_or((log, LeftOut::default()))
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
        Gathered::new(Arc::new(stream), "id".to_owned(), false)
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
        run.add(vec![
            (Line::new(1_700_000_000_000_000_000, "ERROR no\nTraceback"), facts),
            plain(1_800_000_000_000_000_000, "x"),
        ]);
        run.left_out = LeftOut { lines: 3, bytes: 99 };
        let mut again = Gathered::of(&run.running());
        assert_eq!(again.running(), run.running());
        assert_eq!(again.finished(Finish::default()), run.finished(Finish::default()));
        assert_eq!(again.finished(Finish::default()).ret_code, RET_USER_FAILED);
        assert!(!again.finished(Finish::default()).log.contains("failed=true"));
        let known = again.add(vec![plain(1_800_000_000_000_000_000, "x")]);
        assert_eq!((known.new, known.duplicates), (0, 1));
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
        assert_eq!(Gathered::of(&report).finished(Finish::default()), report);
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
